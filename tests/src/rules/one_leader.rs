//! A term has at most one leader, over the whole history of a run.

use std::collections::BTreeMap;

use labrpc::Seen;
use raftapi::{Raft, ServerId, Term, Time};

use super::{Broken, Rule, acts_as_leader};
use crate::task::Task;

#[derive(Debug)]
pub(super) struct OneLeader {
    leaders: BTreeMap<Term, (ServerId, Time)>,
    /// The last term in which each server was found to be the leader: most events repeat it.
    known: Vec<Option<Term>>,
}

impl OneLeader {
    pub fn new(servers: usize) -> Self {
        OneLeader {
            leaders: BTreeMap::new(),
            known: vec![None; servers],
        }
    }
}

impl Rule for OneLeader {
    const NAME: &'static str = "one leader per term";
    const HINT: &'static str = "election safety: at most one leader can be elected in a given term \
                                (Raft paper, Figure 3 and 5.2); look at how votes are granted and \
                                counted";

    #[inline]
    fn observe(&mut self, at: Time, _: u64, seen: &Seen<'_, Raft>) -> Result<(), Broken> {
        let Some((server, term, how)) = acts_as_leader(seen) else {
            return Ok(());
        };
        if self.known[server.index()] == Some(term) {
            return Ok(());
        }
        let (leader, since) = *self.leaders.entry(term).or_insert((server, at));
        if leader != server {
            let sentence = format!(
                "term {term} has two leaders: {leader} since {since}, and {server}, which {how} at {at}"
            );
            return Err(Broken(sentence, Some(Task::CountVotes)));
        }
        self.known[server.index()] = Some(term);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use raftapi::Role;

    #[test]
    fn a_second_leader_breaks_it_even_after_the_first_has_stepped_down() {
        let mut rule = OneLeader::new(3);
        let mut at = Time::ZERO;
        let mut observe = |event: Event| {
            at += std::time::Duration::from_millis(1);
            rule.observe(at, 0, &event.as_ref())
        };
        observe(publishes(S0, 1, Role::Leader)).unwrap();
        observe(publishes(S0, 2, Role::Follower)).unwrap();
        observe(publishes(S1, 3, Role::Leader)).unwrap();
        assert_eq!(
            observe(beats(S2, S0, 1)),
            Err(Broken(
                "term 1 has two leaders: S0 since 0.001 s, and S2, which sends AppendEntries at 0.004 s"
                    .to_string(),
                Some(Task::CountVotes)
            ))
        );
    }
}
