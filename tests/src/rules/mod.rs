//! Raft's rules, each checked at every event of a run, over its whole history.
//!
//! A rule watches what can be seen from outside: messages, stable state, published status. It
//! needs nothing of the server's code, and it judges what a server did, not what a poll happens to
//! find.

mod campaigns;
mod counted_votes;
mod declared;
mod elected_term;
mod heard;
mod identity;
mod log_end;
mod log_kept;
mod log_match;
mod logs;
mod majority;
mod newer_terms;
mod old_leader;
mod one_leader;
mod one_vote;
pub mod staged;
mod term_source;
mod terms;
#[cfg(test)]
pub(crate) mod testing;
mod unanswered;
mod up_to_date;
mod within_reach;

use labrpc::{Happening, Seen};
use raftapi::{Raft, Request, Role, Server, ServerId, Term, Time};

use crate::task::Task;

/// A rule that every Raft server must keep.
trait Rule {
    /// Its name, in a few words.
    const NAME: &'static str;
    /// Where the paper states it, and what to look for in one's code.
    const HINT: &'static str;

    /// Looks at the next event. A server decided what it does in this step; what is delivered to
    /// it begins this step. So whatever is of the same or a later step than a delivery, that server
    /// decided after it, however slow its disk is.
    fn observe(&mut self, at: Time, step: u64, seen: &Seen<'_, Raft>) -> Result<(), Broken>;
}

/// How a rule was broken: a sentence that says who broke it, and the evidence; and the task that it
/// most likely belongs to, unless that is an extra.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Broken(String, Option<Task>);

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule's name.
    pub rule: &'static str,
    /// Who broke it, and the evidence.
    pub sentence: String,
    /// Where the rule stands, and what to look for.
    pub hint: &'static str,
    /// The task of the lab that it most likely belongs to; none, if it is about an extra.
    pub task: Option<Task>,
}

/// All rules together.
#[derive(Debug)]
pub struct Checker {
    by_hand: Vec<bool>,
    /// The last term in which each server has rightly sent a heartbeat since its start.
    beating: Vec<Option<Term>>,
    identity: identity::Identity,
    declared: declared::Declared,
    terms: terms::TermsNeverFall,
    term_source: term_source::TermSource,
    newer_terms: newer_terms::NewerTerms,
    old_leader: old_leader::OldLeader,
    one_vote: one_vote::OneVote,
    up_to_date: up_to_date::UpToDate,
    log_end: log_end::TrueLogEnd,
    log_kept: log_kept::LogKept,
    log_match: log_match::LogMatch,
    elected_term: elected_term::ElectedTerm,
    counted_votes: counted_votes::CountedVotes,
    majority: majority::Majority,
    one_leader: one_leader::OneLeader,
}

impl Checker {
    /// For a cluster of this many such servers, none of which has done anything yet.
    pub fn new(server: &Server, servers: usize) -> Checker {
        let features = server.features;
        Checker {
            by_hand: vec![false; servers],
            beating: vec![None; servers],
            identity: identity::Identity,
            declared: declared::Declared::new(features),
            terms: terms::TermsNeverFall::new(servers),
            term_source: term_source::TermSource::new(servers),
            newer_terms: newer_terms::NewerTerms::new(features, servers),
            old_leader: old_leader::OldLeader::new(features, servers),
            one_vote: one_vote::OneVote::default(),
            up_to_date: up_to_date::UpToDate::new(servers),
            log_end: log_end::TrueLogEnd::new(servers),
            log_kept: log_kept::LogKept::new(servers),
            log_match: log_match::LogMatch::new(servers),
            elected_term: elected_term::ElectedTerm::new(servers),
            counted_votes: counted_votes::CountedVotes::new(servers),
            majority: majority::Majority::new(servers),
            one_leader: one_leader::OneLeader::new(servers),
        }
    }

    /// Whether this is something that a server does that is played by hand, or that happens to it.
    #[inline]
    pub fn is_by_hand(&self, seen: &Seen<'_, Raft>) -> bool {
        whose(seen).is_some_and(|server| self.by_hand[server.index()])
    }

    /// This server is played by hand, and is not judged. What others are told by it counts.
    pub fn by_hand(&mut self, server: ServerId) {
        self.by_hand[server.index()] = true;
    }

