//! Heartbeat interval and election timeout.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How often a leader is heard, and how long the others wait for it.
///
/// The election timeout is drawn from a range, so that servers rarely campaign at the same time
/// (Raft paper, section 5.2), and drawn afresh whenever the timer is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Nanoseconds", try_from = "Nanoseconds")]
pub struct Timing {
    heartbeat_interval: Duration,
    election_timeout_min: Duration,
    election_timeout_max: Duration,
    election_timeout_step: Duration,
    election_timeout_choices: u64,
}

const NANOSECOND: Duration = Duration::from_nanos(1);

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

impl Timing {
    /// This course's lab: heartbeat 100 ms, election timeout 300-600 ms. The lecture's 'several
    /// heartbeat intervals' for the minimum (6.824, lecture 6), heartbeats at most 10 a second and a
    /// leader within 5 s (lab 2A).
    pub const LAB: Timing = Timing::unchecked(ms(100), ms(300), ms(600));

    /// The paper's conservative choice: election timeout 150-300 ms (section 9.3), heartbeats at
    /// half the minimum.
    pub const PAPER: Timing = Timing::unchecked(ms(75), ms(150), ms(300));

    /// etcd's defaults: ticks of 100 ms, a heartbeat at each, an election timeout of 10 to 19 ticks:
    /// 1000, 1100, ... 1900 ms.
    pub const ETCD: Timing = Timing::unchecked(ms(100), ms(1000), ms(1900)).in_steps_of(ms(100));

    /// A timing that can work.
    ///
    /// # Errors
    ///
    /// When it cannot: heartbeats without a pause; a minimum below two heartbeat intervals; a
    /// maximum that is not above the minimum.
    pub fn new(
        heartbeat_interval: Duration,
        election_timeout_min: Duration,
        election_timeout_max: Duration,
    ) -> Result<Timing, TimingError> {
        let timing = Timing::unchecked(
            heartbeat_interval,
            election_timeout_min,
            election_timeout_max,
        );
        timing.check().map(|()| timing)
    }

    /// Whether it can work.
    ///
    /// # Errors
    ///
    /// See [`new`](Timing::new); and when its steps leave nothing to draw from.
    pub fn check(&self) -> Result<(), TimingError> {
        if self.heartbeat_interval.is_zero() {
            return Err(TimingError::NoHeartbeatInterval);
        }
        if self.election_timeout_min < self.heartbeat_interval * 2 {
            return Err(TimingError::MinimumBelowTwoHeartbeats(*self));
        }
        if self.election_timeout_choices < 2
            || self.election_timeout_max < self.election_timeout_min
        {
            return Err(TimingError::EmptyRange(*self));
        }
        Ok(())
    }

    /// Any timing, also one that cannot work: for lessons, and for servers that are to be wrong.
    /// A maximum below the minimum counts as the minimum.
    pub const fn unchecked(
        heartbeat_interval: Duration,
        election_timeout_min: Duration,
        election_timeout_max: Duration,
    ) -> Timing {
        Timing {
            heartbeat_interval,
            election_timeout_min,
            election_timeout_max,
            election_timeout_step: NANOSECOND,
            election_timeout_choices: 1,
        }
        .in_steps_of(NANOSECOND)
    }

    /// The same timing where only the timeouts min, min + step, min + 2 step, ... are drawn. A step
    /// of nothing counts as a nanosecond.
    #[must_use]
    pub const fn in_steps_of(mut self, step: Duration) -> Timing {
        let step = if step.is_zero() { NANOSECOND } else { step };
        let span = self
            .election_timeout_max
            .saturating_sub(self.election_timeout_min);
        self.election_timeout_step = step;
        self.election_timeout_choices = (span.as_nanos() / step.as_nanos()) as u64 + 1;
        self
    }

    /// How long a leader waits from one round of heartbeats to the next.
    pub const fn heartbeat_interval(&self) -> Duration {
        self.heartbeat_interval
    }

    /// The shortest election timeout.
    pub const fn election_timeout_min(&self) -> Duration {
        self.election_timeout_min
    }

    /// The longest election timeout, itself included.
    pub const fn election_timeout_max(&self) -> Duration {
        self.election_timeout_max
    }

    /// From one possible election timeout to the next: a nanosecond, unless time is ticks.
    pub const fn election_timeout_step(&self) -> Duration {
        self.election_timeout_step
    }

    /// How many election timeouts are possible; at least one.
    pub const fn election_timeout_choices(&self) -> u64 {
        self.election_timeout_choices
    }
}

/// A timing, as it is written in JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nanoseconds {
    heartbeat_interval_ns: u64,
    election_timeout_min_ns: u64,
    election_timeout_max_ns: u64,
    #[serde(default = "one")]
    election_timeout_step_ns: u64,
}

