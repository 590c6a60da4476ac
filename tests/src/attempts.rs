//! When each server tried to be elected.

use std::time::Duration;

use labrpc::{Happening, Seen};
use raftapi::{Raft, Request, RequestVote, ServerId, Term, Time};

/// Each server's attempts to be elected. One begins with its first RequestVote, or with its first
/// pre-vote if there is one; asking again in the same term, or for the votes that were promised in
/// a pre-vote, is no other attempt. A pre-vote that goes to the same server again is.
#[derive(Clone, Debug, Default)]
pub struct Attempts {
    last: Vec<Asked>,
    waits: Vec<Time>,
    all: Vec<Vec<Attempt>>,
}

/// An attempt to be elected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub at: Time,
    /// What it began after: the last AppendEntries that came, the last attempt, or the server's
    /// start, whichever was last.
    pub since: Time,
}

impl Attempt {
    /// How long the server had waited.
    pub fn waited(&self) -> Duration {
        self.at - self.since
    }
}

/// What a server last asked for.
#[derive(Clone, Debug, Default)]
struct Asked {
    term: Term,
    /// Whom it asked in a pre-vote; nobody, if it was none.
    promises_of: Vec<ServerId>,
}

impl Attempts {
    /// Of a cluster of this many servers.
    pub fn new(servers: usize) -> Attempts {
        Attempts {
            last: vec![Asked::default(); servers],
            waits: vec![Time::ZERO; servers],
            all: vec![Vec::new(); servers],
        }
    }

    /// Looks at the next event. Who begins an attempt with it, if anybody does.
    #[inline]
    pub fn observe(&mut self, at: Time, seen: &Seen<'_, Raft>) -> Option<ServerId> {
        match *seen {
            Happening::Sent {
                from,
                to,
                request: Request::RequestVote(args),
                ..
            } => {
                let begins = self.last[from.index()].asks(to, args);
                if begins {
                    let since = std::mem::replace(&mut self.waits[from.index()], at);
                    self.all[from.index()].push(Attempt { at, since });
                }
                begins.then_some(from)
            }
            Happening::RequestDelivered {
                to,
                request: Request::AppendEntries(_),
                ..
            } => {
                self.waits[to.index()] = at;
                None
            }
            Happening::Started { server, .. } => {
                self.waits[server.index()] = at;
                None
            }
            Happening::Crashed { server } => {
                self.last[server.index()] = Asked::default();
                None
            }
            _ => None,
        }
    }

    /// This server's attempts.
    pub fn of(&self, server: ServerId) -> &[Attempt] {
        &self.all[server.index()]
    }
}

impl Asked {
    /// Notes that `to` is asked. Whether that begins an attempt.
    fn asks(&mut self, to: ServerId, args: &RequestVote) -> bool {
        let same_term = args.term == self.term;
        let repeated = self.promises_of.contains(&to);
        let begins = match args.pre_vote {
            true => !same_term || repeated || self.promises_of.is_empty(),
            false => !same_term,
        };
        if begins || !args.pre_vote {
            self.promises_of.clear();
        }
        if args.pre_vote {
            self.promises_of.push(to);
        }
        self.term = args.term;
        begins
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::*;

    /// Which of these RequestVotes of S0 begin an attempt.
    fn beginnings(requests: &[(ServerId, Term, bool)]) -> Vec<usize> {
        let mut attempts = Attempts::new(3);
        let begins = |&(index, &(to, term, pre_vote)): &(usize, &(ServerId, Term, bool))| {
            let request = RequestVote {
                pre_vote,
                ..vote_request(S0, term)
            };
            let event = sent(S0, to, request);
            let at = Time::from_millis(index as u64);
            attempts.observe(at, &event.as_ref()).is_some()
        };
        let found = requests.iter().enumerate().filter(begins);
        found.map(|(index, _)| index).collect()
    }

    #[test]
    fn an_attempt_is_a_term() {
        let twice = [(S1, 1, false), (S2, 1, false), (S1, 1, false)];
        assert_eq!(beginnings(&twice), [0]);
        assert_eq!(beginnings(&[(S1, 1, false), (S1, 2, false)]), [0, 1]);
    }

    #[test]
    fn it_comes_after_a_wait() {
        let mut attempts = Attempts::new(3);
        let events = [
            delivered(S0, S1, heartbeat(S1, 1)),
            asks(S0, S1, 2),
            asks(S0, S1, 3),
        ];
        for (index, event) in events.iter().enumerate() {
            let at = Time::from_millis(100 * index as u64 * (index as u64 + 1));
            attempts.observe(at, &event.as_ref());
        }
        let waited = attempts.of(S0).iter().map(|a| a.waited().as_millis());
        assert_eq!(waited.collect::<Vec<_>>(), [200, 400]);
    }

    #[test]
    fn with_pre_votes_it_begins_with_them() {
        let won = [(S1, 1, true), (S2, 1, true), (S1, 1, false), (S2, 1, false)];
        assert_eq!(beginnings(&won), [0]);
        let lost = [(S1, 1, true), (S2, 1, true), (S1, 1, true), (S2, 1, true)];
        assert_eq!(beginnings(&lost), [0, 2]);
        let after = [(S1, 1, true), (S1, 1, false), (S1, 2, true)];
        assert_eq!(beginnings(&after), [0, 2]);
    }
}
