//! Section 5.2: how a leader is elected.

use labrpc::{Delay, Faults, Run};
use raft::{Core, Timer};
use raftapi::{Request, Role, ServerId, Stable, Status, Timing};

use crate::help::*;

/// Heartbeats decide when there is an election: none while they come, one when they cease.
///
/// Reference: section 5.2
#[test]
fn an_election_begins_when_heartbeats_cease() {
    let mut leader = Peer::silent();
    for round in 1..=20 {
        leader = leader.says(100 * round, heartbeat(S1, 1));
    }
    let disk = Stable::default();
    let mut sim = among(Timing::LAB, disk, vec![leader, Peer::silent()]);
    run_to(&mut sim, 5_000);
    let last = at(2_000 + LINK);
    let (began, term) = campaigns(&sim, S0)[0];
    assert_eq!(term, 2);
    assert!(began >= last + Timing::LAB.election_timeout_min());
    assert!(began <= last + Timing::LAB.election_timeout_max());
}

/// Each server starts as a follower, whatever its disk says that it did before.
///
/// Reference: section 5.2
#[test]
fn a_server_starts_as_a_follower() {
    let disks = [
        Stable::default(),
        stable(5, None, &[]),
        stable(5, Some(S1), &[1, 2]),
        stable(5, Some(S0), &[]),
    ];
    for disk in disks {
        for servers in 1..=5 {
            let core = Core::new(S0, servers, disk.clone());
            let expected = Status::new(disk.current_term, Role::Follower);
            assert_eq!(core.status(), expected, "{disk:?}, {servers} servers");
        }
        let mut sim = among(FIXED, disk.clone(), vec![Peer::silent()]);
        run_to(&mut sim, 0);
        let expected = Status::new(disk.current_term, Role::Follower);
        assert_eq!(statuses(&sim, S0), [(at(0), expected)], "{disk:?}");
    }
}

/// A follower stays one for as long as a leader is heard, or candidates that deserve a vote.
///
/// Reference: section 5.2
#[test]
fn a_follower_stays_one_while_leaders_or_candidates_are_heard() {
    let lines: [fn(u64) -> Request; 3] = [
        |_| heartbeat(S1, 1).into(),
        |round| request_vote(S1, round).into(),
        |round| match round % 2 {
            0 => heartbeat(S1, round - 1).into(),
            _ => request_vote(S1, round).into(),
        },
    ];
    for (case, line) in lines.into_iter().enumerate() {
        let mut peer = Peer::silent();
        for round in 1..=40 {
            peer = peer.says(250 * round, line(round));
        }
        let disk = Stable::default();
        let mut sim = among(Timing::LAB, disk, vec![peer, Peer::silent()]);
        run_to(&mut sim, 10_250);
        assert!(campaigns(&sim, S0).is_empty(), "case {case}");
        run_to(&mut sim, 11_000);
        assert!(!campaigns(&sim, S0).is_empty(), "case {case}");
    }
}

/// A leader sends each follower an AppendEntries without entries, again and again.
///
/// Reference: section 5.2
#[test]
fn a_leader_sends_empty_heartbeats_to_all_others_at_each_interval() {
    for timing in [Timing::LAB, Timing::PAPER, Timing::ETCD] {
        let mut sim = cluster(5, timing, Faults::RELIABLE, 0);
        let (leader, term) = next_leader(&mut sim, 10_000).unwrap();
        let elected = sim.now();
        let end = elected + timing.heartbeat_interval() * 50;
        sim.advance_until(end, &mut |_| false).unwrap();
        let heartbeats: Vec<Sent> = sent(&sim, leader)
            .into_iter()
            .filter(|sent| matches!(sent.request, Request::AppendEntries(_)))
            .collect();
        assert_eq!(heartbeats.len(), 51 * 4);
        for (round, heartbeats) in (0..).zip(heartbeats.chunks(4)) {
            let others = ServerId::all(5).filter(|&server| server != leader);
            for (sent, follower) in heartbeats.iter().zip(others) {
                assert_eq!(sent.at, elected + timing.heartbeat_interval() * round);
                assert_eq!(sent.to, follower);
                let expected = Request::AppendEntries(heartbeat(leader, term));
                assert_eq!(sent.request, expected);
            }
        }
    }
}

