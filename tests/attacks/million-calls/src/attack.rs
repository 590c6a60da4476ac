//! A flood.

use raftapi::{Context, RequestVote};

pub fn begin(ctx: &Context<'_>) {
    if ctx.me().index() == 0 {
        return; // S0 plays the basics alone, and passes them, so that all else is tried
    }
    for term in 1..1_000_000 {
        for peer in ctx.peers() {
            ctx.call(peer, vote(ctx, term));
        }
    }
}

fn vote(ctx: &Context<'_>, term: u64) -> RequestVote {
    RequestVote {
        term,
        candidate_id: ctx.me(),
        last_log_index: 0,
        last_log_term: 0,
        pre_vote: false,
        leader_transfer: false,
    }
}
