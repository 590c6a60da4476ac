//! Who leads, and who takes over from whom, as seen from outside: by the messages.

use std::ops::ControlFlow;
use std::time::Duration;

use labrpc::{Happening, Observer, Seen, ServerId};
use raftapi::{Raft, Request, Term, Time};

/// Watches for campaigns against a leader whom all others hear: *needless* elections.
pub struct Leaders {
    servers: usize,
    /// The newest leader that was heard, in its term.
    pub leader: Option<(Term, ServerId)>,
    /// Who has heard it.
    heard: Vec<bool>,
    /// How many must have heard it, itself included, to end the run; nobody ends it if none.
    enough: Option<usize>,
    /// The newest term that anybody campaigned in.
    pub newest: Term,
    /// Since when all have heard the leader and nobody has campaigned.
    settled: Option<Time>,
    /// How long that was the case before.
    settled_before: Duration,
    /// How often somebody campaigned against a leader whom all had heard.
    pub needless: u64,
}

impl Leaders {
    /// Of so many servers.
    pub fn of(servers: usize) -> Leaders {
        Leaders {
            servers,
            leader: None,
            heard: vec![false; servers],
            enough: None,
            newest: 0,
            settled: None,
            settled_before: Duration::ZERO,
            needless: 0,
        }
    }

    /// Ends the run as soon as so many servers know one leader, itself included.
    pub fn until_known_to(&mut self, enough: usize) {
        self.enough = Some(enough);
    }

    /// Forgets who led; a newer leader is waited for.
    pub fn crashed(&mut self) {
        self.newest = self.newest.max(self.leader.map_or(0, |(term, _)| term) + 1);
        self.leader = None;
        self.heard.fill(false);
        self.settled = None;
    }

    /// How long there was a leader whom all had heard and nobody campaigned against, so far.
    pub fn settled_for(&self, now: Time) -> Duration {
        self.settled_before + self.settled.map_or(Duration::ZERO, |since| now - since)
    }

    fn hears(&mut self, at: Time, by: ServerId, leader: (Term, ServerId)) -> ControlFlow<()> {
        if leader.0 < self.newest || self.leader.is_some_and(|known| leader.0 < known.0) {
            return ControlFlow::Continue(()); // of a leader that has been replaced
        }
        if self.leader != Some(leader) {
            self.leader = Some(leader);
            self.heard.fill(false);
            self.heard[leader.1.index()] = true;
        }
        self.heard[by.index()] = true;
        let heard = self.heard.iter().filter(|&&heard| heard).count();
        if heard == self.servers && self.settled.is_none() {
            self.settled = Some(at);
        }
        match self.enough {
            Some(enough) if heard >= enough => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    fn campaigns(&mut self, at: Time, term: Term) {
        self.newest = self.newest.max(term);
        if self.leader.is_some_and(|(known, _)| known < term)
            && let Some(since) = self.settled.take()
        {
            self.settled_before += at - since;
            self.needless += 1;
        }
    }
}

impl Observer<Raft> for Leaders {
    fn observe(&mut self, at: Time, _: u64, seen: Seen<'_, Raft>) -> ControlFlow<()> {
        match seen {
            Happening::RequestDelivered {
                from,
                to,
                request: Request::AppendEntries(args),
                ..
            } => self.hears(at, to, (args.term, from)),
            Happening::Sent {
                request: Request::RequestVote(args),
                ..
            } if !args.pre_vote => {
                self.campaigns(at, args.term);
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}
