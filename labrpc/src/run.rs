//! Directing a run: starting and crashing servers, cutting links, letting time pass.

use crate::{
    Action, Counts, FaultsError, LinkFaults, Misstep, Network, Protocol, ServerFaults, ServerId,
    Time,
};

/// A run of a cluster, whatever hosts it.
///
/// Whoever directs a run acts between events, at [`now`](Run::now); in real time, events wait
/// meanwhile, and time does not. What is asked of a server that
/// does not exist, or cannot be done in its state, is an error that says so.
pub trait Run<P: Protocol, O> {
    /// How many servers there are.
    fn servers(&self) -> usize;

    /// The true time.
    fn now(&self) -> Time;

    /// Steps that the servers have taken so far, and those that were taken for them by hand.
    fn steps(&self) -> u64;

    /// Who watches the run.
    fn observer(&self) -> &O;

    /// The same, to be asked for more than it has seen.
    fn observer_mut(&mut self) -> &mut O;

    /// The links, and what they have carried.
    fn network(&self) -> &Network;

    /// What has been sent so far.
    fn counts(&self) -> Counts {
        self.network().counts().clone()
    }

    /// Whether a server is running, or has been started and will as soon as time passes. One that is
    /// [played by hand](Run::play_by_hand) is not running.
    fn is_up(&self, server: ServerId) -> bool;

    /// What a server's disk holds.
    fn stable(&self, server: ServerId) -> &P::Stable;

    /// Puts something on the disk of a server that is down.
    fn set_stable(&mut self, server: ServerId, stable: P::Stable) -> Result<(), FaultsError>;

    /// Starts a server that is down, or is played by hand, from what its disk holds.
    fn start(&mut self, server: ServerId) -> Result<(), FaultsError>;

    /// Kills a server. What it had not yet written is lost, and what it had not yet sent. One that
    /// is played by hand is down then, and as it never started, no crash is told.
    fn crash(&mut self, server: ServerId) -> Result<(), FaultsError>;

    /// Kills a server in the middle of a step: right after its `count`-th action of this kind,
    /// counted from now. The rest of that step's actions never happen.
    fn crash_after(
        &mut self,
        server: ServerId,
        kind: ActionKind,
        count: u32,
    ) -> Result<(), FaultsError>;

    /// Cuts a directed link. What is under way arrives.
    fn cut(&mut self, from: ServerId, to: ServerId) -> Result<(), FaultsError>;

    /// Heals a directed link.
    fn heal(&mut self, from: ServerId, to: ServerId) -> Result<(), FaultsError>;

    /// Cuts a server off from all others, in both directions, whatever its links are.
    fn isolate(&mut self, server: ServerId) -> Result<(), FaultsError>;

    /// Lets a server back in that was cut off.
    fn rejoin(&mut self, server: ServerId) -> Result<(), FaultsError>;

    /// Gives a directed link knobs of its own, from now on.
    fn set_link(
        &mut self,
        from: ServerId,
        to: ServerId,
        faults: LinkFaults,
    ) -> Result<(), FaultsError>;

    /// Gives all links the same knobs, from now on.
    fn set_all_links(&mut self, faults: LinkFaults) -> Result<(), FaultsError>;

    /// Gives a server's machine knobs of its own, from now on.
    fn set_server(&mut self, server: ServerId, faults: ServerFaults) -> Result<(), FaultsError>;

    /// From now on whoever directs the run plays this server, which must be down, by hand, with
    /// [`send_as`](Run::send_as) and [`reply_as`](Run::reply_as).
    ///
    /// To the network it is up: what is sent to it is delivered, as the observer is told, and nothing
    /// else happens. A request waits until it is answered. [`start`](Run::start) makes it an ordinary
    /// server again, [`crash`](Run::crash) one that is down. Both forget the requests that wait, and
    /// what answers a request of its own is lost from then on as
    /// [`CallerGone`](crate::Lost::CallerGone).
    ///
    /// Each message that is handed to a server played by hand, and each that is sent by hand, is told
    /// with a number of its own, as a step.
    ///
    /// # Errors
    ///
    /// When there is no such server, or it is running or played by hand already; and on
    /// [`Threads`](crate::Threads): servers are played by hand in virtual time only.
    fn play_by_hand(&mut self, server: ServerId) -> Result<(), FaultsError>;

