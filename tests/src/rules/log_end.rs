//! A candidate tells the true end of its log.

use labrpc::{Happening, Seen};
use raftapi::{Raft, Request, Time};

use super::logs::{LogEnd, Logs};
use super::{Broken, Rule};
use crate::task::Task;

#[derive(Debug)]
pub(super) struct TrueLogEnd(Logs);

impl TrueLogEnd {
    pub fn new(servers: usize) -> Self {
        TrueLogEnd(Logs::new(servers))
    }
}

impl Rule for TrueLogEnd {
    const NAME: &'static str = "a candidate tells the true end of its log";
    const HINT: &'static str = "last_log_index and last_log_term are those of the candidate's last \
                                entry, both 0 if its log is empty (Raft paper, Figure 2 and 5.4.1); \
                                the log comes back from the disk with the rest";

    #[inline]
    fn observe(&mut self, _: Time, _: u64, seen: &Seen<'_, Raft>) -> Result<(), Broken> {
        let Happening::Sent {
            from,
            request: Request::RequestVote(args),
            ..
        } = *seen
        else {
            self.0.observe(seen);
            return Ok(());
        };
        let said = LogEnd::said_in(args);
        match self.0.end(from) {
            Some(end) if end != said => {
                let sentence = format!(
                    "{from} asks for votes in term {} as if it had {said} (last_log_term {}), and has \
                     {end}",
                    args.term, said.term
                );
                Err(Broken(sentence, Some(Task::Campaign)))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    fn asks_with(log: &[u64], said: &[u64]) -> [Event; 2] {
        let request = vote_request_of(S0, 1, said);
        [starts_with_log(S0, log), sent(S0, S1, request)]
    }

    #[test]
    fn the_truth_keeps_it() {
        assert_eq!(judge(&asks_with(&[], &[])), Ok(()));
        assert_eq!(judge(&asks_with(&[1, 3], &[1, 3])), Ok(()));
    }

    #[test]
    fn anything_else_breaks_it() {
        for said in [&[][..], &[1], &[2, 2], &[3, 3, 3]] {
            let (rule, _) = broken(&asks_with(&[1, 3], said));
            assert_eq!(rule, TrueLogEnd::NAME);
        }
    }
}
