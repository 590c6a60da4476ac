//! Nobody leads without the votes of a majority, delivered before the first act as a leader.

use labrpc::Seen;
use raftapi::{Raft, ServerId, Term, Time};

use super::campaigns::{Campaign, Campaigns};
use super::{Broken, Rule, acts_as_leader};
use crate::task::Task;

#[derive(Debug)]
pub(super) struct Majority(Campaigns, usize);

impl Majority {
    pub fn new(servers: usize) -> Self {
        Majority(Campaigns::new(servers), servers)
    }
}

impl Rule for Majority {
    const NAME: &'static str = "a leader has the votes of a majority";
    const HINT: &'static str = "a candidate wins with the votes of a majority of all servers of the \
                                cluster, for the same term, each server counted once, refusals and \
                                replies to older requests not at all (Raft paper, 5.2)";

    #[inline]
    fn observe(&mut self, at: Time, _: u64, seen: &Seen<'_, Raft>) -> Result<(), Broken> {
        self.0.observe(at, seen);
        match acts_as_leader(seen) {
            Some((leader, term, how)) => self.check(at, leader, term, how),
            None => Ok(()),
        }
    }
}

impl Majority {
    fn check(&mut self, at: Time, leader: ServerId, term: Term, how: &str) -> Result<(), Broken> {
        let servers = self.1;
        let campaign = self.0.of(leader);
        if campaign.elected == Some(term) {
            return Ok(());
        }
        let majority = servers / 2 + 1;
        let asked = campaign.term == term || servers == 1;
        if asked && campaign.grants.len() + 1 >= majority {
            campaign.elected = Some(term);
            return Ok(());
        }
        let act = format!("{leader} {how} of term {term} at {at}");
        if !asked {
            let sentence = format!("{act}, and never asked for a vote in that term");
            return Err(Broken(sentence, Some(Task::CountVotes)));
        }
        let grants = grants_of(campaign);
        let sentence =
            format!("{act} with {grants}; a majority of {servers} servers is {majority}");
        Err(Broken(sentence, Some(Task::CountVotes)))
    }
}

/// Whose votes a candidate has, in words.
pub(super) fn grants_of(campaign: &Campaign) -> String {
    match campaign.grants.as_slice() {
        [] => "no vote but its own".to_string(),
        [one] => format!("the vote of {one} and its own"),
        many => format!("the votes of {many:?} and its own"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use raftapi::Role;

    fn without_votes(how: &str) -> (&'static str, String) {
        let rest = "with no vote but its own; a majority of 3 servers is 2";
        (Majority::NAME, format!("S0 {how} {rest}"))
    }

    #[test]
    fn a_grant_that_is_still_under_way_is_no_vote_yet() {
        let events = [asks(S0, S1, 1), answers(S1, S0, 1, true), beats(S0, S1, 1)];
        assert_eq!(
            broken(&events),
            without_votes("sends AppendEntries of term 1 at 0.003 s")
        );
    }

    #[test]
    fn a_crash_ends_a_campaign() {
        let mut events = election(1);
        events.extend([crashes(S0), beats(S0, S1, 1)]);
        assert_eq!(broken(&events).0, Majority::NAME);
    }

    #[test]
    fn who_never_campaigned_does_not_lead() {
        let (rule, sentence) = broken(&[publishes(S0, 1, Role::Leader)]);
        assert_eq!(rule, Majority::NAME);
        assert!(sentence.ends_with("and never asked for a vote in that term"));
    }
}
