//! Searches seeds: plays them in order, and counts those with which a wish comes true.

use std::ops::ControlFlow;
use std::sync::Arc;

use anyhow::{Result, bail};
use labrpc::{Observer, Pulse, Run, Seen};
use raftapi::{Raft, Server, Time};
use suite::finding::Finding;
use suite::logging;
use suite::watch::{Recording, Watch};

use crate::scenario::direct::{Came, Director, Stopped, Watcher, setup};
use crate::scenario::eyes::Eyes;
use crate::scenario::statement::Scenario;
use crate::scenario::wish::{Hopes, Wish};
use crate::trials::{Halt, Player};

/// What is searched.
pub struct Search {
    pub scenario: Scenario,
    pub server: Server,
    pub wish: Wish,
    pub first: u64,
    /// How many seeds at most.
    pub seeds: u64,
    /// How many to find.
    pub count: u64,
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

impl Known {
    /// Counts the next seed.
    fn count(&mut self, seed: u64, special: Option<Special>) {
        let add = |to: &mut Option<(u64, u64, String)>, why| {
            to.get_or_insert((0, seed, why)).0 += 1;
        };
        self.tried += 1;
        match special {
            None => {}
            Some(Special::Found) => self.found.push(seed),
            Some(Special::CutShort(why)) => add(&mut self.cut_short, why),
            Some(Special::Broken(why)) => add(&mut self.broken, why),
        }
    }
}

impl Search {
    /// Searches until enough is found, every seed is tried, or somebody interrupts.
    ///
    /// # Errors
    ///
    /// When a server hangs or the laboratory itself panics, with the seed.
    pub fn run(self: Arc<Self>, player: &Player) -> Result<Known> {
        logging::install();
        player.expect(self.seeds);
        let mut known = Known::default();
        let search = self.clone();
        // A trial is a seed, counted from the first.
        let play = move |trial, pulse: &Arc<Pulse>| search.play(search.seed(trial), pulse);
        let ended = player.each(0..self.seeds, play, |trial, special| {
            let before = known.found.len();
            known.count(self.seed(trial), special);
            let found = known.found.len();
            if found > before {
                player.about(format!("{found} found"));
            }
            match found as u64 >= self.count {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        player.finish();
        match ended {
            Ok(ended) => known.interrupted = ended.is_continue() && known.tried < self.seeds,
            Err(Halt::Hangs(trial)) => {
                let seed = self.seed(trial);
                bail!("a server does not come back to its inbox with seed {seed}: play it");
            }
            Err(Halt::Breaks(trial)) => {
                bail!(
                    "the laboratory itself failed with seed {}",
                    self.seed(trial)
                );
            }
        }
        Ok(known)
    }

    fn seed(&self, trial: u64) -> u64 {
        self.first + trial
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
