//! Plays one test of one submission, seed by seed.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use labrpc::What;
use labrpc::process::{Confinement, Pristine};
use raftapi::{Declared, Features, Server, Time, Timing};
use serde::{Deserialize, Serialize};
use suite::determinism;
use suite::finding::{self, Finding};
use suite::part::Part;
use suite::play::{Mode, Played};
use suite::runner::play_safely;
use suite::task::Task;
use suite::test::{Test, Variation};
use suite::watch::{Recording, THE_END};

use super::model::Failure;
use super::sandbox::{self, Cell, Level, Limits};
use super::seeds::Seeds;
use super::shrink::replay;

/// How servers are run, and what they may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct House {
    /// How they are kept away from the machine.
    pub level: Level,
    /// Seconds of processor time that a server may use from its start to its end.
    pub time_limit_s: u64,
    /// Bytes of address space that a server may have.
    pub memory: u64,
    /// Whether tests of liveness earn their share of seeds: then all seeds are played.
    pub partial: bool,
}

/// A submission that runs: its servers are forks of one pristine process.
pub struct Player<'a> {
    pub server: Server,
    pristine: Arc<Pristine>,
    house: House,
    interrupt: &'a AtomicBool,
}

/// What a test came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// `classic::re_election`
    pub path: String,
    /// Seeds that were played, and how many of them failed.
    pub played: u64,
    /// See `played`.
    pub failed: u64,
    /// The failure of the first seed that failed, public ones first.
    pub found: Option<Found>,
    /// Two runs of one seed that differed: how.
    pub differs: Option<String>,
}

/// A seed that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// What was found, with a seed that a student may know; a shorter run is not known yet.
    pub failure: Failure,
    /// How many servers the test has.
    pub servers: usize,
    /// How many steps that run took.
    pub steps: u64,
}

/// A finding, written down.
fn failure(finding: &Finding, test: &Test, seed: Option<u64>, hidden: bool) -> Failure {
    let task = |task: Task| {
        let (number, of, title) = (task.number(), Task::ALL.len(), task.title());
        format!("{number} of {of}, {title}")
    };
    Failure {
        rule: finding.rule.to_string(),
        sentence: finding.sentence.clone(),
        hint: finding.hint.to_string(),
        task: finding.task.map(task),
        safety: !finding.is_about_liveness(),
        at: finding.at.to_string(),
        seed,
        hidden,
        replay: seed.map(|seed| replay(test, &Variation::default(), seed)),
        shortest: None,
    }
}

/// A failure, and the run that it was found in.
fn found(
    test: &Test,
    seed: Option<u64>,
    hidden: bool,
    played: &Played,
    finding: &Finding,
) -> Found {
    Found {
        failure: failure(finding, test, seed, hidden),
        servers: test.servers,
        steps: played.steps,
    }
}

/// Of a test that fails so often no more seeds are played, unless shares of them are worth something.
const MOST_FAILURES: u64 = 3;

/// How many public seeds are tried for the failure of a hidden one.
const STAND_INS: u64 = 200;

/// Processor time that all servers of a test may use: so many times that of one server, and this for
/// each step. The reference takes a tenth of it. A run that fails is the last if it took that many times that
/// of one server.
const TIMES: u32 = 2;
const A_STEP: Duration = Duration::from_micros(100);

/// The rule that a submission breaks which is far slower than others.
const SLOW: &str = "a step takes little processor time";
const SLOW_HINT: &str = "between two waits on its inbox a server does little: does it compute something \
                         again and again, or loop until the clock moves? In virtual time it does not move";

/// What is declared where nothing is.
const NOTHING: Declared = Declared {
    timing: Timing::LAB,
    features: Features::PLAIN,
};

