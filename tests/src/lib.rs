//! The election suite: a cluster to direct, rules to check, tests for any server.
//!
//! Any crate gets the suite as ordinary `#[test]`s in one line of a file below its `tests/`:
//!
//! ```text
//! suite::tests!(raft::server(raftapi::Timing::LAB));
//! ```
//!
//! | module | what |
//! |---|---|
//! | [`rules`] | what every Raft must keep, checked at every event |
//! | [`view`], [`statistics`], [`watch`] | what is seen of a run |
//! | [`cluster`], `expect` | directing a run, and expecting things of it: what scripts are written in |
//! | [`test`](mod@test), [`classic`] | what a test is; the classic three |
//! | [`play`], [`runner`] | one run; many of them |
//! | [`finding`], [`diagnosis`], [`task`] | what is wrong, why, and where a student is to look |
//! | [`report`], [`columns`] | how it reads |
//! | [`settings`] | `RAFT_SEED`, `RAFT_SEEDS`, `RAFT_WATCHDOG`, `RAFT_CHECK_DETERMINISM` |

#![deny(missing_docs)]

pub mod classic;
pub mod cluster;
pub mod columns;
pub mod diagnosis;
mod expect;
pub mod finding;
mod logging;
pub mod play;
pub mod report;
pub mod rules;
pub mod runner;
pub mod settings;
pub mod statistics;
pub mod task;
pub mod test;
pub mod view;
pub mod watch;
mod watchdog;

use std::path::Path;

use raftapi::Server;

use crate::cluster::TimeKind;
use crate::report::Failed;
use crate::runner::Plan;
use crate::settings::Settings;
use crate::test::Test;

/// How many seeds `cargo test` plays of each test.
pub const SEEDS: u64 = 100;

/// All tests of the suite.
pub fn all() -> Vec<Test> {
    classic::tests()
}

/// Plays the test of this name on a server as the environment asks: what [`tests!`] calls.
///
/// # Errors
///
/// When it failed; the error is the whole story. `package` is whose tests these are, for the
/// replay command, and `folder` where it is, to point at the task that a student is to look at.
///
/// # Panics
///
/// When there is no such test, or a variable of the environment makes no sense.
pub fn check(server: &Server, name: &str, package: &str, folder: &str) -> Result<(), Failed> {
    let settings = Settings::from_env().unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan {
        first_seed: settings.seed.unwrap_or(0),
        seeds: match settings.seed {
            Some(_) => 1,
            None => settings.seeds.unwrap_or(SEEDS),
        },
        ..plan(server, name, &settings)
    };
    let tested = plan.run(|_, _| ()).remove(0);
    let check = settings.replay_prefix();
    let replay =
        |seed| format!("{check}RAFT_SEED={seed} cargo test -p {package} {name} -- --exact");
    Failed::of(&tested, replay, Some(Path::new(folder))).map_or(Ok(()), Err)
}

/// Plays the test of this name once in real time, each server on a thread of its own. If it fails
/// in virtual time, it is not even tried.
///
/// # Errors
///
/// As for [`check`].
///
/// # Panics
///
/// As for [`check`].
pub fn check_in_real_time(
    server: &Server,
    name: &str,
    package: &str,
    folder: &str,
) -> Result<(), Failed> {
    const FIRST: u64 = 20;
    let settings = Settings::from_env().unwrap_or_else(|error| panic!("{error}"));
    let mut plan = Plan {
        seeds: FIRST,
        ..plan(server, name, &settings)
    };
    if plan.run(|_, _| ()).remove(0).failed > 0 {
        return Err(Failed::in_virtual_time(name));
    }
    plan.time = TimeKind::Real;
    plan.seeds = 1;
    let tested = plan.run(|_, _| ()).remove(0);
    for remark in &tested.remarks {
        println!("{name}, in real time: {remark}");
    }
    let replay = |_| format!("cargo test -p {package} real_time::{name} # it may not come back");
    Failed::of(&tested, replay, Some(Path::new(folder))).map_or(Ok(()), Err)
}

/// One test, as the environment asks for it.
fn plan(server: &Server, name: &str, settings: &Settings) -> Plan {
    let test = all().into_iter().find(|test| test.name == name);
    Plan {
        time: TimeKind::Virtual,
        server: server.clone(),
        tests: vec![test.unwrap_or_else(|| panic!("there is no test {name}"))],
        first_seed: 0,
        seeds: 1,
        jobs: 1, // cargo test has threads of its own
        watchdog: settings.watchdog,
        check_determinism: settings.check_determinism,
        interrupt: Default::default(),
    }
}

/// Makes the suite for this server: one `#[test]` for each of [`all`] tests.
///
/// `suite::tests!(server, real_time)` makes each of them twice: in virtual time, and below
/// `real_time` once on threads, by the wall clock.
#[macro_export]
macro_rules! tests {
    ($server:expr) => {
        $crate::tests!(@all virtual_time $server);
    };
    ($server:expr, real_time) => {
        $crate::tests!(@all virtual_time $server);
        mod real_time {
            use super::*;
            $crate::tests!(@all real_time $server);
        }
    };
    (@all $time:ident $server:expr) => {
        $crate::tests!(@$time $server => initial_election, re_election, many_elections);
    };
    (@virtual_time $server:expr => $($name:ident),*) => {
        $crate::tests!(@each check $server => $($name),*);

        /// The list of the macro and the suite's own are one.
        #[test]
        fn no_test_is_left_out() {
            let here = [$(stringify!($name)),*];
            let all: ::std::vec::Vec<_> = $crate::all().iter().map(|test| test.name).collect();
            assert_eq!(here[..], all[..]);
        }
    };
    (@real_time $server:expr => $($name:ident),*) => {
        $crate::tests!(@each check_in_real_time $server => $($name),*);
    };
    (@each $check:ident $server:expr => $($name:ident),*) => {
        $(
            #[test]
            fn $name() -> ::std::result::Result<(), $crate::report::Failed> {
                let (package, folder) = (env!("CARGO_PKG_NAME"), env!("CARGO_MANIFEST_DIR"));
                $crate::$check(&$server, stringify!($name), package, folder)
            }
        )*
    };
}