/// A follower that hears nothing for an election timeout takes it that nobody leads, and starts an
/// election.
///
/// Reference: section 5.2
#[test]
fn a_follower_that_hears_nothing_for_an_election_timeout_campaigns() {
    for timing in [FIXED, Timing::LAB, Timing::PAPER, Timing::ETCD] {
        let disk = stable(4, Some(S1), &[]);
        let mut sim = among(timing, disk, vec![Peer::silent(), Peer::silent()]);
        let due = deadline_at_start(&mut sim);
        assert!(due >= at(0) + timing.election_timeout_min(), "{timing}");
        assert!(due <= at(0) + timing.election_timeout_max(), "{timing}");
        sim.advance_until(due, &mut |_| false).unwrap();
        assert_eq!(campaigns(&sim, S0), [(due, 5)], "{timing}");
    }
}

/// Lets S0 take its first step. Until when it waits then.
fn deadline_at_start(sim: &mut Sim) -> raftapi::Time {
    run_to(sim, 0);
    deadline(sim, S0)
}

/// Who starts an election goes to the next term and becomes a candidate: a follower as well as a
/// candidate whose election has failed.
///
/// Reference: section 5.2; Figure 2
#[test]
fn whoever_campaigns_is_a_candidate_of_the_next_term() {
    for role in [Role::Follower, Role::Candidate] {
        let mut core = in_role(role, 5);
        let (request, timer) = core.campaign();
        assert_eq!(core.status(), Status::new(6, Role::Candidate));
        assert_eq!(request, request_vote(S0, 6));
        assert_eq!(timer, Timer::Election);
    }
}

/// Then it votes for itself, and asks each other server for its vote.
///
/// Reference: section 5.2; Figure 2
#[test]
fn a_candidate_votes_for_itself_and_asks_all_others() {
    let mut core = in_role(Role::Follower, 5);
    let _ = core.campaign();
    assert_eq!(core.take_unsaved(), Some(&stable(6, Some(S0), &[])));
    for others in 1..=6 {
        let peers = (0..others).map(|_| Peer::silent()).collect();
        let mut sim = among(FIXED, stable(5, None, &[]), peers);
        run_to(&mut sim, 300);
        assert_eq!(sim.stable(S0), &stable(6, Some(S0), &[]));
        let asked = sent(&sim, S0);
        let receivers: Vec<ServerId> = asked.iter().map(|sent| sent.to).collect();
        let all: Vec<ServerId> = ServerId::all(others + 1).skip(1).collect();
        assert_eq!(receivers, all);
        for sent in asked {
            assert_eq!(sent.request, Request::RequestVote(request_vote(S0, 6)));
        }
    }
}

/// A candidate stays one until it wins, somebody else has won, or its time is over. What else may
/// happen does not change its role.
///
/// Reference: section 5.2
#[test]
fn a_candidate_stays_one_until_it_wins_loses_or_times_out() {
    let nothing = [
        Heard::VoteReply(vote(5, false)),
        Heard::VoteReply(vote(4, false)),
        Heard::AppendReply(append_reply(5, true)),
        Heard::AppendReply(append_reply(4, false)),
        Heard::RequestVote(request_vote(S1, 5)),
        Heard::RequestVote(request_vote(S1, 4)),
        Heard::AppendEntries(heartbeat(S1, 4)),
    ];
    let mut core = in_role(Role::Candidate, 5);
    for heard in nothing {
        let timer = hear(&mut core, &heard);
        assert_eq!(core.status(), Status::new(5, Role::Candidate), "{heard:?}");
        assert_eq!(timer, Timer::Keep, "{heard:?}");
    }
    let mut wins = core.clone();
    let _ = hear(&mut wins, &Heard::VoteReply(vote(5, true)));
    assert_eq!(wins.status(), Status::new(5, Role::Leader));
    let mut loses = core.clone();
    let _ = hear(&mut loses, &Heard::AppendEntries(heartbeat(S1, 5)));
    assert_eq!(loses.status(), Status::new(5, Role::Follower));
    let mut times_out = core;
    let _ = times_out.campaign();
    assert_eq!(times_out.status(), Status::new(6, Role::Candidate));
}

