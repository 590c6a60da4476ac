//! Many trials of one thing, on several threads, behind a progress bar.
//!
//! Trials are numbered, and each is a function of its number: results come in that order, whoever
//! played them, so that nothing depends on how many threads there are. A trial in which a server
//! panics, spins or hangs ends them all: of the first two the lowest such number is told, and nobody
//! waits for a server that does not come back.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{ControlFlow, Range};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use labrpc::{Misstep, Pulse};
use suite::logging;
use suite::watchdog::{LOOK, Watchdog};

use crate::interrupt::on_ctrl_c;

/// So many trials are handed to a thread at once, at most: fewer when there are few.
const MOST_AT_ONCE: u64 = 64;

/// Why trials ended early, and in which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// A server does not come back to its inbox.
    Hangs(u64),
    /// The laboratory itself panicked.
    Breaks(u64),
}

/// Why an experiment ended early, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed(pub String);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}

impl From<Halt> for Failed {
    fn from(halt: Halt) -> Failed {
        Failed(match halt {
            Halt::Hangs(trial) => format!(
                "a server does not come back to its inbox (trial {trial}): does it sleep, loop, or wait \
                 for a lock or a channel of its own?"
            ),
            Halt::Breaks(trial) => format!("the laboratory itself failed in trial {trial}"),
        })
    }
}

/// How many threads play, if so many are asked for: without a wish, one for each processor.
pub fn threads(asked: Option<u16>) -> usize {
    let processors = || thread::available_parallelism().map_or(1, |n| n.get());
    asked.map_or_else(processors, usize::from)
}

/// Plays trials.
pub struct Player {
    threads: usize,
    /// How long a step may take by the wall clock; for ever if none.
    watchdog: Option<Duration>,
    interrupt: Arc<AtomicBool>,
    bar: ProgressBar,
}

impl Player {
    /// Plays on so many threads. `progress` is what the bar says before its message, as
    /// `{pos}/{len} trials`.
    pub fn new(threads: usize, watchdog: Option<Duration>, progress: &str) -> Player {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template(&format!("{{bar:40}} {progress}  {{msg}}"));
        bar.set_style(style.expect("the template is well-formed"));
        Player {
            threads: threads.max(1),
            watchdog,
            interrupt: Arc::default(),
            bar,
        }
    }

    /// From now on Ctrl-C ends what is played.
    pub fn obey_ctrl_c(&self) {
        on_ctrl_c(self.interrupt.clone());
    }

