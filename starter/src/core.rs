//! Raft's election rules: state and transitions, without clock, thread or random numbers.
//!
//! The core has no clock, so each transition returns what becomes of the deadline: a [`Timer`].
//! What resets the election timer, and what does not, is part of the tasks.

use raftapi::{
    AppendEntries, AppendReply, RequestVote, Role, ServerId, Stable, Status, Term, VoteReply,
};

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

    // Volatile state on all servers
    me: ServerId,
    cluster_size: usize,
    role: Role,
    // What else a server must remember is yours to add.
}

impl Core {
    /// A server of a cluster of `cluster_size`, that starts or restarts with what its disk holds.
    /// 'When servers start up, they begin as followers' (section 5.2).
    pub fn new(me: ServerId, cluster_size: usize, persistent: Stable) -> Core {
        Core {
            persistent,
            me,
            cluster_size,
            role: Role::Follower,
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

    // ---- Elections (section 5.2) ----

    /// Task 2 of 8: campaign.
    ///
    /// The election timer has run out: this server starts an election (section 5.2; Figure 2,
    /// 'Candidates'). Returns the request for all other servers. `server.rs` sends it, if this
    /// server is a candidate then.
    pub fn campaign(&mut self) -> (RequestVote, Timer) {
        let request = RequestVote {
            term: self.current_term(),
            candidate_id: self.me,
            last_log_index: self.last_log_index(),
            last_log_term: self.last_log_term(),
            pre_vote: false,
            leader_transfer: false,
        };
        (request, Timer::Election)
    }

    /// Task 3 of 8: answer RequestVote.
    ///
    /// Answers a candidate: at most one vote in a term, first-come-first-served, and only for a log
    /// that is at least as up-to-date as this server's (sections 5.2 and 5.4.1; Figure 2,
    /// 'RequestVote RPC'). The candidate's term may be older than this server's, or newer. A
    /// pre-vote may always be refused.
    ///
    /// The other half is `answer_vote` in `server.rs`: it sends the answer.
    pub fn answer_vote(&mut self, args: &RequestVote) -> (VoteReply, Timer) {
        log::debug!("to be answered: {args:?}");
        let reply = VoteReply {
            term: self.current_term(),
            vote_granted: false,
        };
        (reply, Timer::Keep)
    }

    /// Task 4 of 8: count votes.
    ///
    /// Counts an answer to this server's RequestVote, and makes it leader when it has the votes of
    /// a majority of the full cluster for the same term (section 5.2; Figure 2, 'Candidates'). An
    /// answer may come late, and `request` is what it answers. In a cluster of one, a candidate
    /// has its majority without any answer.
    pub fn count_vote(
        &mut self,
        from: ServerId,
        request: &RequestVote,
        reply: &VoteReply,
    ) -> Timer {
        let of = self.cluster_size;
        log::debug!("to be counted: {reply:?} of {from}, one of {of}, to {request:?}");
        self.notice_term(reply.term)
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

    /// The other half of task 5, heartbeats: what one means to the server that hears it.
    ///
    /// Answers a leader, whose term may be older than this server's, or newer. A candidate may find
    /// that another has won (section 5.2; Figure 2, 'AppendEntries RPC', points 1 and 2).
    pub fn answer_append(&mut self, args: &AppendEntries) -> (AppendReply, Timer) {
        let timer = self.notice_term(args.term);
        let reply = AppendReply {
            term: self.current_term(),
            success: false,
        };
        (reply, timer)
    }

    /// Looks at an answer to this server's AppendEntries: it may know of a newer term.
    pub fn notice_append(&mut self, reply: &AppendReply) -> Timer {
        self.notice_term(reply.term)
    }

    // ---- All servers ----

    /// Task 7 of 8: newer terms.
    ///
    /// Every request and every reply carries a term, and each of them is shown to this function. A
    /// newer one than this server's changes what the server is, whatever it was (section 5.1;
    /// Figure 2, 'All Servers').
    ///
    /// [`answer_vote`](Core::answer_vote) is yours: it should come here, too.
    fn notice_term(&mut self, term: Term) -> Timer {
        log::debug!("a message of term {term}, in term {}", self.current_term());
        Timer::Keep
    }

    /// Task 8 of 8: persist and restart.
    ///
    /// What must be on disk before anything is sent or answered, if it has changed since the last
    /// time this was asked (section 5.2; Figure 2, 'Persistent state on all servers'). `settle` in
    /// `server.rs` asks after each transition, and writes it.
    ///
    /// The other half is `start` in `server.rs`: so far, a server that restarts has forgotten
    /// everything.
    pub fn take_unsaved(&mut self) -> Option<&Stable> {
        None
    }

    // ---- The log: empty in this lab, unless a test has preloaded it ----

    fn last_log_index(&self) -> u64 {
        self.persistent.log.len() as u64
    }

    fn last_log_term(&self) -> Term {
        self.persistent.log.last().map_or(0, |entry| entry.term)
    }
}
