//! `raftlab find` as a teacher meets it: what is found, how rare it is, and that nothing depends on the
//! number of jobs.

use super::common::{self, raftlab, run};
use super::written;

const ELECTION: &str = "servers 3\ntiming paper\nnet latency 5ms\nexpect one leader within 2s\n";

fn find(name: &str, wish: &str, options: &[&str]) -> (i32, String, String) {
    let file = written(name, ELECTION);
    run(raftlab()
        .arg("find")
        .arg(file)
        .args(["--where", wish])
        .args(options))
}

#[test]
fn what_is_found_does_not_depend_on_the_number_of_jobs() {
    let wish = "S1 and S2 campaign within 5ms";
    let one = find("jobs", wish, &["--jobs", "1"]);
    assert_eq!(one.0, 0, "{}", one.2);
    assert_eq!(one, find("jobs", wish, &["--jobs", "2"]));
    assert_eq!(one, find("jobs", wish, &["--jobs", "7"]));
    assert_eq!(
        one.1
            .lines()
            .filter(|line| line.starts_with("seed "))
            .count(),
        5
    );
    assert!(one.1.contains("found 5 in "), "{}", one.1);
}

/// What `find` promises, `play` shows.
#[test]
fn a_seed_that_was_found_is_as_wished() {
    let (_, out, _) = find("found", "S2 wins term 1", &["--count", "3"]);
    let see = out.lines().find_map(|line| line.strip_prefix("see it: "));
    let arguments = see.and_then(|line| line.strip_prefix("cargo run --release -- "));
    let arguments = arguments.expect("there is a command");
    let (code, played, _) = run(raftlab().args(arguments.split(' ')));
    assert_eq!(code, 0);
    assert!(played.contains("LEADER 1"), "{played}");
    for seed in out.lines().filter_map(|line| line.strip_prefix("seed ")) {
        let here = find(
            "found",
            "S2 wins term 1",
            &["--first", seed, "--seeds", "1"],
        );
        assert_eq!(here.0, 0, "{}", here.1);
        let not = find("found", "not S2 wins", &["--first", seed, "--seeds", "1"]);
        assert_eq!(not.0, 1, "{}", not.1);
    }
}

#[test]
fn a_wish_and_its_opposite_share_all_seeds() {
    for wish in [
        "S0 wins",
        "split vote",
        "leader elected by the last possible vote",
        "no leader for 200ms",
        "term 2 by 400ms",
        "any two servers campaign within 10ms",
    ] {
        let found = |wish: &str| {
            let options = ["--seeds", "2000", "--count", "2000"];
            let (_, out, _) = find("shares", wish, &options);
            out.lines().filter(|line| line.starts_with("seed ")).count()
        };
        let (is, is_not) = (found(wish), found(&format!("not {wish}")));
        assert_eq!(is + is_not, 2000, "{wish}");
        assert!(is > 0 && is_not > 0, "{wish}: {is}");
    }
}

#[test]
fn nothing_found_is_exit_code_1_and_nonsense_is_2() {
    let (code, out, _) = find("none", "term 9 by 150ms", &["--seeds", "50"]);
    assert_eq!(code, 1);
    assert!(
        out.contains("not found in 50 seeds: rarer than 7.1 %"),
        "{out}"
    );
    let (code, _, err) = find("none", "S9 wins", &[]);
    assert_eq!(code, 2);
    assert!(
        err.contains("--where, column 1: there is no server S9"),
        "{err}"
    );
}

#[test]
fn runs_that_cannot_be_played_are_told() {
    let file = written(
        "gone",
        "servers 3\ntiming paper\nat 200ms crash leader\nrun 1s\n",
    );
    let arguments = [
        "--where",
        "S0 wins term 1",
        "--seeds",
        "200",
        "--count",
        "200",
    ];
    let (code, out, _) = run(raftlab().arg("find").arg(file).args(arguments));
    assert_eq!(code, 0);
    assert!(
        out.contains("of the runs could not be played to their end"),
        "{out}"
    );
    assert!(out.contains("there is no leader"), "{out}");
}

/// Ctrl-C prints what is known so far.
#[test]
#[cfg(target_os = "linux")]
fn an_interrupt_ends_a_search_and_prints_what_is_known() {
    let file = written("endless", ELECTION);
    let arguments = ["--where", "S0 wins and S1 wins", "--seeds", "1000000000"];
    let out = common::interrupted(raftlab().arg("find").arg(file).args(arguments));
    assert!(
        out.contains("interrupted: this is what was known by then"),
        "{out}"
    );
}

#[test]
fn the_greatest_seed_is_the_last() {
    let last = "18446744073709551615";
    let (_, out, _) = find("greatest", "S0 is up", &["--first", last, "--seeds", "3"]);
    assert!(out.contains("found 1 in 1 seed"), "{out}");
}
