//! Who is speaking: for loggers.

use std::cell::Cell;

use crate::{ServerId, Time};

thread_local! {
    pub(crate) static SPEAKING: Cell<Option<(ServerId, Time)>> = const { Cell::new(None) };
}

/// The server that this thread is running, and the true time at which its step began: for
/// loggers. Known only in runs that were told to [`narrate`](crate::Setup::narrate).
pub fn speaking() -> Option<(ServerId, Time)> {
    SPEAKING.get()
}