fn one() -> u64 {
    1
}

/// Longer than any timing that can be read: no sum of them overflows.
const A_DAY_NS: u64 = 86_400_000_000_000;

impl From<Timing> for Nanoseconds {
    fn from(timing: Timing) -> Nanoseconds {
        let ns = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Nanoseconds {
            heartbeat_interval_ns: ns(timing.heartbeat_interval),
            election_timeout_min_ns: ns(timing.election_timeout_min),
            election_timeout_max_ns: ns(timing.election_timeout_max),
            election_timeout_step_ns: ns(timing.election_timeout_step),
        }
    }
}

impl TryFrom<Nanoseconds> for Timing {
    type Error = String;

    fn try_from(read: Nanoseconds) -> Result<Timing, String> {
        let time = |name: &str, ns: u64| match ns {
            0..A_DAY_NS => Ok(Duration::from_nanos(ns)),
            _ => Err(format!("{name} is {ns}: expected less than a day")),
        };
        let timing = Timing::unchecked(
            time("heartbeat_interval_ns", read.heartbeat_interval_ns)?,
            time("election_timeout_min_ns", read.election_timeout_min_ns)?,
            time("election_timeout_max_ns", read.election_timeout_max_ns)?,
        );
        let step = time("election_timeout_step_ns", read.election_timeout_step_ns)?;
        Ok(timing.in_steps_of(step))
    }
}

impl fmt::Display for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "heartbeat {:?}, election timeout {:?} to {:?}",
            self.heartbeat_interval, self.election_timeout_min, self.election_timeout_max
        )?;
        if self.election_timeout_step != NANOSECOND {
            write!(f, " in steps of {:?}", self.election_timeout_step)?;
        }
        Ok(())
    }
}

/// Why a [`Timing`] cannot work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimingError {
    /// Heartbeats follow one another without a pause.
    NoHeartbeatInterval,
    /// One lost heartbeat is enough for a needless election.
    MinimumBelowTwoHeartbeats(Timing),
    /// There is nothing to draw from.
    EmptyRange(Timing),
}

impl fmt::Display for TimingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TimingError::NoHeartbeatInterval => write!(
                f,
                "the heartbeat interval is zero: a leader would do nothing but send (lab 2A: at \
                 most 10 heartbeats a second)"
            ),
            TimingError::MinimumBelowTwoHeartbeats(t) => write!(
                f,
                "the shortest election timeout, {:?}, is below two heartbeat intervals, {:?}: one \
                 lost heartbeat would start a needless election (6.824, lecture 6: the minimum is \
                 several heartbeat intervals)",
                t.election_timeout_min,
                t.heartbeat_interval * 2
            ),
            TimingError::EmptyRange(t) => write!(
                f,
                "no election timeout can be drawn from {:?} to {:?}: without a spread, servers \
                 campaign at the same time and split the vote (Raft paper, section 5.2)",
                t.election_timeout_min, t.election_timeout_max
            ),
        }
    }
}

impl std::error::Error for TimingError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_presets_can_work() {
        for preset in [Timing::LAB, Timing::PAPER, Timing::ETCD] {
            Timing::new(
                preset.heartbeat_interval(),
                preset.election_timeout_min(),
                preset.election_timeout_max(),
            )
            .unwrap();
        }
        assert_eq!(Timing::ETCD.election_timeout_choices(), 10);
        assert_eq!(Timing::LAB.election_timeout_choices(), 300_000_001);
        assert_eq!(
            Timing::ETCD.to_string(),
            "heartbeat 100ms, election timeout 1s to 1.9s in steps of 100ms"
        );
    }

    #[test]
    fn what_cannot_work_is_refused_with_its_reason() {
        let why = |heartbeat, min, max| {
            Timing::new(ms(heartbeat), ms(min), ms(max))
                .unwrap_err()
                .to_string()
        };
        assert!(why(0, 150, 300).starts_with("the heartbeat interval is zero"));
        assert!(why(100, 199, 400).contains("199ms, is below two heartbeat intervals, 200ms"));
        for (min, max) in [(300, 300), (300, 200)] {
            assert!(why(100, min, max).contains("section 5.2"));
        }
        assert_eq!(
            Timing::unchecked(ms(100), ms(300), ms(200)).election_timeout_choices(),
            1
        );
    }

    #[test]
    fn steps_must_leave_something_to_draw_from() {
        let coarse = Timing::LAB.in_steps_of(ms(1000));
        assert_eq!(coarse.check(), Err(TimingError::EmptyRange(coarse)));
        let backwards = Timing::unchecked(ms(100), ms(600), ms(300));
        assert_eq!(backwards.check(), Err(TimingError::EmptyRange(backwards)));
        assert_eq!(Timing::ETCD.check(), Ok(()));
    }
}
