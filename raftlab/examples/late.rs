//! The laboratory around a server that answers each request when 1,500 others have come, and asks a lot:
//! all its answers come too late to change anything.
//!
//! `cargo run -p raftlab --example late -- test --test initial_election`

use std::collections::VecDeque;
use std::process::ExitCode;
use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;
use raftapi::{Context, Event, RequestVote, Role, Server, Stable, Status, Timing, VoteReply};
use raftlab::Lab;

/// How many other requests come before a request is answered.
const LATER: usize = 1500;

fn main() -> ExitCode {
    raftlab::main(Lab {
        name: "late",
        server: late(Timing::LAB),
        build: |timing, _| late(timing),
        invocation: "cargo run -p raftlab --example late --",
        source: None,
    })
}

/// The server.
pub fn late(timing: Timing) -> Server {
    Server::new(timing, run)
}

fn run(ctx: &Context<'_>) {
    let (me, term) = (ctx.me(), ctx.restore().current_term + 1);
    let stable = Stable {
        current_term: term,
        voted_for: Some(me),
        ..ctx.restore()
    };
    let request = RequestVote {
        term,
        candidate_id: me,
        last_log_index: 0,
        last_log_term: 0,
        pre_vote: false,
        leader_transfer: false,
    };
    let mut waiting = VecDeque::new();
    let mut next = ctx.now() + Timing::LAB.election_timeout_min();
    loop {
        match ctx.recv_deadline(next) {
            Ok(Event::RequestVote(call)) => waiting.push_back(call),
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => {
                ctx.persist(&stable);
                ctx.publish(Status::new(term, Role::Candidate));
                for _ in 0..5 {
                    ctx.peers().for_each(|peer| ctx.call(peer, request.clone()));
                }
                next = ctx.now() + Duration::from_millis(10);
            }
            Err(RecvTimeoutError::Disconnected) => return, // killed
        }
        if waiting.len() > LATER
            && let Some(call) = waiting.pop_front()
        {
            let vote_granted = false;
            call.reply(ctx, VoteReply { term, vote_granted });
        }
    }
}
