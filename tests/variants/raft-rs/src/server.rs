//! A server around raft-rs' `RawNode`: ticks, and messages.

use crossbeam_channel::RecvTimeoutError;
use raft::StateRole;
use raft::prelude::{Config, Entry, HardState, Message, MessageType, RawNode};
use raft::storage::MemStorage;
use raftapi::{
    AppendReply, Context, Event, Role, ServerId, Stable, Status, Term, TimeoutNow, Transfer,
    TransferReply, VoteReply,
};
use rand::RngExt;
use variants::logs;
use variants::ticks::Settings;

use crate::wire;

/// Runs one server until it is killed.
pub fn run(ctx: &Context<'_>, settings: Settings) {
    let mut server = Server::new(ctx, settings);
    let tick = settings.tick.as_nanos() as u64;
    let mut next = ctx.now() + std::time::Duration::from_nanos(ctx.rng().random_range(1..=tick));
    loop {
        match ctx.recv_deadline(next) {
            Ok(event) => server.take(event),
            Err(RecvTimeoutError::Timeout) => {
                next += settings.tick;
                server.raft.tick();
                server.settle();
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

struct Server<'a> {
    ctx: &'a Context<'a>,
    settings: Settings,
    raft: RawNode<MemStorage>,
    stable: Stable,
    /// The election timeout that was drawn last, in ticks.
    drawn: usize,
    /// The last term of which it has announced that it is leader.
    announced: Term,
}

impl<'a> Server<'a> {
    fn new(ctx: &'a Context<'a>, settings: Settings) -> Self {
        let stable = ctx.restore();
        let config = Config {
            id: wire::id(ctx.me()),
            heartbeat_tick: settings.heartbeat_ticks as usize,
            election_tick: settings.election_ticks as usize,
            // What the library draws from its own generator is never what is drawn here.
            max_election_tick: usize::MAX / 2,
            pre_vote: settings.pre_vote,
            check_quorum: settings.check_quorum,
            ..Config::default()
        };
        let nobody_listens = slog::Logger::root(slog::Discard, slog::o!());
        let storage = storage(&stable, ctx.cluster_size());
        let raft = RawNode::new(&config, storage, &nobody_listens);
        let mut server = Server {
            ctx,
            settings,
            raft: raft.expect("the configuration is valid"),
            stable,
            drawn: 0,
            announced: 0,
        };
        server.settle();
        server
    }

    fn term(&self) -> Term {
        self.raft.raft.term
    }

    fn take(&mut self, event: Event) {
        let term = self.term();
        match event {
            Event::RequestVote(call) => {
                if let Some(response) = self.step(Some(wire::of_vote_request(&call.args))) {
                    let reply = VoteReply {
                        term: response.term,
                        vote_granted: !response.reject,
                    };
                    call.reply(self.ctx, reply);
                }
            }
            Event::AppendEntries(call) => {
                if let Some(response) = self.step(Some(wire::of_append(call.from, &call.args))) {
                    let reply = AppendReply {
                        term: response.term,
                        success: !response.reject && response.term == call.args.term,
                    };
                    call.reply(self.ctx, reply);
                }
            }
            Event::VoteReply(a) => {
                self.step(wire::of_vote_reply(a.from, &a.request, &a.reply, term));
            }
            Event::AppendReply(a) => {
                self.step(wire::of_append_reply(a.from, &a.request, &a.reply, term));
            }
            Event::Transfer(transfer) => self.transfer(transfer),
        }
    }

    fn transfer(&mut self, transfer: Transfer) {
        match transfer {
            Transfer::Leadership(call) => {
                let kind = MessageType::MsgTransferLeader;
                self.step(Some(wire::message(kind, call.from, call.args.term)));
                let handing = self.raft.raft.lead_transferee == Some(wire::id(call.from));
                let reply = TransferReply {
                    term: self.term(),
                    accepted: handing && self.term() == call.args.term,
                };
                call.reply(self.ctx, reply);
            }
            Transfer::TimeoutNow(call) => {
                let kind = MessageType::MsgTimeoutNow;
                self.step(Some(wire::message(kind, call.from, call.args.term)));
                let reply = TransferReply {
                    term: self.term(),
                    accepted: self.role() != Role::Follower && self.term() == call.args.term + 1,
                };
                call.reply(self.ctx, reply);
            }
            // Only a newer term in it means anything to the library.
            Transfer::Reply(answer) if answer.reply.term > self.term() => {
                let kind = MessageType::MsgHeartbeatResponse;
                self.step(Some(wire::message(kind, answer.from, answer.reply.term)));
            }
            Transfer::Reply(_) => {}
        }
    }

    /// Lets the library take a message, and returns its response, if it has one.
    fn step(&mut self, message: Option<Message>) -> Option<Message> {
        // An error says that a message was of no use.
        let _ = self.raft.step(message?);
        self.settle()
    }

    /// Does what the library has decided: saves, shows, sends. Its response to the message that it
    /// was given last is returned.
    fn settle(&mut self) -> Option<Message> {
        self.draw_election_timeout();
        self.take_back_entries();
        let mut messages = Vec::new();
        if self.raft.has_ready() {
            let mut ready = self.raft.ready();
            if let Some(hard_state) = ready.hs() {
                self.stable.current_term = hard_state.term;
                self.stable.voted_for = wire::server(hard_state.vote);
                self.ctx.persist(&self.stable);
            }
            messages = ready.take_messages();
            messages.append(&mut ready.take_persisted_messages());
            messages.append(&mut self.raft.advance(ready).take_messages());
        }
        self.ctx.publish(Status::new(self.term(), self.role()));
        let announces = self.role() == Role::Leader && self.announced != self.term();
        let mut response = None;
        for message in messages {
            match message.get_msg_type() {
                MessageType::MsgRequestVoteResponse
                | MessageType::MsgRequestPreVoteResponse
                | MessageType::MsgAppendResponse
                | MessageType::MsgHeartbeatResponse => response = Some(message),
                MessageType::MsgAppend if !announces => {}
                _ => self.send(&message),
            }
        }
        if announces {
            self.announced = self.term();
        }
        response
    }

    fn send(&self, message: &Message) {
        let (me, Some(to)) = (self.ctx.me(), wire::server(message.to)) else {
            return;
        };
        match message.get_msg_type() {
            MessageType::MsgRequestVote | MessageType::MsgRequestPreVote => {
                self.ctx.call(to, wire::to_vote_request(message, me));
            }
            MessageType::MsgHeartbeat | MessageType::MsgAppend => {
                self.ctx.call(to, logs::heartbeat(me, &self.stable));
            }
            MessageType::MsgTimeoutNow => {
                let request = TimeoutNow {
                    term: message.term,
                    leader_id: me,
                };
                self.ctx.call(to, request);
            }
            // A follower passes a wish for leadership on; here it is answered with a refusal.
            MessageType::MsgTransferLeader => {}
            other => unreachable!("{other:?} has no place here"),
        }
    }

    /// When the library has drawn a timeout, from the thread's generator, draws another in its
    /// place, so that runs repeat.
    fn draw_election_timeout(&mut self) {
        if self.raft.raft.randomized_election_timeout() != self.drawn {
            let shortest = self.settings.election_ticks as usize;
            self.drawn = self.ctx.rng().random_range(shortest..2 * shortest);
            self.raft.raft.set_randomized_election_timeout(self.drawn);
        }
    }

    /// Takes the entry back that the library appends when it is elected.
    fn take_back_entries(&mut self) {
        let unstable = &mut self.raft.raft.raft_log.unstable;
        unstable.entries.clear();
        unstable.entries_size = 0;
    }

    fn role(&self) -> Role {
        match self.raft.raft.state {
            StateRole::Follower => Role::Follower,
            StateRole::PreCandidate => Role::PreCandidate,
            StateRole::Candidate => Role::Candidate,
            StateRole::Leader => Role::Leader,
        }
    }
}

/// What the library finds on disk.
fn storage(stable: &Stable, servers: usize) -> MemStorage {
    let voters: Vec<u64> = ServerId::all(servers).map(wire::id).collect();
    let storage = MemStorage::new_with_conf_state((voters, Vec::new()));
    let entry = |(index, entry): (usize, &raftapi::Entry)| Entry {
        index: index as u64 + 1,
        term: entry.term,
        data: entry.command.clone().into(),
        ..Entry::default()
    };
    let entries: Vec<Entry> = stable.log.iter().enumerate().map(entry).collect();
    let mut core = storage.wl();
    core.append(&entries).expect("the log is in order");
    let hard_state = HardState {
        term: stable.current_term,
        vote: stable.voted_for.map_or(0, wire::id),
        ..HardState::default()
    };
    core.set_hardstate(hard_state);
    drop(core);
    storage
}
