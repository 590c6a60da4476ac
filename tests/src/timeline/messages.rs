//! The messages of a run, and what they say.

use std::collections::BTreeMap;

use labrpc::Lost;
use raftapi::{Reply, Request, ServerId, Time};

use super::model::{Kind, Message};

/// Texts, each of them once.
#[derive(Debug, Default)]
pub(super) struct Texts {
    all: Vec<String>,
    numbers: BTreeMap<String, u32>,
}

impl Texts {
    /// The number of this text.
    pub fn number(&mut self, text: String) -> u32 {
        if let Some(&number) = self.numbers.get(&text) {
            return number;
        }
        let number = self.all.len() as u32;
        self.all.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    /// All of them, in the order of their numbers.
    pub fn into_all(self) -> Vec<String> {
        self.all
    }
}

/// What two servers say to one another, and where in the list of messages it stands.
#[derive(Debug, Default)]
pub(super) struct Messages {
    all: Vec<Message>,
    /// Numbers in the trace to indices.
    indices: BTreeMap<u64, u32>,
}

/// A message: its number in the trace, and between whom.
#[derive(Clone, Copy)]
pub(super) struct Envelope {
    pub number: u64,
    pub from: ServerId,
    pub to: ServerId,
}

impl Messages {
    /// A message leaves. A reply answers the message with the number `answers`.
    pub fn sent(
        &mut self,
        at: Time,
        envelope: Envelope,
        what: What<'_>,
        answers: Option<u64>,
        texts: &mut Texts,
    ) -> u32 {
        let answers = answers.and_then(|number| self.indices.get(&number).copied());
        let index = self.all.len() as u32;
        self.all.push(Message {
            number: envelope.number,
            from: envelope.from.index() as u32,
            to: envelope.to.index() as u32,
            kind: what.kind(),
            term: what.term(),
            sent: Some(at.as_nanos()),
            arrived: Vec::new(),
            lost: None,
            answers,
            whole: texts.number(what.whole()),
        });
        self.indices.insert(envelope.number, index);
        index
    }

    /// A message arrives, whose sending may be before the trace.
    pub fn arrived(
        &mut self,
        at: Time,
        envelope: Envelope,
        what: What<'_>,
        texts: &mut Texts,
    ) -> u32 {
        let index = match self.indices.get(&envelope.number) {
            Some(&index) => index,
            None => {
                let index = self.sent(at, envelope, what, None, texts);
                self.all[index as usize].sent = None;
                index
            }
        };
        self.all[index as usize].arrived.push(at.as_nanos());
        index
    }

    /// A message is lost. One that was sent before the trace begins is not known: nothing says what
    /// it was.
    pub fn lost(&mut self, at: Time, number: u64, why: Lost) -> Option<u32> {
        let index = *self.indices.get(&number)?;
        self.all[index as usize].lost = Some((at.as_nanos(), in_words(why)));
        Some(index)
    }

    /// The message at this index.
    pub fn get(&self, index: u32) -> &Message {
        &self.all[index as usize]
    }

    /// All of them, in the order of their indices.
    pub fn into_all(self) -> Vec<Message> {
        self.all
    }
}

/// As it stands in [`Message::lost`].
fn in_words(why: Lost) -> &'static str {
    match why {
        Lost::Chance => "lost",
        Lost::Cut => "cut off",
        Lost::Down => "receiver down",
        Lost::CallerGone => "caller gone",
    }
}

/// What a message says.
#[derive(Clone, Copy)]
pub(super) enum What<'a> {
    Request(&'a Request),
    Reply(&'a Request, &'a Reply),
}

impl What<'_> {
    pub fn kind(self) -> Kind {
        match self {
            What::Request(Request::RequestVote(args)) if args.pre_vote => Kind::PreVote,
            What::Request(Request::RequestVote(_)) => Kind::Vote,
            What::Request(Request::AppendEntries(_)) => Kind::Heartbeat,
            What::Reply(Request::RequestVote(args), Reply::RequestVote(reply)) => {
                match (args.pre_vote, reply.vote_granted) {
                    (false, true) => Kind::Grant,
                    (false, false) => Kind::Refusal,
                    (true, true) => Kind::PreGrant,
                    (true, false) => Kind::PreRefusal,
                }
            }
            What::Reply(_, Reply::AppendEntries(reply)) if reply.success => Kind::Ok,
            What::Reply(_, Reply::AppendEntries(_)) => Kind::NotOk,
            // A vote in answer to no RequestVote cannot be sent.
            _ => Kind::Transfer,
        }
    }

    fn term(self) -> u64 {
        match self {
            What::Request(request) => request.term(),
            What::Reply(_, reply) => reply.term(),
        }
    }

    /// The message whole; a reply with the request that it answers.
    fn whole(self) -> String {
        match self {
            What::Request(request) => whole_request(request),
            What::Reply(request, reply) => {
                format!(
                    "{}, in answer to {}",
                    whole_reply(reply),
                    whole_request(request)
                )
            }
        }
    }
}

fn whole_request(request: &Request) -> String {
    match request {
        Request::RequestVote(args) => {
            let mut flags = String::new();
            for (flag, set) in [
                (", pre-vote", args.pre_vote),
                (", leader transfer", args.leader_transfer),
            ] {
                flags.push_str(if set { flag } else { "" });
            }
            format!(
                "RequestVote {{ term: {}, candidate: {}, last log: index {}, term {}{flags} }}",
                args.term, args.candidate_id, args.last_log_index, args.last_log_term
            )
        }
        Request::AppendEntries(args) => {
            let entries = match args.entries.len() {
                0 => "none".to_string(),
                _ => {
                    let entries = args.entries.iter();
                    let entries = entries.map(|e| format!("{:?} of term {}", e.command, e.term));
                    entries.collect::<Vec<_>>().join(", ")
                }
            };
            format!(
                "AppendEntries {{ term: {}, leader: {}, previous: index {}, term {}, entries: \
                 {entries}, commit: {} }}",
                args.term,
                args.leader_id,
                args.prev_log_index,
                args.prev_log_term,
                args.leader_commit
            )
        }
        Request::TransferLeadership(args) => {
            format!("TransferLeadership {{ term: {} }}", args.term)
        }
        Request::TimeoutNow(args) => format!(
            "TimeoutNow {{ term: {}, leader: {} }}",
            args.term, args.leader_id
        ),
    }
}

fn whole_reply(reply: &Reply) -> String {
    match reply {
        Reply::RequestVote(reply) => format!(
            "VoteReply {{ term: {}, granted: {} }}",
            reply.term, reply.vote_granted
        ),
        Reply::AppendEntries(reply) => format!(
            "AppendReply {{ term: {}, success: {} }}",
            reply.term, reply.success
        ),
        Reply::Transfer(reply) => format!(
            "TransferReply {{ term: {}, accepted: {} }}",
            reply.term, reply.accepted
        ),
    }
}
