//! A rule is tested both ways: a history that keeps it, and one that breaks it.

use labrpc::{Happening, Told};
use raftapi::*;

use super::{Checker, Violation};

pub const S0: ServerId = ServerId::new(0);
pub const S1: ServerId = ServerId::new(1);
pub const S2: ServerId = ServerId::new(2);

pub type Event = Told<Raft>;

/// Lets all rules watch this history of three servers, an event a millisecond, each in a step of
/// its own.
pub fn judge(events: &[Event]) -> Result<(), Violation> {
    judge_with(&[], events)
}

/// The same, with some servers played by hand.
pub fn judge_with(by_hand: &[ServerId], events: &[Event]) -> Result<(), Violation> {
    let mut checker = Checker::new(&Server::new(Timing::LAB, |_| ()), 3);
    for &server in by_hand {
        checker.by_hand(server);
    }
    for (step, event) in events.iter().enumerate() {
        let step = step as u64 + 1;
        checker.observe(Time::from_millis(step), step, &event.as_ref())?;
    }
    Ok(())
}

pub fn broken(events: &[Event]) -> (&'static str, String) {
    let violation = judge(events).expect_err("a rule is broken");
    (violation.rule, violation.sentence)
}

pub fn vote_request(from: ServerId, term: Term) -> RequestVote {
    RequestVote {
        term,
        candidate_id: from,
        last_log_index: 0,
        last_log_term: 0,
        pre_vote: false,
        leader_transfer: false,
    }
}

pub fn pre_vote_request(from: ServerId, term: Term) -> RequestVote {
    RequestVote {
        pre_vote: true,
        ..vote_request(from, term)
    }
}

/// The request of a candidate whose log has entries of these terms.
pub fn vote_request_of(from: ServerId, term: Term, log: &[Term]) -> RequestVote {
    RequestVote {
        last_log_index: log.len() as u64,
        last_log_term: log.last().copied().unwrap_or(0),
        ..vote_request(from, term)
    }
}

pub fn sent(from: ServerId, to: ServerId, request: impl Into<Request>) -> Event {
    Happening::Sent {
        message: 0,
        from,
        to,
        request: request.into(),
    }
}

pub fn delivered(to: ServerId, from: ServerId, request: impl Into<Request>) -> Event {
    Happening::RequestDelivered {
        message: 0,
        from,
        to,
        request: request.into(),
    }
}

pub fn asks(from: ServerId, to: ServerId, term: Term) -> Event {
    sent(from, to, vote_request(from, term))
}

/// The RequestVote that `from` sent in `term` reaches `to`.
pub fn reaches(to: ServerId, from: ServerId, term: Term) -> Event {
    delivered(to, from, vote_request(from, term))
}

/// `from` answers this RequestVote.
pub fn answered(from: ServerId, request: RequestVote, term: Term, vote_granted: bool) -> Event {
    Happening::Replied {
        message: 1,
        answers: 0,
        from,
        to: request.candidate_id,
        request: request.into(),
        reply: VoteReply { term, vote_granted }.into(),
    }
}

/// `from` answers the RequestVote that `to` had sent in `term`.
pub fn answers(from: ServerId, to: ServerId, term: Term, vote_granted: bool) -> Event {
    answered(from, vote_request(to, term), term, vote_granted)
}

/// `to` hears the answer of `from` to this RequestVote.
pub fn heard(
    to: ServerId,
    from: ServerId,
    request: RequestVote,
    term: Term,
    vote_granted: bool,
) -> Event {
    Happening::ReplyDelivered {
        message: 1,
        from,
        to,
        request: request.into(),
        reply: VoteReply { term, vote_granted }.into(),
    }
}

/// `to` hears the answer of `from` to its RequestVote of this term, which is of that term.
pub fn hears(to: ServerId, from: ServerId, term: Term, vote_granted: bool) -> Event {
    heard(to, from, vote_request(to, term), term, vote_granted)
}

/// `to` hears that `from`, which is in a newer term, refuses its vote.
pub fn refuses(to: ServerId, from: ServerId, asked: Term, term: Term) -> Event {
    heard(to, from, vote_request(to, asked), term, false)
}

pub fn heartbeat(from: ServerId, term: Term) -> AppendEntries {
    AppendEntries {
        term,
        leader_id: from,
        prev_log_index: 0,
        prev_log_term: 0,
        entries: Vec::new(),
        leader_commit: 0,
    }
}

pub fn beats(from: ServerId, to: ServerId, term: Term) -> Event {
    sent(from, to, heartbeat(from, term))
}

/// An AppendEntries with an entry in it reaches `to`.
pub fn sends_entries(to: ServerId, from: ServerId, term: Term) -> Event {
    let entries = log(&[term]);
    let request = AppendEntries {
        entries,
        ..heartbeat(from, term)
    };
    delivered(to, from, request)
}

fn log(terms: &[Term]) -> Vec<Entry> {
    let command = String::new;
    let entry = |&term| Entry {
        term,
        command: command(),
    };
    terms.iter().map(entry).collect()
}

/// A server starts in term 0 with entries of these terms in its log.
pub fn starts_with_log(server: ServerId, terms: &[Term]) -> Event {
    Happening::Started {
        server,
        start: 0,
        stable: Stable {
            log: log(terms),
            ..Stable::default()
        },
    }
}

pub fn persists_log(server: ServerId, current_term: Term, terms: &[Term]) -> Event {
    Happening::Persisted {
        server,
        stable: Stable {
            current_term,
            voted_for: None,
            log: log(terms),
        },
    }
}

pub fn publishes(server: ServerId, term: Term, role: Role) -> Event {
    Happening::Published {
        server,
        status: Status::new(term, role),
    }
}

pub fn persists(server: ServerId, current_term: Term, voted_for: Option<ServerId>) -> Event {
    Happening::Persisted {
        server,
        stable: Stable {
            current_term,
            voted_for,
            log: Vec::new(),
        },
    }
}

pub fn crashes(server: ServerId) -> Event {
    Happening::Crashed { server }
}

/// S0 is elected in `term` with the vote of S1, as it should be.
pub fn election(term: Term) -> Vec<Event> {
    vec![
        persists(S0, term, Some(S0)),
        publishes(S0, term, Role::Candidate),
        asks(S0, S1, term),
        asks(S0, S2, term),
        persists(S1, term, Some(S0)),
        answers(S1, S0, term, true),
        hears(S0, S1, term, true),
        publishes(S0, term, Role::Leader),
        beats(S0, S1, term),
        beats(S0, S2, term),
    ]
}

#[test]
fn an_ordinary_election_breaks_no_rule() {
    let mut events = election(1);
    events.push(crashes(S0));
    events.extend(election(2));
    assert_eq!(judge(&events), Ok(()));
}

#[test]
fn a_server_that_is_played_by_hand_is_not_judged_but_its_votes_count() {
    let events = [
        asks(S0, S1, 1),
        answers(S1, S2, 1, true),
        answers(S1, S0, 1, true),
        beats(S1, S2, 1),
        hears(S0, S1, 1, true),
        publishes(S0, 1, Role::Leader),
    ];
    assert_eq!(judge_with(&[S1], &events), Ok(()));
    assert_eq!(broken(&events).0, "one vote per server and term");
}
