//! The lines of the protocol: `PROTOCOL.md` describes them for whoever writes a server in another
//! language.

use serde::{Deserialize, Serialize};

use crate::streams::BLOCK;
use crate::{Protocol, ServerId, Time};

/// The protocol's version.
pub const VERSION: u32 = 1;

/// No line of a server's is longer.
pub const LONGEST_LINE: usize = 1 << 20;

/// What a server is told. Each line but `Killed` is answered with one line, and a server says nothing
/// unasked.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", bound = "")]
pub enum Told<P: Protocol> {
    /// What does it declare? It is never told anything else.
    Describe {},
    /// It begins: the first line otherwise.
    Start {
        /// The protocol's version.
        protocol: u32,
        /// Which server it is, counted from 0.
        me: ServerId,
        /// How many there are.
        servers: usize,
        /// The time by its clock, in nanoseconds since the run began.
        now: Time,
        /// What its disk holds.
        stable: P::Stable,
    },
    /// A request came in.
    Request {
        /// The time by its clock.
        now: Time,
        /// Who asks.
        from: ServerId,
        /// The number to answer it by.
        call: u64,
        /// The request.
        args: P::Request,
    },
    /// A reply came back.
    Reply {
        /// The time by its clock.
        now: Time,
        /// Who answers.
        from: ServerId,
        /// The request that it answers, as it was sent.
        request: P::Request,
        /// The reply.
        reply: P::Reply,
    },
    /// The deadline passed.
    Timeout {
        /// The time by its clock.
        now: Time,
    },
    /// It is killed: it must end, and whatever it does changes nothing.
    Killed {
        /// The time by its clock.
        now: Time,
    },
    /// Random numbers that it has asked for.
    Random {
        /// So many.
        numbers: Vec<u32>,
    },
}

/// What a server says.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields, bound = "")]
pub enum Said<P: Protocol> {
    /// What it declares; the laboratory's own protocol says what that is.
    About(serde_json::Value),
    /// The step is over.
    Step {
        /// What it did, in this order.
        #[serde(rename = "do")]
        done: Vec<Done<P>>,
        /// Until when it waits, by its clock; for ever if null.
        until: Option<Time>,
    },
    /// It needs random numbers: the step goes on when it has them.
    Draw {},
    /// It will do nothing any more.
    Ended {
        /// What it did before, in this order.
        #[serde(rename = "do", default = "Vec::new")]
        done: Vec<Done<P>>,
        /// How it ended.
        how: Ending,
    },
}

/// Something that a server does.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", bound = "")]
pub enum Done<P: Protocol> {
    /// It sends a request to a server.
    Call(ServerId, P::Request),
    /// It answers the request with this number.
    Answer(u64, P::Reply),
    /// It writes stable state to disk.
    Persist(P::Stable),
    /// It shows a changed status to the world.
    Publish(P::Status),
}

/// How a server ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It returned.
    Returned,
    /// It panicked, with this message.
    Panicked(String),
    /// Its stack overflowed.
    Overflowed,
    /// It did so many things and never waited.
    Flooded(usize),
}

/// How many random numbers are handed over at a time.
pub const NUMBERS: usize = BLOCK;

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::Value;

    use super::*;
    use crate::{Answer, Call};

    /// A protocol whose messages are anything.
    struct Anything;

    impl Protocol for Anything {
        type Request = Value;
        type Reply = Value;
        type Stable = Value;
        type Status = Value;
        type Event = ();

        fn request_event(_: Call<Self, Value>) {}

        fn reply_event(_: Answer<Value, Value>) {}

        fn request_name(_: &Value) -> &'static str {
            "request"
        }

        fn is_answer(_: &Value, _: &Value) -> bool {
            true
        }
    }

    /// What a line comes to when it is read and written again, if it can be read.
    fn again<T: DeserializeOwned + Serialize>(line: &str) -> Option<Value> {
        let read: T = serde_json::from_str(line).ok()?;
        Some(serde_json::to_value(&read).unwrap())
    }

    /// Every line in `PROTOCOL.md` is one, with nothing left out and nothing of it ignored. What begins
    /// with a capital is a message of Raft's, which `raftapi` looks at.
    #[test]
    fn the_document_tells_the_truth() {
        let document = include_str!("../../PROTOCOL.md");
        let mut told = 0;
        let mut said = 0;
        for line in document.lines().filter(|line| line.starts_with("{\"")) {
            let name = line.split('"').nth(1).unwrap();
            let as_told = again::<Told<Anything>>(line);
            let as_said = again::<Said<Anything>>(line);
            let as_done = again::<Done<Anything>>(line);
            told += usize::from(as_told.is_some());
            said += usize::from(as_said.is_some());
            match as_told.or(as_said).or(as_done) {
                Some(again) => {
                    let value: Value = serde_json::from_str(line).unwrap();
                    assert_eq!(again, value, "{line}");
                }
                None => assert!(name.starts_with(char::is_uppercase), "{line}"),
            }
        }
        assert_eq!((told, said), (7, 8));
        assert!(document.contains(&format!("This is protocol {VERSION},")));
        assert!(document.contains(&format!("{NUMBERS} numbers from 0 to 2^32 - 1")));
        assert_eq!(LONGEST_LINE, 1024 * 1024, "1 MiB, it says");
    }
}
