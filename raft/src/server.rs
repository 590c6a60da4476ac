//! A server around the core: one thread, one inbox, one deadline.
//!
//! Each turn of the loop waits for a message or the deadline, lets the core decide, and does what
//! it decided, in this order: save what must survive a crash, set the deadline, show the status,
//! send. There is no lock, for nothing is shared.

mod options;

use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;
use raftapi::{
    Answer, AppendEntries, AppendReply, Call, Context, Event, Raft, RequestVote, Role, Server,
    Time, Timing, VoteReply,
};
use rand::RngExt;

use crate::Options;
use crate::core::{Core, Timer};
use options::Custom;

/// The reference server with this timing: plain Raft.
pub fn server(timing: Timing) -> Server {
    server_with(timing, Options::default())
}

/// The reference server with this timing and these options.
pub fn server_with(timing: Timing, options: Options) -> Server {
    Server::new(timing, move |ctx| run(ctx, timing, options)).with_features(options.features())
}

/// Runs one server until it is killed.
fn run(ctx: &Context<'_>, timing: Timing, options: Options) {
    let mut raft = Running::start(ctx, timing, options);
    let mut custom = Custom::new(options.redraw, &raft);
    loop {
        let event = ctx.recv_deadline(raft.deadline.min(raft.core.check_due()));
        raft.core.set_clock(ctx.now());
        custom.watch(&mut raft);
        match event {
            Ok(Event::RequestVote(call)) if raft.core.ignores(&call.args) => {} // a lease
            Ok(Event::RequestVote(call)) => raft.answer_vote(call),
            Ok(Event::AppendEntries(call)) => raft.answer_append(call),
            Ok(Event::VoteReply(answer)) if answer.request.pre_vote => raft.count_pre_vote(answer),
            Ok(Event::VoteReply(answer)) => raft.count_vote(answer),
            Ok(Event::AppendReply(answer)) => raft.notice_append(answer),
            Ok(Event::Transfer(transfer)) => raft.on_transfer(transfer),
            Err(RecvTimeoutError::Timeout) if raft.core.is_check_due() => raft.check_quorum(),
            Err(RecvTimeoutError::Timeout) => raft.on_timeout(),
            Err(RecvTimeoutError::Disconnected) => return, // killed
        }
        custom.keep(&mut raft);
    }
}

/// A running server.
struct Running<'a> {
    ctx: &'a Context<'a>,
    timing: Timing,
    core: Core,
    /// When the election timer runs out; for a leader, when the next heartbeats are due.
    deadline: Time,
}

impl<'a> Running<'a> {
    fn start(ctx: &'a Context<'a>, timing: Timing, options: Options) -> Self {
        let core = Core::new(ctx.me(), ctx.cluster_size(), ctx.restore())
            .with_options(options, timing.election_timeout_min());
        let mut raft = Running {
            ctx,
            timing,
            core,
            deadline: ctx.now(),
        };
        raft.settle(Timer::Election);
        raft
    }

    fn on_timeout(&mut self) {
        if self.core.role() == Role::Leader {
            self.send_heartbeats();
        } else if self.core.asks_first() {
            let (request, timer) = self.core.ask_first();
            self.request_votes(request, timer);
        } else {
            let (request, timer) = self.core.campaign();
            self.request_votes(request, timer);
        }
    }

    fn request_votes(&mut self, request: RequestVote, timer: Timer) {
        self.settle(timer);
        for peer in self.ctx.peers() {
            self.ctx.call(peer, request.clone());
        }
    }

    fn send_heartbeats(&mut self) {
        let heartbeat = self.core.heartbeat();
        for peer in self.ctx.peers() {
            self.ctx.call(peer, heartbeat.clone());
        }
        self.deadline = self.ctx.now() + self.timing.heartbeat_interval();
    }

    fn answer_vote(&mut self, call: Call<Raft, RequestVote>) {
        let (reply, timer) = self.core.answer_vote(&call.args);
        self.settle(timer);
        call.reply(self.ctx, reply);
    }

    fn answer_append(&mut self, call: Call<Raft, AppendEntries>) {
        let (reply, timer) = self.core.answer_append(&call.args);
        self.settle(timer);
        call.reply(self.ctx, reply);
    }

    fn count_vote(&mut self, answer: Answer<RequestVote, VoteReply>) {
        let timer = self
            .core
            .count_vote(answer.from, &answer.request, &answer.reply);
        self.settle(timer);
    }

    fn notice_append(&mut self, answer: Answer<AppendEntries, AppendReply>) {
        let timer = self.core.notice_append(&answer.reply);
        self.settle(timer);
        self.note_follower(&answer);
    }

    /// Brings disk, deadline and status up to what the core has decided.
    fn settle(&mut self, timer: Timer) {
        if let Some(stable) = self.core.take_unsaved() {
            self.ctx.persist(stable);
            log::debug!("{} of term {}", self.core.role(), self.core.current_term());
        }
        self.ctx.publish(self.core.status());
        match timer {
            Timer::Keep => {}
            Timer::Election => self.deadline = self.ctx.now() + self.draw_election_timeout(),
            Timer::Heartbeat => {
                log::debug!("elected leader of term {}", self.core.current_term());
                self.send_heartbeats();
            }
        }
    }

    /// A fresh random election timeout.
    fn draw_election_timeout(&self) -> Duration {
        let choices = self.timing.election_timeout_choices();
        let choice = self.ctx.rng().random_range(0..choices);
        let step = self.timing.election_timeout_step().as_nanos() as u64;
        self.timing.election_timeout_min() + Duration::from_nanos(step * choice)
    }
}
