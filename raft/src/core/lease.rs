//! The lease: whoever hears a leader ignores candidates (thesis 4.2.3).
//!
//! A server that does not hear the leader campaigns in ever newer terms, and each of them would
//! unseat a leader that everybody else hears. So a server that has heard from a leader within the
//! minimum election timeout ignores requests for votes of a newer term, and does not answer them:
//! its answer would be of no use to the candidate, and the candidate's term is of no use to it.
//! A server that is stuck in a newer term is freed by the leader's next heartbeat that reaches it:
//! it refuses that with its own term, and the leader steps down.
//!
//! The core has no clock: a server with options tells it the time before each event.

use std::time::Duration;

use raftapi::{RequestVote, Role, Term, Time};

use super::Core;
use crate::Options;

/// What a server remembers of the leader that it hears.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// The time of the event that the server is looking at.
    pub(super) now: Time,
    pub(super) election_timeout_min: Duration,
    /// When it has last heard from a leader, and of which term that was.
    heard: Option<(Time, Term)>,
}

impl Core {
    /// The same server, with these options.
    pub(crate) fn with_options(mut self, options: Options, election_timeout_min: Duration) -> Core {
        self.options = options;
        self.lease.election_timeout_min = election_timeout_min;
        self
    }

    /// An event is to be looked at, at this time.
    pub(crate) fn set_clock(&mut self, now: Time) {
        self.lease.now = now;
    }

    /// The leader of the current term has been heard.
    pub(super) fn note_leader(&mut self) {
        self.lease.heard = Some((self.lease.now, self.current_term()));
    }

    /// When it has last heard from the leader of the current term, if it knows one.
    fn leader_heard(&self) -> Option<Time> {
        let (heard, term) = self.lease.heard?;
        (term == self.current_term()).then_some(heard)
    }

    /// Whether it knows who leads the current term. A leader does.
    pub(super) fn knows_leader(&self) -> bool {
        self.role == Role::Leader || self.leader_heard().is_some()
    }

    /// Whether it has heard from the leader of the current term within the minimum election
    /// timeout. A leader hears itself.
    pub(super) fn hears_leader(&self) -> bool {
        let recent = |heard| self.lease.now < heard + self.lease.election_timeout_min;
        self.role == Role::Leader || self.leader_heard().is_some_and(recent)
    }

    /// Whether a request for votes is dropped without an answer: it is of a newer term, and there
    /// is a leader that has not asked for this election itself.
    pub(crate) fn ignores(&self, args: &RequestVote) -> bool {
        self.options.check_quorum
            && args.term > self.current_term()
            && !args.leader_transfer
            && self.hears_leader()
    }
}
