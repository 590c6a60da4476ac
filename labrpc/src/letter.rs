//! A message between two servers, as a host carries it.

use std::collections::VecDeque;

use crate::protocol::Ticket;
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
