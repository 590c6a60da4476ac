//! Thesis 6.2: a leader that is not heard from steps down. Thesis 4.2.3: whoever hears a leader
//! ignores candidates.

use labrpc::{Faults, Run};
use raft::Options;
use raftapi::{Request, RequestVote, Role, Stable, Timing};

use crate::help::*;
use crate::options::*;

use Role::{Candidate, Follower, Leader};

/// S0 has won term 1 at this time, in ms.
const WON: u64 = 320;

/// What S0 shows until it leads term 1.
const WINS: [(u64, Role, u64); 3] = [(0, Follower, 0), (300, Candidate, 1), (WON, Leader, 1)];

/// Thesis, 4.2.3: the leader itself wants this election.
fn by_transfer(term: u64) -> RequestVote {
    RequestVote {
        leader_transfer: true,
        ..request_vote(S1, term)
    }
}

// ---- CheckQuorum ----

/// A leader that nobody answers steps down after the minimum election timeout, on the dot, though
/// no heartbeat is due then. Its term stays, and it starts an election timer.
///
/// Reference: thesis 6.2
#[test]
fn a_leader_that_nobody_answers_steps_down() {
    let timing = Timing::unchecked(ms(100), ms(250), ms(250));
    let peers = || vec![Peer::loyal(), Peer::silent()];
    let mut sim = among_timed(timing, CHECK_QUORUM, Stable::default(), peers());
    run_to(&mut sim, 700);
    let wins = [(0, Follower, 0), (250, Candidate, 1), (270, Leader, 1)];
    assert_eq!(shown(&sim, S0), [&wins[..], &[(520, Follower, 1)]].concat());
    assert_eq!(deadline(&sim, S0), at(520 + 250));
    let heartbeats = sent(&sim, S0).iter().filter(|sent| sent.to == S1).count() - 1;
    assert_eq!(heartbeats, 3, "at 270, 370 and 470 ms");

    let mut sim = among_timed(timing, PLAIN, Stable::default(), peers());
    run_to(&mut sim, 10_000);
    assert_eq!(shown(&sim, S0), wins, "plain Raft leads on");
}

/// A leader that a majority answers, itself included, leads on; what they answer is all the same.
/// One alone is a majority of one.
///
/// Reference: thesis 6.2
#[test]
fn a_leader_that_a_majority_answers_leads_on() {
    for success in [true, false] {
        let answers = Peer::loyal().answers(move |args| Some(append_reply(args.term, success)));
        let peers = vec![answers, Peer::silent()];
        let mut sim = among_with(CHECK_QUORUM, Stable::default(), peers);
        run_to(&mut sim, 10_000);
        assert_eq!(shown(&sim, S0), WINS);
    }
    let peers = vec![devoted(), Peer::loyal(), Peer::silent(), Peer::silent()];
    let mut sim = among_with(CHECK_QUORUM, Stable::default(), peers);
    run_to(&mut sim, 700);
    assert_eq!(
        shown(&sim, S0).last(),
        Some(&(WON + 300, Follower, 1)),
        "two of five"
    );

    let mut sim = cluster_with(CHECK_QUORUM, 1, FIXED, Faults::RELIABLE, 0);
    run_to(&mut sim, 10_000);
    assert_eq!(shown(&sim, S0), [(0, Follower, 0), (300, Leader, 1)]);
}

/// Only who has answered since it last looked counts, so a leader that loses its majority steps
/// down one to two election timeouts later.
///
/// Reference: thesis 6.2
#[test]
fn only_answers_since_the_last_look_count() {
    let mut sim = among_with(
        CHECK_QUORUM,
        Stable::default(),
        vec![devoted(), Peer::silent()],
    );
    run_to(&mut sim, 650);
    sim.cut(S1, S0).unwrap();
    run_to(&mut sim, 1_300);
    // It looks at 620, 920 and 1220 ms; the last answer comes at 640 ms.
    let down = (WON + 3 * 300, Follower, 1);
    assert_eq!(shown(&sim, S0), [&WINS[..], &[down]].concat());
}

/// An answer that comes late, to a heartbeat of an earlier term, does not count.
///
/// Reference: thesis 6.2
#[test]
fn an_answer_to_a_heartbeat_of_an_old_term_does_not_count() {
    let once = Peer::loyal().answers(|args| (args.term == 1).then(|| append_reply(1, true)));
    let peers = vec![once, Peer::loyal()];
    let mut sim = among_with(CHECK_QUORUM, Stable::default(), peers);
    run_to(&mut sim, WON + 5);
    slow(&mut sim, S1, 700);
    run_to(&mut sim, 1_300);
    // S1 answers from 330 ms on, which S0 hears from 1030 ms on.
    let later = [
        (620, Follower, 1),
        (920, Candidate, 2),
        (940, Leader, 2),
        (1_240, Follower, 2),
    ];
    assert_eq!(shown(&sim, S0), [&WINS[..], &later].concat());
}

