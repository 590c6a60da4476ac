//! What a run amounts to in numbers.

use std::time::Duration;

use labrpc::{Happening, Seen};
use raftapi::{Raft, Request, Role, ServerId, Term, Time};

use crate::view::View;

/// Elections, split votes, and how long the cluster was without a leader.
#[derive(Clone, Debug, Default)]
pub struct Statistics {
    /// One for each term in which somebody campaigned who could win.
    elections: Vec<Election>,
    /// Since when somebody could be leader and nobody was.
    leaderless_since: Option<Time>,
    times_to_leader: Vec<Duration>,
}

/// The campaigns of one term. Whoever no majority could hear and answer is not counted: a server
/// that is cut off campaigns for ever, and that is no election.
#[derive(Clone, Debug)]
pub struct Election {
    /// The term.
    pub term: Term,
    /// When the first of them began.
    pub began: Time,
    /// Who campaigned.
    pub candidates: Vec<ServerId>,
    /// Whether anybody won.
    pub won: bool,
}

impl Election {
    /// Whether several campaigned and nobody won.
    pub fn is_split(&self) -> bool {
        self.candidates.len() > 1 && !self.won
    }
}

impl Statistics {
    /// Looks at the next event; `view` has seen it, and says whether it changed who can lead.
    #[inline]
    pub fn observe(&mut self, at: Time, seen: &Seen<'_, Raft>, view: &View, changed: bool) {
        match *seen {
            Happening::Sent {
                from,
                request: Request::RequestVote(args),
                ..
            } if !args.pre_vote => self.campaign(at, from, args.term, view),
            Happening::Published { status, .. } if status.role == Role::Leader => {
                if let Some(election) = self.election(status.term) {
                    election.won = true;
                }
            }
            _ => {}
        }
        if changed {
            if view.is_led() {
                if let Some(since) = self.leaderless_since.take() {
                    self.times_to_leader.push(at - since);
                }
            } else if !view.is_electable() {
                self.leaderless_since = None;
            } else if self.leaderless_since.is_none() {
                self.leaderless_since = Some(at);
            }
        }
    }

    fn campaign(&mut self, at: Time, candidate: ServerId, term: Term, view: &View) {
        match self.election(term) {
            Some(election) if election.candidates.contains(&candidate) => {}
            _ if !view.reaches_majority(candidate) => {}
            Some(election) => election.candidates.push(candidate),
            None => self.elections.push(Election {
                term,
                began: at,
                candidates: vec![candidate],
                won: false,
            }),
        }
    }

    /// The election of a term, which is most likely one of the last.
    fn election(&mut self, term: Term) -> Option<&mut Election> {
        self.elections.iter_mut().rev().find(|e| e.term == term)
    }

    /// The elections held, in the order in which they began.
    pub fn elections(&self) -> &[Election] {
        &self.elections
    }

    /// How many of them were split votes: several campaigned, nobody won.
    pub fn split_votes(&self) -> usize {
        self.elections.iter().filter(|e| e.is_split()).count()
    }

    /// How long it took, each time that somebody could be leader and nobody was, until a leader
    /// was there.
    pub fn times_to_leader(&self) -> &[Duration] {
        &self.times_to_leader
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::*;

    fn starts(server: ServerId) -> Event {
        Happening::Started {
            server,
            start: 0,
            stable: raftapi::Stable::default(),
        }
    }

    /// Three servers are up from the beginning; then this happens, an event a millisecond.
    fn statistics(events: Vec<Event>) -> Statistics {
        let (mut statistics, mut view) = (Statistics::default(), View::new(3));
        let started = ServerId::all(3).map(starts);
        for (millis, event) in started.chain(events).enumerate() {
            let seen = event.as_ref();
            let changed = view.observe(&seen);
            statistics.observe(Time::from_millis(millis as u64), &seen, &view, changed);
        }
        statistics
    }

    #[test]
    fn an_election_is_held_won_and_timed() {
        let statistics = statistics(election(1));
        assert_eq!(statistics.elections().len(), 1);
        assert!(statistics.elections()[0].won);
        assert_eq!(statistics.split_votes(), 0);
        // Two servers are a majority from 1 ms on; the leader is there at 3 + 7 ms.
        assert_eq!(statistics.times_to_leader(), [Duration::from_millis(9)]);
    }

    #[test]
    fn two_candidates_without_a_winner_split_the_vote() {
        let statistics = statistics(vec![asks(S0, S1, 1), asks(S1, S2, 1), asks(S1, S0, 1)]);
        assert_eq!(
            (statistics.elections().len(), statistics.split_votes()),
            (1, 1)
        );
    }

    #[test]
    fn whoever_is_cut_off_holds_no_election_and_a_leader_that_is_cut_off_leads_nobody() {
        let mut events = election(1);
        events.extend([
            Happening::Isolated { server: S0 },
            asks(S0, S1, 2),
            publishes(S1, 3, Role::Leader),
        ]);
        let statistics = statistics(events);
        assert_eq!(statistics.elections().len(), 1);
        let millis = Duration::from_millis;
        assert_eq!(statistics.times_to_leader(), [millis(9), millis(2)]);
    }

    #[test]
    fn no_time_runs_while_nobody_could_be_elected() {
        let mut events = election(1);
        events.extend([
            crashes(S0),
            crashes(S1),
            starts(S1),
            publishes(S1, 2, Role::Leader),
        ]);
        let millis = Duration::from_millis;
        assert_eq!(statistics(events).times_to_leader(), [millis(9), millis(1)]);
    }
}
