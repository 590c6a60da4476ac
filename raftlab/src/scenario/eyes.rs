//! What is seen of a run: all that conditions are about.

use std::ops::ControlFlow;

use labrpc::{Happening, Observer, Seen};
use raftapi::{Raft, Reply, Request, Role, ServerId, Term, Time};
use suite::watch::Watch;

/// Watches a run: the rules and the numbers of the suite, and besides who campaigned, who won, and
/// how.
#[derive(Debug)]
pub struct Eyes {
    pub watch: Watch,
    pub campaigns: Vec<Campaign>,
    pub victories: Vec<Victory>,
    /// The highest term that anybody has published.
    pub term: Term,
    /// Counts what may make a condition come true, or no longer be true.
    pub changes: u64,
    /// For each server, its own latest campaign's messages that may still come to something.
    open: Vec<Vec<Open>>,
    /// Whether the last answer to its campaign was a grant.
    granted_last: Vec<bool>,
    cut: Vec<(ServerId, ServerId)>,
}

/// A server asks for votes in a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Campaign {
    pub server: ServerId,
    pub term: Term,
    pub at: Time,
}

/// A server is leader of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Victory {
    pub server: ServerId,
    pub term: Term,
    pub at: Time,
    /// No other vote could have come any more: each other server had answered, or its answer was
    /// lost, or it could not be reached.
    pub by_last_vote: bool,
}

/// A request for a vote, or its answer, that is under way.
#[derive(Clone, Copy, Debug)]
struct Open {
    message: u64,
    voter: ServerId,
}

impl Eyes {
    pub fn new(watch: Watch, servers: usize) -> Eyes {
        Eyes {
            watch,
            campaigns: Vec::new(),
            victories: Vec::new(),
            term: 0,
            changes: 0,
            open: vec![Vec::new(); servers],
            granted_last: vec![false; servers],
            cut: Vec::new(),
        }
    }

    /// Elections in which several campaigned and nobody won, as known when the next one began;
    /// which of all they are, who campaigned, and when they were known.
    pub fn split_votes(&self) -> impl Iterator<Item = SplitVote<'_>> + '_ {
        let elections = self.watch.statistics.elections();
        let pairs = elections.windows(2).enumerate();
        let split = pairs.filter(|(_, pair)| pair[0].is_split());
        split.map(|(number, pair)| SplitVote {
            number,
            candidates: &pair[0].candidates,
            known_at: pair[1].began,
        })
    }

    fn see(&mut self, at: Time, seen: &Seen<'_, Raft>) {
        match *seen {
            Happening::Published { server, status } => {
                self.changes += 1;
                self.term = self.term.max(status.term);
                if status.role == Role::Leader {
                    self.is_leader(at, server, status.term);
                }
            }
            Happening::Sent {
                message,
                from,
                to,
                request: Request::RequestVote(args),
            } if !args.pre_vote => {
                self.asks(at, from, args.term);
                let open = Open { message, voter: to };
                self.open[from.index()].push(open);
            }
            Happening::Replied {
                message,
                answers,
                to,
                reply: Reply::RequestVote(_),
                ..
            } => {
                let mut open = self.open[to.index()].iter_mut();
                if let Some(open) = open.find(|open| open.message == answers) {
                    open.message = message;
                }
            }
            Happening::ReplyDelivered {
                message,
                to,
                request: Request::RequestVote(args),
                reply: Reply::RequestVote(reply),
                ..
            } if !args.pre_vote => {
                self.close(to, message);
                self.granted_last[to.index()] = reply.vote_granted;
            }
            Happening::Dropped {
                message, from, to, ..
            } => {
                self.close(from, message);
                self.close(to, message);
            }
            Happening::Crashed { server } => {
                self.changes += 1;
                self.open[server.index()].clear();
            }
            Happening::Cut { from, to } => {
                self.changes += 1;
                self.cut.push((from, to));
            }
            Happening::Healed { from, to } => {
                self.changes += 1;
                self.cut.retain(|&link| link != (from, to));
            }
            Happening::Started { .. } | Happening::Isolated { .. } | Happening::Rejoined { .. } => {
                self.changes += 1
            }
            _ => {}
        }
    }

    fn asks(&mut self, at: Time, server: ServerId, term: Term) {
        let mut last = self.campaigns.iter().rev();
        let last = last.find(|campaign| campaign.server == server);
        if last.is_none_or(|campaign| campaign.term != term) {
            self.changes += 1;
            self.campaigns.push(Campaign { server, term, at });
            self.open[server.index()].clear();
            self.granted_last[server.index()] = false;
        }
    }

    fn close(&mut self, candidate: ServerId, message: u64) {
        self.open[candidate.index()].retain(|open| open.message != message);
    }

    fn is_leader(&mut self, at: Time, server: ServerId, term: Term) {
        let is_known = |v: &Victory| (v.server, v.term) == (server, term);
        if self.victories.iter().rev().any(is_known) {
            return;
        }
        let view = &self.watch.view;
        let could_come = |open: &Open| {
            let cut = |from, to| self.cut.contains(&(from, to));
            let voter = open.voter;
            view.is_connected(voter) && !cut(server, voter) && !cut(voter, server)
        };
        let none_open = !self.open[server.index()].iter().any(could_come);
        self.victories.push(Victory {
            server,
            term,
            at,
            by_last_vote: none_open && self.granted_last[server.index()],
        });
    }

    /// What each server is at the moment: `S0 leader 2, S1 follower 2, S2 down`.
    pub fn cast(&self, servers: usize) -> String {
        let view = &self.watch.view;
        let names = ServerId::all(servers).map(|id| match view.status(id) {
            _ if !view.is_up(id) => format!("{id} down"),
            None => format!("{id} silent"),
            Some(status) => format!("{id} {} {}", status.role, status.term),
        });
        names.collect::<Vec<_>>().join(", ")
    }
}

/// An election that nobody won.
pub struct SplitVote<'a> {
    /// Which of all elections it is.
    pub number: usize,
    pub candidates: &'a [ServerId],
    pub known_at: Time,
}

impl Observer<Raft> for Eyes {
    #[inline]
    fn observe(&mut self, at: Time, step: u64, seen: Seen<'_, Raft>) -> ControlFlow<()> {
        let flow = self.watch.observe(at, step, seen.clone());
        self.see(at, &seen);
        flow
    }
}
