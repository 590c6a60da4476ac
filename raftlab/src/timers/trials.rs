//! Many trials of one thing, on several threads, behind a progress bar.
//!
//! Trials are numbered, and each is a function of its number: results come back in that order,
//! whoever played them. A trial in which a server panics, spins or hangs ends the experiment; the
//! lowest such number is told, and nobody waits for a server that does not come back.

use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use labrpc::{Misstep, Pulse};
use suite::watchdog::{LOOK, Watchdog};

/// So many trials are handed to a thread at once, at most: fewer when there are few.
const MOST_AT_ONCE: u64 = 64;

/// Why an experiment ended early: what the server did, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed(pub String);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}

/// Plays trials.
pub struct Player {
    pub jobs: usize,
    /// How long a step may take by the wall clock; for ever if none.
    pub watchdog: Option<Duration>,
    pub interrupt: Arc<AtomicBool>,
    bar: ProgressBar,
}

impl Player {
    /// Plays on so many threads.
    pub fn new(jobs: usize, watchdog: Option<Duration>) -> Player {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} trials  {msg}");
        bar.set_style(style.expect("the template is well-formed"));
        Player {
            jobs: jobs.max(1),
            watchdog,
            interrupt: Arc::default(),
            bar,
        }
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

    /// Whether somebody has pressed Ctrl-C.
    pub fn is_interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }

    /// Plays these trials. Their results, in order; of an interrupted experiment, the first ones.
    ///
    /// # Errors
    ///
    /// When a server did what no server may do.
    pub fn play<T: Send + 'static>(
        &self,
        trials: Range<u64>,
        trial: impl Fn(u64, &Arc<Pulse>) -> Result<T, Misstep> + Send + Sync + 'static,
    ) -> Result<Vec<T>, Failed> {
        let count = trials.end - trials.start;
        let share = count / (4 * self.jobs as u64);
        let chunk = share.clamp(1, MOST_AT_ONCE);
        let list = Arc::new(List {
            chunk,
            next: AtomicU64::new(0),
            end: Arc::default(),
            interrupt: self.interrupt.clone(),
            trials,
        });
        let (send, reports) = mpsc::channel();
        let trial = Arc::new(trial);
        let mut workers: Vec<Worker> = (0..self.jobs)
            .map(|_| Worker::start(list.clone(), trial.clone(), send.clone(), self.watchdog))
            .collect();
        drop(send);
        let mut done: Vec<Option<Chunk<T>>> = Vec::new();
        loop {
            match reports.recv_timeout(LOOK) {
                Ok((number, played)) => {
                    if let Ok(played) = &played {
                        self.bar.inc(played.len() as u64);
                    } else {
                        list.end.store(true, Ordering::Relaxed);
                    }
                    let needed = number as usize + 1;
                    if done.len() < needed {
                        done.resize_with(needed, || None);
                    }
                    done[number as usize] = Some(played);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            if let Some(hung) = workers.iter_mut().find_map(Worker::is_stuck) {
                list.end.store(true, Ordering::Relaxed);
                return Err(hung);
            }
        }
        let mut results = Vec::with_capacity(count as usize);
        for played in done.into_iter().map_while(|played| played) {
            results.extend(played?);
        }
        Ok(results)
    }
}

/// The results of some trials in a row.
type Chunk<T> = Result<Vec<T>, Failed>;

/// What is still to be played.
struct List {
    trials: Range<u64>,
    chunk: u64,
    next: AtomicU64,
    /// A trial has failed.
    end: Arc<AtomicBool>,
    interrupt: Arc<AtomicBool>,
}

impl List {
    /// The next trials, and the number of their chunk.
    fn take(&self) -> Option<(u64, Range<u64>)> {
        if self.end.load(Ordering::Relaxed) || self.interrupt.load(Ordering::Relaxed) {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let first = self.trials.start + number * self.chunk;
        let end = (first + self.chunk).min(self.trials.end);
        (first < end).then_some((number, first..end))
    }
}

struct Worker {
    trial: Arc<AtomicU64>,
    watchdog: Watchdog<u64>,
}

impl Worker {
    fn start<T: Send + 'static>(
        list: Arc<List>,
        trial: Arc<impl Fn(u64, &Arc<Pulse>) -> Result<T, Misstep> + Send + Sync + 'static>,
        reports: mpsc::Sender<(u64, Chunk<T>)>,
        limit: Option<Duration>,
    ) -> Worker {
        let pulse = Arc::new(Pulse::default());
        let current = Arc::new(AtomicU64::new(0));
        let worker = Worker {
            trial: current.clone(),
            watchdog: Watchdog::new(pulse.clone(), limit),
        };
        let work = move || {
            while let Some((number, trials)) = list.take() {
                let one = |n| {
                    current.store(n, Ordering::Relaxed);
                    let played = catch_unwind(AssertUnwindSafe(|| trial(n, &pulse)));
                    match played {
                        Ok(played) => {
                            played.map_err(|misstep| Failed(format!("{misstep} (trial {n})")))
                        }
                        Err(_) => Err(Failed(format!("the laboratory itself failed in trial {n}"))),
                    }
                };
                if reports.send((number, trials.map(one).collect())).is_err() {
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

    fn is_stuck(&mut self) -> Option<Failed> {
        let trial = self.trial.load(Ordering::Relaxed);
        self.watchdog.look(trial)?;
        Some(Failed(format!(
            "a server does not come back to its inbox (trial {trial}): does it sleep, loop, or wait \
             for a lock or a channel of its own?"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use labrpc::{Cause, ServerId, Time, What};

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
        for jobs in [1, 2, 5] {
            for count in [0, 1, 7, 1000] {
                let player = Player::new(jobs, None);
                let played = player.play(3..3 + count, |n, _| Ok(n)).unwrap();
                assert_eq!(played, (3..3 + count).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn the_first_failure_is_told_whoever_plays() {
        for jobs in [1, 3] {
            let player = Player::new(jobs, None);
            let fail = |n, _: &Arc<Pulse>| if n < 500 { Ok(n) } else { Err(misstep()) };
            let failed = player.play(0..100_000, fail).unwrap_err();
            let told = "S2 panicked at 0.007 s, after its deadline passed: oh (trial 500)";
            assert_eq!(failed.to_string(), told);
        }
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
        let player = Player::new(2, Some(Duration::from_millis(100)));
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
        let player = Player::new(2, None);
        let interrupt = player.interrupt.clone();
        let stop = move |n, _: &Arc<Pulse>| {
            interrupt.fetch_or(n == 1000, Ordering::Relaxed);
            Ok(n)
        };
        let played = player.play(0..1_000_000, stop).unwrap();
        assert!(played.len() > 900 && played.len() < 1_000_000);
        assert!(played.iter().copied().eq(0..played.len() as u64));
    }
}
