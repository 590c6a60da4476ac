//! Results as JSON, for programs. The fields are described in `raftlab/README.md`.

use raftapi::Timing;
use serde::Serialize;
use suite::test::Test;
use suite::tested::Tested;

use crate::summary::Summary;

/// The format's version.
const VERSION: u32 = 2;

#[derive(Serialize)]
pub struct Results<'a> {
    raftlab: u32,
    timing: TimingResult,
    first_seed: u64,
    interrupted: bool,
    passed: bool,
    tests: Vec<TestResult<'a>>,
}

#[derive(Serialize)]
struct TimingResult {
    heartbeat_interval_ns: u64,
    election_timeout_min_ns: u64,
    election_timeout_max_ns: u64,
    election_timeout_step_ns: u64,
}

#[derive(Serialize)]
struct TestResult<'a> {
    name: &'a str,
    part: &'static str,
    points: u32,
    description: &'a str,
    servers: usize,
    verdict: &'static str,
    seeds: u64,
    failed: u64,
    virtual_time_ns: u64,
    steps: u64,
    calls: u64,
    bytes: u64,
    elections: u64,
    split_votes: u64,
    leaders: u64,
    time_to_leader_median_ns: Option<u64>,
    time_to_leader_p99_ns: Option<u64>,
    failure: Option<FailureResult<'a>>,
}

#[derive(Serialize)]
struct FailureResult<'a> {
    seed: u64,
    t_ns: u64,
    rule: &'a str,
    finding: &'a str,
    hint: &'a str,
    replay: String,
}

/// What was asked for, and how it ended.
pub struct Asked {
    pub timing: Timing,
    pub first_seed: u64,
    pub interrupted: bool,
}

impl<'a> Results<'a> {
    pub fn new(
        asked: &Asked,
        results: &'a [(Tested, Summary)],
        replay: impl Fn(&Test, u64) -> String,
    ) -> Results<'a> {
        let t = &asked.timing;
        Results {
            raftlab: VERSION,
            timing: TimingResult {
                heartbeat_interval_ns: t.heartbeat_interval().as_nanos() as u64,
                election_timeout_min_ns: t.election_timeout_min().as_nanos() as u64,
                election_timeout_max_ns: t.election_timeout_max().as_nanos() as u64,
                election_timeout_step_ns: t.election_timeout_step().as_nanos() as u64,
            },
            first_seed: asked.first_seed,
            interrupted: asked.interrupted,
            passed: !asked.interrupted && results.iter().all(|(tested, _)| tested.failed == 0),
            tests: results
                .iter()
                .map(|(tested, summary)| TestResult::new(tested, summary, &replay))
                .collect(),
        }
    }
}

impl<'a> TestResult<'a> {
    fn new(
        tested: &'a Tested,
        summary: &Summary,
        replay: &impl Fn(&Test, u64) -> String,
    ) -> TestResult<'a> {
        let quantile = |q| summary.time_to_leader(q).map(|time| time.as_nanos() as u64);
        TestResult {
            name: tested.test.name,
            part: tested.test.part.name(),
            points: tested.test.points,
            description: tested.test.description,
            servers: tested.test.servers,
            verdict: match (tested.failed, tested.played) {
                (1.., _) => "failed",
                (0, 0) => "not run",
                _ => "passed",
            },
            seeds: tested.played,
            failed: tested.failed,
            virtual_time_ns: summary.virtual_time.as_nanos() as u64,
            steps: summary.steps,
            calls: summary.calls,
            bytes: summary.bytes,
            elections: summary.elections,
            split_votes: summary.split_votes,
            leaders: summary.leaders(),
            time_to_leader_median_ns: quantile(0.5),
            time_to_leader_p99_ns: quantile(0.99),
            failure: tested.failure.as_ref().map(|failure| FailureResult {
                seed: failure.seed,
                t_ns: failure.finding.at.as_nanos(),
                rule: failure.finding.rule,
                finding: &failure.finding.sentence,
                hint: failure.finding.hint,
                replay: replay(&tested.test, failure.seed),
            }),
        }
    }
}
