//! Searches seeds on many threads. What comes of it does not depend on how many: seeds are handed
//! out in order, and counted in order.

#![allow(clippy::disallowed_methods)] // a watchdog reads the wall clock

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use crossbeam_channel::{RecvTimeoutError, Sender, unbounded};
use labrpc::{Observer, Pulse, Run, Seen};
use raftapi::{Raft, Server, Time};
use suite::finding::Finding;
use suite::logging;
use suite::watch::{Recording, Watch};
use suite::watchdog::{LOOK, Watchdog};

use crate::scenario::direct::{Came, Director, Stopped, Watcher, setup};
use crate::scenario::eyes::Eyes;
use crate::scenario::statement::Scenario;
use crate::scenario::wish::{Hopes, Wish};

/// What is searched, and how.
pub struct Search {
    pub scenario: Scenario,
    pub server: Server,
    pub wish: Wish,
    pub first: u64,
    /// How many seeds at most.
    pub seeds: u64,
    /// How many to find.
    pub count: u64,
    pub jobs: usize,
    /// How long a step may take by the wall clock; for ever if none.
    pub watchdog: Option<Duration>,
    pub interrupt: Arc<AtomicBool>,
}

/// What is known so far: of all seeds from the first on, with no gap.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub tried: u64,
    pub found: Vec<u64>,
    /// Runs in which something could not be done: how many, the first, and why.
    pub cut_short: Option<(u64, u64, String)>,
    /// Runs in which a rule was broken: likewise.
    pub broken: Option<(u64, u64, String)>,
    pub interrupted: bool,
}

/// How a run went, if it was not just one in which the wish did not come true.
enum Special {
    Found,
    CutShort(String),
    Broken(String),
}

/// Seeds are handed out in portions of this many.
const PORTION: u64 = 64;

/// A portion that was played: its number and what was special, seed by seed.
struct Report {
    portion: u64,
    special: Vec<(u64, Special)>,
}

/// What the searcher knows of a worker.
#[derive(Default)]
struct Seat {
    pulse: Arc<Pulse>,
    seed: AtomicU64,
}

impl Search {
    /// Searches, and tells now and then what is known.
    ///
    /// # Errors
    ///
    /// When a server hangs, with the seed.
    pub fn run(self: Arc<Self>, mut progress: impl FnMut(&Known)) -> Result<Known> {
        logging::install();
        let next = Arc::new(AtomicU64::new(0));
        let enough = Arc::new(AtomicBool::new(false));
        let (send, reports) = unbounded();
        let mut seats = Vec::new();
        for _ in 0..self.jobs.max(1) {
            let seat = Arc::new(Seat::default());
            let watchdog = Watchdog::new(seat.pulse.clone(), self.watchdog);
            seats.push((seat.clone(), watchdog));
            let (search, next, enough, send) =
                (self.clone(), next.clone(), enough.clone(), send.clone());
            thread::Builder::new()
                .name("searcher".to_string())
                .spawn(move || search.work(&seat, &next, &enough, &send))?;
        }
        drop(send);
        let portions = self.seeds.div_ceil(PORTION);
        let mut waiting = BTreeMap::new();
        let mut known = Known::default();
        let mut counted = 0;
        let mut looked = Instant::now();
        while counted < portions && !self.is_enough(&known) {
            match reports.recv_timeout(LOOK) {
                Ok(Report { portion, special }) => {
                    waiting.insert(portion, special);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) if self.is_interrupted() => break,
                Err(RecvTimeoutError::Disconnected) => bail!("a searching thread has failed"),
            }
            while let Some(special) = waiting.remove(&counted) {
                self.count(&mut known, counted, special);
                counted += 1;
            }
            if looked.elapsed() < LOOK {
                continue;
            }
            looked = Instant::now();
            progress(&known);
            for (seat, watchdog) in &mut seats {
                let seed = seat.seed.load(Ordering::Relaxed);
                if watchdog.look(seed).is_some() {
                    bail!("a server does not come back to its inbox with seed {seed}: play it");
                }
            }
        }
        enough.store(true, Ordering::Relaxed);
        known.interrupted = counted < portions && !self.is_enough(&known);
        Ok(known)
    }

