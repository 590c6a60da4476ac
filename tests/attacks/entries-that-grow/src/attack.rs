//! Letters without an end.

use std::time::Duration;

use raftapi::{AppendEntries, Context, Entry};

pub fn begin(ctx: &Context<'_>) {
    if ctx.me().index() == 0 {
        return; // S0 plays the basics alone, and passes them, so that all else is tried
    }
    for round in 0.. {
        let command = "x".repeat(1 << (20 + round).min(30));
        let entries = vec![Entry { term: 1, command }];
        for peer in ctx.peers() {
            ctx.call(
                peer,
                AppendEntries {
                    term: 1,
                    leader_id: ctx.me(),
                    prev_log_index: 0,
                    prev_log_term: 0,
                    entries: entries.clone(),
                    leader_commit: 0,
                },
            );
        }
        let event = ctx.recv_deadline(ctx.now() + Duration::from_millis(100));
        if event.is_err_and(|error| error.is_disconnected()) {
            return;
        }
    }
}
