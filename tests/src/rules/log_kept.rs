//! What is on disk of the log is not lost.

use labrpc::{Happening, Seen};
use raftapi::{Raft, Time};

use super::logs::{LogEnd, Logs};
use super::{Broken, Rule};
use crate::task::Task;

#[derive(Debug)]
pub(super) struct LogKept(Logs);

impl LogKept {
    pub fn new(servers: usize) -> Self {
        LogKept(Logs::new(servers))
    }
}

impl Rule for LogKept {
    const NAME: &'static str = "a log is not lost";
    const HINT: &'static str = "the log is persistent state like term and vote, and is written with \
                                them: nobody takes entries away but a leader that sends others (Raft \
                                paper, Figure 2 and 5.3)";

    #[inline]
    fn observe(&mut self, _: Time, _: u64, seen: &Seen<'_, Raft>) -> Result<(), Broken> {
        if let Happening::Persisted { server, stable } = *seen {
            let written = LogEnd::of(stable);
            if let Some(had) = self.0.end(server).filter(|had| written < *had) {
                let sentence = format!("{server} had {had} on its disk, and wrote {written}");
                return Err(Broken(sentence, Some(Task::PersistAndRestart)));
            }
        }
        self.0.observe(seen);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn whoever_writes_the_log_with_the_rest_keeps_it() {
        let events = [starts_with_log(S0, &[1, 1]), persists_log(S0, 3, &[1, 1])];
        assert_eq!(judge(&events), Ok(()));
    }

    #[test]
    fn whoever_forgets_it_breaks_it() {
        let events = [starts_with_log(S0, &[1, 2]), persists(S0, 3, None)];
        let sentence =
            "S0 had a log that ends with index 2 of term 2 on its disk, and wrote an empty log";
        assert_eq!(broken(&events), (LogKept::NAME, sentence.to_string()));
    }

    #[test]
    fn a_leader_that_sends_entries_may_have_it_shortened() {
        let events = [
            starts_with_log(S0, &[1, 1]),
            sends_entries(S0, S1, 3),
            persists_log(S0, 3, &[1]),
        ];
        assert_eq!(judge(&events), Ok(()));
    }
}
