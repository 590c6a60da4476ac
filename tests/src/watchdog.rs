//! Notices a thread whose server does not come back.

#![allow(clippy::disallowed_methods)] // a watchdog reads the wall clock

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvTimeoutError, bounded};
use labrpc::Pulse;

/// How often to look.
pub const LOOK: Duration = Duration::from_millis(50);

/// A run that takes fewer steps than this in the time that one step may take does not compute: it
/// sleeps. A thousand would take a millisecond.
const FEW_STEPS: u64 = 200;

/// Looks at a pulse now and then. `K` tells one run from the next.
pub struct Watchdog<K> {
    pulse: Arc<Pulse>,
    limit: Option<Duration>,
    /// A run and its step, and when they were seen.
    seen: Option<(K, u64)>,
    since: Instant,
}

impl<K: PartialEq> Watchdog<K> {
    /// `limit` is how long a step may take by the wall clock; for ever if none.
    pub fn new(pulse: Arc<Pulse>, limit: Option<Duration>) -> Self {
        Watchdog {
            pulse,
            limit,
            seen: None,
            since: Instant::now(),
        }
    }

    /// The step that the run is in, if it has been in it, or in the few before it, for too long.
    pub fn look(&mut self, run: K) -> Option<u64> {
        let step = self.pulse.in_step()?;
        match &self.seen {
            Some((known, before)) if *known == run && step < before + FEW_STEPS => {
                (self.since.elapsed() >= self.limit?).then_some(step)
            }
            _ => {
                self.seen = Some((run, step));
                self.since = Instant::now();
                None
            }
        }
    }
}

/// Does one piece of work on a thread of its own. If a server hangs in it, the thread is given up,
/// and the number of the step is the error.
pub fn guarded<T: Send + 'static>(
    limit: Option<Duration>,
    work: impl FnOnce(Arc<Pulse>) -> T + Send + 'static,
) -> Result<T, u64> {
    let pulse = Arc::new(Pulse::default());
    let mut watchdog = Watchdog::new(pulse.clone(), limit);
    let (send, receive) = bounded(1);
    thread::Builder::new()
        .name("replay".to_string())
        .spawn(move || {
            let _ = send.send(work(pulse));
        })
        .expect("a thread can be started");
    loop {
        match receive.recv_timeout(LOOK) {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Timeout) => {
                if let Some(step) = watchdog.look(()) {
                    return Err(step);
                }
            }
            Err(RecvTimeoutError::Disconnected) => unreachable!("the work does not panic"),
        }
    }
}
