//! A leader that is told of a newer term leads no longer.

use labrpc::{Happening, Seen};
use raftapi::{Features, Raft, Request, Time};

use super::heard::Heard;
use super::{Broken, Rule};
use crate::task::Task;

#[derive(Debug)]
pub(super) struct OldLeader(Heard);

impl OldLeader {
    pub fn new(features: Features, servers: usize) -> Self {
        OldLeader(Heard::new(features, servers))
    }
}

impl Rule for OldLeader {
    const NAME: &'static str = "an old leader leads no longer";
    const HINT: &'static str = "a leader that discovers a higher term, in a request or in a reply, \
                                becomes a follower at once and sends no more heartbeats (Raft paper, \
                                5.1 and Figure 4)";

    #[inline]
    fn observe(&mut self, at: Time, step: u64, seen: &Seen<'_, Raft>) -> Result<(), Broken> {
        let Happening::Sent {
            from,
            request: Request::AppendEntries(args),
            ..
        } = *seen
        else {
            self.0.observe(at, step, seen);
            return Ok(());
        };
        let Some(news) = self.0.above(from, args.term, at, step) else {
            return Ok(());
        };
        let sentence = format!(
            "{from} sent an AppendEntries of term {} at {at}, though a {} of {} had told it of term {} \
             at {}",
            args.term, news.message, news.from, news.term, news.at
        );
        Err(Broken(sentence, Some(Task::NewerTerms)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    /// S0 leads in term 2 and is asked for its vote in term 3; 100 ms later it sends a heartbeat,
    /// decided in this step.
    fn asked_in_step_7(beat: Event, step: u64) -> Result<(), Broken> {
        let mut rule = OldLeader::new(Features::PLAIN, 3);
        let first = beats(S0, S1, 2);
        rule.observe(Time::ZERO, 6, &first.as_ref())?;
        rule.observe(Time::from_millis(1), 7, &reaches(S0, S1, 3).as_ref())?;
        rule.observe(Time::from_millis(101), step, &beat.as_ref())
    }

    #[test]
    fn a_heartbeat_that_was_decided_before_may_leave_after() {
        assert_eq!(asked_in_step_7(beats(S0, S1, 2), 6), Ok(()));
        assert_eq!(asked_in_step_7(beats(S0, S1, 4), 9), Ok(()));
    }

    #[test]
    fn a_heartbeat_of_the_old_term_breaks_it() {
        let sentence = "S0 sent an AppendEntries of term 2 at 0.101 s, though a RequestVote of S1 had \
                        told it of term 3 at 0.001 s";
        assert_eq!(
            asked_in_step_7(beats(S0, S1, 2), 7),
            Err(Broken(sentence.to_string(), Some(Task::NewerTerms)))
        );
    }
}
