//! Words for the options, and what they are worth when links fail.

use std::collections::BTreeMap;
use std::sync::Arc;

use labrpc::{Delay, Faults, Happening, LinkFaults, Record, Run};
use raft::Options;
use raftapi::{
    Context, Features, PreVote, Raft, Redraw, RequestVote, Role, ServerId, Stable, Timing,
};

use crate::help::*;

/// Plain Raft.
pub const PLAIN: Options = Options {
    pre_vote: None,
    check_quorum: false,
    transfer: false,
    redraw: Redraw::AtEachReset,
};
/// PreVote as in the thesis.
pub const THESIS: Options = Options {
    pre_vote: Some(PreVote::Thesis),
    ..PLAIN
};
/// PreVote as in etcd.
pub const ETCD: Options = Options {
    pre_vote: Some(PreVote::Etcd),
    ..PLAIN
};
/// CheckQuorum, with a lease.
pub const CHECK_QUORUM: Options = Options {
    check_quorum: true,
    ..PLAIN
};
/// Leadership transfer.
pub const TRANSFER: Options = Options {
    transfer: true,
    ..PLAIN
};
/// All of them.
pub const ALL: Options = Options {
    pre_vote: Some(PreVote::Thesis),
    check_quorum: true,
    transfer: true,
    redraw: Redraw::AtEachReset,
};
/// All of them, by etcd's customs.
pub const ALL_ETCD: Options = Options {
    pre_vote: Some(PreVote::Etcd),
    ..ALL
};

/// A cluster of the reference with these options, running.
pub fn cluster_with(
    options: Options,
    servers: usize,
    timing: Timing,
    faults: Faults,
    seed: u64,
) -> Sim {
    let server = raft::server_with(timing, options).run;
    let disks = vec![Stable::default(); servers];
    started(vec![server; servers], faults, seed, disks)
}

/// The reference with these options as S0, with this on its disk, among scripted peers S1, S2, ...
/// Its election timeout is always 300 ms, and each message takes 10 ms.
pub fn among_with(options: Options, disk: Stable, peers: Vec<Peer>) -> Sim {
    among_timed(FIXED, options, disk, peers)
}