/// A leader that is cut off resigns; plain Raft's believes in itself until it comes back.
///
/// Reference: thesis 6.2
#[test]
fn a_leader_that_is_cut_off_resigns() {
    for (options, resigns) in [(PLAIN, false), (CHECK_QUORUM, true), (ALL, true)] {
        for seed in 0..10 {
            let mut sim = cluster_with(options, 5, Timing::LAB, Faults::RELIABLE, seed);
            let (leader, _) = next_leader(&mut sim, 10_000).unwrap();
            run_to(&mut sim, 11_000);
            sim.isolate(leader).unwrap();
            run_to(&mut sim, 11_000 + 2 * 300);
            assert_eq!(
                status(&sim, leader).role != Leader,
                resigns,
                "{options:?}, {seed}"
            );
        }
    }
}

// ---- the lease ----

/// S0 hears S2, the leader of term 5, at 110 ms, and S1's request so long after the run began. Its
/// answer: the term and whether it grants, if it answers.
fn answer(options: Options, millis: u64, request: RequestVote) -> Option<(u64, bool)> {
    let leader = Peer::silent().says(100, heartbeat(S2, 5));
    let peer = Peer::silent().says(millis - LINK, request);
    let mut sim = among_timed(Timing::LAB, options, Stable::default(), vec![peer, leader]);
    run_to(&mut sim, millis);
    let answers = votes(&sim, S0);
    answers
        .last()
        .map(|(_, reply)| (reply.term, reply.vote_granted))
}

/// Whoever has heard from a leader within the minimum election timeout drops requests for votes of
/// a newer term, pre-votes, too: neither does its term change, nor is there an answer. Without a
/// lease it takes over the term and votes.
///
/// Reference: thesis 4.2.3
#[test]
fn whoever_hears_a_leader_ignores_candidates() {
    for millis in [111, 250, 409] {
        assert_eq!(answer(CHECK_QUORUM, millis, request_vote(S1, 6)), None);
        assert_eq!(answer(ALL, millis, request_vote(S1, 99)), None);
        assert_eq!(answer(ALL_ETCD, millis, pre_vote(6)), None);
        assert_eq!(answer(THESIS, millis, request_vote(S1, 6)), Some((6, true)));
        assert_eq!(answer(PLAIN, millis, request_vote(S1, 6)), Some((6, true)));
    }
    assert_eq!(
        answer(CHECK_QUORUM, 410, request_vote(S1, 6)),
        Some((6, true))
    );
    assert_eq!(answer(ALL_ETCD, 410, pre_vote(6)), Some((6, true)));
}

/// A lease does not hold up what changes no term, nor an election that the leader itself wants;
/// and whoever hears no leader has none.
///
/// Reference: thesis 4.2.3
#[test]
fn a_lease_is_against_newer_terms_only() {
    assert_eq!(answer(ALL, 200, request_vote(S1, 4)), Some((5, false)));
    assert_eq!(answer(ALL, 200, request_vote(S1, 5)), Some((5, true)));
    assert_eq!(answer(ALL, 200, pre_vote(5)), Some((5, false)));
    assert_eq!(answer(ALL, 200, by_transfer(6)), Some((6, true)));
    assert_eq!(
        answer(ALL, 100, request_vote(S1, 6)),
        Some((6, true)),
        "before"
    );
}

/// The leader of an old term gives no lease: not when it is heard, nor when a newer term is known.
///
/// Reference: thesis 4.2.3; section 5.1
#[test]
fn the_leader_of_an_old_term_gives_no_lease() {
    let old: [Request; 2] = [
        heartbeat(S1, 4).into(), // refused: S0 is in term 5
        by_transfer(6).into(),   // S0 goes on to term 6, where it knows no leader
    ];
    for (old, leader) in old.into_iter().zip([4, 5]) {
        let leader = Peer::silent().says(90, heartbeat(S2, leader));
        let peer = Peer::silent().says(110, old).says(150, request_vote(S1, 9));
        let disk = stable(5, None, &[]);
        let mut sim = among_with(CHECK_QUORUM, disk, vec![peer, leader]);
        run_to(&mut sim, 200);
        assert_eq!(votes(&sim, S0).last(), Some(&(at(160), vote(9, true))));
    }
}

/// A leader with a majority hears itself; one that has lost it votes as soon as it has stepped
/// down.
///
/// Reference: thesis 4.2.3, 6.2
#[test]
fn a_leader_ignores_candidates_as_long_as_it_leads() {
    let candidate = |peer: Peer| {
        peer.says(605, request_vote(S1, 9))
            .says(615, request_vote(S1, 9))
    };
    let peers = vec![candidate(devoted()), Peer::silent()];
    let mut sim = among_with(CHECK_QUORUM, Stable::default(), peers);
    run_to(&mut sim, 1_000);
    assert_eq!(shown(&sim, S0), WINS);
    assert!(votes(&sim, S0).is_empty());

    let peers = vec![candidate(Peer::loyal()), Peer::silent()];
    let mut sim = among_with(CHECK_QUORUM, Stable::default(), peers);
    run_to(&mut sim, 640);
    let after = [(620, Follower, 1), (625, Follower, 9)];
    assert_eq!(shown(&sim, S0), [&WINS[..], &after].concat());
    assert_eq!(votes(&sim, S0), [(at(625), vote(9, true))]);
}
