//! Which terms each server has been told of, and in which step.

use std::collections::VecDeque;

use labrpc::{Happening, Seen, ServerId};
use raftapi::{Features, Raft, Reply, Request, Term, Time};

/// How long a server may take to look at what it was handed: one that works at every tick of its
/// own looks at all of it then.
pub(super) const LOOKS: std::time::Duration = std::time::Duration::from_millis(50);

/// A server that is told of more newer terms has the oldest of them forgotten, once it must have looked at
/// the next.
const MOST: usize = 256;

/// The newest terms that servers were told of. Each server must take over what it was told (Raft
/// paper, 5.1); a crash takes it back, unless it was written down.
#[derive(Debug)]
pub(super) struct Heard {
    pub features: Features,
    servers: Vec<VecDeque<News>>,
}

/// A message that told a server of a newer term.
#[derive(Clone, Debug)]
pub(super) struct News {
    pub at: Time,
    step: u64,
    pub term: Term,
    pub from: ServerId,
    pub message: &'static str,
}

impl Heard {
    pub fn new(features: Features, servers: usize) -> Self {
        Heard {
            features,
            servers: vec![VecDeque::new(); servers],
        }
    }

    #[inline]
    pub fn observe(&mut self, at: Time, step: u64, seen: &Seen<'_, Raft>) {
        let told = match *seen {
            Happening::Crashed { server } => return self.servers[server.index()].clear(),
            Happening::RequestDelivered { to, request, .. } => (to, request.term()),
            Happening::ReplyDelivered { to, reply, .. } => (to, reply.term()),
            _ => return,
        };
        if self.newest(told.0).is_some_and(|news| news.term >= told.1) {
            return; // no news
        }
        if let Some((to, from, term, message)) = binding_term(seen, &self.features) {
            let news = &mut self.servers[to.index()];
            if news.back().is_none_or(|last| last.term < term) {
                if news.len() >= MOST && at >= news[1].at + LOOKS {
                    news.pop_front();
                }
                news.push_back(News {
                    at,
                    step,
                    term,
                    from,
                    message,
                });
            }
        }
    }

    /// The newest term that was delivered to this server.
    pub fn newest(&self, server: ServerId) -> Option<&News> {
        self.servers[server.index()].back()
    }

    /// The newest term that this server has taken over by now, if it works at a tick of its own, and
    /// looks there at what came last before what came first.
    #[inline]
    pub fn looked_at(&self, server: ServerId, at: Time) -> Term {
        let mut news = self.servers[server.index()].iter().rev();
        let known = news.find(|news| at >= news.at + LOOKS);
        known.map_or(0, |news| news.term)
    }

    /// What told this server of a term above `term` before it decided, in `step`, what it does now.
    #[inline]
    pub fn above(&self, server: ServerId, term: Term, at: Time, step: u64) -> Option<&News> {
        let newest = self.newest(server)?;
        if newest.term <= term {
            return None;
        }
        let known = |news: &&News| news.step <= step && at >= news.at + LOOKS;
        let news = self.servers[server.index()].iter().rfind(known);
        news.filter(|news| news.term > term)
    }
}

/// The term that a delivery tells its receiver of: to whom, by whom, in what. A pre-vote and its
/// grant speak of a term that may never come (thesis 9.6); whoever has a lease may ignore a
/// candidate (thesis 4.2.3); of a transfer, whoever does not declare it may drop all.
#[inline]
pub(super) fn binding_term(
    seen: &Seen<'_, Raft>,
    features: &Features,
) -> Option<(ServerId, ServerId, Term, &'static str)> {
    match *seen {
        Happening::RequestDelivered {
            from, to, request, ..
        } => {
            let message = match request {
                Request::RequestVote(args) if args.pre_vote || features.lease => return None,
                Request::RequestVote(_) => "RequestVote",
                Request::AppendEntries(_) => "AppendEntries",
                Request::TimeoutNow(_) if features.transfer => "TimeoutNow",
                Request::TimeoutNow(_) | Request::TransferLeadership(_) => return None,
            };
            Some((to, from, request.term(), message))
        }
        Happening::ReplyDelivered {
            from,
            to,
            request,
            reply,
            ..
        } => {
            let message = match (request, reply) {
                (Request::RequestVote(args), Reply::RequestVote(reply))
                    if args.pre_vote && reply.vote_granted =>
                {
                    return None;
                }
                (_, Reply::RequestVote(_)) => "reply to a RequestVote",
                (_, Reply::AppendEntries(_)) => "reply to an AppendEntries",
                (_, Reply::Transfer(_)) if features.transfer => "reply about a transfer",
                (_, Reply::Transfer(_)) => return None,
            };
            Some((to, from, reply.term(), message))
        }
        _ => None,
    }
}
