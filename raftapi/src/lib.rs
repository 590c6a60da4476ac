//! What a Raft server is to everybody else: the RPCs of Figure 2, stable state, status, timing.
//! No logic.
//!
//! | module | what |
//! |---|---|
//! | [`rpc`](RequestVote) | RequestVote and AppendEntries, as in Figure 2 of the Raft paper |
//! | [`state`](Stable) | what a server keeps through a crash, and what it shows of itself |
//! | [`timing`](Timing) | heartbeat interval and election timeout, with presets |
//! | [`features`](Features) | what a server does beyond plain Raft |
//! | [`process`](serve) | a server as a process of its own |
//! | [`transfer`](Transfer) | leadership transfer, an extra |
//!
//! A server is a function that takes a [`Context`] and returns when it is killed. It finds
//! [`Event`]s in its inbox.

mod features;
#[cfg(unix)]
mod process;
mod rpc;
mod state;
mod timing;
mod transfer;

pub use features::{Features, PreVote, Redraw};
pub use labrpc::{Answer, Call, ServerId, Time};
#[cfg(unix)]
pub use process::{Declared, main, serve};
pub use rpc::{AppendEntries, AppendReply, Reply, Request, RequestVote, VoteReply};
pub use state::{Entry, Role, Stable, Status, Term};
pub use timing::{Timing, TimingError};
pub use transfer::{TimeoutNow, Transfer, TransferLeadership, TransferReply};

use std::sync::Arc;

/// The protocol of this laboratory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raft;

/// What a server sees of the world.
pub type Context<'h> = labrpc::Context<'h, Raft>;

/// A server's function, its type erased.
pub type ServerFn = labrpc::ServerFn<Raft>;

/// A server to run: its function, and what it declares about itself.
#[derive(Clone)]
pub struct Server {
    /// Runs one server of a cluster until it is killed.
    pub run: ServerFn,
    /// The timing that it keeps to.
    pub timing: Timing,
    /// What it does beyond plain Raft.
    pub features: Features,
}

impl Server {
    /// A server that runs this function and declares this timing: plain Raft.
    pub fn new(timing: Timing, run: impl Fn(&Context<'_>) + Send + Sync + 'static) -> Server {
        Server {
            run: Arc::new(run),
            timing,
            features: Features::PLAIN,
        }
    }

    /// What it declares, in a line: `heartbeat 100ms, election timeout 300ms to 600ms; PreVote`.
    pub fn about(&self) -> String {
        match self.features {
            Features::PLAIN => self.timing.to_string(),
            features => format!("{}; {features}", self.timing),
        }
    }

    /// The same server, declaring what it does beyond plain Raft.
    #[must_use]
    pub fn with_features(self, features: Features) -> Server {
        Server { features, ..self }
    }
}

/// What a server finds in its inbox.
#[derive(Debug)]
pub enum Event {
    /// A candidate asks for this server's vote.
    RequestVote(Call<Raft, RequestVote>),
    /// A leader sends a heartbeat.
    AppendEntries(Call<Raft, AppendEntries>),
    /// A server answers this server's RequestVote.
    VoteReply(Answer<RequestVote, VoteReply>),
    /// A server answers this server's AppendEntries.
    AppendReply(Answer<AppendEntries, AppendReply>),
    /// Leadership transfer: whoever does not declare it may drop this.
    Transfer(Transfer),
}

impl labrpc::Protocol for Raft {
    type Request = Request;
    type Reply = Reply;
    type Stable = Stable;
    type Status = Status;
    type Event = Event;

    fn request_event(call: Call<Raft, Request>) -> Event {
        let (request, call) = call.take_args();
        match request {
            Request::RequestVote(args) => Event::RequestVote(call.with_args(args)),
            Request::AppendEntries(args) => Event::AppendEntries(call.with_args(args)),
            Request::TransferLeadership(args) => {
                Event::Transfer(Transfer::Leadership(call.with_args(args)))
            }
            Request::TimeoutNow(args) => {
                Event::Transfer(Transfer::TimeoutNow(call.with_args(args)))
            }
        }
    }

    fn reply_event(answer: Answer<Request, Reply>) -> Event {
        let from = answer.from;
        match (answer.request, answer.reply) {
            (Request::RequestVote(request), Reply::RequestVote(reply)) => {
                Event::VoteReply(Answer {
                    from,
                    request,
                    reply,
                })
            }
            (Request::AppendEntries(request), Reply::AppendEntries(reply)) => {
                Event::AppendReply(Answer {
                    from,
                    request,
                    reply,
                })
            }
            (request, Reply::Transfer(reply)) => Event::Transfer(Transfer::Reply(Answer {
                from,
                request,
                reply,
            })),
            (request, reply) => unreachable!("{request:?} was answered with {reply:?}"),
        }
    }

    fn request_name(request: &Request) -> &'static str {
        match request {
            Request::RequestVote(_) => "RequestVote",
            Request::AppendEntries(_) => "AppendEntries",
            Request::TransferLeadership(_) => "TransferLeadership",
            Request::TimeoutNow(_) => "TimeoutNow",
        }
    }

    fn is_answer(request: &Request, reply: &Reply) -> bool {
        match request {
            Request::RequestVote(_) => matches!(reply, Reply::RequestVote(_)),
            Request::AppendEntries(_) => matches!(reply, Reply::AppendEntries(_)),
            Request::TransferLeadership(_) | Request::TimeoutNow(_) => {
                matches!(reply, Reply::Transfer(_))
            }
        }
    }

    fn request_bytes(request: &Request) -> u64 {
        request.bytes()
    }

    fn reply_bytes(reply: &Reply) -> u64 {
        reply.bytes()
    }
}
