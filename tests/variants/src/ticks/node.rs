//! The state machine: no clock but ticks, one `step` for everything, one `reset`.

use std::collections::{BTreeMap, BTreeSet};

use raftapi::{
    AppendEntries, AppendReply, Context, Request, RequestVote, Role, ServerId, Stable, Status,
    Term, TimeoutNow, TransferLeadership, TransferReply, VoteReply,
};
use rand::RngExt;

use super::Settings;
use crate::logs;

/// Everything that a node is told.
#[derive(Debug)]
pub enum Message<'m> {
    /// Nobody leads it: it should campaign.
    Hup,
    /// A leader should send heartbeats.
    Beat,
    /// A leader should look whether it still hears a majority.
    CheckQuorum,
    RequestVote(&'m RequestVote),
    VoteReply(&'m RequestVote, &'m VoteReply),
    AppendEntries(&'m AppendEntries),
    AppendReply(&'m AppendEntries, &'m AppendReply),
    TransferLeadership(&'m TransferLeadership),
    TimeoutNow(&'m TimeoutNow),
    TransferReply(&'m TransferReply),
}

/// What is answered.
#[derive(Debug)]
pub enum Reply {
    Vote(VoteReply),
    Append(AppendReply),
    Transfer(TransferReply),
}

/// How a node asks for votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Campaign {
    PreElection,
    Election,
    Transfer,
}

/// One server.
pub struct Node<'a> {
    ctx: &'a Context<'a>,
    settings: Settings,
    stable: Stable,
    unsaved: bool,
    role: Role,
    leader: Option<ServerId>,
    /// Who has answered in the campaign that it is in, and how.
    votes: BTreeMap<ServerId, bool>,
    heartbeat_elapsed: u32,
    election_elapsed: u32,
    election_timeout: u32,
    /// Whom a leader has heard from since it last looked, and whose log is known to be its own.
    active: BTreeSet<ServerId>,
    matched: BTreeSet<ServerId>,
    transferee: Option<ServerId>,
    outbox: Vec<(ServerId, Request)>,
}

impl<'a> Node<'a> {
    /// A node that starts or restarts.
    pub fn new(ctx: &'a Context<'a>, settings: Settings) -> Self {
        let mut node = Node {
            ctx,
            settings,
            stable: ctx.restore(),
            unsaved: false,
            role: Role::Follower,
            leader: None,
            votes: BTreeMap::new(),
            heartbeat_elapsed: 0,
            election_elapsed: 0,
            election_timeout: 0,
            active: BTreeSet::new(),
            matched: BTreeSet::new(),
            transferee: None,
            outbox: Vec::new(),
        };
        node.become_follower(node.stable.current_term, None);
        node.flush();
        node
    }

    /// Saves, shows and sends what the steps since the last time have come to.
    pub fn flush(&mut self) {
        if std::mem::take(&mut self.unsaved) {
            self.ctx.persist(&self.stable);
        }
        self.ctx
            .publish(Status::new(self.stable.current_term, self.role));
        for (to, request) in self.outbox.drain(..) {
            match request {
                Request::RequestVote(args) => self.ctx.call(to, args),
                Request::AppendEntries(args) => self.ctx.call(to, args),
                Request::TransferLeadership(args) => self.ctx.call(to, args),
                Request::TimeoutNow(args) => self.ctx.call(to, args),
            }
        }
    }

    /// A tick has passed.
    pub fn tick(&mut self) {
        let me = self.ctx.me();
        self.election_elapsed += 1;
        if self.role != Role::Leader {
            if self.election_elapsed >= self.election_timeout {
                self.election_elapsed = 0;
                self.step(me, Message::Hup);
            }
            return;
        }
        self.heartbeat_elapsed += 1;
        if self.election_elapsed >= self.settings.election_ticks {
            self.election_elapsed = 0;
            self.transferee = None;
            if self.settings.check_quorum {
                self.step(me, Message::CheckQuorum);
            }
        }
        if self.role == Role::Leader && self.heartbeat_elapsed >= self.settings.heartbeat_ticks {
            self.heartbeat_elapsed = 0;
            self.step(me, Message::Beat);
        }
    }

    /// Takes a message, and returns the answer to it, if it is to be answered.
    pub fn step(&mut self, from: ServerId, message: Message<'_>) -> Option<Reply> {
        if self.is_held_to_its_leader(&message) {
            return None;
        }
        self.see(from, &message);
        match message {
            Message::Hup => self.campaign(match self.settings.pre_vote {
                true => Campaign::PreElection,
                false => Campaign::Election,
            }),
            Message::Beat => self.send_heartbeats(),
            Message::CheckQuorum => self.check_quorum(),
            Message::RequestVote(args) => return Some(Reply::Vote(self.vote(args))),
            Message::VoteReply(request, reply) => self.poll(from, request, reply),
            Message::AppendEntries(args) => return Some(Reply::Append(self.follow(args))),
            Message::AppendReply(request, reply) => self.note(from, request, reply),
            Message::TransferLeadership(args) => {
                let accepted = args.term == self.stable.current_term && self.hand_over(from);
                return Some(self.transfer_reply(accepted));
            }
            Message::TimeoutNow(args) => {
                let current = args.term == self.stable.current_term;
                let accepted = current && self.role == Role::Follower;
                if accepted {
                    self.campaign(Campaign::Transfer);
                }
                return Some(self.transfer_reply(accepted));
            }
            Message::TransferReply(_) => {}
        }
        None
    }

    // ---- Terms ----

    /// The lease (thesis 4.2.3): whoever hears from a leader has no ear for a candidate of a newer
    /// term, unless that leader has sent it.
    fn is_held_to_its_leader(&self, message: &Message<'_>) -> bool {
        let Message::RequestVote(args) = message else {
            return false;
        };
        self.settings.check_quorum
            && args.term > self.stable.current_term
            && !args.leader_transfer
            && self.leader.is_some()
            && self.election_elapsed < self.settings.election_ticks
    }

    /// Takes over a newer term. Those of pre-votes may never come; a grant of one repeats it.
    fn see(&mut self, from: ServerId, message: &Message<'_>) {
        let (term, leader) = match message {
            Message::RequestVote(args) if args.pre_vote => return,
            Message::RequestVote(args) => (args.term, None),
            Message::VoteReply(request, reply) if request.pre_vote && reply.vote_granted => return,
            Message::VoteReply(_, reply) => (reply.term, None),
            Message::AppendEntries(args) => (args.term, Some(from)),
            Message::AppendReply(_, reply) => (reply.term, None),
            Message::TransferLeadership(args) => (args.term, None),
            Message::TimeoutNow(args) => (args.term, None),
            Message::TransferReply(reply) => (reply.term, None),
            Message::Hup | Message::Beat | Message::CheckQuorum => return,
        };
        if term > self.stable.current_term {
            self.become_follower(term, leader);
        }
    }

    /// Begins a term or a role. The only place where a timeout is drawn.
    fn reset(&mut self, term: Term) {
        if term != self.stable.current_term {
            self.stable.current_term = term;
            self.stable.voted_for = None;
            self.unsaved = true;
        }
        self.leader = None;
        self.votes.clear();
        self.active.clear();
        self.matched.clear();
        self.transferee = None;
        self.heartbeat_elapsed = 0;
        self.election_elapsed = 0;
        let shortest = self.settings.election_ticks;
        self.election_timeout = self.ctx.rng().random_range(shortest..2 * shortest);
    }

    fn become_follower(&mut self, term: Term, leader: Option<ServerId>) {
        self.reset(term);
        self.role = Role::Follower;
        self.leader = leader;
    }

    // ---- Elections ----

    fn campaign(&mut self, campaign: Campaign) {
        if self.role == Role::Leader {
            return;
        }
        let me = self.ctx.me();
        let pre_vote = campaign == Campaign::PreElection;
        if pre_vote {
            self.role = Role::PreCandidate;
            self.votes.clear();
            self.leader = None;
        } else {
            self.reset(self.stable.current_term + 1);
            self.role = Role::Candidate;
            self.stable.voted_for = Some(me);
        }
        self.votes.insert(me, true);
        let request = RequestVote {
            term: self.stable.current_term + u64::from(pre_vote),
            pre_vote,
            leader_transfer: campaign == Campaign::Transfer,
            ..logs::vote_request(me, &self.stable)
        };
        for peer in self.ctx.peers() {
            self.outbox.push((peer, request.clone().into()));
        }
        self.tally();
    }

    fn vote(&mut self, args: &RequestVote) -> VoteReply {
        let term = self.stable.current_term;
        let vote = self.stable.voted_for;
        let may = vote == Some(args.candidate_id)
            || (vote.is_none() && self.leader.is_none())
            || (args.pre_vote && args.term > term);
        let vote_granted = args.term >= term && may && logs::is_up_to_date(&self.stable, args);
        if vote_granted && !args.pre_vote {
            self.election_elapsed = 0;
            self.unsaved |= vote.is_none();
            self.stable.voted_for = Some(args.candidate_id);
        }
        // A granted pre-vote is of the term that it was asked for.
        let term = if vote_granted { args.term } else { term };
        VoteReply { term, vote_granted }
    }

    fn poll(&mut self, from: ServerId, request: &RequestVote, reply: &VoteReply) {
        let (role, term) = match request.pre_vote {
            true => (Role::PreCandidate, self.stable.current_term + 1),
            false => (Role::Candidate, self.stable.current_term),
        };
        if self.role == role && request.term == term {
            self.votes.entry(from).or_insert(reply.vote_granted);
            self.tally();
        }
    }

    fn tally(&mut self) {
        let majority = self.ctx.cluster_size() / 2 + 1;
        let granted = self.votes.values().filter(|&&granted| granted).count();
        if self.votes.len() - granted >= majority {
            self.become_follower(self.stable.current_term, None);
        } else if granted >= majority && self.role == Role::PreCandidate {
            self.campaign(Campaign::Election);
        } else if granted >= majority {
            self.reset(self.stable.current_term);
            self.role = Role::Leader;
            self.leader = Some(self.ctx.me());
            self.send_heartbeats();
        }
    }

    // ---- Leading and following ----

    fn send_heartbeats(&mut self) {
        let heartbeat = logs::heartbeat(self.ctx.me(), &self.stable);
        for peer in self.ctx.peers() {
            self.outbox.push((peer, heartbeat.clone().into()));
        }
    }

    fn follow(&mut self, args: &AppendEntries) -> AppendReply {
        let current = args.term == self.stable.current_term && self.role != Role::Leader;
        if current {
            if self.role != Role::Follower {
                self.become_follower(args.term, None);
            }
            self.election_elapsed = 0;
            self.leader = Some(args.leader_id);
        }
        AppendReply {
            term: self.stable.current_term,
            success: current && logs::matches(&self.stable, args),
        }
    }

    fn note(&mut self, from: ServerId, request: &AppendEntries, reply: &AppendReply) {
        if self.role != Role::Leader || request.term != self.stable.current_term {
            return;
        }
        self.active.insert(from);
        if reply.success && self.matched.insert(from) && self.transferee == Some(from) {
            self.send_timeout_now(from);
        }
    }

    /// Steps down, in the same term, if no majority was heard since it last looked (thesis 6.2).
    fn check_quorum(&mut self) {
        let majority = self.ctx.cluster_size() / 2 + 1;
        if self.active.len() + 1 < majority {
            self.become_follower(self.stable.current_term, None);
        }
        self.active.clear();
    }

    // ---- Leadership transfer (thesis 3.10) ----

    /// Begins to hand leadership over, for an election timeout at most.
    fn hand_over(&mut self, to: ServerId) -> bool {
        if self.role != Role::Leader || to == self.ctx.me() {
            return false;
        }
        self.election_elapsed = 0;
        self.transferee = Some(to);
        if self.matched.contains(&to) {
            self.send_timeout_now(to);
        }
        true
    }

    fn send_timeout_now(&mut self, to: ServerId) {
        let request = TimeoutNow {
            term: self.stable.current_term,
            leader_id: self.ctx.me(),
        };
        self.outbox.push((to, Request::TimeoutNow(request)));
    }

    fn transfer_reply(&self, accepted: bool) -> Reply {
        Reply::Transfer(TransferReply {
            term: self.stable.current_term,
            accepted,
        })
    }
}
