//! What a scenario expects of a run, and what a search wishes for: sentences about a run that are
//! true or not.

use std::time::Duration;

use raftapi::{Role, ServerId, Term, Time};

use super::eyes::{Eyes, Victory};

/// Sentences, joined.
#[derive(Clone, Debug, PartialEq)]
pub enum Joined<L> {
    One(L),
    Not(Box<Joined<L>>),
    And(Box<Joined<L>>, Box<Joined<L>>),
    Or(Box<Joined<L>>, Box<Joined<L>>),
}

impl<L> Joined<L> {
    /// Whether it is true, given which of its sentences are.
    pub fn is_true(&self, is_true: &mut dyn FnMut(&L) -> bool) -> bool {
        match self {
            Joined::One(one) => is_true(one),
            Joined::Not(not) => !not.is_true(is_true),
            Joined::And(a, b) => a.is_true(is_true) && b.is_true(is_true),
            Joined::Or(a, b) => a.is_true(is_true) || b.is_true(is_true),
        }
    }

    /// All its sentences, from left to right.
    pub fn leaves<'a>(&'a self, into: &mut Vec<&'a L>) {
        match self {
            Joined::One(one) => into.push(one),
            Joined::Not(not) => not.leaves(into),
            Joined::And(a, b) | Joined::Or(a, b) => {
                a.leaves(into);
                b.leaves(into);
            }
        }
    }
}

/// What can be so at a time, or have happened by then.
pub type Condition = Joined<Fact>;

/// A sentence about a run. The first group is so or not at a time; the second has happened, or not.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// Somebody leads whom a majority can hear and answer.
    Leader,
    /// This server does.
    LeaderIs(Subject),
    /// The same server of the same term does as at the last expectation that was met.
    SameLeader,
    /// Somebody does, and it is another server.
    AnotherLeader,
    Is(Subject, State),
    /// The highest term that anybody, or this server, has published.
    Term(Option<Subject>, Comparison, Term),

    /// Somebody campaigned who could win.
    Election,
    /// How many of these there were.
    Count(Counted, Comparison, u64),
    Campaign(Campaigners, Option<Duration>),
    /// An election of several candidates, so many if given, that nobody won.
    SplitVote(Option<u64>),
    /// So many, with no other election between them.
    SplitVotesInARow(u64),
    /// A server was elected, in this term if given.
    Wins(Subject, Option<Term>),
    /// Somebody was elected by the last vote that could still come.
    LastVote,
    /// All expectations of the scenario are met: known at its end.
    ExpectationsMet,
    /// It is not so, or has not happened.
    No(Box<Fact>),
}

/// A server that a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Server(ServerId),
    OldLeader,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    In(Role),
    Up,
    Down,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

impl Comparison {
    fn holds(self, left: u64, right: u64) -> bool {
        match self {
            Comparison::Less => left < right,
            Comparison::AtMost => left <= right,
            Comparison::Equal => left == right,
            Comparison::AtLeast => left >= right,
            Comparison::More => left > right,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    Elections,
    SplitVotes,
    Leaders,
}

/// Who campaigns.
#[derive(Clone, Debug, PartialEq)]
pub enum Campaigners {
    /// All of these.
    Each(Vec<Subject>),
    /// This many, whoever they are.
    Any(u64),
}

/// What 'old leader' and 'same leader' refer to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    /// Whom 'leader' meant when something was last done to it.
    pub old_leader: Option<ServerId>,
    /// Who led when an expectation was last met.
    pub found: Option<(ServerId, Term)>,
}

/// What a condition looks at.
pub struct Sight<'a> {
    pub eyes: &'a Eyes,
    pub memory: Memory,
    /// What happened up to this time does not count; none if everything does.
    pub since: Option<Time>,
    pub expectations_met: bool,
}

