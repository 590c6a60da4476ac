//! Figure 2: the rules for votes, and what must be on disk first.

use labrpc::{ActionKind, Delay, Happening, LinkFaults, Run, ServerFaults};
use raft::{Core, Timer};
use raftapi::{AppendEntries, Reply, Request, Role, Stable, Status};

use crate::help::*;

// ---- what must be on disk ----

/// Term and vote are on disk before anybody hears of them, whatever fails and however long a write
/// takes: what a message says, its sender would find after a crash.
///
/// Reference: Figure 2
#[test]
fn nothing_is_said_that_is_not_on_disk() {
    let mut granted = 0;
    for (seed, disk_write) in (0..10).zip([Delay::ZERO, Delay::uniform_millis(0, 50)].repeat(5)) {
        let sim = storm(seed, disk_write);
        let mut disks = vec![Stable::default(); 5];
        for record in sim.observer() {
            match &record.what {
                Happening::Started { server, stable, .. }
                | Happening::Persisted { server, stable } => {
                    disks[server.index()] = stable.clone();
                }
                Happening::Sent { from, request, .. } => {
                    let disk = &disks[from.index()];
                    assert_eq!(disk.current_term, request.term(), "{record:?}, seed {seed}");
                    if let Request::RequestVote(_) = request {
                        assert_eq!(disk.voted_for, Some(*from), "{record:?}, seed {seed}");
                    }
                }
                Happening::Replied {
                    from, to, reply, ..
                } => {
                    let disk = &disks[from.index()];
                    assert_eq!(disk.current_term, reply.term(), "{record:?}, seed {seed}");
                    if let Reply::RequestVote(reply) = reply
                        && reply.vote_granted
                    {
                        assert_eq!(disk.voted_for, Some(*to), "{record:?}, seed {seed}");
                        granted += 1;
                    }
                }
                _ => {}
            }
        }
    }
    assert!(granted > 100, "storms with {granted} votes");
}

/// A disk on which each write takes 50 ms.
fn slow_disk() -> ServerFaults {
    ServerFaults {
        disk_write: Delay::Constant(ms(50)),
        ..ServerFaults::IDEAL
    }
}

/// Answers and requests wait for the write: a vote, the answer to a leader of a newer term, the
/// requests of an election.
///
/// Reference: Figure 2
#[test]
fn answers_and_requests_wait_for_the_disk() {
    let peer = Peer::silent()
        .says(100, request_vote(S1, 1))
        .says(200, heartbeat(S1, 2))
        .says(300, heartbeat(S1, 2));
    let mut sim = among(FIXED, Stable::default(), vec![peer]);
    sim.set_server(S0, slow_disk()).unwrap();
    run_to(&mut sim, 1_000);
    assert_eq!(votes(&sim, S0), [(at(160), vote(1, true))]);
    // The second one has nothing to write.
    let answered = append_replies(&sim, S0);
    let yes = append_reply(2, true);
    assert_eq!(answered, [(at(260), yes.clone()), (at(310), yes)]);
    // Then the election timer runs out.
    assert_eq!(deadlines(&sim, S0)[3], (at(310), at(610)));
    assert_eq!(sent(&sim, S0)[0].at, at(660));
}

/// A vote that is on disk when the server crashes is given, even if nobody has heard of it yet.
///
/// Reference: Figure 2
#[test]
fn a_vote_that_was_written_and_not_answered_is_given() {
    let first = Peer::silent()
        .says(100, request_vote(S1, 1))
        .says(300, request_vote(S1, 1));
    let second = Peer::silent().says(200, request_vote(S2, 1));
    let mut sim = among(FIXED, Stable::default(), vec![first, second]);
    run_to(&mut sim, 50);
    sim.crash_after(S0, ActionKind::Persist, 1).unwrap();
    run_to(&mut sim, 150);
    assert!(!sim.is_up(S0));
    assert!(votes(&sim, S0).is_empty());
    sim.start(S0).unwrap();
    run_to(&mut sim, 350);
    let answered = [(at(210), vote(1, false)), (at(310), vote(1, true))];
    assert_eq!(votes(&sim, S0), answered);
}

