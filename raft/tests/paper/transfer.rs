//! Thesis 3.10: a leader hands its leadership over.

use std::sync::Arc;

use labrpc::{Faults, Happening, Run};
use raft::Options;
use raftapi::{
    Context, Reply, Request, Role, ServerId, Stable, Term, TimeoutNow, Timing, TransferLeadership,
    TransferReply,
};

use crate::help::*;
use crate::options::*;

use Role::{Candidate, Follower, Leader};

/// S0 has won term 1 at 320 ms, sends heartbeats at 320, 420, 520, ... and has the answers 20 ms
/// later.
const WINS: [(u64, Role, u64); 3] = [(0, Follower, 0), (300, Candidate, 1), (320, Leader, 1)];

/// Asks for the leadership.
fn ask(term: Term) -> TransferLeadership {
    TransferLeadership { term }
}

/// S1, the leader of this term, wants S0 to campaign.
fn timeout_now(term: Term) -> TimeoutNow {
    TimeoutNow {
        term,
        leader_id: S1,
    }
}

/// What S0 has answered about transfers: when, to whom, its term, whether it accepts.
fn answers(sim: &Sim) -> Vec<(u64, ServerId, Term, bool)> {
    let mut found = Vec::new();
    for record in sim.observer() {
        if let Happening::Replied {
            from: S0,
            to,
            reply: Reply::Transfer(TransferReply { term, accepted }),
            ..
        } = &record.what
        {
            found.push((record.at.as_nanos() / 1_000_000, *to, *term, *accepted));
        }
    }
    found
}

/// To whom S0 has sent TimeoutNow, and when.
fn told(sim: &Sim) -> Vec<(u64, ServerId)> {
    let timeout_now = |sent: Sent| match sent.request {
        Request::TimeoutNow(args) => {
            assert_eq!((args.term, args.leader_id), (1, S0));
            Some((sent.at.as_nanos() / 1_000_000, sent.to))
        }
        _ => None,
    };
    sent(sim, S0).into_iter().filter_map(timeout_now).collect()
}

/// When S0 has sent heartbeats to S1.
fn heartbeats(sim: &Sim) -> Vec<u64> {
    let to_s1 = |sent: &Sent| sent.to == S1 && matches!(sent.request, Request::AppendEntries(_));
    let sent = sent(sim, S0).into_iter().filter(to_s1);
    sent.map(|sent| sent.at.as_nanos() / 1_000_000).collect()
}

/// S0 with leadership transfer, among these, until this time.
fn run_among(peers: Vec<Peer>, millis: u64) -> Sim {
    let mut sim = among_with(TRANSFER, Stable::default(), peers);
    run_to(&mut sim, millis);
    sim
}

/// A peer that votes, but whose log is behind.
fn behind() -> Peer {
    Peer::loyal().answers(|args| Some(append_reply(args.term, false)))
}

// ---- the leader ----

/// A leader that knows that the other's log is up to date tells it to campaign at once. It leads on
/// until it hears of the newer term.
///
/// Reference: thesis 3.10
#[test]
fn a_leader_hands_over_at_once() {
    let sim = run_among(vec![devoted().says(370, ask(1)), devoted()], 1_000);
    assert_eq!(answers(&sim), [(380, S1, 1, true)]);
    assert_eq!(told(&sim), [(380, S1)]);
    assert_eq!(heartbeats(&sim), [320, 420, 520, 620, 720, 820, 920]);
    assert_eq!(shown(&sim, S0), WINS);
}

/// One that does not know sends it a heartbeat at once, and waits for its answer.
///
/// Reference: thesis 3.10
#[test]
fn a_leader_hands_over_when_the_log_is_up_to_date() {
    let sim = run_among(vec![devoted().says(315, ask(1)), devoted()], 415);
    assert_eq!(answers(&sim), [(325, S1, 1, true)]);
    assert_eq!(heartbeats(&sim), [320, 325]);
    assert_eq!(
        told(&sim),
        [(340, S1)],
        "by the first heartbeat's answer, and once"
    );
}

