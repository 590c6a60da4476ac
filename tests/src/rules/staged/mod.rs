//! Rules that hold only on a stage that a script has set: in a healthy network, say, or while
//! servers are cut off. They are off until a script turns them on.
//!
//! A server is held to what it declares, by clocks that run at the true rate and disks that take
//! no time. It may be late by [`LATE`], for it may look at its clock only now and then; and it may
//! be early or late by a step, if it lives in ticks.

mod heartbeats;
mod no_elections;
mod resignation;
mod terms_stay;
mod timely_campaigns;

use std::time::Duration;

use labrpc::{Seen, ServerId};
use raftapi::{Features, Raft, Server, Time, Timing};

use self::heartbeats::{Flood, Heartbeats};
use self::no_elections::NoElections;
use self::resignation::Resignation;
use self::terms_stay::TermsStay;
use self::timely_campaigns::TimelyCampaigns;
use super::{Broken, Violation};
use crate::view::View;

/// How late a server may always be.
pub const LATE: Duration = Duration::from_millis(50);

/// How early: a clock's rounding.
pub const EARLY: Duration = Duration::from_millis(1);

/// A rule that a script can hold the servers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staged {
    /// Whoever was told to wait, by a leader, its own vote for another or its own campaign, waits
    /// for at least the minimum of its election timeout, and campaigns after the maximum at the
    /// latest.
    TimelyCampaigns,
    /// Whoever says that it leads sends each other server an AppendEntries at once, and then one per
    /// heartbeat interval that it declares; not fewer, and not many more. (If that is less than 100
    /// ms, at most as many as it declares.)
    Heartbeats,
    /// Whoever says that it leads sends each other server an AppendEntries at once. The rest of
    /// [`Heartbeats`](Staged::Heartbeats) apart.
    FirstHeartbeat,
    /// Nobody sends more than 10 AppendEntries a second to another, whatever it declares.
    TenHeartbeatsASecond,
    /// Nobody asks for a vote.
    NoElections,
    /// A leader that cannot hear from a majority resigns (CheckQuorum).
    LeadersResign,
    /// A server that no majority can hear and answer stays in its term (PreVote). To be turned on
    /// when nothing is under way any more.
    TermsStay,
}

impl Staged {
    fn name(self) -> &'static str {
        match self {
            Staged::TimelyCampaigns => "campaigns come in time",
            Staged::Heartbeats => "heartbeats come in time",
            Staged::FirstHeartbeat => "the first heartbeat comes at once",
            Staged::TenHeartbeatsASecond => "at most 10 heartbeats a second",
            Staged::NoElections => "no needless elections",
            Staged::LeadersResign => "a leader without a majority resigns",
            Staged::TermsStay => "a server that is cut off stays in its term",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Staged::TimelyCampaigns => {
                "an AppendEntries of the current leader, granting a vote and an own campaign reset \
                 the election timer, and nothing else does: no stale leader, no refused vote, no \
                 reply (Raft paper, Figure 2; Students' Guide to Raft)"
            }
            Staged::Heartbeats | Staged::FirstHeartbeat => {
                "upon election a leader sends heartbeats at once, and again in each interval, to \
                 every other server, whether it answers or not (Raft paper, 5.2; Figure 2: leaders)"
            }
            Staged::TenHeartbeatsASecond => {
                "the tester limits a leader to tens of RPCs a second: at most 10 heartbeats (6.824, \
                 lab 2A)"
            }
            Staged::NoElections => {
                "a leader's heartbeats keep everybody else from campaigning: they are sent well \
                 within the shortest election timeout, and each one that arrives resets the timer \
                 (Raft paper, 5.2)"
            }
            Staged::LeadersResign => {
                "with CheckQuorum a leader steps down if an election timeout elapses without a \
                 successful round of heartbeats to a majority (thesis 6.2)"
            }
            Staged::TermsStay => {
                "with PreVote a server increments its term only when a majority has said that it \
                 would vote for it (thesis 9.6)"
            }
        }
    }

    fn set(self, stage: &Stage, view: &View, at: Time) -> Box<dyn Play> {
        let Stage {
            timing,
            features,
            servers,
            ..
        } = *stage;
        match self {
            Staged::TimelyCampaigns => {
                Box::new(TimelyCampaigns::new(timing, features, servers, view, at))
            }
            Staged::Heartbeats => Box::new(Heartbeats::new(timing, servers, view, at)),
            Staged::FirstHeartbeat => Box::new(Heartbeats::first(timing, servers, view, at)),
            Staged::TenHeartbeatsASecond => Box::new(Flood::of_the_lab(servers)),
            Staged::NoElections => Box::new(NoElections::new(timing, servers)),
            Staged::LeadersResign => Box::new(Resignation::new(timing, servers, view, at)),
            Staged::TermsStay => Box::new(TermsStay::new(servers, view)),
        }
    }
}

