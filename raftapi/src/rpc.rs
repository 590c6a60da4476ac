//! The two RPCs of Figure 2.

use labrpc::{Rpc, ServerId};
use serde::{Deserialize, Serialize};

use crate::{Entry, Raft, Term, TimeoutNow, TransferLeadership, TransferReply};

/// Invoked by candidates to gather votes (Figure 2; section 5.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestVote {
    /// Candidate's term. In a pre-vote, the term that it would campaign in.
    pub term: Term,
    /// Candidate requesting vote.
    pub candidate_id: ServerId,
    /// Index of candidate's last log entry; 0 if its log is empty (section 5.4.1).
    pub last_log_index: u64,
    /// Term of candidate's last log entry; 0 if its log is empty (section 5.4.1).
    pub last_log_term: Term,
    /// Only asks whether a vote would be granted; changes nobody's term or vote (thesis 9.6).
    pub pre_vote: bool,
    /// The leader itself has asked for this election: no lease holds it up (thesis 4.2.3).
    pub leader_transfer: bool,
}

/// The answer to [`RequestVote`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteReply {
    /// Current term of the server that answers, for the candidate to update itself.
    pub term: Term,
    /// True means candidate received vote.
    pub vote_granted: bool,
}

/// Invoked by the leader; a heartbeat, as in this lab entries are empty (Figure 2; section 5.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppendEntries {
    /// Leader's term.
    pub term: Term,
    /// So that a follower can redirect clients.
    pub leader_id: ServerId,
    /// Index of the log entry immediately preceding new ones.
    pub prev_log_index: u64,
    /// Term of the entry at `prev_log_index`.
    pub prev_log_term: Term,
    /// Log entries to store: none, for a heartbeat.
    pub entries: Vec<Entry>,
    /// Leader's commit index.
    pub leader_commit: u64,
}

/// The answer to [`AppendEntries`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppendReply {
    /// Current term of the server that answers, for the leader to update itself.
    pub term: Term,
    /// True if the follower's log contained an entry that matches `prev_log_index` and
    /// `prev_log_term`.
    pub success: bool,
}

/// Any request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// See [`RequestVote`].
    RequestVote(RequestVote),
    /// See [`AppendEntries`].
    AppendEntries(AppendEntries),
    /// See [`TransferLeadership`].
    TransferLeadership(TransferLeadership),
    /// See [`TimeoutNow`].
    TimeoutNow(TimeoutNow),
}

/// Any reply, called as the request that it answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// See [`VoteReply`].
    RequestVote(VoteReply),
    /// See [`AppendReply`].
    AppendEntries(AppendReply),
    /// See [`TransferReply`].
    Transfer(TransferReply),
}

/// A number on the wire.
const WORD: u64 = 8;
/// A truth value on the wire.
const FLAG: u64 = 1;

impl Request {
    /// The sender's term.
    pub fn term(&self) -> Term {
        match self {
            Request::RequestVote(args) => args.term,
            Request::AppendEntries(args) => args.term,
            Request::TransferLeadership(args) => args.term,
            Request::TimeoutNow(args) => args.term,
        }
    }

    /// Bytes on the wire: 8 for each number, 1 for each truth value, the text of commands.
    pub fn bytes(&self) -> u64 {
        match self {
            Request::RequestVote(_) => 4 * WORD + 2 * FLAG,
            Request::TransferLeadership(_) => WORD,
            Request::TimeoutNow(_) => 2 * WORD,
            Request::AppendEntries(args) => {
                let entries = args.entries.iter();
                6 * WORD
                    + entries
                        .map(|e| 2 * WORD + e.command.len() as u64)
                        .sum::<u64>()
            }
        }
    }
}

impl Reply {
    /// The sender's term.
    pub fn term(&self) -> Term {
        match self {
            Reply::RequestVote(reply) => reply.term,
            Reply::AppendEntries(reply) => reply.term,
            Reply::Transfer(reply) => reply.term,
        }
    }

    /// Bytes on the wire, as for [`Request::bytes`].
    pub fn bytes(&self) -> u64 {
        WORD + FLAG
    }
}

impl Rpc<Raft> for RequestVote {
    type Reply = VoteReply;
}

impl Rpc<Raft> for AppendEntries {
    type Reply = AppendReply;
}

impl From<RequestVote> for Request {
    fn from(args: RequestVote) -> Request {
        Request::RequestVote(args)
    }
}

impl From<AppendEntries> for Request {
    fn from(args: AppendEntries) -> Request {
        Request::AppendEntries(args)
    }
}

impl From<VoteReply> for Reply {
    fn from(reply: VoteReply) -> Reply {
        Reply::RequestVote(reply)
    }
}

impl From<AppendReply> for Reply {
    fn from(reply: AppendReply) -> Reply {
        Reply::AppendEntries(reply)
    }
}
