//! The seam between a server and where it runs: a [`Host`] below, a [`Context`] above.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;

use crossbeam_channel::{RecvError, RecvTimeoutError};
use rand::TryRng;

use crate::protocol::Ticket;
use crate::streams::ServerStream;
use crate::{Answer, Call, Protocol, Rpc, ServerId, Time};

/// A server: a function that runs until its inbox is disconnected. Its type is erased, so that a
/// harness is compiled once and takes any server.
pub type ServerFn<P> = Arc<dyn Fn(&Context<'_, P>) + Send + Sync>;

/// Where a server runs. Between two waits a server is a function of what it was handed and of the
/// time; these three methods are all that a host needs in order to run it.
pub trait Host<P: Protocol> {
    /// The time by this server's clock.
    fn now(&self) -> Time;
    /// Does something to the world.
    fn act(&self, action: Action<P>);
    /// Ends a step: waits for a message, or until `deadline`.
    fn wait(&self, deadline: Option<Time>) -> Wake<P>;
    /// For a stand-in: it would like to be told ahead what its server will be handed. A host need not.
    fn foresee(&self, _: Rc<dyn Foresight<P>>) {}
}

/// Is told ahead what a server will be handed, in order. Whatever has been told is what the server is
/// handed next, or nothing at all, if it is killed before; or else the run ends with
/// [`Unforeseen`](crate::What::Unforeseen), and is to be played again without looking ahead.
pub trait Foresight<P: Protocol> {
    /// At this time by its clock the server will be handed this.
    fn tell(&self, now: Time, ahead: Ahead<'_, P>);
}

/// What a server will be handed.
pub enum Ahead<'a, P: Protocol> {
    /// A request.
    Request(ServerId, Ticket, &'a P::Request),
    /// A reply.
    Reply(ServerId, &'a P::Request, &'a P::Reply),
    /// Nothing: its deadline will have passed.
    Timeout,
}

/// What a server can do to the world. The actions between two waits are a list: a crash inside
/// the step is a prefix of it.
#[derive(Clone, Debug)]
pub enum Action<P: Protocol> {
    /// Sends a request.
    Call(ServerId, P::Request),
    /// Answers one.
    Reply(Ticket, P::Reply),
    /// Writes stable state to disk.
    Persist(P::Stable),
    /// Shows a changed status to the world.
    Publish(P::Status),
}

/// Why a wait ended.
pub enum Wake<P: Protocol> {
    /// A request came in.
    Request(Call<P, P::Request>),
    /// A reply came back.
    Reply(Answer<P::Request, P::Reply>),
    /// The deadline passed.
    Timeout,
    /// The server has been killed; whatever it does now changes nothing.
    Killed,
}

impl<P: Protocol> Wake<P> {
    /// What a server is handed; nothing, if it is killed.
    pub(crate) fn as_ahead(&self) -> Option<Ahead<'_, P>> {
        match self {
            Wake::Request(call) => Some(Ahead::Request(call.from, call.ticket(), &call.args)),
            Wake::Reply(answer) => Some(Ahead::Reply(answer.from, &answer.request, &answer.reply)),
            Wake::Timeout => Some(Ahead::Timeout),
            Wake::Killed => None,
        }
    }
}

/// What a server sees of the world. It can neither be moved nor shared between threads.
pub struct Context<'h, P: Protocol> {
    pub(crate) host: &'h dyn Host<P>,
    me: ServerId,
    servers: usize,
    stable: P::Stable,
    rng: RefCell<ServerStream>,
    published: RefCell<Option<P::Status>>,
}

impl<'h, P: Protocol> Context<'h, P> {
    /// The context of server `me` of `servers`, restarting from `stable`. For hosts.
    pub fn new(
        host: &'h dyn Host<P>,
        me: ServerId,
        servers: usize,
        stable: P::Stable,
        rng: impl Into<ServerStream>,
    ) -> Self {
        Context {
            host,
            me,
            servers,
            stable,
            rng: RefCell::new(rng.into()),
            published: RefCell::new(None),
        }
    }

