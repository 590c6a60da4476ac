//! Thesis 9.6: a server asks whether it would be elected before it campaigns.

use labrpc::{Faults, Happening, Record, Run};
use raftapi::{Raft, Request, RequestVote, Role, ServerId, Stable, Term, Timing, VoteReply};

use crate::help::*;
use crate::options::*;

use Role::{Candidate, Follower, Leader, PreCandidate};

/// The requests for votes that S0 has sent: when, of which term, whether they are pre-votes.
fn asked(sim: &Sim) -> Vec<(u64, Term, bool)> {
    let request = |sent: Sent| match sent.request {
        Request::RequestVote(args) => {
            Some((sent.at.as_nanos() / 1_000_000, args.term, args.pre_vote))
        }
        _ => None,
    };
    sent(sim, S0).into_iter().filter_map(request).collect()
}

/// How often S0 has written to its disk.
fn writes(sim: &Sim) -> usize {
    let written = |record: &&Record<Raft>| matches!(record.what, Happening::Persisted { server, .. } if server == S0);
    sim.observer().iter().filter(written).count()
}

/// Answers pre-votes only.
fn on_pre_vote(answer: impl Fn(&RequestVote) -> VoteReply + Send + Sync + 'static) -> Peer {
    Peer::silent().votes(move |args| args.pre_vote.then(|| answer(args)))
}

/// When its election timer runs out, it asks with the term that it would campaign in. Its own term
/// stays, and nothing is saved. If nobody answers, it asks again, for the same term.
///
/// Reference: thesis 9.6
#[test]
fn a_pre_candidate_asks_and_keeps_its_term() {
    let disk = stable(4, Some(S2), &[]);
    let mut sim = among_with(THESIS, disk.clone(), vec![Peer::silent(), Peer::silent()]);
    run_to(&mut sim, 1_000);
    assert_eq!(shown(&sim, S0), [(0, Follower, 4), (300, PreCandidate, 4)]);
    let each = |at| [(at, 5, true); 2];
    assert_eq!(asked(&sim), [each(300), each(600), each(900)].concat());
    assert_eq!((sim.stable(S0), writes(&sim)), (&disk, 0));
}

/// With the grants of a majority, its own included, it campaigns at once, and for real: the
/// candidate needs votes, pre-votes do not count.
///
/// Reference: thesis 9.6
#[test]
fn with_a_majority_of_pre_votes_it_campaigns() {
    for options in [THESIS, ETCD] {
        let grants = || on_pre_vote(|args| vote(args.term, true));
        let mut sim = among_with(options, Stable::default(), vec![grants(), Peer::silent()]);
        run_to(&mut sim, 600);
        let campaign = [
            (0, Follower, 0),
            (300, PreCandidate, 0),
            (320, Candidate, 1),
        ];
        assert_eq!(shown(&sim, S0), campaign);
        let expected = [[(300, 1, true); 2], [(320, 1, false); 2]].concat();
        assert_eq!(asked(&sim), expected);
        assert_eq!(deadline(&sim, S0), at(620), "it has a whole timeout to win");

        let mut sim = among_with(options, Stable::default(), vec![devoted(), Peer::silent()]);
        run_to(&mut sim, 600);
        assert_eq!(
            shown(&sim, S0),
            [&campaign[..], &[(340, Leader, 1)]].concat()
        );
    }
}

/// One grant less is not enough: of five servers three must be willing.
///
/// Reference: thesis 9.6
#[test]
fn with_one_pre_vote_less_it_does_not() {
    let peers = vec![devoted(), Peer::silent(), Peer::silent(), Peer::silent()];
    let mut sim = among_with(THESIS, Stable::default(), peers);
    run_to(&mut sim, 2_000);
    assert_eq!(shown(&sim, S0).last(), Some(&(300, PreCandidate, 0)));
}

/// A refusal of a newer term makes it a follower of that term, a majority of refusals one of its
/// own. Its election timer runs on, so that it asks again.
///
/// Reference: thesis 9.6; section 5.1
#[test]
fn a_pre_candidate_that_is_refused_becomes_a_follower() {
    let refuses = |term| on_pre_vote(move |_| vote(term, false));
    let newer = vec![refuses(7), Peer::silent()];
    let mut sim = among_with(THESIS, stable(4, None, &[]), newer);
    run_to(&mut sim, 610);
    let expected = [
        (0, Follower, 4),
        (300, PreCandidate, 4),
        (320, Follower, 7),
        (600, PreCandidate, 7),
    ];
    assert_eq!(shown(&sim, S0), expected);
    assert_eq!(sim.stable(S0), &stable(7, None, &[]));

    let own = vec![refuses(4), refuses(3)];
    let mut sim = among_with(THESIS, stable(4, None, &[]), own);
    run_to(&mut sim, 610);
    let expected = [
        (0, Follower, 4),
        (300, PreCandidate, 4),
        (320, Follower, 4),
        (600, PreCandidate, 4),
    ];
    assert_eq!(shown(&sim, S0), expected);

    let one = vec![refuses(4), Peer::silent()];
    let mut sim = among_with(THESIS, stable(4, None, &[]), one);
    run_to(&mut sim, 610);
    assert_eq!(shown(&sim, S0), &expected[..2], "one refusal of three");
}

