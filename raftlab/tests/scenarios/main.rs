//! `raftlab play` as a teacher meets it, and in `find` what searches for runs: what each statement does, seen in the
//! trace; what is printed and returned; and that the same seed is the same run.

#[path = "../common/mod.rs"]
mod common;
mod find;

use std::fs;
use std::path::PathBuf;

use labrpc::{Happening, Record, ServerId, read_trace};
use raftapi::{Raft, Request, Role};

use common::{careless, raftlab, run, scratch};

const S0: ServerId = ServerId::new(0);
const S1: ServerId = ServerId::new(1);
const S2: ServerId = ServerId::new(2);

/// A scenario of this name.
fn written(name: &str, text: &str) -> PathBuf {
    let path = scratch(&format!("{name}.txt"));
    fs::write(&path, text).expect("it can be written");
    path
}

/// What happens in a scenario of three servers.
fn happens(name: &str, lines: &str) -> Vec<Record<Raft>> {
    let text = format!("servers 3\ntiming paper\nseed 1\n{lines}");
    let (file, trace) = (written(name, &text), scratch(&format!("{name}.jsonl")));
    let mut command = raftlab();
    command.arg("play").arg(file).arg("--trace").arg(&trace);
    let (code, out, err) = run(&mut command);
    assert_eq!(code, 0, "{out}{err}");
    let trace = fs::read(trace).expect("a trace");
    read_trace::<Raft>(&trace[..]).expect("a trace").1
}

/// When something first happens, in milliseconds.
fn first(trace: &[Record<Raft>], is_it: impl Fn(&Record<Raft>) -> bool) -> Option<u64> {
    let found = trace.iter().find(|record| is_it(record));
    found.map(|record| record.at.as_nanos() / 1_000_000)
}

#[test]
fn what_is_cut_is_healed_again() {
    let trace = happens(
        "cuts",
        "cut S0->S1, S1-S2\nat 10ms heal S0->S1\nat 20ms heal all\nat 30ms partition S0 | S1 S2\n\
         at 40ms heal all\nat 50ms isolate S2\nat 60ms rejoin S2\n",
    );
    let cut = |from, to| first(&trace, |r| r.what == Happening::Cut { from, to });
    let healed = |from, to| first(&trace, |r| r.what == Happening::Healed { from, to });
    assert_eq!((cut(S0, S1), healed(S0, S1)), (Some(0), Some(10)));
    assert_eq!((cut(S1, S2), healed(S2, S1)), (Some(0), Some(20)));
    assert_eq!((cut(S2, S0), healed(S2, S0)), (Some(30), Some(40)));
    let isolated = first(&trace, |r| r.what == Happening::Isolated { server: S2 });
    let rejoined = first(&trace, |r| r.what == Happening::Rejoined { server: S2 });
    assert_eq!((isolated, rejoined), (Some(50), Some(60)));
}

#[test]
fn servers_start_crash_and_start_again() {
    let trace = happens(
        "starts",
        "only S0 S1 start\nlog S2 1 1 2 term 3 vote S0\nat 10ms start S2\nat 20ms crash S2\n\
         after 5ms restart S2\nat 30ms crash all\nat 40ms restart all\nat 50ms\n",
    );
    let started = |server, n| {
        first(
            &trace,
            |r| matches!(&r.what, Happening::Started { server: s, start, .. } if (*s, *start) == (server, n)),
        )
    };
    assert_eq!((started(S0, 0), started(S2, 0)), (Some(0), Some(10)));
    assert_eq!((started(S2, 1), started(S1, 1)), (Some(25), Some(40)));
    let crashes = trace
        .iter()
        .filter(|r| matches!(r.what, Happening::Crashed { .. }));
    assert_eq!(crashes.count(), 4);
    let disk = trace.iter().find_map(|r| match &r.what {
        Happening::Started { server, stable, .. } if *server == S2 => Some(stable),
        _ => None,
    });
    let disk = disk.expect("S2 starts");
    assert_eq!(
        (disk.current_term, disk.voted_for, disk.log.len()),
        (3, Some(S0), 3)
    );
}

