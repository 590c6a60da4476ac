//! Every fault of the simulated world, in one struct of knobs.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Cause;
use crate::streams::{Draws, scale};
use crate::time::nanos;

/// Every knob there is: what links do to messages, and what machines do to servers.
///
/// The presets are the networks of the classic Go lab (MIT 6.824, `labrpc.go`), in its numbers:
/// [`Faults::RELIABLE`] and [`Faults::UNRELIABLE`], each with or without
/// [`long_reordering`](Faults::long_reordering); and for each of these four the
/// [`long_delays`](Faults::long_delays) that the Raft tests use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Faults {
    /// What each link does, unless it is given knobs of its own.
    pub link: LinkFaults,
    /// What each server's machine does, unless it is given knobs of its own.
    pub server: ServerFaults,
}

/// What a link does to the messages that travel on it, from one server to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinkFaults {
    /// How long a request takes.
    pub request_delay: Delay,
    /// How long a reply takes.
    pub reply_delay: Delay,
    /// The probability that a request is lost, 0 to 1.
    pub request_loss: f64,
    /// The probability that a reply is lost, 0 to 1.
    pub reply_loss: f64,
    /// The probability that a message arrives twice, 0 to 1; each copy has its own delay.
    pub duplication: f64,
    /// The probability that a reply is held up and overtaken, 0 to 1.
    pub reordering: f64,
    /// How long it is held up, on top of its delay.
    pub reordering_delay: Delay,
    /// How long a message lingers that cannot be delivered, because its link is cut or its receiver
    /// is down when it is sent, before the network gives it up.
    pub unreachable_delay: Delay,
    /// The probability, 0 to 1, that such a message is delivered after all at the end of that
    /// delay, if by then it can be: what a network does that sends again.
    pub late_delivery: f64,
}

/// What a machine does to its server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerFaults {
    /// How long a write of stable state takes. What is sent after it, in the same step or a later
    /// one, leaves when the write is done; a crash before that loses both.
    pub disk_write: Delay,
    /// How long a write takes in a step that a request began, if that is another time than
    /// [`disk_write`](ServerFaults::disk_write): a write that an answer waits for. A disk does not
    /// know what will be sent once it is done, but what it was asked for in answer to others and what
    /// its server asked of itself are found to differ: in the Raft paper's experiment (section 9.3) a
    /// voter's write takes longer than a candidate's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_write_answering: Option<Delay>,
    /// Whether a write can be done before one that was begun earlier. Each write holds all of the
    /// stable state, so the older one has nothing to add then, and what waits for it leaves, too: a
    /// disk that is asked for the newest state, or writes in parallel. Otherwise writes are done in
    /// the order in which they were begun. In virtual time only: on a thread, a server waits for
    /// each of its writes before it goes on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disk_overtaking: bool,
    /// How long each step takes: what the step sends leaves at its end, and the next message
    /// waits until then. A slow server.
    pub step_time: Delay,
    /// How fast the server's clock runs, 1 being true time; 0.1 to 10, in steps of a millionth.
    pub clock_rate: f64,
}

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

    fn check(&self, knob: &'static str) -> Result<(), FaultsError> {
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

impl LinkFaults {
    /// No delay, no loss: messages are reordered by scheduling only.
    pub const RELIABLE: LinkFaults = LinkFaults {
        request_delay: Delay::ZERO,
        reply_delay: Delay::ZERO,
        request_loss: 0.0,
        reply_loss: 0.0,
        duplication: 0.0,
        reordering: 0.0,
        reordering_delay: Delay::Nested {
            min: Duration::from_millis(200),
            spread: Duration::from_millis(2000),
        },
        unreachable_delay: Delay::whole_millis(0, 99),
        late_delivery: 0.0,
    };

    /// The same link where every message, request or reply, takes this long.
    #[must_use]
    pub fn delayed(mut self, delay: Delay) -> LinkFaults {
        self.request_delay = delay;
        self.reply_delay = delay;
        self
    }

    /// Refuses nonsense; see [`Faults::check`].
    pub fn check(&self) -> Result<(), FaultsError> {
        self.request_delay.check("link.request_delay")?;
        self.reply_delay.check("link.reply_delay")?;
        probability(self.request_loss, "link.request_loss")?;
        probability(self.reply_loss, "link.reply_loss")?;
        probability(self.duplication, "link.duplication")?;
        probability(self.reordering, "link.reordering")?;
        self.reordering_delay.check("link.reordering_delay")?;
        self.unreachable_delay.check("link.unreachable_delay")?;
        probability(self.late_delivery, "link.late_delivery")
    }
}

impl ServerFaults {
    /// A machine on which everything is instantaneous.
    pub const IDEAL: ServerFaults = ServerFaults {
        disk_write: Delay::ZERO,
        disk_write_answering: None,
        disk_overtaking: false,
        step_time: Delay::ZERO,
        clock_rate: 1.0,
    };

    /// How long a write takes in a step that had this cause.
    #[inline]
    pub(crate) fn write(&self, cause: Cause) -> Delay {
        match cause {
            Cause::Request(..) => self.disk_write_answering.unwrap_or(self.disk_write),
            _ => self.disk_write,
        }
    }

    /// Whether steps and writes take no time.
    #[inline]
    pub(crate) fn is_instantaneous(&self) -> bool {
        self.step_time == Delay::ZERO
            && self.disk_write == Delay::ZERO
            && self
                .disk_write_answering
                .is_none_or(|write| write == Delay::ZERO)
    }

    /// Refuses nonsense; see [`Faults::check`].
    pub fn check(&self) -> Result<(), FaultsError> {
        self.disk_write.check("server.disk_write")?;
        if let Some(write) = &self.disk_write_answering {
            write.check("server.disk_write_answering")?;
        }
        self.step_time.check("server.step_time")?;
        if (0.1..=10.0).contains(&self.clock_rate) {
            Ok(())
        } else {
            Err(FaultsError {
                knob: "server.clock_rate",
                value: self.clock_rate.to_string(),
                why: "a clock runs at 0.1 to 10 times true time",
            })
        }
    }
}

impl Faults {
    /// The classic reliable network: no delay and no loss.
    pub const RELIABLE: Faults = Faults {
        link: LinkFaults::RELIABLE,
        server: ServerFaults::IDEAL,
    };

    /// The classic unreliable network: each request is delayed by 0 to 26 ms, then lost with
    /// probability 0.1; each reply is lost with probability 0.1.
    pub const UNRELIABLE: Faults = Faults {
        link: LinkFaults {
            request_delay: Delay::whole_millis(0, 26),
            request_loss: 0.1,
            reply_loss: 0.1,
            ..LinkFaults::RELIABLE
        },
        server: ServerFaults::IDEAL,
    };

    /// The same network where every message takes this long, one way.
    #[must_use]
    pub fn delayed(mut self, delay: Delay) -> Faults {
        self.link = self.link.delayed(delay);
        self
    }

    /// The same network with two thirds of all replies held up by 200 to 2200 ms.
    #[must_use]
    pub fn long_reordering(mut self) -> Faults {
        self.link.reordering = 2.0 / 3.0;
        self
    }

    /// The same network, where what is sent to a dead server or over a cut link lingers for up to
    /// seven seconds.
    #[must_use]
    pub fn long_delays(mut self) -> Faults {
        self.link.unreachable_delay = Delay::whole_millis(0, 6999);
        self
    }

    /// Refuses nonsense.
    ///
    /// # Errors
    ///
    /// Names the first knob whose value makes no sense, and says why: a probability outside 0 to
    /// 1, a minimum above its maximum, a step of nothing, a delay of more than a day.
    pub fn check(&self) -> Result<(), FaultsError> {
        self.link.check()?;
        self.server.check()
    }
}

/// Whether something of this probability happens, by the draw `nth`. Exact on every platform: the
/// only floating-point operations are a conversion, a product with a power of two, a comparison.
#[inline]
pub(crate) fn happens(probability: f64, draws: &Draws, nth: u64) -> bool {
    const UNIT: f64 = 1.0 / (1u64 << 53) as f64;
    probability > 0.0 && ((draws.nth(nth) >> 11) as f64) * UNIT < probability
}

fn probability(value: f64, knob: &'static str) -> Result<(), FaultsError> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(FaultsError {
        knob,
        value: value.to_string(),
        why: "a probability is a number from 0 to 1",
    })
}