/// A pre-vote binds nobody: whoever grants it keeps its term, its vote and its election timer.
///
/// Reference: thesis 9.6
#[test]
fn granting_a_pre_vote_changes_nothing() {
    for options in [THESIS, ETCD] {
        let disk = stable(4, Some(S2), &[]);
        let peer = Peer::silent().says(100, pre_vote(5)).says(150, pre_vote(9));
        let mut sim = among_with(options, disk.clone(), vec![peer, Peer::silent()]);
        run_to(&mut sim, 290);
        let granted = [(at(110), vote(5, true)), (at(160), vote(9, true))];
        assert_eq!(votes(&sim, S0), granted, "with the request's term");
        assert_eq!(shown(&sim, S0), [(0, Follower, 4)]);
        assert_eq!(deadline(&sim, S0), at(300));
        assert_eq!((sim.stable(S0), writes(&sim)), (&disk, 0));
    }
}

/// A pre-vote is granted to whom a vote would be: not for an old term, not in the term of another
/// vote, not to a log that is behind. A refusal carries the term of whoever refuses. Plain Raft
/// refuses all.
///
/// Reference: thesis 9.6; section 5.4.1; etcd, 'raft: fix a deadlock with PreVote' (#8501)
#[test]
fn a_pre_vote_is_granted_to_whom_a_vote_would_be() {
    let with_log = |term, log: &[Term]| RequestVote {
        pre_vote: true,
        ..request_with_log(S1, term, log)
    };
    let cases = [
        ("newer term", None, with_log(6, &[3, 3]), true),
        (
            "newer term, voted for another",
            Some(S2),
            with_log(6, &[3, 3]),
            true,
        ),
        ("current term", None, with_log(5, &[3, 3]), true),
        (
            "current term, voted for it",
            Some(S1),
            with_log(5, &[3, 3]),
            true,
        ),
        (
            "current term, voted for another",
            Some(S2),
            with_log(5, &[3, 3]),
            false,
        ),
        ("old term", None, with_log(4, &[3, 3]), false),
        ("better log", None, with_log(6, &[4]), true),
        ("older log", None, with_log(6, &[2, 2, 2]), false),
        ("shorter log", None, with_log(6, &[3]), false),
    ];
    for options in [PLAIN, THESIS, ETCD] {
        for (what, voted_for, request, granted) in &cases {
            let granted = *granted && options != PLAIN;
            let term = if granted { request.term } else { 5 };
            let peer = Peer::silent().says(100, request.clone());
            let disk = stable(5, *voted_for, &[3, 3]);
            let mut sim = among_with(options, disk, vec![peer, Peer::silent()]);
            run_to(&mut sim, 200);
            let expected = [(at(110), vote(term, granted))];
            assert_eq!(votes(&sim, S0), expected, "{what}, {options:?}");
        }
    }
}

/// Whoever has heard from a leader within the minimum election timeout refuses, and a leader
/// itself. For etcd that is the lease's business: it grants.
///
/// Reference: thesis 9.6, 4.2.3
#[test]
fn whoever_hears_a_leader_refuses_pre_votes() {
    for (options, refuses) in [(THESIS, true), (ETCD, false)] {
        // S2 leads term 5, and is heard at 110 ms. S0's timeout is at least 300 ms.
        let leader = Peer::silent().says(100, heartbeat(S2, 5));
        let peer = Peer::silent().says(399, pre_vote(6)).says(401, pre_vote(6));
        let mut sim = among_timed(Timing::LAB, options, Stable::default(), vec![peer, leader]);
        run_to(&mut sim, 420);
        let first = if refuses {
            vote(5, false)
        } else {
            vote(6, true)
        };
        let expected = [(at(409), first), (at(411), vote(6, true))];
        assert_eq!(votes(&sim, S0), expected, "{options:?}");

        let peer = devoted().says(500, pre_vote(2));
        let mut sim = among_with(options, Stable::default(), vec![peer, Peer::silent()]);
        run_to(&mut sim, 1_000);
        let answer = if refuses {
            vote(1, false)
        } else {
            vote(2, true)
        };
        assert_eq!(
            votes(&sim, S0),
            [(at(510), answer)],
            "a leader, {options:?}"
        );
        assert_eq!(shown(&sim, S0).last(), Some(&(340, Leader, 1)));
    }
}

