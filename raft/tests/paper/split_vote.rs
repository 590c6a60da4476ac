//! Section 5.2: how elections fail, and why that is rare.

use std::time::Duration;

use labrpc::{Delay, Faults, Run};
use raftapi::{Request, Role, ServerId, Stable, Status, Term, Time, Timing};

use crate::help::*;

/// Servers whose messages take this many milliseconds.
fn cluster_at(servers: usize, timing: Timing, millis: u64, seed: u64) -> Sim {
    let faults = Faults::RELIABLE.delayed(Delay::Constant(ms(millis)));
    cluster(servers, timing, faults, seed)
}

/// An election may have no winner: when all campaign at the same time, each has its own vote and no
/// other. Then each waits for its timeout, goes to the next term, and asks again.
///
/// Reference: section 5.2; Figure 2
#[test]
fn who_campaigns_at_the_same_time_splits_the_vote_and_tries_again() {
    let mut sim = cluster_at(4, FIXED, LINK, 0);
    run_to(&mut sim, 950);
    for server in ServerId::all(4) {
        let elections = campaigns(&sim, server);
        assert_eq!(elections, [(at(300), 1), (at(600), 2), (at(900), 3)]);
        assert_eq!(status(&sim, server), Status::new(3, Role::Candidate));
        let asked = sent(&sim, server);
        assert_eq!(asked.len(), 3 * 3);
        for (requests, (began, term)) in asked.chunks(3).zip(elections) {
            for sent in requests {
                assert_eq!(sent.at, began);
                let expected = Request::RequestVote(request_vote(server, term));
                assert_eq!(sent.request, expected);
            }
        }
    }
}

/// If nothing is done about it, votes may be split again and again, for ever: servers whose
/// timeouts are all the same elect nobody. With random ones they do.
///
/// Reference: section 5.2
#[test]
fn without_random_timeouts_votes_split_for_ever() {
    for servers in 2..=5 {
        let mut sim = cluster_at(servers, FIXED, LINK, 0);
        assert_eq!(next_leader(&mut sim, 60_000), None, "{servers} servers");
        assert_eq!(status(&sim, S0), Status::new(200, Role::Candidate));
        let mut sim = cluster_at(servers, Timing::LAB, LINK, 0);
        assert!(next_leader(&mut sim, 5_000).is_some(), "{servers} servers");
    }
}

/// How the first leader of a cluster was elected.
struct FirstElection {
    /// How many servers campaigned.
    candidates: usize,
    /// In which term it was.
    term: Term,
    /// How long it took.
    took: Duration,
}

/// Elects a leader of five servers, with each of 300 seeds. A message takes so many milliseconds.
fn first_elections(timing: Timing, millis: u64) -> Vec<FirstElection> {
    let elect = |seed| {
        let mut sim = cluster_at(5, timing, millis, seed);
        let (_, term) = next_leader(&mut sim, 10_000).unwrap();
        let took = sim.now().since_start();
        run_to(&mut sim, 12_000);
        let candidates = ServerId::all(5).filter(|&server| !campaigns(&sim, server).is_empty());
        FirstElection {
            candidates: candidates.count(),
            term,
            took,
        }
    };
    (0..300).map(elect).collect()
}

/// Random timeouts make split votes rare, and those that happen are soon over: also on a network so
/// slow that a message takes a sixth of the interval from which timeouts are drawn.
///
/// Reference: section 5.2
#[test]
fn with_random_timeouts_split_votes_are_rare_and_soon_over() {
    for (timing, millis) in [(Timing::PAPER, 25), (Timing::LAB, 50)] {
        let elections = first_elections(timing, millis);
        let split = elections.iter().filter(|e| e.term > 1).count();
        assert!((1..=30).contains(&split), "{timing}: {split} of 300");
        let slowest = elections.iter().map(|election| election.took).max();
        let three = timing.election_timeout_max() * 3;
        assert!(slowest < Some(three), "{timing}: {slowest:?}");
    }
}

/// Timeouts are drawn from an interval, anywhere in it, by each server on its own.
///
/// Reference: section 5.2
#[test]
fn timeouts_are_drawn_from_an_interval() {
    for timing in [Timing::PAPER, Timing::LAB] {
        let mut drawn = Vec::new();
        for seed in 0..40 {
            let mut sim = cluster_at(5, timing, 5, seed);
            run_to(&mut sim, 0);
            drawn.extend(ServerId::all(5).map(|server| deadline(&sim, server) - Time::ZERO));
        }
        assert_spread(&drawn, timing);
    }
}

/// So that in most cases one server alone runs out of time, wins, and is heard as a leader before
/// any other campaigns.
///
/// Reference: section 5.2
#[test]
fn mostly_one_server_alone_campaigns_and_wins() {
    for timing in [Timing::PAPER, Timing::LAB] {
        let elections = first_elections(timing, 5);
        let alone = elections.iter().filter(|e| e.candidates == 1).count();
        assert!(alone >= 225, "{timing}: {alone} of 300");
    }
}

/// A candidate draws a new timeout when its election starts, and campaigns again when that is over,
/// not before and not after.
///
/// Reference: section 5.2
#[test]
fn a_candidate_draws_anew_for_each_election_and_waits_for_it() {
    let silent = || Peer::silent();
    let mut sim = among(Timing::LAB, Stable::default(), vec![silent(), silent()]);
    run_to(&mut sim, 20_000);
    let set = deadlines(&sim, S0);
    let elections = campaigns(&sim, S0);
    assert!(elections.len() > 30);
    // The first deadline is the follower's; each later one is set when an election starts.
    assert_eq!(set.len(), elections.len() + 1);
    for (number, (began, term)) in elections.into_iter().enumerate() {
        assert_eq!(term, number as Term + 1);
        assert_eq!(began, set[number].1);
        assert_eq!(began, set[number + 1].0);
    }
    let mut drawn: Vec<Duration> = set.iter().map(|(now, due)| *due - *now).collect();
    drawn.sort();
    drawn.dedup();
    assert_eq!(drawn.len(), set.len());
}
