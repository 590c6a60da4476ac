//! Networks that are cut in pieces, in one direction or in both.
//!
//! A majority elects a leader, a minority does not, and when all links work again there is one
//! leader. What plain Raft cannot do is asked of nobody: a leader that hears nothing goes on for
//! ever, and in a chain or with a deaf follower leaders may follow one another all the time
//! (Howard & Abraham, 'Raft does not guarantee liveness in the face of network faults'). There
//! only the rules hold.

use std::time::Duration;

use labrpc::{Delay, Faults, ServerId};
use raftapi::Role;

use crate::chance::{Conditions, LATENESS};
use crate::cluster::{Cluster, Leader};
use crate::finding::Outcome;
use crate::part::Part;
use crate::task::Task;
use crate::test::Test;
use crate::watch::Watch;

/// The longest one-way latency.
const LATENCY: Duration = Duration::from_millis(5);
/// How often links break, where they come and go.
const FLAPS: usize = 100;

const PARTITION: Test = Test {
    points: 1,
    hint: "only a majority of all servers elects; and whoever hears of a newer term takes it over \
           and is a follower, a leader too (Raft paper, 5.1 and 5.2)",
    servers: 5,
    limit: Duration::from_secs(24 * 60 * 60),
    // At most nine waits of 1e-10.
    alpha: 1e-9,
    ..Test::of(Part::Partitions)
};

/// The tests of partitions.
pub(super) fn tests() -> Vec<Test> {
    let faults = Faults::RELIABLE.delayed(Delay::Uniform {
        min: Duration::from_millis(1),
        max: LATENCY,
    });
    let test = |name, description, script| Test {
        name,
        description,
        script,
        faults: faults.clone(),
        ..PARTITION
    };
    vec![
        test(
            "leader_cut_off",
            "the others elect another; when it hears that one, it steps down",
            leader_cut_off,
        ),
        test(
            "follower_cut_off",
            "the leader stays meanwhile; when it is back there is one leader soon",
            follower_cut_off,
        ),
        Test {
            fewest_servers: 5,
            ..test(
                "majority_and_minority",
                "three elect a leader, two do not",
                majority_and_minority,
            )
        },
        Test {
            fewest_servers: 5,
            ..test(
                "three_pieces",
                "two, two and one: nobody is elected until they meet",
                three_pieces,
            )
        },
        Test {
            servers: 4,
            ..test(
                "even_split",
                "two and two: half of the servers is no majority",
                even_split,
            )
        },
        test(
            "mute_servers",
            "a leader that nobody hears is replaced; a follower that nobody hears disturbs nobody",
            mute_servers,
        ),
        test(
            "deaf_servers",
            "servers that hear nobody break no rule, and recover when they hear again",
            deaf_servers,
        ),
        Test {
            seeds: crate::SEEDS / 2,
            ..test(
                "partial_partitions",
                "chain, star, ring: whatever happens, no rule is broken, and all recover",
                partial_partitions,
            )
        },
        test(
            "flapping_links",
            "links come and go: no rule is broken, and all recover",
            flapping_links,
        ),
    ]
}

fn conditions(cluster: &Cluster) -> Conditions {
    Conditions::healthy(cluster.servers().len(), LATENCY)
}

/// A leader, and the others in random order.
fn settled(cluster: &mut Cluster) -> Outcome<(Leader, Vec<ServerId>)> {
    let all = conditions(cluster);
    let leader = cluster.check_settled(&all)?;
    let mut others: Vec<ServerId> = cluster
        .servers()
        .filter(|&id| id != leader.server)
        .collect();
    for left in (2..=others.len()).rev() {
        let next = cluster.random(left);
        others.swap(left - 1, next);
    }
    Ok((leader, others))
}

/// Heals everything, after which there is one leader.
fn recover(cluster: &mut Cluster) -> Outcome<Leader> {
    cluster.heal_all()?;
    let all = conditions(cluster);
    cluster.check_settled(&all)
}

/// A few election timeouts.
fn a_while(cluster: &Cluster) -> Duration {
    5 * cluster.timing().election_timeout_max()
}

/// So many that whoever loses count of its campaigns, or its patience, shows it.
fn a_long_while(cluster: &Cluster) -> Duration {
    100 * cluster.timing().election_timeout_max()
}

fn leader_cut_off(cluster: &mut Cluster) -> Outcome {
    let all = conditions(cluster);
    let (old, others) = settled(cluster)?;
    cluster.isolate(old.server)?;
    let new = cluster.check_settled(&all.alive(others.len()))?;
    cluster.check_none_elected(&[old.server], old.term, a_while(cluster))?;
    // First it hears the new leader, and nobody else; nor does anybody hear it.
    mute(cluster, old.server)?;
    deafen(cluster, old.server)?;
    cluster.heal(new.server, old.server)?;
    cluster.rejoin(old.server)?;
    check_steps_down(cluster, old, new)?;
    recover(cluster).map(|_| ())
}

/// Expects that a leader which hears the heartbeats of a new one is no leader any more.
fn check_steps_down(cluster: &mut Cluster, old: Leader, new: Leader) -> Outcome {
    let stays = |watch: &Watch| {
        let status = watch.view.status(old.server);
        status.is_some_and(|s| (s.role, s.term) == (Role::Leader, old.term))
    };
    let time = 2 * (cluster.timing().heartbeat_interval() + LATENESS + LATENCY);
    if cluster.advance_until(time, |watch| !stays(watch))? || !stays(cluster.watch()) {
        return Ok(());
    }
    let sentence = format!(
        "{} still leads term {}, though it has heard the heartbeats of {}, the leader of term {}, \
         for {time:?}",
        old.server, old.term, new.server, new.term
    );
    cluster.fail(
        "a leader steps down for a newer term",
        Task::NewerTerms,
        sentence,
    )
}

