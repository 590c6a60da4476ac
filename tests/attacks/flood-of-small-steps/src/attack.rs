//! Much in each of many steps.

use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;
use raftapi::{AppendEntries, Context};

pub fn begin(ctx: &Context<'_>) {
    if ctx.me().index() == 0 {
        return; // S0 plays the basics alone, and passes them, so that all else is tried
    }
    loop {
        for _ in 0..8_000 / ctx.cluster_size() {
            for peer in ctx.peers() {
                ctx.call(peer, heartbeat(ctx));
            }
        }
        let soon = ctx.now() + Duration::from_micros(51);
        if let Err(RecvTimeoutError::Disconnected) = ctx.recv_deadline(soon) {
            return;
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
