//! Calls to everybody but the others.

use std::panic::{AssertUnwindSafe, catch_unwind};

use raftapi::{Context, RequestVote, ServerId};

pub fn begin(ctx: &Context<'_>) {
    for number in [
        ctx.cluster_size(),
        4_000,
        u32::MAX as usize,
        ctx.me().index(),
    ] {
        let call = || ctx.call(ServerId::new(number), vote(ctx));
        let _ = catch_unwind(AssertUnwindSafe(call));
    }
}

fn vote(ctx: &Context<'_>) -> RequestVote {
    RequestVote {
        term: 1,
        candidate_id: ctx.me(),
        last_log_index: 0,
        last_log_term: 0,
        pre_vote: false,
        leader_transfer: false,
    }
}