fn follower_cut_off(cluster: &mut Cluster) -> Outcome {
    let (leader, others) = settled(cluster)?;
    cluster.isolate(others[0])?;
    let time = a_while(cluster);
    let why = "only a follower was cut off";
    cluster.check_undisturbed(leader, time, why)?;
    recover(cluster).map(|_| ())
}

/// The leader is in the majority or in the minority.
fn majority_and_minority(cluster: &mut Cluster) -> Outcome {
    let all = conditions(cluster);
    for leader_in_minority in [true, false] {
        let (leader, mut others) = settled(cluster)?;
        let place = if leader_in_minority { 0 } else { others.len() };
        others.insert(place, leader.server);
        let (minority, majority) = others.split_at(all.servers / 2);
        cluster.partition(&[minority, majority])?;
        cluster.check_leader(&all.alive(majority.len()))?;
        cluster.check_none_elected(minority, leader.term, a_while(cluster))?;
        recover(cluster)?;
    }
    Ok(())
}

fn three_pieces(cluster: &mut Cluster) -> Outcome {
    let (leader, mut servers) = settled(cluster)?;
    let place = cluster.random(servers.len() + 1);
    servers.insert(place, leader.server);
    cluster.partition(&[&servers[..2], &servers[2..4], &servers[4..]])?;
    cluster.check_none_elected(&servers, leader.term, a_long_while(cluster))?;
    // Three of them meet.
    cluster.partition(&[&servers[..2], &servers[2..]])?;
    let all = conditions(cluster);
    cluster.check_leader(&all.alive(3))?;
    recover(cluster).map(|_| ())
}

fn even_split(cluster: &mut Cluster) -> Outcome {
    let (leader, mut servers) = settled(cluster)?;
    let place = cluster.random(servers.len() + 1);
    servers.insert(place, leader.server);
    cluster.partition(&[&servers[..2], &servers[2..]])?;
    cluster.check_none_elected(&servers, leader.term, a_long_while(cluster))?;
    recover(cluster).map(|_| ())
}

/// Cuts what a server says.
fn mute(cluster: &mut Cluster, server: ServerId) -> Outcome {
    let mut others = cluster.servers().filter(|&id| id != server);
    others.try_for_each(|to| cluster.cut(server, to))
}

/// Cuts what a server hears.
fn deafen(cluster: &mut Cluster, server: ServerId) -> Outcome {
    let mut others = cluster.servers().filter(|&id| id != server);
    others.try_for_each(|from| cluster.cut(from, server))
}

fn mute_servers(cluster: &mut Cluster) -> Outcome {
    let all = conditions(cluster);
    let (leader, others) = settled(cluster)?;
    mute(cluster, others[0])?;
    let time = a_while(cluster);
    cluster.check_undisturbed(leader, time, "only a follower was not heard any more")?;
    let leader = recover(cluster)?;
    mute(cluster, leader.server)?;
    // It still hears the others, so it learns of the new term.
    cluster.check_settled(&all.alive(all.servers - 1))?;
    recover(cluster).map(|_| ())
}

fn deaf_servers(cluster: &mut Cluster) -> Outcome {
    let (_, others) = settled(cluster)?;
    deafen(cluster, others[0])?;
    cluster.advance(a_while(cluster))?;
    let leader = recover(cluster)?;
    deafen(cluster, leader.server)?;
    cluster.advance(a_while(cluster))?;
    recover(cluster).map(|_| ())
}

/// Only some links work: a chain, a star, a ring in one direction.
fn partial_partitions(cluster: &mut Cluster) -> Outcome {
    type Works = fn(usize, usize, usize) -> bool;
    const SHAPES: [Works; 3] = [
        |from, to, _| from.abs_diff(to) == 1,
        |from, to, _| from == 0 || to == 0,
        |from, to, servers| to == (from + 1) % servers,
    ];
    for works in SHAPES {
        // The leader is anywhere in it.
        let (leader, mut servers) = settled(cluster)?;
        let place = cluster.random(servers.len() + 1);
        servers.insert(place, leader.server);
        for (from, &sender) in servers.iter().enumerate() {
            for (to, &receiver) in servers.iter().enumerate().filter(|&(to, _)| to != from) {
                if !works(from, to, servers.len()) {
                    cluster.cut(sender, receiver)?;
                }
            }
        }
        cluster.advance(a_while(cluster))?;
        recover(cluster)?;
    }
    Ok(())
}

fn flapping_links(cluster: &mut Cluster) -> Outcome {
    let servers = cluster.servers().len();
    let longest = cluster.timing().election_timeout_max().as_millis() as usize;
    settled(cluster)?;
    for _ in 0..FLAPS {
        let from = ServerId::new(cluster.random(servers));
        let to = ServerId::new((from.index() + 1 + cluster.random(servers - 1)) % servers);
        match cluster.random(2) {
            0 => cluster.cut(from, to)?,
            _ => cluster.heal(from, to)?,
        }
        let pause = cluster.random(longest / 3) as u64;
        cluster.advance(Duration::from_millis(pause))?;
    }
    recover(cluster).map(|_| ())
}