/// To a server whose log is behind, a leader does not hand over. After the minimum election timeout
/// it gives up, and another server may ask.
///
/// Reference: thesis 3.10
#[test]
fn a_transfer_is_given_up_after_an_election_timeout() {
    for (millis, accepted) in [(649, false), (650, true)] {
        let asks = behind().says(350, ask(1));
        let other = devoted().says(millis, ask(1));
        let sim = run_among(vec![asks, other], 1_000);
        let expected = [(360, S1, 1, true), (millis + LINK, S2, 1, accepted)];
        assert_eq!(answers(&sim), expected);
        let expected = accepted.then_some((millis + LINK, S2));
        assert_eq!(told(&sim), Vec::from_iter(expected));
    }
}

/// What comes too late is of no use: the log is up to date only when the transfer is given up.
///
/// Reference: thesis 3.10
#[test]
fn a_transfer_that_was_given_up_is_over() {
    let mut sim = among_with(
        TRANSFER,
        Stable::default(),
        vec![devoted().says(315, ask(1)), devoted()],
    );
    run_to(&mut sim, 318);
    sim.cut(S0, S1).unwrap();
    run_to(&mut sim, 600);
    sim.heal(S0, S1).unwrap();
    run_to(&mut sim, 2_000);
    assert_eq!(answers(&sim), [(325, S1, 1, true)]);
    // Heartbeats of 320 to 520 ms are lost, that of 620 ms is answered at 640 ms: 15 ms too late.
    assert_eq!(told(&sim), []);
}

/// One transfer at a time. The same server may ask again, which gives it no more time: what it was
/// sent is sent again.
///
/// Reference: thesis 3.10; etcd, which lets the other take its place
#[test]
fn a_leader_hands_over_to_one_at_a_time() {
    let asks = devoted().says(350, ask(1)).says(450, ask(1));
    let other = devoted().says(400, ask(1)).says(655, ask(1));
    let sim = run_among(vec![asks, other], 1_000);
    let expected = [
        (360, S1, 1, true),
        (410, S2, 1, false),
        (460, S1, 1, true),
        (665, S2, 1, true),
    ];
    assert_eq!(answers(&sim), expected);
    assert_eq!(told(&sim), [(360, S1), (460, S1), (665, S2)]);
}

/// Who does not lead the term of the request refuses, with its own term. A newer term is taken
/// over. Plain Raft answers nothing.
///
/// Reference: thesis 3.10; section 5.1
#[test]
fn who_does_not_lead_refuses() {
    let cases = [(3, (5, false)), (5, (5, false)), (7, (7, false))];
    for (term, (answer, accepted)) in cases {
        let peers = || vec![Peer::silent().says(100, ask(term)), Peer::silent()];
        let mut sim = among_with(TRANSFER, stable(5, None, &[]), peers());
        run_to(&mut sim, 200);
        assert_eq!(answers(&sim), [(110, S1, answer, accepted)], "a follower");

        let mut sim = among_with(PLAIN, stable(5, None, &[]), peers());
        run_to(&mut sim, 200);
        assert_eq!(answers(&sim), []);
    }
    let sim = run_among(vec![devoted().says(400, ask(0)), devoted()], 500);
    assert_eq!(
        answers(&sim),
        [(410, S1, 1, false)],
        "a leader, an old term"
    );
    let sim = run_among(vec![devoted().says(400, ask(2)), devoted()], 500);
    assert_eq!(
        answers(&sim),
        [(410, S1, 2, false)],
        "a leader, a newer term"
    );
    assert_eq!(shown(&sim, S0).last(), Some(&(410, Follower, 2)));
}

// ---- the next leader ----

/// The requests for votes that S0 has sent: when, term, pre-vote, leader's wish.
fn asked(sim: &Sim) -> Vec<(u64, Term, bool, bool)> {
    let request = |sent: Sent| match sent.request {
        Request::RequestVote(args) => {
            let at = sent.at.as_nanos() / 1_000_000;
            Some((at, args.term, args.pre_vote, args.leader_transfer))
        }
        _ => None,
    };
    sent(sim, S0).into_iter().filter_map(request).collect()
}

