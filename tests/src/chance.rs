//! What a correct server may owe to chance: how often an election fails, how long a leader may take.
//!
//! A test that waits for chance says how often it fails a correct server. The numbers are computed
//! here from the timing and features that the server declares, and generously: a server may look
//! at its clock only now and then, and is up to [`LATENESS`] late.

use std::time::Duration;

use raftapi::{Features, Timing};

/// How late a correct server may be: one that polls its clock acts only at its next look.
pub const LATENESS: Duration = Duration::from_millis(50);

/// What a server that polls its clock takes for one instant, most often.
const POLL: Duration = Duration::from_millis(10);

/// So many elections may fail by chance, and no more: a declared timing under which more would
/// fail is no excuse.
const MOST_FAILURES: f64 = 0.9;

/// What elections are held under.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// How many servers there are.
    pub servers: usize,
    /// How many of them can take part.
    pub alive: usize,
    /// The longest one-way latency, disks included.
    pub latency: Duration,
    /// The probability that a request and its answer both arrive in time.
    pub answered: f64,
}

impl Conditions {
    /// So many servers, all alive, on a network of this latency that loses nothing.
    pub const fn healthy(servers: usize, latency: Duration) -> Conditions {
        Conditions {
            servers,
            alive: servers,
            latency,
            answered: 1.0,
        }
    }

    /// The same, with this many alive.
    #[must_use]
    pub const fn alive(self, alive: usize) -> Conditions {
        Conditions { alive, ..self }
    }

    /// The probability that an election fails, all timers having started at once; an upper bound.
    ///
    /// It is split if enough others campaign before the first request reaches them, or if several
    /// begin at one instant, of which there are few where time is steps. It is lost if too few
    /// answers arrive. With PreVote there are two ballots.
    pub fn failure(&self, timing: &Timing, features: &Features) -> f64 {
        let step = timing.election_timeout_step();
        let spread = timing.election_timeout_max();
        let spread = spread.saturating_sub(timing.election_timeout_min()) + step;
        let part = |time: Duration| (time.as_secs_f64() / spread.as_secs_f64()).min(1.0);
        let overtaken = part(self.latency + LATENESS.max(step));
        let tied = part(POLL.max(step));
        let split = split(self.servers, self.alive, overtaken) + at_least(1, self.alive, tied);
        let counted = 1.0 - too_few_answers(self.servers, self.alive, self.answered);
        let ballots = if features.pre_vote.is_some() { 2 } else { 1 };
        let elected = (1.0 - split.min(1.0)) * counted.powi(ballots);
        (1.0 - elected).min(MOST_FAILURES)
    }

    /// How many elections fail in a row with a probability below `alpha`, if that.
    pub fn failures_in_a_row(&self, timing: &Timing, features: &Features, alpha: f64) -> u32 {
        in_a_row(self.failure(timing, features), alpha)
    }

    /// How long it takes to elect a leader, but for a probability below `alpha`: as many elections
    /// as may fail in a row and one more, each of them after the longest timeout.
    pub fn patience(&self, timing: &Timing, features: &Features, alpha: f64) -> Duration {
        let failures = self.failures_in_a_row(timing, features, alpha);
        let longest = timing.election_timeout_max() + timing.election_timeout_step();
        let election = longest + LATENESS + 2 * self.latency;
        election * (failures + 1)
    }
}

/// How often followers campaign under a living leader, since by chance no heartbeat came for an
/// election timeout: times a second for each follower. It misses a heartbeat, after one that came,
/// and all that would follow in time. Heartbeats may be late.
pub fn needless_campaigns(timing: &Timing, loss: f64) -> f64 {
    const PARTS: u32 = 1000;
    let heartbeat = timing.heartbeat_interval().as_secs_f64();
    let late = heartbeat + LATENESS.as_secs_f64();
    let (min, max) = (timing.election_timeout_min(), timing.election_timeout_max());
    let all_missed = |part: u32| {
        let timeout = min + max.saturating_sub(min) * (2 * part + 1) / (2 * PARTS);
        loss.powi((timeout.as_secs_f64() / late) as i32)
    };
    let missed: f64 = (0..PARTS).map(all_missed).sum::<f64>() / f64::from(PARTS);
    (1.0 - loss) * missed / heartbeat
}

/// The probability of a split vote: `alive` of so many servers draw timeouts, and a request takes
/// this part of the spread. Enough others must campaign within that of the first (thesis 9.2).
pub fn split(servers: usize, alive: usize, latency: f64) -> f64 {
    let Some(spare) = alive.checked_sub(servers / 2 + 1) else {
        return 1.0;
    };
    at_least(spare + 1, alive, latency)
}

/// The probability that a candidate hears from too few of the others.
fn too_few_answers(servers: usize, alive: usize, answered: f64) -> f64 {
    match alive.checked_sub(1) {
        Some(others) => 1.0 - at_least(servers / 2, others, answered),
        None => 1.0,
    }
}

/// The probability that of `n` trials, each with success probability `p`, at least `k` succeed.
fn at_least(k: usize, n: usize, p: f64) -> f64 {
    let mut ways = 1.0; // n choose i
    let mut sum = 0.0;
    for i in 0..=n {
        if i >= k {
            sum += ways * p.powi(i as i32) * (1.0 - p).powi((n - i) as i32);
        }
        ways *= (n - i) as f64 / (i + 1) as f64;
    }
    sum.min(1.0)
}

