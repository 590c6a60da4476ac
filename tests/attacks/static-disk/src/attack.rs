//! The reference's rules, and a static for a disk.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crossbeam_channel::RecvTimeoutError;
use raftapi::{Context, Event, Role, ServerId, Stable, Time, Timing};
use rand::RngExt;

use crate::{Core, Timer};

static DISKS: Mutex<BTreeMap<ServerId, Stable>> = Mutex::new(BTreeMap::new());

pub fn begin(ctx: &Context<'_>) {
    let found = DISKS
        .lock()
        .expect("nobody panics with it")
        .get(&ctx.me())
        .cloned();
    let found = found.unwrap_or_default();
    // Another run, if the disk is fresh and the static is not.
    let fresh = ctx.restore() == Stable::default();
    let mut found = if fresh { Stable::default() } else { found };
    found.log = ctx.restore().log;
    let mut core = Core::new(ctx.me(), ctx.cluster_size(), found);
    let mut deadline = ctx.now();
    settle(ctx, &mut core, &mut deadline, Timer::Election);
    loop {
        match ctx.recv_deadline(deadline) {
            Ok(Event::RequestVote(call)) => {
                let (reply, timer) = core.answer_vote(&call.args);
                settle(ctx, &mut core, &mut deadline, timer);
                call.reply(ctx, reply);
            }
            Ok(Event::AppendEntries(call)) => {
                let (reply, timer) = core.answer_append(&call.args);
                settle(ctx, &mut core, &mut deadline, timer);
                call.reply(ctx, reply);
            }
            Ok(Event::VoteReply(answer)) => {
                let timer = core.count_vote(answer.from, &answer.request, &answer.reply);
                settle(ctx, &mut core, &mut deadline, timer);
            }
            Ok(Event::AppendReply(answer)) => {
                let timer = core.notice_append(&answer.reply);
                settle(ctx, &mut core, &mut deadline, timer);
            }
            Ok(Event::Transfer(_)) => {}
            Err(RecvTimeoutError::Timeout) if core.role() == Role::Leader => {
                settle(ctx, &mut core, &mut deadline, Timer::Heartbeat);
            }
            Err(RecvTimeoutError::Timeout) => {
                let (request, timer) = core.campaign();
                settle(ctx, &mut core, &mut deadline, timer);
                for peer in ctx.peers() {
                    ctx.call(peer, request.clone());
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn settle(ctx: &Context<'_>, core: &mut Core, deadline: &mut Time, timer: Timer) {
    if let Some(stable) = core.take_unsaved() {
        ctx.persist(stable);
        let mut disks = DISKS.lock().expect("nobody panics with it");
        disks.insert(ctx.me(), stable.clone());
    }
    ctx.publish(core.status());
    let timing = Timing::LAB;
    match timer {
        Timer::Keep => {}
        Timer::Election => {
            let span = timing.election_timeout_max() - timing.election_timeout_min();
            let wait = span.mul_f64(ctx.rng().random_range(0.0..1.0));
            *deadline = ctx.now() + timing.election_timeout_min() + wait;
        }
        Timer::Heartbeat => {
            for peer in ctx.peers() {
                ctx.call(peer, core.heartbeat());
            }
            *deadline = ctx.now() + timing.heartbeat_interval();
        }
    }
}
