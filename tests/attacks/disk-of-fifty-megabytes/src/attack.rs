//! A full disk.

use std::time::Duration;

use raftapi::{Context, Entry, Stable};

pub fn begin(ctx: &Context<'_>) {
    if ctx.me().index() == 0 {
        return; // S0 plays the basics alone, and passes them, so that all else is tried
    }
    let command = "x".repeat(50 << 20);
    let entry = Entry { term: 1, command };
    for term in 1.. {
        let log = vec![entry.clone()];
        let voted_for = None;
        ctx.persist(&Stable {
            current_term: term,
            voted_for,
            log,
        });
        let event = ctx.recv_deadline(ctx.now() + Duration::from_millis(10));
        if event.is_err_and(|error| error.is_disconnected()) {
            return;
        }
    }
}
