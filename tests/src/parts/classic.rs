//! The classic three: the election tests of the Go lab (MIT 6.824, lab 2A), with its scripts.
//!
//! What the Go lab only hopes for is asserted here: that the term stays in a healthy network, that
//! a server which returns does not unseat the leader, that each round of the third test cuts off
//! three different servers, the leader among them in at least three.

use std::time::Duration;

use labrpc::{Delay, Faults, ServerId};
use raftapi::Role;

use crate::cluster::{Cluster, Leader};
use crate::finding::Outcome;
use crate::part::Part;
use crate::test::Test;

/// Five heartbeats of the lab's timing: an old leader that returns is heard within one.
const HALF_A_SECOND: Duration = Duration::from_millis(500);
const TWO_SECONDS: Duration = Duration::from_secs(2);

/// The Go lab's reliable network. Its messages took as long as the scheduler did, most of the
/// time less than a millisecond: so do these.
fn network() -> Faults {
    Faults::RELIABLE.delayed(Delay::uniform_millis(0, 1))
}

const CLASSIC: Test = Test {
    hint: "the Go lab's own test; each event is looked at, not a poll (6.824, lab 2A)",
    ..Test::of(Part::Classic)
};

/// The classic tests.
pub(super) fn tests() -> Vec<Test> {
    vec![
        Test {
            name: "initial_election",
            fewest_servers: 1,
            points: 3,
            description: "a leader is elected, and stays",
            faults: network(),
            script: initial_election,
            ..CLASSIC
        },
        Test {
            name: "re_election",
            points: 3,
            description: "a leader that is cut off is replaced; no quorum, no leader",
            faults: network(),
            script: re_election,
            ..CLASSIC
        },
        Test {
            name: "many_elections",
            points: 2,
            description: "nine times, three of seven servers are cut off",
            servers: 7,
            fewest_servers: 7,
            faults: network(),
            script: many_elections,
            ..CLASSIC
        },
    ]
}

fn initial_election(cluster: &mut Cluster) -> Outcome {
    let leader = cluster.check_one_leader()?;
    cluster.advance(Duration::from_millis(50))?;
    cluster.check_terms()?;
    let before = cluster.watch().activity;
    let why = "in a healthy network";
    cluster.check_undisturbed(leader, TWO_SECONDS, why)?;
    cluster.check_answered(&before)?;
    cluster.check_terms()?;
    cluster.check_one_leader()?;
    Ok(())
}

fn re_election(cluster: &mut Cluster) -> Outcome {
    let first = cluster.check_one_leader()?;

    // If the leader is cut off, a new one is elected.
    cluster.isolate(first.server)?;
    let second = cluster.check_one_leader()?;

    // If the old leader returns, it does not unseat the new one.
    rejoin_undisturbed(cluster, first.server, second)?;
    let second = cluster.check_one_leader()?;

    // Without a quorum, nobody is elected.
    let next = ServerId::new((second.server.index() + 1) % cluster.servers().len());
    cluster.isolate(second.server)?;
    cluster.isolate(next)?;
    cluster.advance(TWO_SECONDS)?;
    cluster.check_no_leader()?;

    // With a quorum again, somebody is.
    cluster.rejoin(next)?;
    let third = cluster.check_one_leader()?;

    // The last one's return changes nothing.
    rejoin_undisturbed(cluster, second.server, third)?;
    cluster.check_one_leader()?;
    Ok(())
}

/// Lets a server back in. If it still believes to lead, in a term that is over, it is not the one
/// to unseat the leader. (A follower that was cut off has campaigned meanwhile, and may.)
fn rejoin_undisturbed(cluster: &mut Cluster, server: ServerId, leader: Leader) -> Outcome {
    cluster.rejoin(server)?;
    let status = cluster.status(server);
    match status {
        Some(status) if status.role == Role::Leader && status.term < leader.term => {
            let why = format!("{server} came back, the leader of term {}", status.term);
            cluster.check_undisturbed(leader, HALF_A_SECOND, &why)
        }
        _ => Ok(()),
    }
}

fn many_elections(cluster: &mut Cluster) -> Outcome {
    const ROUNDS: usize = 9;
    const LEADER_ROUNDS: usize = 3;
    let mut leader = cluster.check_one_leader()?;
    let mut leader_cut = 0;
    for round in 0..ROUNDS {
        // The leader is drawn like everybody else, until it must be drawn.
        let must = LEADER_ROUNDS - leader_cut.min(LEADER_ROUNDS) == ROUNDS - round;
        let cut = three_servers(cluster, must.then_some(leader.server));
        leader_cut += usize::from(cut.contains(&leader.server));
        for server in cut {
            cluster.isolate(server)?;
        }
        // Either the leader is still there, or the four that are left elect another.
        leader = cluster.check_one_leader()?;
        for server in cut {
            cluster.rejoin(server)?;
        }
    }
    assert!(leader_cut >= LEADER_ROUNDS);
    cluster.check_one_leader()?;
    Ok(())
}

/// Three different servers, `must` among them.
fn three_servers(cluster: &mut Cluster, must: Option<ServerId>) -> [ServerId; 3] {
    let mut left: Vec<ServerId> = cluster.servers().collect();
    let mut draw = |wanted: Option<ServerId>| {
        let index = match wanted {
            Some(server) => left.iter().position(|&id| id == server).unwrap_or(0),
            None => cluster.random(left.len()),
        };
        left.swap_remove(index)
    };
    [draw(must), draw(None), draw(None)]
}