/// A staged rule at work.
trait Play: std::fmt::Debug + Send {
    /// Looks at the next event.
    fn observe(&mut self, scene: &Scene<'_>) -> Result<(), Broken>;

    /// The rule is turned off: is anything overdue?
    fn finish(&mut self, _: Time) -> Result<(), Broken> {
        Ok(())
    }
}

/// An event, and what is known besides.
struct Scene<'a> {
    at: Time,
    seen: &'a Seen<'a, Raft>,
    /// The cluster, after the event.
    view: &'a View,
    /// Who begins an attempt to be elected with it.
    attempt: Option<ServerId>,
}

/// The staged rules that are on.
#[derive(Debug)]
pub struct Stage {
    timing: Timing,
    features: Features,
    servers: usize,
    on: Vec<(Staged, Box<dyn Play>)>,
}

impl Stage {
    /// Nothing is on.
    pub fn new(server: &Server, servers: usize) -> Stage {
        Stage {
            timing: server.timing,
            features: server.features,
            servers,
            on: Vec::new(),
        }
    }

    /// Whether any rule is on.
    #[inline]
    pub fn is_set(&self) -> bool {
        !self.on.is_empty()
    }

    /// Turns a rule on; if it is on, it begins afresh.
    pub fn hold_to(&mut self, rule: Staged, view: &View, at: Time) {
        let play = rule.set(self, view, at);
        self.on.retain(|&(other, _)| other != rule);
        self.on.push((rule, play));
    }

    /// Turns a rule off.
    ///
    /// # Errors
    ///
    /// When something is overdue.
    pub fn release(&mut self, rule: Staged, at: Time) -> Result<(), Violation> {
        let Some(index) = self.on.iter().position(|&(other, _)| other == rule) else {
            return Ok(());
        };
        let (_, mut play) = self.on.remove(index);
        play.finish(at).map_err(|broken| violation(rule, broken))
    }

    /// Turns all rules off.
    ///
    /// # Errors
    ///
    /// When something is overdue.
    pub fn release_all(&mut self, at: Time) -> Result<(), Violation> {
        let rules: Vec<Staged> = self.on.iter().map(|&(rule, _)| rule).collect();
        rules
            .into_iter()
            .try_for_each(|rule| self.release(rule, at))
    }

    /// Looks at the next event. `view` has seen it, and `attempt` is who begins an attempt to be
    /// elected with it.
    ///
    /// # Errors
    ///
    /// The first rule that it breaks.
    pub fn observe(
        &mut self,
        at: Time,
        seen: &Seen<'_, Raft>,
        view: &View,
        attempt: Option<ServerId>,
    ) -> Result<(), Violation> {
        let scene = Scene {
            at,
            seen,
            view,
            attempt,
        };
        self.on.iter_mut().try_for_each(|(rule, play)| {
            let seen = play.observe(&scene);
            seen.map_err(|broken| violation(*rule, broken))
        })
    }
}

fn violation(rule: Staged, Broken(sentence, task): Broken) -> Violation {
    Violation {
        rule: rule.name(),
        sentence,
        hint: rule.hint(),
        task,
    }
}

/// The length of a tick, for a server that lives in ticks; nothing for any other.
pub fn tick(timing: &Timing) -> Duration {
    let step = timing.election_timeout_step();
    match step.as_nanos() {
        0 | 1 => Duration::ZERO,
        _ => step,
    }
}

/// A duration in milliseconds, for a sentence.
fn ms(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1e3;
    match time.as_millis() {
        0..10 => format!("{millis:.1} ms"),
        _ => format!("{millis:.0} ms"),
    }
}

#[cfg(test)]
mod testing {
    //! A staged rule is tested with a history of three servers that declare LAB timing.

    use raftapi::{Role, Status};

    pub use super::super::testing::*;
    use super::*;
    use crate::attempts::Attempts;

    /// A millisecond, and what happens then.
    pub type Timed = (u64, Event);

    /// Turns this rule on when S0 leads in term 1 and the others follow, and off at the time that is
    /// given last.
    pub fn play_for(
        server: &Server,
        rule: Staged,
        events: &[Timed],
        until: u64,
    ) -> Result<(), String> {
        let (mut view, mut attempts) = (View::new(3), Attempts::new(3, Duration::ZERO));
        for server in ServerId::all(3) {
            view.observe(&starts_with_log(server, &[]).as_ref());
            let role = if server == S0 {
                Role::Leader
            } else {
                Role::Follower
            };
            let status = Status::new(1, role);
            view.observe(&labrpc::Happening::Published {
                server,
                status: &status,
            });
        }
        let mut stage = Stage::new(server, 3);
        stage.hold_to(rule, &view, Time::ZERO);
        let mut play = || {
            for (at, event) in events {
                let (at, seen) = (Time::from_millis(*at), event.as_ref());
                view.observe(&seen);
                let attempt = attempts.observe(at, &seen);
                stage.observe(at, &seen, &view, attempt)?;
            }
            stage.release(rule, Time::from_millis(until))
        };
        play().map_err(|violation| violation.sentence)
    }

    pub fn play(rule: Staged, events: &[Timed], until: u64) -> Result<(), String> {
        let server = Server::new(Timing::LAB, |_| ());
        play_for(&server, rule, events, until)
    }

    /// An AppendEntries of S0 reaches this server.
    pub fn hears_leader(server: ServerId, term: u64) -> Event {
        delivered(server, S0, heartbeat(S0, term))
    }
}