/// A vote that is not on disk when the server crashes was never given: nobody has heard of it, and
/// another may have it.
///
/// Reference: Figure 2
#[test]
fn a_vote_that_was_not_written_is_free() {
    let first = Peer::silent().says(100, request_vote(S1, 1));
    let second = Peer::silent().says(200, request_vote(S2, 1));
    let mut sim = among(FIXED, Stable::default(), vec![first, second]);
    sim.set_server(S0, slow_disk()).unwrap();
    run_to(&mut sim, 150);
    sim.crash(S0).unwrap();
    assert_eq!(sim.stable(S0), &Stable::default());
    sim.start(S0).unwrap();
    run_to(&mut sim, 290);
    assert_eq!(votes(&sim, S0), [(at(260), vote(1, true))]);
    assert_eq!(sim.stable(S0), &stable(1, Some(S2), &[]));
}

/// What is to be written is the new term and the vote in it, once; and nothing when neither has
/// changed.
///
/// Reference: Figure 2
#[test]
fn term_and_vote_are_written_when_they_change() {
    let log = [1, 2];
    let mut core = in_role_with_log(Role::Follower, 5, &log);
    let steps = [
        (Heard::RequestVote(request_with_log(S1, 5, &[])), None),
        (Heard::AppendEntries(heartbeat(S1, 5)), None),
        (Heard::VoteReply(vote(5, true)), None),
        (
            Heard::RequestVote(request_with_log(S1, 5, &log)),
            Some(stable(5, Some(S1), &log)),
        ),
        (Heard::RequestVote(request_with_log(S1, 5, &log)), None),
        (Heard::RequestVote(request_with_log(S2, 5, &log)), None),
        (
            Heard::RequestVote(request_with_log(S2, 6, &log)),
            Some(stable(6, Some(S2), &log)),
        ),
        (
            Heard::RequestVote(request_with_log(S1, 7, &[1])),
            Some(stable(7, None, &log)),
        ),
        (
            Heard::AppendEntries(heartbeat(S1, 8)),
            Some(stable(8, None, &log)),
        ),
        (
            Heard::VoteReply(vote(9, false)),
            Some(stable(9, None, &log)),
        ),
        (
            Heard::AppendReply(append_reply(10, false)),
            Some(stable(10, None, &log)),
        ),
        (Heard::AppendReply(append_reply(9, false)), None),
    ];
    for (heard, unsaved) in steps {
        let _ = hear(&mut core, &heard);
        assert_eq!(core.take_unsaved().cloned(), unsaved, "{heard:?}");
        assert_eq!(core.take_unsaved(), None, "{heard:?}");
    }
    let (request, _) = core.campaign();
    assert_eq!(core.take_unsaved(), Some(&stable(11, Some(S0), &log)));
    let _ = core.count_vote(S1, &request, &vote(11, true));
    assert_eq!(core.status(), Status::new(11, Role::Leader));
    assert_eq!(core.take_unsaved(), None);
}

// ---- giving a vote ----

/// Who has the vote and asks for it again in the same term gets it again: the first answer may have
/// been lost.
///
/// Reference: Figure 2
#[test]
fn a_repeated_request_is_granted_again() {
    let mut core = in_role(Role::Follower, 5);
    for _ in 0..3 {
        let answer = core.answer_vote(&request_vote(S1, 5));
        assert_eq!(answer, (vote(5, true), Timer::Election));
    }
    // Also if the vote was given before a crash.
    let mut core = Core::new(S0, 3, stable(5, Some(S1), &[]));
    let answer = core.answer_vote(&request_vote(S1, 5));
    assert_eq!(answer, (vote(5, true), Timer::Election));
}

