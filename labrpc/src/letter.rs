//! A message between two servers, as a host carries it.

use std::collections::VecDeque;

use crate::protocol::Ticket;
use crate::slab::Slab;
use crate::{Lost, Protocol, ServerId};

/// A message under way; or a request that has been delivered and not been answered yet.
pub(crate) struct Letter<P: Protocol> {
    /// The message's number in the run.
    pub message: u64,
    pub from: ServerId,
    pub to: ServerId,
    /// Which start of the server that calls this call belongs to: a number that its host knows.
    pub caller_start: u32,
    pub state: State,
    pub body: Body<P>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    UnderWay,
    /// It could not be delivered when it was sent, for this reason; if `late`, it is tried again
    /// when it is due.
    Lingering {
        why: Lost,
        late: bool,
    },
    /// A request, in the hands of its receiver.
    Delivered,
}

pub(crate) enum Body<P: Protocol> {
    Request(P::Request),
    Reply(P::Request, P::Reply),
}

/// Letters that are under way or wait for an answer, and how much memory they take.
pub(crate) struct Letters<P: Protocol> {
    slab: Slab<Letter<P>>,
    bytes: u64,
}

/// When they take more, servers send more than they wait for.
pub(crate) const MOST_BYTES: u64 = 256 << 20;

impl<P: Protocol> Letters<P> {
    pub fn new() -> Self {
        Letters {
            slab: Slab::new(),
            bytes: 0,
        }
    }

    #[inline]
    pub fn insert(&mut self, letter: Letter<P>) -> Ticket {
        self.bytes += letter.bytes();
        self.slab.insert(letter)
    }

    #[inline]
    pub fn get_mut(&mut self, ticket: Ticket) -> Option<&mut Letter<P>> {
        self.slab.get_mut(ticket)
    }

    #[inline]
    pub fn remove(&mut self, ticket: Ticket) -> Option<Letter<P>> {
        let letter = self.slab.remove(ticket)?;
        self.bytes -= letter.bytes();
        Some(letter)
    }

    /// About how many bytes of memory they take.
    #[inline]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// A server can answer a request until so many others have come to it: what a server that never answers
/// leaves behind is bounded.
pub(crate) const ANSWERABLE: usize = 1024;

/// The requests that came to a server last, those that it has answered among them.
#[derive(Debug, Default)]
pub(crate) struct Answerable(VecDeque<Ticket>);

impl Answerable {
    /// A request has come. Which one can be answered no longer, if there is one.
    #[inline]
    pub fn came(&mut self, request: Ticket) -> Option<Ticket> {
        let oldest = match self.0.len() == ANSWERABLE {
            true => self.0.pop_front(),
            false => None,
        };
        self.0.push_back(request);
        oldest
    }

    /// Takes all, the oldest first.
    pub fn take(&mut self) -> VecDeque<Ticket> {
        std::mem::take(&mut self.0)
    }
}

impl<P: Protocol> Letter<P> {
    /// About how much memory it takes: itself, its event, and what the request holds.
    #[inline]
    fn bytes(&self) -> u64 {
        let (Body::Request(request) | Body::Reply(request, _)) = &self.body;
        2 * size_of::<Self>() as u64 + P::request_bytes(request)
    }

    /// A second copy of the same message.
    pub fn copy(&self) -> Self {
        Letter {
            body: match &self.body {
                Body::Request(request) => Body::Request(request.clone()),
                Body::Reply(request, reply) => Body::Reply(request.clone(), reply.clone()),
            },
            ..*self
        }
    }
}
