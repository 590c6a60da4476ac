//! PreVote: a server asks whether it would be elected before it campaigns (thesis 9.6).
//!
//! A server that is cut off campaigns again and again, and when it comes back, its newer term
//! unseats the leader that did well without it. With PreVote its term stays: it becomes a
//! *pre-candidate*, and a candidate only when a majority would vote for it.
//!
//! A pre-vote binds nobody. Whoever asks for it or grants it changes neither its term nor its vote,
//! so nothing is to be saved; whoever grants it does not reset its election timer, either. The
//! request carries the term that the pre-candidate would campaign in, and so does a grant. A
//! refusal carries the current term of the server that refuses, like any other answer.

use raftapi::{PreVote, RequestVote, Role, ServerId, VoteReply};

use super::{Core, Timer, is_majority};

/// What a pre-candidate remembers: who has answered, and what they said last.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    granted: Vec<bool>,
    refused: Vec<bool>,
}

impl Core {
    /// Whether it becomes a pre-candidate when its election timer runs out.
    pub(crate) fn asks_first(&self) -> bool {
        self.options.pre_vote.is_some()
    }

    /// The election timer has run out: asks all other servers whether they would vote for it. The
    /// timer starts anew, so that it asks again.
    pub(crate) fn ask_first(&mut self) -> (RequestVote, Timer) {
        self.become_pre_candidate();
        if is_majority(&self.pre_vote.granted) {
            return self.campaign(); // a cluster of one
        }
        let request = RequestVote {
            term: self.current_term() + 1,
            candidate_id: self.me,
            last_log_index: self.last_log_index(),
            last_log_term: self.last_log_term(),
            pre_vote: true,
            leader_transfer: false,
        };
        (request, Timer::Election)
    }

    /// To pre-candidate: times out.
    fn become_pre_candidate(&mut self) {
        let term = self.current_term();
        self.must(self.role != Role::Leader, Role::PreCandidate, term);
        self.role = Role::PreCandidate;
        let nobody = vec![false; self.votes.len()];
        self.pre_vote.granted.clone_from(&nobody);
        self.pre_vote.refused = nobody;
        self.pre_vote.granted[self.me.index()] = true;
    }

    /// Answers a pre-candidate.
    pub(super) fn answer_pre_vote(&self, args: &RequestVote) -> VoteReply {
        if !self.would_vote(args) {
            return self.vote(false);
        }
        VoteReply {
            term: args.term,
            vote_granted: true,
        }
    }

    /// Whether it would vote for this server in that term. Without PreVote it never says so: a
    /// pre-vote binds nobody, so it may always be refused.
    fn would_vote(&self, args: &RequestVote) -> bool {
        let Some(custom) = self.options.pre_vote else {
            return false;
        };
        let newer = args.term > self.current_term();
        let current = args.term == self.current_term();
        let unbound = match self.persistent.voted_for {
            // It has not voted in this term; for etcd, whoever has a leader needs no other.
            None => custom == PreVote::Thesis || !self.knows_leader(),
            Some(candidate) => candidate == args.candidate_id,
        };
        let content = custom == PreVote::Thesis && self.hears_leader();
        (newer || current && unbound) && self.is_up_to_date(args) && !content
    }

    /// Counts an answer to this server's pre-vote. With a majority it campaigns at once: the
    /// request is to be sent to all other servers.
    pub(crate) fn count_pre_vote(
        &mut self,
        from: ServerId,
        request: &RequestVote,
        reply: &VoteReply,
    ) -> (Option<RequestVote>, Timer) {
        let timer = if reply.vote_granted {
            Timer::Keep // a grant's term is the request's
        } else {
            self.notice_term(reply.term)
        };
        let current = self.role == Role::PreCandidate && request.term == self.current_term() + 1;
        if !current {
            return (None, timer);
        }
        self.pre_vote.granted[from.index()] = reply.vote_granted;
        self.pre_vote.refused[from.index()] = !reply.vote_granted;
        if is_majority(&self.pre_vote.granted) {
            let (request, timer) = self.campaign();
            return (Some(request), timer);
        }
        if is_majority(&self.pre_vote.refused) {
            return (None, self.become_follower(self.current_term()));
        }
        (None, timer)
    }
}
