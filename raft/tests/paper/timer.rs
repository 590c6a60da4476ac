//! What resets the election timer, and what is drawn then.

use std::collections::BTreeSet;
use std::time::Duration;

use labrpc::{Faults, Run};
use raft::{Core, Options, Timer};
use raftapi::{AppendEntries, Redraw, RequestVote, Role, ServerId, Stable, Term, Timing};

use crate::help::*;
use crate::options::{PLAIN, among_timed};

/// The log of the server under test.
const LOG: [Term; 2] = [1, 2];

/// S1 asks for a vote that its log deserves.
fn good(term: Term) -> RequestVote {
    request_with_log(S1, term, &LOG)
}

/// S1 asks for a vote that its log does not deserve.
fn poor(term: Term) -> RequestVote {
    request_with_log(S1, term, &[])
}

/// S1 asks whether it would get a vote.
fn pre_vote(term: Term) -> RequestVote {
    RequestVote {
        pre_vote: true,
        leader_transfer: false,
        ..good(term)
    }
}

/// S1 leads, and has an entry that the server under test lacks.
fn ahead(term: Term) -> AppendEntries {
    AppendEntries {
        prev_log_index: 3,
        prev_log_term: term,
        ..heartbeat(S1, term)
    }
}

/// What the core makes of its deadline: by role, and by what a server of term 5 hears.
///
/// Reference: section 5.2; Figure 2
#[test]
fn the_core_resets_the_election_timer_for_three_reasons() {
    use Heard::{AppendEntries, AppendReply, RequestVote, VoteReply};
    use Timer::{Election, Heartbeat, Keep};
    // What is heard, and what a follower, a candidate and a leader make of it.
    let table = [
        // An AppendEntries of the current term, or a newer one, is the leader's; if a leader hears
        // another of its term, that one is broken.
        (AppendEntries(heartbeat(S1, 5)), [Election, Election, Keep]),
        (
            AppendEntries(heartbeat(S1, 6)),
            [Election, Election, Election],
        ),
        (AppendEntries(ahead(5)), [Election, Election, Keep]),
        (AppendEntries(ahead(6)), [Election, Election, Election]),
        // One of an old term is not.
        (AppendEntries(heartbeat(S1, 4)), [Keep, Keep, Keep]),
        // A vote is granted: in the current term by a follower only.
        (RequestVote(good(5)), [Election, Keep, Keep]),
        (RequestVote(good(6)), [Election, Election, Election]),
        // A vote is refused. A leader that steps down starts an election timer.
        (RequestVote(good(4)), [Keep, Keep, Keep]),
        (RequestVote(poor(5)), [Keep, Keep, Keep]),
        (RequestVote(poor(6)), [Keep, Keep, Election]),
        (RequestVote(pre_vote(5)), [Keep, Keep, Keep]),
        (RequestVote(pre_vote(6)), [Keep, Keep, Keep]),
        // Replies, also of a newer term.
        (VoteReply(vote(5, true)), [Keep, Heartbeat, Keep]),
        (VoteReply(vote(5, false)), [Keep, Keep, Keep]),
        (VoteReply(vote(6, false)), [Keep, Keep, Election]),
        (AppendReply(append_reply(5, true)), [Keep, Keep, Keep]),
        (AppendReply(append_reply(5, false)), [Keep, Keep, Keep]),
        (AppendReply(append_reply(6, false)), [Keep, Keep, Election]),
    ];
    for (heard, timers) in table {
        for (role, timer) in ROLES.into_iter().zip(timers) {
            let mut core = in_role_with_log(role, 5, &LOG);
            assert_eq!(hear(&mut core, &heard), timer, "a {role} and {heard:?}");
        }
    }
}

