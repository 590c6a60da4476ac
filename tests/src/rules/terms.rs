//! A server's term never falls, not even through a crash.

use labrpc::{Happening, Seen};
use raftapi::{Raft, Request, Term, Time};

use super::{Broken, Rule};
use crate::task::Task;

#[derive(Debug)]
pub(super) struct TermsNeverFall {
    servers: Vec<Shown>,
}

/// The highest term that a server has shown.
#[derive(Clone, Copy, Debug, Default)]
struct Shown {
    term: Term,
    /// The same, of what a crash cannot take back: messages that left, writes that were done.
    for_good: Term,
    /// Whether it has shown nothing since its last crash.
    crashed: bool,
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
    fn observe(&mut self, _: Time, seen: &Seen<'_, Raft>) -> Result<(), Broken> {
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
            },
            Happening::Replied {
                from,
                request,
                reply,
                ..
            } => match request {
                Request::RequestVote(args) if args.pre_vote => return Ok(()),
                Request::RequestVote(_) => (from, reply.term(), true, "a RequestVote reply"),
                Request::AppendEntries(_) => (from, reply.term(), true, "an AppendEntries reply"),
            },
            Happening::Crashed { server } => {
                let shown = &mut self.servers[server.index()];
                shown.term = shown.for_good;
                shown.crashed = true;
                return Ok(());
            }
            _ => return Ok(()),
        };
        let shown = &mut self.servers[server.index()];
        if term < shown.term {
            let task = match shown.crashed {
                true => Task::PersistAndRestart,
                false => Task::NewerTerms,
            };
            let sentence = format!(
                "{server}'s term fell from {} to {term}, in {how}",
                shown.term
            );
            return Err(Broken(sentence, task));
        }
        shown.term = term;
        shown.crashed = false;
        if for_good {
            shown.for_good = term;
        }
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
        assert_eq!(
            broken(&[publishes(S1, 3, Role::Follower), answers(S1, S0, 2, false)]),
            fell
        );
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
