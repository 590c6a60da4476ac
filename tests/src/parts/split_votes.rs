//! Elections in which all timers start at the same instant: the hardest there are.
//!
//! Every message takes the same time, for which the thesis computes how often votes split (9.2):
//! see [`chance`](crate::chance). A server that draws afresh at every reset wastes few terms; one
//! that does not repeats one split vote after the other.

use std::time::Duration;

use labrpc::{Delay, Faults, ServerId};
use raftapi::Term;

use crate::chance::{Conditions, most_failures};
use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::part::Part;
use crate::settle::ALPHA;
use crate::task::Task;
use crate::test::Test;

/// One way. The lab's timeouts are spread over ten of it: the thesis wants ten to twenty (9.2).
const LATENCY: Duration = Duration::from_millis(30);
/// How many elections a run holds.
const ELECTIONS: u32 = 40;

const SPLITS: Test = Test {
    points: 1,
    description: "all timers start at once, forty times: few terms end without a leader",
    hint: "is a fresh random timeout drawn, from the whole range, at every reset of the election \
           timer, a candidate's own included? Does each server draw its own? (Raft paper, 5.2; \
           6.824, lecture 6)",
    limit: Duration::from_secs(24 * 60 * 60),
    // Eighty waits, forty runs of terms, and one sum, each at 1e-10: about 1e-8.
    alpha: 2e-8,
    ..Test::of(Part::SplitVotes)
};

/// The tests about split votes.
pub(super) fn tests() -> Vec<Test> {
    let starts = [
        ("three_start_together", 3),
        ("four_start_together", 4),
        ("five_start_together", 5),
        ("seven_start_together", 7),
        ("nine_start_together", 9),
    ];
    let start = |(name, servers)| Test {
        name,
        servers,
        fewest_servers: 1,
        faults: network(),
        script: start_together,
        ..SPLITS
    };
    let crash = Test {
        description: "the leader dies between two heartbeats, forty times: few terms are wasted",
        faults: network(),
        script: leader_dies,
        ..SPLITS
    };
    let mut tests: Vec<Test> = starts.map(start).into();
    tests.extend([
        Test {
            name: "leader_of_three_dies",
            servers: 3,
            seeds: 3 * crate::SEEDS,
            ..crash.clone()
        },
        Test {
            name: "leader_of_five_dies",
            servers: 5,
            ..crash.clone()
        },
        Test {
            name: "bare_majority_of_nine",
            description: "five of nine are left, and each vote counts: few terms are wasted",
            servers: 9,
            script: bare_majority,
            ..crash
        },
    ]);
    tests
}

fn network() -> Faults {
    Faults::RELIABLE.delayed(Delay::Constant(LATENCY))
}

fn conditions(cluster: &Cluster) -> Conditions {
    Conditions::healthy(cluster.servers().len(), LATENCY)
}

/// All servers start at the same instant; and again.
fn start_together(cluster: &mut Cluster) -> Outcome {
    let conditions = conditions(cluster);
    let mut elections = Elections::default();
    for _ in 0..ELECTIONS {
        let before = cluster.newest_term();
        elections.hold(cluster, &conditions, before)?;
        let term = cluster.newest_term();
        for server in cluster.servers() {
            cluster.crash(server)?;
        }
        for server in cluster.servers() {
            cluster.restart_in(term, server)?;
        }
    }
    elections.check_sum(cluster, &conditions)
}

/// The leader dies; it is started again when there is another.
fn leader_dies(cluster: &mut Cluster) -> Outcome {
    let all = conditions(cluster);
    let left = all.alive(all.servers - 1);
    let mut elections = Elections::default();
    for _ in 0..ELECTIONS {
        let leader = cluster.check_settled(&all)?;
        await_some_moment(cluster)?;
        let before = cluster.newest_term();
        cluster.crash(leader.server)?;
        elections.hold(cluster, &left, before)?;
        cluster.restart_in(cluster.newest_term(), leader.server)?;
    }
    elections.check_sum(cluster, &left)
}

/// The same, but so many die with the leader that all who are left must agree.
fn bare_majority(cluster: &mut Cluster) -> Outcome {
    let all = conditions(cluster);
    let left = all.alive(all.servers / 2 + 1);
    let mut elections = Elections::default();
    for _ in 0..ELECTIONS {
        let leader = cluster.check_settled(&all)?;
        await_some_moment(cluster)?;
        let before = cluster.newest_term();
        let others = cluster.servers().filter(|&id| id != leader.server);
        let with_it: Vec<ServerId> = others.take(all.servers - left.alive - 1).collect();
        for &server in with_it.iter().chain([&leader.server]) {
            cluster.crash(server)?;
        }
        elections.hold(cluster, &left, before)?;
        let term = cluster.newest_term();
        for &server in with_it.iter().chain([&leader.server]) {
            cluster.restart_in(term, server)?;
        }
    }
    elections.check_sum(cluster, &left)
}

/// Until some moment between two heartbeats. The election timers of all followers have started at
/// the same instant, when the last heartbeat arrived.
fn await_some_moment(cluster: &mut Cluster) -> Outcome {
    let beat = cluster.timing().heartbeat_interval().as_micros() as usize;
    let moment = cluster.random(beat) as u64;
    cluster.advance(Duration::from_micros(moment))
}

/// The elections of a run.
#[derive(Default)]
struct Elections {
    held: u32,
    wasted: Term,
}

impl Elections {
    /// Waits for a leader, and counts the terms since `before` that ended without one.
    fn hold(&mut self, cluster: &mut Cluster, conditions: &Conditions, before: Term) -> Outcome {
        let patience = cluster.patience(conditions);
        let (timing, features) = (cluster.timing(), cluster.features());
        let most = conditions.failures_in_a_row(&timing, &features, ALPHA);
        let began = cluster.now();
        cluster.advance_until(patience, |watch| {
            let newest = watch
                .view
                .connected()
                .filter_map(|id| watch.view.status(id));
            let newest = newest.map(|status| status.term).max().unwrap_or(0);
            watch.view.is_led() || newest > before + Term::from(most) + 1
        })?;
        if cluster.watch().view.is_led() {
            let leader = cluster.check_leader_within(Duration::ZERO)?;
            self.held += 1;
            self.wasted += leader.term.saturating_sub(before + 1);
            return Ok(());
        }
        if cluster.newest_term() <= before + Term::from(most) + 1 {
            // Time is up; say what was seen instead of a leader.
            return cluster.check_leader_within(Duration::ZERO).map(|_| ());
        }
        let waited = (cluster.now() - began).as_secs_f32();
        let sentence = format!(
            "no leader for {waited:.1} s; terms {} to {} all ended without one, and of so many \
             there is one chance in ten thousand million",
            before + 1,
            cluster.newest_term() - 1
        );
        cluster.fail(FEW_SPLITS, Task::FreshTimeouts, sentence)
    }

    /// Expects that not too many terms were wasted in all elections together.
    fn check_sum(&self, cluster: &Cluster, conditions: &Conditions) -> Outcome {
        let p = conditions.failure(&cluster.timing(), &cluster.features());
        let most = most_failures(p, self.held, ALPHA);
        if self.wasted <= Term::from(most) {
            return Ok(());
        }
        let sentence = format!(
            "{} elections took {} terms too many; with timeouts drawn as declared, more than \
             {most} are one chance in ten thousand million",
            self.held, self.wasted
        );
        cluster.fail(FEW_SPLITS, Task::FreshTimeouts, sentence)
    }
}

const FEW_SPLITS: &str = "votes are rarely split";
