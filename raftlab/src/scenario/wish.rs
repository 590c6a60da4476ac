//! What a search wishes for: a condition on a whole run.

use std::time::Duration;

use raftapi::Time;

use super::condition::{Fact, Joined, Memory, Sight};
use super::eyes::Eyes;

/// A wish: sentences of which each comes true at some time of a run, or never does.
pub type Wish = Joined<Wished>;

/// A sentence that is to come true.
#[derive(Clone, Debug, PartialEq)]
pub struct Wished {
    pub fact: Fact,
    /// It is to stay true for this time.
    pub lasting: Option<Duration>,
    /// It is to come true at the latest now.
    pub by: Option<Time>,
}

/// How a wish fares in a run.
pub struct Hopes<'a> {
    wish: &'a Wish,
    hopes: Vec<Hope<'a>>,
}

struct Hope<'a> {
    wished: &'a Wished,
    came_true: Option<Time>,
    /// For one that is to last: since when it is true.
    since: Option<Time>,
}

impl<'a> Hopes<'a> {
    /// At the beginning of a run.
    pub fn of(wish: &'a Wish) -> Hopes<'a> {
        let mut leaves = Vec::new();
        wish.leaves(&mut leaves);
        let hope = |wished| Hope {
            wished,
            came_true: None,
            since: Some(Time::ZERO),
        };
        Hopes {
            wish,
            hopes: leaves.into_iter().map(hope).collect(),
        }
    }

    /// Something has changed.
    pub fn look(&mut self, now: Time, eyes: &Eyes) {
        for hope in &mut self.hopes {
            hope.look(now, eyes, false);
        }
    }

    /// The run is over. Whether the wish came true.
    pub fn come_true(mut self, now: Time, eyes: &Eyes, expectations_met: bool) -> bool {
        for hope in &mut self.hopes {
            hope.look(now, eyes, expectations_met);
            hope.last(now);
        }
        // The sentences are asked for in the order in which they were listed, or left out.
        let hopes = self.hopes;
        self.wish.is_true(&mut |wished| {
            let hope = hopes.iter().find(|hope| std::ptr::eq(hope.wished, wished));
            hope.is_some_and(Hope::is_fulfilled)
        })
    }
}

impl Hope<'_> {
    fn look(&mut self, now: Time, eyes: &Eyes, expectations_met: bool) {
        if self.came_true.is_some() {
            return;
        }
        let holds = |since| {
            self.wished.fact.holds(&Sight {
                eyes,
                memory: Memory::default(),
                since,
                expectations_met,
            })
        };
        if self.wished.lasting.is_none() {
            if holds(None) {
                self.came_true = Some(now);
            }
            return;
        }
        let still = self.since.is_some_and(|since| holds(Some(since)));
        let again = still || holds(Some(now));
        if !still {
            self.last(now);
            self.since = again.then_some(now);
        }
    }

    /// What was true until now: did that last for long enough?
    fn last(&mut self, now: Time) {
        let (Some(lasting), Some(since)) = (self.wished.lasting, self.since) else {
            return;
        };
        if self.came_true.is_none() && now - since >= lasting {
            self.came_true = Some(since + lasting);
        }
    }

    fn is_fulfilled(&self) -> bool {
        let in_time = |at| self.wished.by.is_none_or(|by| at <= by);
        self.came_true.is_some_and(in_time)
    }
}
