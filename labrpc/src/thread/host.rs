//! One server's thread.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use crossbeam_channel::Receiver;

use super::inbox::{Mail, Parcel, Pending};
use super::world::{Shared, World, tell};
use crate::clock::Clock;
use crate::letter::Body;
use crate::panics::{self, Exit, MOST_ACTIONS};
use crate::run::CrashAfter;
use crate::speaking::SPEAKING;
use crate::{
    Action, ActionKind, Answer, Call, Cause, Happening, Host, Lost, Observer, Protocol, ServerId,
    Time, Wake, What,
};

/// So many timeouts in a row, each with a deadline that had passed before the server waited for it,
/// are a server that spins.
const MOST_OVERDUE: u32 = 100_000;

/// The host of one start of one server, on its own thread.
pub(super) struct ThreadHost<P: Protocol, O> {
    shared: Arc<Shared<P, O>>,
    inbox: Receiver<Mail<P>>,
    me: ServerId,
    start: u32,
    narrate: bool,
    /// What is not due yet.
    pending: RefCell<Pending<P>>,
    clock: Cell<Clock>,
    /// What the clock showed last: it never goes back.
    shown: Cell<Time>,
    /// Until when the server waits, by true time, as it has been told to the observer.
    deadline: Cell<Option<Time>>,
    /// Whether that had passed before the server began to wait.
    is_overdue: Cell<bool>,
    overdue: Cell<u32>,
    /// Actions in this step.
    actions: Cell<usize>,
    /// It has been killed, or the run is over: what it does changes nothing.
    dead: Cell<bool>,
    /// And it has been told so.
    told: Cell<bool>,
}

impl<P: Protocol, O: Observer<P>> ThreadHost<P, O> {
    pub fn new(
        shared: Arc<Shared<P, O>>,
        inbox: Receiver<Mail<P>>,
        me: ServerId,
        start: u32,
        narrate: bool,
    ) -> Self {
        ThreadHost {
            shared,
            inbox,
            me,
            start,
            narrate,
            pending: RefCell::new(Pending::new()),
            clock: Cell::new(Clock::TRUE),
            shown: Cell::new(Time::ZERO),
            deadline: Cell::new(None),
            is_overdue: Cell::new(false),
            overdue: Cell::new(0),
            actions: Cell::new(0),
            dead: Cell::new(false),
            told: Cell::new(false),
        }
    }

    /// Does something under the lock, if this server still runs.
    #[inline]
    fn with<T>(&self, act: impl FnOnce(&mut World<P, O>) -> T) -> Option<T> {
        self.shared.with(|world| {
            if world.runs(self.me, self.start) {
                return Some(act(world));
            }
            self.dead.set(true);
            None
        })
    }

    /// Does one of the server's actions under the lock, unless that comes too late.
    #[inline]
    fn perform<T>(&self, kind: ActionKind, act: impl FnOnce(&mut World<P, O>) -> T) -> Option<T> {
        self.with(|world| {
            let result = act(world);
            let machine = &mut world.machines[self.me.index()];
            if CrashAfter::is_due(&mut machine.crash_after, kind) {
                let step = world.at[self.me.index()].number;
                world.kill(self.me, step);
                self.take_back(world);
                self.dead.set(true);
            }
            result
        })
    }

    fn take_back(&self, world: &mut World<P, O>) {
        let mut pending = self.pending.borrow_mut();
        while let Some(parcel) = pending.pop() {
            world.take_back(parcel);
        }
    }

    // ---- steps ----

    /// Does the first step, which began when the server was started. False if it is too late for
    /// that.
    pub fn begin(&self) -> bool {
        self.work(|_| ()).is_some()
    }

    /// Begins a step with what `act` does, given the step's number, and works on it.
    #[inline]
    fn step<T>(&self, cause: Cause, act: impl FnOnce(&mut World<P, O>, u64) -> T) -> Option<T> {
        self.work(|world| {
            let step = world.begin_step(self.me, cause);
            act(world, step)
        })
    }

    /// Does what `act` does, and lets the time pass that the machine takes for a step.
    #[inline]
    fn work<T>(&self, act: impl FnOnce(&mut World<P, O>) -> T) -> Option<T> {
        let (result, until, now) = self.with(|world| {
            let result = act(world);
            let until = world.begin_work(self.me);
            self.clock.set(world.machines[self.me.index()].clock);
            self.dead.set(world.ended.is_some());
            (result, until, world.now)
        })?;
        self.actions.set(0);
        if self.narrate {
            SPEAKING.set(Some((self.me, now)));
        }
        if until > now {
            self.sleep(until);
        }
        (!self.dead.get()).then_some(result)
    }

