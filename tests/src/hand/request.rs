//! S0 is asked: for its vote, or by a leader.

use std::fmt;
use std::time::Duration;

use labrpc::{FaultsError, Happening, Protocol, ServerId};
use raftapi::{
    AppendEntries, AppendReply, Raft, Reply, Request, RequestVote, Term, Time, VoteReply,
};

use super::{PATIENCE, S0, certain_term};
use crate::cluster::Cluster;
use crate::finding::{Outcome, Stop};

/// A request to S0, and what S0 answered.
#[derive(Clone, Debug)]
pub struct Asked<R> {
    /// The message's number.
    pub message: u64,
    /// Who asked.
    pub from: ServerId,
    /// In which term.
    pub term: Term,
    /// When S0 was handed it.
    pub at: Time,
    /// What it answered, and when; nothing, if it did not.
    pub reply: Option<(Time, R)>,
    what: &'static str,
}

impl<R> fmt::Display for Asked<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Asked {
            message,
            from,
            term,
            at,
            what,
            ..
        } = self;
        write!(
            f,
            "{from}'s {what} of term {term} (message {message}, at {at})"
        )
    }
}

impl Cluster {
    /// What a candidate asks whose log is as good as S0's.
    pub fn vote_request(&self, from: ServerId, term: Term) -> RequestVote {
        let log = &self.stable(S0).log;
        RequestVote {
            term,
            candidate_id: from,
            last_log_index: log.len() as u64,
            last_log_term: log.last().map_or(0, |entry| entry.term),
            pre_vote: false,
            leader_transfer: false,
        }
    }

    /// A peer whose log is as good as S0's asks for its vote, and waits for the answer.
    pub fn asks(&mut self, from: ServerId, term: Term) -> Outcome<Asked<VoteReply>> {
        self.asks_with(self.vote_request(from, term))
    }

    /// A candidate asks S0 for its vote, and waits for the answer.
    pub fn asks_with(&mut self, args: RequestVote) -> Outcome<Asked<VoteReply>> {
        let from = args.candidate_id;
        self.request(from, args.into(), |reply| match reply {
            Reply::RequestVote(reply) => Some(reply.clone()),
            _ => None,
        })
    }

    /// A heartbeat of a leader whose log is as good as S0's.
    pub fn heartbeat(&self, from: ServerId, term: Term) -> AppendEntries {
        let log = &self.stable(S0).log;
        AppendEntries {
            term,
            leader_id: from,
            prev_log_index: log.len() as u64,
            prev_log_term: log.last().map_or(0, |entry| entry.term),
            entries: Vec::new(),
            leader_commit: 0,
        }
    }

    /// A peer sends S0 a heartbeat, and waits for the answer.
    pub fn beats(&mut self, from: ServerId, term: Term) -> Outcome<Asked<AppendReply>> {
        self.beats_with(self.heartbeat(from, term))
    }

    /// The same, of a leader with this log.
    pub fn beats_with(&mut self, args: AppendEntries) -> Outcome<Asked<AppendReply>> {
        self.request(args.leader_id, args.into(), |reply| match reply {
            Reply::AppendEntries(reply) => Some(reply.clone()),
            _ => None,
        })
    }

    pub(super) fn request<R>(
        &mut self,
        from: ServerId,
        request: Request,
        read: impl Fn(&Reply) -> Option<R>,
    ) -> Outcome<Asked<R>> {
        let what = match &request {
            Request::RequestVote(args) if args.pre_vote => "pre-vote",
            request => Raft::request_name(request),
        };
        let term = request.term();
        let message = self.send(from, request)?;
        let at = self.deliver(message)?;
        let mut asked = Asked {
            message,
            from,
            term,
            at,
            reply: None,
            what,
        };
        self.wait_for(at + PATIENCE, |cluster| {
            asked.reply = cluster
                .answer_to(message)
                .and_then(|(at, r)| Some((at, read(r)?)));
            asked.reply.is_some()
        })?;
        Ok(asked)
    }

    /// Sends S0 a request as a peer, and waits for nothing. The message.
    pub fn send(&mut self, from: ServerId, request: impl Into<Request>) -> Outcome<u64> {
        let request = request.into();
        self.hands.note_term(from, certain_term(&request));
        Ok(self.run_mut().send_as(from, S0, request)?)
    }

    /// Waits until S0 has been handed this message; when that was.
    pub fn deliver(&mut self, message: u64) -> Outcome<Time> {
        let until = self.now() + Duration::from_secs(1);
        let mut at = None;
        self.wait_for(until, |cluster| {
            at = cluster.delivery_of(message);
            at.is_some()
        })?;
        at.ok_or_else(|| {
            Stop::Script(FaultsError {
                knob: "deliver",
                value: message.to_string(),
                why: "this message does not reach S0",
            })
        })
    }

    fn delivery_of(&self, wanted: u64) -> Option<Time> {
        let mut story = self.watch().story().iter().rev();
        let delivered = story.find(|record| {
            matches!(record.what, Happening::RequestDelivered { message, .. }
                | Happening::ReplyDelivered { message, .. } if message == wanted)
        });
        delivered.map(|record| record.at)
    }

    fn answer_to(&self, request: u64) -> Option<(Time, &Reply)> {
        let mut story = self.watch().story().iter().rev();
        story.find_map(|record| match &record.what {
            Happening::Replied { answers, reply, .. } if *answers == request => {
                Some((record.at, reply))
            }
            _ => None,
        })
    }
}
