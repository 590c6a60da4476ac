//! Servers in processes of their own: the same seed is the same run as on coroutines.
#![cfg(unix)]

#[allow(dead_code)] // the rest is for the command line
mod common;
#[allow(dead_code)] // it is a program, too
#[path = "../examples/late.rs"]
mod late;

use std::process::Command;
use std::sync::Arc;

use labrpc::process::{self, Confinement, Pristine, Program};
use labrpc::{Header, write_trace};
use raftapi::{Features, Server, Timing};
use suite::cluster::TimeKind;
use suite::play::{Mode, Played, play};
use suite::test::Test;
use suite::watch::{Recording, THE_END};

/// The reference in forks of a pristine process.
fn pristine() -> Server {
    forks_of(Command::new(env!("CARGO_BIN_EXE_raftlab")))
}

/// The server of a laboratory, in forks of a pristine process.
fn forks_of(mut command: Command) -> Server {
    command.arg("serve");
    let pristine = Pristine::spawn(command, &Confinement::default()).unwrap();
    Server::of_program(Arc::new(pristine)).unwrap()
}

fn trace(server: &Server, test: &Test, seed: u64) -> (Vec<u8>, Played) {
    let mode = Mode {
        recording: Recording::TheEnd(THE_END),
        ..Mode::default()
    };
    let played = play(server, test, seed, mode);
    let header = Header {
        trace: Header::VERSION,
        run: test.path(),
        seed,
        servers: test.servers,
        about: server.about(),
    };
    let mut bytes = Vec::new();
    write_trace(&mut bytes, &header, &played.trace).unwrap();
    (bytes, played)
}

fn compare(own: &Server, other: &Server, test: &Test, seed: u64) {
    let ((once, played), (then, again)) = (trace(own, test, seed), trace(other, test, seed));
    assert_eq!(again.finding, played.finding, "{} {seed}", test.path());
    assert_eq!(again.steps, played.steps, "{} {seed}", test.path());
    if once != then {
        let lines = |bytes: &[u8]| -> Vec<String> {
            let text = String::from_utf8_lossy(bytes);
            text.lines().map(str::to_string).collect()
        };
        let (once, then) = (lines(&once), lines(&then));
        let at = once.iter().zip(&then).position(|(a, b)| a != b);
        let at = at.unwrap_or(once.len().min(then.len()));
        panic!(
            "{} {seed} differs at line {at}:\n{:?}\n{:?}",
            test.path(),
            once.get(at),
            then.get(at)
        );
    }
}

/// The same for the tests of these names.
fn compare_some(own: &Server, other: &Server, names: &[&str], seed: u64) {
    for test in suite::all().iter().filter(|t| names.contains(&t.name)) {
        if test.time == TimeKind::Virtual {
            compare(own, other, test, seed);
        }
    }
}

#[test]
fn the_same_seed_is_the_same_trace() {
    let own = raft::server(Timing::LAB);
    let other = pristine();
    assert_eq!(
        (other.timing, other.features),
        (own.timing, Features::PLAIN)
    );
    for test in suite::all() {
        if test.time == TimeKind::Virtual && test.is_for(&own.features) {
            compare(&own, &other, &test, 0);
        }
    }
}

#[test]
fn answers_that_come_too_late_are_the_same_too() {
    let own = late::late(Timing::LAB);
    let other = forks_of(common::example("late"));
    let chosen = [
        "initial_election",
        "crashes_in_mid_step",
        "crashes_while_writing",
    ];
    compare_some(&own, &other, &chosen, 0);
}

#[test]
fn a_program_that_is_started_for_each_server_is_the_same_too() {
    let own = raft::server(Timing::LAB);
    let line = format!("{} serve", env!("CARGO_BIN_EXE_raftlab"));
    let program: Arc<dyn Program> = Arc::new(process::Command::new(line));
    let other = Server::of_program(program).unwrap();
    let chosen = [
        "re_election",
        "crashes_in_mid_step",
        "crashes_while_writing",
    ];
    compare_some(&own, &other, &chosen, 7);
}
