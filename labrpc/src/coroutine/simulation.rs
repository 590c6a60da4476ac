//! The loop: take the next event, run the server that it concerns, do what the server did.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use corosensei::CoroutineResult;

use super::machine::{Foreseen, Machine};
use super::overflow;
use super::post::Item;
use super::process::{Identity, Pause, Process, Shell};
use super::pulse::Pulse;
use crate::letter::{Letters, MOST_BYTES};
use crate::panics::{self, Exit};
use crate::queue::EventQueue;
use crate::speaking::SPEAKING;
use crate::{
    Cause, Ended, FaultsError, Happening, Lost, Misstep, Network, Observer, Protocol, ServerId,
    Setup, Streams, Time, Wake, What,
};

/// A run in virtual time. It is directed through [`Run`](crate::Run).
pub struct Simulation<P: Protocol, O> {
    pub(super) now: Time,
    pub(super) steps: u64,
    pub(super) messages: u64,
    pub(super) queue: EventQueue<Item>,
    pub(super) letters: Letters<P>,
    pub(super) network: Network,
    pub(super) machines: Vec<Machine<P>>,
    pub(super) shell: Rc<Shell<P>>,
    pub(super) streams: Streams,
    pub(super) observer: O,
    pub(super) ended: Option<Ended>,
    /// Whether stand-ins are told ahead, and whether there are any.
    pub(super) foresight: bool,
    pub(super) foreseeing: bool,
    /// Until when time is to pass, as far as is known.
    pub(super) horizon: Time,
    /// No message takes less, until then.
    pub(super) shortest_delay: Duration,
    /// Memory for [`foresee`](super::foresee).
    pub(super) clear_until: Vec<Time>,
    most_steps_now: u32,
    narrate: bool,
    pulse: Arc<Pulse>,
    pub(super) hangs_at: u64,
}

/// Tells the observer, with the number of the step unless it is the current one; notes that the
/// observer has seen enough.
macro_rules! tell {
    ($sim:expr, $what:expr) => {
        tell!($sim, $sim.steps, $what)
    };
    ($sim:expr, $step:expr, $what:expr) => {
        if $sim.observer.observe($sim.now, $step, $what).is_break() && $sim.ended.is_none() {
            $sim.ended = Some($crate::Ended::ByObserver);
        }
    };
}
pub(super) use tell;

impl<P: Protocol, O: Observer<P>> Simulation<P, O> {
    /// A run at time zero, in which no server has been started yet.
    ///
    /// # Errors
    ///
    /// When the faults make no sense.
    pub fn new(setup: Setup<P>, observer: O) -> Result<Self, FaultsError> {
        setup.faults.check()?;
        panics::install();
        overflow::install();
        let servers = setup.servers.len();
        let streams = Streams::new(setup.seed, &setup.name);
        Ok(Simulation {
            now: Time::ZERO,
            steps: 0,
            messages: 0,
            queue: EventQueue::new(),
            letters: Letters::new(),
            network: Network::new(servers, &setup.faults.link, streams.clone()),
            machines: setup
                .servers
                .into_iter()
                .map(|run| Machine::new(run, &setup.faults.server))
                .collect(),
            shell: Rc::new(Shell {
                now: Cell::new(Time::ZERO),
                actions: RefCell::new(Vec::new()),
                foresight: RefCell::new(None),
            }),
            foresight: setup.foresight,
            foreseeing: false,
            horizon: Time::ZERO,
            shortest_delay: Duration::ZERO,
            clear_until: Vec::new(),
            streams,
            observer,
            ended: None,
            most_steps_now: 10_000 + 100 * servers as u32,
            narrate: setup.narrate,
            pulse: setup.pulse.unwrap_or_default(),
            hangs_at: setup.hangs_at.unwrap_or(u64::MAX),
        })
    }

    /// A draw that orders a server's own events among those of the same instant.
    pub(super) fn tie(&mut self, server: ServerId) -> u64 {
        let machine = &mut self.machines[server.index()];
        machine.draws = machine.draws.wrapping_add(1);
        self.streams.machine(server, machine.draws).nth(0)
    }