/// In the term of its leader, a server that has not voted grants nothing by etcd's custom, either.
///
/// Reference: etcd, raft.go, 'canVote'
#[test]
fn in_etcd_whoever_knows_a_leader_needs_no_other_in_its_term() {
    let leader = Peer::silent().says(100, heartbeat(S2, 5));
    let peer = Peer::silent().says(150, pre_vote(5));
    let mut sim = among_with(ETCD, Stable::default(), vec![peer, leader]);
    run_to(&mut sim, 200);
    assert_eq!(votes(&sim, S0), [(at(160), vote(5, false))]);
}

/// A reply that comes late is told by the request that it answers: a pre-vote for an earlier term
/// does not help, and a pre-vote is no vote.
///
/// Reference: thesis 9.6
#[test]
fn late_pre_votes_do_not_count() {
    // Both are willing, but in term 1 only, and S1's answer takes its time.
    let willing =
        || Peer::silent().votes(|args| (args.pre_vote && args.term == 1).then(|| vote(1, true)));
    for millis in [200, 400] {
        let mut sim = among_with(THESIS, Stable::default(), vec![willing(), willing()]);
        slow(&mut sim, S1, millis);
        run_to(&mut sim, 900);
        let expected = [
            (0, Follower, 0),
            (300, PreCandidate, 0),
            (320, Candidate, 1),
            (620, PreCandidate, 1),
        ];
        assert_eq!(shown(&sim, S0), expected, "after {millis} ms");
    }
}

/// A pre-candidate follows a leader that it hears, and so it does a candidate that it votes for:
/// grants that come later are of no use.
///
/// Reference: thesis 9.6; section 5.2
#[test]
fn a_pre_candidate_gives_up_for_a_leader_or_a_vote() {
    for request in [Request::from(heartbeat(S1, 5)), request_vote(S1, 5).into()] {
        let peer = Peer::silent().says(305, request);
        let mut sim = among_with(THESIS, stable(5, None, &[]), vec![peer, devoted()]);
        slow(&mut sim, S2, 30);
        run_to(&mut sim, 600);
        let expected = [(0, Follower, 5), (300, PreCandidate, 5), (315, Follower, 5)];
        assert_eq!(shown(&sim, S0), expected);
        assert_eq!(deadline(&sim, S0), at(615));
    }
}

/// A server that is cut off keeps its term, and its return unseats nobody. In plain Raft its term
/// grows, and its return costs an election.
///
/// Reference: thesis 9.6
#[test]
fn a_server_that_comes_back_disturbs_nobody() {
    for options in [PLAIN, THESIS, ALL, ALL_ETCD] {
        for seed in 0..10 {
            let mut sim = cluster_with(options, 5, Timing::LAB, Faults::RELIABLE, seed);
            let (leader, term) = next_leader(&mut sim, 10_000).unwrap();
            run_to(&mut sim, 11_000);
            let away = ServerId::all(5).find(|&server| server != leader).unwrap();
            sim.isolate(away).unwrap();
            run_to(&mut sim, 30_000);
            let stays = options.pre_vote.is_some();
            assert_eq!(
                status(&sim, away).term == term,
                stays,
                "{options:?}, {seed}"
            );
            let back = sim.observer().len();
            sim.rejoin(away).unwrap();
            run_to(&mut sim, 40_000);
            assert_eq!(elections(&sim, back) == 0, stays, "{options:?}, {seed}");
            assert_eq!(leaders(&sim).len(), 1);
        }
    }
}

/// A server that is stuck in a newer term than the leader's gets no pre-votes, but it is freed: it
/// refuses the leader's heartbeat with its own term, and there is an election.
///
/// Reference: etcd, 'raft: fix a deadlock with PreVote' (#8501); Figure 2
#[test]
fn a_server_in_a_newer_term_is_freed() {
    for options in [THESIS, ETCD, CHECK_QUORUM, ALL, ALL_ETCD] {
        let mut sim = cluster_with(options, 3, Timing::LAB, Faults::RELIABLE, 3);
        let (leader, _) = next_leader(&mut sim, 10_000).unwrap();
        let stuck = ServerId::all(3).find(|&server| server != leader).unwrap();
        sim.crash(stuck).unwrap();
        sim.set_stable(stuck, stable(50, None, &[])).unwrap();
        sim.start(stuck).unwrap();
        run_to(&mut sim, 20_000);
        assert_eq!(leaders(&sim).len(), 1, "{options:?}");
        let term = status(&sim, stuck).term;
        assert!(term >= 51, "{options:?}");
        for server in ServerId::all(3) {
            assert_eq!(status(&sim, server).term, term, "{options:?}");
        }
    }
}
