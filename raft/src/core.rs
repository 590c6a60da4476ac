//! Raft's election rules: state and transitions, without clock, thread or random numbers.
//!
//! # The election timer
//!
//! A server has one deadline. A leader's is its next round of heartbeats; everybody else's is the
//! election timer: when it runs out, nobody has led this server for too long, and it campaigns.
//!
//! Three things reset the election timer, and nothing else does:
//!
//! 1. an AppendEntries of the current term: there is a leader, and it is alive;
//! 2. granting a vote: a candidate deserves the time to win;
//! 3. starting an election of one's own: so do I.
//!
//! A refused vote does not (a server that cannot win must not hold up one that can), nor does an
//! AppendEntries of an old term (a leader that has been replaced is no leader), nor any reply, nor
//! the mere sight of a newer term. A leader has no election timer; if it steps down, one starts.
//!
//! Each reset draws a fresh random timeout. If servers drew once, two that drew alike would split
//! one vote after the other.
//!
//! The core has no clock, so each transition returns what becomes of the deadline: a [`Timer`].
//!
//! # The options
//!
//! These rules are plain Raft. What an option adds stands in a file of its own, in `core/`; here it
//! has only its place.

mod check_quorum;
mod lease;
mod pre_vote;
mod transfer;

use raftapi::{
    AppendEntries, AppendReply, RequestVote, Role, ServerId, Stable, Status, Term, VoteReply,
};

use crate::Options;

/// What becomes of a server's deadline.
#[must_use = "the election timer is half of Raft's elections"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// It stays what it is.
    Keep,
    /// It is an election timeout from now, drawn afresh.
    Election,
    /// It is now: the first round of heartbeats is due.
    Heartbeat,
}

/// The state of one server, in the order of Figure 2. What only log replication needs is left out.
#[derive(Clone, Debug)]
pub struct Core {
    // Persistent state on all servers:
    // updated on stable storage before responding to RPCs
    persistent: Stable,
    unsaved: bool,

    // Volatile state on all servers
    me: ServerId,
    role: Role,

    // Volatile state on candidates:
    // whose votes it has, in the current term
    votes: Vec<bool>,

    // The options, and what they remember
    options: Options,
    lease: lease::State,
    pre_vote: pre_vote::State,
    check_quorum: check_quorum::State,
    transfer: transfer::State,
}

impl Core {
    /// A server of a cluster of `cluster_size`, that starts or restarts with what its disk holds.
    /// 'When servers start up, they begin as followers' (section 5.2).
    pub fn new(me: ServerId, cluster_size: usize, persistent: Stable) -> Core {
        Core {
            persistent,
            unsaved: false,
            me,
            role: Role::Follower,
            votes: vec![false; cluster_size],
            options: Options::default(),
            lease: lease::State::default(),
            pre_vote: pre_vote::State::default(),
            check_quorum: check_quorum::State::default(),
            transfer: transfer::State::default(),
        }
    }

    /// The latest term this server has seen.
    pub fn current_term(&self) -> Term {
        self.persistent.current_term
    }

    /// What it is in that term.
    pub fn role(&self) -> Role {
        self.role
    }

    /// What the world may know of it.
    pub fn status(&self) -> Status {
        Status::new(self.current_term(), self.role)
    }

    /// What must be on disk before anything is sent or answered: if it has changed since the last
    /// time this was asked.
    pub fn take_unsaved(&mut self) -> Option<&Stable> {
        std::mem::take(&mut self.unsaved).then_some(&self.persistent)
    }

    // ---- Transitions (Figure 4) ----

    /// To follower: discovers current leader or new term; discovers server with higher term.
    fn become_follower(&mut self, term: Term) -> Timer {
        let newer = term > self.current_term();
        let campaigning = matches!(self.role, Role::PreCandidate | Role::Candidate);
        let lost = campaigning && term == self.current_term();
        self.must(newer || lost, Role::Follower, term);
        let timer = match self.role {
            Role::Leader => Timer::Election,
            _ => Timer::Keep,
        };
        if newer {
            self.persistent.current_term = term;
            self.persistent.voted_for = None;
            self.unsaved = true;
        }
        self.role = Role::Follower;
        timer
    }

