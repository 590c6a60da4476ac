//! A server as a coroutine: started, resumed for each step, killed.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};

use super::overflow;
use crate::panics::{self, Exit, MOST_ACTIONS};
use crate::streams::ServerStream;
use crate::{Action, Context, Foresight, Host, Protocol, ServerFn, ServerId, Time, Wake};

/// A server's stack: costs nothing until it is used; a panic with a backtrace needs 32 KiB.
const STACK_BYTES: usize = 256 * 1024;

/// What the step that is being run shares with its simulation.
pub(crate) struct Shell<P: Protocol> {
    /// The time by the clock of the server that is being run.
    pub now: Cell<Time>,
    /// What it has done so far in this step.
    pub actions: RefCell<Vec<Action<P>>>,
    /// Who would like to be told ahead what it will be handed, if it has just said so.
    pub foresight: RefCell<Option<Rc<dyn Foresight<P>>>>,
}

/// Why a coroutine is suspended.
pub(crate) enum Pause {
    /// The step is over: it waits, until this time by its own clock.
    Wait(Option<Time>),
    /// It does one thing after the other and never waits.
    Flooded(usize),
}

/// A running server.
pub(crate) struct Process<P: Protocol> {
    coroutine: Coroutine<Wake<P>, Pause, Exit, DefaultStack>,
}

/// Who a process is, and what it starts from.
pub(crate) struct Identity<P: Protocol> {
    pub me: ServerId,
    pub servers: usize,
    pub stable: P::Stable,
    pub rng: ServerStream,
}

impl<P: Protocol> Process<P> {
    pub fn new(run: ServerFn<P>, shell: Rc<Shell<P>>, identity: Identity<P>) -> Self {
        let coroutine = Coroutine::with_stack(take_stack(), move |yielder, _: Wake<P>| {
            let host = CoroutineHost {
                yielder,
                shell: &shell,
                killed: Cell::new(false),
            };
            let Identity {
                me,
                servers,
                stable,
                rng,
            } = identity;
            let ctx = Context::new(&host, me, servers, stable, rng);
            panics::run(&run, &ctx)
        });
        Process { coroutine }
    }

    /// Runs one step. The wake that starts a process is not looked at.
    #[inline]
    pub fn resume(&mut self, wake: Wake<P>) -> CoroutineResult<Pause, Exit> {
        overflow::set_running(Some(self.coroutine.trap_handler()));
        let result = self.coroutine.resume(wake);
        overflow::set_running(None);
        result
    }

    /// Kills the process and waits for its end. One that has never run is simply dropped.
    pub fn kill(mut self) -> Exit {
        if !self.coroutine.started() {
            return Exit::Returned;
        }
        let exit = loop {
            if let CoroutineResult::Return(exit) = self.resume(Wake::Killed) {
                break exit;
            }
        };
        self.bury();
        exit
    }

    /// Takes the stack back of a process that has ended.
    pub fn bury(self) {
        give_stack(self.coroutine.into_stack());
    }
}

/// The host of one process.
struct CoroutineHost<'c, P: Protocol> {
    yielder: &'c Yielder<Wake<P>, Pause>,
    shell: &'c Shell<P>,
    killed: Cell<bool>,
}

impl<P: Protocol> CoroutineHost<'_, P> {
    fn suspend(&self, pause: Pause) -> Wake<P> {
        let wake = self.yielder.suspend(pause);
        if matches!(wake, Wake::Killed) {
            self.killed.set(true);
        }
        wake
    }
}

impl<P: Protocol> Host<P> for CoroutineHost<'_, P> {
    fn now(&self) -> Time {
        self.shell.now.get()
    }

    fn act(&self, action: Action<P>) {
        if self.killed.get() {
            return;
        }
        let mut actions = self.shell.actions.borrow_mut();
        let count = actions.len();
        if count < MOST_ACTIONS {
            actions.push(action);
            return;
        }
        drop(actions);
        if std::thread::panicking() {
            return; // a destructor that floods while its server panics
        }
        self.suspend(Pause::Flooded(count));
        panics::unwind_if_possible();
    }

    fn wait(&self, deadline: Option<Time>) -> Wake<P> {
        if self.killed.get() {
            panics::unwind_if_possible();
            return Wake::Killed;
        }
        if std::thread::panicking() {
            // A destructor that waits while its server panics: the server is as good as dead.
            return Wake::Killed;
        }
        self.suspend(Pause::Wait(deadline))
    }

    fn foresee(&self, foresight: Rc<dyn Foresight<P>>) {
        self.shell.foresight.replace(Some(foresight));
    }
}

thread_local! {
    /// Stacks for the next servers: to map one costs more than to run a whole election.
    static STACKS: RefCell<Vec<DefaultStack>> = const { RefCell::new(Vec::new()) };
}

fn take_stack() -> DefaultStack {
    STACKS.with_borrow_mut(Vec::pop).unwrap_or_else(new_stack)
}

fn new_stack() -> DefaultStack {
    DefaultStack::new(STACK_BYTES).expect("there is memory for a stack")
}

/// Has a stack ready for the next server of this thread.
#[cfg(unix)]
pub(crate) fn prepare() {
    give_stack(new_stack());
}

fn give_stack(stack: DefaultStack) {
    // During the thread's own destruction the pool may be gone: then the stack is simply dropped.
    let _ = STACKS.try_with(|stacks| stacks.borrow_mut().push(stack));
}