/// An election of one's own resets it, too: the first and each other one. It is heartbeats at once
/// if the election is won at once.
///
/// Reference: section 5.2; Figure 2
#[test]
fn the_core_resets_the_election_timer_when_it_campaigns() {
    for (servers, timer) in [
        (1, Timer::Heartbeat),
        (2, Timer::Election),
        (5, Timer::Election),
    ] {
        let mut core = Core::new(S0, servers, Stable::default());
        assert_eq!(core.campaign().1, timer, "{servers} servers");
        if core.role() != Role::Leader {
            assert_eq!(core.campaign().1, timer, "{servers} servers");
        }
    }
}

/// A vote that another has, and a vote that does not win yet, reset nothing.
///
/// Reference: section 5.2; Figure 2
#[test]
fn the_core_keeps_the_election_timer_for_votes_that_decide_nothing() {
    let mut core = Core::new(S0, 5, stable(5, Some(S2), &[]));
    assert_eq!(core.answer_vote(&request_vote(S1, 5)).1, Timer::Keep);
    let (request, _) = core.campaign();
    let timer = core.count_vote(S1, &request, &vote(6, true));
    assert_eq!((core.role(), timer), (Role::Candidate, Timer::Keep));
}

/// A whole server among two scripted peers, with an election timeout of 300 ms and heartbeats each
/// 100 ms: until when it waits after it has heard something.
struct Case {
    what: &'static str,
    /// What S0 is when it hears that: of term 5, with nobody's vote.
    role: Role,
    peer: Peer,
    /// When it has heard it, in milliseconds.
    heard: u64,
    /// Until when it waits then.
    deadline: u64,
}

/// Plays a case. S0 campaigns at 300 ms if it is not held up, and wins at 320 ms if S1 lets it.
fn play(case: Case) {
    let before = 5 - u64::from(case.role != Role::Follower);
    let disk = stable(before, None, &LOG);
    let mut sim = among(FIXED, disk, vec![case.peer, Peer::silent()]);
    run_to(&mut sim, case.heard - 1);
    let shown = status(&sim, S0);
    assert_eq!((shown.term, shown.role), (5, case.role), "{}", case.what);
    run_to(&mut sim, case.heard);
    assert_eq!(deadline(&sim, S0), at(case.deadline), "{}", case.what);
}

/// A whole server that follows: its election timer runs out at 300 ms.
///
/// Reference: section 5.2; Figure 2
#[test]
fn a_follower_resets_its_election_timer_for_a_leader_or_a_vote() {
    let cases = [
        (
            "a heartbeat",
            Peer::silent().says(100, heartbeat(S1, 5)),
            410,
        ),
        (
            "a heartbeat of a newer term",
            Peer::silent().says(100, heartbeat(S1, 6)),
            410,
        ),
        ("a leader ahead", Peer::silent().says(100, ahead(5)), 410),
        (
            "a heartbeat of an old term",
            Peer::silent().says(100, heartbeat(S1, 4)),
            300,
        ),
        ("a vote", Peer::silent().says(100, good(5)), 410),
        (
            "a vote in a newer term",
            Peer::silent().says(100, good(6)),
            410,
        ),
        (
            "the same vote again",
            Peer::silent().says(50, good(5)).says(100, good(5)),
            410,
        ),
        ("too old a term", Peer::silent().says(100, good(4)), 300),
        ("too old a log", Peer::silent().says(100, poor(5)), 300),
        (
            "too old a log in a newer term",
            Peer::silent().says(100, poor(6)),
            300,
        ),
        (
            "another's vote",
            Peer::silent()
                .says(50, request_with_log(S2, 5, &LOG))
                .says(100, good(5)),
            360,
        ),
        ("a pre-vote", Peer::silent().says(100, pre_vote(6)), 300),
    ];
    for (what, peer, deadline) in cases {
        play(Case {
            what,
            role: Role::Follower,
            peer,
            heard: 100 + LINK,
            deadline,
        });
    }
}

