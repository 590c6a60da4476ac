//! How long something takes: distributions in integer arithmetic.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::FaultsError;
use crate::streams::{Draws, scale};
use crate::time::nanos;

/// A distribution of delays. All arithmetic is in whole nanoseconds, so that a seed means the same
/// everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delay {
    /// Always this long.
    Constant(Duration),
    /// Anything from `min` to `max`, both included, equally likely.
    Uniform {
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// `min`, `min + step`, ... up to `max`, equally likely: the Go lab's whole milliseconds.
    Steps {
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
        /// From one to the next.
        step: Duration,
    },
    /// `min` and a whole number of milliseconds below a bound that is itself drawn, equally likely
    /// from 1 to `spread`: many short, a few long. The Go lab's `200 + rand(1 + rand(2000))`.
    Nested {
        /// The shortest.
        min: Duration,
        /// The longest, less `min`.
        spread: Duration,
    },
    /// `min` and an exponentially distributed rest.
    Exponential {
        /// The shortest.
        min: Duration,
        /// The mean of what comes on top.
        mean: Duration,
    },
}

impl Delay {
    /// No delay.
    pub const ZERO: Delay = Delay::Constant(Duration::ZERO);

    /// Anything from `min` to `max` milliseconds.
    pub const fn uniform_millis(min: u64, max: u64) -> Delay {
        Delay::Uniform {
            min: Duration::from_millis(min),
            max: Duration::from_millis(max),
        }
    }

    /// A whole number of milliseconds from `min` to `max`.
    pub const fn whole_millis(min: u64, max: u64) -> Delay {
        Delay::Steps {
            min: Duration::from_millis(min),
            max: Duration::from_millis(max),
            step: Duration::from_millis(1),
        }
    }

    /// The shortest delay there is.
    pub(crate) fn shortest(&self) -> Duration {
        match *self {
            Delay::Constant(delay) => delay,
            Delay::Uniform { min, .. }
            | Delay::Steps { min, .. }
            | Delay::Nested { min, .. }
            | Delay::Exponential { min, .. } => min,
        }
    }

    /// A delay, in nanoseconds, made of draws `first` and `first + 1`.
    #[inline]
    pub(crate) fn sample(&self, draws: &Draws, first: u64) -> u64 {
        match *self {
            Delay::Constant(delay) => nanos(delay),
            Delay::Uniform { min, max } => {
                let (min, max) = (nanos(min), nanos(max));
                min + scale(draws.nth(first), (max - min).saturating_add(1))
            }
            Delay::Steps { min, max, step } => {
                let choices = nanos(max - min) / nanos(step) + 1;
                nanos(min) + nanos(step) * scale(draws.nth(first), choices)
            }
            Delay::Nested { min, spread } => {
                let bound = 1 + scale(draws.nth(first), nanos(spread) / MILLI);
                nanos(min) + MILLI * scale(draws.nth(first + 1), bound)
            }
            Delay::Exponential { min, mean } => {
                let log = minus_ln(draws.nth(first));
                nanos(min) + ((u128::from(nanos(mean)) * u128::from(log)) >> 32) as u64
            }
        }
    }

    pub(crate) fn check(&self, knob: &'static str) -> Result<(), FaultsError> {
        let wrong = |value: String, why| Err(FaultsError { knob, value, why });
        let range = |min: Duration, max: Duration| format!("{min:?} to {max:?}");
        match *self {
            Delay::Uniform { min, max } | Delay::Steps { min, max, .. } if min > max => {
                wrong(range(min, max), "the minimum is above the maximum")
            }
            Delay::Steps { step, .. } if step.is_zero() => {
                wrong(format!("{step:?}"), "a step must be longer than nothing")
            }
            Delay::Nested { spread, .. } if nanos(spread) < MILLI => wrong(
                format!("{spread:?}"),
                "the spread must be a millisecond or more",
            ),
            _ if self.longest() > LONGEST => wrong(
                format!("{:?}", self.longest()),
                "longer than a day, the longest delay there is",
            ),
            _ => Ok(()),
        }
    }

    fn longest(&self) -> Duration {
        match *self {
            Delay::Constant(delay) => delay,
            Delay::Uniform { max, .. } | Delay::Steps { max, .. } => max,
            Delay::Nested { min, spread: more } | Delay::Exponential { min, mean: more } => {
                min.saturating_add(more)
            }
        }
    }
}

const MILLI: u64 = 1_000_000;
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// `-ln(random / 2^64)` in units of `2^-32`, by integer arithmetic: floating-point logarithms
/// differ from platform to platform. Ln of the power of two, and then the bits of the fraction's
/// base-2 logarithm by repeated squaring.
fn minus_ln(random: u64) -> u64 {
    let random = random | 1;
    let shift = random.leading_zeros();
    let mut mantissa = u128::from(random << shift); // in [1, 2), scaled by 2^63
    let mut log2: u64 = 0;
    for bit in (0..32).rev() {
        mantissa = (mantissa * mantissa) >> 63;
        if mantissa >> 64 != 0 {
            mantissa >>= 1;
            log2 |= 1 << bit;
        }
    }
    let minus_log2 = ((u64::from(shift) + 1) << 32) - log2;
    const LN_2: u128 = 2_977_044_472; // ln 2, scaled by 2^32
    ((u128::from(minus_log2) * LN_2) >> 32) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::Streams;
    use crate::{Faults, ServerId};

    fn samples(delay: Delay) -> Vec<u64> {
        let streams = Streams::new(3, "delays");
        (0..50_000)
            .map(|m| delay.sample(&streams.link(ServerId::new(0), ServerId::new(1), m), 0))
            .collect()
    }

    fn mean_millis(samples: &[u64]) -> f64 {
        samples.iter().map(|&s| s as f64).sum::<f64>() / samples.len() as f64 / 1e6
    }

    #[test]
    fn delays_have_the_documented_range_and_mean() {
        let ms = Duration::from_millis;
        for (delay, min, max, mean) in [
            (Delay::Constant(ms(7)), 7, 7, 7.0),
            (Delay::uniform_millis(10, 20), 10, 20, 15.0),
            (Delay::whole_millis(0, 26), 0, 26, 13.0),
            // E[floor(U * bound)], bound uniform in 1..=2000: about 2000 / 4.
            (Faults::RELIABLE.link.reordering_delay, 200, 2199, 700.0),
            (
                Delay::Exponential {
                    min: ms(5),
                    mean: ms(10),
                },
                5,
                5 + 450,
                15.0,
            ),
        ] {
            let s = samples(delay);
            let (low, high) = (*s.iter().min().unwrap(), *s.iter().max().unwrap());
            assert!(
                low >= min * MILLI && high <= max * MILLI,
                "{delay:?}: {low}..{high}"
            );
            let got = mean_millis(&s);
            assert!((got - mean).abs() <= 0.02 * mean, "{delay:?}: mean {got}");
        }
        let whole = samples(Delay::whole_millis(0, 26));
        assert!(whole.iter().all(|s| s % MILLI == 0));
        let distinct: std::collections::BTreeSet<_> = whole.iter().collect();
        assert_eq!(distinct.len(), 27);
    }

    #[test]
    fn the_integer_logarithm_is_a_logarithm() {
        for random in [1, 12_345, u64::MAX / 3, u64::MAX / 2 + 1, u64::MAX - 5] {
            let exact = -((random | 1) as f64 / 2f64.powi(64)).ln();
            let ours = minus_ln(random) as f64 / 2f64.powi(32);
            assert!((exact - ours).abs() < 1e-8, "{random}: {exact} {ours}");
        }
    }
}