/// Who asks for a vote that another has in this term is refused, by each role: a candidate and a
/// leader have voted for themselves.
///
/// Reference: Figure 2
#[test]
fn a_vote_that_another_has_is_refused() {
    let voter = Core::new(S0, 3, stable(5, Some(S1), &[]));
    let candidate = in_role(Role::Candidate, 5);
    let leader = in_role(Role::Leader, 5);
    for mut core in [voter, candidate, leader] {
        let before = state(&core);
        let answer = core.answer_vote(&request_vote(S2, 5));
        assert_eq!(answer, (vote(5, false), Timer::Keep), "{before}");
        assert_eq!(state(&core), before);
    }
}

/// A new term comes with a new vote, whoever had the last one.
///
/// Reference: Figure 2
#[test]
fn a_new_term_has_a_new_vote() {
    for voted_for in [None, Some(S0), Some(S1), Some(S2)] {
        let mut core = Core::new(S0, 3, stable(5, voted_for, &[]));
        let answer = core.answer_vote(&request_vote(S2, 6));
        assert_eq!(answer, (vote(6, true), Timer::Election), "{voted_for:?}");
        assert_eq!(core.take_unsaved(), Some(&stable(6, Some(S2), &[])));
    }
}

/// A RequestVote of a newer term makes a follower of each role, even when the vote is refused; and
/// the vote of that term is still there for another.
///
/// Reference: Figure 2; section 5.1
#[test]
fn a_request_of_a_newer_term_makes_a_follower_even_if_refused() {
    for role in ROLES {
        let mut core = in_role_with_log(role, 5, &[1, 2]);
        let (reply, _) = core.answer_vote(&request_with_log(S1, 6, &[1]));
        assert_eq!(reply, vote(6, false), "{role}");
        assert_eq!(core.status(), Status::new(6, Role::Follower), "{role}");
        assert_eq!(core.take_unsaved(), Some(&stable(6, None, &[1, 2])));
        let (reply, _) = core.answer_vote(&request_with_log(S2, 6, &[1, 2]));
        assert_eq!(reply, vote(6, true), "{role}");
    }
}

// ---- counting votes ----

/// A reply answers its request. If that was of an earlier election, the vote is of no use in this
/// one, and neither is it after the candidate has become something else.
///
/// Reference: Figure 2; section 5.2
#[test]
fn a_vote_counts_in_the_election_of_its_request_only() {
    let cases = [
        (Role::Candidate, 5, Role::Leader),
        (Role::Candidate, 4, Role::Candidate),
        (Role::Candidate, 1, Role::Candidate),
        (Role::Follower, 5, Role::Follower),
        (Role::Follower, 4, Role::Follower),
        (Role::Leader, 5, Role::Leader),
        (Role::Leader, 4, Role::Leader),
    ];
    for (role, asked, then) in cases {
        let mut core = in_role(role, 5);
        let timer = core.count_vote(S2, &request_vote(S0, asked), &vote(asked, true));
        let expected = Status::new(5, then);
        assert_eq!(core.status(), expected, "a {role}, asked in {asked}");
        let elected = role != Role::Leader && then == Role::Leader;
        assert_eq!(timer == Timer::Heartbeat, elected);
        assert_eq!(core.take_unsaved(), None);
    }
}

/// The same on the network: votes that come an election late, each time, elect nobody.
///
/// Reference: Figure 2; section 5.2
#[test]
fn votes_that_come_an_election_late_elect_nobody() {
    let mut sim = among(FIXED, Stable::default(), vec![Peer::loyal()]);
    let late = LinkFaults::RELIABLE.delayed(Delay::Constant(ms(400)));
    sim.set_link(S1, S0, late).unwrap();
    run_to(&mut sim, 5_000);
    let elections = campaigns(&sim, S0).len() as u64;
    assert_eq!(elections, 16);
    assert_eq!(status(&sim, S0), Status::new(elections, Role::Candidate));
    sim.set_link(S1, S0, LinkFaults::RELIABLE).unwrap();
    let leader = next_leader(&mut sim, 1_000);
    assert_eq!(leader, Some((S0, elections + 1)));
}

