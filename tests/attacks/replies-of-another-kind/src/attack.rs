//! Replies of the wrong kind.

use raftapi::{AppendEntries, AppendReply, Context, Event, RequestVote, Time, VoteReply};

pub fn begin(ctx: &Context<'_>) {
    if ctx.me().index() == 0 {
        return; // S0 plays the basics alone, and passes them, so that all else is tried
    }
    while let Ok(event) = ctx.recv_deadline(Time::NEVER) {
        match event {
            Event::RequestVote(call) => {
                let reply = AppendReply {
                    term: 1,
                    success: true,
                };
                call.with_args(append(ctx)).reply(ctx, reply);
            }
            Event::AppendEntries(call) => {
                let reply = VoteReply {
                    term: 1,
                    vote_granted: true,
                };
                call.with_args(vote(ctx)).reply(ctx, reply);
            }
            _ => {}
        }
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

fn append(ctx: &Context<'_>) -> AppendEntries {
    AppendEntries {
        term: 1,
        leader_id: ctx.me(),
        prev_log_index: 0,
        prev_log_term: 0,
        entries: Vec::new(),
        leader_commit: 0,
    }
}
