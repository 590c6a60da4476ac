//! CheckQuorum: a leader that has not heard from a majority for an election timeout steps down
//! (thesis 6.2).
//!
//! A leader that sends, but hears nobody, can do nothing, and its heartbeats keep the others from
//! electing one that can. So each minimum election timeout a leader looks at who has answered its
//! heartbeats since it last looked. Without a majority it becomes a follower, in the same term: an
//! arrow that Figure 4 does not have.

use raftapi::{AppendEntries, AppendReply, Role, ServerId, Time};

use super::{Core, Timer, is_majority};

/// What a leader remembers of its followers. Reinitialized after election.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// When it looks next.
    due: Time,
    /// Who has answered since it last looked.
    heard: Vec<bool>,
}

impl Core {
    /// It has been elected, or has looked.
    pub(super) fn start_check_quorum(&mut self) {
        if !self.options.check_quorum {
            return;
        }
        self.check_quorum = State {
            due: self.lease.now + self.lease.election_timeout_min,
            heard: vec![false; self.votes.len()],
        };
        self.check_quorum.heard[self.me.index()] = true;
    }

    /// A follower has answered a heartbeat of this term.
    pub(super) fn note_heard(&mut self, from: ServerId) {
        if self.options.check_quorum {
            self.check_quorum.heard[from.index()] = true;
        }
    }

    /// When a leader looks next.
    pub(crate) fn check_due(&self) -> Time {
        if self.options.check_quorum && self.role == Role::Leader {
            self.check_quorum.due
        } else {
            Time::NEVER
        }
    }

    /// Whether it is time to look.
    pub(crate) fn is_check_due(&self) -> bool {
        self.check_due() <= self.lease.now
    }

    /// Looks at who has been heard from.
    pub(crate) fn check_quorum(&mut self) -> Timer {
        if is_majority(&self.check_quorum.heard) {
            self.start_check_quorum();
            return Timer::Keep;
        }
        self.role = Role::Follower;
        Timer::Election
    }

    /// A follower answers this server's AppendEntries: what the options of a leader make of it.
    pub(crate) fn note_follower(
        &mut self,
        from: ServerId,
        request: &AppendEntries,
        reply: &AppendReply,
    ) {
        if self.role == Role::Leader && request.term == self.current_term() {
            self.note_heard(from);
            self.note_match(from, reply);
        }
    }
}
