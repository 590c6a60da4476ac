//! Only votes are counted: no refusal, no reply to an older request, nobody twice, no promise.

use labrpc::Seen;
use raftapi::{Raft, Time};

use super::campaigns::{Campaign, Campaigns, NoVote, Why};
use super::majority::grants_of;
use super::{Broken, Rule, acts_as_leader};
use crate::task::Task;

/// To be asked before [`Majority`](super::majority::Majority), which it explains.
#[derive(Debug)]
pub(super) struct CountedVotes(Campaigns, usize);

impl CountedVotes {
    pub fn new(servers: usize) -> Self {
        CountedVotes(Campaigns::new(servers), servers)
    }
}

impl Rule for CountedVotes {
    const NAME: &'static str = "only votes are counted";
    const HINT: &'static str = "a reply counts if it grants the vote, if the request that it answers \
                                is of the current term, and the server is still candidate in it; \
                                and each voter counts once (Raft paper, 5.2; Students' Guide to \
                                Raft: term confusion)";

    #[inline]
    fn observe(&mut self, at: Time, _: u64, seen: &Seen<'_, Raft>) -> Result<(), Broken> {
        self.0.observe(at, seen);
        let Some((leader, term, how)) = acts_as_leader(seen) else {
            return Ok(());
        };
        let majority = self.1 / 2 + 1;
        let campaign = self.0.of(leader);
        if campaign.elected == Some(term) || campaign.term != term {
            return Ok(());
        }
        if campaign.grants.len() + 1 >= majority {
            campaign.elected = Some(term);
            return Ok(());
        }
        let missing = majority - campaign.grants.len() - 1;
        let Some(counted) = mistaken(campaign, missing) else {
            return Ok(());
        };
        let (voter, came) = (counted.from, counted.at);
        let reply = match counted.why {
            Why::Refusal => format!("the refusal of {voter}, delivered at {came}"),
            Why::EarlierTerm => {
                format!("the reply of {voter} to a request of term {}", counted.term)
            }
            Why::PreVote => format!("the grant of a pre-vote by {voter}, delivered at {came}"),
            Why::SecondTime => format!("the vote of {voter} a second time, delivered at {came}"),
            Why::Itself => format!("its own vote a second time, delivered at {came}"),
        };
        let sentence = format!(
            "{leader} {how} of term {term} at {at} with {}, and a majority of {} servers is \
             {majority}: it seems to have counted {reply}",
            grants_of(campaign),
            self.1
        );
        Err(Broken(sentence, Some(Task::CountVotes)))
    }
}

/// The last of the replies that would have filled the majority, had they been votes: those of one
/// kind, or else all.
fn mistaken(campaign: &Campaign, missing: usize) -> Option<NoVote> {
    const KINDS: [Why; 5] = [
        Why::Refusal,
        Why::EarlierTerm,
        Why::PreVote,
        Why::SecondTime,
        Why::Itself,
    ];
    let of_kind = |kind: Why| {
        campaign
            .others
            .iter()
            .filter(move |reply| reply.why == kind)
    };
    let kind = KINDS
        .into_iter()
        .find(|&kind| of_kind(kind).count() >= missing);
    let last = kind.and_then(|kind| of_kind(kind).next_back());
    last.or_else(|| {
        let all = campaign.others.len() >= missing;
        campaign.others.last().filter(|_| all)
    })
    .copied()
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use raftapi::Role;

    fn wins_by(events: &[Event]) -> (&'static str, String) {
        let last = publishes(S0, 2, Role::Leader);
        broken(&[events, &[last]].concat())
    }

    fn counted(words: &str) -> (&'static str, String) {
        let sentence = format!(
            "S0 says that it is leader of term 2 at 0.003 s with no vote but its own, and a majority \
             of 3 servers is 2: it seems to have counted {words}"
        );
        (CountedVotes::NAME, sentence)
    }

    #[test]
    fn a_refusal_is_no_vote() {
        let events = [asks(S0, S1, 2), hears(S0, S1, 2, false)];
        let words = "the refusal of S1, delivered at 0.002 s";
        assert_eq!(wins_by(&events), counted(words));
    }

    #[test]
    fn a_reply_of_an_earlier_term_is_no_vote() {
        let events = [asks(S0, S1, 2), hears(S0, S1, 1, true)];
        let words = "the reply of S1 to a request of term 1";
        assert_eq!(wins_by(&events), counted(words));
        let carried_over = [asks(S0, S1, 1), hears(S0, S1, 1, true), asks(S0, S1, 2)];
        assert!(wins_by(&carried_over).1.ends_with(words));
    }

    #[test]
    fn a_promise_is_no_vote() {
        let granted = heard(S0, S1, pre_vote_request(S0, 2), 2, true);
        let words = "the grant of a pre-vote by S1, delivered at 0.001 s";
        assert_eq!(wins_by(&[granted, asks(S0, S1, 2)]), counted(words));
    }

    #[test]
    fn nobody_votes_twice() {
        let own = [asks(S0, S1, 2), hears(S0, S0, 2, true)];
        let words = "its own vote a second time, delivered at 0.002 s";
        assert_eq!(wins_by(&own), counted(words));
        let mut rule = CountedVotes::new(5);
        let vote = hears(S0, S1, 2, true);
        let events = [asks(S0, S1, 2), vote.clone(), vote];
        for event in events {
            assert_eq!(rule.observe(Time::ZERO, 0, &event.as_ref()), Ok(()));
        }
        let leads = publishes(S0, 2, Role::Leader);
        let Broken(sentence, _) = rule.observe(Time::ZERO, 0, &leads.as_ref()).unwrap_err();
        assert!(sentence.contains("counted the vote of S1 a second time"));
    }

    #[test]
    fn whoever_has_a_majority_besides_may_hear_all_of_that() {
        let events = [
            asks(S0, S1, 2),
            hears(S0, S2, 2, false),
            hears(S0, S1, 2, true),
            hears(S0, S1, 2, true),
            publishes(S0, 2, Role::Leader),
        ];
        assert_eq!(judge(&events), Ok(()));
    }
}
