//! Nobody leads without the votes of a majority, delivered before the first act as a leader.

use labrpc::{Happening, Seen};
use raftapi::{Raft, Reply, Request, ServerId, Term, Time};

use super::{Broken, Rule, acts_as_leader};
use crate::task::Task;

#[derive(Debug)]
pub(super) struct Majority {
    servers: Vec<Campaign>,
}

/// A server's latest campaign.
#[derive(Clone, Debug, Default)]
struct Campaign {
    term: Term,
    /// Whose grants have reached it; its own vote is not among them.
    grants: Vec<ServerId>,
    /// The last term in which it was found to be rightly elected.
    elected: Option<Term>,
}

impl Majority {
    pub fn new(servers: usize) -> Self {
        Majority {
            servers: vec![Campaign::default(); servers],
        }
    }
}

impl Rule for Majority {
    const NAME: &'static str = "a leader has the votes of a majority";
    const HINT: &'static str = "a candidate wins with the votes of a majority of all servers of the \
                                cluster, for the same term, each server counted once, refusals and \
                                replies to older requests not at all (Raft paper, 5.2)";

    #[inline]
    fn observe(&mut self, at: Time, seen: &Seen<'_, Raft>) -> Result<(), Broken> {
        match *seen {
            Happening::Sent {
                from,
                request: Request::RequestVote(args),
                ..
            } if !args.pre_vote => {
                let campaign = &mut self.servers[from.index()];
                if args.term > campaign.term {
                    campaign.term = args.term;
                    campaign.grants.clear();
                }
            }
            Happening::ReplyDelivered {
                from,
                to,
                request: Request::RequestVote(args),
                reply: Reply::RequestVote(reply),
                ..
            } if reply.vote_granted && !args.pre_vote => {
                let campaign = &mut self.servers[to.index()];
                let counts = args.term == campaign.term && from != to;
                if counts && !campaign.grants.contains(&from) {
                    campaign.grants.push(from);
                }
            }
            Happening::Crashed { server } => {
                let campaign = &mut self.servers[server.index()];
                campaign.grants.clear();
                campaign.elected = None;
            }
            _ => {
                if let Some((leader, term, how)) = acts_as_leader(seen) {
                    return self.check(at, leader, term, how);
                }
            }
        }
        Ok(())
    }
}

impl Majority {
    fn check(&mut self, at: Time, leader: ServerId, term: Term, how: &str) -> Result<(), Broken> {
        let servers = self.servers.len();
        let campaign = &mut self.servers[leader.index()];
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
        let grants = match campaign.grants.as_slice() {
            [] => "no vote but its own".to_string(),
            [one] => format!("the vote of {one} and its own"),
            many => format!("the votes of {many:?} and its own"),
        };
        let sentence =
            format!("{act} with {grants}; a majority of {servers} servers is {majority}");
        Err(Broken(sentence, Some(Task::CountVotes)))
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
    fn a_refusal_or_an_answer_of_another_term_is_no_vote() {
        for answer in [hears(S0, S1, 2, false), hears(S0, S1, 1, true)] {
            let events = [asks(S0, S1, 2), answer, publishes(S0, 2, Role::Leader)];
            assert_eq!(
                broken(&events),
                without_votes("says that it is leader of term 2 at 0.003 s")
            );
        }
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
