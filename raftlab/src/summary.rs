//! What a test's runs come to, in numbers. The order in which they are added does not matter.

use std::time::Duration;

use hdrhistogram::Histogram;
use suite::play::Played;

/// The runs of one test, added up.
#[derive(Clone, Debug)]
pub struct Summary {
    pub virtual_time: Duration,
    pub steps: u64,
    pub calls: u64,
    pub bytes: u64,
    pub elections: u64,
    pub split_votes: u64,
    /// In microseconds.
    times_to_leader: Histogram<u64>,
}

impl Summary {
    pub fn new() -> Summary {
        Summary {
            virtual_time: Duration::ZERO,
            steps: 0,
            calls: 0,
            bytes: 0,
            elections: 0,
            split_votes: 0,
            times_to_leader: Histogram::new(3).expect("3 digits are possible"),
        }
    }

    pub fn add(&mut self, run: &Played) {
        self.virtual_time += run.virtual_time;
        self.steps += run.steps;
        self.calls += run.counts.calls;
        self.bytes += run.counts.bytes;
        self.elections += run.statistics.elections().len() as u64;
        self.split_votes += run.statistics.split_votes() as u64;
        for time in run.statistics.times_to_leader() {
            // It grows as far as it must, so this cannot fail.
            let _ = self.times_to_leader.record(time.as_micros() as u64);
        }
    }

    /// How often a leader was found.
    pub fn leaders(&self) -> u64 {
        self.times_to_leader.len()
    }

    /// The time to a leader that this share of all elections, 0 to 1, did not exceed; to three
    /// digits.
    pub fn time_to_leader(&self, quantile: f64) -> Option<Duration> {
        let times = &self.times_to_leader;
        (!times.is_empty()).then(|| Duration::from_micros(times.value_at_quantile(quantile)))
    }
}