    /// Lets time pass, unless the server is killed meanwhile.
    fn sleep(&self, until: Time) {
        let Some(until) = self.shared.began.instant(until) else {
            return;
        };
        while let Ok(mail) = self.inbox.recv_deadline(until) {
            match mail {
                Mail::Parcel(parcel) => self.pending.borrow_mut().push(parcel),
                Mail::Look => {
                    self.look();
                    if self.dead.get() {
                        return;
                    }
                }
            }
        }
    }

    fn look(&self) {
        self.with(|world| self.clock.set(world.machines[self.me.index()].clock));
    }

    // ---- waiting ----

    /// Until when to wait, by true time. Another time than before is recorded.
    fn set_deadline(&self, own: Option<Time>) -> Option<Time> {
        let deadline = own.map(|own| self.clock.get().when(own));
        if self.deadline.replace(deadline) != deadline {
            self.with(|world| {
                let server = self.me;
                let step = world.at[server.index()].number;
                tell!(world, step, Happening::DeadlineSet { server, deadline });
                self.is_overdue
                    .set(deadline.is_some_and(|deadline| deadline <= world.now));
            });
        }
        deadline
    }

    /// The next thing in the inbox that is due, or none if the deadline passes before.
    #[inline]
    fn next_mail(&self, deadline: Option<Time>) -> Option<Mail<P>> {
        let began = self.shared.began;
        let mut pending = self.pending.borrow_mut();
        loop {
            let mut until = deadline;
            if !pending.is_empty() {
                while let Ok(mail) = self.inbox.try_recv() {
                    match mail {
                        Mail::Parcel(parcel) => pending.push(parcel),
                        Mail::Look => return Some(Mail::Look),
                    }
                }
                if let Some(parcel) = pending.pop_due(began.elapsed()) {
                    return Some(Mail::Parcel(parcel));
                }
                let due = pending.next_due();
                until = deadline.into_iter().chain(due).min();
            }
            let mail = match until.and_then(|until| began.instant(until)) {
                None => self.inbox.recv().ok(),
                Some(until) => self.inbox.recv_deadline(until).ok(),
            };
            match mail {
                Some(Mail::Parcel(parcel)) if parcel.delayed || !pending.is_empty() => {
                    pending.push(parcel);
                }
                Some(mail) => return Some(mail),
                None => {
                    let now = began.elapsed();
                    if !pending.is_due(now) && deadline.is_some_and(|d| d <= now) {
                        return None;
                    }
                }
            }
        }
    }

    /// Hands a message to the server, unless it is lost at the last moment.
    #[inline]
    fn deliver(&self, parcel: Parcel<P>) -> Option<Wake<P>> {
        let (message, from, to) = (parcel.letter.message, parcel.letter.from, parcel.letter.to);
        let (cause, bytes) = match &parcel.letter.body {
            Body::Request(request) => (Cause::Request(P::request_name(request), from), 0),
            Body::Reply(request, reply) => (
                Cause::Reply(P::request_name(request), from),
                P::reply_bytes(reply),
            ),
        };
        let is_of_an_earlier_life = parcel.letter.caller_start != self.start + 1;
        if matches!(parcel.letter.body, Body::Reply(..)) && is_of_an_earlier_life {
            self.with(|world| {
                let step = world.steps;
                world.drop_letter(step, parcel.letter, Lost::CallerGone);
            });
            return None;
        }
        // What has lost its receiver at this moment is taken back.
        let mut parcel = Some(parcel);
        let wake = self.step(cause, |world, step| {
            let letter = parcel.take()?.letter;
            if let Body::Reply(request, reply) = letter.body {
                world.network.count_reply(bytes);
                tell!(
                    world,
                    step,
                    Happening::ReplyDelivered {
                        message,
                        from,
                        to,
                        request: &request,
                        reply: &reply
                    }
                );
                return Some(Wake::Reply(Answer {
                    from,
                    request,
                    reply,
                }));
            }
            let Body::Request(request) = &letter.body else {
                return None;
            };
            tell!(
                world,
                step,
                Happening::RequestDelivered {
                    message,
                    from,
                    to,
                    request
                }
            );
            let request = request.clone();
            let ticket = world.open(letter);
            Some(Wake::Request(Call::new(from, request, ticket)))
        });
        if let Some(parcel) = parcel {
            self.shared.with(|world| world.take_back(parcel));
        }
        self.overdue.set(0);
        wake.flatten()
    }

