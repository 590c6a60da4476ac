//! AppendEntries speaks of entries that there are: who sends it has them, and so has who accepts it.

use labrpc::{Happening, Seen, ServerId};
use raftapi::{AppendEntries, Entry, Raft, Reply, Request, Term, Time};

use super::{Broken, Rule};
use crate::task::Task;

/// The terms of each server's entries, as its disk tells them; none if they are not known.
#[derive(Debug)]
pub(super) struct LogMatch(Vec<Option<Vec<Term>>>);

impl LogMatch {
    pub fn new(servers: usize) -> Self {
        LogMatch(vec![None; servers])
    }
}

impl Rule for LogMatch {
    const NAME: &'static str = "heartbeats tell the truth of logs";
    const HINT: &'static str = "prev_log_index and prev_log_term are those of an entry of the leader's log, or \
                                both 0, and leader_commit is 0 as nobody commits; success is only for a log \
                                that holds that entry (Raft paper, Figure 2: AppendEntries RPC; 5.3)";

    #[inline]
    fn observe(&mut self, _: Time, _: u64, seen: &Seen<'_, Raft>) -> Result<(), Broken> {
        match *seen {
            Happening::Started { server, stable, .. } | Happening::Persisted { server, stable } => {
                let known = self.0[server.index()].get_or_insert_default();
                known.clear();
                known.extend(stable.log.iter().map(|entry| entry.term));
                Ok(())
            }
            Happening::RequestDelivered {
                to,
                request: Request::AppendEntries(args),
                ..
            } if !args.entries.is_empty() => {
                self.0[to.index()] = None;
                Ok(())
            }
            Happening::Sent {
                from,
                request: Request::AppendEntries(args),
                ..
            } if !says_nothing(args) => self.check_sent(from, args),
            Happening::Replied {
                from,
                request: Request::AppendEntries(args),
                reply: Reply::AppendEntries(reply),
                ..
            } if reply.success && args.prev_log_index > 0 => {
                match self.0[from.index()].as_deref() {
                    Some(log) if !holds(log, args) => {
                        let sentence = format!(
                            "{from} accepted an AppendEntries that follows index {} of term {}, and its \
                             log of {} entries does not hold that",
                            args.prev_log_index,
                            args.prev_log_term,
                            log.len()
                        );
                        Err(Broken(sentence, Some(Task::Heartbeats)))
                    }
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

impl LogMatch {
    fn check_sent(&self, leader: ServerId, args: &AppendEntries) -> Result<(), Broken> {
        let Some(log) = self.0[leader.index()].as_deref() else {
            return Ok(());
        };
        // Entries of earlier terms are committed with one of the leader's own (5.4.2).
        let own = log.last() == Some(&args.term);
        let committed = if own { log.len() as u64 } else { 0 };
        let what = if !holds(log, args) {
            format!(
                "follows index {} of term {}",
                args.prev_log_index, args.prev_log_term
            )
        } else if !sends_its_own(log, args) {
            "brings entries that it has not got there".to_string()
        } else if args.leader_commit > committed {
            format!(
                "has leader_commit {}, though at most {committed} can be committed",
                args.leader_commit
            )
        } else {
            return Ok(());
        };
        let sentence = format!(
            "{leader}, whose log has {} entries, sent an AppendEntries of term {} that {what}",
            log.len(),
            args.term
        );
        Err(Broken(sentence, Some(Task::Heartbeats)))
    }
}

/// Whether this is a heartbeat that follows no entry.
#[inline]
fn says_nothing(args: &AppendEntries) -> bool {
    (args.prev_log_index, args.prev_log_term, args.leader_commit) == (0, 0, 0)
        && args.entries.is_empty()
}

/// Whether a log holds the entry that this follows.
fn holds(log: &[Term], args: &AppendEntries) -> bool {
    let Some(before) = args.prev_log_index.checked_sub(1) else {
        return args.prev_log_term == 0;
    };
    log.get(before as usize) == Some(&args.prev_log_term)
}

fn sends_its_own(log: &[Term], args: &AppendEntries) -> bool {
    let rest = log.get(args.prev_log_index as usize..).unwrap_or_default();
    let sent = args.entries.iter().map(|entry: &Entry| entry.term);
    args.entries.len() <= rest.len() && sent.zip(rest).all(|(sent, had)| sent == *had)
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use raftapi::AppendReply;

    fn sends(log: &[Term], change: impl FnOnce(&mut AppendEntries)) -> Result<(), Broken> {
        let mut rule = LogMatch::new(3);
        let mut args = heartbeat(S0, 5);
        change(&mut args);
        rule.observe(Time::ZERO, 0, &starts_with_log(S0, log).as_ref())?;
        rule.observe(Time::ZERO, 1, &sent(S0, S1, args).as_ref())
    }

    #[test]
    fn any_entry_of_the_leader_s_log_may_be_followed() {
        for (index, term) in [(0, 0), (1, 1), (2, 3)] {
            let follows = |args: &mut AppendEntries| {
                (args.prev_log_index, args.prev_log_term) = (index, term);
            };
            assert_eq!(sends(&[1, 3], follows), Ok(()));
        }
    }

    #[test]
    fn an_entry_that_there_is_not_breaks_it() {
        for (index, term) in [(0, 1), (1, 3), (2, 5), (3, 3), (3, 0)] {
            let follows = |args: &mut AppendEntries| {
                (args.prev_log_index, args.prev_log_term) = (index, term);
            };
            sends(&[1, 3], follows).unwrap_err();
        }
    }

    #[test]
    fn only_a_leader_with_an_entry_of_its_own_commits() {
        let commits = |args: &mut AppendEntries| args.leader_commit = 2;
        sends(&[1, 3], commits).unwrap_err();
        assert_eq!(sends(&[1, 5], commits), Ok(()));
    }

    #[test]
    fn whoever_accepts_holds_what_is_followed() {
        let accepts = |log: &[Term]| {
            let mut rule = LogMatch::new(3);
            let request = AppendEntries {
                prev_log_index: 2,
                prev_log_term: 3,
                ..heartbeat(S0, 5)
            };
            rule.observe(Time::ZERO, 0, &starts_with_log(S1, log).as_ref())?;
            let (term, success) = (5, true);
            let replied: Event = Happening::Replied {
                message: 1,
                answers: 0,
                from: S1,
                to: S0,
                request: request.into(),
                reply: AppendReply { term, success }.into(),
            };
            rule.observe(Time::ZERO, 1, &replied.as_ref())
        };
        assert_eq!(accepts(&[1, 3]), Ok(()));
        assert_eq!(accepts(&[1, 3, 4]), Ok(()));
        for log in [&[][..], &[1], &[1, 2], &[2, 2, 3]] {
            accepts(log).unwrap_err();
        }
    }
}
