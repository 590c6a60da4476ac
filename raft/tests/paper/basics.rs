//! Section 5.1: roles, terms, RPCs.

use std::collections::BTreeMap;

use labrpc::{Delay, Faults, Happening, Run};
use raft::Timer;
use raftapi::{Request, Role, ServerId, Status, Term, Timing};

use crate::help::*;

/// How many storms a rule must hold in.
const STORMS: u64 = 10;

/// Five servers go on when two have failed, and not when three have.
///
/// Reference: section 5.1
#[test]
fn five_servers_stand_two_failures_and_no_more() {
    let mut sim = cluster(5, Timing::LAB, Faults::RELIABLE, 0);
    for failed in 0..5 {
        let leader = next_leader(&mut sim, 5_000);
        assert_eq!(leader.is_some(), failed <= 2, "with {failed} failed");
        let next = ServerId::all(5).find(|&server| sim.is_up(server));
        sim.crash(leader.map_or(next.unwrap(), |(leader, _)| leader))
            .unwrap();
    }
}

/// When nothing is wrong there is one leader, and all the others are its followers.
///
/// Reference: section 5.1
#[test]
fn normally_one_server_leads_and_all_others_follow() {
    for seed in 0..20 {
        let mut sim = cluster(5, Timing::LAB, Faults::RELIABLE, seed);
        let (leader, term) = next_leader(&mut sim, 10_000).unwrap();
        let elected = sim.now();
        run_to(&mut sim, 20_000);
        for server in ServerId::all(5) {
            let role = match server == leader {
                true => Role::Leader,
                false => Role::Follower,
            };
            let shown = statuses(&sim, server);
            let (since, last) = shown[shown.len() - 1];
            assert_eq!(last, Status::new(term, role), "{server}, seed {seed}");
            assert!(since <= elected, "{server}, seed {seed}");
        }
    }
}

/// A server is a follower, a candidate or a leader, and goes from one to the other as Figure 4 has
/// it; when it starts, it is a follower.
///
/// Reference: section 5.1; Figure 4
#[test]
fn a_server_has_one_of_three_roles_and_changes_it_as_in_figure_4() {
    use Role::{Candidate, Follower, Leader};
    let mut moves = BTreeMap::new();
    for seed in 0..STORMS {
        let sim = storm(seed, Delay::ZERO);
        let mut shown: [Option<Status>; 5] = [None; 5];
        for record in sim.observer() {
            match record.what {
                Happening::Started { server, .. } => shown[server.index()] = None,
                Happening::Published { server, status: to } => {
                    let Some(from) = shown[server.index()].replace(to) else {
                        assert_eq!(to.role, Follower, "{record:?}, seed {seed}");
                        continue;
                    };
                    let (name, legal) = match (from.role, to.role) {
                        (Follower, Follower) => ("newer term", to.term > from.term),
                        (Follower, Candidate) => ("times out", to.term == from.term + 1),
                        (Candidate, Candidate) => ("times out again", to.term == from.term + 1),
                        (Candidate, Leader) => ("wins", to.term == from.term),
                        (Candidate, Follower) => ("loses", to.term >= from.term),
                        (Leader, Follower) => ("steps down", to.term > from.term),
                        _ => ("", false),
                    };
                    assert!(legal, "{record:?} after {from:?}, seed {seed}");
                    *moves.entry(name).or_insert(0) += 1;
                }
                _ => {}
            }
        }
    }
    assert_eq!(moves.len(), 6, "storms without some moves: {moves:?}");
}

/// A follower asks for nothing. It answers leaders and candidates, each request once.
///
/// Reference: section 5.1
#[test]
fn a_follower_only_answers() {
    let mut leader = Peer::silent();
    let mut candidate = Peer::silent();
    for round in 1..=50 {
        leader = leader.says(200 * round, heartbeat(S1, 1));
        candidate = candidate.says(200 * round + 100, request_vote(S2, 1));
    }
    let mut sim = among(Timing::LAB, stable(0, None, &[]), vec![leader, candidate]);
    run_to(&mut sim, 10_150);
    assert_eq!(status(&sim, S0), Status::new(1, Role::Follower));
    assert!(sent(&sim, S0).is_empty());
    assert_eq!(append_replies(&sim, S0).len(), 50);
    assert_eq!(votes(&sim, S0).len(), 50);
}

