//! Written as the Go labs are: a lock around the state, handlers as functions, a helper for each
//! peer, and a ticker that sleeps and then looks whether anything was heard meanwhile.
//!
//! The ticker does not know when the timer was reset, only whether it was. So a campaign comes one
//! sleep of 300 to 500 ms after the sleep in which something was last heard: 300 to 1000 ms after
//! that. This is what it declares.

use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;
use parking_lot::Mutex;
use raftapi::{
    AppendEntries, AppendReply, Context, Event, RequestVote, Role, Server, ServerId, Stable,
    Status, Term, Time, Timing, VoteReply,
};
use rand::RngExt;

use crate::{Variant, logs};

const HEARTBEAT: Duration = Duration::from_millis(100);
const SLEEP_MIN: Duration = Duration::from_millis(300);
const SLEEP_MAX: Duration = Duration::from_millis(500);

/// The one server in this manner.
pub fn variants() -> Vec<Variant> {
    let timing = Timing::unchecked(HEARTBEAT, SLEEP_MIN, SLEEP_MAX * 2);
    vec![Variant::new(
        "mutex",
        Server::new(timing, run),
        "a lock, a helper for each peer, and the Go labs' ticker, which sleeps through a reset and \
         once more",
    )]
}

/// A server; its handlers lock it.
struct Raft<'a> {
    ctx: &'a Context<'a>,
    state: Mutex<State>,
    peers: Vec<Peer>,
}

#[derive(Default)]
struct State {
    stable: Stable,
    role: Option<Role>,
    /// Whether the election timer was reset since the ticker went to sleep.
    heard: bool,
    /// When the ticker and the sender of heartbeats wake.
    ticker: Time,
    sender: Time,
}

/// Collects what one peer has answered.
struct Peer {
    id: ServerId,
    /// The last term in which it gave its vote.
    granted: Mutex<Option<Term>>,
}

impl Peer {
    fn ask(&self, ctx: &Context<'_>, request: &RequestVote) {
        ctx.call(self.id, request.clone());
    }

    fn collect(&self, request: &RequestVote, reply: &VoteReply) {
        if reply.vote_granted && !request.pre_vote {
            let mut granted = self.granted.lock();
            *granted = (*granted).max(Some(request.term));
        }
    }

    fn votes_in(&self, term: Term) -> bool {
        *self.granted.lock() == Some(term)
    }
}

impl State {
    fn role(&self) -> Role {
        self.role.unwrap_or(Role::Follower)
    }
}

