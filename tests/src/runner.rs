//! Plays many seeds of many tests, on threads that a hanging server may keep.
//!
//! Workers take runs from a common list and report each. The runner waits for reports and looks
//! at the workers' pulses: a step that does not end for longer than the watchdog allows, by the
//! wall clock, is a finding. Its worker is given up and replaced; that test is not played further.
//! Then each failed test's lowest failing seed is played once more, with its trace written down.

#![allow(clippy::disallowed_methods)] // a watchdog reads the wall clock

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, unbounded};
use labrpc::Pulse;
use raftapi::Server;

use crate::cluster::TimeKind;
use crate::determinism::difference;
use crate::finding::{Finding, LABORATORY};
use crate::logging;
use crate::play::{Mode, Played, play};
use crate::settings::Settings;
use crate::test::Test;
use crate::tested::Tested;
use crate::watch::{Recording, Trace};
use crate::watchdog::{LOOK, Watchdog, guarded};

/// What is to be played, and how.
#[derive(Clone)]
pub struct Plan {
    /// The server under test.
    pub server: Server,
    /// The tests. Those in real time are played after the others, one run at a time.
    pub tests: Vec<Test>,
    /// The first seed.
    pub first_seed: u64,
    /// How many seeds, counted from the first; each test's own number if none.
    pub seeds: Option<u64>,
    /// How many threads; at least one is used.
    pub jobs: usize,
    /// How long a step may take by the wall clock; for ever if none.
    pub watchdog: Option<Duration>,
    /// Play each seed twice, and compare.
    pub check_determinism: bool,
    /// Play no further seed of a test that has failed.
    pub first_failure_only: bool,
    /// Set from elsewhere: no further run is begun.
    pub interrupt: Arc<AtomicBool>,
}

impl Plan {
    /// These tests with their own seeds, on one thread, as the environment asks.
    pub fn of(server: &Server, tests: Vec<Test>, settings: &Settings) -> Plan {
        Plan {
            server: server.clone(),
            tests,
            first_seed: 0,
            seeds: None,
            jobs: 1,
            watchdog: settings.watchdog,
            check_determinism: settings.check_determinism,
            first_failure_only: false,
            interrupt: Default::default(),
        }
    }

    /// Plays everything. `played` is told of each run, in no particular order: the test's index
    /// and what the run came to.
    pub fn run(&self, mut played: impl FnMut(usize, &Played)) -> Vec<Tested> {
        logging::install();
        let tests = self.tests.iter();
        let mut tested: Vec<Tested> = tests.map(Tested::new).collect();
        self.play_all(&mut tested, &mut played);
        for test in &mut tested {
            test.play_again(self);
        }
        self.play_in_real_time(&mut tested, &mut played);
        tested
    }

    /// How many seeds of this test are to be played: none, if the server lacks what it needs.
    pub fn seeds_of(&self, test: &Test) -> u64 {
        match test.is_for(&self.server.features) {
            true => self.seeds.unwrap_or(test.seeds),
            false => 0,
        }
    }

    /// How many runs there are in all, if none fails.
    pub fn runs(&self) -> u64 {
        let seeds = self.tests.iter().map(|test| self.seeds_of(test));
        seeds.fold(0, u64::saturating_add)
    }

