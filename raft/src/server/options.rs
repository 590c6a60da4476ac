//! What a server does for its options. The rules stand in `core/`.

use std::time::Duration;

use raftapi::{
    Answer, AppendEntries, AppendReply, Call, Raft, Redraw, RequestVote, Role, Term, Time,
    TimeoutNow, Transfer, TransferLeadership, VoteReply,
};

use super::Running;

/// The custom by which election timeouts are drawn, if it is another than at each reset.
#[derive(Debug)]
pub(super) struct Custom {
    redraw: Redraw,
    /// The timeout that was drawn last.
    timeout: Duration,
    /// Term, role and deadline before this step.
    state: (Term, Role),
    deadline: Time,
}

impl Custom {
    pub(super) fn new(redraw: Redraw, raft: &Running<'_>) -> Custom {
        Custom {
            redraw,
            timeout: raft.deadline - raft.ctx.now(),
            state: (raft.core.current_term(), raft.core.role()),
            deadline: raft.deadline,
        }
    }

    /// At the beginning of a step: takes the deadline away, to see whether the step sets one.
    pub(super) fn watch(&mut self, raft: &mut Running<'_>) {
        if self.redraw == Redraw::AtEachReset {
            return;
        }
        self.deadline = std::mem::replace(&mut raft.deadline, Time::NEVER);
    }

    /// At its end: if it has reset the election timer, it has drawn a fresh timeout; puts the last
    /// one in its place where the custom is to keep it.
    pub(super) fn keep(&mut self, raft: &mut Running<'_>) {
        if self.redraw == Redraw::AtEachReset {
            return;
        }
        let is_reset = raft.deadline != Time::NEVER;
        if !is_reset {
            raft.deadline = self.deadline;
        }
        let (term, role) = (raft.core.current_term(), raft.core.role());
        // In etcd, becoming a pre-candidate draws none; ceasing to be one does.
        let before = std::mem::replace(&mut self.state, (term, role));
        let changed = before != self.state && role != Role::PreCandidate;
        let now = raft.ctx.now();
        match self.redraw {
            _ if role == Role::Leader => {}
            Redraw::OnStateChange if changed => {
                self.timeout = raft.draw_election_timeout();
                raft.deadline = now + self.timeout;
            }
            Redraw::OnStateChange | Redraw::Once if is_reset => {
                raft.deadline = now + self.timeout;
            }
            _ => {}
        }
    }
}

impl Running<'_> {
    pub(super) fn count_pre_vote(&mut self, answer: Answer<RequestVote, VoteReply>) {
        let (request, timer) =
            self.core
                .count_pre_vote(answer.from, &answer.request, &answer.reply);
        match request {
            Some(request) => self.request_votes(request, timer),
            None => self.settle(timer),
        }
    }

    pub(super) fn check_quorum(&mut self) {
        let timer = self.core.check_quorum();
        self.settle(timer);
    }

    /// What the options of a leader make of an answer to its heartbeat.
    pub(super) fn note_follower(&mut self, answer: &Answer<AppendEntries, AppendReply>) {
        self.core
            .note_follower(answer.from, &answer.request, &answer.reply);
        self.hand_over();
    }

    pub(super) fn on_transfer(&mut self, transfer: Transfer) {
        if !self.core.transfers() {
            return;
        }
        match transfer {
            Transfer::Leadership(call) => self.answer_transfer(call),
            Transfer::TimeoutNow(call) => self.answer_timeout_now(call),
            Transfer::Reply(answer) => {
                let timer = self.core.notice_transfer(&answer.reply);
                self.settle(timer);
            }
        }
    }

    /// Hands the leadership over, or sends a heartbeat whose answer tells whether it can.
    fn answer_transfer(&mut self, call: Call<Raft, TransferLeadership>) {
        let from = call.from;
        let (reply, timer) = self.core.answer_transfer(from, &call.args);
        let accepted = reply.accepted;
        self.settle(timer);
        call.reply(self.ctx, reply);
        if accepted && !self.hand_over() {
            self.ctx.call(from, self.core.heartbeat());
        }
    }

    /// Sends TimeoutNow, if it is time. Whether it was.
    fn hand_over(&mut self) -> bool {
        let Some((next, timeout_now)) = self.core.hand_over() else {
            return false;
        };
        self.ctx.call(next, timeout_now);
        true
    }

    fn answer_timeout_now(&mut self, call: Call<Raft, TimeoutNow>) {
        let (reply, request, timer) = self.core.answer_timeout_now(&call.args);
        match request {
            Some(request) => self.request_votes(request, timer),
            None => self.settle(timer),
        }
        call.reply(self.ctx, reply);
    }
}
