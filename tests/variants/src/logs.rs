//! What all of them need of a log, which never changes in this lab, and of a random number.

use std::time::Duration;

use raftapi::{AppendEntries, Context, RequestVote, ServerId, Stable, Term, Timing};
use rand::RngExt;

/// Index and term of the last entry; zeros if there is none.
pub fn last(stable: &Stable) -> (u64, Term) {
    let term = stable.log.last().map_or(0, |entry| entry.term);
    (stable.log.len() as u64, term)
}

/// Whether the candidate's log is at least as up-to-date (section 5.4.1).
pub fn is_up_to_date(stable: &Stable, args: &RequestVote) -> bool {
    let (index, term) = last(stable);
    (args.last_log_term, args.last_log_index) >= (term, index)
}

/// Whether the log holds the entry that a leader's new ones would follow (section 5.3).
pub fn matches(stable: &Stable, args: &AppendEntries) -> bool {
    args.prev_log_index == 0 || term_at(stable, args.prev_log_index) == Some(args.prev_log_term)
}

/// The term of the entry at this index.
pub fn term_at(stable: &Stable, index: u64) -> Option<Term> {
    let entry = stable.log.get((index as usize).checked_sub(1)?);
    entry.map(|entry| entry.term)
}

/// A candidate's request, for the term of `stable`.
pub fn vote_request(me: ServerId, stable: &Stable) -> RequestVote {
    let (last_log_index, last_log_term) = last(stable);
    RequestVote {
        term: stable.current_term,
        candidate_id: me,
        last_log_index,
        last_log_term,
        pre_vote: false,
        leader_transfer: false,
    }
}

/// A leader's heartbeat, in the term of `stable`.
pub fn heartbeat(me: ServerId, stable: &Stable) -> AppendEntries {
    let (prev_log_index, prev_log_term) = last(stable);
    AppendEntries {
        term: stable.current_term,
        leader_id: me,
        prev_log_index,
        prev_log_term,
        entries: Vec::new(),
        leader_commit: 0,
    }
}

/// An election timeout, each possible one as likely as any other.
pub fn election_timeout(ctx: &Context<'_>, timing: &Timing) -> Duration {
    let choice = ctx.rng().random_range(0..timing.election_timeout_choices());
    let step = timing.election_timeout_step().as_nanos() as u64;
    timing.election_timeout_min() + Duration::from_nanos(step * choice)
}
