//! Does the work: builds, plays, looks for shorter runs, and writes down what it comes to know.

#![allow(clippy::disallowed_methods)] // how long it took is the wall clock's to say

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};
use raftapi::{Declared, Features};
use suite::part::Part;
use suite::test::Test;

use super::build::{Built, Kit, build};
use super::model::Times;
use super::play::{House, Interrupted, Player, Record};
use super::queue::{Piece, Queue};
use super::records::{Known, Records};
use super::shrink;
use super::work::{Job, Work};

/// Who does the work, and where.
pub struct Execution<'a> {
    pub work: &'a Work,
    pub kit: &'a Kit,
    pub house: House,
    /// How many workers.
    pub jobs: usize,
    /// Where builds are kept.
    pub cache: &'a Path,
    /// Where records are kept.
    pub records: &'a Path,
    /// Where the pages of runs go.
    pub pages: &'a Path,
    /// Set from elsewhere: nothing further is begun.
    pub interrupt: &'a AtomicBool,
}

/// What came of a submission.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What is known of it.
    pub known: Known,
    /// What could not be told, and why: by the test's path, or by nothing if it is about all.
    pub troubles: BTreeMap<String, String>,
}

/// Is told whenever more is known of a submission.
pub type Tell<'a> = dyn FnMut(&Job, &Outcome) + Send + 'a;

/// A submission that somebody works on.
struct State {
    records: Records,
    program: Option<PathBuf>,
    troubles: BTreeMap<String, String>,
}

/// What workers share.
struct Shared<'a> {
    execution: &'a Execution<'a>,
    queue: Queue,
    states: Vec<Mutex<Option<State>>>,
    outcomes: Mutex<BTreeMap<usize, Outcome>>,
    times: Mutex<Times>,
    /// Told of each piece that was done: the submission, and what is known of it now.
    tell: Mutex<&'a mut Tell<'a>>,
}

impl Execution<'_> {
    /// Does everything. What came of each job, in their order, and how long it took. `tell` is told
    /// whenever more is known of one.
    pub fn run(&self, tell: &mut Tell<'_>) -> (Vec<Outcome>, Times) {
        quiet_workers();
        let count = self.work.jobs.len();
        let shared = Shared {
            execution: self,
            queue: Queue::new(0..count),
            states: (0..count).map(|_| Mutex::new(None)).collect(),
            outcomes: Mutex::default(),
            times: Mutex::default(),
            tell: Mutex::new(tell),
        };
        let processors = processors();
        thread::scope(|scope| {
            for number in 0..self.jobs.max(1) {
                let (shared, processors) = (&shared, &processors);
                let worker = thread::Builder::new().name(WORKER.to_string());
                let worker = worker.spawn_scoped(scope, move || {
                    pin(processors, number);
                    Worker { shared, at: None }.work();
                });
                worker.expect("a thread can be started");
            }
        });
        let mut outcomes = lock(&shared.outcomes);
        // Interrupted, some are known in part.
        for (number, state) in shared.states.iter().enumerate() {
            if let Some(state) = lock(state).take() {
                outcomes.insert(number, state.outcome());
            }
        }
        let outcomes = (0..count).map(|number| outcomes.remove(&number).unwrap_or_default());
        (
            outcomes.collect(),
            std::mem::take(&mut *lock(&shared.times)),
        )
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const WORKER: &str = "grader";

/// A script that is varied to find a shorter run may panic: that is no news. (The finding has it.)
fn quiet_workers() {
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if thread::current().name() != Some(WORKER) {
            previous(info);
        }
    }));
}

/// The processors that this process may use, beginning with the one that it is on: several graders on one
/// machine are not all to begin with the first.
fn processors() -> Vec<usize> {
    let set = rustix::thread::sched_getaffinity(None);
    let set = set.unwrap_or_else(|_| rustix::thread::CpuSet::new());
    let all = 0..rustix::thread::CpuSet::MAX_CPU;
    let mut processors: Vec<usize> = all.filter(|&processor| set.is_set(processor)).collect();
    let here = rustix::thread::sched_getcpu();
    let place = processors.iter().position(|&processor| processor == here);
    processors.rotate_left(place.unwrap_or(0));
    processors
}

/// Keeps a worker, and all that it starts, on one processor: a message from the judge to a server and
/// back takes a tenth of the time that it takes between two.
fn pin(processors: &[usize], number: usize) {
    if processors.is_empty() {
        return;
    }
    let mut set = rustix::thread::CpuSet::new();
    set.set(processors[number % processors.len()]);
    // Without, it is slower, and no less right.
    let _ = rustix::thread::sched_setaffinity(None, &set);
}

impl State {
    fn outcome(&self) -> Outcome {
        Outcome {
            known: self.records.known.clone(),
            troubles: self.troubles.clone(),
        }
    }
}

