//! Runs a server's code to its end. A panic in it is a finding: its message is kept for the report,
//! not printed.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Once;

use crate::coroutine::overflow;
use crate::{Context, Protocol, ServerFn, What, speaking};

/// More things than this within one step are a loop that never waits.
pub(crate) const MOST_ACTIONS: usize = 100_000;

/// How a server ended.
pub(crate) enum Exit {
    Returned,
    Panicked(String),
    /// It had been killed and would have gone on; it was unwound.
    Unwound,
    /// Its coroutine's stack overflowed.
    Overflowed,
    /// Whoever stands in for it here says what it did wrong where it really runs.
    Failed(What),
}

/// The panic that unwinds a killed server which waits again.
struct Unwind;

/// The panic of a stand-in.
struct Failed(What);

/// Ends a server that runs elsewhere, for what it did there.
pub(crate) fn fail(what: What) -> ! {
    resume_unwind(Box::new(Failed(what)))
}

thread_local! {
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
    /// Whether this is a thread that runs a server.
    static SERVER: Cell<bool> = const { Cell::new(false) };
}

/// Runs a server until it ends.
pub(crate) fn run<P: Protocol>(server: &ServerFn<P>, ctx: &Context<'_, P>) -> Exit {
    match catch_unwind(AssertUnwindSafe(|| server(ctx))) {
        Ok(()) => Exit::Returned,
        Err(payload) if payload.is::<Unwind>() => Exit::Unwound,
        Err(payload) => match payload.downcast::<Failed>() {
            Ok(failed) => Exit::Failed(failed.0),
            Err(payload) => Exit::Panicked(message(&*payload)),
        },
    }
}

/// Calls what is a server's own, outside its function. Its panic's message, if it panics.
#[cfg(unix)]
pub(crate) fn catch<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    SERVER.set(true);
    let result = catch_unwind(AssertUnwindSafe(call));
    SERVER.set(false);
    result.map_err(|payload| message(&*payload))
}

/// Unwinds a server that has been killed and goes on all the same; its destructors are left to run
/// undisturbed.
pub(crate) fn unwind_if_possible() {
    if !std::thread::panicking() {
        resume_unwind(Box::new(Unwind));
    }
}

/// The same on a thread of the server's own.
pub(crate) fn run_on_thread<P: Protocol>(server: &ServerFn<P>, ctx: &Context<'_, P>) -> Exit {
    SERVER.set(true);
    let exit = run(server, ctx);
    SERVER.set(false);
    exit
}

/// Installs the hook, once for the process. Panics outside servers are printed as before.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !overflow::is_running() && !SERVER.get() {
                return previous(info);
            }
            let message = text(info.payload());
            let place = info.location().map_or(String::new(), |l| format!(" ({l})"));
            // RUST_BACKTRACE=1 works for the run that is narrated, as the servers' log does.
            if let Some((server, _)) = speaking() {
                let backtrace = Backtrace::capture();
                if backtrace.status() == BacktraceStatus::Captured {
                    eprintln!("{server} panicked: {message}{place}\n{backtrace}");
                }
            }
            LAST.set(Some(format!("{message}{place}")));
        }));
    });
}

/// The message of the panic that has just been caught.
fn message(payload: &(dyn Any + Send)) -> String {
    LAST.take().unwrap_or_else(|| text(payload).to_string())
}

fn text(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "a panic without a message"
    }
}
