//! The world that all threads share, behind one lock: what is recorded, and what becomes of it.

#![allow(clippy::disallowed_methods)] // this host's time is the wall clock's

use std::sync::Arc;
use std::thread::Thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use parking_lot::Mutex;

use super::inbox::{Mail, Parcel, Pending};
use crate::clock::Clock;
use crate::letter::{Answerable, Body, Letter, State};
use crate::network::{Arrival, Fate, Way};
use crate::protocol::Ticket;
use crate::run::CrashAfter;
use crate::slab::Slab;
use crate::{
    Cause, Delay, Ended, Happening, Lost, Misstep, Network, Observer, Protocol, ServerFaults,
    ServerId, Streams, Time, What,
};

/// The beginning of a run, as the wall clock has it.
#[derive(Clone, Copy)]
pub(super) struct Began(Instant);

impl Began {
    pub fn now() -> Began {
        Began(Instant::now())
    }

    /// How long ago that is: the true time.
    #[inline]
    pub fn elapsed(self) -> Time {
        Time::ZERO + self.0.elapsed()
    }

    /// That time by the wall clock. None if it never comes.
    pub fn instant(self, at: Time) -> Option<Instant> {
        if at == Time::NEVER {
            return None;
        }
        self.0.checked_add(at.since_start())
    }
}

pub(super) struct World<P: Protocol, O> {
    pub began: Began,
    /// The time at which the lock was taken last.
    pub now: Time,
    pub steps: u64,
    messages: u64,
    pub network: Network,
    pub machines: Vec<Machine<P>>,
    /// Where each server is.
    pub at: Vec<Step>,
    pub streams: Streams,
    pub observer: O,
    pub ended: Option<Ended>,
    /// Requests that have been delivered and not been answered yet.
    open: Slab<Letter<P>>,
    /// What could not be delivered when it was sent, or has lost its receiver while under way.
    pub lingering: Pending<P>,
    /// The director, while it waits for something to happen.
    pub listening: Option<Thread>,
    /// Whether something has happened since it began to wait.
    pub news: bool,
}

/// One server's machine.
pub(super) struct Machine<P: Protocol> {
    pub send: Sender<Mail<P>>,
    pub inbox: Receiver<Mail<P>>,
    pub starts: u32,
    /// Whether it is up.
    pub on: bool,
    /// The requests that it can answer.
    answerable: Answerable,
    /// What its disk holds.
    pub stable: P::Stable,
    pub faults: ServerFaults,
    pub clock: Clock,
    pub crash_after: Option<CrashAfter>,
    /// Steps and writes that took time: where its random stream stands.
    draws: u32,
}

/// The step that a server is in, or was in last, and what it was handed in it.
pub(super) struct Step {
    pub number: u64,
    pub cause: Cause,
}

impl<P: Protocol> Machine<P> {
    fn new(faults: &ServerFaults) -> Self {
        let (send, inbox) = crossbeam_channel::unbounded();
        Machine {
            send,
            inbox,
            starts: 0,
            on: false,
            answerable: Answerable::default(),
            stable: P::Stable::default(),
            faults: faults.clone(),
            clock: Clock::new(faults.clock_rate),
            crash_after: None,
            draws: 0,
        }
    }

    /// Has its server look at it.
    pub fn nudge(&self) {
        // The receiver is in this very struct.
        let _ = self.send.send(Mail::Look);
    }
}

/// What leaves for a receiver's inbox when the lock has been released: a message and its copy.
pub(super) type Outgoing<P> = [Option<Parcel<P>>; 2];

/// Tells the observer, unless the run is over; notes that it has seen enough.
macro_rules! tell {
    ($world:expr, $step:expr, $what:expr) => {
        if $world.ended.is_none() {
            $world.news = true;
            if $world.observer.observe($world.now, $step, $what).is_break() {
                $world.ended = Some($crate::Ended::ByObserver);
            }
        }
    };
}
pub(super) use tell;

/// What all threads share.
pub(super) struct Shared<P: Protocol, O> {
    pub began: Began,
    pub world: Arc<Mutex<World<P, O>>>,
    /// The servers' inboxes, again: sending takes no lock.
    pub inboxes: Vec<Sender<Mail<P>>>,
}

