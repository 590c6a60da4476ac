//! Servers that die and come back: whole clusters.
//!
//! What a server must remember, it remembers; what it forgets, it learns again from the others.

use std::time::Duration;

use labrpc::{ActionKind, Delay, Faults, ServerFaults, ServerId};

use crate::chance::Conditions;
use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::part::Part;
use crate::task::Task;
use crate::test::Test;

/// The longest one-way latency.
const LATENCY: Duration = Duration::from_millis(2);
/// The longest write, where disks are slow.
const WRITE: Duration = Duration::from_millis(20);
/// How many leaders die, and how often everybody dies.
const ROUNDS: usize = 5;
/// How many servers die in the middle of a step.
const CRASHES: usize = 60;

const CRASH: Test = Test {
    points: 1,
    hint: "currentTerm and votedFor are saved before anything that follows from them is sent, and \
           read at a restart; everything else begins anew (Raft paper, Figure 2)",
    servers: 5,
    limit: Duration::from_secs(24 * 60 * 60),
    // At most six waits of 1e-10.
    alpha: 1e-9,
    ..Test::of(Part::Crashes)
};

/// The tests of whole clusters.
pub(super) fn tests() -> Vec<Test> {
    let network = Faults::RELIABLE.delayed(Delay::Uniform {
        min: Duration::ZERO,
        max: LATENCY,
    });
    vec![
        Test {
            name: "leader_crashes",
            description: "the leader dies, is replaced, and comes back as a follower",
            faults: network.clone(),
            script: leader_crashes,
            ..CRASH
        },
        Test {
            name: "rolling_restarts",
            description: "one server after the other is restarted: there is always a leader again",
            faults: network.clone(),
            script: rolling_restarts,
            ..CRASH
        },
        Test {
            name: "all_crash_at_once",
            fewest_servers: 1,
            description: "all die and come back: terms go on where they were",
            faults: network.clone(),
            script: all_crash_at_once,
            ..CRASH
        },
        Test {
            name: "majority_crashes",
            fewest_servers: 1,
            description: "three of five die: nobody is elected until one is back",
            faults: network.clone(),
            script: majority_crashes,
            ..CRASH
        },
        Test {
            name: "crashes_in_mid_step",
            fewest_servers: 1,
            description: "servers die between a write and what follows from it",
            faults: network.clone(),
            alpha: 1e-8,
            script: crashes_in_mid_step,
            ..CRASH
        },
        Test {
            name: "crashes_while_writing",
            fewest_servers: 1,
            description: "the same on slow disks: what is not written is lost",
            faults: Faults {
                server: ServerFaults {
                    disk_write: Delay::Uniform {
                        min: Duration::ZERO,
                        max: WRITE,
                    },
                    ..ServerFaults::IDEAL
                },
                ..network
            },
            alpha: 1e-8,
            script: crashes_in_mid_step,
            ..CRASH
        },
    ]
}

/// A message may wait for the disk of its sender, twice: for the term, and for the vote.
fn conditions(cluster: &Cluster) -> Conditions {
    Conditions::healthy(cluster.servers().len(), LATENCY + 2 * WRITE)
}

fn leader_crashes(cluster: &mut Cluster) -> Outcome {
    let all = conditions(cluster);
    let left = all.alive(all.servers - 1);
    for _ in 0..ROUNDS {
        let first = cluster.check_leader(&all)?;
        let reign = cluster.random(500) as u64;
        cluster.advance(Duration::from_millis(reign))?;
        cluster.crash(first.server)?;
        cluster.check_leader(&left)?;
        cluster.restart(first.server)?;
    }
    cluster.check_settled(&all).map(|_| ())
}

fn rolling_restarts(cluster: &mut Cluster) -> Outcome {
    let all = conditions(cluster);
    let left = all.alive(all.servers - 1);
    cluster.check_settled(&all)?;
    for server in cluster.servers() {
        cluster.crash(server)?;
        cluster.check_leader(&left)?;
        let pause = cluster.random(1000) as u64;
        cluster.advance(Duration::from_millis(pause))?;
        cluster.restart(server)?;
        cluster.check_settled(&all)?;
    }
    Ok(())
}

fn all_crash_at_once(cluster: &mut Cluster) -> Outcome {
    let all = conditions(cluster);
    for _ in 0..ROUNDS {
        let before = cluster.check_leader(&all)?;
        let reign = cluster.random(500) as u64;
        cluster.advance(Duration::from_millis(reign))?;
        for server in cluster.servers() {
            cluster.crash(server)?;
        }
        let pause = cluster.random(500) as u64;
        cluster.advance(Duration::from_millis(pause))?;
        cluster.start_all()?;
        let after = cluster.check_leader(&all)?;
        if after.term <= before.term {
            let sentence = format!(
                "{} led term {}, then all crashed, and {} leads term {}: a term has one leader",
                before.server, before.term, after.server, after.term
            );
            return cluster.fail(
                "terms go on after a crash",
                Task::PersistAndRestart,
                sentence,
            );
        }
    }
    cluster.check_settled(&all).map(|_| ())
}

fn majority_crashes(cluster: &mut Cluster) -> Outcome {
    let all = conditions(cluster);
    let leader = cluster.check_settled(&all)?;
    let mut left: Vec<ServerId> = cluster.servers().collect();
    let mut dead = Vec::new();
    while left.len() > all.servers / 2 {
        let next = cluster.random(left.len());
        dead.push(left.swap_remove(next));
    }
    for &server in &dead {
        cluster.crash(server)?;
    }
    let time = 5 * cluster.timing().election_timeout_max();
    cluster.check_none_elected(&left, leader.term, time)?;
    cluster.restart(dead[0])?;
    cluster.check_leader(&all.alive(all.servers / 2 + 1))?;
    cluster.start_all()?;
    cluster.check_settled(&all).map(|_| ())
}

/// Servers die in the middle of a step, most often the one that leads or campaigns, and are soon
/// back: soon enough to vote once more in the same term, if they have forgotten.
fn crashes_in_mid_step(cluster: &mut Cluster) -> Outcome {
    const KINDS: [ActionKind; 5] = [
        ActionKind::Any,
        ActionKind::Call,
        ActionKind::Reply,
        ActionKind::Persist,
        ActionKind::Publish,
    ];
    let all = conditions(cluster);
    cluster.check_leader(&all)?;
    let longest = 2 * cluster.timing().election_timeout_max();
    for _ in 0..CRASHES {
        let server = ServerId::new(cluster.random(all.servers));
        let kind = KINDS[cluster.random(KINDS.len())];
        let count = 1 + cluster.random(6) as u32;
        cluster.crash_after(server, kind, count)?;
        if let Some((leader, _)) = cluster.watch().view.leader_of_majority()
            && leader != server
            && cluster.random(2) == 0
        {
            cluster.crash(leader)?;
        }
        cluster.advance_until(longest, |watch| !watch.view.is_connected(server))?;
        let pause = cluster.random(30) as u64;
        cluster.advance(Duration::from_millis(pause))?;
        cluster.start_all()?;
    }
    // Whoever was to die and has not done so yet dies now.
    for server in cluster.servers() {
        cluster.crash(server)?;
    }
    cluster.start_all()?;
    cluster.check_settled(&all).map(|_| ())
}