fn run(ctx: &Context<'_>) {
    let peer = |id| Peer {
        id,
        granted: Mutex::new(None),
    };
    let raft = Raft {
        ctx,
        state: Mutex::new(State {
            stable: ctx.restore(),
            ticker: ctx.now() + nap(ctx),
            sender: Time::NEVER,
            ..State::default()
        }),
        peers: ctx.peers().map(peer).collect(),
    };
    loop {
        publish(ctx, &raft.state.lock());
        let wake = {
            let state = raft.state.lock();
            state.ticker.min(state.sender)
        };
        match ctx.recv_deadline(wake) {
            Ok(Event::RequestVote(call)) => {
                let reply = request_vote(&raft, &call.args);
                call.reply(ctx, reply);
            }
            Ok(Event::AppendEntries(call)) => {
                let reply = append_entries(&raft, &call.args);
                call.reply(ctx, reply);
            }
            Ok(Event::VoteReply(answer)) => {
                see(ctx, &mut raft.state.lock(), answer.reply.term);
                let peer = raft.peers.iter().find(|peer| peer.id == answer.from);
                if let Some(peer) = peer {
                    peer.collect(&answer.request, &answer.reply);
                }
                lead_if_elected(&raft);
            }
            Ok(Event::AppendReply(answer)) => {
                see(ctx, &mut raft.state.lock(), answer.reply.term);
            }
            Ok(Event::Transfer(_)) => {}
            Err(RecvTimeoutError::Timeout) => {
                tick(&raft);
                send_heartbeats(&raft);
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// How long the ticker sleeps.
fn nap(ctx: &Context<'_>) -> Duration {
    let nanos = SLEEP_MIN.as_nanos() as u64..=SLEEP_MAX.as_nanos() as u64;
    Duration::from_nanos(ctx.rng().random_range(nanos))
}

/// The ticker wakes: if nothing was heard while it slept, it starts an election.
fn tick(raft: &Raft<'_>) {
    let mut state = raft.state.lock();
    if raft.ctx.now() < state.ticker {
        return;
    }
    state.ticker = raft.ctx.now() + nap(raft.ctx);
    let heard = std::mem::take(&mut state.heard);
    if heard || state.role() == Role::Leader {
        return;
    }
    state.stable.current_term += 1;
    state.stable.voted_for = Some(raft.ctx.me());
    state.role = Some(Role::Candidate);
    raft.ctx.persist(&state.stable);
    publish(raft.ctx, &state);
    let request = logs::vote_request(raft.ctx.me(), &state.stable);
    drop(state);
    for peer in &raft.peers {
        peer.ask(raft.ctx, &request);
    }
    lead_if_elected(raft);
}

fn lead_if_elected(raft: &Raft<'_>) {
    let mut state = raft.state.lock();
    let term = state.stable.current_term;
    let others = raft.peers.iter().filter(|peer| peer.votes_in(term)).count();
    if state.role() == Role::Candidate && others + 1 > raft.ctx.cluster_size() / 2 {
        state.role = Some(Role::Leader);
        state.sender = raft.ctx.now();
        publish(raft.ctx, &state);
        drop(state);
        send_heartbeats(raft);
    }
}

fn send_heartbeats(raft: &Raft<'_>) {
    let mut state = raft.state.lock();
    if raft.ctx.now() < state.sender {
        return;
    }
    state.sender = raft.ctx.now() + HEARTBEAT;
    for peer in &raft.peers {
        let heartbeat = logs::heartbeat(raft.ctx.me(), &state.stable);
        raft.ctx.call(peer.id, heartbeat);
    }
}

fn request_vote(raft: &Raft<'_>, args: &RequestVote) -> VoteReply {
    let mut state = raft.state.lock();
    let state = &mut *state;
    if !args.pre_vote {
        see(raft.ctx, state, args.term);
    }
    let stable = &mut state.stable;
    let free = stable.voted_for.is_none() || stable.voted_for == Some(args.candidate_id);
    let current = args.term == stable.current_term && !args.pre_vote;
    let vote_granted = current && free && logs::is_up_to_date(stable, args);
    if vote_granted {
        stable.voted_for = Some(args.candidate_id);
        raft.ctx.persist(stable);
        state.heard = true;
    }
    VoteReply {
        term: stable.current_term,
        vote_granted,
    }
}

fn append_entries(raft: &Raft<'_>, args: &AppendEntries) -> AppendReply {
    let mut state = raft.state.lock();
    see(raft.ctx, &mut state, args.term);
    let current = args.term == state.stable.current_term;
    if current {
        state.heard = true;
        state.role = Some(Role::Follower);
    }
    AppendReply {
        term: state.stable.current_term,
        success: current && logs::matches(&state.stable, args),
    }
}

/// Takes over a newer term. A leader has heard itself until now.
fn see(ctx: &Context<'_>, state: &mut State, term: Term) {
    if term <= state.stable.current_term {
        return;
    }
    state.stable.current_term = term;
    state.stable.voted_for = None;
    ctx.persist(&state.stable);
    if state.role() == Role::Leader {
        state.heard = true;
        state.sender = Time::NEVER;
    }
    state.role = Some(Role::Follower);
}

fn publish(ctx: &Context<'_>, state: &State) {
    ctx.publish(Status::new(state.stable.current_term, state.role()));
}
