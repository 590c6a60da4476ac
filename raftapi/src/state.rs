//! What a server keeps through a crash, and what it shows of itself.

use std::fmt;

use labrpc::{ServerId, Time};
use serde::{Deserialize, Serialize};

/// A term: a number that grows with each election (section 5.1). The first is 1; 0 is before all.
pub type Term = u64;

/// One entry of the log. In this lab nobody appends; a test may preload a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Term when the entry was received by the leader.
    pub term: Term,
    /// Command for the state machine.
    pub command: String,
}

/// Persistent state on all servers, updated on stable storage before responding to RPCs
/// (Figure 2). The default is what a server starts with that has never run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stable {
    /// Latest term the server has seen.
    pub current_term: Term,
    /// Candidate that received its vote in the current term, if any.
    pub voted_for: Option<ServerId>,
    /// Log entries; the first has index 1.
    pub log: Vec<Entry>,
}

/// What a server is at the moment (Figure 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Responds to requests of candidates and leaders.
    Follower,
    /// Asks whether it would be elected, in a pre-vote (thesis 9.6).
    PreCandidate,
    /// Asks for votes.
    Candidate,
    /// Sends heartbeats.
    Leader,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Role::Follower => "follower",
            Role::PreCandidate => "pre-candidate",
            Role::Candidate => "candidate",
            Role::Leader => "leader",
        })
    }
}

/// What a server shows of itself, each time that it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Its current term.
    pub term: Term,
    /// Its role in that term.
    pub role: Role,
    /// When its election timer is due, by its own clock. Optional: for a server whose deadlines
    /// are not its election timer, such as one that wakes at every tick.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub election_due: Option<Time>,
}

impl Status {
    /// A status that says nothing of the election timer.
    pub const fn new(term: Term, role: Role) -> Status {
        Status {
            term,
            role,
            election_due: None,
        }
    }
}
