//! Small clusters, broken peers, restarts.

use labrpc::{Faults, Happening, Run};
use raft::Timer;
use raftapi::{RequestVote, Role, Stable, Status, Term, Timing};

use crate::help::*;

/// What a server has shown of itself, without the times.
fn story(sim: &Sim) -> Vec<Status> {
    statuses(sim, S0).into_iter().map(|shown| shown.1).collect()
}

// ---- small clusters ----

/// One server is a majority of one: it elects itself when its election timer runs out, and again
/// after a crash.
///
/// Reference: section 5.2
#[test]
fn a_cluster_of_one_elects_itself() {
    let mut sim = cluster(1, FIXED, Faults::RELIABLE, 0);
    run_to(&mut sim, 1_000);
    let mut expected = vec![Status::new(0, Role::Follower), Status::new(1, Role::Leader)];
    assert_eq!(story(&sim), expected);
    assert_eq!(statuses(&sim, S0)[1].0, at(300));
    assert_eq!(sim.stable(S0), &stable(1, Some(S0), &[]));
    assert!(sent(&sim, S0).is_empty());
    sim.crash(S0).unwrap();
    sim.start(S0).unwrap();
    run_to(&mut sim, 2_000);
    expected.push(Status::new(1, Role::Follower));
    expected.push(Status::new(2, Role::Leader));
    assert_eq!(story(&sim), expected);
}

/// Of two servers both are needed: they elect a leader together, and one alone never does.
///
/// Reference: section 5.2
#[test]
fn a_cluster_of_two_needs_both() {
    for seed in 0..20 {
        let mut sim = cluster(2, Timing::LAB, Faults::RELIABLE, seed);
        let (leader, term) = next_leader(&mut sim, 5_000).unwrap();
        sim.crash(leader).unwrap();
        assert_eq!(next_leader(&mut sim, 10_000), None, "seed {seed}");
        sim.start(leader).unwrap();
        let (_, next) = next_leader(&mut sim, 5_000).unwrap();
        assert!(next > term, "seed {seed}");
    }
}

// ---- broken peers ----

/// A leader hears another one of its own term: that peer is broken. It is refused, and the leader
/// leads on.
///
/// Reference: section 5.2; Figure 3
#[test]
fn a_leader_refuses_another_leader_of_its_term() {
    let mut core = in_role(Role::Leader, 5);
    let before = state(&core);
    let answer = core.answer_append(&heartbeat(S1, 5));
    assert_eq!(answer, (append_reply(5, false), Timer::Keep));
    assert_eq!(state(&core), before);

    let peer = Peer::loyal().says(400, heartbeat(S1, 1));
    let mut sim = among(FIXED, Stable::default(), vec![peer, Peer::silent()]);
    run_to(&mut sim, 2_000);
    let refused = (at(400 + LINK), append_reply(1, false));
    assert_eq!(append_replies(&sim, S0), [refused]);
    let expected = [
        Status::new(0, Role::Follower),
        Status::new(1, Role::Candidate),
        Status::new(1, Role::Leader),
    ];
    assert_eq!(story(&sim), expected);
    // Two requests at 300 ms, two heartbeats each 100 ms from 320 ms on.
    assert_eq!(sent(&sim, S0).len(), 2 + 2 * 17);
}