    pub(super) fn advance(
        &mut self,
        limit: Time,
        done: &mut dyn FnMut(&O) -> bool,
    ) -> Result<bool, Ended> {
        if self.foreseeing {
            self.horizon = limit;
            self.shortest_delay = self.network.shortest_delay();
        }
        loop {
            if let Some(ended) = &self.ended {
                return Err(ended.clone());
            }
            if done(&self.observer) {
                return Ok(true);
            }
            match self.queue.next_due() {
                Some(due) if due <= limit => self.next_event(),
                _ => {
                    self.now = self.now.max(limit);
                    return Ok(false);
                }
            }
        }
    }

    #[inline]
    fn next_event(&mut self) {
        let Some((due, item)) = self.queue.pop() else {
            return;
        };
        self.now = due;
        match item {
            Item::Letter(ticket) => self.letter_due(ticket),
            Item::Timer { server, generation } => self.timer_due(server, generation),
            Item::Start { server, start } => self.start_due(server, start),
            Item::Part { server, start } => {
                if self.machines[server.index()].starts == start {
                    self.perform_part(server);
                }
            }
            Item::Ready(server) => {
                if self.machines[server.index()].busy_until <= self.now {
                    self.take_from_inbox(server);
                }
            }
        }
    }

    // ---- steps ----

    pub(super) fn switch_on(&mut self, server: ServerId) {
        let tie = self.tie(server);
        let machine = &mut self.machines[server.index()];
        machine.on = true;
        let start = machine.starts;
        machine.starts += 1;
        machine.lives += 1;
        self.queue
            .push(self.now, tie, Item::Start { server, start });
    }

    fn start_due(&mut self, server: ServerId, start: u32) {
        let servers = self.machines.len();
        let machine = &mut self.machines[server.index()];
        if !machine.on || machine.starts != start + 1 {
            return; // killed before it began
        }
        machine.process = Some(Process::new(
            machine.run.clone(),
            self.shell.clone(),
            Identity {
                me: server,
                servers,
                stable: machine.stable.clone(),
                rng: self.streams.server(server, start).into(),
            },
        ));
        let stable = &machine.stable;
        tell!(
            self,
            Happening::Started {
                server,
                start,
                stable
            }
        );
        if self.ended.is_none() {
            // The wake that starts a process is not looked at.
            self.step(server, Wake::Timeout, Cause::Start, None);
            let foresight = self.shell.foresight.take();
            if self.foresight && self.machines[server.index()].is_up() {
                self.foreseeing |= foresight.is_some();
                self.machines[server.index()].foresight = foresight;
            }
        }
    }

    /// Runs one server until it waits again, and does what it did. `event` is what may have been foreseen.
    pub(super) fn step(
        &mut self,
        server: ServerId,
        wake: Wake<P>,
        cause: Cause,
        event: Option<Foreseen>,
    ) {
        let misstep = |what, now, step| {
            Some(Ended::Misstep(Box::new(Misstep {
                server,
                at: now,
                step,
                cause,
                what,
            })))
        };
        if self.steps == self.hangs_at {
            self.ended = misstep(What::Hung, self.now, self.steps);
            return;
        }
        if self.foreseeing
            && let Some(event) = event
            && !self.tell_ahead(server, &wake, event)
        {
            self.ended = misstep(What::Unforeseen, self.now, self.steps);
            return;
        }
        let machine = &mut self.machines[server.index()];
        let steps_now = machine.count_step(self.now);
        if steps_now > self.most_steps_now {
            self.ended = misstep(What::Spun(steps_now - 1), self.now, self.steps);
            return;
        }
        let Some(process) = machine.process.as_mut() else {
            return self.step_by_hand(server, &wake);
        };
        self.shell.now.set(machine.clock.own(self.now));
        if self.narrate {
            SPEAKING.set(Some((server, self.now)));
        }
        self.pulse.enter(self.steps);
        let result = process.resume(wake);
        self.pulse.leave(self.steps);
        if self.narrate {
            SPEAKING.set(None);
        }
        let what = match result {
            CoroutineResult::Yield(Pause::Wait(deadline)) => {
                self.perform_step(server, cause);
                self.set_deadline(server, deadline);
                let bytes = self.letters.bytes();
                if bytes > MOST_BYTES && self.ended.is_none() {
                    self.ended = misstep(What::Swamped(bytes), self.now, self.steps);
                }
                self.steps += 1;
                return;
            }
            CoroutineResult::Yield(Pause::Flooded(actions)) => What::Flooded(actions),
            CoroutineResult::Return(exit) => {
                if let Some(process) = self.machines[server.index()].process.take() {
                    process.bury();
                }
                if !matches!(exit, Exit::Overflowed) {
                    self.perform_step(server, cause);
                }
                match exit {
                    Exit::Panicked(message) => What::Panicked(message),
                    Exit::Overflowed => What::StackOverflow,
                    Exit::Returned | Exit::Unwound => What::Returned,
                    Exit::Failed(what) => what,
                }
            }
        };
        self.ended = misstep(what, self.now, self.steps);
    }

