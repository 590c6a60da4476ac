//! Section 5.4.1: who cannot be elected.

use labrpc::{Faults, Run};
use raft::{Core, Timer};
use raftapi::{Role, ServerId, Stable, Status, Term, Timing};

use crate::help::*;

/// Whether a server with this log gives its vote to a candidate with that one, in a new term.
fn grants(mine: &[Term], theirs: &[Term]) -> bool {
    let mut core = in_role_with_log(Role::Follower, 9, mine);
    let (reply, timer) = core.answer_vote(&request_with_log(S1, 10, theirs));
    let expected = match reply.vote_granted {
        true => Timer::Election,
        false => Timer::Keep,
    };
    assert_eq!((reply.term, timer), (10, expected));
    reply.vote_granted
}

/// A request for votes tells the index and the term of the last entry of the candidate's log.
///
/// Reference: section 5.4.1; Figure 2
#[test]
fn a_request_for_votes_describes_the_candidate_s_log() {
    let logs: [(&[Term], u64, Term); 4] = [
        (&[], 0, 0),
        (&[3], 1, 3),
        (&[1, 1, 4], 3, 4),
        (&[2, 2, 2, 2], 4, 2),
    ];
    for (log, index, term) in logs {
        let mut core = in_role_with_log(Role::Follower, 5, log);
        let (request, _) = core.campaign();
        let last = (request.last_log_index, request.last_log_term);
        assert_eq!(last, (index, term), "{log:?}");
    }
}

/// A voter whose own log is more up-to-date denies its vote. A log that is just as good gets it.
///
/// Reference: section 5.4.1; Figure 2
#[test]
fn a_voter_denies_its_vote_to_a_log_that_is_behind_its_own() {
    let cases: [(&str, &[Term], &[Term], bool); 10] = [
        ("both empty", &[], &[], true),
        ("empty", &[1], &[], false),
        ("not empty", &[], &[1], true),
        ("equal", &[1, 2], &[1, 2], true),
        ("longer", &[1, 2], &[1, 2, 2], true),
        ("shorter", &[1, 2, 2], &[1, 2], false),
        ("newer", &[1, 2], &[1, 3], true),
        ("older", &[1, 3], &[1, 2], false),
        ("longer but older", &[1, 3], &[1, 2, 2, 2], false),
        ("shorter but newer", &[1, 2, 2, 2], &[1, 3], true),
    ];
    for (what, mine, theirs, granted) in cases {
        assert_eq!(grants(mine, theirs), granted, "{what}");
    }
}

/// All logs of at most three entries of the terms 1 to 3; terms never fall in a log.
fn small_logs() -> Vec<Vec<Term>> {
    let mut logs: Vec<Vec<Term>> = vec![vec![]];
    let mut from = 0;
    for _ in 0..3 {
        let until = logs.len();
        for shorter in from..until {
            for term in logs[shorter].last().copied().unwrap_or(1)..=3 {
                let mut log = logs[shorter].clone();
                log.push(term);
                logs.push(log);
            }
        }
        from = until;
    }
    logs
}

/// Two logs are compared by the index and the term of their last entries, and by nothing else.
///
/// Reference: section 5.4.1
#[test]
fn logs_are_compared_by_their_last_entries_alone() {
    let logs = small_logs();
    assert_eq!(logs.len(), 1 + 3 + 6 + 10);
    let end = |log: &[Term]| (log.len(), log.last().copied());
    for mine in &logs {
        for other in logs.iter().filter(|other| end(other) == end(mine)) {
            for theirs in &logs {
                assert_eq!(grants(mine, theirs), grants(other, theirs));
                assert_eq!(grants(theirs, mine), grants(theirs, other));
            }
        }
        // Of any two logs one is at least as up-to-date as the other.
        for theirs in &logs {
            assert!(grants(mine, theirs) || grants(theirs, mine));
            let both = grants(mine, theirs) && grants(theirs, mine);
            assert_eq!(both, end(mine) == end(theirs), "{mine:?}, {theirs:?}");
        }
    }
}

/// If the terms of the last entries differ, the later term is more up-to-date, however long the
/// logs are.
///
/// Reference: section 5.4.1
#[test]
fn the_later_last_term_is_more_up_to_date() {
    let logs = small_logs();
    for mine in &logs {
        for theirs in &logs {
            if let (Some(my_term), Some(their_term)) = (mine.last(), theirs.last())
                && my_term != their_term
            {
                let later = their_term > my_term;
                assert_eq!(grants(mine, theirs), later, "{mine:?}, {theirs:?}");
            }
        }
    }
}

