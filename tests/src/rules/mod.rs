//! Raft's rules, each checked at every event of a run, over its whole history.
//!
//! A rule watches what can be seen from outside: messages, stable state, published status. It
//! needs nothing of the server's code, and it judges what a server did, not what a poll happens to
//! find.

mod identity;
mod majority;
mod one_leader;
mod one_vote;
mod terms;

use labrpc::{Happening, Seen};
use raftapi::{Features, Raft, Request, Role, Server, ServerId, Term, Time, Timing};

use crate::task::Task;

/// A rule that every Raft server must keep.
trait Rule {
    /// Its name, in a few words.
    const NAME: &'static str;
    /// Where the paper states it, and what to look for in one's code.
    const HINT: &'static str;

    /// Looks at the next event.
    fn observe(&mut self, at: Time, seen: &Seen<'_, Raft>) -> Result<(), Broken>;
}

/// How a rule was broken: a sentence that says who broke it, and the evidence; and the task that it
/// most likely belongs to, unless that is an extra.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Broken(String, Option<Task>);

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule's name.
    pub rule: &'static str,
    /// Who broke it, and the evidence.
    pub sentence: String,
    /// Where the rule stands, and what to look for.
    pub hint: &'static str,
    /// The task of the lab that it most likely belongs to; none, if it is about an extra.
    pub task: Option<Task>,
}

/// All rules together.
#[derive(Debug)]
pub struct Checker {
    timing: Timing,
    features: Features,
    hands: Vec<ServerId>,
    identity: identity::Identity,
    terms: terms::TermsNeverFall,
    one_vote: one_vote::OneVote,
    majority: majority::Majority,
    one_leader: one_leader::OneLeader,
}

impl Checker {
    /// For a cluster of this many such servers, none of which has done anything yet.
    pub fn new(server: &Server, servers: usize) -> Checker {
        Checker {
            timing: server.timing,
            features: server.features,
            hands: Vec::new(),
            identity: identity::Identity,
            terms: terms::TermsNeverFall::new(servers),
            one_vote: one_vote::OneVote::default(),
            majority: majority::Majority::new(servers),
            one_leader: one_leader::OneLeader::new(servers),
        }
    }

    /// This server is played by hand: what it sends is judged by no rule.
    pub fn by_hand(&mut self, server: ServerId) {
        self.hands.push(server);
    }

    /// Looks at the next event.
    ///
    /// # Errors
    ///
    /// The first rule that it breaks.
    #[inline]
    pub fn observe(&mut self, at: Time, seen: &Seen<'_, Raft>) -> Result<(), Violation> {
        if let Happening::Sent { from, .. } | Happening::Replied { from, .. } = seen
            && self.hands.contains(from)
        {
            return Ok(());
        }
        check(&mut self.identity, at, seen)?;
        check(&mut self.terms, at, seen)?;
        check(&mut self.one_vote, at, seen)?;
        check(&mut self.majority, at, seen)?;
        check(&mut self.one_leader, at, seen)
    }
}

#[inline]
fn check<R: Rule>(rule: &mut R, at: Time, seen: &Seen<'_, Raft>) -> Result<(), Violation> {
    let broken = rule.observe(at, seen);
    broken.map_err(|Broken(sentence, task)| Violation {
        rule: R::NAME,
        sentence,
        hint: R::HINT,
        task,
    })
}

/// Who acts as the leader of which term: by saying so, or by sending AppendEntries.
#[inline]
fn acts_as_leader(seen: &Seen<'_, Raft>) -> Option<(ServerId, Term, &'static str)> {
    match *seen {
        Happening::Published { server, status } if status.role == Role::Leader => {
            Some((server, status.term, "says that it is leader"))
        }
        Happening::Sent {
            from,
            request: Request::AppendEntries(args),
            ..
        } => Some((from, args.term, "sends AppendEntries")),
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! A rule is tested both ways: a history that keeps it, and one that breaks it.

    use labrpc::{Happening, Told};
    use raftapi::*;

    use super::{Checker, Violation};

    pub const S0: ServerId = ServerId::new(0);
    pub const S1: ServerId = ServerId::new(1);
    pub const S2: ServerId = ServerId::new(2);

    pub type Event = Told<Raft>;

    /// Lets all rules watch this history of three servers, an event a millisecond.
    pub fn judge(events: &[Event]) -> Result<(), Violation> {
        let mut checker = Checker::new(&Server::new(Timing::LAB, |_| ()), 3);
        let mut at = Time::ZERO;
        for event in events {
            at += std::time::Duration::from_millis(1);
            checker.observe(at, &event.as_ref())?;
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

    pub fn asks(from: ServerId, to: ServerId, term: Term) -> Event {
        Happening::Sent {
            message: 0,
            from,
            to,
            request: vote_request(from, term).into(),
        }
    }

    /// The RequestVote that `from` sent in `term` reaches `to`.
    pub fn reaches(to: ServerId, from: ServerId, term: Term) -> Event {
        Happening::RequestDelivered {
            message: 0,
            from,
            to,
            request: vote_request(from, term).into(),
        }
    }

    /// `from` answers the RequestVote that `to` had sent in `term`.
    pub fn answers(from: ServerId, to: ServerId, term: Term, vote_granted: bool) -> Event {
        Happening::Replied {
            message: 1,
            answers: 0,
            from,
            to,
            request: vote_request(to, term).into(),
            reply: VoteReply { term, vote_granted }.into(),
        }
    }

    /// That answer arrives.
    pub fn hears(to: ServerId, from: ServerId, term: Term, vote_granted: bool) -> Event {
        Happening::ReplyDelivered {
            message: 1,
            from,
            to,
            request: vote_request(to, term).into(),
            reply: VoteReply { term, vote_granted }.into(),
        }
    }

    pub fn beats(from: ServerId, to: ServerId, term: Term) -> Event {
        Happening::Sent {
            message: 2,
            from,
            to,
            request: AppendEntries {
                term,
                leader_id: from,
                prev_log_index: 0,
                prev_log_term: 0,
                entries: Vec::new(),
                leader_commit: 0,
            }
            .into(),
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
}