    /// Tells the server that its deadline has passed, unless there is a message after all.
    fn time_out(&self) -> Option<Wake<P>> {
        let now = self.shared.began.elapsed();
        if !self.inbox.is_empty() || self.pending.borrow().is_due(now) {
            return None;
        }
        let overdue = match self.is_overdue.get() {
            true => self.overdue.get() + 1,
            false => 0,
        };
        self.overdue.set(overdue);
        self.deadline.set(None);
        self.step(Cause::Timeout, |world, step| {
            let server = self.me;
            tell!(world, step, Happening::TimedOut { server });
            if overdue > MOST_OVERDUE && world.ended.is_none() {
                world.misstep(server, What::Spun(MOST_OVERDUE));
            }
            Wake::Timeout
        })
    }

    // ---- the end ----

    fn flooded(&self, actions: usize) {
        if std::thread::panicking() {
            return; // a destructor that floods while its server panics
        }
        self.with(|world| world.misstep(self.me, What::Flooded(actions)));
        self.dead.set(true);
        panics::unwind_if_possible();
    }

    /// Ends the thread: a server that ends without having been killed is found.
    pub fn end(self, exit: Exit) {
        self.shared.with(|world| {
            if world.runs(self.me, self.start) {
                match exit {
                    Exit::Panicked(message) => world.misstep(self.me, What::Panicked(message)),
                    Exit::Failed(what) => world.misstep(self.me, what),
                    _ => world.misstep(self.me, What::Returned),
                }
            }
            self.take_back(world);
        });
    }
}

impl<P: Protocol, O: Observer<P>> Host<P> for ThreadHost<P, O> {
    fn now(&self) -> Time {
        let own = self.clock.get().own(self.shared.began.elapsed());
        let own = own.max(self.shown.get());
        self.shown.set(own);
        own
    }

    fn act(&self, action: Action<P>) {
        if self.dead.get() {
            return;
        }
        let actions = self.actions.get();
        if actions == MOST_ACTIONS {
            return self.flooded(actions);
        }
        self.actions.set(actions + 1);
        let (kind, me) = (ActionKind::of(&action), self.me);
        match action {
            Action::Call(to, request) => {
                let bytes = P::request_bytes(&request);
                let sent = self.perform(kind, |world| world.send_request(me, to, request, bytes));
                if let Some(outgoing) = sent {
                    self.shared.send(to, outgoing);
                }
            }
            Action::Reply(ticket, reply) => {
                let sent = self.perform(kind, |world| world.send_reply(me, ticket, reply));
                if let Some(Some((to, outgoing))) = sent {
                    self.shared.send(to, outgoing);
                }
            }
            Action::Persist(stable) => {
                let times = self.with(|world| (world.now, world.begin_write(me)));
                if let Some((now, until)) = times
                    && until > now
                {
                    self.sleep(until);
                }
                if self.dead.get() {
                    return;
                }
                self.perform(kind, |world| {
                    let machine = &mut world.machines[me.index()];
                    machine.stable = stable;
                    let (server, stable) = (me, &machine.stable);
                    let step = world.at[me.index()].number;
                    tell!(world, step, Happening::Persisted { server, stable });
                });
            }
            Action::Publish(status) => {
                self.perform(kind, |world| {
                    let (server, step) = (me, world.at[me.index()].number);
                    let status = &status;
                    tell!(world, step, Happening::Published { server, status });
                });
            }
        }
    }

    fn wait(&self, own: Option<Time>) -> Wake<P> {
        if self.told.get() {
            panics::unwind_if_possible();
            return Wake::Killed;
        }
        if std::thread::panicking() {
            // A destructor that waits while its server panics: the server is as good as dead.
            return Wake::Killed;
        }
        let mut deadline = self.set_deadline(own);
        while !self.dead.get() {
            let wake = match self.next_mail(deadline) {
                Some(Mail::Parcel(parcel)) => self.deliver(parcel),
                Some(Mail::Look) => {
                    self.look();
                    deadline = self.set_deadline(own);
                    None
                }
                None => self.time_out(),
            };
            if let Some(wake) = wake {
                return wake;
            }
        }
        self.told.set(true);
        if self.narrate {
            SPEAKING.set(None);
        }
        self.shared.with(|world| {
            if world.machines[self.me.index()].starts == self.start + 1 {
                world.at[self.me.index()].cause = Cause::Killed;
            }
        });
        Wake::Killed
    }
}
