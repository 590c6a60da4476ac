//! Beyond plain Raft: PreVote, CheckQuorum, leases, leadership transfer. Each test is played on
//! servers that declare what it is about, whatever else they declare.

mod check_quorum;
mod lease;
mod pre_vote;
mod transfer;

use std::time::Duration;

use labrpc::{Delay, Faults, ServerId};
use raftapi::PreVote;

use crate::chance::{Conditions, LATENESS};
use crate::cluster::{Cluster, Leader};
use crate::finding::Outcome;
use crate::part::{Feature, Part};
use crate::rules::staged::tick;
use crate::test::{Cast, Test};

/// The longest one-way latency.
const LATENCY: Duration = Duration::from_millis(5);

/// All of them.
pub(super) fn tests() -> Vec<Test> {
    [
        pre_vote::tests(),
        check_quorum::tests(),
        lease::tests(),
        transfer::tests(),
    ]
    .concat()
}

/// A test with a whole cluster.
fn together(needs: &'static [Feature]) -> Test {
    Test {
        points: 1,
        servers: 5,
        faults: Faults::RELIABLE.delayed(Delay::Uniform {
            min: Duration::from_millis(1),
            max: LATENCY,
        }),
        limit: Duration::from_secs(24 * 60 * 60),
        seeds: crate::SEEDS / 2,
        // A few waits of 1e-10.
        alpha: 1e-9,
        needs,
        ..Test::of(Part::Extra)
    }
}

/// A test of one server, whose peers are played by hand; each message takes a millisecond.
fn by_hand(needs: &'static [Feature]) -> Test {
    Test {
        points: 1,
        cast: Cast::Alone,
        faults: super::votes::network(),
        limit: Duration::from_secs(10 * 60),
        needs,
        ..Test::of(Part::Extra)
    }
}

fn conditions(cluster: &Cluster) -> Conditions {
    Conditions::healthy(cluster.servers().len(), LATENCY)
}

/// A leader of a cluster at rest, and the others in random order.
fn settled(cluster: &mut Cluster) -> Outcome<(Leader, Vec<ServerId>)> {
    let all = conditions(cluster);
    let leader = cluster.check_settled(&all)?;
    let mut others: Vec<ServerId> = cluster.servers().collect();
    others.retain(|&id| id != leader.server);
    for left in (2..=others.len()).rev() {
        let next = cluster.random(left);
        others.swap(left - 1, next);
    }
    Ok((leader, others))
}

/// A few election timeouts.
fn a_while(cluster: &Cluster) -> Duration {
    5 * cluster.timing().election_timeout_max()
}

/// Whether whoever hears a leader helps nobody to unseat it. etcd's PreVote alone asks only for a log
/// that is up to date.
fn leaders_are_kept(cluster: &Cluster) -> bool {
    let features = cluster.features();
    features.pre_vote == Some(PreVote::Thesis) || features.lease
}

/// After the last word of a leader, that long a server surely heeds it, wherever its ticks fall.
fn surely_heeded(cluster: &Cluster) -> Duration {
    cluster.timing().election_timeout_min() / 2
}

/// After the last word of a leader, that long at most a server heeds it.
fn heeded_at_most(cluster: &Cluster) -> Duration {
    let timing = cluster.timing();
    timing.election_timeout_min() + tick(&timing) + LATENESS
}

/// In a chain of three, and with a follower that hears nobody, the leader goes on for a minute:
/// who does not hear it finds nobody that helps to unseat it.
fn half_heard_leaders(cluster: &mut Cluster) -> Outcome {
    let (leader, others) = settled(cluster)?;
    if !leaders_are_kept(cluster) {
        return Ok(());
    }
    let out = others[0];
    cluster.cut(leader.server, out)?;
    if cluster.random(2) == 0 {
        cluster.cut(out, leader.server)?;
    } else {
        cluster.cut(others[1], out)?;
    }
    let why = format!("only {out} does not hear it");
    cluster.check_undisturbed(leader, Duration::from_secs(60), &why)?;
    cluster.heal_all()?;
    let all = conditions(cluster);
    cluster.check_settled(&all).map(|_| ())
}