/// Terms are counted with whole numbers, and an election opens the next one.
///
/// Reference: section 5.1
#[test]
fn an_election_opens_the_next_term() {
    for term in [0, 1, 41] {
        let mut core = in_role(Role::Follower, term);
        for next in term + 1..term + 4 {
            let (request, _) = core.campaign();
            assert_eq!((request.term, core.current_term()), (next, next));
        }
    }
}

/// There is no other way for a term to begin: before anybody else knows of it, a server is in it
/// that votes for itself, and that was in the term before.
///
/// Reference: section 5.1
#[test]
fn each_term_begins_with_an_election() {
    for seed in 0..STORMS {
        let sim = storm(seed, Delay::ZERO);
        let mut newest = 0;
        for record in sim.observer() {
            if let Happening::Persisted { server, stable } = &record.what
                && stable.current_term > newest
            {
                assert_eq!(stable.current_term, newest + 1, "{record:?}, seed {seed}");
                assert_eq!(stable.voted_for, Some(*server), "{record:?}, seed {seed}");
                newest = stable.current_term;
            }
        }
        assert!(newest > 10, "seed {seed}: a storm without elections");
    }
}

/// Whoever wins an election leads until the term is over: nothing of that term or an older one
/// makes it anything else.
///
/// Reference: section 5.1
#[test]
fn the_winner_leads_for_the_rest_of_the_term() {
    let mut core = in_role(Role::Leader, 5);
    for heard in (1..=5).flat_map(each_message) {
        let timer = hear(&mut core, &heard);
        assert_eq!(core.status(), Status::new(5, Role::Leader), "{heard:?}");
        assert_eq!(timer, Timer::Keep, "{heard:?}");
    }
}

/// When a vote is split, nobody leads that term, and a new one begins before long: four servers,
/// two votes for each of two candidates.
///
/// Reference: section 5.1
#[test]
fn a_term_with_a_split_vote_has_no_leader_and_the_next_begins_soon() {
    let rival = || Peer::silent().votes(|args| Some(vote(args.term, args.term > 1)));
    let peers = vec![rival(), Peer::loyal(), rival()];
    let mut sim = among(Timing::LAB, stable(0, None, &[]), peers);
    let leader = next_leader(&mut sim, 5_000);
    assert_eq!(leader, Some((S0, 2)));
    let story: Vec<Status> = statuses(&sim, S0).into_iter().map(|s| s.1).collect();
    let expected = [
        Status::new(0, Role::Follower),
        Status::new(1, Role::Candidate),
        Status::new(2, Role::Candidate),
        Status::new(2, Role::Leader),
    ];
    assert_eq!(story, expected);
    let elections = campaigns(&sim, S0);
    assert!(elections[1].0 - elections[0].0 <= Timing::LAB.election_timeout_max());
}

/// No term has two leaders.
///
/// Reference: section 5.1
#[test]
fn a_term_has_one_leader_at_most() {
    let mut elected = 0;
    for seed in 0..5 * STORMS {
        let sim = storm(seed, Delay::ZERO);
        let mut leaders: BTreeMap<Term, ServerId> = BTreeMap::new();
        for record in sim.observer() {
            if let Happening::Published { server, status } = record.what
                && status.role == Role::Leader
            {
                let leader = *leaders.entry(status.term).or_insert(server);
                assert_eq!(leader, server, "{record:?}, seed {seed}");
            }
        }
        elected += leaders.len();
    }
    assert!(elected > 20, "storms with {elected} leaders");
}