#[test]
fn the_leader_and_the_old_leader_are_who_they_are() {
    let trace = happens(
        "leaders",
        "wait until leader\ncrash leader\nexpect another leader within 2s\nrestart old leader\n\
         expect old leader is follower within 1s\nisolate follower\n",
    );
    let crashed = trace.iter().find_map(|r| match r.what {
        Happening::Crashed { server } => Some(server),
        _ => None,
    });
    let leads = trace.iter().find_map(|r| match &r.what {
        Happening::Published { server, status } if status.role == Role::Leader => Some(*server),
        _ => None,
    });
    assert!(leads.is_some());
    assert_eq!(crashed, leads);
    let restarted = |r: &Record<Raft>| matches!(&r.what, Happening::Started { server, start: 1, .. } if Some(*server) == leads);
    assert!(trace.iter().any(restarted));
    assert!(
        trace
            .iter()
            .any(|r| matches!(r.what, Happening::Isolated { .. }))
    );
}

#[test]
fn a_crash_inside_a_step_saves_and_sends_nothing() {
    let trace = happens(
        "inside",
        "crash S1 after its next persist\ncut S0-S2\nrun 400ms\nexpect S1 is down\n",
    );
    let saved = trace
        .iter()
        .position(|r| matches!(r.what, Happening::Persisted { server: S1, .. }));
    let crashed = trace
        .iter()
        .position(|r| r.what == Happening::Crashed { server: S1 });
    assert_eq!(saved.map(|at| at + 1), crashed);
    assert!(
        !trace
            .iter()
            .any(|r| matches!(r.what, Happening::Replied { from: S1, .. }))
    );
}

/// How long the first request takes that arrives from one server at another, in microseconds.
fn takes(trace: &[Record<Raft>], from: ServerId, to: ServerId) -> u64 {
    let came = trace.iter().find_map(|r| match r.what {
        Happening::RequestDelivered {
            message,
            from: f,
            to: t,
            ..
        } if (f, t) == (from, to) => Some((message, r.at)),
        _ => None,
    });
    let (number, came) = came.expect("something arrives");
    let sent = trace.iter().find_map(|r| match r.what {
        Happening::Sent { message, .. } if message == number => Some(r.at),
        _ => None,
    });
    (came - sent.expect("it was sent")).as_micros() as u64
}

#[test]
fn latency_is_of_all_links_or_of_one_and_a_slow_servers_is_a_multiple() {
    let lines = "log S0 1\nnet latency 2ms\nlink S0->S1 latency 9ms\nwait until S0 is leader\n";
    let lines = format!("only S0 S1 start\n{lines}");
    let usual = happens("latency", &format!("{lines}start S2\nrun 200ms"));
    assert_eq!((takes(&usual, S0, S1), takes(&usual, S0, S2)), (9000, 2000));
    let slow = lines.replace("wait until", "slow S0 x3\nwait until");
    let slow = happens("slow", &format!("{slow}start S2\nrun 200ms"));
    assert_eq!((takes(&slow, S0, S1), takes(&slow, S0, S2)), (27_000, 6000));
}

#[test]
fn disks_clocks_and_steps_take_their_time() {
    let campaign = |trace: &[Record<Raft>]| {
        let asks = |r: &Record<Raft>| matches!(r.what, Happening::Sent { from: S0, .. });
        first(trace, asks).expect("S0 campaigns")
    };
    // One name, so that all draws are the same.
    let alone = |line: &str| {
        let lines = format!("only S0 start\n{line}\nrun 700ms");
        campaign(&happens("machine", &lines))
    };
    let usual = alone("");
    assert_eq!(alone("disk S0 write 30ms"), usual + 30);
    // Its start is a step, too.
    let slow = alone("slow S0 by 40ms");
    assert!(
        [usual + 40, usual + 80].contains(&slow),
        "{slow} against {usual}"
    );
    let half = alone("clock S0 x0.5");
    assert!(half.abs_diff(2 * usual) <= 1, "{half} against {usual}");
}

#[test]
fn a_lossy_net_loses_and_a_note_is_in_the_trace() {
    let trace = happens(
        "loss",
        "net loss 100%\nnote \"nothing comes through\"\nrun 1s\n",
    );
    assert!(
        !trace
            .iter()
            .any(|r| matches!(r.what, Happening::RequestDelivered { .. }))
    );
    let note = |r: &Record<Raft>| matches!(&r.what, Happening::Noted { note } if note == "nothing comes through");
    assert!(trace.iter().any(note));
}