    fn is_enough(&self, known: &Known) -> bool {
        known.found.len() as u64 >= self.count
    }

    fn is_interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }

    /// How many seeds from the first on the portions before this one have.
    fn begin(&self, portion: u64) -> u64 {
        portion.saturating_mul(PORTION).min(self.seeds)
    }

    fn count(&self, known: &mut Known, portion: u64, special: Vec<(u64, Special)>) {
        let add = |to: &mut Option<(u64, u64, String)>, seed, why| {
            to.get_or_insert((0, seed, why)).0 += 1;
        };
        for (offset, special) in special {
            if self.is_enough(known) {
                return;
            }
            let seed = self.first.wrapping_add(offset);
            known.tried = offset + 1;
            match special {
                Special::Found => known.found.push(seed),
                Special::CutShort(why) => add(&mut known.cut_short, seed, why),
                Special::Broken(why) => add(&mut known.broken, seed, why),
            }
        }
        if !self.is_enough(known) {
            known.tried = self.begin(portion + 1);
        }
    }

    fn work(&self, seat: &Seat, next: &AtomicU64, enough: &AtomicBool, reports: &Sender<Report>) {
        logging::mute(true);
        loop {
            let portion = next.fetch_add(1, Ordering::Relaxed);
            let offsets = self.begin(portion)..self.begin(portion + 1);
            if offsets.is_empty() {
                return;
            }
            let mut special = Vec::new();
            for offset in offsets {
                if enough.load(Ordering::Relaxed) || self.is_interrupted() {
                    return;
                }
                let seed = self.first.wrapping_add(offset);
                seat.seed.store(seed, Ordering::Relaxed);
                special.extend(self.play(seed, &seat.pulse).map(|how| (offset, how)));
            }
            if reports.send(Report { portion, special }).is_err() {
                return;
            }
        }
    }

    /// Plays one run; nothing of it is written down.
    fn play(&self, seed: u64, pulse: &Arc<Pulse>) -> Option<Special> {
        let scenario = &self.scenario;
        let mut setup = setup(scenario, &self.server, seed);
        setup.pulse = Some(pulse.clone());
        let watch = Watch::new(&self.server, scenario.servers, Recording::Nothing);
        let finder = Finder {
            eyes: Eyes::new(watch, scenario.servers),
            hopes: Some(Hopes::of(&self.wish)),
            seen: 0,
        };
        let mut director = match Director::new(scenario, setup, finder, false) {
            Ok(director) => director,
            Err(error) => return Some(Special::CutShort(error.to_string())),
        };
        let came = director.play();
        let (met, end) = (came.is_as_expected(), came.end);
        if let Some(special) = cut_short(came, director.run.observer()) {
            return Some(special);
        }
        let finder = director.run.observer_mut();
        let hopes = finder.hopes.take()?;
        hopes
            .come_true(end, &finder.eyes, met)
            .then_some(Special::Found)
    }
}

fn cut_short(came: Came, finder: &Finder<'_>) -> Option<Special> {
    match came.stopped? {
        Stopped::InVain => None,
        Stopped::Nonsense(nonsense) => Some(Special::CutShort(format!(
            "at {}, line {}: {}",
            nonsense.at, nonsense.line, nonsense.what
        ))),
        Stopped::Ended(ended) => {
            let finding = Finding::of_end(ended, &finder.eyes.watch, came.end)?;
            Some(Special::Broken(finding.sentence))
        }
    }
}

/// Watches a run for a wish to come true.
struct Finder<'a> {
    eyes: Eyes,
    hopes: Option<Hopes<'a>>,
    seen: u64,
}

impl Observer<Raft> for Finder<'_> {
    #[inline]
    fn observe(&mut self, at: Time, step: u64, seen: Seen<'_, Raft>) -> ControlFlow<()> {
        let flow = self.eyes.observe(at, step, seen);
        if self.eyes.changes != self.seen {
            self.seen = self.eyes.changes;
            if let Some(hopes) = &mut self.hopes {
                hopes.look(at, &self.eyes);
            }
        }
        flow
    }
}

impl Watcher for Finder<'_> {
    fn eyes(&self) -> &Eyes {
        &self.eyes
    }
}