/// One worker, and the submission whose servers it has at hand.
struct Worker<'a, 'e> {
    shared: &'a Shared<'e>,
    at: Option<(usize, Player<'e>)>,
}

impl<'e> Worker<'_, 'e> {
    fn work(mut self) {
        while let Some(piece) = self.shared.queue.next() {
            if self.shared.execution.interrupt.load(Ordering::Relaxed) {
                self.shared.queue.end();
                return;
            }
            match piece {
                Piece::Open(number) => self.open(number),
                Piece::Play(number, test) => self.play(number, test),
                Piece::Close(number) => self.close(number),
            }
        }
    }

    fn job(&self, number: usize) -> &'e Job {
        &self.shared.execution.work.jobs[number]
    }

    fn state<T>(&self, number: usize, see: impl FnOnce(&mut State) -> T) -> Option<T> {
        lock(&self.shared.states[number]).as_mut().map(see)
    }

    /// Notes what cannot be told of a submission; that grading was interrupted is no trouble.
    fn trouble(&self, number: usize, about: &str, error: &anyhow::Error) {
        if error.is::<Interrupted>() {
            return;
        }
        self.state(number, |state| {
            state
                .troubles
                .insert(about.to_string(), format!("{error:#}"));
        });
    }

    fn tell(&self, number: usize) {
        if let Some(outcome) = self.state(number, |state| state.outcome()) {
            lock(&self.shared.tell)(self.job(number), &outcome);
        }
    }

    // ---- opening ----

    fn open(&mut self, number: usize) {
        let execution = self.shared.execution;
        let job = self.job(number);
        let records = match Records::open(execution.records, job) {
            Ok(records) => records,
            Err(error) => {
                let troubles = BTreeMap::from([(String::new(), format!("{error:#}"))]);
                let known = Known::default();
                lock(&self.shared.outcomes).insert(number, Outcome { known, troubles });
                return self.shared.queue.closed(number);
            }
        };
        let done = records.known.done;
        *lock(&self.shared.states[number]) = Some(State {
            records,
            program: None,
            troubles: BTreeMap::new(),
        });
        if done {
            return self.finish(number);
        }
        match self.build(number, job) {
            Ok(Some(declared)) => {
                let (first, others) = self.tests(number, declared.features);
                self.shared.queue.opened(number, first, others);
            }
            Ok(None) => self.finish(number),
            Err(error) => {
                self.trouble(number, "", &error);
                self.finish(number);
            }
        }
    }

    /// Builds a submission. What it declares; nothing, if it does not compile.
    fn build(&mut self, number: usize, job: &Job) -> Result<Option<Declared>> {
        let execution = self.shared.execution;
        let began = Instant::now();
        let built = build(
            execution.kit,
            execution.house.level,
            execution.cache,
            &job.sources,
            &job.hash,
        )?;
        let took = began.elapsed().as_secs_f64();
        lock(&self.shared.times)
            .build_s
            .insert(job.id.clone(), took);
        let program = match built {
            Built::Program(program) => program,
            Built::Not(said) => {
                let noted = self.state(number, |state| state.records.does_not_compile(said));
                noted.transpose()?;
                return Ok(None);
            }
        };
        let known = self.state(number, |state| {
            state.program = Some(program.clone());
            state.records.known.declares
        });
        let known = known.flatten();
        let player = Player::start(&program, execution.house, execution.interrupt, known)?;
        let declared = player.declared();
        if known.is_none() {
            let noted = self.state(number, |state| state.records.declares(declared));
            noted.transpose()?;
        }
        self.at = Some((number, player));
        Ok(Some(declared))
    }

    /// The tests that are to be played, and of which nothing is known: the first, and the others.
    fn tests(&self, number: usize, features: Features) -> (Option<usize>, Vec<usize>) {
        let tests = &self.shared.execution.work.tests;
        let known = |path: &str| {
            let known = self.state(number, |state| state.records.known.tests.get(path).cloned());
            known.flatten()
        };
        let mut first = None;
        let mut others = Vec::new();
        for (index, test) in tests.iter().enumerate() {
            match (test.part, known(&test.path())) {
                (Part::Basics, Some(record)) if record.failed > 0 => return (None, Vec::new()),
                (_, Some(_)) => {}
                (Part::Basics, None) => first = Some(index),
                (_, None) if test.is_for(&features) => others.push(index),
                _ => {}
            }
        }
        match first {
            Some(_) => (first, others),
            // The basics have passed before: any of the others may be the first.
            None => (others.pop(), others),
        }
    }

    // ---- playing ----

    /// The player of a submission; the last one's is kept.
    fn player(&mut self, number: usize) -> Result<&Player<'e>> {
        if self.at.as_ref().is_none_or(|(at, _)| *at != number) {
            self.at = None; // and with it the processes of the submission before
            let found = self.state(number, |state| {
                (state.program.clone(), state.records.known.declares)
            });
            let (program, declared) = found.context("it is not open")?;
            let program = program.context("it is not built")?;
            let execution = self.shared.execution;
            declared.context("it is not known what it declares")?;
            let player = Player::start(&program, execution.house, execution.interrupt, declared)?;
            self.at = Some((number, player));
        }
        let at = self.at.as_ref().map(|(_, player)| player);
        at.context("there is no player")
    }

    fn try_to_play(&mut self, number: usize, test: &Test) -> Result<Record> {
        let seeds = &self.shared.execution.work.seeds;
        self.player(number)?.play(test, seeds)
    }

    fn play(&mut self, number: usize, index: usize) {
        let work = self.shared.execution.work;
        let test = &work.tests[index];
        let began = Instant::now();
        // A sandbox may be lost, to a lack of memory say: once, it is tried again.
        let mut played = self.try_to_play(number, test);
        if played
            .as_ref()
            .is_err_and(|error| !error.is::<Interrupted>())
        {
            self.at = None;
            played = self.try_to_play(number, test);
        }
        let took = began.elapsed().as_secs_f64();
        let id = &self.job(number).id;
        *lock(&self.shared.times)
            .play_s
            .entry(id.clone())
            .or_default() += took;
        let failed_basics = |record: &Record| test.part == Part::Basics && record.failed > 0;
        let noted = played.and_then(|record| {
            let stop = failed_basics(&record);
            let noted = self.state(number, |state| state.records.test(record));
            noted.transpose().map(|_| stop)
        });
        match noted {
            Ok(true) => self.shared.queue.stop(number),
            Ok(false) => self.shared.queue.go_on(number),
            Err(error) => {
                self.at = None;
                self.trouble(number, &test.path(), &error);
                match test.part {
                    Part::Basics => self.shared.queue.stop(number),
                    _ => self.shared.queue.go_on(number),
                }
            }
        }
        self.tell(number);
    }

    // ---- closing ----

    fn close(&mut self, number: usize) {
        if let Err(error) = self.look_for_shorter_runs(number) {
            self.at = None;
            self.trouble(number, "", &error);
        }
        let done = self.state(number, |state| {
            match state.troubles.is_empty()
                && !self.shared.execution.interrupt.load(Ordering::Relaxed)
            {
                true => state.records.done(),
                false => Ok(()),
            }
        });
        if let Some(Err(error)) = done {
            self.trouble(number, "", &error);
        }
        self.finish(number);
    }

    /// One for each rule that is broken, as far as it is not known.
    fn look_for_shorter_runs(&mut self, number: usize) -> Result<()> {
        let execution = self.shared.execution;
        let known = self.state(number, |state| state.records.known.clone());
        let known = known.context("it is not open")?;
        for (place, (rule, record)) in broken_rules(&known).into_iter().enumerate() {
            if known.shortest.contains_key(&rule) {
                continue;
            }
            let seed = record.found.as_ref().and_then(|found| found.failure.seed);
            let test = execution.work.test(&record.path);
            // No id has a plus in it: nobody's page has this name.
            let page = format!("{}+{}.html", self.job(number).id, place + 1);
            let page = execution.pages.join(page);
            let shortest = match test.zip(seed) {
                Some((test, seed)) => {
                    let player = self.player(number)?;
                    shrink::shortest(player, test, seed, &rule, &page)?
                }
                None => None,
            };
            let noted = self.state(number, |state| state.records.shortest(&rule, shortest));
            noted.transpose()?;
        }
        Ok(())
    }

    fn finish(&mut self, number: usize) {
        if self.at.as_ref().is_some_and(|(at, _)| *at == number) {
            self.at = None;
        }
        self.tell(number);
        if let Some(state) = lock(&self.shared.states[number]).take() {
            lock(&self.shared.outcomes).insert(number, state.outcome());
        }
        self.shared.queue.closed(number);
    }
}

/// The rules that are broken, each with the test in which it is with the fewest servers and steps.
fn broken_rules(known: &Known) -> BTreeMap<String, &Record> {
    let mut rules: BTreeMap<String, &Record> = BTreeMap::new();
    for record in known.tests.values() {
        let Some(found) = &record.found else {
            continue;
        };
        let length = |record: &Record| {
            let found = record.found.as_ref();
            found.map(|found| (found.failure.seed.is_none(), found.servers, found.steps))
        };
        let best = rules.entry(found.failure.rule.clone()).or_insert(record);
        if length(record) < length(best) {
            *best = record;
        }
    }
    rules
}
