//! Watches for a leader that is of use.

use std::ops::ControlFlow;
use std::time::Duration;

use labrpc::{Happening, Observer, Seen, ServerId};
use raftapi::{Raft, Reply, Request, Term, Time, Timing};

use super::MINUTE;

/// Watches for a leader that is of use: whose heartbeats a majority, itself included, has answered within
/// the last two heartbeat intervals.
pub struct Usable {
    servers: usize,
    window: Duration,
    pub newest: Option<(Term, ServerId)>,
    /// Leaders since the last look.
    pub elected: u64,
    /// The newest one.
    pub term: Term,
    /// When each follower has answered the newest leader last.
    answered: Vec<Option<Time>>,
    /// Until when there is a leader of use, and how long there was one since the last look.
    until: Time,
    usable: Duration,
}

impl Usable {
    pub fn of(servers: usize, timing: &Timing) -> Usable {
        Usable {
            servers,
            window: 2 * timing.heartbeat_interval(),
            newest: None,
            elected: 0,
            term: 0,
            answered: vec![None; servers],
            until: Time::ZERO,
            usable: Duration::ZERO,
        }
    }

    fn leads(&mut self, leader: (Term, ServerId)) {
        if self.newest < Some(leader) {
            self.newest = Some(leader);
            self.elected += 1;
            self.answered.fill(None);
        }
    }

    fn answers(&mut self, at: Time, follower: ServerId, leader: (Term, ServerId)) {
        if self.newest != Some(leader) {
            return;
        }
        self.answered[follower.index()] = Some(at);
        let mut latest: Vec<Time> = self.answered.iter().flatten().copied().collect();
        latest.sort_unstable_by(|a, b| b.cmp(a));
        // With the leader itself, so many answers are a majority.
        let Some(oldest) = latest.get(self.servers / 2 - 1) else {
            return;
        };
        let until = (*oldest + self.window).max(self.until);
        self.usable += until - at.max(self.until);
        self.until = until;
    }

    /// What was seen up to now, and begins anew.
    pub fn look(&mut self, now: Time) -> Minute {
        let ahead = self.until - now;
        let minute = Minute {
            usable: (self.usable - ahead.min(self.usable)).as_secs_f64() / MINUTE.as_secs_f64(),
            elected: self.elected,
            terms: self.term,
        };
        self.usable = ahead;
        self.elected = 0;
        minute
    }
}

impl Observer<Raft> for Usable {
    fn observe(&mut self, at: Time, _: u64, seen: Seen<'_, Raft>) -> ControlFlow<()> {
        match seen {
            Happening::Sent { from, request, .. } => match request {
                Request::AppendEntries(args) => {
                    self.term = self.term.max(args.term);
                    self.leads((args.term, from));
                }
                Request::RequestVote(args) if !args.pre_vote => {
                    self.term = self.term.max(args.term);
                }
                _ => {}
            },
            Happening::ReplyDelivered {
                from,
                to,
                request: Request::AppendEntries(args),
                reply: Reply::AppendEntries(reply),
                ..
            } if reply.term == args.term => self.answers(at, from, (args.term, to)),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// A minute under a partition.
#[derive(Clone, Copy, Debug)]
pub struct Minute {
    /// Which share of it there was a leader of use.
    pub usable: f64,
    pub elected: u64,
    /// Before it is over, the newest term; then by how much that has grown.
    pub terms: Term,
}
