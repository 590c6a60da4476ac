//! The host in virtual time: every server a coroutine, the future a heap, no thread and no lock.
//!
//! Deterministic: what happens is a function of the servers' code, the run's seed and name, and
//! what the director does.

mod act;
mod clock;
mod direct;
mod machine;
mod overflow;
mod panics;
mod post;
mod process;
mod pulse;
mod simulation;

pub use pulse::Pulse;
pub use simulation::{Setup, Simulation};

use std::cell::Cell;

use crate::{ServerId, Time};

thread_local! {
    static SPEAKING: Cell<Option<(ServerId, Time)>> = const { Cell::new(None) };
}

/// The server that this thread is running, and its true time: for loggers. Known only in runs that
/// were told to [`narrate`](Setup::narrate).
pub fn speaking() -> Option<(ServerId, Time)> {
    SPEAKING.get()
}
