//! What a test came to, and why a failure is played again.

#![allow(clippy::disallowed_methods)] // how long it took is the wall clock's to say

use std::time::{Duration, Instant};

use crate::determinism;
use crate::finding::Finding;
use crate::play::{Mode, Played};
use crate::runner::{Plan, play_safely};
use crate::test::Test;
use crate::watch::{Recording, THE_END, Trace};
use crate::watchdog::guarded;

/// What a test came to.
#[derive(Clone, Debug)]
pub struct Tested {
    /// The test.
    pub test: Test,
    /// How many of its seeds were played.
    pub played: u64,
    /// How many of these failed.
    pub failed: u64,
    /// The failure of the lowest seed.
    pub failure: Option<Failure>,
    /// Whether a hanging server cut the test short.
    pub given_up: bool,
    /// What was out of the ordinary, and no failure: of the lowest seed with which anything was.
    pub remarks: Vec<String>,
    /// That seed.
    remarked: Option<u64>,
    /// The last run in real time, written down: it cannot be played again.
    pub trace: Trace,
    /// When its first run began and its last one ended, by the wall clock.
    played_between: Option<(Instant, Instant)>,
}

/// A seed with which a test fails.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// What was found.
    pub finding: Finding,
    /// The run, written down when it was played again.
    pub trace: Trace,
    /// The step that did not come back, if that is the finding.
    hangs_at: Option<u64>,
}

impl Tested {
    /// From its first run to its last, by the wall clock.
    pub fn wall_time(&self) -> Duration {
        self.played_between
            .map_or(Duration::ZERO, |(began, ended)| ended - began)
    }

    pub(crate) fn new(test: &Test) -> Tested {
        Tested::with(test, 0, 0)
    }

    /// A test of which so many seeds were played, and so many failed.
    pub(crate) fn with(test: &Test, played: u64, failed: u64) -> Tested {
        Tested {
            test: test.clone(),
            played,
            failed,
            failure: None,
            given_up: false,
            remarks: Vec::new(),
            remarked: None,
            trace: Trace::new(),
            played_between: None,
        }
    }

    pub(crate) fn add(&mut self, seed: u64, played: &Played, time: Duration) {
        self.played += 1;
        let now = Instant::now();
        let began = self.played_between.map_or(now - time, |(began, _)| began);
        self.played_between = Some((began, now));
        if !played.remarks.is_empty() && self.remarked.is_none_or(|known| seed < known) {
            self.remarked = Some(seed);
            self.remarks.clone_from(&played.remarks);
        }
        if let Some(finding) = &played.finding {
            self.fail(seed, finding.clone(), None);
        }
    }

    pub(crate) fn hang(&mut self, seed: u64, step: u64) {
        self.played += 1;
        self.given_up = true;
        let finding = Finding::of_hang(step);
        self.fail(seed, finding, Some(step));
    }

    fn fail(&mut self, seed: u64, finding: Finding, hangs_at: Option<u64>) {
        self.failed += 1;
        if self.failure.as_ref().is_none_or(|known| seed < known.seed) {
            self.failure = Some(Failure {
                seed,
                finding,
                trace: Trace::new(),
                hangs_at,
            });
        }
    }

    /// Plays the failing seed once more, with its trace and the servers' log. A failure that does
    /// not come back is a finding of its own.
    pub(crate) fn play_again(&mut self, plan: &Plan) {
        let Some(failure) = &mut self.failure else {
            return;
        };
        let (server, test) = (plan.server.clone(), self.test.clone());
        let (seed, hangs_at) = (failure.seed, failure.hangs_at);
        // It may be slow rather than stuck: it is given more time than before.
        let again = guarded(
            plan.watchdog.map(|limit| limit.saturating_mul(3)),
            move |pulse| {
                let mode = Mode {
                    recording: Recording::TheEnd(THE_END),
                    narrate: true,
                    pulse,
                    hangs_at,
                    ..Mode::default()
                };
                play_safely(&server, &test, seed, mode)
            },
        );
        let before = &failure.finding;
        let now = match again {
            Ok(again) => {
                failure.trace = again.trace;
                again.finding
            }
            Err(step) => Some(Finding::of_hang(step)),
        };
        let same = now.as_ref() == Some(before) || before.rule == determinism::RULE;
        match now {
            Some(now) if hangs_at.is_some() && now.rule == before.rule => failure.finding = now,
            _ if same => {}
            now => {
                let now = now.map_or("nothing wrong".to_string(), |finding| finding.to_string());
                failure.finding = Finding {
                    rule: determinism::RULE,
                    at: before.at,
                    sentence: format!(
                        "one run of this seed came to this: {before}; the next to this: {now}"
                    ),
                    hint: determinism::HINT,
                    task: None,
                };
            }
        }
    }
}