/// A whole candidate: its election began at 300 ms and is over at 600 ms.
///
/// Reference: section 5.2; Figure 2
#[test]
fn a_candidate_resets_its_election_timer_for_a_leader_or_a_vote() {
    let replies = [
        ("a refusal", vote(5, false)),
        ("a refusal of a newer term", vote(6, false)),
    ];
    for (what, reply) in replies {
        play(Case {
            what,
            role: Role::Candidate,
            peer: Peer::silent().votes(move |_| Some(reply.clone())),
            heard: 300 + 2 * LINK,
            deadline: 600,
        });
    }
    let requests = [
        (
            "a heartbeat",
            Peer::silent().says(400, heartbeat(S1, 5)),
            710,
        ),
        (
            "a heartbeat of a newer term",
            Peer::silent().says(400, heartbeat(S1, 6)),
            710,
        ),
        (
            "a heartbeat of an old term",
            Peer::silent().says(400, heartbeat(S1, 4)),
            600,
        ),
        ("a rival", Peer::silent().says(400, good(5)), 600),
        (
            "a vote in a newer term",
            Peer::silent().says(400, good(6)),
            710,
        ),
        (
            "too old a log in a newer term",
            Peer::silent().says(400, poor(6)),
            600,
        ),
        ("a pre-vote", Peer::silent().says(400, pre_vote(6)), 600),
    ];
    for (what, peer, deadline) in requests {
        play(Case {
            what,
            role: Role::Candidate,
            peer,
            heard: 400 + LINK,
            deadline,
        });
    }
}

/// A whole leader: elected at 320 ms, it sends heartbeats at 420 ms, and nothing changes that but
/// the end of its term. Then an election timer starts.
///
/// Reference: section 5.2; Figure 2
#[test]
fn a_leader_has_no_election_timer_and_starts_one_when_it_steps_down() {
    let replies = [
        ("success", append_reply(5, true), 420),
        ("no success", append_reply(5, false), 420),
        ("a newer term", append_reply(6, false), 640),
    ];
    for (what, reply, deadline) in replies {
        play(Case {
            what,
            role: Role::Leader,
            peer: Peer::loyal().answers(move |_| Some(reply.clone())),
            heard: 300 + 4 * LINK,
            deadline,
        });
    }
    let requests = [
        (
            "a broken peer",
            Peer::loyal().says(360, heartbeat(S1, 5)),
            420,
        ),
        (
            "an old leader",
            Peer::loyal().says(360, heartbeat(S1, 4)),
            420,
        ),
        (
            "a new leader",
            Peer::loyal().says(360, heartbeat(S1, 6)),
            670,
        ),
        ("a rival", Peer::loyal().says(360, good(5)), 420),
        (
            "a vote in a newer term",
            Peer::loyal().says(360, good(6)),
            670,
        ),
        (
            "too old a log in a newer term",
            Peer::loyal().says(360, poor(6)),
            670,
        ),
        ("a pre-vote", Peer::loyal().says(360, pre_vote(6)), 420),
    ];
    for (what, peer, deadline) in requests {
        play(Case {
            what,
            role: Role::Leader,
            peer,
            heard: 360 + LINK,
            deadline,
        });
    }
}

/// A leader that nobody answers goes on leading: it never campaigns.
///
/// Reference: section 5.2; Figure 4
#[test]
fn a_leader_never_campaigns() {
    for seed in 0..5 {
        let mut sim = cluster(3, Timing::LAB, Faults::RELIABLE, seed);
        let (leader, term) = next_leader(&mut sim, 10_000).unwrap();
        for server in ServerId::all(3).filter(|&server| server != leader) {
            sim.crash(server).unwrap();
        }
        let elections = campaigns(&sim, leader).len();
        run_to(&mut sim, 60_000);
        assert_eq!(status(&sim, leader).term, term, "seed {seed}");
        assert_eq!(leaders(&sim), [leader], "seed {seed}");
        assert_eq!(campaigns(&sim, leader).len(), elections, "seed {seed}");
    }
}

