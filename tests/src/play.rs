//! Plays one test with one seed.

use std::sync::Arc;
use std::time::Duration;

use labrpc::{Counts, FaultsError, Pulse, Run, Setup, Simulation, Streams, Threads};
use raftapi::{Raft, Server};

use crate::cluster::{Cluster, TimeKind};
use crate::finding::{Finding, Outcome, Stop, UNFORESEEN};
use crate::statistics::Statistics;
use crate::test::Test;
use crate::watch::{Recording, Trace, Watch};

/// How a run is played.
#[derive(Clone, Debug, Default)]
pub struct Mode {
    /// How long a killed server may take to return in real time; for ever if none.
    pub patience: Option<Duration>,
    /// How much of a trace is written.
    pub recording: Recording,
    /// Let the servers' log be heard.
    pub narrate: bool,
    /// Shows a watchdog which step the run is in.
    pub pulse: Arc<Pulse>,
    /// The step which is known not to come back: the run ends there.
    pub hangs_at: Option<u64>,
}

/// What a run came to.
#[derive(Debug)]
pub struct Played {
    /// What was found to be wrong, if anything.
    pub finding: Option<Finding>,
    /// The run in numbers.
    pub statistics: Statistics,
    /// What was sent.
    pub counts: Counts,
    /// How much virtual time it took.
    pub virtual_time: Duration,
    /// How many steps the servers took.
    pub steps: u64,
    /// What was out of the ordinary, and no failure; in real time only.
    pub remarks: Vec<String>,
    /// The trace, if one was to be written.
    pub trace: Trace,
    /// What everything that happened was digested to, if it was to be.
    pub digest: u64,
}

impl Played {
    /// A run that could not even be played.
    pub(crate) fn broken(finding: Finding) -> Played {
        Played {
            finding: Some(finding),
            statistics: Statistics::default(),
            counts: Counts::default(),
            virtual_time: Duration::ZERO,
            steps: 0,
            remarks: Vec::new(),
            trace: Trace::new(),
            digest: 0,
        }
    }
}

/// Plays `test` on `server` with this seed.
pub fn play(server: &Server, test: &Test, seed: u64, mode: Mode) -> Played {
    let played = play_once(server, test, seed, mode.clone(), true);
    match &played.finding {
        Some(finding) if finding.rule == UNFORESEEN => play_once(server, test, seed, mode, false),
        _ => played,
    }
}

fn play_once(server: &Server, test: &Test, seed: u64, mode: Mode, foresight: bool) -> Played {
    let mut setup = Setup::new(test.servers, server.run.clone(), test.name, seed);
    setup.faults = test.faults.clone();
    setup.narrate = mode.narrate;
    setup.foresight = foresight;
    setup.pulse = Some(mode.pulse);
    setup.hangs_at = mode.hangs_at;
    let draws = Streams::new(seed, test.name).script();
    let watch = Watch::new(server, test.servers, mode.recording);
    let run = match test.time {
        TimeKind::Virtual => in_virtual_time(setup, watch),
        TimeKind::Real => in_real_time(setup, watch, mode.patience),
    };
    let run = run.unwrap_or_else(|error| panic!("test {}: {error}", test.name));
    let mut cluster = Cluster::new(run, test, server, draws);

    let outcome = cluster
        .take_places(test.cast)
        .and_then(|()| (test.script)(&mut cluster))
        .and_then(|()| cluster.release_all());
    let finding = finding_of(outcome, &cluster);
    let remarks = cluster.remarks().to_vec();
    Played {
        remarks,
        ..conclude(cluster.run_mut(), finding)
    }
}

type AnyRun = Box<dyn Run<Raft, Watch>>;

fn in_virtual_time(setup: Setup<Raft>, watch: Watch) -> Result<AnyRun, FaultsError> {
    Ok(Box::new(Simulation::new(setup, watch)?))
}

fn in_real_time(
    setup: Setup<Raft>,
    watch: Watch,
    patience: Option<Duration>,
) -> Result<AnyRun, FaultsError> {
    const FOR_EVER: Duration = Duration::from_secs(24 * 60 * 60);
    let mut threads = Threads::new(setup, watch)?;
    threads.set_patience(patience.unwrap_or(FOR_EVER));
    Ok(Box::new(threads))
}

fn finding_of(outcome: Outcome, cluster: &Cluster) -> Option<Finding> {
    let now = cluster.now();
    match outcome {
        Ok(()) => None,
        Err(Stop::Unexpected(finding)) => Some(finding),
        Err(Stop::Script(error)) => Some(Finding::of_script(&error, now)),
        Err(Stop::Ended(ended)) => Finding::of_end(ended, cluster.watch(), now),
    }
}

/// Kills what still runs, and takes stock.
fn conclude(run: &mut dyn Run<Raft, Watch>, finding: Option<Finding>) -> Played {
    let now = run.now();
    // A server that does not even end keeps everything else from being known.
    let hangs = run.finish().err();
    let watch = run.observer();
    let finding = hangs
        .and_then(|ended| Finding::of_end(ended, watch, now))
        .or(finding)
        .or_else(|| watch.violation().map(|v| Finding::of_violation(v, now)));
    let counts = run.counts();
    let steps = run.steps();
    let watch = run.observer_mut();
    let sentence = finding.as_ref().map(|f| f.sentence.as_str());
    Played {
        trace: watch.take_trace(now, sentence),
        digest: watch.digest(),
        statistics: std::mem::take(&mut watch.statistics),
        counts,
        virtual_time: now.since_start(),
        steps,
        remarks: Vec::new(),
        finding,
    }
}
