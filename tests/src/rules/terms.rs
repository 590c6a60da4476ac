//! A server's term never falls, not even through a crash.

use labrpc::{Happening, Seen};
use raftapi::{Raft, Reply, Request, ServerId, Term, Time};

use super::heard::LOOKS;
use super::unanswered::Unanswered;
use super::{Broken, Rule};
use crate::task::Task;

#[derive(Debug)]
pub(super) struct TermsNeverFall {
    servers: Vec<Shown>,
}

/// The highest term that a server has shown.
#[derive(Clone, Debug, Default)]
struct Shown {
    term: Term,
    /// The same, of what a crash cannot take back: messages that left, writes that were done.
    for_good: Term,
    /// What it showed before, and until when requests of that term may still leave.
    before: Vec<(Term, Time)>,
    /// Whether it has shown nothing since its last crash.
    crashed: bool,
    /// With the term that it was in when each came.
    unanswered: Unanswered,
}

impl TermsNeverFall {
    pub fn new(servers: usize) -> Self {
        TermsNeverFall {
            servers: vec![Shown::default(); servers],
        }
    }
}

impl Rule for TermsNeverFall {
    const NAME: &'static str = "a server's term never falls";
    const HINT: &'static str = "current_term increases monotonically, and is on stable storage before \
                                anything is sent or answered; replies carry the current term, requests \
                                of an older one are refused (Raft paper, 5.1 and Figure 2)";

    #[inline]
    fn observe(&mut self, at: Time, _: u64, seen: &Seen<'_, Raft>) -> Result<(), Broken> {
        let (server, term, for_good, how) = match *seen {
            Happening::Published { server, status } => (server, status.term, false, "a status"),
            Happening::Persisted { server, stable } => {
                (server, stable.current_term, true, "stable state")
            }
            Happening::Sent { from, request, .. } => match request {
                // A pre-vote speaks of a term that may never come.
                Request::RequestVote(args) if args.pre_vote => return Ok(()),
                Request::RequestVote(args) => (from, args.term, true, "a RequestVote"),
                Request::AppendEntries(args) => (from, args.term, true, "an AppendEntries"),
                Request::TransferLeadership(args) => {
                    (from, args.term, true, "a TransferLeadership")
                }
                Request::TimeoutNow(args) => (from, args.term, true, "a TimeoutNow"),
            },
            Happening::RequestDelivered { message, to, .. } => {
                let shown = &mut self.servers[to.index()];
                shown.unanswered.came(message, shown.term);
                return Ok(());
            }
            Happening::Replied {
                answers,
                from,
                request,
                reply,
                ..
            } => return self.check_reply(at, from, answers, request, reply),
            Happening::Crashed { server } => {
                let shown = &mut self.servers[server.index()];
                shown.term = shown.for_good;
                shown.before.clear();
                shown.crashed = true;
                shown.unanswered.clear();
                return Ok(());
            }
            _ => return Ok(()),
        };
        let shown = &mut self.servers[server.index()];
        if matches!(seen, Happening::Sent { .. }) && shown.may_still_send(term, at) {
            return Ok(());
        }
        if term < shown.term {
            let task = match shown.crashed {
                true => Task::PersistAndRestart,
                false => Task::NewerTerms,
            };
            let sentence = format!(
                "{server}'s term fell from {} to {term}, in {how}",
                shown.term
            );
            return Err(Broken(sentence, Some(task)));
        }
        shown.rise(term, at);
        shown.crashed = false;
        if for_good {
            shown.for_good = term;
        }
        Ok(())
    }
}

impl Shown {
    /// It has come to this term at the latest.
    fn rise(&mut self, term: Term, at: Time) {
        if term <= self.term {
            return;
        }
        self.before.retain(|&(_, until)| at <= until);
        self.before.push((self.term, at + LOOKS));
        self.term = term;
    }

    /// A request may leave a little later than it was decided, when the server has moved on: one
    /// that saves several changes at once sends then what they have led to. A crash loses it.
    fn may_still_send(&self, term: Term, at: Time) -> bool {
        let mut before = self.before.iter();
        before.any(|&(was, until)| was == term && at <= until)
    }
}

