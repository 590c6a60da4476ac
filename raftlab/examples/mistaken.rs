//! Servers with one mistake each: the reference's rules, and around them a loop that goes wrong.
//! For lessons: what does a test say of it, what does a picture show?
//!
//! `MISTAKE=votes-twice cargo run --release --example mistaken -- test --test initial_election`

use std::process::ExitCode;
use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;
use raft::{Core, Timer};
use raftapi::Timing;
use raftapi::{Call, Context, Event, Features, Raft, RequestVote, Role, Server, Stable, Time};
use raftlab::Lab;
use rand::RngExt;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mistake {
    /// A follower forgets whom it has voted for.
    VotesTwice,
    /// It resets its election timer when it refuses a vote, too.
    RefusalsReset,
    /// It sends its vote, and saves it after that.
    AnswersFirst,
}

fn main() -> ExitCode {
    let mistake = std::env::var("MISTAKE").unwrap_or_default();
    let (build, invocation): (fn(Timing, Features) -> Server, _) = match mistake.as_str() {
        "votes-twice" => (
            |timing, _| server(timing, Mistake::VotesTwice),
            "MISTAKE=votes-twice cargo run --release --example mistaken --",
        ),
        "refusals-reset" => (
            |timing, _| server(timing, Mistake::RefusalsReset),
            "MISTAKE=refusals-reset cargo run --release --example mistaken --",
        ),
        "answers-first" => (
            |timing, _| server(timing, Mistake::AnswersFirst),
            "MISTAKE=answers-first cargo run --release --example mistaken --",
        ),
        _ => {
            eprintln!(
                "error: MISTAKE is '{mistake}' in the environment: expected votes-twice, \
                 refusals-reset or answers-first"
            );
            return ExitCode::from(2);
        }
    };
    raftlab::main(Lab {
        name: "mistaken",
        server: build(Timing::LAB, Features::PLAIN),
        build,
        invocation,
        source: None,
    })
}

fn server(timing: Timing, mistake: Mistake) -> Server {
    Server::new(timing, move |ctx| run(ctx, timing, mistake))
}

/// The reference's loop, for plain Raft.
fn run(ctx: &Context<'_>, timing: Timing, mistake: Mistake) {
    let mut raft = Mistaken {
        ctx,
        timing,
        core: Core::new(ctx.me(), ctx.cluster_size(), ctx.restore()),
        disk: ctx.restore(),
        deadline: Time::NEVER,
    };
    raft.settle(Timer::Election);
    loop {
        match ctx.recv_deadline(raft.deadline) {
            Ok(Event::RequestVote(call)) => raft.answer_vote(call, mistake),
            Ok(Event::AppendEntries(call)) => {
                let (reply, timer) = raft.core.answer_append(&call.args);
                raft.settle(timer);
                call.reply(ctx, reply);
            }
            Ok(Event::VoteReply(answer)) => {
                let (from, request, reply) = (answer.from, &answer.request, &answer.reply);
                let timer = raft.core.count_vote(from, request, reply);
                raft.settle(timer);
            }
            Ok(Event::AppendReply(answer)) => {
                let timer = raft.core.notice_append(&answer.reply);
                raft.settle(timer);
            }
            Ok(Event::Transfer(_)) => {}
            Err(RecvTimeoutError::Timeout) => raft.on_timeout(),
            Err(RecvTimeoutError::Disconnected) => return, // killed
        }
    }
}

struct Mistaken<'a> {
    ctx: &'a Context<'a>,
    timing: Timing,
    core: Core,
    disk: Stable,
    deadline: Time,
}

impl Mistaken<'_> {
    fn answer_vote(&mut self, call: Call<Raft, RequestVote>, mistake: Mistake) {
        if mistake == Mistake::VotesTwice && self.core.role() == Role::Follower {
            let forgetful = Stable {
                voted_for: None,
                ..self.disk.clone()
            };
            self.core = Core::new(self.ctx.me(), self.ctx.cluster_size(), forgetful);
        }
        let (reply, mut timer) = self.core.answer_vote(&call.args);
        if mistake == Mistake::RefusalsReset && self.core.role() != Role::Leader {
            timer = Timer::Election;
        }
        if mistake == Mistake::AnswersFirst {
            call.reply(self.ctx, reply);
            self.settle(timer);
        } else {
            self.settle(timer);
            call.reply(self.ctx, reply);
        }
    }

    fn on_timeout(&mut self) {
        if self.core.role() == Role::Leader {
            self.settle(Timer::Heartbeat);
            return;
        }
        let (request, timer) = self.core.campaign();
        self.settle(timer);
        for peer in self.ctx.peers() {
            self.ctx.call(peer, request.clone());
        }
    }

    fn settle(&mut self, timer: Timer) {
        if let Some(stable) = self.core.take_unsaved() {
            self.ctx.persist(stable);
            self.disk = stable.clone();
        }
        self.ctx.publish(self.core.status());
        match timer {
            Timer::Keep => {}
            Timer::Election => self.deadline = self.ctx.now() + self.draw_election_timeout(),
            Timer::Heartbeat => {
                for peer in self.ctx.peers() {
                    self.ctx.call(peer, self.core.heartbeat());
                }
                self.deadline = self.ctx.now() + self.timing.heartbeat_interval();
            }
        }
    }

    /// As the reference draws, so that a seed means the same run until the mistake is made.
    fn draw_election_timeout(&self) -> Duration {
        let choices = self.timing.election_timeout_choices();
        let choice = self.ctx.rng().random_range(0..choices);
        let step = self.timing.election_timeout_step().as_nanos() as u64;
        self.timing.election_timeout_min() + Duration::from_nanos(step * choice)
    }
}