    /// Looks at the next event where no rule is looked at, but for the one that scripts rely on, too.
    ///
    /// # Errors
    ///
    /// When it breaks that.
    #[inline]
    pub fn observe_leniently(
        &self,
        at: Time,
        step: u64,
        seen: &Seen<'_, Raft>,
    ) -> Result<(), Violation> {
        match self.is_by_hand(seen) {
            true => Ok(()),
            false => check(&mut within_reach::WithinReach, at, step, seen),
        }
    }

    /// Looks at the next event.
    ///
    /// # Errors
    ///
    /// The first rule that it breaks.
    #[inline]
    pub fn observe(&mut self, at: Time, step: u64, seen: &Seen<'_, Raft>) -> Result<(), Violation> {
        let Some(server) = whose(seen) else {
            return Ok(());
        };
        if self.by_hand[server.index()] {
            return Ok(());
        }
        check(&mut within_reach::WithinReach, at, step, seen)?;
        check(&mut self.terms, at, step, seen)?;
        check(&mut self.newer_terms, at, step, seen)?;
        check(&mut self.old_leader, at, step, seen)?;
        check(&mut self.term_source, at, step, seen)?;
        check(&mut self.log_match, at, step, seen)?;
        // Most of what happens is one more heartbeat, which the other rules have nothing to say of.
        if self.is_one_more_heartbeat(seen) {
            return Ok(());
        }
        check(&mut self.identity, at, step, seen)?;
        check(&mut self.declared, at, step, seen)?;
        check(&mut self.one_vote, at, step, seen)?;
        check(&mut self.up_to_date, at, step, seen)?;
        check(&mut self.log_end, at, step, seen)?;
        check(&mut self.log_kept, at, step, seen)?;
        check(&mut self.elected_term, at, step, seen)?;
        check(&mut self.counted_votes, at, step, seen)?;
        check(&mut self.majority, at, step, seen)?;
        check(&mut self.one_leader, at, step, seen)?;
        match *seen {
            Happening::Sent {
                from,
                request: Request::AppendEntries(args),
                ..
            } => self.beating[from.index()] = Some(args.term),
            Happening::Crashed { server } => self.beating[server.index()] = None,
            _ => {}
        }
        Ok(())
    }

    /// Whether this is a heartbeat, or the answer to one, like those before it.
    #[inline]
    fn is_one_more_heartbeat(&self, seen: &Seen<'_, Raft>) -> bool {
        match *seen {
            Happening::Sent {
                from,
                request: Request::AppendEntries(args),
                ..
            } => args.leader_id == from && self.beating[from.index()] == Some(args.term),
            Happening::RequestDelivered {
                request: Request::AppendEntries(args),
                ..
            } => args.entries.is_empty(),
            Happening::Replied {
                request: Request::AppendEntries(_),
                ..
            }
            | Happening::ReplyDelivered {
                request: Request::AppendEntries(_),
                ..
            } => true,
            _ => false,
        }
    }
}

#[inline]
fn check<R: Rule>(
    rule: &mut R,
    at: Time,
    step: u64,
    seen: &Seen<'_, Raft>,
) -> Result<(), Violation> {
    let broken = rule.observe(at, step, seen);
    broken.map_err(|Broken(sentence, task)| Violation {
        rule: R::NAME,
        sentence,
        hint: R::HINT,
        task,
    })
}

/// Who does this, or whom it happens to; none if it is nothing that a rule looks at.
#[inline]
fn whose(seen: &Seen<'_, Raft>) -> Option<ServerId> {
    match *seen {
        Happening::Sent { from, .. } | Happening::Replied { from, .. } => Some(from),
        Happening::RequestDelivered { to, .. } | Happening::ReplyDelivered { to, .. } => Some(to),
        Happening::Started { server, .. }
        | Happening::Crashed { server }
        | Happening::Persisted { server, .. }
        | Happening::Published { server, .. } => Some(server),
        _ => None,
    }
}

/// Who acts as the leader of which term: by saying so, or by sending AppendEntries.
#[inline]
fn acts_as_leader(seen: &Seen<'_, Raft>) -> Option<(ServerId, Term, &'static str)> {
    match *seen {
        Happening::Published { server, status } if status.role == Role::Leader => {
            Some((server, status.term, "says that it is leader"))
        }
        Happening::Sent {
            from,
            request: Request::AppendEntries(args),
            ..
        } => Some((from, args.term, "sends AppendEntries")),
        _ => None,
    }
}
