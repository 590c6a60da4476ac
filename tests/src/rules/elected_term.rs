//! A leader leads the term in which it was elected, and no other.

use labrpc::{Happening, Seen};
use raftapi::{Raft, Request, Term, Time};

use super::{Broken, Rule, acts_as_leader};
use crate::task::Task;

/// The terms that each server has asked for votes in, and led, since its start.
#[derive(Debug)]
pub(super) struct ElectedTerm(Vec<Last>);

#[derive(Clone, Copy, Debug, Default)]
struct Last {
    asked: Term,
    led: Term,
}

impl ElectedTerm {
    pub fn new(servers: usize) -> Self {
        ElectedTerm(vec![Last::default(); servers])
    }
}

impl Rule for ElectedTerm {
    const NAME: &'static str = "a leader leads the term it was elected in";
    const HINT: &'static str = "a leader that sees a newer term becomes a follower in it, whatever \
                                brought the news, and stops its heartbeats (Raft paper, 5.1 and \
                                Figure 4: discovers server with higher term)";

    #[inline]
    fn observe(&mut self, at: Time, _: u64, seen: &Seen<'_, Raft>) -> Result<(), Broken> {
        match *seen {
            Happening::Sent {
                from,
                request: Request::RequestVote(args),
                ..
            } if !args.pre_vote => self.0[from.index()].asked = args.term,
            Happening::Crashed { server } => self.0[server.index()] = Last::default(),
            _ => {}
        }
        let Some((leader, term, how)) = acts_as_leader(seen) else {
            return Ok(());
        };
        let last = &mut self.0[leader.index()];
        if last.asked == last.led && last.led < term && last.led > 0 {
            let sentence = format!(
                "{leader} was elected leader of term {}, and {how} of term {term} at {at}; it never \
                 asked for a vote in that term",
                last.led
            );
            return Err(Broken(sentence, Some(Task::NewerTerms)));
        }
        last.led = term;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use raftapi::Role;

    #[test]
    fn a_leader_may_be_elected_again() {
        let mut events = election(1);
        events.push(publishes(S0, 2, Role::Follower));
        events.extend(election(3));
        assert_eq!(judge(&events), Ok(()));
    }

    #[test]
    fn a_leader_that_takes_its_office_into_a_newer_term_breaks_it() {
        for act in [publishes(S0, 2, Role::Leader), beats(S0, S1, 2)] {
            let mut events = election(1);
            events.push(act);
            let (rule, sentence) = broken(&events);
            assert_eq!(rule, ElectedTerm::NAME);
            assert!(sentence.starts_with("S0 was elected leader of term 1, and "));
        }
    }
}
