//! One server's machine: its process, disk, clock, timer and inbox.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use super::by_hand::Hand;
use super::process::Process;
use crate::clock::Clock;
use crate::letter::Answerable;
use crate::protocol::Ticket;
use crate::run::CrashAfter;
use crate::{Action, Foresight, Protocol, ServerFaults, ServerFn, Time};

const MILLISECOND: Duration = Duration::from_millis(1);

pub(super) struct Machine<P: Protocol> {
    pub run: ServerFn<P>,
    /// The server, while it is up.
    pub process: Option<Process<P>>,
    /// Who is told ahead what the server will be handed, if it runs elsewhere.
    pub foresight: Option<Rc<dyn Foresight<P>>>,
    /// What has been told ahead and has not come yet.
    pub told: VecDeque<Told>,
    /// How many times it has been started.
    pub starts: u32,
    /// How many times it has been started or taken in hand: whose calls get an answer.
    pub lives: u32,
    /// The requests that wait for an answer, while it is played by hand.
    pub hand: Option<Hand>,
    /// Whether it is up, or will be as soon as its start is due.
    pub on: bool,
    /// What its disk holds.
    pub stable: P::Stable,
    pub faults: ServerFaults,
    pub clock: Clock,
    pub timer: Timer,
    /// A slow server takes no message before this.
    pub busy_until: Time,
    /// What came in while it was busy.
    pub inbox: VecDeque<Ticket>,
    /// The requests that it can answer.
    pub answerable: Answerable,
    /// What it did that waits for its disk or for the end of a slow step, in order.
    pub outbox: VecDeque<Part<P>>,
    /// When the disk has done what it was asked so far.
    pub disk_free_at: Time,
    /// Kills the server after so many actions of this kind.
    pub crash_after: Option<CrashAfter>,
    /// Steps that took time, and timers set: where its random stream stands.
    pub draws: u32,
    /// Steps since then, which is less than a millisecond ago.
    pub steps_now: u32,
    pub counted_since: Time,
}

/// An event that a server was told of ahead, and the time by its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub now: Time,
    pub what: Foreseen,
}

/// Which event it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreseen {
    Letter(Ticket),
    Timer,
}

/// What a server did in a part of a step.
pub(super) struct Part<P: Protocol> {
    /// The step's number.
    pub step: u64,
    /// When it takes effect.
    pub due: Time,
    pub actions: Vec<Action<P>>,
}

/// A server's deadline, and the one event in the queue that stands for it. A deadline that moves
/// later, as at each heartbeat, leaves that event where it is: it is put off when it comes up.
#[derive(Debug, Default)]
pub(super) struct Timer {
    /// Until when the server waits, by true time.
    pub deadline: Option<Time>,
    /// When the valid event in the queue comes up.
    pub queued: Option<Time>,
    /// Which event is the valid one.
    pub generation: u32,
}

impl<P: Protocol> Machine<P> {
    pub fn new(run: ServerFn<P>, faults: &ServerFaults) -> Self {
        Machine {
            run,
            process: None,
            foresight: None,
            told: VecDeque::new(),
            starts: 0,
            lives: 0,
            hand: None,
            on: false,
            stable: P::Stable::default(),
            faults: faults.clone(),
            clock: Clock::new(faults.clock_rate),
            timer: Timer::default(),
            busy_until: Time::ZERO,
            inbox: VecDeque::new(),
            answerable: Answerable::default(),
            outbox: VecDeque::new(),
            disk_free_at: Time::ZERO,
            crash_after: None,
            draws: 0,
            steps_now: 0,
            counted_since: Time::ZERO,
        }
    }

    pub fn is_up(&self) -> bool {
        self.process.is_some()
    }

    /// Whether messages reach it.
    #[inline]
    pub fn is_reachable(&self) -> bool {
        self.is_up() || self.hand.is_some()
    }

    /// Whether it is handed what is due when it is due, and does at once what it does, to the end.
    pub fn takes_things_as_they_come(&self) -> bool {
        self.inbox.is_empty()
            && self.outbox.is_empty()
            && self.faults.is_instantaneous()
            && self.crash_after.is_none()
    }

    /// Counts a step. How many there were within a millisecond.
    #[inline]
    pub fn count_step(&mut self, now: Time) -> u32 {
        if now >= self.counted_since + MILLISECOND {
            self.counted_since = now;
            self.steps_now = 0;
        }
        self.steps_now += 1;
        self.steps_now
    }

    /// Forgets what the server had in memory. What was in its inbox.
    pub fn forget(&mut self) -> VecDeque<Ticket> {
        self.foresight = None;
        self.told.clear();
        self.timer.deadline = None;
        self.timer.queued = None;
        self.timer.generation = self.timer.generation.wrapping_add(1);
        self.busy_until = Time::ZERO;
        self.outbox.clear();
        self.disk_free_at = Time::ZERO;
        self.crash_after = None;
        std::mem::take(&mut self.inbox)
    }
}