impl<P: Protocol, O> Shared<P, O> {
    /// Does something under the lock; wakes the director if there is news for it.
    #[inline]
    pub fn with<T>(&self, act: impl FnOnce(&mut World<P, O>) -> T) -> T {
        let mut world = self.world.lock();
        world.tick();
        let result = act(&mut world);
        let listening = if world.news {
            world.listening.take()
        } else {
            None
        };
        drop(world);
        if let Some(director) = listening {
            director.unpark();
        }
        result
    }

    #[inline]
    pub fn send(&self, to: ServerId, outgoing: Outgoing<P>) {
        for parcel in outgoing.into_iter().flatten() {
            // The receiver is in the world.
            let _ = self.inboxes[to.index()].send(Mail::Parcel(parcel));
        }
    }
}

impl<P: Protocol, O> World<P, O> {
    pub fn new(
        servers: usize,
        faults: &crate::Faults,
        streams: Streams,
        began: Began,
        observer: O,
    ) -> Self {
        World {
            began,
            now: Time::ZERO,
            steps: 0,
            messages: 0,
            network: Network::new(servers, &faults.link, streams.clone()),
            machines: (0..servers).map(|_| Machine::new(&faults.server)).collect(),
            at: (0..servers)
                .map(|_| Step {
                    number: 0,
                    cause: Cause::Start,
                })
                .collect(),
            streams,
            observer,
            ended: None,
            open: Slab::new(),
            lingering: Pending::new(),
            listening: None,
            news: false,
        }
    }

    /// Reads the clock. Times that are recorded never fall.
    #[inline]
    pub fn tick(&mut self) {
        self.now = self.now.max(self.began.elapsed());
    }

    /// Whether this start of a server is running, and the run is not over.
    #[inline]
    pub fn runs(&self, server: ServerId, start: u32) -> bool {
        let machine = &self.machines[server.index()];
        machine.on && machine.starts == start + 1 && self.ended.is_none()
    }

    /// Begins a server's step. Its number.
    #[inline]
    pub fn begin_step(&mut self, server: ServerId, cause: Cause) -> u64 {
        let number = self.steps;
        self.at[server.index()] = Step { number, cause };
        self.steps += 1;
        number
    }

    /// Until when a server's machine takes for a step that begins now.
    #[inline]
    pub fn begin_work(&mut self, server: ServerId) -> Time {
        let takes = self.machines[server.index()].faults.step_time;
        self.work(server, takes, 1)
    }

    /// Until when a write to the disk takes that begins now.
    pub fn begin_write(&mut self, server: ServerId) -> Time {
        let cause = self.at[server.index()].cause;
        let takes = self.machines[server.index()].faults.write(cause);
        self.work(server, takes, 3)
    }

    #[inline]
    fn work(&mut self, server: ServerId, takes: Delay, draw: u64) -> Time {
        if takes == Delay::ZERO {
            return self.now;
        }
        let machine = &mut self.machines[server.index()];
        machine.draws = machine.draws.wrapping_add(1);
        let draws = self.streams.machine(server, machine.draws);
        self.now + Duration::from_nanos(takes.sample(&draws, draw))
    }

    /// Ends the run because of a server, in the step that it is in.
    pub fn misstep(&mut self, server: ServerId, what: What) {
        if matches!(self.ended, Some(Ended::Misstep(_))) {
            return;
        }
        let step = &self.at[server.index()];
        self.news = true;
        self.ended = Some(Ended::Misstep(Box::new(Misstep {
            server,
            at: self.now,
            step: step.number,
            cause: step.cause,
            what,
        })));
    }
}

impl<P: Protocol, O: Observer<P>> World<P, O> {
    // ---- sending ----

    pub fn send_request(
        &mut self,
        from: ServerId,
        to: ServerId,
        request: P::Request,
        bytes: u64,
    ) -> Outgoing<P> {
        self.network.count_call(bytes);
        let message = self.messages;
        self.messages += 1;
        let step = self.at[from.index()].number;
        let caller_start = self.machines[from.index()].starts;
        tell!(
            self,
            step,
            Happening::Sent {
                message,
                from,
                to,
                request: &request
            }
        );
        let letter = Letter {
            message,
            from,
            to,
            caller_start,
            state: State::UnderWay,
            body: Body::Request(request),
        };
        self.post(Way::Request, step, letter)
    }

