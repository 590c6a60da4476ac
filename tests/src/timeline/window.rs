//! Which part of a run is drawn.

use super::model::Timeline;

/// From when to when, in nanoseconds since the run began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its beginning.
    pub from: u64,
    /// Its end, which is later.
    pub to: u64,
}

const MS: u64 = 1_000_000;

/// A run that is not longer is drawn whole.
const SHORT: u64 = 1500 * MS;

impl Window {
    /// What is given of it, and for the rest what matters: of a short run everything; else where a
    /// rule broke, the first split vote, the first leader that was lost, the first election, or the
    /// end.
    pub fn of(timeline: &Timeline, from: Option<u64>, to: Option<u64>) -> Window {
        let chosen = match (from, to) {
            (Some(from), Some(to)) => Window { from, to },
            (Some(from), None) => Window {
                from,
                to: timeline.end.min(from.saturating_add(SHORT)),
            },
            (None, Some(to)) => Window {
                from: to.saturating_sub(SHORT).max(timeline.begin),
                to,
            },
            (None, None) => Window::of_what_matters(timeline),
        };
        Window {
            to: chosen.to.max(chosen.from.saturating_add(MS)),
            ..chosen
        }
    }

    fn of_what_matters(timeline: &Timeline) -> Window {
        let (begin, end) = (timeline.begin, timeline.end);
        if end - begin <= SHORT {
            return Window {
                from: begin,
                to: end,
            };
        }
        if let Some(broken) = &timeline.broken {
            let to = end.min(broken.at + 20 * MS);
            return Window {
                from: to.saturating_sub(700 * MS).max(begin),
                to,
            };
        }
        let split = timeline.elections.iter().find(|e| e.split);
        let decided = |after: u64| {
            let later = timeline.elections.iter().filter(|e| e.begin >= after);
            later.filter_map(|e| e.won).map(|(_, at)| at).min()
        };
        let lost = timeline.lanes.iter().flat_map(|lane| {
            let gone = lane.crashes.iter().copied();
            let gone = gone.chain(lane.isolated.iter().map(|span| span.begin));
            gone.filter(|&at| {
                let leads = |r: &super::model::InRole| {
                    r.role == super::model::Role::Leader && r.begin < at && at <= r.end
                };
                lane.roles.iter().any(leads)
            })
        });
        let first = timeline.elections.first().map(|e| e.begin);
        let from = split.map(|e| e.begin).or(lost.min()).or(first);
        let Some(from) = from else {
            return Window {
                from: end.saturating_sub(SHORT).max(begin),
                to: end,
            };
        };
        let to = decided(from).unwrap_or(end).min(from + SHORT);
        Window {
            from: from.saturating_sub(150 * MS).max(begin),
            to: (to + 150 * MS).min(end),
        }
    }

    /// Whether it holds a point in time.
    pub fn holds(&self, at: u64) -> bool {
        (self.from..=self.to).contains(&at)
    }

    /// Whether any of this span is in it.
    pub fn meets(&self, begin: u64, end: u64) -> bool {
        begin <= self.to && self.from <= end
    }
}
