//! `kill -9`, at any moment: called again, the grader goes on where it was and comes to the same.

#![allow(clippy::disallowed_methods)] // a moment is the wall clock's

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::grader::{Grader, files};
use crate::submissions::Base;
use crate::{MUTANT, hand_in, hand_in_broken};

const ARGUMENTS: [&str; 4] = ["--seeds", "3", "--jobs", "2"];

/// When each life of a grader ends, as a share of a whole one. Together they are less than one.
const WHILE_AT_WORK: [f64; 10] = [0.02, 0.11, 0.06, 0.13, 0.04, 0.09, 0.07, 0.12, 0.03, 0.10];

/// The same for one that knows all and only writes.
const WHILE_WRITING: [f64; 6] = [0.35, 0.55, 0.70, 0.80, 0.88, 0.95];

#[test]
#[ignore = "takes minutes: .ci/grade"]
fn whoever_is_killed_comes_to_the_same_in_the_end() {
    let grader = Grader::new("killed");
    let mutants = ["08", MUTANT, "31"].map(|number| Base::Mutant(number.to_string()));
    hand_in(&grader, &[Base::Reference, Base::Starter]);
    hand_in(&grader, &mutants);
    hand_in_broken(&grader);
    to_the_end(&grader); // the libraries are built once
    let undisturbed = || {
        forget(&grader);
        let took = to_the_end(&grader);
        (took, written(&grader))
    };
    let (took, expected) = undisturbed();

    forget(&grader);
    for share in WHILE_AT_WORK {
        live(&grader, took.mul_f64(share), true);
    }
    to_the_end(&grader);
    same(&written(&grader), &expected, "killed at work");

    let took = to_the_end(&grader);
    for share in WHILE_WRITING {
        live(&grader, took.mul_f64(share), false);
        to_the_end(&grader);
        same(&written(&grader), &expected, "killed while it wrote");
    }

    // The next one that compiles removes what the killed ones were compiling.
    let _ = fs::remove_dir_all(grader.cache.join("builds"));
    let _ = fs::remove_dir_all(&grader.out);
    to_the_end(&grader);
    let left = fs::read_dir(grader.cache.join("scratch")).unwrap().count();
    assert_eq!(left, 0, "folders of compilers that were killed are left");
}

/// Without results and without builds, but with the libraries.
fn forget(grader: &Grader) {
    for folder in [
        &grader.out,
        &grader.cache.join("builds"),
        &grader.cache.join("scratch"),
    ] {
        let _ = fs::remove_dir_all(folder);
    }
}

/// Grades to the end. How long it took.
fn to_the_end(grader: &Grader) -> Duration {
    let began = Instant::now();
    let run = grader.run(&ARGUMENTS);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    gone(grader);
    began.elapsed()
}

/// Grades until it is killed.
fn live(grader: &Grader, span: Duration, must_be_killed: bool) {
    let mut command = grader.command(&ARGUMENTS);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    thread::sleep(span);
    let over = child.try_wait().unwrap();
    assert!(
        !(must_be_killed && over.is_some()),
        "it was faster than it should be: {over:?}"
    );
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    gone(grader);
}

/// Nothing of a grader outlives it.
fn gone(grader: &Grader) {
    let began = Instant::now();
    let mut running = grader.running();
    while !running.is_empty() && began.elapsed() < Duration::from_secs(10) {
        thread::sleep(Duration::from_millis(20));
        running = grader.running();
    }
    assert!(running.is_empty(), "still there after 10 s: {running:#?}");
}

/// What must be the same. Two workers write down what they know in any order.
fn written(grader: &Grader) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = files(&grader.out);
    files.retain(|name, _| name != "times.js" && name != "work/times.json");
    for (name, bytes) in &mut files {
        if name
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            let mut lines: Vec<&[u8]> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
            lines.sort_unstable();
            *bytes = lines.concat();
        }
    }
    files
}

fn same(found: &BTreeMap<PathBuf, Vec<u8>>, expected: &BTreeMap<PathBuf, Vec<u8>>, when: &str) {
    let names = found.keys().chain(expected.keys());
    let differ: Vec<&PathBuf> = names
        .filter(|&name| found.get(name) != expected.get(name))
        .collect();
    assert!(
        differ.is_empty(),
        "{when}: these are not the same: {differ:?}"
    );
}
