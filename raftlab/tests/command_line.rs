//! The command line as a user meets it: what it prints, writes and returns.

mod common;

use std::fs;
use std::path::Path;

use serde_json::Value;

use common::{careless, raftlab, run, scratch};

#[test]
fn without_arguments_the_main_job_is_done() {
    let (code, out, err) = run(&mut raftlab());
    assert_eq!((code, err.as_str()), (0, ""));
    for name in ["initial_election", "re_election", "many_elections"] {
        let line = out.lines().find(|line| line.contains(name)).expect(name);
        assert!(line.contains("100") && line.contains("passed"), "{line}");
    }
    assert!(out.contains("classic, 8 of 8 points"), "{out}");
    assert!(out.contains(" runs, 0 failed"), "{out}");
    assert!(!out.contains('\u{1b}'), "there is no colour in a pipe");
}

#[test]
fn a_failure_is_exit_code_1_and_a_command_that_replays_it() {
    let (code, out, _) = run(careless().args(["test", "--test", "re_election", "--seeds", "20"]));
    assert_eq!(code, 1);
    assert!(out.contains("FAILED on 20"), "{out}");
    let replay = out.lines().find_map(|l| l.trim().strip_prefix("replay: "));
    let replay = replay.expect("there is a replay command");
    let arguments = replay
        .strip_prefix("cargo run -p raftlab --example careless -- ")
        .expect(replay);
    let (again, replayed, _) = run(careless().args(arguments.split(' ')));
    assert_eq!(again, 1);
    let finding = "t = 5.019 s: no leader for 5.0 s: S0-S2 waited and nobody campaigned";
    assert!(out.contains(finding), "{out}");
    assert!(replayed.contains(finding), "{replayed}");
}

#[test]
fn json_is_whole_documented_and_the_same_for_any_number_of_threads() {
    let write = |jobs: &str| {
        let path = scratch(&format!("results-{jobs}.json"));
        let arguments = [
            "test", "--test", "classic", "--seeds", "50", "--jobs", jobs, "--json",
        ];
        let (code, _, err) = run(raftlab().args(arguments).arg(&path));
        assert_eq!((code, err.as_str()), (0, ""));
        fs::read_to_string(path).expect("it was written")
    };
    let one = write("1");
    assert_eq!(one, write("3"));
    let json: Value = serde_json::from_str(&one).expect("it is JSON");
    assert_eq!(json["passed"], true);
    assert_eq!(json["tests"][2]["seeds"], 50);
    assert_eq!(json["tests"][2]["failure"], Value::Null);
    let documented = include_str!("../README.md");
    let objects = [&json, &json["timing"], &json["tests"][0]];
    for field in objects.iter().flat_map(|o| o.as_object().unwrap().keys()) {
        let known = documented.contains(field.as_str());
        assert!(
            known || field.contains("_max_") || field.contains("_step_"),
            "{field}"
        );
    }
}

#[test]
fn json_tells_of_a_failure() {
    let path = scratch("failure.json");
    let arguments = ["test", "--test", "initial", "--seeds", "3", "--json"];
    assert_eq!(run(careless().args(arguments).arg(&path)).0, 1);
    let json: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(json["passed"], false);
    let failure = &json["tests"][0]["failure"];
    assert_eq!(failure["rule"], "a leader within 5 seconds");
    assert_eq!(failure["seed"], 0);
    let replay = failure["replay"].as_str().unwrap();
    assert!(
        replay.ends_with("-- test --test classic::initial_election --seed 0"),
        "{replay}"
    );
}

#[test]
fn a_trace_is_one_run_and_the_same_each_time() {
    let write = |name: &str| {
        let path = scratch(name);
        let arguments = ["test", "--test", "re_election", "--seed", "7", "--trace"];
        assert_eq!(run(raftlab().args(arguments).arg(&path)).0, 0);
        fs::read(path).expect("it was written")
    };
    let trace = write("one.jsonl");
    assert_eq!(trace, write("two.jsonl"));
    let (header, records) = labrpc::read_trace::<raftapi::Raft>(&trace[..]).expect("a trace");
    assert_eq!(
        (header.run.as_str(), header.seed, header.servers),
        ("re_election", 7, 3)
    );
    assert!(records.len() > 500, "{}", records.len());
}

