//! A term is a number that a run can reach.
//!
//! Terms rise one by one, or by a few. Who names one beyond this has not counted, and whoever
//! counts on from there, a script or another server, would have no number for the next.

use labrpc::{Happening, Seen};
use raftapi::{Raft, Term, Time};

use super::{Broken, Rule};
use crate::task::Task;

/// No run comes that far.
const BEYOND: Term = 1 << 62;

#[derive(Debug)]
pub(super) struct WithinReach;

impl Rule for WithinReach {
    const NAME: &'static str = "a term is within reach";
    const HINT: &'static str = "current_term begins at 0, and an election increments it (Raft paper, 5.1 and \
                                Figure 2): does a subtraction go below zero?";

    #[inline]
    fn observe(&mut self, _: Time, _: u64, seen: &Seen<'_, Raft>) -> Result<(), Broken> {
        let (server, term, how) = match *seen {
            Happening::Sent { from, request, .. } => (from, request.term(), "a request"),
            Happening::Replied { from, reply, .. } => (from, reply.term(), "a reply"),
            Happening::Persisted { server, stable } => {
                (server, stable.current_term, "stable state")
            }
            Happening::Published { server, status } => (server, status.term, "a status"),
            _ => return Ok(()),
        };
        if term < BEYOND {
            return Ok(());
        }
        let sentence = format!("{server} names term {term}, in {how}: no election comes that far");
        Err(Broken(sentence, Some(Task::Campaign)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use raftapi::Role;

    #[test]
    fn a_term_that_no_run_reaches_breaks_it_wherever_it_is_named() {
        let far = Term::MAX;
        for (event, how) in [
            (publishes(S1, far, Role::Follower), "a status"),
            (persists(S1, far, None), "stable state"),
            (asks(S1, S0, BEYOND), "a request"),
            (answers(S1, S0, far, false), "a reply"),
        ] {
            let (rule, sentence) = broken(&[event]);
            assert_eq!(rule, WithinReach::NAME);
            assert!(sentence.ends_with(&format!("in {how}: no election comes that far")));
        }
    }

    #[test]
    fn a_term_that_is_far_keeps_it() {
        let far = [reaches(S1, S0, 1 << 40), persists(S1, 1 << 40, None)];
        assert_eq!(judge(&far), Ok(()));
    }
}
