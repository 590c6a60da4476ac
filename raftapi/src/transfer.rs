//! Leadership transfer (thesis 3.10), an extra: plain Raft may drop all of it.

use labrpc::{Answer, Call, Rpc, ServerId};
use serde::{Deserialize, Serialize};

use crate::{Raft, Reply, Request, Term};

/// Asks a leader to hand its leadership to the server that sends this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferLeadership {
    /// The sender's term.
    pub term: Term,
}

/// A leader tells a server whose log is up to date to campaign at once, as if its election timer
/// had run out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeoutNow {
    /// Leader's term.
    pub term: Term,
    /// The leader.
    pub leader_id: ServerId,
}

/// The answer to both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferReply {
    /// Current term of the server that answers.
    pub term: Term,
    /// Whether it does what it was asked.
    pub accepted: bool,
}

/// What a server finds in its inbox about leadership transfer.
#[derive(Debug)]
pub enum Transfer {
    /// A server wants to become leader in this server's place.
    Leadership(Call<Raft, TransferLeadership>),
    /// The leader wants this server to campaign at once.
    TimeoutNow(Call<Raft, TimeoutNow>),
    /// A server answers one of this server's.
    Reply(Answer<Request, TransferReply>),
}

impl Rpc<Raft> for TransferLeadership {
    type Reply = TransferReply;
}

impl Rpc<Raft> for TimeoutNow {
    type Reply = TransferReply;
}

impl From<TransferLeadership> for Request {
    fn from(args: TransferLeadership) -> Request {
        Request::TransferLeadership(args)
    }
}

impl From<TimeoutNow> for Request {
    fn from(args: TimeoutNow) -> Request {
        Request::TimeoutNow(args)
    }
}

impl From<TransferReply> for Reply {
    fn from(reply: TransferReply) -> Reply {
        Reply::Transfer(reply)
    }
}