/// The same, with this timing.
pub fn among_timed(timing: Timing, options: Options, disk: Stable, peers: Vec<Peer>) -> Sim {
    let faults = Faults::RELIABLE.delayed(Delay::Constant(ms(LINK)));
    let mut servers = vec![raft::server_with(timing, options).run];
    let mut disks = vec![disk];
    for peer in peers {
        servers.push(Arc::new(move |ctx: &Context<'_>| peer.play(ctx)));
        disks.push(Stable::default());
    }
    started(servers, faults, 0, disks)
}

/// S1 asks whether it would get a vote.
pub fn pre_vote(term: u64) -> RequestVote {
    RequestVote {
        pre_vote: true,
        ..request_vote(S1, term)
    }
}

/// A peer that grants and accepts whatever it is asked.
pub fn devoted() -> Peer {
    Peer::loyal().answers(|args| Some(append_reply(args.term, true)))
}

/// Makes all that a server answers S0 this slow, in milliseconds.
pub fn slow(sim: &mut Sim, server: ServerId, millis: u64) {
    let link = LinkFaults {
        request_delay: Delay::Constant(ms(LINK)),
        reply_delay: Delay::Constant(ms(millis)),
        ..Faults::RELIABLE.link
    };
    sim.set_link(server, S0, link).unwrap();
}

/// What a server has shown of itself: when, role and term.
pub fn shown(sim: &Sim, of: ServerId) -> Vec<(u64, Role, u64)> {
    statuses(sim, of)
        .into_iter()
        .map(|(at, status)| (at.as_nanos() / 1_000_000, status.role, status.term))
        .collect()
}

/// How many elections have been won, from this record on.
pub fn elections(sim: &Sim, from: usize) -> usize {
    let elected = |record: &&Record<Raft>| match record.what {
        Happening::Published { status, .. } => status.role == Role::Leader,
        _ => false,
    };
    sim.observer()[from..].iter().filter(elected).count()
}

// ---- all options ----

/// Whatever its options, a cluster of any size elects a leader, and another one when that one
/// crashes, if a majority is left.
///
/// Reference: section 5.2; thesis 9.6, 6.2, 3.10
#[test]
fn with_all_options_leaders_are_elected() {
    for options in [PLAIN, THESIS, ETCD, CHECK_QUORUM, TRANSFER, ALL, ALL_ETCD] {
        for servers in [1, 2, 3, 4, 5] {
            let mut sim = cluster_with(options, servers, Timing::LAB, Faults::RELIABLE, 7);
            let what = format!("{options:?}, {servers} servers");
            let (leader, _) = next_leader(&mut sim, 5_000).expect(&what);
            assert_eq!(next_leader(&mut sim, 5_000), None, "{what}");
            sim.crash(leader).unwrap();
            let next = next_leader(&mut sim, 5_000);
            assert_eq!(next.is_some(), servers > 2, "{what}");
            sim.start(leader).unwrap();
            run_to(&mut sim, 20_000);
            assert_eq!(leaders(&sim).len(), 1, "{what}");
        }
    }
}

/// In the worst of worlds, too, each term has one leader at most, and there is a leader again when
/// all is well.
///
/// Reference: section 5.2; Figure 3
#[test]
fn with_all_options_a_term_has_one_leader() {
    for options in [THESIS, ETCD, CHECK_QUORUM, TRANSFER, ALL, ALL_ETCD] {
        let server = raft::server_with(Timing::LAB, options).run;
        let mut terms = 0;
        for seed in 0..20 {
            let mut sim = storm_of(server.clone(), seed, Delay::uniform_millis(0, 20));
            for server in ServerId::all(5) {
                sim.rejoin(server).unwrap();
                if !sim.is_up(server) {
                    sim.start(server).unwrap();
                }
            }
            sim.set_all_links(Faults::RELIABLE.link).unwrap();
            run_to(&mut sim, 30_000);
            assert_eq!(leaders(&sim).len(), 1, "{options:?}, seed {seed}");
            let mut leaders = BTreeMap::new();
            for record in sim.observer() {
                if let Happening::Published { server, status } = record.what
                    && status.role == Role::Leader
                {
                    let first = *leaders.entry(status.term).or_insert(server);
                    assert_eq!(first, server, "{options:?}, seed {seed}, {status:?}");
                }
            }
            terms += leaders.len();
        }
        assert!(terms >= 40, "{options:?}: {terms} terms in 20 runs");
    }
}

/// A server declares what it is given.
///
/// Reference: thesis 9.6, 6.2, 4.2.3, 3.10
#[test]
fn options_are_declared() {
    let declared = |options| raft::server_with(FIXED, options).features;
    assert_eq!(declared(PLAIN), Features::PLAIN);
    assert_eq!(raft::server(FIXED).features, Features::PLAIN);
    let all = declared(ALL_ETCD);
    assert_eq!(all.pre_vote, Some(PreVote::Etcd));
    assert!(all.check_quorum && all.lease && all.transfer);
}

// ---- partial partitions ----

/// What becomes of a cluster in the minute after some of its links fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The leader stays, and is of use.
    Stable,
    /// One leader after the other.
    Flaps,
    /// After a few elections there is a leader of use, and it stays.
    Recovers,
    /// There is none, nor any election.
    Never,
}

/// Which links fail, in a cluster whose leader is the first of these servers.
type Failure = fn(&mut Sim, &[ServerId]);

/// No link between these two, in either direction.
fn unlink(sim: &mut Sim, a: ServerId, b: ServerId) {
    sim.cut(a, b).unwrap();
    sim.cut(b, a).unwrap();
}

fn deafen(sim: &mut Sim, deaf: ServerId) {
    for other in ServerId::all(sim.servers()).filter(|&other| other != deaf) {
        sim.cut(other, deaf).unwrap();
    }
}

/// A chain: the leader at one end does not reach the other.
fn chain(sim: &mut Sim, servers: &[ServerId]) {
    unlink(sim, servers[0], servers[2]);
}

fn deaf_follower(sim: &mut Sim, servers: &[ServerId]) {
    deafen(sim, servers[1]);
}

fn deaf_leader(sim: &mut Sim, servers: &[ServerId]) {
    deafen(sim, servers[0]);
}

/// A star around a follower, of which the leader is a leaf: it has no majority any more.
fn star(sim: &mut Sim, servers: &[ServerId]) {
    let leaves: Vec<ServerId> = [&servers[..1], &servers[2..]].concat();
    for (i, &a) in leaves.iter().enumerate() {
        for &b in &leaves[..i] {
            unlink(sim, a, b);
        }
    }
}

/// Whether this server and a majority, itself included, hear each other.
fn is_of_use(sim: &Sim, leader: ServerId) -> bool {
    let hear_each_other = |&other: &ServerId| {
        sim.network().is_open(leader, other) && sim.network().is_open(other, leader)
    };
    let others = ServerId::all(sim.servers()).filter(|&other| other != leader);
    others.filter(hear_each_other).count() + 1 > sim.servers() / 2
}

fn outcome(options: Options, servers: usize, fail: Failure, seed: u64) -> Outcome {
    let faults = Faults::RELIABLE.delayed(Delay::uniform_millis(1, 5));
    let mut sim = cluster_with(options, servers, Timing::PAPER, faults, seed);
    let (leader, _) = next_leader(&mut sim, 10_000).unwrap();
    let settled = sim.now() + ms(1_000);
    sim.advance_until(settled, &mut |_| false).unwrap();
    let mut roles = vec![leader];
    roles.extend(ServerId::all(servers).filter(|&other| other != leader));
    fail(&mut sim, &roles);
    let began = sim.observer().len();
    sim.advance_until(settled + ms(30_000), &mut |_| false)
        .unwrap();
    let half = sim.observer().len();
    sim.advance_until(settled + ms(60_000), &mut |_| false)
        .unwrap();
    let usable = leaders(&sim).iter().any(|&leader| is_of_use(&sim, leader));
    match (elections(&sim, began), elections(&sim, half)) {
        (0, _) if usable => Outcome::Stable,
        (0, _) => Outcome::Never,
        (_, 0) if usable => Outcome::Recovers,
        (all, late) => {
            assert!(all >= 60 && late >= 20, "{all} elections, {late} late");
            Outcome::Flaps
        }
    }
}

/// Four ways in which some links fail and others do not. Plain Raft replaces one leader after the
/// other, or keeps one that is of no use. PreVote keeps the leader, for better or worse. With
/// CheckQuorum, too, a leader stays if and only if it is of use.
///
/// Reference: thesis 9.6, 6.2, 4.2.3; Howard and Abraham, 'Raft does not guarantee liveness in the
/// face of network faults' (2020)
#[test]
fn partial_partitions() {
    use Outcome::{Flaps, Never, Recovers, Stable};
    let columns = [PLAIN, THESIS, ETCD, CHECK_QUORUM, ALL, ALL_ETCD];
    let table: [(&str, usize, Failure, [Outcome; 6]); 4] = [
        (
            "chain",
            3,
            chain,
            // In etcd a server that hears a leader grants a pre-vote all the same.
            [Flaps, Stable, Flaps, Stable, Stable, Stable],
        ),
        (
            "deaf follower",
            3,
            deaf_follower,
            [Flaps, Stable, Stable, Stable, Stable, Stable],
        ),
        (
            "deaf leader",
            3,
            deaf_leader,
            [Never, Never, Never, Recovers, Recovers, Recovers],
        ),
        (
            "star",
            5,
            star,
            [Recovers, Never, Never, Recovers, Recovers, Recovers],
        ),
    ];
    for (name, servers, fail, outcomes) in table {
        for (options, expected) in columns.into_iter().zip(outcomes) {
            for seed in 0..10 {
                let outcome = outcome(options, servers, fail, seed);
                assert_eq!(outcome, expected, "{name}, {options:?}, seed {seed}");
            }
        }
    }
}
