//! Driven by ticks, in etcd's manner: time is counted in whole ticks, everything is a message to one
//! `step`, and a timeout is drawn only when the term or the role changes, not at each heartbeat.
//!
//! A tick has begun when a timer is reset, so a timeout of ten ticks may last but nine and a bit:
//! time in steps, as it declares. Servers' ticks fall at different moments.

mod node;

use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;
use raftapi::{Context, Event, Features, PreVote, Redraw, Server, Timing, Transfer};
use rand::RngExt;

use crate::Variant;
use node::{Message, Node};

/// What etcd lets one set.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long a tick is.
    pub tick: Duration,
    /// How many ticks from one round of heartbeats to the next.
    pub heartbeat_ticks: u32,
    /// The shortest election timeout, in ticks; the longest is a tick shorter than twice that.
    pub election_ticks: u32,
    /// Ask before campaigning.
    pub pre_vote: bool,
    /// A leader steps down without a quorum; the others hold to it while they hear it.
    pub check_quorum: bool,
    /// The first tick ends at any moment of its length, rather than with everybody else's.
    pub own_phase: bool,
}

impl Settings {
    /// etcd's numbers: 100 ms, 1, 10.
    pub const ETCD: Settings = Settings {
        tick: Duration::from_millis(100),
        heartbeat_ticks: 1,
        election_ticks: 10,
        pre_vote: false,
        check_quorum: false,
        own_phase: true,
    };

    /// Within the assignment's numbers: 10 ms, 11, 33. The first heartbeats leave within a tick, so
    /// that ten ticks between rounds would be a little more than ten rounds a second.
    pub const LAB: Settings = Settings {
        tick: Duration::from_millis(10),
        heartbeat_ticks: 11,
        election_ticks: 33,
        ..Settings::ETCD
    };

    /// What they mean for everybody else.
    pub fn timing(&self) -> Timing {
        Timing::unchecked(
            self.tick * self.heartbeat_ticks,
            self.tick * self.election_ticks,
            self.tick * (2 * self.election_ticks - 1),
        )
        .in_steps_of(self.tick)
    }

    /// What it does beyond plain Raft.
    pub fn features(&self) -> Features {
        Features {
            pre_vote: self.pre_vote.then_some(PreVote::Etcd),
            check_quorum: self.check_quorum,
            lease: self.check_quorum,
            transfer: true,
            redraw: Redraw::OnStateChange,
        }
    }

    fn server(self) -> Server {
        Server::new(self.timing(), move |ctx| run(ctx, self)).with_features(self.features())
    }
}

/// With etcd's numbers and the assignment's, and with each combination of options.
pub fn variants() -> Vec<Variant> {
    let variant =
        |name, settings: Settings, description| Variant::new(name, settings.server(), description);
    let (etcd, lab) = (Settings::ETCD, Settings::LAB);
    let with = |settings: Settings, pre_vote, check_quorum| Settings {
        pre_vote,
        check_quorum,
        ..settings
    };
    vec![
        variant("ticks-etcd", etcd, "etcd's numbers"),
        variant(
            "ticks-etcd-all",
            with(etcd, true, true),
            "etcd's numbers, PreVote, CheckQuorum and lease: etcd's default",
        ),
        variant("ticks-lab", lab, "within the assignment's numbers"),
        variant(
            "ticks-lab-in-step",
            Settings {
                own_phase: false,
                ..lab
            },
            "within the assignment's numbers, all servers' ticks at the same moments",
        ),
        variant(
            "ticks-lab-prevote",
            with(lab, true, false),
            "PreVote in etcd's manner",
        ),
        variant(
            "ticks-lab-quorum",
            with(lab, false, true),
            "CheckQuorum and lease",
        ),
        variant(
            "ticks-lab-all",
            with(lab, true, true),
            "PreVote, CheckQuorum and lease",
        ),
    ]
}

fn run(ctx: &Context<'_>, settings: Settings) {
    let mut node = Node::new(ctx, settings);
    let first = match settings.own_phase {
        true => Duration::from_nanos(ctx.rng().random_range(1..=settings.tick.as_nanos() as u64)),
        false => settings.tick,
    };
    let mut next = ctx.now() + first;
    loop {
        match ctx.recv_deadline(next) {
            Ok(Event::RequestVote(call)) => {
                let reply = node.step(call.from, Message::RequestVote(&call.args));
                node.flush();
                if let Some(node::Reply::Vote(reply)) = reply {
                    call.reply(ctx, reply);
                }
            }
            Ok(Event::AppendEntries(call)) => {
                let reply = node.step(call.from, Message::AppendEntries(&call.args));
                node.flush();
                if let Some(node::Reply::Append(reply)) = reply {
                    call.reply(ctx, reply);
                }
            }
            Ok(Event::VoteReply(a)) => {
                node.step(a.from, Message::VoteReply(&a.request, &a.reply));
            }
            Ok(Event::AppendReply(a)) => {
                node.step(a.from, Message::AppendReply(&a.request, &a.reply));
            }
            Ok(Event::Transfer(Transfer::Leadership(call))) => {
                let reply = node.step(call.from, Message::TransferLeadership(&call.args));
                node.flush();
                if let Some(node::Reply::Transfer(reply)) = reply {
                    call.reply(ctx, reply);
                }
            }
            Ok(Event::Transfer(Transfer::TimeoutNow(call))) => {
                let reply = node.step(call.from, Message::TimeoutNow(&call.args));
                node.flush();
                if let Some(node::Reply::Transfer(reply)) = reply {
                    call.reply(ctx, reply);
                }
            }
            Ok(Event::Transfer(Transfer::Reply(a))) => {
                node.step(a.from, Message::TransferReply(&a.reply));
            }
            Err(RecvTimeoutError::Timeout) => {
                node.tick();
                next += settings.tick;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
        node.flush();
    }
}
