//! What servers say to each other: a [`Protocol`], and the calls that its messages travel in.

use std::fmt::{self, Debug};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Context;

/// One of the servers of a cluster, counted from 0; printed `S0`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerId(u32);

impl ServerId {
    /// The server with this number.
    pub const fn new(number: usize) -> ServerId {
        ServerId(number as u32)
    }

    /// Its number, for indexing.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// All servers of a cluster of `servers`, in order.
    pub fn all(servers: usize) -> impl ExactSizeIterator<Item = ServerId> + Clone {
        (0..servers).map(ServerId::new)
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("S{}", self.0))
    }
}

impl Debug for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a value must be capable of to be sent, stored or written into a trace.
pub trait Message: Clone + Debug + Serialize + DeserializeOwned + Send + 'static {}
impl<T: Clone + Debug + Serialize + DeserializeOwned + Send + 'static> Message for T {}

/// Everything that the network must know of the servers' protocol. It never looks inside.
pub trait Protocol: Sized + 'static {
    /// Any request, usually an enum with a variant for each RPC.
    type Request: Message;
    /// Any reply, with the same variants.
    type Reply: Message;
    /// What a server keeps through a crash.
    type Stable: Message + Default;
    /// What a server tells the world about itself.
    type Status: Message + PartialEq;
    /// What a server finds in its inbox.
    type Event;

    /// The event that hands a request to a server.
    fn request_event(call: Call<Self, Self::Request>) -> Self::Event;

    /// The event that hands a reply to the server that had called. The two are of one kind: the
    /// types of [`Call::reply`] see to it.
    fn reply_event(answer: Answer<Self::Request, Self::Reply>) -> Self::Event;

    /// A request's name, for messages to people: `RequestVote`.
    fn request_name(request: &Self::Request) -> &'static str;

    /// Whether a reply is of the kind that answers this request. Types see to it, except where a
    /// server runs in a process of its own.
    fn is_answer(request: &Self::Request, reply: &Self::Reply) -> bool;

    /// How many bytes a request counts as. By default the length of its JSON.
    fn request_bytes(request: &Self::Request) -> u64 {
        json_bytes(request)
    }

    /// How many bytes a reply counts as. By default the length of its JSON.
    fn reply_bytes(reply: &Self::Reply) -> u64 {
        json_bytes(reply)
    }
}

/// The length of a message's JSON, counted without writing it anywhere.
fn json_bytes(message: &impl Serialize) -> u64 {
    struct Counter(u64);
    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    serde_json::to_writer(&mut counter, message).expect("a message can be written as JSON");
    counter.0
}

/// One RPC of a protocol: the arguments' type, tied to the only type that can answer it.
pub trait Rpc<P: Protocol>: Into<P::Request> {
    /// The reply's type.
    type Reply: Into<P::Reply>;
}

/// Tells a host which request a reply is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ticket {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

impl Ticket {
    /// For a reply that comes too late for any request.
    pub(crate) const OF_NOTHING: Ticket = Ticket {
        slot: u32::MAX,
        generation: u32::MAX,
    };
}

/// A request that another server has sent: answer it with [`reply`](Call::reply), once, or drop it. When
/// 1,024 others have come after it, an answer changes nothing any more.
#[must_use = "a request that is dropped is never answered: to its sender, the network has lost it"]
pub struct Call<P: Protocol, Q> {
    /// Who asks.
    pub from: ServerId,
    /// The request.
    pub args: Q,
    ticket: Ticket,
    protocol: std::marker::PhantomData<fn(P)>,
}

impl<P: Protocol, Q> Call<P, Q> {
    pub(crate) fn new(from: ServerId, args: Q, ticket: Ticket) -> Self {
        Call {
            from,
            args,
            ticket,
            protocol: std::marker::PhantomData,
        }
    }

    pub(crate) fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Takes the arguments out. With [`with_args`](Call::with_args), it is how a [`Protocol`] turns
    /// 'some request' into 'this request'.
    pub fn take_args(self) -> (Q, Call<P, ()>) {
        (self.args, Call::new(self.from, (), self.ticket))
    }

    /// The same call with these arguments.
    pub fn with_args<T>(self, args: T) -> Call<P, T> {
        Call::new(self.from, args, self.ticket)
    }

    /// Answers the request.
    pub fn reply(self, ctx: &Context<'_, P>, reply: Q::Reply)
    where
        Q: Rpc<P>,
    {
        ctx.send_reply(self.ticket, reply.into());
    }
}

impl<P: Protocol, Q: Debug> Debug for Call<P, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} from {}", self.args, self.from)
    }
}

/// A reply to a call of one's own. It comes with the request that it answers, so that a server
/// can tell a stale reply from one that it still waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<Q, R> {
    /// Who answers.
    pub from: ServerId,
    /// The request as it was sent.
    pub request: Q,
    /// The reply.
    pub reply: R,
}
