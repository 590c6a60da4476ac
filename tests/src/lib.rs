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
//! | [`rules`] | what every Raft must keep, checked at every event; and what a script may add |
//! | [`view`], [`statistics`], [`attempts`], [`watch`] | what is seen of a run |
//! | [`chance`], [`samples`] | what a correct server may owe to chance; what a sample of timeouts says |
//! | [`cluster`], `expect`, `settle` | directing a run, and expecting things of it: what scripts are written in |
//! | [`hand`] | one server alone, its peers played by hand |
//! | [`test`](mod@test), [`part`], `parts` | what a test is; the suite, part by part |
//! | [`play`], [`runner`], [`tested`] | one run; many of them; what they came to |
//! | [`marks`], [`weights`] | what it is all worth |
//! | [`finding`], [`diagnosis`], [`task`] | what is wrong, why, and where a student is to look |
//! | [`report`], [`columns`] | how it reads |
//! | [`watchdog`], [`logging`] | a server that does not come back; the servers' log |
//! | [`timeline`], [`page`] | how it looks |
//! | [`settings`] | `RAFT_SEED`, `RAFT_SEEDS`, `RAFT_WATCHDOG`, `RAFT_CHECK_DETERMINISM` |

#![deny(missing_docs)]

pub mod attempts;
pub mod chance;
pub mod cluster;
pub mod columns;
pub mod determinism;
pub mod diagnosis;
mod expect;
pub mod finding;
pub mod hand;
pub mod logging;
mod macros;
pub mod marks;
pub mod page;
pub mod part;
mod parts;
pub mod play;
pub mod report;
pub mod rules;
pub mod runner;
pub mod samples;
pub mod settings;
mod settle;
pub mod statistics;
pub mod task;
pub mod test;
pub mod tested;
pub mod timeline;
pub mod view;
pub mod watch;
pub mod watchdog;
pub mod weights;
mod wording;

use std::path::Path;

use raftapi::Server;

use crate::cluster::TimeKind;
use crate::page::Page;
use crate::part::Part;
use crate::report::Failed;
use crate::runner::Plan;
use crate::settings::Settings;
use crate::test::Test;

/// How many seeds are played of most tests.
pub const SEEDS: u64 = 100;

/// All tests of the suite, part by part.
pub fn all() -> Vec<Test> {
    parts::all()
}

/// Plays a test on a server as the environment asks: what [`tests!`] calls. `module` is where it
/// stands, and ends with its part. A test of what the server does not declare passes unplayed;
/// nothing is tried before the basics pass.
///
/// # Errors
///
/// When it failed; the error is the whole story, and names the page that was written of it.
/// `package` is whose tests these are, for the
/// replay command, and `folder` where it is, to point at the task that a student is to look at.
///
/// # Panics
///
/// When there is no such test, or a variable of the environment makes no sense.
pub fn check(
    server: &Server,
    module: &str,
    name: &str,
    package: &str,
    folder: &str,
) -> Result<(), Failed> {
    let settings = Settings::from_env().unwrap_or_else(|error| panic!("{error}"));
    // The first module is the crate, the last one the part.
    let module = module.split_once("::").map_or(module, |(_, rest)| rest);
    let part = module.rsplit("::").next().unwrap_or(module);
    let test = all()
        .into_iter()
        .find(|t| t.name == name && t.part.name() == part);
    let test = test.unwrap_or_else(|| panic!("there is no test {part}::{name}"));
    let path = format!("{module}::{name}");
    if !test.is_for(&server.features) {
        return Ok(());
    }
    if let Some(first) = first_to_mend(server, &test, &settings) {
        return Err(Failed::not_tried(&path, &first));
    }
    let plan = Plan {
        first_seed: settings.seed.unwrap_or(0),
        seeds: match settings.seed {
            Some(_) => Some(1),
            None => settings.seeds,
        },
        ..Plan::of(server, vec![test], &settings)
    };
    let tested = plan.run(|_, _| ()).remove(0);
    for remark in &tested.remarks {
        println!("{path}: {remark}");
    }
    let check = settings.replay_prefix();
    let replay = |seed| match tested.test.time {
        TimeKind::Virtual => {
            format!("{check}RAFT_SEED={seed} cargo test -p {package} {path} -- --exact")
        }
        TimeKind::Real => format!("cargo test -p {package} {path} # it may not come back"),
    };
    // Another module of the package may hold the same test, of another server.
    let outer = module
        .strip_suffix(part)
        .unwrap_or("")
        .trim_end_matches(':');
    let whose = match outer {
        "" => package.to_string(),
        _ => format!("{package}-{}", outer.replace("::", "-")),
    };
    let page = Page::of(&tested, &whose, &server.about());
    Failed::of(&tested, replay, Some(Path::new(folder)), page.as_ref()).map_or(Ok(()), Err)
}

/// What must pass before this test is tried, and does not: the basics; and for a test in real
/// time, the same script in virtual time.
fn first_to_mend(server: &Server, test: &Test, settings: &Settings) -> Option<String> {
    let basics = |t: &Test| t.part == Part::Basics && t.part != test.part;
    let twin = |t: &Test| {
        test.time == TimeKind::Real && t.time == TimeKind::Virtual && t.name == test.name
    };
    let first: Vec<Test> = all().into_iter().filter(|t| basics(t) || twin(t)).collect();
    let plan = Plan {
        seeds: Some(match test.time {
            TimeKind::Virtual => 1,
            TimeKind::Real => 20,
        }),
        first_failure_only: true,
        ..Plan::of(server, first, settings)
    };
    let failed = plan.run(|_, _| ()).into_iter().find(|t| t.failed > 0);
    failed.map(|tested| tested.test.path())
}