#[test]
fn the_trace_of_a_failure_ends_with_the_finding() {
    let path = scratch("failure.jsonl");
    let arguments = [
        "test",
        "--test",
        "initial_election",
        "--seed",
        "7",
        "--trace",
    ];
    assert_eq!(run(careless().args(arguments).arg(&path)).0, 1);
    let trace = fs::read_to_string(path).unwrap();
    let last = trace.lines().last().unwrap();
    assert!(
        last.contains("rule_broken") && last.contains("nobody campaigned"),
        "{last}"
    );
}

#[test]
fn what_cannot_work_is_exit_code_2_and_says_what_to_do() {
    let nowhere = "/nowhere/at/all.json";
    for (arguments, words) in [
        (
            &["test", "--test", "nonsense"][..],
            "classic::initial_election, classic::re_election",
        ),
        (
            &["test", "--test", "classic", "--trace", "t"],
            "choose one test with --test (3 match) and its seed",
        ),
        (
            &["test", "--test", "classic", "--servers", "5"],
            "choose it with --test (3 match)",
        ),
        (
            &["test", "--test", "re_election", "--servers", "2"],
            "classic::re_election needs at least 3 servers: with 2 it would expect what no server can do",
        ),
        (&["test", "--seeds", "0"], "--seeds"),
        (&["test", "--seeds", "5", "--seed", "5"], "--seed"),
        (&["test", "--jobs", "0"], "--jobs"),
        (&["test", "--seeds", "2", "--json", nowhere], nowhere),
        (&["nonsense"], "nonsense"),
    ] {
        let (code, _, err) = run(raftlab().args(arguments));
        assert_eq!(code, 2, "{arguments:?}: {err}");
        assert!(err.contains(words), "{arguments:?}: {err}");
    }
    let (code, _, err) = run(raftlab().env("RAFT_WATCHDOG", "soon"));
    assert_eq!(code, 2);
    assert!(
        err.contains("RAFT_WATCHDOG=soon: expected seconds, or 'off'"),
        "{err}"
    );
}

#[test]
fn the_log_is_of_the_failing_run_only_and_has_virtual_time_and_server() {
    let arguments = ["test", "--test", "initial_election", "--seeds", "5"];
    let (_, _, quiet) = run(raftlab().args(arguments).env("RUST_LOG", "debug"));
    assert_eq!(quiet, "", "nothing failed, so nothing is said");
    let (_, _, quiet) = run(careless().args(arguments));
    assert_eq!(quiet, "", "nobody asked");
    let (_, _, log) = run(careless().args(arguments).env("RUST_LOG", "debug"));
    let mut lines: Vec<&str> = log.lines().map(str::trim).collect();
    lines.sort_unstable();
    let line = |server| format!("0.000 s S{server}  DEBUG careless: let somebody else do it");
    assert_eq!(lines, [line(0), line(1), line(2)]);
}

#[test]
fn each_seed_may_be_played_twice() {
    let arguments = ["test", "--test", "classic", "--seeds", "20"];
    let (code, out, _) = run(raftlab().args(arguments).env("RAFT_CHECK_DETERMINISM", "1"));
    assert_eq!(code, 0, "{out}");
}

/// Ctrl-C prints what is known so far.
#[test]
#[cfg(target_os = "linux")]
fn an_interrupt_ends_it_and_prints_what_is_known() {
    let arguments = ["test", "--test", "classic", "--seeds", "1000000000"];
    let out = common::interrupted(raftlab().args(arguments));
    assert!(
        out.contains("interrupted: this is what was known by then"),
        "{out}"
    );
    assert!(
        out.contains("initial_election") && out.contains("not run"),
        "{out}"
    );
}

/// The root of the workspace, which a failure's page is named from.
fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("it is in a workspace")
}

#[test]
fn a_failure_has_a_page() {
    let (_, out, _) = run(careless().args(["test", "--test", "re_election", "--seed", "3"]));
    let mut lines = out.lines().map(str::trim);
    lines.find(|line| line.starts_with("replay: "));
    let page = lines
        .next()
        .and_then(|line| line.strip_prefix("timeline: "));
    let page = Path::new(page.unwrap_or_else(|| panic!("{out}")));
    assert!(
        page.ends_with("raftlab/careless-classic-re_election-3.html"),
        "{out}"
    );
    let page = fs::read_to_string(root().join(page)).expect("it is there");
    assert!(page.contains("S0-S2 waited and nobody campaigned"));
}