    /// One cluster at a time, in this whole process: they must not share the processors.
    fn play_in_real_time(&self, tested: &mut [Tested], played: &mut dyn FnMut(usize, &Played)) {
        static ONE_CLUSTER: Mutex<()> = Mutex::new(());
        for (index, tested) in tested.iter_mut().enumerate() {
            if tested.test.time == TimeKind::Virtual {
                continue;
            }
            let seeds = 0..self.seeds_of(&tested.test);
            for seed in seeds.map(|n| self.first_seed.wrapping_add(n)) {
                if self.interrupt.load(Ordering::Relaxed) {
                    return;
                }
                if self.first_failure_only && tested.failed > 0 {
                    break;
                }
                let _alone = ONE_CLUSTER.lock().unwrap_or_else(PoisonError::into_inner);
                let mode = Mode {
                    patience: self.watchdog,
                    recording: Recording::Everything,
                    narrate: true,
                    ..Mode::default()
                };
                let began = Instant::now();
                let mut run = play_safely(&self.server, &tested.test, seed, mode);
                tested.add(seed, &run, began.elapsed());
                played(index, &run);
                let trace = std::mem::take(&mut run.trace);
                if let Some(failure) = tested.failure.as_mut().filter(|f| f.seed == seed) {
                    failure.trace = trace.clone();
                }
                tested.trace = trace;
            }
        }
    }

    fn play_all(&self, tested: &mut [Tested], played: &mut dyn FnMut(usize, &Played)) {
        let runs = self.tests.iter().map(|test| match test.time {
            TimeKind::Virtual => self.seeds_of(test),
            TimeKind::Real => 0,
        });
        let shared = Arc::new(Shared {
            plan: self.clone(),
            next: AtomicU64::new(0),
            ends: sums(runs),
            over: self.tests.iter().map(|_| AtomicBool::new(false)).collect(),
        });
        let (send, reports) = unbounded();
        let new_worker = || Worker::start(shared.clone(), send.clone());
        let mut workers: Vec<Worker> = (0..self.jobs.max(1)).map(|_| new_worker()).collect();
        let mut looked = Instant::now();
        while !workers.is_empty() {
            if let Ok(report) = reports.recv_timeout(LOOK)
                && !report.by.left.load(Ordering::Relaxed)
            {
                match report.run {
                    Some((job, run, time)) => {
                        tested[job.test].add(job.seed, &run, time);
                        if self.first_failure_only && run.finding.is_some() {
                            shared.over[job.test].store(true, Ordering::Relaxed);
                        }
                        played(job.test, &run);
                    }
                    None => workers.retain(|w| !Arc::ptr_eq(&w.seat, &report.by)),
                }
            }
            if looked.elapsed() < LOOK {
                continue;
            }
            looked = Instant::now();
            for worker in &mut workers {
                if let Some((job, step)) = worker.is_stuck() {
                    worker.seat.left.store(true, Ordering::Relaxed);
                    shared.over[job.test].store(true, Ordering::Relaxed);
                    tested[job.test].hang(job.seed, step);
                    *worker = new_worker();
                }
            }
        }
    }
}

impl Plan {
    /// Plays the first test's first seed once and writes down its trace; nothing if a server
    /// hangs in it.
    pub fn trace(&self) -> Option<Trace> {
        let (server, test, seed) = (
            self.server.clone(),
            self.tests.first()?.clone(),
            self.first_seed,
        );
        let played = guarded(self.watchdog, move |pulse| {
            logging::mute(true);
            let mode = Mode {
                recording: Recording::Everything,
                pulse,
                ..Mode::default()
            };
            play_safely(&server, &test, seed, mode)
        });
        played.ok().map(|played| played.trace)
    }
}

/// One run on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Job {
    test: usize,
    seed: u64,
}

/// What all workers share.
struct Shared {
    plan: Plan,
    next: AtomicU64,
    /// For each test, the number of the first run on the list that is not its own.
    ends: Vec<u64>,
    /// Tests of which no further run is begun.
    over: Vec<AtomicBool>,
}

/// For each number, the sum of it and all before it.
fn sums(numbers: impl Iterator<Item = u64>) -> Vec<u64> {
    let add = |sum: &mut u64, number: u64| {
        *sum = sum.saturating_add(number);
        Some(*sum)
    };
    numbers.scan(0, add).collect()
}

