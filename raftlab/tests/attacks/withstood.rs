//! All attacks at once, beside honest submissions, against the grader.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use suite::cluster::TimeKind;
use suite::part::Part;

use crate::cases::{Attack, Expected};
use crate::grader::{Graded, Grader, Submission};
use crate::scene::Scene;
use crate::submissions::{Base, house};

/// Who was not treated as expected, and how.
type Wrong = Vec<(String, String)>;

#[test]
#[ignore = "takes minutes: .ci/grade"]
fn the_grader_withstands_all_attacks() {
    let mut attacks = Attack::all(&house().join("tests/attacks")).unwrap();
    if let Ok(wanted) = std::env::var("RAFTLAB_ATTACKS") {
        attacks.retain(|attack| wanted.split(',').any(|name| name == attack.name));
    }
    let grader = Grader::new("attacks");
    let mut bases: BTreeSet<&Base> = attacks.iter().map(|attack| &attack.base).collect();
    bases.extend([&Base::Reference, &Base::Starter]);
    for base in bases {
        base.assemble(&grader.class.join(base.id())).unwrap();
    }
    for attack in &attacks {
        attack.assemble(&grader.class.join(&attack.name)).unwrap();
    }

    let scene = Scene::set(&grader, &attacks);
    let hidden = scene.hidden_seeds.to_str().expect("a path that is text");
    let run = grader.run(&[
        "--seeds",
        "1",
        "--hidden-seeds",
        hidden,
        "--time-limit",
        "1",
        "--jobs",
        "2",
        "--format",
        "gradescope,classroom,junit,csv,html",
    ]);
    let mut wrong: Wrong = scene.left_behind();
    let printed = format!("{}{}", run.out, run.err);
    println!("{printed}");
    wrong.extend(scene.shown(&printed));
    if run.code != Some(0) {
        wrong.push((
            "(all)".to_string(),
            format!("the grader ended with {:?}", run.code),
        ));
    }
    let graded = grader.graded();
    println!("walls: {}", graded.0["terms"]["sandbox"]);
    print_slowest(&grader);
    wrong.extend(honest(&graded));
    for attack in &attacks {
        let own = graded
            .find(&attack.name)
            .ok_or("it is not in the class".to_string());
        let judged = own.and_then(|own| judge(attack, own, &graded));
        wrong.extend(judged.err().map(|why| (attack.name.clone(), why)));
    }
    let table = wrong
        .iter()
        .map(|(name, what)| format!("{name:28} {what}\n"));
    let table: String = table.collect();
    assert!(
        wrong.is_empty(),
        "{} things are not as expected:\n{table}",
        wrong.len()
    );
    fs::remove_dir_all(&grader.class).expect("submissions can be removed");
}

/// What honest submissions came to beside all the others.
fn honest(graded: &Graded) -> Wrong {
    let all = suite::all();
    let tests = all
        .iter()
        .filter(|test| test.time == TimeKind::Virtual && test.part != Part::Extra);
    let full: u64 = tests.map(|test| u64::from(test.points) * 100).sum();
    let mut wrong = Wrong::new();
    for (base, expected) in [(Base::Reference, full), (Base::Starter, 0)] {
        let own = graded.of(&base.id());
        if own.earned() != (expected, 0) {
            wrong.push((base.id(), own.in_a_line()));
        }
    }
    wrong
}

/// Whether what is expected has come of an attack.
fn judge(attack: &Attack, own: Submission<'_>, graded: &Graded) -> Result<(), String> {
    let (verdict, said) = own.verdict();
    let (points, extra) = own.earned();
    let (most, most_extra) = graded.of(&attack.base.id()).earned();
    let as_expected = match &attack.expected {
        Expected::Refused => verdict == "Refused",
        Expected::DoesNotCompile(words) => verdict == "DoesNotCompile" && said.contains(words),
        Expected::Zero => (points, extra) == (0, 0),
        Expected::Fails(test) => own.outcome(test) == Some("Failed"),
        Expected::NoMoreThanTheBase => points <= most && extra <= most_extra,
        Expected::AsTheBase => (points, extra) == (most, most_extra),
    };
    match as_expected && verdict != "CouldNotTell" {
        true => Ok(()),
        false => Err(format!(
            "expected {:?}: {}",
            attack.expected,
            own.in_a_line()
        )),
    }
}

/// Who took longest: attacks may take as long as the limits say, and not longer.
fn print_slowest(grader: &Grader) {
    let text = fs::read(grader.out.join("work/times.json")).expect("times are written down");
    let times: BTreeMap<String, BTreeMap<String, f64>> =
        serde_json::from_slice(&text).expect("JSON");
    for (what, seconds) in times {
        let mut slowest: Vec<(String, f64)> = seconds.into_iter().collect();
        slowest.sort_by(|a, b| b.1.total_cmp(&a.1));
        slowest.truncate(12);
        println!("{what}: {slowest:.1?}");
    }
}
