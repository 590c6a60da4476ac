//! A server that polls: it looks at its clock every so often whether anything is due, and is as
//! late as that. Raft needs no punctuality, only that timeouts are long against it (section 5.6).

use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;
use raftapi::{
    AppendEntries, AppendReply, Context, Event, RequestVote, Role, Server, Stable, Status, Term,
    Time, Timing, VoteReply,
};

use crate::{Variant, logs};

/// Two pollers.
pub fn variants() -> Vec<Variant> {
    let polls_every = |millis| {
        let period = Duration::from_millis(millis);
        Server::new(Timing::LAB, move |ctx| {
            Poller::new(ctx, Timing::LAB).run(period);
        })
    };
    vec![
        Variant::new(
            "poller-10",
            polls_every(10),
            "looks at its clock every 10 ms, so everything of its own is up to 10 ms late",
        ),
        Variant::new(
            "poller-20",
            polls_every(20),
            "looks at its clock every 20 ms, so everything of its own is up to 20 ms late",
        ),
    ]
}

struct Poller<'a> {
    ctx: &'a Context<'a>,
    timing: Timing,
    stable: Stable,
    role: Role,
    votes: Vec<bool>,
    /// When the election timer was last reset, and how long it runs.
    since: Time,
    timeout: Duration,
    /// When the last round of heartbeats was sent; none in this term if none.
    last_round: Option<Time>,
}

impl<'a> Poller<'a> {
    fn new(ctx: &'a Context<'a>, timing: Timing) -> Self {
        Poller {
            ctx,
            timing,
            stable: ctx.restore(),
            role: Role::Follower,
            votes: Vec::new(),
            since: ctx.now(),
            timeout: logs::election_timeout(ctx, &timing),
            last_round: None,
        }
    }

    fn run(mut self, period: Duration) {
        let mut next = self.ctx.now() + period;
        loop {
            self.publish();
            match self.ctx.recv_deadline(next) {
                Ok(event) => self.take(event),
                Err(RecvTimeoutError::Timeout) => {
                    next = self.ctx.now() + period;
                    self.poll();
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Does what is due.
    fn poll(&mut self) {
        let now = self.ctx.now();
        if self.role == Role::Leader {
            let interval = self.timing.heartbeat_interval();
            if self.last_round.is_none_or(|last| now - last >= interval) {
                self.last_round = Some(now);
                for peer in self.ctx.peers() {
                    let heartbeat = logs::heartbeat(self.ctx.me(), &self.stable);
                    self.ctx.call(peer, heartbeat);
                }
            }
        } else if now - self.since >= self.timeout {
            self.campaign();
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::RequestVote(call) => {
                let reply = self.answer_vote(&call.args);
                call.reply(self.ctx, reply);
            }
            Event::AppendEntries(call) => {
                let reply = self.answer_append(&call.args);
                call.reply(self.ctx, reply);
            }
            Event::VoteReply(answer) => {
                self.see(answer.reply.term);
                let current = answer.request.term == self.stable.current_term;
                if current && self.role == Role::Candidate && answer.reply.vote_granted {
                    self.votes[answer.from.index()] = true;
                    self.lead_if_elected();
                }
            }
            Event::AppendReply(answer) => self.see(answer.reply.term),
            Event::Transfer(_) => {}
        }
    }

    fn answer_vote(&mut self, args: &RequestVote) -> VoteReply {
        let mut vote_granted = false;
        if !args.pre_vote {
            self.see(args.term);
            let candidate = args.candidate_id;
            vote_granted = args.term == self.stable.current_term
                && self.stable.voted_for.is_none_or(|vote| vote == candidate)
                && logs::is_up_to_date(&self.stable, args);
        }
        if vote_granted {
            self.stable.voted_for = Some(args.candidate_id);
            self.ctx.persist(&self.stable);
            self.reset_timer();
        }
        VoteReply {
            term: self.stable.current_term,
            vote_granted,
        }
    }

    fn answer_append(&mut self, args: &AppendEntries) -> AppendReply {
        self.see(args.term);
        let current = args.term == self.stable.current_term;
        if current {
            self.role = Role::Follower;
            self.reset_timer();
        }
        AppendReply {
            term: self.stable.current_term,
            success: current && logs::matches(&self.stable, args),
        }
    }

    fn campaign(&mut self) {
        self.stable.current_term += 1;
        self.stable.voted_for = Some(self.ctx.me());
        self.ctx.persist(&self.stable);
        self.role = Role::Candidate;
        self.votes = vec![false; self.ctx.cluster_size()];
        self.votes[self.ctx.me().index()] = true;
        self.reset_timer();
        self.publish();
        for peer in self.ctx.peers() {
            let request = logs::vote_request(self.ctx.me(), &self.stable);
            self.ctx.call(peer, request);
        }
        self.lead_if_elected();
    }

    /// The first heartbeats leave when it looks at its clock next.
    fn lead_if_elected(&mut self) {
        let votes = self.votes.iter().filter(|&&granted| granted).count();
        if votes > self.votes.len() / 2 {
            self.role = Role::Leader;
            self.last_round = None;
        }
    }

    fn see(&mut self, term: Term) {
        if term <= self.stable.current_term {
            return;
        }
        self.stable.current_term = term;
        self.stable.voted_for = None;
        self.ctx.persist(&self.stable);
        if self.role == Role::Leader {
            self.reset_timer();
        }
        self.role = Role::Follower;
        self.publish();
    }

    fn reset_timer(&mut self) {
        self.since = self.ctx.now();
        self.timeout = logs::election_timeout(self.ctx, &self.timing);
    }

    fn publish(&self) {
        self.ctx
            .publish(Status::new(self.stable.current_term, self.role));
    }
}
