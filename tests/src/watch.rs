//! Who watches a run: the rules, those that are staged too, the statistics, and when wanted a trace.

use std::io;
use std::ops::ControlFlow;

use labrpc::{Happening, Observer, Record, Seen};
use raftapi::{Raft, Server, ServerId, Time};

use crate::attempts::Attempts;
use crate::diagnosis::Activity;
use crate::rules::staged::{self, Stage, Staged};
use crate::rules::{Checker, Violation};
use crate::statistics::Statistics;
use crate::view::View;

/// A run written down.
pub type Trace = Vec<Record<Raft>>;

/// How much of a run is written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recording {
    /// Nothing: a bulk run.
    #[default]
    Nothing,
    /// The end, at least so many events of it: a server that floods the network for an hour would
    /// fill the memory.
    TheEnd(usize),
    /// Everything.
    Everything,
    /// A number in which everything has a part: whether two runs are the same.
    Digest,
}

/// How many events of the end are kept at least, unless there is a reason for others.
pub const THE_END: usize = 100_000;

/// Watches a run; ends it at the first broken rule.
#[derive(Debug)]
pub struct Watch {
    /// The cluster as it is at the moment.
    pub view: View,
    /// The run in numbers.
    pub statistics: Statistics,
    /// How often things happened.
    pub activity: Activity,
    /// When each server tried to be elected.
    pub attempts: Attempts,
    checker: Checker,
    /// No rule is looked at but the one that scripts rely on.
    pub(crate) lenient: bool,
    stage: Stage,
    violation: Option<Violation>,
    recording: Recording,
    trace: Trace,
    /// Whether not all of it is there any more.
    cut: bool,
    digest: Digest,
    /// What a script reads that plays servers by hand; nothing is written down before it does.
    pub(crate) story: Option<Trace>,
}

impl Watch {
    /// For a cluster of this many such servers.
    pub fn new(server: &Server, servers: usize, recording: Recording) -> Watch {
        let tick = staged::tick(&server.timing);
        let shortest = server.timing.election_timeout_min();
        let shortest = shortest.saturating_sub(tick + staged::EARLY);
        Watch {
            view: View::new(servers),
            statistics: Statistics::default(),
            activity: Activity::default(),
            attempts: Attempts::new(servers, shortest),
            checker: Checker::new(server, servers),
            lenient: false,
            stage: Stage::new(server, servers),
            violation: None,
            recording,
            trace: Trace::new(),
            cut: false,
            digest: Digest::default(),
            story: None,
        }
    }

    /// This server is played by hand: what it does is the script's doing, and written down for it.
    pub fn by_hand(&mut self, server: ServerId) {
        self.story.get_or_insert_default();
        self.checker.by_hand(server);
    }

    /// Holds the servers to a staged rule, from now on.
    pub fn hold_to(&mut self, rule: Staged, at: Time) {
        self.stage.hold_to(rule, &self.view, at);
    }

    /// Holds them to it no longer.
    ///
    /// # Errors
    ///
    /// When something is overdue.
    pub fn release(&mut self, rule: Staged, at: Time) -> Result<(), Violation> {
        self.stage.release(rule, at)
    }

    /// Holds them to no staged rule any longer.
    ///
    /// # Errors
    ///
    /// When something is overdue.
    pub fn release_all(&mut self, at: Time) -> Result<(), Violation> {
        self.stage.release_all(at)
    }

    /// The first broken rule.
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// Whether only the end of a long run was kept.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// What has been digested so far; 0 unless that was asked for.
    pub fn digest(&self) -> u64 {
        self.digest.0
    }

    /// Takes what was recorded: nothing, in a bulk run. `finding` is why the run ended.
    pub fn take_trace(&mut self, at: Time, finding: Option<&str>) -> Trace {
        let mut trace = std::mem::take(&mut self.trace);
        let last = trace.iter().map(|record| record.step).max();
        if let (Some(finding), Some(step)) = (finding, last) {
            let finding = finding.to_string();
            trace.push(Record {
                at,
                step,
                what: Happening::RuleBroken { finding },
            });
        }
        trace
    }
}

/// A hash of everything that happened (FNV-1a of the trace that would be written).
#[derive(Debug, Default)]
struct Digest(u64);

impl Digest {
    fn add(&mut self, at: Time, step: u64, seen: &Seen<'_, Raft>) {
        let record: Record<Raft> = Record {
            at,
            step,
            what: seen.clone().cloned(),
        };
        serde_json::to_writer(self, &record).expect("an event can be written as JSON");
    }
}

impl io::Write for Digest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Observer<Raft> for Watch {
    #[inline]
    fn observe(&mut self, at: Time, step: u64, seen: Seen<'_, Raft>) -> ControlFlow<()> {
        if self.recording == Recording::Digest {
            self.digest.add(at, step, &seen);
        } else if self.recording != Recording::Nothing {
            self.trace.observe(at, step, seen.clone())?;
            if let Recording::TheEnd(kept) = self.recording
                && self.trace.len() == 2 * kept
            {
                self.trace.drain(..kept);
                self.cut = true;
            }
        }
        if let Some(story) = &mut self.story {
            story.observe(at, step, seen.clone())?;
        }
        self.activity.observe(&seen);
        let changed = self.view.observe(&seen);
        self.statistics.observe(at, &seen, &self.view, changed);
        let attempt = self.attempts.observe(at, &seen);
        let mut verdict = match self.lenient {
            true => self.checker.observe_leniently(at, step, &seen),
            false => self.checker.observe(at, step, &seen),
        };
        if !self.lenient
            && self.stage.is_set()
            && verdict.is_ok()
            && !self.checker.is_by_hand(&seen)
        {
            verdict = self.stage.observe(at, &seen, &self.view, attempt);
        }
        match verdict {
            Err(violation) if self.violation.is_none() => {
                self.violation = Some(violation);
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}
