//! What a host finds wrong with a server, whatever the server computes.

use std::fmt;

use crate::{ServerId, Time};

/// Something that no server may do: panic, return, spin, hang.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misstep {
    /// Which server.
    pub server: ServerId,
    /// When, by true time.
    pub at: Time,
    /// The number of the step.
    pub step: u64,
    /// What the server had been handed in that step.
    pub cause: Cause,
    /// What it did.
    pub what: What,
}

/// What a server was handed at the beginning of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nothing: it was started.
    Start,
    /// Its deadline passed.
    Timeout,
    /// A request of this name came in.
    Request(&'static str, ServerId),
    /// A reply to a request of this name came back.
    Reply(&'static str, ServerId),
    /// It was killed.
    Killed,
}

/// What a server did that it must not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It panicked, with this message.
    Panicked(String),
    /// It returned although nobody had killed it.
    Returned,
    /// Its stack overflowed.
    StackOverflow,
    /// It took this many steps within a millisecond.
    Spun(u32),
    /// It did this many things within one step.
    Flooded(usize),
    /// Messages under way, or not answered, took so many bytes of memory when it had taken a step.
    Swamped(u64),
    /// It did not come back to its inbox.
    Hung,
    /// Its process ended: how, in words.
    Died(String),
    /// Its process does not keep to the protocol: how, in words.
    Garbled(String),
    /// What it had been told ahead did not come: nothing is wrong with it, and the run is to be played
    /// again without looking ahead.
    Unforeseen,
    /// Its process could not be started, for a reason that is not the server's.
    Unavailable(String),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Start => write!(f, "when it was started"),
            Cause::Timeout => write!(f, "after its deadline passed"),
            Cause::Request(name, from) => write!(f, "after a {name} from {from}"),
            Cause::Reply(name, from) => write!(f, "after a {name} reply from {from}"),
            Cause::Killed => write!(f, "after it was killed"),
        }
    }
}

impl fmt::Display for What {
    /// What it did, where neither server nor time are known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Panicked(message) => write!(f, "it panicked: {message}"),
            What::Returned => write!(f, "it returned"),
            What::StackOverflow => write!(f, "it overflowed its stack"),
            What::Spun(steps) => write!(f, "it took {steps} steps within a millisecond"),
            What::Flooded(actions) => write!(f, "it did {actions} things within one step"),
            What::Swamped(bytes) => write!(f, "{} MiB of messages are under way", bytes >> 20),
            What::Hung => write!(f, "it does not come back"),
            What::Unforeseen => write!(f, "what it was told ahead did not come"),
            What::Died(how) | What::Garbled(how) | What::Unavailable(how) => f.write_str(how),
        }
    }
}

impl fmt::Display for Misstep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Misstep {
            server, at, cause, ..
        } = self;
        match &self.what {
            What::Panicked(message) => {
                write!(f, "{server} panicked at {at}, {cause}: {message}")
            }
            What::Returned => write!(
                f,
                "{server} returned at {at}, {cause}, although nobody had killed it"
            ),
            What::StackOverflow => write!(
                f,
                "{server} overflowed its stack at {at}, {cause}: does a function call itself for ever?"
            ),
            What::Spun(steps) => write!(
                f,
                "{server} took {steps} steps within a millisecond, the last one at {at}, {cause}: is its \
                 deadline always in the past, or does it answer every message with another?"
            ),
            What::Flooded(actions) => write!(
                f,
                "{server} did {actions} things at {at} within one step, {cause}: does it send in a \
                 loop that never waits?"
            ),
            What::Swamped(bytes) => write!(
                f,
                "when {server} had taken a step at {at}, {cause}, {} MiB of messages were under way or not \
                 answered: do servers send more than they wait for?",
                bytes >> 20
            ),
            What::Hung => write!(
                f,
                "{server} does not come back to its inbox at {at}, {cause}: does it sleep, loop, or \
                 wait for a lock or a channel of its own?"
            ),
            What::Unforeseen => write!(f, "what {server} was told ahead did not come at {at}"),
            What::Died(how) => write!(f, "{server}'s process ended at {at}, {cause}: {how}"),
            What::Garbled(how) => write!(
                f,
                "{server}'s process broke the protocol at {at}, {cause}: {how}"
            ),
            What::Unavailable(why) => write!(f, "{server} could not be started at {at}: {why}"),
        }
    }
}