impl Shared {
    fn next_job(&self) -> Option<Job> {
        loop {
            let run = self.next.fetch_add(1, Ordering::Relaxed);
            let test = self.ends.partition_point(|&end| end <= run);
            if test == self.ends.len() || self.plan.interrupt.load(Ordering::Relaxed) {
                return None;
            }
            if self.over[test].load(Ordering::Relaxed) {
                // Nothing is left of it: on to the next test.
                self.next.fetch_max(self.ends[test], Ordering::Relaxed);
                continue;
            }
            let begin = test.checked_sub(1).map_or(0, |before| self.ends[before]);
            let seed = self.plan.first_seed.wrapping_add(run - begin);
            return Some(Job { test, seed });
        }
    }

    /// Plays one run; in check mode twice.
    fn play(&self, job: Job, pulse: &Arc<Pulse>) -> Played {
        let mode = || Mode {
            recording: match self.plan.check_determinism {
                true => Recording::Everything,
                false => Recording::Nothing,
            },
            pulse: pulse.clone(),
            ..Mode::default()
        };
        let (server, test) = (&self.plan.server, &self.plan.tests[job.test]);
        let mut first = play_safely(server, test, job.seed, mode());
        if self.plan.check_determinism {
            let second = play_safely(server, test, job.seed, mode());
            if let Some(difference) = difference(&first, &second) {
                first.finding = Some(difference);
            }
            first.trace = Trace::new();
        }
        first
    }
}

/// What a worker and the runner know of each other.
#[derive(Default)]
struct Seat {
    pulse: Arc<Pulse>,
    job: Mutex<Option<Job>>,
    /// The worker has been given up: what it says does not count.
    left: AtomicBool,
}

struct Worker {
    seat: Arc<Seat>,
    watchdog: Watchdog<Job>,
}

/// A worker's report: a run, or that it has nothing more to do.
struct Report {
    by: Arc<Seat>,
    run: Option<(Job, Played, Duration)>,
}

impl Worker {
    fn start(shared: Arc<Shared>, reports: Sender<Report>) -> Worker {
        let seat = Arc::new(Seat::default());
        let watchdog = Watchdog::new(seat.pulse.clone(), shared.plan.watchdog);
        let own = seat.clone();
        let work = move || {
            logging::mute(true);
            let report = |run| {
                let by = own.clone();
                let _ = reports.send(Report { by, run });
            };
            while let Some(job) = shared.next_job() {
                *own.job.lock().unwrap_or_else(PoisonError::into_inner) = Some(job);
                let began = Instant::now();
                let played = shared.play(job, &own.pulse);
                report(Some((job, played, began.elapsed())));
                if own.left.load(Ordering::Relaxed) {
                    return;
                }
            }
            report(None);
        };
        thread::Builder::new()
            .name("worker".to_string())
            .spawn(work)
            .expect("a thread can be started");
        Worker { seat, watchdog }
    }

    fn is_stuck(&mut self) -> Option<(Job, u64)> {
        let job = *self.seat.job.lock().unwrap_or_else(PoisonError::into_inner);
        let job = job?;
        self.watchdog.look(job).map(|step| (job, step))
    }
}

/// Plays a run; a panic of the laboratory's own is a finding too.
pub fn play_safely(server: &Server, test: &Test, seed: u64, mode: Mode) -> Played {
    catch_unwind(AssertUnwindSafe(|| play(server, test, seed, mode))).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        // No script is written for a timing that cannot work.
        if let Err(error) = server.timing.check() {
            return Played::broken(Finding {
                rule: "a timing that can work is declared",
                at: raftapi::Time::ZERO,
                sentence: format!("{error}; this test cannot be played with it"),
                hint: "Timing in lib.rs of the crate: a heartbeat interval, and a range of election \
                       timeouts that begins at several of it (6.824, lecture 6)",
                task: None,
            });
        }
        Played::broken(Finding {
            rule: LABORATORY,
            at: raftapi::Time::ZERO,
            sentence: text.unwrap_or("it panicked").to_string(),
            hint: "this is no fault of the server's: please report it, with the replay command",
            task: None,
        })
    })
}