/// A pre-vote is refused and changes nothing: no role, no term, no vote, no timer.
///
/// Reference: section 5.2, which knows no pre-votes
#[test]
fn a_pre_vote_is_refused_and_changes_nothing() {
    let pre_vote = |term: Term| RequestVote {
        pre_vote: true,
        leader_transfer: false,
        ..request_vote(S1, term)
    };
    for role in ROLES {
        for term in [4, 5, 6, 20] {
            let mut core = in_role(role, 5);
            let before = state(&core);
            let answer = core.answer_vote(&pre_vote(term));
            assert_eq!(answer, (vote(5, false), Timer::Keep), "{role}, {term}");
            assert_eq!(state(&core), before, "{role}, {term}");
        }
    }

    let peer = Peer::silent().says(100, pre_vote(5)).says(200, pre_vote(9));
    let mut sim = among(FIXED, stable(5, None, &[]), vec![peer]);
    run_to(&mut sim, 250);
    let answered = [(at(110), vote(5, false)), (at(210), vote(5, false))];
    assert_eq!(votes(&sim, S0), answered);
    assert_eq!(story(&sim), [Status::new(5, Role::Follower)]);
    assert_eq!(deadlines(&sim, S0), [(at(0), at(300))]);
    let persisted = |what: &_| matches!(what, &Happening::Persisted { .. });
    assert!(!sim.observer().iter().any(|r| persisted(&r.what)));
}

/// A leader does not campaign. The panic tells from what to what.
///
/// Reference: Figure 4
#[test]
#[should_panic(expected = "S0 cannot go from leader of term 5 to candidate of term 6")]
fn a_leader_that_campaigns_is_a_mistake() {
    let _ = in_role(Role::Leader, 5).campaign();
}

// ---- restarts ----

/// Crashes S0 at 350 ms and starts it again at 400 ms, with an election timeout of 300 ms. Then S2
/// asks for its vote in term 1, and then S1. Two scripted peers; S1 begins with this.
fn restart(first: Peer) -> Sim {
    let asks = |peer: Peer, me, millis| peer.says(millis, request_vote(me, 1));
    let peers = vec![asks(first, S1, 500), asks(Peer::silent(), S2, 450)];
    let mut sim = among(FIXED, Stable::default(), peers);
    run_to(&mut sim, 350);
    let disk = sim.stable(S0).clone();
    sim.crash(S0).unwrap();
    run_to(&mut sim, 400);
    sim.start(S0).unwrap();
    run_to(&mut sim, 401);
    assert_eq!(sim.stable(S0), &disk);
    assert_eq!(status(&sim, S0), Status::new(1, Role::Follower));
    assert_eq!(deadline(&sim, S0), at(700));
    run_to(&mut sim, 950);
    sim
}

/// A follower that restarts still has its term, and has given its vote to whom it had given it: it
/// refuses the others, and grants that one's request again.
///
/// Reference: Figure 2; section 5.2
#[test]
fn a_restarted_follower_keeps_its_term_and_vote() {
    let sim = restart(Peer::silent().says(100, request_vote(S1, 1)));
    let answered = [
        (at(110), vote(1, true)),
        (at(460), vote(1, false)),
        (at(510), vote(1, true)),
    ];
    assert_eq!(votes(&sim, S0), answered);
    assert_eq!(campaigns(&sim, S0), [(at(810), 2)]);
}

/// A candidate that restarts has voted for itself, and its next election is in the next term.
///
/// Reference: Figure 2; section 5.2
#[test]
fn a_restarted_candidate_keeps_its_term_and_vote() {
    let sim = restart(Peer::silent());
    let refused = [(at(460), vote(1, false)), (at(510), vote(1, false))];
    assert_eq!(votes(&sim, S0), refused);
    assert_eq!(campaigns(&sim, S0), [(at(300), 1), (at(700), 2)]);
}

/// A leader that restarts follows. It keeps its term and its vote, and leads no more in it.
///
/// Reference: Figure 2; section 5.2
#[test]
fn a_restarted_leader_keeps_its_term_and_vote_and_follows() {
    let sim = restart(Peer::loyal());
    let refused = [(at(460), vote(1, false)), (at(510), vote(1, false))];
    assert_eq!(votes(&sim, S0), refused);
    let expected = [
        Status::new(0, Role::Follower),
        Status::new(1, Role::Candidate),
        Status::new(1, Role::Leader),
        Status::new(1, Role::Follower),
        Status::new(2, Role::Candidate),
        Status::new(2, Role::Leader),
    ];
    assert_eq!(story(&sim), expected);
    assert_eq!(campaigns(&sim, S0), [(at(300), 1), (at(700), 2)]);
}