/// The timeouts that an isolated server has drawn after 200 elections.
fn drawn_alone(timing: Timing) -> Vec<Duration> {
    let disk = Stable::default();
    let mut sim = among(timing, disk, vec![Peer::silent(), Peer::silent()]);
    sim.isolate(S0).unwrap();
    let limit = at(0) + timing.election_timeout_max() * 200;
    sim.advance_until(limit, &mut |_| false).unwrap();
    assert!(campaigns(&sim, S0).len() >= 200);
    let set = deadlines(&sim, S0);
    set[..200].iter().map(|(now, due)| *due - *now).collect()
}

/// Each reset draws a fresh timeout. Those of 200 elections of an isolated server are within the
/// interval, differ, and lie everywhere in it.
///
/// Reference: section 5.2
#[test]
fn each_election_draws_a_fresh_timeout() {
    for timing in [Timing::LAB, Timing::PAPER] {
        assert_spread(&drawn_alone(timing), timing);
    }
}

/// Where time is ticks, whole ticks are drawn: ten values, each of them, and no other.
///
/// Reference: section 5.2
#[test]
fn ticks_are_drawn_whole() {
    let drawn: BTreeSet<Duration> = drawn_alone(Timing::ETCD).into_iter().collect();
    let ticks: BTreeSet<Duration> = (10..20).map(|tick| ms(100 * tick)).collect();
    assert_eq!(drawn, ticks);
    let drawn: BTreeSet<Duration> = drawn_alone(FIXED).into_iter().collect();
    assert_eq!(drawn, BTreeSet::from([ms(300)]));
}

/// So do heartbeats and votes: 200 of each.
///
/// Reference: section 5.2
#[test]
fn each_heartbeat_and_each_vote_draws_a_fresh_timeout() {
    let lines: [fn(Peer, u64) -> Peer; 2] = [
        |peer, round| peer.says(200 * round, heartbeat(S1, 1)),
        |peer, round| peer.says(200 * round, request_vote(S1, round)),
    ];
    for line in lines {
        let peer = (1..=200).fold(Peer::silent(), line);
        let mut sim = among(Timing::LAB, Stable::default(), vec![peer, Peer::silent()]);
        run_to(&mut sim, 200 * 200 + 2 * LINK);
        let set = deadlines(&sim, S0);
        assert_eq!(set.len(), 1 + 200);
        for (round, (now, _)) in (1..).zip(&set[1..]) {
            assert_eq!(*now, at(200 * round + LINK));
        }
        let drawn: Vec<Duration> = set.iter().map(|(now, due)| *due - *now).collect();
        assert_spread(&drawn, Timing::LAB);
    }
}

/// By other customs a timeout is kept: from the start on, or from one change of term or role to the
/// next. S1 leads term 1, and then term 2.
#[test]
fn a_custom_keeps_the_timeout_that_was_drawn() {
    let drawn_by = |redraw| {
        let options = Options { redraw, ..PLAIN };
        let lead = |peer: Peer, round: u64| peer.says(200 * round, heartbeat(S1, 1 + round / 51));
        let peer = (1..=100).fold(Peer::silent(), lead);
        let disk = Stable::default();
        let mut sim = among_timed(Timing::LAB, options, disk, vec![peer, Peer::silent()]);
        run_to(&mut sim, 200 * 100 + 2 * LINK);
        let set = deadlines(&sim, S0);
        assert_eq!(set.len(), 1 + 100);
        let distinct: BTreeSet<Duration> = set.iter().map(|(now, due)| *due - *now).collect();
        distinct.len()
    };
    assert_eq!(drawn_by(Redraw::AtEachReset), 101);
    assert_eq!(drawn_by(Redraw::Once), 1);
    assert_eq!(
        drawn_by(Redraw::OnStateChange),
        3,
        "at its start, and in each term"
    );
}
