//! A server votes at most once in a term, also through crashes.

use std::collections::{BTreeMap, BTreeSet};

use labrpc::{Happening, Seen};
use raftapi::{Raft, Reply, Request, ServerId, Term, Time};

use super::{Broken, Rule};
use crate::task::Task;

/// The votes that were cast: sending a RequestVote is a vote for oneself.
#[derive(Debug, Default)]
pub(super) struct OneVote {
    votes: BTreeMap<(ServerId, Term), (ServerId, Time)>,
    /// Who asked itself for its vote, in which terms: its answer to itself is its vote then.
    asked_themselves: BTreeSet<(ServerId, Term)>,
    crashes: Vec<(ServerId, Time)>,
}

impl Rule for OneVote {
    const NAME: &'static str = "one vote per server and term";
    const HINT: &'static str = "each server votes for at most one candidate in a term, a candidate for \
                                itself; voted_for is on stable storage before the grant leaves, and is \
                                cleared by a new term only (Raft paper, 5.2 and Figure 2)";

    #[inline]
    fn observe(&mut self, at: Time, _: u64, seen: &Seen<'_, Raft>) -> Result<(), Broken> {
        let (voter, candidate, term) = match *seen {
            Happening::Sent {
                from,
                to,
                request: Request::RequestVote(args),
                ..
            } if !args.pre_vote => {
                if to == from && self.asked_themselves.insert((from, args.term)) {
                    let own = self.votes.get(&(from, args.term));
                    if own.is_some_and(|&(candidate, _)| candidate == from) {
                        self.votes.remove(&(from, args.term));
                    }
                }
                if !self.asked_themselves.is_empty() {
                    return Ok(()); // one code for all: a crash may come before it asks itself
                }
                (from, from, args.term)
            }
            Happening::Replied {
                from,
                to,
                request: Request::RequestVote(args),
                reply: Reply::RequestVote(reply),
                ..
            } if reply.vote_granted && !args.pre_vote => (from, to, args.term),
            Happening::Crashed { server } => {
                self.crashes.push((server, at));
                return Ok(());
            }
            _ => return Ok(()),
        };
        let (first, when) = *self.votes.entry((voter, term)).or_insert((candidate, at));
        if first == candidate {
            return Ok(());
        }
        let crash = self
            .crashes
            .iter()
            .rev()
            .find(|c| c.0 == voter && c.1 >= when);
        let (between, task) = match crash {
            Some((_, crashed)) => {
                let text = format!(", with a crash between them at {crashed}");
                (text, Task::PersistAndRestart)
            }
            None => (String::new(), Task::AnswerRequestVote),
        };
        let sentence = format!(
            "{voter} voted twice in term {term}: for {first} at {when}, for {candidate} at {at}{between}"
        );
        Err(Broken(sentence, Some(task)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn the_same_vote_may_be_repeated_and_the_next_term_is_free() {
        let events = [
            answers(S1, S0, 1, true),
            answers(S1, S0, 1, true),
            answers(S1, S2, 1, false),
            answers(S1, S2, 2, true),
        ];
        assert_eq!(judge(&events), Ok(()));
    }

    #[test]
    fn who_asks_itself_has_not_voted_before_it_answers() {
        let late = [
            asks(S1, S0, 1),
            asks(S1, S1, 1),
            asks(S1, S2, 1),
            answers(S1, S0, 1, true),
            answers(S1, S1, 1, false),
        ];
        assert_eq!(judge(&late), Ok(()));
        let twice = [
            asks(S1, S1, 1),
            answers(S1, S0, 1, true),
            answers(S1, S1, 1, true),
        ];
        assert_eq!(broken(&twice).0, OneVote::NAME);
    }

    #[test]
    fn who_asks_itself_last_has_not_voted_when_a_crash_comes_before() {
        let events = [
            asks(S0, S1, 1),
            asks(S0, S0, 1),
            asks(S1, S0, 2),
            crashes(S1),
            answers(S1, S2, 2, true),
        ];
        assert_eq!(judge(&events), Ok(()));
        let asks_only_others = [asks(S1, S0, 2), crashes(S1), answers(S1, S2, 2, true)];
        assert_eq!(broken(&asks_only_others).0, OneVote::NAME);
    }

    #[test]
    fn two_votes_break_it_also_when_a_crash_lies_between() {
        let events = [
            answers(S1, S0, 1, true),
            crashes(S1),
            answers(S1, S2, 1, true),
        ];
        assert_eq!(
            broken(&events),
            (
                OneVote::NAME,
                "S1 voted twice in term 1: for S0 at 0.001 s, for S2 at 0.003 s, with a crash \
                 between them at 0.002 s"
                    .to_string()
            )
        );
    }

    #[test]
    fn a_candidate_that_grants_another_its_vote_breaks_it() {
        let events = [asks(S1, S0, 1), answers(S1, S0, 1, true)];
        assert_eq!(broken(&events).0, OneVote::NAME);
    }
}