/// A server may miss an election, and even whole terms.
///
/// Reference: section 5.1
#[test]
fn a_server_may_miss_whole_terms() {
    let peer = Peer::silent()
        .says(100, heartbeat(S1, 1))
        .says(200, heartbeat(S1, 2))
        .says(300, heartbeat(S1, 7));
    let mut sim = among(FIXED, stable(0, None, &[]), vec![peer, Peer::silent()]);
    run_to(&mut sim, 400);
    let terms: Vec<Term> = statuses(&sim, S0).iter().map(|s| s.1.term).collect();
    assert_eq!(terms, [0, 1, 2, 7]);
}

/// A term tells what is out of date, such as a leader that has been replaced without knowing it.
///
/// Reference: section 5.1
#[test]
fn a_leader_that_has_been_replaced_is_told_by_its_term() {
    for seed in 0..20 {
        let mut sim = cluster(3, Timing::LAB, Faults::RELIABLE, seed);
        let (old, old_term) = next_leader(&mut sim, 10_000).unwrap();
        sim.isolate(old).unwrap();
        let (new, new_term) = next_leader(&mut sim, 10_000).unwrap();
        assert!(new != old && new_term > old_term, "seed {seed}");
        assert_eq!(status(&sim, old), Status::new(old_term, Role::Leader));
        sim.rejoin(old).unwrap();
        let back = sim.now() + Timing::LAB.heartbeat_interval();
        sim.advance_until(back, &mut |_| false).unwrap();
        assert_eq!(status(&sim, old), Status::new(new_term, Role::Follower));
        assert_eq!(leaders(&sim), [new], "seed {seed}");
    }
}

/// A server keeps a current term, which only ever grows, on its disk as in what it shows.
///
/// Reference: section 5.1
#[test]
fn the_current_term_only_grows() {
    for seed in 0..STORMS {
        let sim = storm(seed, Delay::ZERO);
        let mut terms: [Term; 5] = [0; 5];
        for record in sim.observer() {
            let (server, term) = match &record.what {
                Happening::Started { server, stable, .. }
                | Happening::Persisted { server, stable } => (server, stable.current_term),
                Happening::Published { server, status } => (server, status.term),
                _ => continue,
            };
            let before = std::mem::replace(&mut terms[server.index()], term);
            assert!(term >= before, "{record:?} after {before}, seed {seed}");
        }
    }
}

/// Whatever a server sends, its current term is in it.
///
/// Reference: section 5.1
#[test]
fn each_message_carries_the_current_term_of_its_sender() {
    for seed in 0..STORMS {
        let sim = storm(seed, Delay::ZERO);
        let mut terms: [Term; 5] = [0; 5];
        for record in sim.observer() {
            let (from, term) = match &record.what {
                Happening::Published { server, status } => {
                    terms[server.index()] = status.term;
                    continue;
                }
                Happening::Sent { from, request, .. } => (from, request.term()),
                Happening::Replied { from, reply, .. } => (from, reply.term()),
                _ => continue,
            };
            assert_eq!(term, terms[from.index()], "{record:?}, seed {seed}");
        }
    }
}

/// Of two terms that meet, the smaller one is given up for the larger: by each role, whatever the
/// message. An equal or a smaller term changes no term.
///
/// Reference: section 5.1; Figure 2
#[test]
fn the_smaller_term_is_given_up_for_the_larger() {
    for role in ROLES {
        for term in [4, 5, 6, 20] {
            for heard in each_message(term) {
                let mut core = in_role(role, 5);
                let _ = hear(&mut core, &heard);
                assert_eq!(core.current_term(), term.max(5), "a {role} and {heard:?}");
                if term > 5 {
                    let saved = core.take_unsaved().map(|stable| stable.current_term);
                    assert_eq!(saved, Some(term), "a {role} and {heard:?}");
                }
            }
        }
    }
}