/// A vote counts once, however often it arrives.
///
/// Reference: Figure 2; section 5.2
#[test]
fn a_vote_counts_once() {
    let mut core = Core::new(S0, 5, Stable::default());
    let (request, _) = core.campaign();
    for _ in 0..5 {
        let timer = core.count_vote(S1, &request, &vote(1, true));
        assert_eq!((core.role(), timer), (Role::Candidate, Timer::Keep));
    }
    // Nor does its own count again.
    let _ = core.count_vote(S0, &request, &vote(1, true));
    assert_eq!(core.role(), Role::Candidate);
    let timer = core.count_vote(S2, &request, &vote(1, true));
    assert_eq!((core.role(), timer), (Role::Leader, Timer::Heartbeat));
}

/// The same on the network: one of five servers grants each vote twice.
///
/// Reference: Figure 2; section 5.2
#[test]
fn a_vote_that_the_network_doubles_counts_once() {
    let silent = || Peer::silent();
    let peers = vec![Peer::loyal(), silent(), silent(), silent()];
    let mut sim = among(FIXED, Stable::default(), peers);
    let mut doubling = LinkFaults::RELIABLE;
    doubling.duplication = 1.0;
    sim.set_link(S1, S0, doubling).unwrap();
    run_to(&mut sim, 5_000);
    let delivered = |what: &_| matches!(what, &Happening::ReplyDelivered { to: S0, .. });
    let replies = sim.observer().iter().filter(|r| delivered(&r.what));
    assert_eq!(replies.count(), 2 * 16);
    assert_eq!(status(&sim, S0), Status::new(16, Role::Candidate));
}

/// A refusal is no vote, not even if it is of the current term.
///
/// Reference: Figure 2; section 5.2
#[test]
fn a_refusal_is_no_vote() {
    let mut core = Core::new(S0, 3, Stable::default());
    let (request, _) = core.campaign();
    for from in [S1, S2] {
        let timer = core.count_vote(from, &request, &vote(1, false));
        assert_eq!((core.role(), timer), (Role::Candidate, Timer::Keep));
    }
}

/// Votes that arrive after the election is won change nothing.
///
/// Reference: Figure 2; section 5.2
#[test]
fn votes_after_the_election_change_nothing() {
    let mut core = in_role(Role::Leader, 5);
    for granted in [true, false] {
        let timer = core.count_vote(S2, &request_vote(S0, 5), &vote(5, granted));
        assert_eq!(core.status(), Status::new(5, Role::Leader));
        assert_eq!(timer, Timer::Keep);
    }
}

// ---- heartbeats ----

/// A heartbeat names the leader, its term and the end of its log, and has no entries.
///
/// Reference: Figure 2; section 5.2
#[test]
fn a_heartbeat_names_leader_term_and_log() {
    let expected = AppendEntries {
        prev_log_index: 3,
        prev_log_term: 4,
        ..heartbeat(S0, 5)
    };
    let core = in_role_with_log(Role::Leader, 5, &[1, 1, 4]);
    assert_eq!(core.heartbeat(), expected);
    let core = in_role(Role::Leader, 5);
    assert_eq!(core.heartbeat(), heartbeat(S0, 5));
}

/// An AppendEntries succeeds if the log has the entry that it names as the one before. If it does
/// not, its sender is the leader all the same.
///
/// Reference: Figure 2
#[test]
fn a_heartbeat_succeeds_if_the_log_has_its_previous_entry() {
    let cases = [
        ((0, 0), true),
        ((1, 1), true),
        ((2, 1), true),
        ((3, 4), true),
        ((2, 4), false),
        ((3, 1), false),
        ((3, 5), false),
        ((4, 4), false),
        ((u64::MAX, 4), false),
    ];
    for ((prev_log_index, prev_log_term), success) in cases {
        for role in [Role::Follower, Role::Candidate] {
            let mut core = in_role_with_log(role, 5, &[1, 1, 4]);
            let args = AppendEntries {
                prev_log_index,
                prev_log_term,
                ..heartbeat(S1, 5)
            };
            let answer = core.answer_append(&args);
            let expected = (append_reply(5, success), Timer::Election);
            assert_eq!(answer, expected, "{prev_log_index} of {prev_log_term}");
            assert_eq!(core.status(), Status::new(5, Role::Follower));
        }
    }
}
