//! What a run shows to be wrong with a server, and why a script stops.

use std::fmt;

use labrpc::{Ended, FaultsError, Misstep, What};
use raftapi::Time;

use crate::rules::Violation;
use crate::task::Task;
use crate::watch::Watch;

/// Something that a run shows to be wrong with a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that was broken.
    pub rule: &'static str,
    /// When it was found, by true time.
    pub at: Time,
    /// Who, and the evidence.
    pub sentence: String,
    /// What to look for, and where the paper says so.
    pub hint: &'static str,
    /// The task of the lab that it most likely belongs to.
    pub task: Option<Task>,
}

/// The rules that say that something good comes about in time. All others say that nothing bad does.
const LIVENESS: [&str; 5] = [
    "a leader in time",
    "a leader is elected",
    "a leader within 5 seconds",
    "a leader that nothing disturbs stays",
    "connected servers agree on the term",
];

impl Finding {
    /// Whether it is about liveness: too little, or too late. Then a server that does better on another
    /// seed is worth something; a broken promise is broken.
    pub fn is_about_liveness(&self) -> bool {
        LIVENESS.contains(&self.rule)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

/// Why a script stops before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The cluster does not do what the script expects of it.
    Unexpected(Finding),
    /// The run is over: a rule was broken, or a server did what no server may do.
    Ended(Ended),
    /// The script asked for what cannot be done: the test itself is wrong.
    Script(FaultsError),
}

/// What a script's step comes to.
pub type Outcome<T = ()> = Result<T, Stop>;

impl From<Ended> for Stop {
    fn from(ended: Ended) -> Stop {
        Stop::Ended(ended)
    }
}

impl From<FaultsError> for Stop {
    fn from(error: FaultsError) -> Stop {
        Stop::Script(error)
    }
}

/// The rule that is broken when the laboratory itself is in trouble: it tells nothing of a server.
pub const LABORATORY: &str = "the laboratory does not fail";

/// The rule that is broken when a test asks for what cannot be done.
const SCRIPT: &str = "a test can be played";

/// A run was given up that a judge had looked ahead in: it tells nothing of a server.
pub(crate) const UNFORESEEN: &str = "what is told ahead comes";

/// Whether whoever breaks this rule is the laboratory, and not a server.
pub fn is_ours(rule: &str) -> bool {
    [LABORATORY, SCRIPT, UNFORESEEN].contains(&rule)
}

/// The rule that a server breaks which does not come back from a step.
pub const HANGS: &str = "a server comes back to its inbox";
const HANGS_HINT: &str = "the inbox is the only place to wait: no sleep, no lock that another server \
                          holds, no channel or thread of one's own";

impl Finding {
    /// A server does not come back from this step, and nothing more is known of it yet.
    pub(crate) fn of_hang(step: u64) -> Finding {
        Finding {
            rule: HANGS,
            at: Time::ZERO,
            sentence: format!("a server does not come back to its inbox from step {step}"),
            hint: HANGS_HINT,
            task: None,
        }
    }

    /// Why a run is over, if it shows anything to be wrong; `watch` has watched it.
    pub fn of_end(ended: Ended, watch: &Watch, now: Time) -> Option<Finding> {
        match ended {
            Ended::Misstep(misstep) => Some(Finding::of_misstep(&misstep)),
            Ended::ByObserver => watch.violation().map(|v| Finding::of_violation(v, now)),
            Ended::Finished => None,
        }
    }

    pub(crate) fn of_violation(violation: &Violation, at: Time) -> Finding {
        Finding {
            rule: violation.rule,
            at,
            sentence: violation.sentence.clone(),
            hint: violation.hint,
            task: violation.task,
        }
    }

    pub(crate) fn of_misstep(misstep: &Misstep) -> Finding {
        let (rule, hint) = match misstep.what {
            What::Panicked(_) => (
                "a server does not panic",
                "a server must cope with every message, also a late one, and holds nothing borrowed \
                 while it waits; the message above names the line",
            ),
            What::Returned => (
                "a server runs until it is killed",
                "a server runs until recv_deadline returns Disconnected",
            ),
            What::StackOverflow => (
                "a server does not overflow its stack",
                "a server's loop is a loop, not a function that calls itself; a stack has 256 KiB",
            ),
            What::Spun(_) => (
                "a server waits until later",
                "set a deadline that lies ahead of ctx.now() before waiting for it",
            ),
            What::Flooded(_) | What::Swamped(_) => (
                "a server waits between messages",
                "send once, then wait in recv_deadline: calls return at once, and replies come in \
                 by the inbox",
            ),
            What::Hung => (HANGS, HANGS_HINT),
            What::Died(_) => (
                "a server's process runs until it is killed",
                "a server neither exits nor aborts, and needs no more memory than it is given",
            ),
            What::Garbled(_) => (
                "a server keeps to the protocol",
                "what a server sends, it sends by its context; descriptors 0 and 3 are not its own \
                 (labrpc/PROTOCOL.md)",
            ),
            What::Unforeseen => (
                UNFORESEEN,
                "the run is to be played again without looking ahead",
            ),
            What::Unavailable(_) => (
                LABORATORY,
                "this is no fault of the server's: something is wrong with this machine",
            ),
        };
        Finding {
            rule,
            at: misstep.at,
            sentence: misstep.to_string(),
            hint,
            task: None,
        }
    }

    pub(crate) fn of_script(error: &FaultsError, at: Time) -> Finding {
        Finding {
            rule: SCRIPT,
            at,
            sentence: error.to_string(),
            hint: "this is no fault of the server's: mend the test's script",
            task: None,
        }
    }
}