    /// Sends a request in the name of `from`, at once, through the network like any other. The
    /// message's number.
    ///
    /// What answers it is delivered to `from` only if that is played by hand. A server that runs did
    /// not ask: the answer is lost as [`CallerGone`](crate::Lost::CallerGone).
    ///
    /// # Errors
    ///
    /// When there is no such server, when both are the same, and on [`Threads`](crate::Threads).
    fn send_as(
        &mut self,
        from: ServerId,
        to: ServerId,
        request: P::Request,
    ) -> Result<u64, FaultsError>;

    /// Answers the request with this message number, at once, through the network like any other.
    /// The reply's own message number. A request that was delivered twice can be answered twice.
    /// That the reply is of the request's kind is the caller's business.
    ///
    /// # Errors
    ///
    /// When no such request waits at a server played by hand: it has not been delivered, or has been
    /// answered or forgotten; and on [`Threads`](crate::Threads).
    fn reply_as(&mut self, request: u64, reply: P::Reply) -> Result<u64, FaultsError>;

    /// Lets time pass until `limit`, or until `done` says so. Whether it did. In virtual time
    /// `done` is asked before each step, in real time soon after each.
    ///
    /// # Errors
    ///
    /// When the run is over: see [`Ended`].
    fn advance_until(
        &mut self,
        limit: Time,
        done: &mut dyn FnMut(&O) -> bool,
    ) -> Result<bool, Ended>;

    /// Kills all servers and waits for their end. The run is over.
    ///
    /// # Errors
    ///
    /// When a server does not return.
    fn finish(&mut self) -> Result<(), Ended>;
}

/// Why a run is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The observer has seen enough.
    ByObserver,
    /// A server did what no server may do.
    Misstep(Box<Misstep>),
    /// It was finished.
    Finished,
}

/// The kinds of [`Action`](crate::Action), for [`Run::crash_after`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ActionKind {
    /// Any action.
    Any,
    /// Sending a request.
    Call,
    /// Answering one.
    Reply,
    /// Writing stable state.
    Persist,
    /// Showing a status.
    Publish,
}

impl ActionKind {
    #[inline]
    pub(crate) fn of<P: Protocol>(action: &Action<P>) -> ActionKind {
        match action {
            Action::Call(..) => ActionKind::Call,
            Action::Reply(..) => ActionKind::Reply,
            Action::Persist(_) => ActionKind::Persist,
            Action::Publish(_) => ActionKind::Publish,
        }
    }
}

/// Kills a server after so many actions of this kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CrashAfter {
    kind: ActionKind,
    left: u32,
}

impl CrashAfter {
    pub fn new(server: ServerId, kind: ActionKind, count: u32) -> Result<Self, FaultsError> {
        match count {
            0 => refuse("crash_after", server, "the count begins with 1"),
            left => Ok(CrashAfter { kind, left }),
        }
    }

    /// Counts an action. Whether the server is to be killed right after it.
    #[inline]
    pub fn is_due(planned: &mut Option<CrashAfter>, action: ActionKind) -> bool {
        match planned {
            None => false,
            Some(CrashAfter { kind, left }) => {
                if *kind == ActionKind::Any || *kind == action {
                    *left -= 1;
                }
                *left == 0
            }
        }
    }
}

/// Refuses what cannot be done to this server.
pub(crate) fn refuse<T>(
    knob: &'static str,
    server: ServerId,
    why: &'static str,
) -> Result<T, FaultsError> {
    Err(FaultsError {
        knob,
        value: server.to_string(),
        why,
    })
}

/// Refuses a server that does not exist.
pub(crate) fn check_server(servers: usize, server: ServerId) -> Result<(), FaultsError> {
    if server.index() < servers {
        return Ok(());
    }
    refuse("server", server, "there is no such server")
}

/// Refuses a link that does not exist.
pub(crate) fn check_link(servers: usize, from: ServerId, to: ServerId) -> Result<(), FaultsError> {
    check_server(servers, from)?;
    check_server(servers, to)?;
    if from == to {
        return refuse("link", from, "a server has no link to itself");
    }
    Ok(())
}

/// Refuses what is asked for of a server that is running, or of one that is not.
pub(crate) fn check_state(
    knob: &'static str,
    server: ServerId,
    on: bool,
    wanted: bool,
) -> Result<(), FaultsError> {
    match (on, wanted) {
        (true, false) => refuse(knob, server, "it is running"),
        (false, true) => refuse(knob, server, "it is not running"),
        _ => Ok(()),
    }
}