    /// Sends a reply, if its request is still to be answered by this server. To whom.
    pub fn send_reply(
        &mut self,
        from: ServerId,
        ticket: Ticket,
        reply: P::Reply,
    ) -> Option<(ServerId, Outgoing<P>)> {
        self.open.get_mut(ticket).filter(|open| open.to == from)?;
        let Letter {
            message: answers,
            from: to,
            caller_start,
            body: Body::Request(request),
            ..
        } = self.open.remove(ticket)?
        else {
            return None;
        };
        let message = self.messages;
        self.messages += 1;
        let step = self.at[from.index()].number;
        tell!(
            self,
            step,
            Happening::Replied {
                message,
                answers,
                from,
                to,
                request: &request,
                reply: &reply
            }
        );
        let letter = Letter {
            message,
            from,
            to,
            caller_start,
            state: State::UnderWay,
            body: Body::Reply(request, reply),
        };
        Some((to, self.post(Way::Reply, step, letter)))
    }

    fn post(&mut self, way: Way, step: u64, mut letter: Letter<P>) -> Outgoing<P> {
        let up = self.machines[letter.to.index()].on;
        let now = self.now;
        let parcel = |arrival: Arrival, letter| {
            let due = now + Duration::from_nanos(arrival.delay_nanos);
            Parcel {
                due,
                delayed: due > now,
                letter,
            }
        };
        match self.network.fate(way, letter.from, letter.to, up) {
            Fate::Lost(why) => {
                self.drop_letter(step, letter, why);
                [None, None]
            }
            Fate::Arrives(first, second) => {
                let second = second.map(|second| parcel(second, letter.copy()));
                [Some(parcel(first, letter)), second]
            }
            Fate::Lingers { arrival, why, late } => {
                letter.state = State::Lingering { why, late };
                self.lingering.push(parcel(arrival, letter));
                [None, None]
            }
        }
    }

    pub fn drop_letter(&mut self, step: u64, letter: Letter<P>, why: Lost) {
        let Letter {
            message, from, to, ..
        } = letter;
        tell!(
            self,
            step,
            Happening::Dropped {
                message,
                from,
                to,
                why
            }
        );
    }

    // ---- receiving ----

    /// Keeps a request that is being delivered, to be answered.
    pub fn open(&mut self, letter: Letter<P>) -> Ticket {
        self.network.count_request(letter.to);
        let machine = letter.to.index();
        let ticket = self.open.insert(letter);
        if let Some(oldest) = self.machines[machine].answerable.came(ticket) {
            self.open.remove(oldest);
        }
        ticket
    }

    /// Takes back what was under way to a server that is down: what is there already is lost.
    pub fn take_back(&mut self, parcel: Parcel<P>) {
        if parcel.due <= self.now {
            let step = self.steps;
            self.drop_letter(step, parcel.letter, Lost::Down);
        } else {
            self.lingering.push(parcel);
        }
    }

    /// Takes back what is in the inbox of a server that is down.
    pub fn clear_inbox(&mut self, server: ServerId) {
        while let Ok(mail) = self.machines[server.index()].inbox.try_recv() {
            if let Mail::Parcel(parcel) = mail {
                self.take_back(parcel);
            }
        }
    }

    /// Delivers or loses what has lingered long enough.
    pub fn lingered(&mut self) {
        while let Some(Parcel { due, letter, .. }) = self.lingering.pop_due(self.now) {
            let (from, to) = (letter.from, letter.to);
            let lost = match letter.state {
                State::Lingering { why, late } if !late || !self.network.is_open(from, to) => {
                    Some(why)
                }
                _ if !self.machines[to.index()].on => Some(Lost::Down),
                _ => None,
            };
            if let Some(why) = lost {
                let step = self.steps;
                self.drop_letter(step, letter, why);
                continue;
            }
            let parcel = Parcel {
                due,
                delayed: false,
                letter,
            };
            let _ = self.machines[to.index()].send.send(Mail::Parcel(parcel));
        }
    }

    // ---- the end of a server ----

    /// Kills a server. What it does after that changes nothing.
    pub fn kill(&mut self, server: ServerId, step: u64) {
        let machine = &mut self.machines[server.index()];
        machine.on = false;
        machine.crash_after = None;
        tell!(self, step, Happening::Crashed { server });
        self.clear_inbox(server);
        for request in self.machines[server.index()].answerable.take() {
            self.open.remove(request);
        }
    }
}