impl<'a> Player<'a> {
    /// Starts the pristine process of a program. Unless it is known what its servers declare, they are
    /// asked; who cannot even say it declares nothing, and fails with the same fault in each test.
    ///
    /// # Errors
    ///
    /// The grader's own trouble.
    pub fn start(
        program: &Path,
        house: House,
        interrupt: &'a AtomicBool,
        known: Option<Declared>,
    ) -> Result<Player<'a>> {
        let pristine = start_pristine(program, house)?;
        let server = match known {
            Some(declared) => Server::declaring(pristine.clone(), declared),
            None => match Server::of_program(pristine.clone()) {
                Ok(server) => server,
                Err(What::Unavailable(why)) => bail!(why),
                Err(_) => Server::declaring(pristine.clone(), NOTHING),
            },
        };
        Ok(Player {
            server,
            pristine,
            house,
            interrupt,
        })
    }

    /// What its servers declare.
    pub fn declared(&self) -> Declared {
        Declared {
            timing: self.server.timing,
            features: self.server.features,
        }
    }

    /// Plays one run.
    ///
    /// # Errors
    ///
    /// The grader's own trouble; and when grading was interrupted.
    pub fn run(&self, test: &Test, seed: u64, recording: Recording) -> Result<Played> {
        if self.interrupt.load(Ordering::Relaxed) {
            return Err(Interrupted.into());
        }
        let mode = Mode {
            recording,
            ..Mode::default()
        };
        let played = play_safely(&self.server, test, seed, mode);
        match &played.finding {
            Some(finding) if finding::is_ours(finding.rule) => {
                bail!("{}: {}", test.path(), finding.sentence)
            }
            _ => Ok(played),
        }
    }

    /// Plays a test.
    ///
    /// # Errors
    ///
    /// See [`run`](Player::run).
    pub fn play(&self, test: &Test, seeds: &Seeds) -> Result<Record> {
        let mut record = Record {
            path: test.path(),
            played: 0,
            failed: 0,
            found: None,
            differs: None,
        };
        let public = (0..seeds.public_of(test)).map(|seed| (seed, false));
        let hidden = seeds.hidden_of(test).iter().map(|&seed| (seed, true));
        let began = self.pristine.processor_time()?;
        let mut run_began = began;
        let mut steps = 0;
        for (seed, hidden) in public.chain(hidden) {
            // Whoever is nondeterministic in an hour is so in a minute.
            let recording = match record.played {
                0 if test.part != Part::Scale => Recording::Digest,
                _ => Recording::Nothing,
            };
            let played = self.run(test, seed, recording)?;
            let hangs = played.finding.as_ref().is_some_and(is_hang);
            record.played += 1;
            steps += played.steps;
            let now = self.pristine.processor_time()?;
            let used = |since| now.saturating_sub(since);
            let limit = Duration::from_secs(self.house.time_limit_s) * TIMES;
            let is_slow = match played.finding {
                Some(_) => used(run_began) > limit,
                None => used(began) > limit + A_STEP * u32::try_from(steps).unwrap_or(u32::MAX),
            };
            run_began = now;
            // A hang takes seconds: it is waited for once.
            if recording == Recording::Digest && !hangs && !is_slow {
                record.differs = self.repeat(test, seed, &played)?;
            }
            if played.finding.is_some() || is_slow {
                record.failed += 1;
            }
            if is_slow {
                // More of it takes too long. What it fails with is told, if its seed may be.
                let found = match &played.finding {
                    Some(finding) if !hidden => found(test, Some(seed), hidden, &played, finding),
                    _ => self.slow(test, &played),
                };
                record.found.get_or_insert(found);
                break;
            }
            let Some(finding) = &played.finding else {
                continue;
            };
            if record.found.is_none() {
                // Unless it has been played twice already.
                if !hangs && recording == Recording::Nothing {
                    let differs = self.replay(test, seed, finding)?;
                    record.differs = record.differs.or(differs);
                }
                record.found = Some(self.found(test, seed, hidden, &played, finding, seeds)?);
            }
            let worthless = !finding.is_about_liveness() || !self.house.partial;
            if hangs || (worthless && record.failed >= MOST_FAILURES) {
                break;
            }
        }
        Ok(record)
    }

    /// Plays a run once more. How the two differ, if they do.
    fn repeat(&self, test: &Test, seed: u64, first: &Played) -> Result<Option<String>> {
        let second = self.run(test, seed, Recording::Digest)?;
        if second.digest == first.digest && second.finding == first.finding {
            return Ok(None);
        }
        // To say where, both are written down; they may differ elsewhere this time, or not at all.
        let once = self.run(test, seed, Recording::TheEnd(THE_END))?;
        let then = self.run(test, seed, Recording::TheEnd(THE_END))?;
        let sentence = match determinism::difference(&once, &then) {
            Some(difference) => difference.sentence,
            None => "two runs of one seed differ, and not each time".to_string(),
        };
        let path = test.path();
        Ok(Some(format!("{path}, seed {seed}: {sentence}")))
    }

    /// Plays a run that failed once more. How the two findings differ, if they do.
    fn replay(&self, test: &Test, seed: u64, before: &Finding) -> Result<Option<String>> {
        let again = self.run(test, seed, Recording::Nothing)?.finding;
        if again.as_ref() == Some(before) {
            return Ok(None);
        }
        let now = again.map_or("nothing wrong".to_string(), |finding| finding.sentence);
        let path = test.path();
        Ok(Some(format!(
            "{path}: one run of a seed came to this: {}; the next to this: {now}",
            before.sentence
        )))
    }

    /// What a student may know of a failure.
    fn found(
        &self,
        test: &Test,
        seed: u64,
        hidden: bool,
        played: &Played,
        finding: &Finding,
        seeds: &Seeds,
    ) -> Result<Found> {
        if !hidden {
            return Ok(found(test, Some(seed), hidden, played, finding));
        }
        let first = seeds.public_of(test);
        for public in first..first + STAND_INS.min(first.max(10)) {
            let stand_in = self.run(test, public, Recording::Nothing)?;
            if let Some(same) = stand_in.finding.as_ref().filter(|f| f.rule == finding.rule) {
                return Ok(found(test, Some(public), hidden, &stand_in, same));
            }
        }
        // What it says itself in such a run may be all that it was told there.
        let secret = Finding {
            sentence:
                "in a run whose seed is hidden, and in none of those that were tried instead of it"
                    .to_string(),
            ..finding.clone()
        };
        Ok(found(test, None, hidden, played, &secret))
    }

    fn slow(&self, test: &Test, played: &Played) -> Found {
        let limit = self.house.time_limit_s * u64::from(TIMES);
        let finding = Finding {
            rule: SLOW,
            at: Time::ZERO,
            sentence: format!(
                "the servers of this test used more processor time than {limit} s and a tenth of a \
                 millisecond a step"
            ),
            hint: SLOW_HINT,
            task: None,
        };
        found(test, None, false, played, &finding)
    }
}