/// A fault that makes no sense: which knob, what it was set to, and why that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultsError {
    /// The knob, as a path into [`Faults`], or what else was asked for.
    pub knob: &'static str,
    /// What it was set to.
    pub value: String,
    /// Why that makes no sense.
    pub why: &'static str,
}

impl fmt::Display for FaultsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be {}: {}", self.knob, self.value, self.why)
    }
}

impl std::error::Error for FaultsError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::Streams;
    use crate::{ServerId, Time};

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

    #[test]
    fn things_happen_as_often_as_their_probability_says() {
        let streams = Streams::new(5, "happens");
        let link = |m| streams.link(ServerId::new(1), ServerId::new(0), m);
        let count = |p: f64| (0..100_000).filter(|&m| happens(p, &link(m), 2)).count();
        assert_eq!((count(0.0), count(1.0)), (0, 100_000));
        assert!((9_700..10_300).contains(&count(0.1)));
    }

    #[test]
    fn nonsense_is_refused_by_the_knob_s_name() {
        let link = |change: fn(&mut LinkFaults)| {
            let mut faults = Faults::RELIABLE;
            change(&mut faults.link);
            faults.check().unwrap_err().to_string()
        };
        assert_eq!(
            link(|l| l.request_loss = 2.0),
            "link.request_loss cannot be 2: a probability is a number from 0 to 1"
        );
        assert_eq!(
            link(|l| l.late_delivery = f64::NAN),
            "link.late_delivery cannot be NaN: a probability is a number from 0 to 1"
        );
        assert_eq!(
            link(|l| l.reply_delay = Delay::uniform_millis(20, 10)),
            "link.reply_delay cannot be 20ms to 10ms: the minimum is above the maximum"
        );
        assert_eq!(
            link(|l| l.request_delay = Delay::Constant(Time::NEVER.since_start())),
            "link.request_delay cannot be 18446744073.709551615s: longer than a day, the longest delay there is"
        );
        let mut faults = Faults::RELIABLE;
        faults.server.clock_rate = 0.0;
        assert_eq!(
            faults.check().unwrap_err().to_string(),
            "server.clock_rate cannot be 0: a clock runs at 0.1 to 10 times true time"
        );
        let mut faults = Faults::RELIABLE;
        faults.server.disk_write_answering = Some(Delay::uniform_millis(9, 5));
        assert_eq!(
            faults.check().unwrap_err().to_string(),
            "server.disk_write_answering cannot be 9ms to 5ms: the minimum is above the maximum"
        );
        for preset in [Faults::RELIABLE, Faults::UNRELIABLE] {
            preset.clone().check().unwrap();
            preset.long_reordering().long_delays().check().unwrap();
        }
    }
}