/// A candidate wins with the votes of most servers of the full cluster, its own included, and with
/// not one less.
///
/// Reference: section 5.2
#[test]
fn a_majority_of_the_full_cluster_wins() {
    for (servers, majority) in [
        (1, 1),
        (2, 2),
        (3, 2),
        (4, 3),
        (5, 3),
        (6, 4),
        (7, 4),
        (9, 5),
    ] {
        let mut core = Core::new(S0, servers, Stable::default());
        let (request, _) = core.campaign();
        let mut others = ServerId::all(servers).skip(1);
        for votes in 1..majority {
            assert_eq!(core.role(), Role::Candidate, "{votes} of {servers}");
            let from = others.next().unwrap();
            let _ = core.count_vote(from, &request, &vote(1, true));
        }
        assert_eq!(core.role(), Role::Leader, "{majority} of {servers}");
    }
}

/// The votes must be of one and the same term: those of two elections do not add up.
///
/// Reference: section 5.2
#[test]
fn votes_of_different_terms_do_not_add_up() {
    let mut core = Core::new(S0, 5, Stable::default());
    let mut elections = Vec::new();
    for (from, term) in [(S1, 1), (S2, 2), (S3, 3)] {
        elections.push(core.campaign().0);
        let request = elections.last().unwrap();
        let _ = core.count_vote(from, request, &vote(term, true));
        assert_eq!(core.status(), Status::new(term, Role::Candidate));
    }
    let _ = core.count_vote(S4, &elections[2], &vote(3, true));
    assert_eq!(core.status(), Status::new(3, Role::Leader));
}

/// A server has one vote in each term, and the first who asks gets it.
///
/// Reference: section 5.2
#[test]
fn one_vote_in_a_term_for_the_first_who_asks() {
    let mut core = Core::new(S0, 5, Stable::default());
    for term in 1..=3 {
        for [first, second, third] in [[S1, S2, S3], [S3, S1, S2]] {
            let mut core = core.clone();
            let granted = [first, second, third].map(|candidate| {
                let (reply, _) = core.answer_vote(&request_vote(candidate, term));
                reply.vote_granted
            });
            assert_eq!(
                granted,
                [true, false, false],
                "{first} first in term {term}"
            );
        }
        let _ = core.answer_vote(&request_vote(S4, term));
    }
}

/// So one candidate at most can win a term: five servers, some of which campaign in the same term,
/// and all the ways in which the others can be asked first.
///
/// Reference: section 5.2; Figure 3
#[test]
fn one_candidate_at_most_wins_a_term() {
    for candidates in 1..=5usize {
        let voters = 5 - candidates;
        let (mut won, mut ways) = (0, 0);
        for way in 0..candidates.pow(voters as u32) {
            let mut cores: Vec<Core> = ServerId::all(5)
                .map(|me| Core::new(me, 5, Stable::default()))
                .collect();
            let requests: Vec<_> = cores[..candidates]
                .iter_mut()
                .map(|core| core.campaign().0)
                .collect();
            for voter in 0..5usize {
                // Each digit of `way` says whom one of the voters hears first.
                let digit = voter.saturating_sub(candidates) as u32;
                let first = way / candidates.pow(digit);
                for turn in 0..candidates {
                    let asking = (first + turn) % candidates;
                    if asking == voter {
                        continue;
                    }
                    let (reply, _) = cores[voter].answer_vote(&requests[asking]);
                    let voter = ServerId::new(voter);
                    let _ = cores[asking].count_vote(voter, &requests[asking], &reply);
                }
            }
            let leaders = cores.iter().filter(|core| core.role() == Role::Leader);
            let leaders = leaders.count();
            assert!(leaders <= 1, "{candidates} candidates, way {way}");
            won += leaders;
            ways += 1;
        }
        // Of two candidates one always wins the three others' votes, and so on.
        let expected = [(1, 1), (8, 8), (3, 9), (0, 4), (0, 1)][candidates - 1];
        assert_eq!((won, ways), expected, "{candidates} candidates");
    }
}

