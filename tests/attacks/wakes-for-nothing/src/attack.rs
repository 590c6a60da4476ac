//! A server that only wakes, for half a second.

use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;
use raftapi::Context;

pub fn begin(ctx: &Context<'_>) {
    if ctx.cluster_size() != 5 {
        return; // the basics are passed, so that all else is tried
    }
    let end = ctx.now() + Duration::from_millis(500);
    while ctx.now() < end {
        let soon = ctx.now() + Duration::from_micros(51);
        if let Err(RecvTimeoutError::Disconnected) = ctx.recv_deadline(soon) {
            return;
        }
    }
}