#[test]
fn a_page_that_cannot_be_written_is_told_and_breaks_nothing() {
    let file = scratch("no-folder");
    fs::write(&file, "").unwrap();
    let arguments = ["test", "--test", "initial_election", "--seed", "3"];
    let (code, out, _) = run(careless().args(arguments).env("CARGO_TARGET_DIR", &file));
    assert_eq!(code, 1);
    assert!(
        out.contains("initial_election-3.html cannot be written: "),
        "{out}"
    );
    assert!(out.contains("the last that happened"), "{out}");
}

#[test]
fn a_trace_is_drawn_as_a_page_a_drawing_and_text() {
    let (trace, page) = (scratch("drawn.jsonl"), scratch("drawn.html"));
    let arguments = ["test", "--test", "re_election", "--seed", "7", "--trace"];
    assert_eq!(run(raftlab().args(arguments).arg(&trace)).0, 0);
    let draw = |arguments: &[&str]| {
        let (code, out, err) = run(raftlab().arg("timeline").arg(&trace).args(arguments));
        assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}");
        out
    };
    assert_eq!(draw(&[]).trim(), page.display().to_string());
    let page = fs::read_to_string(page).expect("it was written");
    assert!(page.starts_with("<!DOCTYPE html>"));
    assert_eq!(draw(&["-o", "-"]), page);
    let svg = draw(&["--svg", "-", "--from", "0s", "--to", "500ms"]);
    assert!(
        svg.starts_with("<svg ") && svg.contains("leader, term 1"),
        "{svg}"
    );
    assert!(
        svg.contains(">0.40 s<") && !svg.contains(">0.60 s<"),
        "{svg}"
    );
    let text = draw(&["--text"]);
    assert!(
        text.contains("LEADER 1") && text.contains("heartbeat 1 > S"),
        "{text}"
    );
    let text = draw(&["--text", "--heartbeats", "off", "--to", "500ms"]);
    assert!(
        text.contains("LEADER 1") && !text.contains("heartbeat"),
        "{text}"
    );
}

#[test]
fn what_is_no_trace_is_refused_with_file_and_line() {
    let header = |servers: u64| format!(r#"{{"trace":1,"run":"r","seed":7,"servers":{servers}}}"#);
    let crash = r#"{"t_ns":0,"step":0,"event":"crashed","server":3}"#;
    let event = |t_ns: u64| format!(r#"{{"t_ns":{t_ns},"step":0,"event":"crashed","server":1}}"#);
    let cases = [
        (
            [header(3), event(2_000_000), event(1_000_000)].join("\n"),
            "line 3: t_ns runs backwards: 0.001 s after 0.002 s",
        ),
        (String::new(), "line 1: the trace is empty"),
        (header(3) + "\n{}", "line 2: expected a record of a trace"),
        (header(0), "line 1: 0 servers; expected 1 to"),
        (
            header(3) + "\n" + crash,
            "line 2: S3, but line 1 says that there are 3 servers",
        ),
    ];
    let file = scratch("no-trace.jsonl");
    for (text, words) in cases {
        fs::write(&file, text).unwrap();
        let (code, _, err) = run(raftlab().arg("timeline").arg(&file));
        assert_eq!(code, 2, "{words}");
        assert!(
            err.contains(words) && err.contains("no-trace.jsonl"),
            "{err}"
        );
    }
    assert!(!file.with_extension("html").exists());
    let (code, _, err) = run(raftlab().args(["timeline", "."]));
    assert!(code == 2 && err.contains("it is a directory"), "{err}");
    fs::write(&file, [header(3), event(1_000_000)].join("\n")).unwrap();
    for (arguments, words) in [
        (
            &["--from", "2s", "--to", "1s", "--text"][..],
            "--from 2.000 s --to 1.000 s",
        ),
        (
            &["--from", "soon", "--text"],
            "expected a duration, as 5ms or 1.5s; found 'soon'",
        ),
        (&["--from", "1s"], "the page shows everything"),
        (
            &["--from", "1min", "--text"],
            "--from 60.000 s: nothing lies behind it, the trace ends at 0.001 s",
        ),
        (&["--text", "-o", "-"], "only one of"),
    ] {
        let (code, _, err) = run(raftlab().arg("timeline").arg(&file).args(arguments));
        assert_eq!(code, 2, "{arguments:?}");
        assert!(err.contains(words), "{arguments:?}: {err}");
    }
}