/// A candidate or a leader that finds its term out of date is a follower at once.
///
/// Reference: section 5.1; Figure 2
#[test]
fn whoever_finds_its_term_out_of_date_is_a_follower() {
    for role in ROLES {
        for heard in each_message(6) {
            let mut core = in_role(role, 5);
            let _ = hear(&mut core, &heard);
            let follower = Status::new(6, Role::Follower);
            assert_eq!(core.status(), follower, "a {role} and {heard:?}");
        }
    }
}

/// A request of an old term is refused, by each role, and nothing else comes of it. The answer
/// carries the newer term.
///
/// Reference: section 5.1; Figure 2
#[test]
fn a_request_of_an_old_term_is_refused() {
    for role in ROLES {
        for term in [0, 1, 4] {
            let mut core = in_role(role, 5);
            let before = state(&core);
            let answer = core.answer_vote(&request_vote(S1, term));
            assert_eq!(answer, (vote(5, false), Timer::Keep), "{role}");
            let answer = core.answer_append(&heartbeat(S1, term));
            assert_eq!(answer, (append_reply(5, false), Timer::Keep), "{role}");
            assert_eq!(state(&core), before, "{role}");
        }
    }
}

/// Candidates send RequestVotes, leaders send AppendEntries, and nobody sends anything else.
///
/// Reference: section 5.1
#[test]
fn candidates_ask_for_votes_and_leaders_send_heartbeats() {
    for seed in 0..STORMS {
        let sim = storm(seed, Delay::ZERO);
        let mut roles = [Role::Follower; 5];
        for record in sim.observer() {
            match &record.what {
                Happening::Published { server, status } => roles[server.index()] = status.role,
                Happening::Sent { from, request, .. } => {
                    let sender = match request {
                        Request::RequestVote(_) => Role::Candidate,
                        Request::AppendEntries(_) => Role::Leader,
                        other => panic!("nobody transfers leadership: {other:?}"),
                    };
                    assert_eq!(roles[from.index()], sender, "{record:?}, seed {seed}");
                }
                _ => {}
            }
        }
    }
}

/// What is not answered is sent again, for as long as it takes: heartbeats after each interval,
/// requests for votes in the next election.
///
/// Reference: section 5.1
#[test]
fn what_is_not_answered_is_sent_again() {
    let deaf = || Peer::silent().votes(|args| (args.term > 10).then(|| vote(args.term, true)));
    let mut sim = among(FIXED, stable(0, None, &[]), vec![deaf(), deaf()]);
    run_to(&mut sim, 13_000);
    for peer in [S1, S2] {
        let requests = sent(&sim, S0);
        let to_peer: Vec<&Request> = requests
            .iter()
            .filter(|sent| sent.to == peer)
            .map(|sent| &sent.request)
            .collect();
        let (asked, led) = to_peer.split_at(11);
        for (request, term) in asked.iter().zip(1..) {
            assert_eq!(request, &&Request::RequestVote(request_vote(S0, term)));
        }
        // Elected at 3.320 s.
        assert_eq!(led.len(), 97);
        for request in led {
            assert_eq!(request, &&Request::AppendEntries(heartbeat(S0, 11)));
        }
    }
}

/// All requests of a round leave together: no server waits for the answer of one before it asks
/// the next.
///
/// Reference: section 5.1
#[test]
fn the_requests_of_a_round_leave_together() {
    let peers = vec![Peer::silent(), Peer::silent(), Peer::loyal(), Peer::loyal()];
    let mut sim = among(FIXED, stable(0, None, &[]), peers);
    run_to(&mut sim, 1_000);
    let requests = sent(&sim, S0);
    let rounds: Vec<_> = requests.chunks(4).collect();
    // At 300 ms for votes; from 320 ms on, heartbeats.
    assert_eq!(rounds.len(), 1 + 7);
    for round in rounds {
        let receivers: Vec<ServerId> = round.iter().map(|sent| sent.to).collect();
        assert_eq!(receivers, [S1, S2, S3, S4]);
        assert!(round.iter().all(|sent| sent.step == round[0].step));
    }
}
