//! The suite passes every correct server, at a few seeds of everything.

use suite::cluster::TimeKind;
use suite::report::Failed;
use suite::runner::Plan;
use suite::settings::Settings;

const SEEDS: u64 = 5;

#[test]
fn no_correct_server_fails() {
    let mut failures = Vec::new();
    for variant in variants::all() {
        let mut tests = suite::all();
        tests.retain(|test| test.time == TimeKind::Virtual && variant.takes(test));
        let plan = Plan {
            seeds: Some(SEEDS),
            jobs: 2,
            ..Plan::of(&variant.server, tests, &Settings::default())
        };
        let name = variant.name;
        for tested in plan.run(|_, _| ()) {
            let path = tested.test.path();
            let replay = |seed| {
                format!(
                    "cargo run -p variants -- --variant {name} --test {path} --seed {seed} --runs 1"
                )
            };
            failures.extend(Failed::of(&tested, replay, None).map(|failed| (name, failed)));
        }
    }
    for (name, failed) in &failures {
        println!("{name}: {failed}");
    }
    assert!(failures.is_empty(), "correct servers failed");
}

#[test]
fn each_repeats_its_runs() {
    for variant in variants::all() {
        let mut tests = suite::all();
        tests.retain(|test| test.time == TimeKind::Virtual && variant.takes(test));
        let plan = Plan {
            seeds: Some(1),
            jobs: 2,
            check_determinism: true,
            ..Plan::of(&variant.server, tests, &Settings::default())
        };
        for tested in plan.run(|_, _| ()) {
            assert!(
                tested.failure.is_none(),
                "{}: {:?}",
                variant.name,
                tested.failure
            );
        }
    }
}

#[test]
fn names_are_unique() {
    let mut names: Vec<&str> = variants::all().iter().map(|v| v.name).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
}
