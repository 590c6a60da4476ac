//! Lets another thread see whether a simulation is stuck in a step.

use std::sync::atomic::{AtomicU64, Ordering};

/// The number of the step that a simulation is in. Written with two plain stores a step, so a
/// watchdog costs a simulation nothing.
#[derive(Debug, Default)]
pub struct Pulse {
    /// Twice the number of the current step, and one while a server is running.
    beat: AtomicU64,
}

impl Pulse {
    #[inline]
    pub(super) fn enter(&self, step: u64) {
        self.beat.store(step << 1 | 1, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn leave(&self, step: u64) {
        self.beat.store(step << 1, Ordering::Relaxed);
    }

    /// The step that a server is in at this moment, if one is.
    pub fn in_step(&self) -> Option<u64> {
        let beat = self.beat.load(Ordering::Relaxed);
        (beat & 1 == 1).then_some(beat >> 1)
    }
}