    /// Whether somebody has pressed Ctrl-C.
    pub fn is_interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }

    /// How many trials there will be in all, at most.
    pub fn expect(&self, trials: u64) {
        self.bar.inc_length(trials);
    }

    /// Trials that were expected and will not be played.
    pub fn skip(&self, trials: u64) {
        self.bar.inc(trials);
    }

    /// What is being played, for whoever watches the bar.
    pub fn about(&self, what: impl Into<String>) {
        self.bar.set_message(what.into());
    }

    /// Takes the progress bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Plays all these trials. Their results, in order; of an interrupted experiment, the first ones.
    ///
    /// # Errors
    ///
    /// When a server did what no server may do.
    pub fn play<T: Send + 'static>(
        &self,
        trials: Range<u64>,
        trial: impl Fn(u64, &Arc<Pulse>) -> Result<T, Misstep> + Send + Sync + 'static,
    ) -> Result<Vec<T>, Failed> {
        let mut results = Vec::new();
        let ended = self.each(trials, trial, |number, played| match played {
            Ok(result) => {
                results.push(result);
                ControlFlow::Continue(())
            }
            Err(misstep) => ControlFlow::Break(Failed(format!("{misstep} (trial {number})"))),
        })?;
        match ended {
            ControlFlow::Continue(()) => Ok(results),
            ControlFlow::Break(failed) => Err(failed),
        }
    }

    /// Plays these trials until `take`, which gets number and result of each, in order, has had
    /// enough; or somebody interrupts, and then it got the first ones.
    ///
    /// # Errors
    ///
    /// When a server hangs, or the laboratory itself panics.
    pub fn each<T: Send + 'static, B>(
        &self,
        trials: Range<u64>,
        trial: impl Fn(u64, &Arc<Pulse>) -> T + Send + Sync + 'static,
        mut take: impl FnMut(u64, T) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, Halt> {
        let share = (trials.end - trials.start) / (4 * self.threads as u64);
        let list = Arc::new(List {
            at_once: share.clamp(1, MOST_AT_ONCE),
            next: AtomicU64::new(trials.start),
            end: trials.end,
            interrupt: self.interrupt.clone(),
        });
        let (send, reports) = mpsc::channel();
        let trial = Arc::new(trial);
        let mut workers: Vec<Worker> = (0..self.threads)
            .map(|_| Worker::start(list.clone(), trial.clone(), send.clone(), self.watchdog))
            .collect();
        drop(send);
        // Who returns from here drops `reports`; that sends the workers home.
        let mut waiting = BTreeMap::new();
        let mut next = trials.start;
        while next < trials.end {
            match reports.recv_timeout(LOOK) {
                Ok(Report { first, played }) => {
                    waiting.insert(first, played);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                // Interrupted, and everything is said.
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            while let Some(played) = waiting.remove(&next) {
                for result in played {
                    let result = result.ok_or(Halt::Breaks(next))?;
                    self.bar.inc(1);
                    if let ControlFlow::Break(enough) = take(next, result) {
                        return Ok(ControlFlow::Break(enough));
                    }
                    next += 1;
                }
            }
            if let Some(trial) = workers.iter_mut().find_map(Worker::hangs_in) {
                return Err(Halt::Hangs(trial));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// Some trials in a row that were played: the first one's number, and the results; none of one in
/// which the laboratory itself panicked. Who was interrupted reports fewer than he took, and what
/// follows them is not looked at.
struct Report<T> {
    first: u64,
    played: Vec<Option<T>>,
}

/// What is still to be played.
struct List {
    at_once: u64,
    next: AtomicU64,
    end: u64,
    interrupt: Arc<AtomicBool>,
}

impl List {
    /// The next trials, if there are any.
    fn take(&self) -> Option<Range<u64>> {
        let first = self.next.fetch_add(self.at_once, Ordering::Relaxed);
        let end = first.saturating_add(self.at_once).min(self.end);
        (first < end && !self.is_interrupted()).then_some(first..end)
    }

    fn is_interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }
}

struct Worker {
    trial: Arc<AtomicU64>,
    watchdog: Watchdog<u64>,
}

impl Worker {
    fn start<T: Send + 'static>(
        list: Arc<List>,
        trial: Arc<impl Fn(u64, &Arc<Pulse>) -> T + Send + Sync + 'static>,
        reports: mpsc::Sender<Report<T>>,
        limit: Option<Duration>,
    ) -> Worker {
        let pulse = Arc::new(Pulse::default());
        let current = Arc::new(AtomicU64::new(0));
        let worker = Worker {
            trial: current.clone(),
            watchdog: Watchdog::new(pulse.clone(), limit),
        };
        let work = move || {
            logging::mute(true);
            while let Some(trials) = list.take() {
                let first = trials.start;
                let one = |number| {
                    current.store(number, Ordering::Relaxed);
                    catch_unwind(AssertUnwindSafe(|| trial(number, &pulse))).ok()
                };
                let played = trials.take_while(|_| !list.is_interrupted()).map(one);
                let played = played.collect();
                if reports.send(Report { first, played }).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new()
            .name("trials".to_string())
            .spawn(work)
            .expect("a thread can be started");
        worker
    }

    /// The trial in which a server hangs, if one does.
    fn hangs_in(&mut self) -> Option<u64> {
        let trial = self.trial.load(Ordering::Relaxed);
        self.watchdog.look(trial)?;
        Some(trial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use labrpc::{Cause, ServerId, Time, What};

    fn player(threads: usize, watchdog: Option<Duration>) -> Player {
        Player::new(threads, watchdog, "{pos}/{len} trials")
    }

    fn misstep() -> Misstep {
        Misstep {
            server: ServerId::new(2),
            at: Time::from_millis(7),
            step: 0,
            cause: Cause::Timeout,
            what: What::Panicked("oh".to_string()),
        }
    }

    #[test]
    fn results_come_in_order_whoever_plays() {
        for threads in [1, 2, 5] {
            for count in [0, 1, 7, 1000] {
                let played = player(threads, None).play(3..3 + count, |n, _| Ok(n));
                assert_eq!(played.unwrap(), (3..3 + count).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn who_has_had_enough_got_the_same_whoever_plays() {
        for threads in [1, 2, 5] {
            let mut got = Vec::new();
            let ended = player(threads, None).each(
                0..1_000_000,
                |n, _| n * n,
                |n, square| {
                    got.push(square);
                    match n {
                        777 => ControlFlow::Break("enough"),
                        _ => ControlFlow::Continue(()),
                    }
                },
            );
            assert_eq!(ended, Ok(ControlFlow::Break("enough")));
            assert!(got.into_iter().eq((0..=777).map(|n| n * n)));
        }
    }

    #[test]
    fn the_first_failure_is_told_whoever_plays() {
        for threads in [1, 3] {
            let fail = |n, _: &Arc<Pulse>| if n < 500 { Ok(n) } else { Err(misstep()) };
            let failed = player(threads, None).play(0..100_000, fail).unwrap_err();
            let told = "S2 panicked at 0.007 s, after its deadline passed: oh (trial 500)";
            assert_eq!(failed.to_string(), told);
        }
    }

    #[test]
    fn a_laboratory_that_panics_is_no_result() {
        let panic = |n, _: &Arc<Pulse>| -> u64 {
            assert!(n != 500, "as it is meant to");
            n
        };
        let go_on = |_, _| ControlFlow::<()>::Continue(());
        let ended = player(2, None).each(0..600, panic, go_on);
        assert_eq!(ended, Err(Halt::Breaks(500)));
    }

    #[test]
    fn nobody_waits_for_a_server_that_does_not_come_back() {
        let cluster = crate::timers::run::Cluster {
            servers: 1,
            server: raftapi::Server::new(raftapi::Timing::LAB, |_| {
                loop {
                    std::thread::park();
                }
            }),
            faults: labrpc::Faults::RELIABLE,
            name: "hanging".to_string(),
        };
        let player = player(2, Some(Duration::from_millis(100)));
        let hang = move |n, pulse: &Arc<Pulse>| {
            let mut run = cluster.run(n, pulse, ());
            labrpc::Run::start(&mut run, ServerId::new(0)).expect("it is down");
            crate::timers::run::pass(&mut run, Time::from_millis(1))
        };
        let failed = player.play(0..10, hang).unwrap_err().to_string();
        assert!(failed.starts_with("a server does not come back to its inbox (trial "));
    }

    #[test]
    fn an_interrupt_leaves_the_first_results() {
        let play = |threads| {
            let player = player(threads, None);
            let interrupt = player.interrupt.clone();
            let stop = move |n, _: &Arc<Pulse>| {
                interrupt.fetch_or(n == 1000, Ordering::Relaxed);
                Ok(n)
            };
            player.play(0..1_000_000, stop).unwrap()
        };
        assert!(play(1).into_iter().eq(0..=1000));
        let played = play(3);
        assert!(played.len() < 1_000_000);
        assert!(played.iter().copied().eq(0..played.len() as u64));
    }
}
