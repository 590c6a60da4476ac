//! Who watches a run: the rules, those that are staged too, the statistics, and when wanted a trace.

use std::io;
use std::ops::ControlFlow;

use labrpc::{Happening, Observer, Record, Seen};
use raftapi::{Raft, Request, Server, ServerId, Time};

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

/// Fewer are kept if logs in them take more bytes than this.
const TRACE_BYTES: usize = 64 << 20;

/// Scripts that play servers by hand read all that happens, which is some hundred events, or thousands.
const LONGEST_STORY: usize = 1_000_000;
const LONGEST_STORY_BYTES: usize = 256 << 20;

/// How much the entries of a log take that an event carries.
fn entries_bytes(seen: &Seen<'_, Raft>) -> usize {
    let entries = match *seen {
        Happening::Persisted { stable, .. } | Happening::Started { stable, .. } => &stable.log,
        Happening::Sent { request, .. }
        | Happening::RequestDelivered { request, .. }
        | Happening::Replied { request, .. }
        | Happening::ReplyDelivered { request, .. } => match request {
            Request::AppendEntries(args) => &args.entries,
            _ => return 0,
        },
        _ => return 0,
    };
    let bytes = entries
        .iter()
        .map(|entry| size_of_val(entry) + entry.command.len());
    bytes.sum()
}

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
    /// How much the entries of logs in it take.
    trace_bytes: usize,
    story_bytes: usize,
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
            trace_bytes: 0,
            story_bytes: 0,
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

impl Watch {
    /// Forgets the first half of what was written down.
    #[cold]
    fn forget_half(&mut self) {
        self.trace.drain(..self.trace.len() / 2);
        let events = self.trace.iter().map(|record| record.what.as_ref());
        self.trace_bytes = events.map(|event| entries_bytes(&event)).sum();
        self.cut = true;
    }

    /// Writes down what a script reads that plays servers by hand. Of a server in its place nothing much
    /// comes.
    #[inline]
    fn tell_story(
        &mut self,
        at: Time,
        step: u64,
        seen: &Seen<'_, Raft>,
    ) -> ControlFlow<(), Result<(), Violation>> {
        let Some(story) = &mut self.story else {
            return ControlFlow::Continue(Ok(()));
        };
        story.observe(at, step, seen.clone())?;
        self.story_bytes += entries_bytes(seen);
        if story.len() < LONGEST_STORY && self.story_bytes < LONGEST_STORY_BYTES {
            return ControlFlow::Continue(Ok(()));
        }
        let (events, entries) = (story.len(), self.story_bytes >> 20);
        ControlFlow::Continue(Err(Violation {
            rule: "a server waits between messages",
            sentence: format!(
                "{events} things had happened by {at}, and the entries of logs in them take {entries} MiB, \
                 where a server answers a few requests"
            ),
            hint: "send once, then wait in recv_deadline until something comes or is due",
            task: None,
        }))
    }
}

impl Observer<Raft> for Watch {
    #[inline]
    fn observe(&mut self, at: Time, step: u64, seen: Seen<'_, Raft>) -> ControlFlow<()> {
        match self.recording {
            Recording::Nothing => {}
            Recording::Digest => self.digest.add(at, step, &seen),
            Recording::Everything => self.trace.observe(at, step, seen.clone())?,
            Recording::TheEnd(kept) => {
                self.trace.observe(at, step, seen.clone())?;
                self.trace_bytes += entries_bytes(&seen);
                if self.trace.len() >= 2 * kept || self.trace_bytes > TRACE_BYTES {
                    self.forget_half();
                }
            }
        }
        let too_long = self.tell_story(at, step, &seen)?;
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
        match verdict.and(too_long) {
            Err(violation) if self.violation.is_none() => {
                self.violation = Some(violation);
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}