#[test]
fn leadership_is_transferred_by_servers_that_can() {
    let trace = happens(
        "transfer",
        "features transfer\nonly S0 S1 start\nlog S0 1\nnet latency 2ms\nwait until S0 is leader\n\
         run 100ms\ntransfer leadership to S1\nrun 200ms\n",
    );
    let asked = |r: &Record<Raft>| {
        matches!(
            &r.what,
            Happening::Sent {
                from: S1,
                request: Request::TransferLeadership(_),
                ..
            }
        )
    };
    assert!(trace.iter().any(asked));
}

#[test]
fn an_expectation_that_is_not_met_is_exit_code_1_and_says_what_was_there() {
    let file = written(
        "unmet",
        "servers 3\nexpect one leader within 5ms\nrun 1s\nexpect leader\n",
    );
    let (code, out, err) = run(raftlab().arg("play").arg(&file));
    assert_eq!((code, err.as_str()), (1, ""));
    let line = "not as expected at 0.005 s, line 2: one leader within 5ms";
    assert!(out.contains(line), "{out}");
    assert!(
        out.contains("instead: S0 follower 0, S1 follower 0, S2 follower 0"),
        "{out}"
    );
    assert!(out.contains("1 of 2 expectations met"), "{out}");
    let (code, quiet, _) = run(raftlab().arg("play").arg(&file).arg("--quiet"));
    assert_eq!(code, 1);
    assert!(quiet.contains(line), "{quiet}");
}

#[test]
fn what_cannot_be_done_is_exit_code_2_with_line_and_time() {
    let late = "servers 3\nexpect leader within 2s\nat 1ms heal all\n";
    for (name, text, words) in [
        (
            "leaderless",
            "servers 3\nat 5ms crash leader\n",
            "leaderless.txt:2:1: at 0.005 s",
        ),
        ("late", late, "this is to happen at 0.001 s"),
        (
            "nothing",
            "servers 3\nslow S1 x3\n",
            "say 'slow S1 by 20ms'",
        ),
        (
            "wrong",
            "servers 3\ncrash S7\n",
            "wrong.txt:2:7: there is no server S7",
        ),
    ] {
        let (code, _, err) = run(raftlab().arg("play").arg(written(name, text)));
        assert_eq!(code, 2, "{name}: {err}");
        assert!(err.contains(words), "{name}: {err}");
    }
    let (code, _, err) = run(raftlab().args(["play", "nowhere.txt"]));
    assert_eq!(code, 2);
    assert!(err.contains("cannot read nowhere.txt"), "{err}");
}

#[test]
fn a_server_that_does_nothing_fails_politely() {
    let text = "servers 3\nexpect one leader within 1s\ncrash leader\n";
    let (code, out, err) = run(careless().arg("play").arg(written("careless", text)));
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    assert!(
        out.contains("it cannot go on at 1.000 s, line 3: there is no leader"),
        "{out}"
    );
    let text = "servers 3\nwait until leader\ncrash leader\n";
    let (code, out, _) = run(careless().arg("play").arg(written("waits", text)));
    assert_eq!(code, 1);
    assert!(out.contains("waited for in vain"), "{out}");
}

#[test]
fn a_feature_that_the_server_lacks_is_said() {
    let text = "servers 3\nfeatures prevote, checkquorum\nrun 1s\n";
    for command in [&["play"][..], &["find", "--where", "S1 wins"]] {
        let (code, _, err) = run(careless().args(command).arg(written("lacks", text)));
        assert_eq!(code, 2);
        let words = "this server does not declare PreVote, nor CheckQuorum";
        assert!(err.contains(words), "{err}");
    }
}

#[test]
fn the_same_file_and_seed_are_the_same_run() {
    let text = "servers 5\nnet unreliable duplicate 5%\nrun 3s\nexpect leader\n";
    let file = written("same", text);
    let page = scratch("target/raftlab/same-7.html");
    let play = |name: &str| {
        let trace = scratch(name);
        let mut command = raftlab();
        command.arg("play").arg(&file).args(["--seed", "7"]);
        assert_eq!(run(command.arg("--trace").arg(&trace)).0, 0);
        fs::read(trace).expect("a trace")
    };
    assert!(play("same-1.jsonl") == play("same-2.jsonl"));
    assert!(fs::read_to_string(page).expect("the page").contains("same"));
}