/// Who is told to campaign does so at once, as if its election timer had run out, whatever it is.
/// It asks nobody first, and says that the leader wants it.
///
/// Reference: thesis 3.10, 4.2.3
#[test]
fn timeout_now_is_an_election_timeout() {
    for options in [TRANSFER, ALL, ALL_ETCD] {
        for term in [5, 6] {
            let peer = Peer::silent().says(100, timeout_now(term));
            let peers = vec![peer, Peer::silent()];
            let mut sim = among_with(options, stable(5, Some(S1), &[]), peers);
            run_to(&mut sim, 400);
            let expected = [(0, Follower, 5), (110, Candidate, term + 1)];
            assert_eq!(shown(&sim, S0), expected, "{options:?}");
            assert_eq!(asked(&sim), [(110, term + 1, false, true); 2]);
            assert_eq!(answers(&sim), [(110, S1, term + 1, true)]);
            assert_eq!(sim.stable(S0), &stable(term + 1, Some(S0), &[]));
            assert_eq!(deadline(&sim, S0), at(410));
        }
    }
}

/// The election after that is one of its own again.
///
/// Reference: thesis 3.10, 4.2.3
#[test]
fn only_the_leader_s_election_is_by_its_wish() {
    let peer = Peer::silent().says(100, timeout_now(5));
    let mut sim = among_with(TRANSFER, stable(5, None, &[]), vec![peer, Peer::silent()]);
    run_to(&mut sim, 500);
    let expected = [[(110, 6, false, true); 2], [(410, 7, false, false); 2]].concat();
    assert_eq!(asked(&sim), expected);
}

/// A TimeoutNow of an old term is refused, and a leader refuses any of its own.
///
/// Reference: thesis 3.10; section 5.1
#[test]
fn a_stale_timeout_now_is_refused() {
    let peers = vec![Peer::silent().says(100, timeout_now(4)), Peer::silent()];
    let mut sim = among_with(TRANSFER, stable(5, None, &[]), peers);
    run_to(&mut sim, 200);
    assert_eq!(answers(&sim), [(110, S1, 5, false)]);
    assert_eq!(shown(&sim, S0), [(0, Follower, 5)]);
    assert_eq!(deadline(&sim, S0), at(300));

    let sim = run_among(vec![devoted().says(400, timeout_now(1)), devoted()], 500);
    assert_eq!(answers(&sim), [(410, S1, 1, false)]);
    assert_eq!(shown(&sim, S0), WINS);
}

// ---- whole clusters ----

/// The reference, but a server that restarts asks all others for the leadership.
fn eager(options: Options, seed: u64) -> Sim {
    let reference = raft::server_with(Timing::LAB, options).run;
    let run = Arc::new(move |ctx: &Context<'_>| {
        let term = ctx.restore().current_term;
        if term > 0 {
            for peer in ctx.peers() {
                ctx.call(peer, ask(term));
            }
        }
        reference(ctx);
    });
    started(
        vec![run; 5],
        Faults::RELIABLE,
        seed,
        vec![Stable::default(); 5],
    )
}

/// Within a few round trips the server that asks leads the next term, though all others hear a
/// leader.
///
/// Reference: thesis 3.10, 4.2.3
#[test]
fn the_leadership_goes_over() {
    for options in [TRANSFER, ALL, ALL_ETCD] {
        for seed in 0..20 {
            let mut sim = eager(options, seed);
            let (leader, term) = next_leader(&mut sim, 10_000).unwrap();
            run_to(&mut sim, 11_000);
            let asks = ServerId::all(5).find(|&server| server != leader).unwrap();
            sim.crash(asks).unwrap();
            sim.start(asks).unwrap();
            let next = next_leader(&mut sim, 250);
            assert_eq!(next, Some((asks, term + 1)), "{options:?}, {seed}");
            run_to(&mut sim, 20_000);
            assert_eq!(leaders(&sim), [asks], "{options:?}, {seed}");
        }
    }
}
