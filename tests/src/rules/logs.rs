//! The end of each server's log, as its disk tells it.

use labrpc::{Happening, Seen, ServerId};
use raftapi::{Raft, Request, RequestVote, Stable, Term};

/// Where a log ends: the later last term is the more up-to-date; if they are the same, the longer
/// log (Raft paper, 5.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LogEnd {
    pub term: Term,
    pub index: u64,
}

impl LogEnd {
    pub fn of(stable: &Stable) -> LogEnd {
        LogEnd {
            term: stable.log.last().map_or(0, |entry| entry.term),
            index: stable.log.len() as u64,
        }
    }

    /// What a candidate says of its log.
    pub fn said_in(args: &RequestVote) -> LogEnd {
        LogEnd {
            term: args.last_log_term,
            index: args.last_log_index,
        }
    }
}

impl std::fmt::Display for LogEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.index {
            0 => write!(f, "an empty log"),
            index => write!(
                f,
                "a log that ends with index {index} of term {}",
                self.term
            ),
        }
    }
}

/// Nobody appends in this lab: a log changes at most when a leader sends entries.
#[derive(Debug)]
pub(super) struct Logs(Vec<Option<LogEnd>>);

impl Logs {
    pub fn new(servers: usize) -> Self {
        Logs(vec![None; servers])
    }

    #[inline]
    pub fn observe(&mut self, seen: &Seen<'_, Raft>) {
        match *seen {
            Happening::Started { server, stable, .. } | Happening::Persisted { server, stable } => {
                self.0[server.index()] = Some(LogEnd::of(stable));
            }
            Happening::RequestDelivered {
                to,
                request: Request::AppendEntries(args),
                ..
            } if !args.entries.is_empty() => self.0[to.index()] = None,
            _ => {}
        }
    }

    /// The end of a server's log; none if it is not known.
    pub fn end(&self, server: ServerId) -> Option<LogEnd> {
        self.0[server.index()]
    }
}
