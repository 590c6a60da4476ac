//! What is odd about a server.

use std::time::Duration;

use raftapi::{Context, Timing};
use rand::RngExt;

use crate::logs;

/// Which habits a server has; by default none. Why each is right stands in the list of variants.
#[derive(Clone, Copy, Debug, Default)]
pub struct Habits {
    /// Votes for itself by RPC.
    pub asks_itself: bool,
    /// How often a candidate asks those again who have not answered.
    pub asks_again: Option<Duration>,
    /// A leader's heartbeats reset its own timer.
    pub hears_itself: bool,
    /// Sends heartbeats to itself as well.
    pub beats_itself: bool,
    /// Publishes its status after sending.
    pub publishes_last: bool,
    /// Publishes when its election timer is due.
    pub publishes_due: bool,
    /// Answers a refusal of its heartbeat with another heartbeat.
    pub beats_lagging: bool,
    /// Moves `prev_log_index` back with each refusal.
    pub probes: bool,
    /// Sends 0 as `prev_log_index`.
    pub prev_zero: bool,
    /// Has a heartbeat timer for each peer.
    pub staggered: bool,
    /// Sends to the last peer first.
    pub backwards: bool,
    /// When it writes its disk.
    pub saves: Saves,
    /// How long its votes wait before they leave.
    pub answers_after: Option<Duration>,
    /// How it draws election timeouts.
    pub draw: Draw,
    /// Is a follower again when a majority has refused.
    pub gives_up: bool,
    /// Does not move its deadline when the timer is reset.
    pub lazy_timer: bool,
}

/// When a server writes its disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Saves {
    /// When something has changed.
    #[default]
    AtOnce,
    /// At each event.
    AtEachEvent,
    /// When something has changed and something is to be sent.
    BeforeSending,
    /// When something has changed; for a term and a vote of one step, twice.
    TermThenVote,
}

/// How a server draws election timeouts.
#[derive(Clone, Copy, Debug, Default)]
pub enum Draw {
    /// Each as likely as any other.
    #[default]
    Uniform,
    /// The mean of two draws.
    Triangular,
    /// In whole milliseconds.
    Milliseconds,
    /// One reset ahead.
    Ahead,
}

impl Draw {
    /// An election timeout. `ahead` is what was drawn at the last reset.
    pub fn draw(self, ctx: &Context<'_>, timing: &Timing, ahead: &mut Duration) -> Duration {
        match self {
            Draw::Uniform => logs::election_timeout(ctx, timing),
            Draw::Triangular => {
                (logs::election_timeout(ctx, timing) + logs::election_timeout(ctx, timing)) / 2
            }
            Draw::Milliseconds => {
                let (min, max) = (timing.election_timeout_min(), timing.election_timeout_max());
                let millis = min.as_millis() as u64..=max.as_millis() as u64;
                Duration::from_millis(ctx.rng().random_range(millis))
            }
            Draw::Ahead => {
                if ahead.is_zero() {
                    *ahead = logs::election_timeout(ctx, timing);
                }
                std::mem::replace(ahead, logs::election_timeout(ctx, timing))
            }
        }
    }
}
