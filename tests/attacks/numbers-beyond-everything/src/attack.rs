//! The largest numbers.

use raftapi::{
    AppendEntries, AppendReply, Context, Entry, Event, RequestVote, Role, ServerId, Stable, Status,
    Time, VoteReply,
};

const NOBODY: ServerId = ServerId::new(u32::MAX as usize);

pub fn begin(ctx: &Context<'_>) {
    if ctx.me().index() == 0 {
        return; // S0 plays the basics alone, and passes them, so that all else is tried
    }
    let entry = Entry {
        term: u64::MAX,
        command: String::new(),
    };
    ctx.persist(&Stable {
        current_term: u64::MAX,
        voted_for: Some(NOBODY),
        log: vec![entry.clone()],
    });
    let roles = [Role::Candidate, Role::Leader, Role::Follower];
    for (role, due) in roles
        .into_iter()
        .zip([Time::NEVER, Time::ZERO, Time::NEVER])
    {
        ctx.publish(Status {
            term: u64::MAX,
            role,
            election_due: Some(due),
        });
        for peer in ctx.peers() {
            ctx.call(peer, vote());
            ctx.call(peer, append(entry.clone()));
        }
    }
    let (term, vote_granted, success) = (u64::MAX, true, true);
    while let Ok(event) = ctx.recv_deadline(Time::from_nanos(u64::MAX - 1)) {
        match event {
            Event::RequestVote(call) => call.reply(ctx, VoteReply { term, vote_granted }),
            Event::AppendEntries(call) => call.reply(ctx, AppendReply { term, success }),
            _ => {}
        }
    }
}

fn vote() -> RequestVote {
    RequestVote {
        term: u64::MAX,
        candidate_id: NOBODY,
        last_log_index: u64::MAX,
        last_log_term: u64::MAX,
        pre_vote: false,
        leader_transfer: true,
    }
}

fn append(entry: Entry) -> AppendEntries {
    AppendEntries {
        term: u64::MAX,
        leader_id: NOBODY,
        prev_log_index: u64::MAX,
        prev_log_term: u64::MAX,
        entries: vec![entry],
        leader_commit: u64::MAX,
    }
}
