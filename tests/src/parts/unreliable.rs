//! A network that loses, delays, holds up and repeats messages.
//!
//! Raft must be safe on any network, and on one that loses some messages it must still elect: a
//! candidate that gets too few answers tries again. How long that may take is computed from what
//! the network does: see [`chance`](crate::chance).

use std::time::Duration;

use labrpc::{Delay, Faults, LinkFaults};

use crate::chance::{Conditions, most_events, needless_campaigns};
use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::part::Part;
use crate::settle::ALPHA;
use crate::task::Task;
use crate::test::Test;

/// Each way.
const LOSS: f64 = 0.1;
/// The longest one-way delay of the classic unreliable network.
const SLOW: Duration = Duration::from_millis(26);
/// How many leaders are cut off in turn.
const ROUNDS: usize = 4;
/// Of a minute each.
const MINUTES: u32 = 10;

const UNRELIABLE: Test = Test {
    points: 1,
    hint: "messages get lost, and replies come late, twice, or not at all: ask all again in a new \
           term, and count each server's grant once, in the election that it is for (Raft paper, \
           5.1 and 5.2)",
    servers: 5,
    limit: Duration::from_secs(24 * 60 * 60),
    // Five waits of 1e-10.
    alpha: 1e-9,
    ..Test::of(Part::Unreliable)
};

/// The tests about the network.
pub(super) fn tests() -> Vec<Test> {
    let faults = |link: LinkFaults| Faults {
        link,
        ..Faults::RELIABLE
    };
    vec![
        Test {
            name: "lost_messages",
            description: "a tenth of all messages is lost: leaders are elected all the same",
            faults: faults(lossy()),
            script: |cluster| elect_again(cluster, LOSSY),
            ..UNRELIABLE
        },
        Test {
            name: "delayed_messages",
            description: "messages take up to 26 ms and overtake one another",
            faults: faults(LinkFaults::RELIABLE.delayed(slow())),
            script: |cluster| elect_again(cluster, PERFECT),
            ..UNRELIABLE
        },
        Test {
            name: "repeated_messages",
            description: "every message arrives twice: a grant is one vote",
            faults: faults(repeated()),
            script: |cluster| elect_again(cluster, PERFECT),
            ..UNRELIABLE
        },
        Test {
            name: "late_replies",
            description: "two thirds of all replies come 200 ms to 2.2 s late: old ones count for \
                          nothing",
            faults: faults(late()),
            script: |cluster| elect_again(cluster, LATE),
            ..UNRELIABLE
        },
        Test {
            name: "everything_at_once",
            description: "lost, late, twice and out of order",
            points: 2,
            faults: faults(LinkFaults {
                request_loss: LOSS,
                reply_loss: LOSS,
                duplication: 0.3,
                ..late().delayed(slow())
            }),
            script: |cluster| elect_again(cluster, LOSSY * LATE),
            ..UNRELIABLE
        },
        Test {
            name: "few_needless_elections",
            description: "a tenth is lost: a leader's heartbeats keep most elections away",
            points: 2,
            hint: "an election timeout spans several heartbeats, and each of them resets the timer \
                   to a fresh one: so only several losses in a row bring about an election (6.824, \
                   lecture 6)",
            faults: faults(lossy()),
            seeds: crate::SEEDS / 4,
            script: few_needless_elections,
            ..UNRELIABLE
        },
    ]
}

/// A request and its reply both arrive.
const LOSSY: f64 = (1.0 - LOSS) * (1.0 - LOSS);
/// A reply is among the third that is not held up. (Some of the others are still in time.)
const LATE: f64 = 1.0 / 3.0;
const PERFECT: f64 = 1.0;

/// Like the classic unreliable network, but fast.
fn lossy() -> LinkFaults {
    LinkFaults {
        request_loss: LOSS,
        reply_loss: LOSS,
        ..LinkFaults::RELIABLE.delayed(Delay::uniform_millis(0, 2))
    }
}

fn repeated() -> LinkFaults {
    LinkFaults {
        duplication: 1.0,
        ..LinkFaults::RELIABLE.delayed(slow())
    }
}

fn late() -> LinkFaults {
    LinkFaults {
        reordering: 2.0 / 3.0,
        ..LinkFaults::RELIABLE.delayed(Delay::uniform_millis(0, 2))
    }
}

fn slow() -> Delay {
    Delay::Uniform {
        min: Duration::ZERO,
        max: SLOW,
    }
}

/// A leader is elected, cut off, and replaced, several times.
fn elect_again(cluster: &mut Cluster, answered: f64) -> Outcome {
    let all = Conditions {
        answered,
        ..Conditions::healthy(cluster.servers().len(), SLOW)
    };
    let left = all.alive(all.servers - 1);
    let mut leader = cluster.check_leader(&all)?;
    for _ in 0..ROUNDS {
        let reign = cluster.random(1000) as u64;
        cluster.advance(Duration::from_millis(reign))?;
        cluster.isolate(leader.server)?;
        let next = cluster.check_leader(&left)?;
        cluster.rejoin(leader.server)?;
        leader = next;
    }
    Ok(())
}

/// Counts the leaders that are deposed. Each election may bring about another: followers that it
/// did not reach have heard nothing for a while. So twice as many are expected, and one for the
/// beginning.
fn few_needless_elections(cluster: &mut Cluster) -> Outcome {
    let all = Conditions {
        answered: LOSSY,
        ..Conditions::healthy(cluster.servers().len(), SLOW)
    };
    cluster.check_leader(&all)?;
    let (mut campaigns, mut led_for) = (0, Duration::ZERO);
    let end = cluster.now() + MINUTES * Duration::from_secs(60);
    while cluster.now() < end {
        let leader = cluster.check_leader(&all)?;
        let began = cluster.now();
        let left = end.max(began) - began;
        let deposed = cluster.advance_until(left, |watch| {
            watch.view.leader_of_majority() != Some((leader.server, leader.term))
        })?;
        led_for += cluster.now() - began;
        campaigns += u32::from(deposed);
    }
    let followers = (all.servers - 1) as f64;
    let rate = followers * needless_campaigns(&cluster.timing(), LOSS);
    let expected = 1.0 + 2.0 * rate * led_for.as_secs_f64();
    let most = most_events(expected, ALPHA);
    if campaigns <= most {
        return Ok(());
    }
    let (minutes, beat) = (MINUTES, cluster.timing().heartbeat_interval());
    let sentence = format!(
        "in {minutes} minutes {campaigns} leaders were deposed; a heartbeat each {beat:?} that is \
         lost one time in ten explains {expected:.1}, and more than {most} are one chance in ten \
         thousand million"
    );
    cluster.fail(
        "a leader's heartbeats keep elections away",
        Task::Heartbeats,
        sentence,
    )
}
