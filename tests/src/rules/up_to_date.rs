//! Nobody votes for a log that is less up-to-date than its own.

use labrpc::{Happening, Seen};
use raftapi::{Raft, Reply, Request, Time};

use super::logs::{LogEnd, Logs};
use super::{Broken, Rule};
use crate::task::Task;

#[derive(Debug)]
pub(super) struct UpToDate(Logs);

impl UpToDate {
    pub fn new(servers: usize) -> Self {
        UpToDate(Logs::new(servers))
    }
}

impl Rule for UpToDate {
    const NAME: &'static str = "votes go to up-to-date logs";
    const HINT: &'static str = "the election restriction: a voter denies its vote if its own log is \
                                more up-to-date; the later last term wins, and only of the same last \
                                term the longer log (Raft paper, 5.4.1)";

    #[inline]
    fn observe(&mut self, _: Time, _: u64, seen: &Seen<'_, Raft>) -> Result<(), Broken> {
        let Happening::Replied {
            from,
            to,
            request: Request::RequestVote(args),
            reply: Reply::RequestVote(reply),
            ..
        } = *seen
        else {
            self.0.observe(seen);
            return Ok(());
        };
        let theirs = LogEnd::said_in(args);
        let Some(own) = self.0.end(from).filter(|own| *own > theirs) else {
            return Ok(());
        };
        if !reply.vote_granted {
            return Ok(());
        }
        let kind = if args.pre_vote {
            "a pre-vote"
        } else {
            "its vote"
        };
        let sentence = format!(
            "{from} granted {to} {kind} in term {}: {to} has {theirs}, {from} {own}",
            args.term
        );
        Err(Broken(sentence, Some(Task::AnswerRequestVote)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    /// S1, whose log has these terms, grants S0 its vote, whose log has those.
    fn grants(own: &[u64], theirs: &[u64]) -> Vec<Event> {
        vec![
            starts_with_log(S0, theirs),
            starts_with_log(S1, own),
            answered(S1, vote_request_of(S0, 9, theirs), 9, true),
        ]
    }

    #[test]
    fn a_log_that_is_as_up_to_date_gets_the_vote() {
        for (own, theirs) in [(&[][..], &[][..]), (&[1, 1, 1], &[2]), (&[1], &[1, 1])] {
            assert_eq!(judge(&grants(own, theirs)), Ok(()));
        }
    }

    #[test]
    fn a_longer_log_of_an_older_term_does_not_nor_does_a_shorter_one_of_the_same() {
        let sentence = "S1 granted S0 its vote in term 9: S0 has a log that ends with index 3 of term \
                        1, S1 a log that ends with index 1 of term 2";
        assert_eq!(
            broken(&grants(&[2], &[1, 1, 1])),
            (UpToDate::NAME, sentence.to_string())
        );
        assert_eq!(broken(&grants(&[1], &[])).0, UpToDate::NAME);
    }
}
