//! A small class.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use suite::cluster::TimeKind;
use suite::part::Part;

use crate::grader::{Grader, Run, files};
use crate::submissions::Base;
use crate::{MUTANT, hand_in, hand_in_broken};

/// What is written and may differ from time to time.
const TIMES: [&str; 2] = ["times.js", "work/times.json"];

fn written(grader: &Grader) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = files(&grader.out);
    for name in TIMES {
        assert!(
            files.remove(&PathBuf::from(name)).is_some(),
            "{name} is not there"
        );
    }
    files
}

fn grade(grader: &Grader, more: &[&str]) -> Run {
    let arguments = ["--seeds", "1", "--jobs", "2"];
    grader.run(&[&arguments, more].concat())
}

#[test]
fn a_class_is_graded_and_once_more_comes_to_the_same_bytes() {
    let grader = Grader::sharing_builds("marks");
    let mutant = Base::Mutant(MUTANT.to_string());
    hand_in(&grader, &[Base::Reference, Base::Starter, mutant.clone()]);
    hand_in_broken(&grader);
    fs::write(grader.class.join("torn.zip"), b"PK\x03\x04 and no more").unwrap();

    let formats = ["--format", "gradescope,classroom,junit,csv,html"];
    let run = grade(&grader, &formats);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    verdicts(&grader, &mutant);
    let first = written(&grader);
    for name in [
        "gradescope/base-reference.json",
        "gradescope/torn.json",
        "classroom/base-starter.txt",
        "junit.xml",
        "class.csv",
        "class.html",
        "students/broken.html",
        "students/base-mutant-14.md",
        "students/base-mutant-14+1.html",
    ] {
        let bytes = first.get(&PathBuf::from(name));
        assert!(
            bytes.is_some_and(|bytes| !bytes.is_empty()),
            "{name}: {:?}",
            first.keys()
        );
    }

    let again = grade(&grader, &formats);
    assert_eq!(
        (again.code, &again.out),
        (Some(0), &run.out),
        "{}",
        again.err
    );
    assert!(
        written(&grader) == first,
        "the same command has written other bytes"
    );

    marks_set_by_hand(&grader);
}

fn verdicts(grader: &Grader, mutant: &Base) {
    let graded = grader.graded();
    let all = suite::all();
    let tests = all
        .iter()
        .filter(|test| test.time == TimeKind::Virtual && test.part != Part::Extra);
    let full: u64 = tests.map(|test| u64::from(test.points) * 100).sum();
    let reference = graded.of("base-reference");
    assert_eq!(reference.earned(), (full, 0), "{}", reference.in_a_line());
    assert_eq!(graded.of("base-starter").earned(), (0, 0));
    let mutant = graded.of(&mutant.id());
    let (points, _) = mutant.earned();
    assert!(0 < points && points < full, "{}", mutant.in_a_line());
    assert_eq!(
        mutant.outcome("votes::first_come_first_served"),
        Some("Failed")
    );
    let (verdict, said) = graded.of("broken").verdict();
    assert_eq!(verdict, "DoesNotCompile");
    assert!(said.contains("starter/src/core.rs"), "{said}");
    let (verdict, said) = graded.of("torn").verdict();
    assert_eq!(verdict, "Refused");
    assert!(said.contains("zip"), "{said}");
    for submission in graded.all() {
        assert_eq!(submission.0["nondeterminism"], serde_json::Value::Null);
    }
}

fn marks_set_by_hand(grader: &Grader) {
    let path = grader.home.join("overrides.csv");
    let table = "submission,test,points,reason\nbroken,,41.5,a bracket only\n";
    fs::write(&path, table).unwrap();
    let run = grade(grader, &["--overrides", path.to_str().unwrap()]);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    let graded = grader.graded();
    let broken = graded.of("broken");
    assert_eq!(broken.earned(), (4150, 0));
    assert_eq!(broken.0["overrides"][0]["reason"], "a bracket only");
    for name in ["students/broken.html", "class.csv"] {
        let text = fs::read_to_string(grader.out.join(name)).unwrap();
        assert!(text.contains("41.5"), "{name}");
    }
}