/// If the terms of the last entries are the same, the longer log is more up-to-date.
///
/// Reference: section 5.4.1
#[test]
fn with_the_same_last_term_the_longer_log_is_more_up_to_date() {
    let logs = small_logs();
    for mine in &logs {
        for theirs in logs.iter().filter(|theirs| theirs.last() == mine.last()) {
            let as_long = theirs.len() >= mine.len();
            assert_eq!(grants(mine, theirs), as_long, "{mine:?}, {theirs:?}");
        }
    }
}

/// A vote that was denied is not spent: a better log gets it in the same term.
///
/// Reference: section 5.4.1; Figure 2
#[test]
fn a_denied_vote_is_not_spent() {
    let mut core = in_role_with_log(Role::Follower, 5, &[1, 2]);
    let asks = [
        (S1, &[1][..], false),
        (S2, &[1, 1, 1], false),
        (S3, &[1, 2], true),
        (S4, &[1, 3], false),
    ];
    for (candidate, log, granted) in asks {
        let (reply, _) = core.answer_vote(&request_with_log(candidate, 6, log));
        assert_eq!(reply, vote(6, granted), "{candidate}");
    }
}

/// A log check comes with the vote, not in its place: the best log gets nothing in a term in which
/// the vote is given.
///
/// Reference: section 5.4.1; Figure 2
#[test]
fn the_best_log_gets_no_second_vote() {
    let mut core = Core::new(S0, 3, stable(5, Some(S1), &[1]));
    let answer = core.answer_vote(&request_with_log(S2, 5, &[1, 2, 3]));
    assert_eq!(answer, (vote(5, false), Timer::Keep));
}

/// The votes decide that a candidate without all committed entries cannot win: it needs a majority,
/// and in each majority some server has the entry. Five servers, the entry on any three of them,
/// old but longer logs on the others; each server campaigns in turn and asks all.
///
/// Reference: section 5.4.1
#[test]
fn a_candidate_that_lacks_a_committed_entry_cannot_win() {
    let mut ways = 0;
    for holders in (0u32..32).filter(|holders| holders.count_ones() == 3) {
        let holds = |server: ServerId| holders >> server.index() & 1 == 1;
        for candidate in ServerId::all(5) {
            let mut cores: Vec<Core> = ServerId::all(5)
                .map(|me| {
                    let log: &[Term] = if holds(me) { &[1, 2] } else { &[1, 1, 1] };
                    Core::new(me, 5, stable(2, None, log))
                })
                .collect();
            let (request, _) = cores[candidate.index()].campaign();
            for voter in ServerId::all(5).filter(|&voter| voter != candidate) {
                let (reply, _) = cores[voter.index()].answer_vote(&request);
                let _ = cores[candidate.index()].count_vote(voter, &request, &reply);
            }
            let elected = cores[candidate.index()].role() == Role::Leader;
            assert_eq!(elected, holds(candidate), "{candidate}, {holders:b}");
            ways += 1;
        }
    }
    assert_eq!(ways, 10 * 5);
}

/// So each new leader has all committed entries from the moment of its election. Whole servers:
/// leaders come and go.
///
/// Reference: section 5.4.1
#[test]
fn each_leader_has_the_committed_entries_when_it_is_elected() {
    let committed: Stable = stable(2, None, &[1, 2]);
    let behind: Stable = stable(1, None, &[1, 1, 1, 1]);
    let disks = [&behind, &committed, &behind, &committed, &committed];
    for seed in 0..30 {
        let disks = disks.into_iter().cloned().collect();
        let mut sim = cluster_with_disks(disks, Timing::LAB, Faults::RELIABLE, seed);
        let mut last_term = 2;
        for _ in 0..5 {
            let (leader, term) = next_leader(&mut sim, 30_000).unwrap();
            assert!([S1, S3, S4].contains(&leader), "{leader}, seed {seed}");
            assert_eq!(sim.stable(leader).log, committed.log);
            assert_eq!(status(&sim, leader), Status::new(term, Role::Leader));
            assert!(term > last_term, "seed {seed}");
            last_term = term;
            // Those that are behind hear the new leader first.
            let heard = sim.now() + ms(150);
            sim.advance_until(heard, &mut |_| false).unwrap();
            sim.crash(leader).unwrap();
            sim.start(leader).unwrap();
        }
    }
}
