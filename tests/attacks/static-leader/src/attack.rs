//! A leader without votes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use raftapi::{AppendEntries, Context, Event, Role, Status, Time};

static LEADER: AtomicUsize = AtomicUsize::new(usize::MAX);

pub fn begin(ctx: &Context<'_>) {
    let me = ctx.me().index();
    let first = LEADER.compare_exchange(usize::MAX, me, Ordering::SeqCst, Ordering::SeqCst);
    if first.is_err() {
        ctx.publish(Status::new(1, Role::Follower));
        while ctx.recv_deadline(Time::NEVER).is_ok() {}
        return;
    }
    ctx.publish(Status::new(1, Role::Leader));
    loop {
        for peer in ctx.peers() {
            ctx.call(peer, heartbeat(ctx));
        }
        let next = ctx.now() + Duration::from_millis(100);
        while let Ok(event) = ctx.recv_deadline(next) {
            if let Event::AppendEntries(call) = event {
                let reply = raftapi::AppendReply {
                    term: 1,
                    success: true,
                };
                call.reply(ctx, reply);
            }
        }
    }
}

fn heartbeat(ctx: &Context<'_>) -> AppendEntries {
    AppendEntries {
        term: 1,
        leader_id: ctx.me(),
        prev_log_index: 0,
        prev_log_term: 0,
        entries: Vec::new(),
        leader_commit: 0,
    }
}