#[test]
fn a_long_run_keeps_its_end_and_says_so() {
    let file = written("long", "servers 3\nrun 30min\n");
    let trace = scratch("long.jsonl");
    let page = scratch("long.html");
    let mut command = raftlab();
    command.arg("play").arg(file).arg("-o").arg(&page);
    let (code, out, _) = run(command.arg("--trace").arg(&trace));
    assert_eq!(code, 0);
    let second = out.lines().nth(2).unwrap_or_default();
    assert!(second.starts_with("the first "), "{second}");
    assert!(
        second.ends_with("the last 100000 events are kept"),
        "{second}"
    );
    let lines = fs::read_to_string(trace).expect("a trace").lines().count();
    assert_eq!(lines, 1 + 100_000);
}

#[cfg(target_os = "linux")]
#[test]
fn whoever_interrupts_a_run_sees_what_was_known() {
    let folder = scratch("interrupted");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    let file = written("endless", "servers 5\nrun 24h\n");
    let mut command = raftlab();
    command
        .arg("play")
        .arg(file)
        .arg("-o")
        .arg(folder.join("page.html"));
    let out = common::interrupted(&mut command);
    assert!(out.contains("this is what was known by then"));
    let left = fs::read_dir(&folder).expect("the folder").count();
    assert_eq!(left, 1, "the page, and nothing aside");
}

#[test]
fn a_file_called_dash_is_standard_output_or_input() {
    let file = written("dash", "\u{feff}servers 1\nrun 1s\n");
    let (code, out, err) = run(raftlab().arg("play").arg(&file).args(["-o", "-"]));
    assert_eq!(code, 0);
    assert!(out.starts_with("<!"), "{}", &out[..40]);
    assert!(
        err.starts_with("dash, seed 0: 1 server; reference: heartbeat"),
        "{err}"
    );
    let (code, _, err) = run(raftlab()
        .arg("play")
        .arg(&file)
        .args(["-o", "-", "--svg", "-"]));
    assert_eq!(code, 2);
    assert!(err.contains("only one file can be '-'"), "{err}");
    let mut command = raftlab();
    command
        .args(["play", "-"])
        .stdin(fs::File::open(&file).expect("a file"));
    assert_eq!(run(&mut command).0, 0);
}

#[test]
fn a_text_that_is_not_utf_8_is_refused_with_its_name() {
    let file = scratch("utf16.txt");
    fs::write(&file, b"\xff\xfes\0e\0r\0").expect("it can be written");
    let (code, _, err) = run(raftlab().arg("play").arg(&file));
    assert_eq!(code, 2);
    assert!(
        err.contains("utf16.txt: line 1 is no UTF-8 text: save the file as UTF-8"),
        "{err}"
    );
}

#[test]
fn another_servers_page_has_its_name() {
    let file = written("whose", "servers 3\nrun 1s\n");
    let (_, out, _) = run(careless().arg("play").arg(&file));
    assert!(
        out.contains("timeline: target/raftlab/whose-0-careless.html"),
        "{out}"
    );
    assert!(out.contains("3 servers; careless: "), "{out}");
}

#[test]
fn who_is_isolated_is_said_to_who_lets_the_wrong_one_in() {
    let lines = "servers 3\nwait until leader\nisolate leader\nrun 1s\nrejoin leader\n";
    let (code, _, err) = run(raftlab().arg("play").arg(written("wrong-one", lines)));
    assert_eq!(code, 2);
    assert!(err.contains("say 'rejoin old leader'"), "{err}");
}

#[test]
fn a_run_that_is_over_before_anything_comes_of_it_says_so() {
    let file = written("timeless", "servers 3\ncut S0-S1\n");
    let (code, out, _) = run(raftlab().arg("play").arg(file));
    assert_eq!(code, 0);
    assert!(
        out.contains("no time has passed after line 2: add 'run 1s'"),
        "{out}"
    );
}
