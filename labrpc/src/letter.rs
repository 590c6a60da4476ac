//! A message between two servers, as a host carries it.

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
