//! Correct servers in processes of their own: the same seed is the same run as on coroutines, however they
//! are written.
#![cfg(unix)]

use std::process::Command;
use std::sync::Arc;

use labrpc::process::{Confinement, Pristine};
use raftapi::Server;
use suite::cluster::TimeKind;
use suite::part::Part;
use suite::play::{Mode, play};
use suite::watch::Recording;
use variants::{Variant, all};

/// Elections, faults of the network, crashes within a step and on slow disks, servers played by hand.
const TESTS: [&str; 6] = [
    "re_election",
    "everything_at_once",
    "crashes_in_mid_step",
    "crashes_while_writing",
    "partial_partitions",
    "a_vote_survives_a_crash",
];

fn in_processes(variant: &Variant) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_variants"));
    command.args(["serve", &variant.name]);
    let pristine = Pristine::spawn(command, &Confinement::default()).unwrap();
    Server::of_program(Arc::new(pristine)).unwrap()
}

#[test]
fn each_is_the_same_in_processes() {
    for variant in all() {
        let other = in_processes(&variant);
        assert_eq!(
            (other.timing, other.features),
            (variant.server.timing, variant.server.features),
            "{}",
            variant.name
        );
        for test in suite::all() {
            let wanted = test.part == Part::Extra || TESTS.contains(&test.name);
            if test.time != TimeKind::Virtual || !wanted || !variant.takes(&test) {
                continue;
            }
            let run = |server: &Server| {
                let mode = Mode {
                    recording: Recording::Digest,
                    ..Mode::default()
                };
                let played = play(server, &test, 1, mode);
                (played.finding, played.steps, played.digest)
            };
            let place = format!("{}, {}", variant.name, test.path());
            assert_eq!(run(&other), run(&variant.server), "{place}");
        }
    }
}
