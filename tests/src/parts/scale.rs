//! Many servers, and much time.

use std::time::Duration;

use labrpc::{Delay, Faults, LinkFaults, ServerId};
use raftapi::{Entry, Stable, Term};

use crate::chance::Conditions;
use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::part::Part;
use crate::rules::staged::Staged;
use crate::test::{Cast, Test};

/// The longest one-way latency.
const LATENCY: Duration = Duration::from_millis(4);
const HOUR: Duration = Duration::from_secs(3600);
/// From one fault to the next, at most.
const FAULT_MILLIS: usize = 10_000;

const SCALE: Test = Test {
    points: 1,
    hint: "nothing depends on how many servers there are, but the majority (Raft paper, 5.2)",
    description: "a leader is elected, cut off, and replaced, whatever the logs",
    limit: Duration::from_secs(24 * 60 * 60),
    // Three waits of 1e-10.
    alpha: 1e-9,
    ..Test::of(Part::Scale)
};

/// The tests of size.
pub(super) fn tests() -> Vec<Test> {
    let network = Faults::RELIABLE.delayed(Delay::Constant(LATENCY / 4));
    let clusters = [
        ("twenty_five_servers", 25, 20),
        ("hundred_and_one_servers", 101, 5),
    ];
    let large = |(name, servers, seeds)| Test {
        name,
        servers,
        seeds,
        cast: Cast::None,
        faults: network.clone(),
        script: large_cluster,
        ..SCALE
    };
    let mut tests: Vec<Test> = clusters.map(large).into();
    tests.push(Test {
        name: "an_hour_of_calm",
        description: "nothing fails for an hour, and the leader stays",
        hint: "a leader sends heartbeats for as long as it leads, to all others, and each of them \
               resets the election timer (Raft paper, 5.2)",
        servers: 3,
        seeds: 4,
        faults: network.clone(),
        script: an_hour_of_calm,
        ..SCALE
    });
    tests.push(Test {
        name: "an_hour_of_faults",
        description: "an hour of crashes, cuts and losses, then calm: one leader, who stays",
        hint: "nothing that happened in an hour may be left over: each election begins anew, and \
               each leader steps down for a newer term (Raft paper, 5.1 and 5.2)",
        servers: 5,
        seeds: 4,
        faults: network.clone(),
        script: an_hour_of_faults,
        ..SCALE
    });
    tests
}

/// Three in four servers have the best log, so that the first to campaign is mostly one that can win;
/// the others lack an entry, or have more that are older.
fn preload_logs(cluster: &mut Cluster) -> Outcome {
    const BEST: &[Term] = &[1, 1, 2];
    const WORSE: [&[Term]; 3] = [&[], &[1, 1], &[1, 1, 1, 1]];
    const ONE_IN: usize = 4;
    let behind = cluster.random(ONE_IN);
    for server in cluster.servers() {
        let terms = match server.index() % ONE_IN == behind {
            true => WORSE[cluster.random(WORSE.len())],
            false => BEST,
        };
        let entry = |&term: &Term| Entry {
            term,
            command: String::new(),
        };
        let stable = Stable {
            current_term: 2,
            voted_for: None,
            log: terms.iter().map(entry).collect(),
        };
        cluster.preload(server, stable)?;
    }
    Ok(())
}

/// The servers are started within a second of each other, as machines are.
fn large_cluster(cluster: &mut Cluster) -> Outcome {
    let all = Conditions::healthy(cluster.servers().len(), LATENCY);
    let mut pairs = pairs(cluster);
    pairs.try_for_each(|(from, to)| cluster.set_link(from, to, link_of(from)))?;
    if cluster.random(2) == 0 {
        preload_logs(cluster)?;
    }
    let mut starts: Vec<(usize, ServerId)> = cluster
        .servers()
        .map(|id| (cluster.random(1_000_000), id))
        .collect();
    starts.sort();
    let began = cluster.now();
    for (micros, server) in starts {
        let until = began + Duration::from_micros(micros as u64);
        cluster.advance(until - cluster.now())?;
        cluster.restart(server)?;
    }
    let leader = cluster.check_settled(&all)?;
    cluster.isolate(leader.server)?;
    cluster.check_leader(&all.alive(all.servers - 1))?;
    cluster.rejoin(leader.server)?;
    cluster.check_settled(&all).map(|_| ())
}

fn an_hour_of_calm(cluster: &mut Cluster) -> Outcome {
    let all = Conditions::healthy(cluster.servers().len(), LATENCY);
    let leader = cluster.check_settled(&all)?;
    cluster.hold_to(Staged::Heartbeats);
    cluster.check_undisturbed(leader, HOUR, "in a healthy network")
}

/// Whatever a server sends takes equally long to all others, and no two servers are equally fast. So
/// if many campaign at once, as they do where there are many, all others hear the same one first.
fn link_of(from: ServerId) -> LinkFaults {
    let latency = LATENCY / 4 + Duration::from_micros(20) * from.index() as u32;
    LinkFaults::RELIABLE.delayed(Delay::Constant(latency))
}

/// All links: from one server to another.
fn pairs(cluster: &Cluster) -> impl Iterator<Item = (ServerId, ServerId)> + use<> {
    let servers = cluster.servers();
    let from_each = servers.clone().map(move |from| (from, servers.clone()));
    from_each.flat_map(|(from, all)| all.filter(move |&to| to != from).map(move |to| (from, to)))
}

/// Every few seconds something fails, and something else is mended.
fn an_hour_of_faults(cluster: &mut Cluster) -> Outcome {
    let all = Conditions::healthy(cluster.servers().len(), LATENCY);
    let end = cluster.now() + HOUR;
    while cluster.now() < end {
        inflict(cluster)?;
        let pause = cluster.random(FAULT_MILLIS) as u64;
        cluster.advance(Duration::from_millis(pause))?;
    }
    cluster.start_all()?;
    cluster.set_all_links(LinkFaults::RELIABLE.delayed(Delay::Constant(LATENCY / 4)))?;
    cluster.heal_all()?;
    let leader = cluster.check_settled(&all)?;
    let minute = Duration::from_secs(60);
    cluster.check_undisturbed(leader, minute, "in a network that had become healthy")
}

/// Something at random fails or is mended.
fn inflict(cluster: &mut Cluster) -> Outcome {
    let servers = cluster.servers().len();
    let one = ServerId::new(cluster.random(servers));
    let other = ServerId::new((one.index() + 1 + cluster.random(servers - 1)) % servers);
    let is_up = cluster.watch().view.is_up(one);
    match cluster.random(10) {
        0 | 1 if is_up => cluster.crash(one),
        0..=2 => cluster.start_all(),
        3 => cluster.isolate(one),
        4 => cluster.rejoin(one),
        5 => cluster.cut(one, other),
        6 => cluster.heal(one, other),
        7 => {
            let (here, there): (Vec<_>, Vec<_>) =
                cluster.servers().partition(|_| cluster.random(2) == 0);
            cluster.partition(&[&here, &there])
        }
        8 => cluster.heal_all(),
        _ => {
            let loss = cluster.random(50) as f64 / 100.0;
            let lossy = LinkFaults {
                request_loss: loss,
                reply_loss: loss,
                ..LinkFaults::RELIABLE.delayed(Delay::uniform_millis(0, 26))
            };
            cluster.set_all_links(lossy)
        }
    }
}