    /// To candidate: times out, starts election; times out, new election.
    fn become_candidate(&mut self) {
        let term = self.current_term() + 1;
        self.must(self.role != Role::Leader, Role::Candidate, term);
        self.role = Role::Candidate;
        self.persistent.current_term = term;
        self.persistent.voted_for = Some(self.me);
        self.unsaved = true;
        self.votes.fill(false);
        self.votes[self.me.index()] = true;
    }

    /// To leader: receives votes from majority of servers.
    fn become_leader(&mut self) {
        let term = self.current_term();
        let elected = self.role == Role::Candidate && self.has_majority();
        self.must(elected, Role::Leader, term);
        self.role = Role::Leader;
        self.start_check_quorum();
        self.start_transfers();
    }

    /// Refuses an illegal move.
    fn must(&self, legal: bool, to: Role, term: Term) {
        assert!(
            legal,
            "{} cannot go from {} of term {} to {to} of term {term}",
            self.me,
            self.role,
            self.current_term(),
        );
    }

    // ---- Elections (section 5.2) ----

    /// The election timer has run out: starts an election. To be sent to all other servers.
    pub fn campaign(&mut self) -> (RequestVote, Timer) {
        self.become_candidate();
        let request = RequestVote {
            term: self.current_term(),
            candidate_id: self.me,
            last_log_index: self.last_log_index(),
            last_log_term: self.last_log_term(),
            pre_vote: false,
            leader_transfer: false,
        };
        (request, self.lead_if_elected(Timer::Election))
    }

    /// Answers a candidate. At most one vote in a term, first-come-first-served, and only for a log
    /// that is at least as up-to-date (section 5.4.1).
    pub fn answer_vote(&mut self, args: &RequestVote) -> (VoteReply, Timer) {
        if args.pre_vote {
            return (self.answer_pre_vote(args), Timer::Keep);
        }
        let mut timer = self.notice_term(args.term);
        let free = match self.persistent.voted_for {
            None => true,
            Some(candidate) => candidate == args.candidate_id,
        };
        let granted = args.term == self.current_term() && free && self.is_up_to_date(args);
        if granted {
            if self.role == Role::PreCandidate {
                let _ = self.become_follower(args.term);
            }
            self.unsaved |= self.persistent.voted_for.is_none();
            self.persistent.voted_for = Some(args.candidate_id);
            timer = Timer::Election;
        }
        (self.vote(granted), timer)
    }

    /// Counts an answer to this server's RequestVote. Only a grant of the election that it is in
    /// counts: a late reply is told by the request that it answers.
    pub fn count_vote(
        &mut self,
        from: ServerId,
        request: &RequestVote,
        reply: &VoteReply,
    ) -> Timer {
        let timer = self.notice_term(reply.term);
        let current = self.role == Role::Candidate && request.term == self.current_term();
        if !current || !reply.vote_granted {
            return timer;
        }
        self.votes[from.index()] = true;
        self.lead_if_elected(timer)
    }

    fn lead_if_elected(&mut self, otherwise: Timer) -> Timer {
        if !self.has_majority() {
            return otherwise;
        }
        self.become_leader();
        Timer::Heartbeat
    }

    // ---- Heartbeats (section 5.2) ----

    /// A leader's heartbeat, for all other servers.
    pub fn heartbeat(&self) -> AppendEntries {
        AppendEntries {
            term: self.current_term(),
            leader_id: self.me,
            prev_log_index: self.last_log_index(),
            prev_log_term: self.last_log_term(),
            entries: Vec::new(),
            leader_commit: 0,
        }
    }

    /// Answers a leader.
    pub fn answer_append(&mut self, args: &AppendEntries) -> (AppendReply, Timer) {
        let mut timer = self.notice_term(args.term);
        let from_leader = args.term == self.current_term() && self.role != Role::Leader;
        if from_leader {
            if self.role != Role::Follower {
                let _ = self.become_follower(args.term);
            }
            self.note_leader();
            timer = Timer::Election;
        }
        let reply = AppendReply {
            term: self.current_term(),
            success: from_leader && self.matches(args),
        };
        (reply, timer)
    }

