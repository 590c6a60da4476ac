//! What a server does for its options. The rules stand in `core/`.

use raftapi::{
    Answer, AppendEntries, AppendReply, Call, Raft, RequestVote, TimeoutNow, Transfer,
    TransferLeadership, VoteReply,
};

use super::Running;

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
