//! When each server tried to be elected.

use std::time::Duration;

use labrpc::{Happening, Seen};
use raftapi::{Raft, Request, RequestVote, ServerId, Term, Time};

/// Each server's attempts to be elected. One begins with its first RequestVote, or with its first
/// pre-vote if there is one; asking again in the same term, or for the votes that were promised in
/// a pre-vote, is no other attempt. A pre-vote that goes to the same server again is, unless no
/// election timeout can have passed: servers may send again what is not answered (Raft paper, 5.1).
#[derive(Clone, Debug)]
pub struct Attempts {
    shortest: Duration,
    last: Vec<Asked>,
    asks_again: Vec<bool>,
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
    /// When the attempt began.
    began: Time,
    /// Whom it asked in a pre-vote; nobody, if it was none.
    promises_of: Vec<ServerId>,
}

impl Attempts {
    /// Of a cluster of this many servers, whose shortest election timeout is this.
    pub fn new(servers: usize, shortest: Duration) -> Attempts {
        Attempts {
            shortest,
            asks_again: vec![false; servers],
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
                let asked = &mut self.last[from.index()];
                if asked.is_repeated_before(at, self.shortest, to, args) {
                    self.asks_again[from.index()] = true;
                    return None;
                }
                let begins = asked.asks(at, to, args);
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

    /// Whether this server sends pre-votes again that are not answered: from outside, its next
    /// attempt cannot be told from that.
    pub fn asks_again(&self, server: ServerId) -> bool {
        self.asks_again[server.index()]
    }

    /// This server's attempts.
    pub fn of(&self, server: ServerId) -> &[Attempt] {
        &self.all[server.index()]
    }
}

impl Asked {
    /// Whether this is a pre-vote that is sent again, and no election timeout has passed.
    fn is_repeated_before(
        &self,
        at: Time,
        shortest: Duration,
        to: ServerId,
        args: &RequestVote,
    ) -> bool {
        let again = args.pre_vote && args.term == self.term && self.promises_of.contains(&to);
        again && at < self.began + shortest
    }

    /// Notes that `to` is asked. Whether that begins an attempt.
    fn asks(&mut self, at: Time, to: ServerId, args: &RequestVote) -> bool {
        let same_term = args.term == self.term;
        let repeated = self.promises_of.contains(&to);
        let begins = match args.pre_vote {
            true => !same_term || repeated || self.promises_of.is_empty(),
            false => !same_term,
        };
        if begins {
            self.began = at;
        }
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
        let mut attempts = Attempts::new(3, Duration::from_millis(2));
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
        let mut attempts = Attempts::new(3, Duration::ZERO);
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

    #[test]
    fn a_pre_vote_that_is_soon_sent_again_is_a_repetition() {
        let again = [(S1, 1, true), (S1, 1, true), (S1, 1, true), (S1, 1, true)];
        assert_eq!(beginnings(&again), [0, 2]);
    }
}