    /// This server.
    pub fn me(&self) -> ServerId {
        self.me
    }

    /// All the other servers, in order.
    pub fn peers(&self) -> impl Iterator<Item = ServerId> + Clone + use<P> {
        let me = self.me;
        ServerId::all(self.servers).filter(move |&id| id != me)
    }

    /// How many servers the cluster has, this one included.
    pub fn cluster_size(&self) -> usize {
        self.servers
    }

    /// The time by this server's clock. In virtual time it stands still within a step.
    pub fn now(&self) -> Time {
        self.host.now()
    }

    /// Random numbers, from a stream that belongs to this server and this start of it.
    /// It is borrowed for each draw: `ctx.rng().random_range(0..10)`.
    pub fn rng(&self) -> ServerRng<'_> {
        ServerRng(&self.rng)
    }

    /// The next random number, for a stand-in whose server draws elsewhere.
    #[cfg(unix)]
    pub(crate) fn draw(&self) -> u32 {
        self.rng.borrow_mut().next_u32()
    }

    /// Waits for the next message, until `deadline`. A message that is already there is returned
    /// even when the deadline has passed, as with crossbeam's channels.
    ///
    /// # Errors
    ///
    /// `Timeout` when the deadline has passed; `Disconnected` when the server has been killed and
    /// must return.
    pub fn recv_deadline(&self, deadline: Time) -> Result<P::Event, RecvTimeoutError> {
        self.wait(Some(deadline))
    }

    /// Waits for the next message, for ever if need be.
    ///
    /// # Errors
    ///
    /// When the server has been killed and must return.
    pub fn recv(&self) -> Result<P::Event, RecvError> {
        self.wait(None).map_err(|_| RecvError)
    }

    fn wait(&self, deadline: Option<Time>) -> Result<P::Event, RecvTimeoutError> {
        match self.host.wait(deadline) {
            Wake::Request(call) => Ok(P::request_event(call)),
            Wake::Reply(answer) => Ok(P::reply_event(answer)),
            Wake::Timeout => Err(RecvTimeoutError::Timeout),
            Wake::Killed => Err(RecvTimeoutError::Disconnected),
        }
    }

    /// Sends a request and returns at once. The reply, if one ever comes, arrives as an event.
    /// A call that the network loses is never reported.
    ///
    /// # Panics
    ///
    /// If there is no server `to`.
    pub fn call(&self, to: ServerId, request: impl Rpc<P>) {
        assert!(
            to.index() < self.servers,
            "{} calls {to}, but there are only S0 to S{}",
            self.me,
            self.servers - 1
        );
        self.host.act(Action::Call(to, request.into()));
    }

    pub(crate) fn send_reply(&self, ticket: Ticket, reply: P::Reply) {
        self.host.act(Action::Reply(ticket, reply));
    }

    /// Writes stable state to disk. What the server sends afterwards leaves when the write is done.
    pub fn persist(&self, stable: &P::Stable) {
        self.host.act(Action::Persist(stable.clone()));
    }

    /// The stable state as it was when this server started: what the last start of it had
    /// persisted before it was killed.
    pub fn restore(&self) -> P::Stable {
        self.stable.clone()
    }

    /// Tells the world about this server: at its start, and at each change, before it waits again.
    /// Only a change counts, so it may be called at each turn of a loop.
    pub fn publish(&self, status: P::Status) {
        let mut published = self.published.borrow_mut();
        if published.as_ref() != Some(&status) {
            *published = Some(status.clone());
            self.host.act(Action::Publish(status));
        }
    }
}

/// A server's random numbers; see [`Context::rng`].
pub struct ServerRng<'c>(&'c RefCell<ServerStream>);

impl TryRng for ServerRng<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.borrow_mut().next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.borrow_mut().next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.borrow_mut().fill_bytes(bytes);
        Ok(())
    }
}