    pub(super) fn set_deadline(&mut self, server: ServerId, own: Option<Time>) {
        let machine = &mut self.machines[server.index()];
        if !machine.is_up() {
            return; // its own action was its last
        }
        let deadline = own.map(|own| machine.clock.when(own));
        let changed = machine.timer.deadline != deadline;
        machine.timer.deadline = deadline;
        if let Some(deadline) = deadline
            && deadline != Time::NEVER
            && machine.timer.queued.is_none_or(|queued| deadline < queued)
        {
            self.queue_timer(server, deadline.max(self.now));
        }
        if changed {
            tell!(self, Happening::DeadlineSet { server, deadline });
        }
    }

    fn queue_timer(&mut self, server: ServerId, due: Time) {
        let tie = self.tie(server);
        let timer = &mut self.machines[server.index()].timer;
        timer.queued = Some(due);
        timer.generation = timer.generation.wrapping_add(1);
        let generation = timer.generation;
        self.queue
            .push(due, tie, Item::Timer { server, generation });
    }

    fn timer_due(&mut self, server: ServerId, generation: u32) {
        let machine = &mut self.machines[server.index()];
        if machine.timer.generation != generation {
            return;
        }
        machine.timer.queued = None;
        let Some(deadline) = machine.timer.deadline.filter(|&d| d != Time::NEVER) else {
            return;
        };
        let due = deadline.max(machine.busy_until);
        if due > self.now {
            return self.queue_timer(server, due);
        }
        if !machine.inbox.is_empty() {
            // What is there already comes before a deadline that has passed.
            return self.take_from_inbox(server);
        }
        machine.timer.deadline = None;
        tell!(self, Happening::TimedOut { server });
        if self.ended.is_none() {
            self.step(server, Wake::Timeout, Cause::Timeout, Some(Foreseen::Timer));
        }
    }

    // ---- the end of a server ----

    /// Kills a server, or cancels its start. What it does after that changes nothing.
    pub(super) fn kill(&mut self, server: ServerId) {
        let machine = &mut self.machines[server.index()];
        machine.on = false;
        let inbox = machine.forget();
        let answerable = machine.answerable.take();
        let process = machine.process.take();
        for letter in inbox {
            if let Some(letter) = self.letters.remove(letter) {
                self.drop_letter(letter, Lost::Down);
            }
        }
        for request in answerable {
            self.letters.remove(request);
        }
        if let Some(process) = process {
            tell!(self, Happening::Crashed { server });
            self.end(server, process);
        }
    }

    /// Lets a killed process end. It is a step like any other, and may never come back.
    pub(super) fn end(&mut self, server: ServerId, process: Process<P>) {
        if self.steps == self.hangs_at {
            // Its stack holds things that can never be dropped.
            std::mem::forget(process);
            return self.ends_wrongly(server, What::Hung);
        }
        self.pulse.enter(self.steps);
        let exit = process.kill();
        self.pulse.leave(self.steps);
        if let Exit::Failed(what) = exit {
            self.ends_wrongly(server, what);
        }
        self.steps += 1;
    }

    fn ends_wrongly(&mut self, server: ServerId, what: What) {
        if !matches!(self.ended, Some(Ended::Misstep(_))) {
            self.ended = Some(Ended::Misstep(Box::new(Misstep {
                server,
                at: self.now,
                step: self.steps,
                cause: Cause::Killed,
                what,
            })));
        }
    }
}

impl<P: Protocol, O> Drop for Simulation<P, O> {
    /// Whatever is still running is killed: a suspended coroutine must not simply be dropped. After
    /// a hang that is not tried: the next server may hang as well.
    fn drop(&mut self) {
        for machine in &mut self.machines {
            if let Some(process) = machine.process.take() {
                if self.steps == self.hangs_at {
                    std::mem::forget(process);
                } else {
                    self.pulse.enter(self.steps);
                    process.kill();
                    self.pulse.leave(self.steps);
                }
            }
        }
    }
}