    /// Looks at an answer to this server's AppendEntries: it may know of a newer term.
    pub fn notice_append(&mut self, reply: &AppendReply) -> Timer {
        self.notice_term(reply.term)
    }

    // ---- All servers ----

    /// 'If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to
    /// follower' (Figure 2; section 5.1).
    fn notice_term(&mut self, term: Term) -> Timer {
        if term > self.current_term() {
            self.become_follower(term)
        } else {
            Timer::Keep
        }
    }

    fn vote(&self, vote_granted: bool) -> VoteReply {
        VoteReply {
            term: self.current_term(),
            vote_granted,
        }
    }

    /// Whether it has the votes of a majority of the full cluster.
    fn has_majority(&self) -> bool {
        is_majority(&self.votes)
    }

    fn last_log_index(&self) -> u64 {
        self.persistent.log.len() as u64
    }

    fn last_log_term(&self) -> Term {
        self.persistent.log.last().map_or(0, |entry| entry.term)
    }

    /// Whether the candidate's log is at least as up-to-date as this one: the later last term wins;
    /// if they are the same, the longer log (section 5.4.1).
    fn is_up_to_date(&self, args: &RequestVote) -> bool {
        let theirs = (args.last_log_term, args.last_log_index);
        theirs >= (self.last_log_term(), self.last_log_index())
    }

    /// Whether the log holds the entry that a leader's new ones would follow (section 5.3).
    fn matches(&self, args: &AppendEntries) -> bool {
        let Some(before) = args.prev_log_index.checked_sub(1) else {
            return true;
        };
        let entry = self.persistent.log.get(before as usize);
        entry.is_some_and(|entry| entry.term == args.prev_log_term)
    }
}

/// Whether these are most of the servers of the full cluster.
fn is_majority(servers: &[bool]) -> bool {
    servers.iter().filter(|&&counts| counts).count() > servers.len() / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    const S0: ServerId = ServerId::new(0);
    const S1: ServerId = ServerId::new(1);

    type Move = fn(&mut Core);

    /// S0 of a cluster of three, in term 5.
    fn in_role(role: Role) -> Core {
        let stable = Stable {
            current_term: 4,
            ..Stable::default()
        };
        let mut core = Core::new(S0, 3, stable);
        let (request, _) = core.campaign();
        let reply = core.vote(true);
        let _ = match role {
            Role::Leader => core.count_vote(S1, &request, &reply),
            Role::Candidate => Timer::Keep,
            _ => core.become_follower(5),
        };
        assert_eq!(core.status(), Status::new(5, role));
        core
    }

    fn follower_of_5(core: &mut Core) {
        let _ = core.become_follower(5);
    }

    fn follower_of_4(core: &mut Core) {
        let _ = core.become_follower(4);
    }

    #[test]
    fn a_move_that_figure_4_does_not_have_is_refused_by_name() {
        use Role::{Candidate, Follower, Leader};
        let moves: [(Role, Move, &str); 9] = [
            (Follower, follower_of_5, "follower of term 5"),
            (Follower, follower_of_4, "follower of term 4"),
            (Candidate, follower_of_4, "follower of term 4"),
            (Leader, follower_of_5, "follower of term 5"),
            (Leader, follower_of_4, "follower of term 4"),
            (Leader, Core::become_candidate, "candidate of term 6"),
            (Follower, Core::become_leader, "leader of term 5"),
            (Candidate, Core::become_leader, "leader of term 5"),
            (Leader, Core::become_leader, "leader of term 5"),
        ];
        for (from, make, to) in moves {
            let mut core = in_role(from);
            let panic = std::panic::catch_unwind(move || make(&mut core)).unwrap_err();
            let message = panic.downcast::<String>().unwrap();
            let expected = format!("S0 cannot go from {from} of term 5 to {to}");
            assert_eq!(*message, expected);
        }
    }
}