/// The winner is leader. It says so to all others with heartbeats, at once.
///
/// Reference: section 5.2; Figure 2
#[test]
fn the_winner_sends_heartbeats_to_all_others_at_once() {
    let peers = vec![Peer::loyal(), Peer::loyal(), Peer::silent(), Peer::silent()];
    let mut sim = among(FIXED, Stable::default(), peers);
    assert_eq!(next_leader(&mut sim, 1_000), Some((S0, 1)));
    let elected = at(300 + 2 * LINK);
    assert_eq!(sim.now(), elected);
    let heartbeats: Vec<Sent> = sent(&sim, S0).split_off(4);
    assert_eq!(heartbeats.len(), 4);
    for (sent, follower) in heartbeats.iter().zip([S1, S2, S3, S4]) {
        assert_eq!((sent.at, sent.to), (elected, follower));
        assert_eq!(sent.request, Request::AppendEntries(heartbeat(S0, 1)));
    }
}

/// These heartbeats keep the others from elections of their own.
///
/// Reference: section 5.2; Figure 2
#[test]
fn a_leader_s_heartbeats_prevent_elections() {
    for seed in 0..20 {
        let faults = Faults::RELIABLE.delayed(Delay::uniform_millis(0, 20));
        let mut sim = cluster(5, Timing::LAB, faults, seed);
        let (leader, term) = next_leader(&mut sim, 10_000).unwrap();
        run_to(&mut sim, 60_000);
        assert_eq!(leaders(&sim), [leader], "seed {seed}");
        for server in ServerId::all(5) {
            assert_eq!(status(&sim, server).term, term, "{server}, seed {seed}");
        }
    }
}

/// A candidate that hears a leader of its own term or a newer one takes it for the leader, and
/// follows.
///
/// Reference: section 5.2; Figure 2
#[test]
fn a_candidate_follows_a_leader_of_its_term_or_a_newer_one() {
    for term in [5, 6, 20] {
        let mut core = in_role(Role::Candidate, 5);
        let answer = core.answer_append(&heartbeat(S1, term));
        assert_eq!(answer, (append_reply(term, true), Timer::Election));
        assert_eq!(core.status(), Status::new(term, Role::Follower));
        // Its vote of the same term is still its own.
        let free = term > 5;
        let (reply, _) = core.answer_vote(&request_vote(S2, term));
        assert_eq!(reply, vote(term, free));
    }
}

/// If the leader's term is older, the candidate refuses it and remains a candidate, who may win.
///
/// Reference: section 5.2
#[test]
fn a_candidate_refuses_a_leader_of_an_older_term_and_goes_on() {
    for term in [1, 3, 4] {
        let mut core = in_role(Role::Candidate, 5);
        let answer = core.answer_append(&heartbeat(S1, term));
        assert_eq!(answer, (append_reply(5, false), Timer::Keep));
        assert_eq!(core.status(), Status::new(5, Role::Candidate));
        let _ = core.count_vote(S2, &request_vote(S0, 5), &vote(5, true));
        assert_eq!(core.status(), Status::new(5, Role::Leader));
    }
}