/// Whether a run ended since a server did not come back.
fn is_hang(finding: &Finding) -> bool {
    finding.rule == finding::HANGS
}

/// Grading was interrupted: nothing is wrong.
#[derive(Debug)]
pub struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

fn start_pristine(program: &Path, house: House) -> Result<Arc<Pristine>> {
    let program = program
        .canonicalize()
        .with_context(|| program.display().to_string())?;
    let cell = Cell {
        readable: vec![program.clone()],
        writable: None,
        furnished: false,
        environment: Vec::new(),
        folder: "/".into(),
        limits: Limits {
            memory: Some(house.memory),
            file: Some(0),
            processor_s: None, // of each server: see below
            descriptors: Some(64),
        },
    };
    let no_arguments: [OsString; 0] = [];
    let mut command = cell.command(house.level, &program, &no_arguments)?;
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let confinement = Confinement {
        processor_s: Some(house.time_limit_s),
        calls: sandbox::of_servers()?,
    };
    let pristine = Pristine::spawn(command, &confinement);
    let pristine = pristine.and_then(|pristine| {
        pristine.processor_time()?; // it answers
        Ok(pristine)
    });
    Ok(Arc::new(pristine.map_err(|error: io::Error| {
        anyhow::anyhow!("the sandbox does not start a program: {error}")
    })?))
}