impl Fact {
    pub fn holds(&self, sight: &Sight<'_>) -> bool {
        let Sight { eyes, memory, .. } = sight;
        let view = &eyes.watch.view;
        let counts = |at: Time| sight.since.is_none_or(|since| at > since);
        let leader = || view.leader_of_majority();
        match *self {
            Fact::Leader => view.is_led(),
            Fact::LeaderIs(subject) => leader().map(|(id, _)| id) == memory.server(subject),
            Fact::SameLeader => leader().is_some() && leader() == memory.found,
            Fact::AnotherLeader => {
                let found = memory.found.map(|(id, _)| id);
                leader().is_some_and(|(id, _)| Some(id) != found)
            }
            Fact::Is(subject, state) => memory.server(subject).is_some_and(|id| match state {
                State::Up => view.is_up(id),
                State::Down => !view.is_up(id),
                State::In(role) => view.status(id).is_some_and(|status| status.role == role),
            }),
            Fact::Term(subject, comparison, number) => {
                let term = match subject {
                    None => Some(eyes.term),
                    Some(subject) => {
                        let status = memory.server(subject).and_then(|id| view.status(id));
                        status.map(|status| status.term)
                    }
                };
                term.is_some_and(|term| comparison.holds(term, number))
            }
            Fact::Election => {
                let mut elections = eyes.watch.statistics.elections().iter().rev();
                elections.next().is_some_and(|last| counts(last.began))
            }
            Fact::Count(counted, comparison, number) => {
                let count = match counted {
                    Counted::Elections => {
                        let elections = eyes.watch.statistics.elections().iter();
                        elections.filter(|e| counts(e.began)).count()
                    }
                    Counted::SplitVotes => {
                        eyes.split_votes().filter(|s| counts(s.known_at)).count()
                    }
                    Counted::Leaders => eyes.victories.iter().filter(|v| counts(v.at)).count(),
                };
                comparison.holds(count as u64, number)
            }
            Fact::Campaign(ref who, within) => campaigned(sight, who, within, &counts),
            Fact::SplitVote(candidates) => eyes.split_votes().any(|split| {
                let as_many = candidates.is_none_or(|n| n == split.candidates.len() as u64);
                as_many && counts(split.known_at)
            }),
            Fact::SplitVotesInARow(number) => {
                let (mut row, mut next) = (0, None);
                eyes.split_votes()
                    .filter(|s| counts(s.known_at))
                    .any(|split| {
                        row = if next == Some(split.number) {
                            row + 1
                        } else {
                            1
                        };
                        next = Some(split.number + 1);
                        row >= number
                    })
            }
            Fact::Wins(subject, term) => {
                let won = |v: &Victory| {
                    Some(v.server) == memory.server(subject) && term.is_none_or(|t| t == v.term)
                };
                eyes.victories.iter().any(|v| counts(v.at) && won(v))
            }
            Fact::LastVote => {
                let mut victories = eyes.victories.iter();
                victories.any(|victory| victory.by_last_vote && counts(victory.at))
            }
            Fact::ExpectationsMet => sight.expectations_met,
            Fact::No(ref fact) => !fact.holds(sight),
        }
    }
}

fn campaigned(
    sight: &Sight<'_>,
    who: &Campaigners,
    within: Option<Duration>,
    counts: &dyn Fn(Time) -> bool,
) -> bool {
    let campaigns = sight.eyes.campaigns.iter().filter(|c| counts(c.at));
    // Of each server the latest campaign so far: whoever waits for the others waits from there.
    let mut latest: Vec<(ServerId, Time)> = Vec::new();
    for campaign in campaigns {
        latest.retain(|&(server, _)| server != campaign.server);
        latest.push((campaign.server, campaign.at));
        let is_near = |at: Time| within.is_none_or(|within| at + within >= campaign.at);
        let near = || latest.iter().filter(|&&(_, at)| is_near(at));
        let all = match who {
            Campaigners::Any(number) => near().count() as u64 >= *number,
            Campaigners::Each(subjects) => subjects.iter().all(|&subject| {
                let server = sight.memory.server(subject);
                near().any(|&(id, _)| Some(id) == server)
            }),
        };
        if all {
            return true;
        }
    }
    false
}

impl Memory {
    fn server(&self, subject: Subject) -> Option<ServerId> {
        match subject {
            Subject::Server(server) => Some(server),
            Subject::OldLeader => self.old_leader,
        }
    }
}