/// How many failures in a row have a probability below `alpha`.
fn in_a_row(p: f64, alpha: f64) -> u32 {
    let (mut chance, mut failures) = (1.0, 0);
    while chance >= alpha && p < 1.0 {
        chance *= p;
        failures += 1;
    }
    failures
}

/// How many failures there are before so many successes, but for a probability below `alpha`.
pub fn most_failures(p: f64, successes: u32, alpha: f64) -> u32 {
    let mut chance = (1.0 - p).powi(successes as i32);
    quantile(alpha, |failures| {
        let now = chance;
        chance *= p * f64::from(successes + failures) / f64::from(failures + 1);
        now
    })
}

/// How many events of a Poisson process there are where `mean` are expected, but for a probability
/// below `alpha`.
pub fn most_events(mean: f64, alpha: f64) -> u32 {
    let mut chance = (-mean).exp();
    quantile(alpha, |events| {
        let now = chance;
        chance *= mean / f64::from(events + 1);
        now
    })
}

/// The least number that is exceeded with a probability below `alpha`. `chance` is asked for the
/// probabilities of 0, 1, 2, ...
fn quantile(alpha: f64, mut chance: impl FnMut(u32) -> f64) -> u32 {
    const ENOUGH: u32 = 100_000;
    let mut left = 1.0;
    let exceeded = |number: &u32| {
        left -= chance(*number);
        left >= alpha
    };
    (0..ENOUGH).take_while(exceeded).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, expected: f64, tolerance: f64) {
        assert!((got - expected).abs() <= tolerance, "{got}, not {expected}");
    }

    #[test]
    fn splits_are_as_rare_as_the_thesis_has_them() {
        // In per cent, for a spread of 2, 3, 5, 10, 15, 20, 30 latencies.
        let table = [
            (3, 3, [50.0, 25.93, 10.40, 2.80, 1.27, 0.73, 0.33]),
            (3, 2, [75.0, 55.56, 36.0, 19.0, 12.89, 9.75, 6.56]),
            (5, 4, [68.75, 40.74, 18.08, 5.23, 2.44, 1.40, 0.64]),
            (5, 3, [87.5, 70.37, 48.80, 27.10, 18.70, 14.26, 9.67]),
            (9, 5, [96.88, 86.83, 67.23, 40.95, 29.18, 22.62, 15.59]),
        ];
        for (servers, alive, per_cent) in table {
            for (spread, expected) in [2.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0].iter().zip(per_cent) {
                close(100.0 * split(servers, alive, 1.0 / spread), expected, 0.006);
            }
        }
        assert_eq!(split(5, 2, 0.1), 1.0);
    }

    #[test]
    fn a_leaderless_run_has_a_bound() {
        assert_eq!(in_a_row(0.0523, 1e-9), 8);
        assert_eq!(in_a_row(0.271, 1e-9), 16);
        assert_eq!(in_a_row(0.0, 1e-9), 1);
    }

    #[test]
    fn heartbeats_are_rarely_lost_in_a_row() {
        let ms = Duration::from_millis;
        // 300-600 ms, and heartbeats that are never late: 12 an hour. With lateness, as for a
        // heartbeat interval of 150 ms: half of the timeouts hold two beats, half hold three.
        let rate = needless_campaigns(&Timing::LAB, 0.1);
        close(rate, 0.9 * (0.5 * 1e-2 + 0.5 * 1e-3) / 0.1, 1e-4);
        let rare = Timing::unchecked(ms(100), ms(3000), ms(6000));
        assert!(needless_campaigns(&rare, 0.1) < 1e-18);
    }

    #[test]
    fn quantiles_are_those_of_the_distributions() {
        // P(X > 2) is 0.0803 for a Poisson mean of 1, P(X > 3) is 0.0190.
        assert_eq!(most_events(1.0, 0.05), 3);
        assert_eq!(most_events(0.0, 1e-9), 0);
        // Before the first success at even odds: P(X > 9) = 2^-10.
        assert_eq!(most_failures(0.5, 1, 0.001), 9);
        assert!((20..60).contains(&most_failures(0.2, 10, 1e-9)));
    }

    #[test]
    fn declared_timing_excuses_so_much_and_no_more() {
        let lab = Conditions::healthy(3, Duration::from_millis(15)).alive(2);
        let p = lab.failure(&Timing::LAB, &Features::PLAIN);
        assert!((0.38..0.48).contains(&p), "{p}");
        let ms = Duration::from_millis;
        let narrow = Timing::unchecked(ms(100), ms(300), ms(305));
        close(lab.failure(&narrow, &Features::PLAIN), MOST_FAILURES, 0.0);
        assert!(lab.patience(&narrow, &Features::PLAIN, 1e-9) < Duration::from_secs(100));
    }

    #[test]
    fn lost_answers_lose_elections() {
        let lossy = Conditions {
            answered: 0.81,
            ..Conditions::healthy(5, Duration::ZERO)
        };
        // Two of four answers: 1 - (0.19^4 + 4 x 0.81 x 0.19^3).
        close(too_few_answers(5, 5, lossy.answered), 0.0235, 0.0001);
        close(too_few_answers(5, 2, lossy.answered), 1.0, 0.0);
        close(too_few_answers(1, 0, lossy.answered), 1.0, 0.0);
    }
}
