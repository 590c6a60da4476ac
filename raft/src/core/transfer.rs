//! Leadership transfer: a leader hands its leadership over to a server that asks for it (thesis
//! 3.10).
//!
//! The server that asks is told to campaign at once, with TimeoutNow, as soon as the leader knows
//! that its log is up to date: that it has accepted a heartbeat of this term. (In this lab nobody
//! appends, so what has matched once still does.) It asks nobody first, and no lease holds it up,
//! for the leader itself wants this election; its newer term then unseats the leader.
//!
//! If nothing has come of it after the minimum election timeout, it is given up. One at a time:
//! until then any other server that asks is refused (in etcd, it would take the place of the
//! first). The same server may ask again; what it was sent is sent again, but it has no more time.

use raftapi::{
    AppendReply, RequestVote, Role, ServerId, Time, TimeoutNow, TransferLeadership, TransferReply,
};

use super::{Core, Timer};

/// What a leader remembers of transfers. Reinitialized after election.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// Who has a log that is known to be up to date.
    matched: Vec<bool>,
    /// Who is to lead next.
    next: Option<Next>,
}

#[derive(Clone, Debug)]
struct Next {
    server: ServerId,
    /// When the transfer is given up.
    until: Time,
    /// Whether it has been sent TimeoutNow.
    told: bool,
}

impl Core {
    /// It has been elected.
    pub(super) fn start_transfers(&mut self) {
        if self.options.transfer {
            self.transfer = State {
                matched: vec![false; self.votes.len()],
                next: None,
            };
        }
    }

    /// Whether it knows leadership transfer at all.
    pub(crate) fn transfers(&self) -> bool {
        self.options.transfer
    }

    /// A follower has answered a heartbeat of this term.
    pub(super) fn note_match(&mut self, from: ServerId, reply: &AppendReply) {
        if self.options.transfer && reply.success {
            self.transfer.matched[from.index()] = true;
        }
    }

    /// Answers a server that wants to lead in this one's place.
    pub(crate) fn answer_transfer(
        &mut self,
        from: ServerId,
        args: &TransferLeadership,
    ) -> (TransferReply, Timer) {
        let timer = self.notice_term(args.term);
        let leads = self.role == Role::Leader && args.term == self.current_term();
        let accepted = leads && from != self.me && self.start_transfer(from);
        (self.transfer_reply(accepted), timer)
    }

    /// Starts a transfer to this server, unless one to another is under way.
    fn start_transfer(&mut self, server: ServerId) -> bool {
        let now = self.lease.now;
        let under_way = self.transfer.next.take().filter(|next| now < next.until);
        let next = under_way.unwrap_or(Next {
            server,
            until: now + self.lease.election_timeout_min,
            told: false,
        });
        let accepted = next.server == server;
        let told = next.told && !accepted;
        self.transfer.next = Some(Next { told, ..next });
        accepted
    }

    /// Whom to send TimeoutNow: the server that is to lead next, once its log is up to date.
    pub(crate) fn hand_over(&mut self) -> Option<(ServerId, TimeoutNow)> {
        let now = self.lease.now;
        let request = TimeoutNow {
            term: self.current_term(),
            leader_id: self.me,
        };
        let next = self.transfer.next.as_mut()?;
        let ready = self.role == Role::Leader
            && now < next.until
            && !next.told
            && self.transfer.matched[next.server.index()];
        next.told |= ready;
        ready.then_some((next.server, request))
    }

    /// Answers a leader that wants this server to lead. If it accepts, it campaigns at once: the
    /// request is to be sent to all other servers.
    pub(crate) fn answer_timeout_now(
        &mut self,
        args: &TimeoutNow,
    ) -> (TransferReply, Option<RequestVote>, Timer) {
        let timer = self.notice_term(args.term);
        if args.term != self.current_term() || self.role == Role::Leader {
            return (self.transfer_reply(false), None, timer);
        }
        let (request, timer) = self.campaign();
        let request = RequestVote {
            leader_transfer: true,
            ..request
        };
        (self.transfer_reply(true), Some(request), timer)
    }

    /// Looks at an answer to this server's TransferLeadership or TimeoutNow: it may know of a newer
    /// term.
    pub(crate) fn notice_transfer(&mut self, reply: &TransferReply) -> Timer {
        self.notice_term(reply.term)
    }

    fn transfer_reply(&self, accepted: bool) -> TransferReply {
        TransferReply {
            term: self.current_term(),
            accepted,
        }
    }
}
