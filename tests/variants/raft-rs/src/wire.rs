//! Which of the library's messages is which of ours.
//!
//! | raft-rs | here |
//! |---|---|
//! | MsgRequestVote, MsgRequestPreVote, and their responses | RequestVote, VoteReply |
//! | MsgHeartbeat; MsgAppend of a new leader | AppendEntries without entries, after its last entry |
//! | MsgAppend without entries | an AppendEntries that came in: it asks whether logs match |
//! | MsgAppendResponse | AppendReply; of a success, up to the entry that was asked about |
//! | MsgHeartbeatResponse | AppendReply without success: alive, no more |
//! | MsgTransferLeader, MsgTimeoutNow | TransferLeadership, TimeoutNow |
//!
//! Its messages go one way; ours are calls with answers. A response goes out as the answer to the
//! call that was just taken in. An answer that comes back is told by its request: if that is of
//! another campaign or term, only a newer term in it counts.

use raft::CAMPAIGN_TRANSFER;
use raft::prelude::{Message, MessageType};
use raftapi::{AppendEntries, AppendReply, RequestVote, ServerId, Term, VoteReply};

/// The library's name of a server: it keeps 0 for nobody.
pub fn id(server: ServerId) -> u64 {
    server.index() as u64 + 1
}

/// Our name of it; none for nobody.
pub fn server(id: u64) -> Option<ServerId> {
    let index = id.checked_sub(1)?;
    Some(ServerId::new(index as usize))
}

/// A message that has come in.
pub fn message(kind: MessageType, from: ServerId, term: Term) -> Message {
    let mut message = Message::default();
    message.set_msg_type(kind);
    message.from = id(from);
    message.term = term;
    message
}

/// A candidate's request, as the library wants it.
pub fn of_vote_request(args: &RequestVote) -> Message {
    let kind = match args.pre_vote {
        true => MessageType::MsgRequestPreVote,
        false => MessageType::MsgRequestVote,
    };
    let mut message = message(kind, args.candidate_id, args.term);
    message.index = args.last_log_index;
    message.log_term = args.last_log_term;
    if args.leader_transfer {
        message.context = CAMPAIGN_TRANSFER.into();
    }
    message
}

/// The library's request for a vote, as ours.
pub fn to_vote_request(message: &Message, me: ServerId) -> RequestVote {
    RequestVote {
        term: message.term,
        candidate_id: me,
        last_log_index: message.index,
        last_log_term: message.log_term,
        pre_vote: message.get_msg_type() == MessageType::MsgRequestPreVote,
        leader_transfer: message.context == CAMPAIGN_TRANSFER,
    }
}

/// An answer to a request for a vote; none if it says nothing any more. A grant is of the term that
/// was asked for.
pub fn of_vote_reply(
    from: ServerId,
    request: &RequestVote,
    reply: &VoteReply,
    current_term: Term,
) -> Option<Message> {
    let granted = reply.vote_granted && reply.term <= request.term;
    let asked_in = request.term - u64::from(request.pre_vote);
    let newer = reply.term > current_term && !granted;
    if asked_in != current_term && !newer {
        return None;
    }
    let kind = match request.pre_vote {
        true => MessageType::MsgRequestPreVoteResponse,
        false => MessageType::MsgRequestVoteResponse,
    };
    let term = if granted { request.term } else { reply.term };
    let mut message = message(kind, from, term);
    message.reject = !granted;
    Some(message)
}

/// A heartbeat that has come in.
pub fn of_append(from: ServerId, args: &AppendEntries) -> Message {
    let mut message = message(MessageType::MsgAppend, from, args.term);
    message.index = args.prev_log_index;
    message.log_term = args.prev_log_term;
    message
}

/// An answer to a heartbeat; none if it says nothing any more.
pub fn of_append_reply(
    from: ServerId,
    request: &AppendEntries,
    reply: &AppendReply,
    current_term: Term,
) -> Option<Message> {
    if request.term != current_term && reply.term <= current_term {
        return None;
    }
    if !reply.success {
        return Some(message(MessageType::MsgHeartbeatResponse, from, reply.term));
    }
    let mut message = message(MessageType::MsgAppendResponse, from, reply.term);
    message.index = request.prev_log_index;
    Some(message)
}
