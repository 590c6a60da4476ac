//! A term is one that a server was told of, or campaigned in. (By how much a campaign raises the term
//! is left to the server: the paper says by one, and more does no harm.)

use labrpc::{Happening, Seen};
use raftapi::{Raft, Request, Role, Term, Time};

use super::{Broken, Rule};
use crate::task::Task;

#[derive(Debug)]
pub(super) struct TermSource(Vec<Option<Known>>);

/// The newest term that a server can know of, since its start.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// From its disk, by a message, or from its own campaigns.
    term: Term,
    /// In which it has said that it campaigns.
    campaigns: Term,
}

impl TermSource {
    pub fn new(servers: usize) -> Self {
        TermSource(vec![None; servers])
    }
}

impl Rule for TermSource {
    const NAME: &'static str = "a term comes from somewhere";
    const HINT: &'static str = "current_term changes in two ways: to a newer one in a request or reply, \
                                and when an election begins; a start brings it back from the disk as it \
                                was (Raft paper, 5.1 and Figure 2: candidates)";

    #[inline]
    fn observe(&mut self, _: Time, _: u64, seen: &Seen<'_, Raft>) -> Result<(), Broken> {
        let (server, told) = match *seen {
            Happening::RequestDelivered { to, request, .. } => (to, request.term()),
            Happening::ReplyDelivered { to, reply, .. } => (to, reply.term()),
            Happening::Started { server, stable, .. } => {
                self.0[server.index()] = Some(Known {
                    term: stable.current_term,
                    campaigns: 0,
                });
                return Ok(());
            }
            Happening::Crashed { server } => {
                self.0[server.index()] = None;
                return Ok(());
            }
            Happening::Sent {
                from,
                request: Request::RequestVote(args),
                ..
            } if !args.pre_vote => (from, args.term),
            Happening::Published { server, status } => match &mut self.0[server.index()] {
                Some(known) if status.role != Role::Follower => {
                    known.campaigns = known.campaigns.max(status.term);
                    return Ok(());
                }
                Some(known) if status.term > known.term.max(known.campaigns) => {
                    let sentence = format!(
                        "{server} is a follower of term {}, and the newest term that it can know of \
                         is {}",
                        status.term, known.term
                    );
                    return Err(Broken(sentence, Some(Task::NewerTerms)));
                }
                _ => return Ok(()),
            },
            _ => return Ok(()),
        };
        if let Some(known) = &mut self.0[server.index()] {
            known.term = known.term.max(told);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn the_next_term_and_one_that_it_was_told_of_keep_it() {
        let events = [
            starts_with_log(S0, &[]),
            asks(S0, S1, 1),
            asks(S0, S1, 2),
            reaches(S0, S1, 7),
            publishes(S0, 7, Role::Follower),
            asks(S0, S1, 8),
        ];
        assert_eq!(judge(&events), Ok(()));
    }

    #[test]
    fn a_term_that_comes_from_nowhere_breaks_it() {
        let events = [starts_with_log(S0, &[]), publishes(S0, 1, Role::Follower)];
        let (rule, sentence) = broken(&events);
        assert_eq!(rule, TermSource::NAME);
        assert!(sentence.starts_with("S0 is a follower of term 1, and "));
    }
}
