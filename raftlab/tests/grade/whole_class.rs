//! Every wrong server of `tests/mutants`, graded as a class: `make class`.

#![allow(clippy::disallowed_methods)] // how long it takes is the wall clock's to say

use std::fs;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use mutants::patch::Patch;
use suite::cluster::TimeKind;
use suite::part::Part;

use crate::grader::{Grader, Submission};
use crate::submissions::{Base, house};
use crate::{hand_in, sample, seeds};

#[test]
#[ignore = "takes long: make class"]
fn every_wrong_server_loses_points_in_its_own_part() {
    let patches = sample(Patch::all(&house().join("tests/mutants")).unwrap());
    let seeds = seeds(20);
    let grader = Grader::new("whole-class");
    hand_in(&grader, &[Base::Reference, Base::Starter]);
    for patch in &patches {
        hand_in_mutant(&grader, patch);
    }

    let began = Instant::now();
    let mut command = grader.command(&["--seeds", &seeds]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let peak = peak(&mut child);
    let code = child.wait().unwrap().code();
    let took = began.elapsed();
    let count = patches.len() + 2;
    println!(
        "{count} submissions, {seeds} seeds: {took:.0?}, the grader's peak {peak} (servers apart)"
    );
    assert_eq!(code, Some(0));

    let graded = grader.graded();
    let full: u64 = virtual_points();
    let mut wrong = Vec::new();
    let mut expect = |id: &str, right: bool| {
        if !right {
            wrong.push(format!("{id:36} {}", graded.of(id).in_a_line()));
        }
    };
    let earned = |id: &str| graded.of(id).earned();
    expect("base-reference", earned("base-reference") == (full, 0));
    expect("base-starter", earned("base-starter") == (0, 0));
    for patch in &patches {
        let own = patch.own_part().name();
        expect(&patch.name, loses(graded.of(&patch.name), own));
    }
    let table = wrong.join("\n");
    assert!(
        wrong.is_empty(),
        "{} are not marked as they should be:\n{table}",
        wrong.len()
    );
}

/// The reference with a patch, and with the options switched on that its head names.
fn hand_in_mutant(grader: &Grader, patch: &Patch) {
    let (number, _) = patch.name.split_once('-').expect("NN-name");
    let folder = grader.class.join(&patch.name);
    Base::Mutant(number.to_string()).assemble(&folder).unwrap();
    if patch.options.is_empty() {
        return;
    }
    let option = |name: &String| match name.as_str() {
        "pre_vote" => "pre_vote: Some(raftapi::PreVote::Thesis), ".to_string(),
        other => format!("{other}: true, "),
    };
    let options: String = patch.options.iter().map(option).collect();
    let path = folder.join("src/server.rs");
    let text = fs::read_to_string(&path).unwrap();
    let plain = "server_with(timing, Options::default())";
    assert_eq!(
        text.matches(plain).count(),
        1,
        "{}: server() is written otherwise",
        patch.name
    );
    let switched_on = format!("server_with(timing, Options {{ {options}..Options::default() }})");
    fs::write(path, text.replace(plain, &switched_on)).unwrap();
}

fn virtual_points() -> u64 {
    let all = suite::all();
    let tests = all
        .iter()
        .filter(|test| test.time == TimeKind::Virtual && test.part != Part::Extra);
    tests.map(|test| u64::from(test.points) * 100).sum()
}

/// Whether there are points of this part that it does not get.
fn loses(submission: Submission<'_>, part: &str) -> bool {
    let mut tests = submission.tests().filter(|test| test["part"] == part);
    tests.any(|test| test["points"]["earned"] != test["points"]["of"])
}

/// The most memory that it had at once.
fn peak(child: &mut Child) -> String {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = String::new();
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        if let Some(now) = text.lines().find_map(|line| line.strip_prefix("VmHWM:")) {
            peak = now.trim().to_string();
        }
        thread::sleep(Duration::from_millis(100));
    }
    peak
}
