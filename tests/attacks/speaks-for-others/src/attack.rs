//! Speaks in the names of others.

use std::time::Duration;

use raftapi::{AppendEntries, Context, RequestVote, Role, Status};

pub fn begin(ctx: &Context<'_>) {
    if ctx.me().index() == 0 {
        return; // S0 plays the basics alone, and passes them, so that all else is tried
    }
    for term in 1.. {
        ctx.publish(Status::new(term, Role::Follower));
        for peer in ctx.peers() {
            ctx.call(
                peer,
                RequestVote {
                    term,
                    candidate_id: peer,
                    last_log_index: 0,
                    last_log_term: 0,
                    pre_vote: false,
                    leader_transfer: false,
                },
            );
            ctx.call(
                peer,
                AppendEntries {
                    term,
                    leader_id: peer,
                    prev_log_index: 0,
                    prev_log_term: 0,
                    entries: Vec::new(),
                    leader_commit: 0,
                },
            );
        }
        let event = ctx.recv_deadline(ctx.now() + Duration::from_millis(400));
        if event.is_err_and(|error| error.is_disconnected()) {
            return;
        }
    }
}
