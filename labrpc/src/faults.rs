//! Every fault of the simulated world, in one struct of knobs.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::streams::Draws;
use crate::{Cause, Delay};

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
