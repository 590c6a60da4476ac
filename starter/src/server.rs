//! A server around the core: one thread, one inbox, one deadline.
//!
//! Each turn of the loop waits for a message or the deadline, lets the core decide, and does what
//! it decided, in this order: save what must survive a crash, set the deadline, show the status,
//! send. There is no lock, for nothing is shared.

use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;
use raftapi::{
    Answer, AppendEntries, AppendReply, Call, Context, Event, Raft, RequestVote, Role, Server,
    Stable, Time, Timing, VoteReply,
};

use crate::Options;
use crate::core::{Core, Timer};

/// Your server with this timing: plain Raft.
pub fn server(timing: Timing) -> Server {
    server_with(timing, Options::default())
}

/// Your server with this timing and these options: extra credit. So far it is plain Raft whatever
/// they are; they are only declared.
pub fn server_with(timing: Timing, options: Options) -> Server {
    Server::new(timing, move |ctx| run(ctx, timing)).with_features(options.features())
}

/// Runs one server until it is killed.
fn run(ctx: &Context<'_>, timing: Timing) {
    let mut raft = Running::start(ctx, timing);
    loop {
        match ctx.recv_deadline(raft.deadline) {
            Ok(Event::RequestVote(call)) => raft.answer_vote(call),
            Ok(Event::AppendEntries(call)) => raft.answer_append(call),
            Ok(Event::VoteReply(answer)) => raft.count_vote(answer),
            Ok(Event::AppendReply(answer)) => raft.notice_append(answer),
            Ok(Event::Transfer(_)) => {} // leadership transfer: an extra
            Err(RecvTimeoutError::Timeout) => raft.on_timeout(),
            Err(RecvTimeoutError::Disconnected) => return, // killed
        }
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
    fn start(ctx: &'a Context<'a>, timing: Timing) -> Self {
        let on_disk = Stable::default(); // the other half of task 8
        let mut raft = Running {
            ctx,
            timing,
            core: Core::new(ctx.me(), ctx.cluster_size(), on_disk),
            deadline: Time::NEVER,
        };
        raft.settle(Timer::Election);
        raft
    }

    /// Task 1 of 8: an election timer that is due.
    ///
    /// Starts the election timer anew: it is due when `timeout` has passed from now (section 5.2).
    fn start_election_timer(&mut self, timeout: Duration) {
        log::debug!("an election timeout of {timeout:?} begins");
    }

    /// Task 6 of 8: fresh timeouts.
    ///
    /// The next election timeout, from a range that [`Timing`] declares (section 5.2). So far every
    /// server has one of its own, and it is always the same.
    fn election_timeout(&self) -> Duration {
        let (min, max) = (
            self.timing.election_timeout_min(),
            self.timing.election_timeout_max(),
        );
        let (me, servers) = (self.ctx.me().index(), self.ctx.cluster_size());
        min + (max - min) * me as u32 / servers as u32
    }

    fn on_timeout(&mut self) {
        if self.core.role() == Role::Leader {
            self.send_heartbeats();
            return;
        }
        let (request, timer) = self.core.campaign();
        self.settle(timer);
        if self.core.role() == Role::Candidate {
            for peer in self.ctx.peers() {
                self.ctx.call(peer, request.clone());
            }
        }
    }

    /// Task 5 of 8: heartbeats.
    ///
    /// Sends a round of them, which is due at once when this server is elected and then after each
    /// heartbeat interval (section 5.2; Figure 2, 'Leaders'). So far only the interval is kept.
    ///
    /// The other half is [`Core::answer_append`]: what a heartbeat means to whoever hears it.
    fn send_heartbeats(&mut self) {
        log::debug!("to be sent: {:?}", self.core.heartbeat());
        self.deadline = self.ctx.now() + self.timing.heartbeat_interval();
    }

    /// The other half of task 3: the candidate hears what [`Core::answer_vote`] says.
    fn answer_vote(&mut self, call: Call<Raft, RequestVote>) {
        log::debug!("not answered: {call:?}");
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
    }

    /// Brings disk, deadline and status up to what the core has decided.
    fn settle(&mut self, timer: Timer) {
        if let Some(stable) = self.core.take_unsaved() {
            self.ctx.persist(stable);
        }
        self.ctx.publish(self.core.status());
        match timer {
            Timer::Keep => {}
            Timer::Election => self.start_election_timer(self.election_timeout()),
            Timer::Heartbeat => self.send_heartbeats(),
        }
    }
}