impl TermsNeverFall {
    /// A reply may leave later than it was decided, when the server has moved on: it is of the term
    /// in which the request came, or a later one. Who grants its vote is at least in the term of
    /// the request.
    fn check_reply(
        &mut self,
        at: Time,
        server: ServerId,
        answers: u64,
        request: &Request,
        reply: &Reply,
    ) -> Result<(), Broken> {
        let shown = &mut self.servers[server.index()];
        let came_in = shown.unanswered.answered(answers);
        let (name, adopted) = match (request, reply) {
            (Request::RequestVote(args), _) if args.pre_vote => return Ok(()),
            (Request::RequestVote(args), Reply::RequestVote(reply)) if reply.vote_granted => {
                ("a grant", args.term)
            }
            (Request::RequestVote(_), _) => ("a RequestVote reply", 0),
            (Request::AppendEntries(_), _) => ("an AppendEntries reply", 0),
            (Request::TransferLeadership(_) | Request::TimeoutNow(_), _) => {
                ("a reply about a transfer", 0)
            }
        };
        let term = reply.term();
        let least = came_in.max(adopted);
        if term < least {
            let sentence = format!("{server}'s term fell from {least} to {term}, in {name}");
            return Err(Broken(sentence, Some(Task::NewerTerms)));
        }
        shown.rise(term, at);
        shown.for_good = shown.for_good.max(term);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use raftapi::Role;

    #[test]
    fn a_reply_of_an_older_term_breaks_it() {
        let fell = (
            TermsNeverFall::NAME,
            "S1's term fell from 3 to 2, in a RequestVote reply".to_string(),
        );
        let events = [
            publishes(S1, 3, Role::Follower),
            reaches(S1, S0, 2),
            answers(S1, S0, 2, false),
        ];
        assert_eq!(broken(&events), fell);
    }

    #[test]
    fn a_reply_may_be_sent_when_the_server_has_moved_on() {
        let events = [
            reaches(S1, S0, 2),
            persists(S1, 3, None),
            publishes(S1, 3, Role::Follower),
            answers(S1, S0, 2, true),
            publishes(S1, 3, Role::Candidate),
        ];
        assert_eq!(judge(&events), Ok(()));
    }

    #[test]
    fn a_request_may_leave_shortly_after_the_server_has_moved_on() {
        let leaves = |term, after| {
            let mut rule = TermsNeverFall::new(3);
            for event in [
                publishes(S1, 3, Role::Candidate),
                publishes(S1, 5, Role::Follower),
                persists(S1, 5, None),
            ] {
                rule.observe(Time::ZERO, 0, &event.as_ref())?;
            }
            rule.observe(Time::from_millis(after), 0, &asks(S1, S0, term).as_ref())
        };
        assert_eq!(leaves(3, 3), Ok(()));
        assert!(leaves(3, 100).is_err());
        assert!(leaves(4, 3).is_err());
    }

    #[test]
    fn a_grant_of_an_older_term_than_the_request_s_breaks_it() {
        let mut grant = answers(S1, S0, 2, true);
        if let Happening::Replied { reply, .. } = &mut grant {
            *reply = raftapi::VoteReply {
                term: 1,
                vote_granted: true,
            }
            .into();
        }
        let sentence = "S1's term fell from 2 to 1, in a grant".to_string();
        assert_eq!(broken(&[grant]), (TermsNeverFall::NAME, sentence));
    }

    #[test]
    fn a_crash_takes_back_what_was_only_thought_but_not_what_was_said() {
        let thought = [
            publishes(S1, 3, Role::Candidate),
            crashes(S1),
            publishes(S1, 2, Role::Follower),
        ];
        assert_eq!(judge(&thought), Ok(()));
        let said = [
            asks(S1, S0, 3),
            crashes(S1),
            publishes(S1, 2, Role::Follower),
        ];
        assert_eq!(broken(&said).0, TermsNeverFall::NAME);
        let written = [persists(S1, 3, None), crashes(S1), persists(S1, 2, None)];
        assert_eq!(broken(&written).0, TermsNeverFall::NAME);
    }
}
