//! What happens in a run: told to an [`Observer`] as it happens, or written down as a trace.
//!
//! A trace is a file of JSON Lines. The first line is a [`Header`]; each further line is a
//! [`Record`]: when, in which step, and what, with `"event"` naming the [`Happening`].

use std::fmt;
use std::io::{self, BufRead, Write};
use std::ops::ControlFlow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Protocol, ServerId, Time};

/// Something that happened. Generic over how messages are held: by reference while the run goes
/// on ([`Seen`]), by value in a trace ([`Record`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Happening<Q, R, S, U> {
    /// A server starts, from this stable state. `start` counts its starts from 0.
    Started {
        /// Which server.
        server: ServerId,
        /// 0 for its first start, 1 after its first crash, and so on.
        start: u32,
        /// What it finds on its disk.
        stable: S,
    },
    /// A server is killed.
    Crashed {
        /// Which server.
        server: ServerId,
    },
    /// A request leaves its sender.
    Sent {
        /// The message's number in this run.
        message: u64,
        /// Its sender.
        from: ServerId,
        /// Its receiver.
        to: ServerId,
        /// What it says.
        request: Q,
    },
    /// A reply leaves its sender.
    Replied {
        /// The message's number in this run.
        message: u64,
        /// The number of the request that it answers.
        answers: u64,
        /// Its sender.
        from: ServerId,
        /// Its receiver, who had sent the request.
        to: ServerId,
        /// The request that it answers.
        request: Q,
        /// What it says.
        reply: R,
    },
    /// A request reaches its receiver.
    RequestDelivered {
        /// The message's number.
        message: u64,
        /// Its sender.
        from: ServerId,
        /// Its receiver.
        to: ServerId,
        /// What it says.
        request: Q,
    },
    /// A reply reaches its receiver.
    ReplyDelivered {
        /// The message's number.
        message: u64,
        /// Its sender.
        from: ServerId,
        /// Its receiver, who had sent the request.
        to: ServerId,
        /// The request that it answers.
        request: Q,
        /// What it says.
        reply: R,
    },
    /// A message is lost.
    Dropped {
        /// The message's number.
        message: u64,
        /// Its sender.
        from: ServerId,
        /// Its receiver.
        to: ServerId,
        /// Why.
        why: Lost,
    },
    /// A server ends a step waiting until another time than before.
    DeadlineSet {
        /// Which server.
        server: ServerId,
        /// Until when it waits, by true time; for ever if none.
        deadline: Option<Time>,
    },
    /// A server's deadline passes.
    TimedOut {
        /// Which server.
        server: ServerId,
    },
    /// A server's stable state is safe on its disk.
    Persisted {
        /// Which server.
        server: ServerId,
        /// The state.
        stable: S,
    },
    /// A server shows a changed status.
    Published {
        /// Which server.
        server: ServerId,
        /// The status.
        status: U,
    },
    /// A link no longer carries messages from one server to another.
    Cut {
        /// The link's beginning.
        from: ServerId,
        /// The link's end.
        to: ServerId,
    },
    /// A cut link works again.
    Healed {
        /// The link's beginning.
        from: ServerId,
        /// The link's end.
        to: ServerId,
    },
    /// A server is cut off from all others, in both directions.
    Isolated {
        /// Which server.
        server: ServerId,
    },
    /// A server that was cut off is back.
    Rejoined {
        /// Which server.
        server: ServerId,
    },
    /// Whoever directs the run has something to say about it.
    Noted {
        /// A sentence.
        note: String,
    },
    /// Something was found to be wrong, and the run ended.
    RuleBroken {
        /// The finding, as a sentence.
        finding: String,
    },
}

/// Why a message was lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lost {
    /// The network lost it, by chance.
    Chance,
    /// The link was cut, or one of its ends cut off, when the message was sent.
    Cut,
    /// The receiver was down.
    Down,
    /// It is a reply, and the server that had called has crashed since, or had not called itself: see
    /// [`Run::send_as`](crate::Run::send_as).
    CallerGone,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Lost::Chance => "lost",
            Lost::Cut => "cut off",
            Lost::Down => "receiver down",
            Lost::CallerGone => "caller gone",
        })
    }
}

/// A happening whose messages are borrowed from the run.
pub type Seen<'a, P> = Happening<
    &'a <P as Protocol>::Request,
    &'a <P as Protocol>::Reply,
    &'a <P as Protocol>::Stable,
    &'a <P as Protocol>::Status,
>;

/// A happening that owns its messages.
pub type Told<P> = Happening<
    <P as Protocol>::Request,
    <P as Protocol>::Reply,
    <P as Protocol>::Stable,
    <P as Protocol>::Status,
>;

impl<Q, R, S, U> Happening<Q, R, S, U> {
    fn map<'a, Q2, R2, S2, U2>(
        &'a self,
        q: impl Fn(&'a Q) -> Q2,
        r: impl Fn(&'a R) -> R2,
        s: impl Fn(&'a S) -> S2,
        u: impl Fn(&'a U) -> U2,
    ) -> Happening<Q2, R2, S2, U2> {
        use Happening::*;
        match *self {
            Started {
                server,
                start,
                ref stable,
            } => Started {
                server,
                start,
                stable: s(stable),
            },
            Crashed { server } => Crashed { server },
            Sent {
                message,
                from,
                to,
                ref request,
            } => Sent {
                message,
                from,
                to,
                request: q(request),
            },
            Replied {
                message,
                answers,
                from,
                to,
                ref request,
                ref reply,
            } => Replied {
                message,
                answers,
                from,
                to,
                request: q(request),
                reply: r(reply),
            },
            RequestDelivered {
                message,
                from,
                to,
                ref request,
            } => RequestDelivered {
                message,
                from,
                to,
                request: q(request),
            },
            ReplyDelivered {
                message,
                from,
                to,
                ref request,
                ref reply,
            } => ReplyDelivered {
                message,
                from,
                to,
                request: q(request),
                reply: r(reply),
            },
            Dropped {
                message,
                from,
                to,
                why,
            } => Dropped {
                message,
                from,
                to,
                why,
            },
            DeadlineSet { server, deadline } => DeadlineSet { server, deadline },
            TimedOut { server } => TimedOut { server },
            Persisted { server, ref stable } => Persisted {
                server,
                stable: s(stable),
            },
            Published { server, ref status } => Published {
                server,
                status: u(status),
            },
            Cut { from, to } => Cut { from, to },
            Healed { from, to } => Healed { from, to },
            Isolated { server } => Isolated { server },
            Rejoined { server } => Rejoined { server },
            Noted { ref note } => Noted { note: note.clone() },
            RuleBroken { ref finding } => RuleBroken {
                finding: finding.clone(),
            },
        }
    }

    /// The same happening with its messages borrowed: what an [`Observer`] takes.
    pub fn as_ref(&self) -> Happening<&Q, &R, &S, &U> {
        self.map(|q| q, |r| r, |s| s, |u| u)
    }
}

impl<Q: Clone, R: Clone, S: Clone, U: Clone> Happening<&Q, &R, &S, &U> {
    /// The same happening with its messages copied.
    pub fn cloned(&self) -> Happening<Q, R, S, U> {
        self.map(
            |&q| q.clone(),
            |&r| r.clone(),
            |&s| s.clone(),
            |&u| u.clone(),
        )
    }
}

/// Watches a run, event by event.
pub trait Observer<P: Protocol> {
    /// Something happened at this true time. `Break` ends the run.
    ///
    /// `step` numbers the steps of all servers, from 0:
    ///
    /// * `Started`, `TimedOut`, `RequestDelivered` and `ReplyDelivered` carry the number of the step
    ///   that they begin; a later step of the same server has a higher one.
    /// * `Sent`, `Replied`, `Persisted` and `Published` carry the number of the step in which the
    ///   server did it, although on a slow server or a slow disk it takes effect later, when other
    ///   steps, its own among them, have begun. So these numbers may fall from one event to the next,
    ///   and what a server did before it was handed a message has a lower number than the message.
    /// * Everything else carries the number of the step that it happened in, or after.
    ///
    /// What happens [by hand](crate::Run::play_by_hand) is a step by itself.
    fn observe(&mut self, at: Time, step: u64, seen: Seen<'_, P>) -> ControlFlow<()>;
}

/// Nobody watches.
impl<P: Protocol> Observer<P> for () {
    #[inline]
    fn observe(&mut self, _: Time, _: u64, _: Seen<'_, P>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Both watch; the first sees each event first.
impl<P: Protocol, A: Observer<P>, B: Observer<P>> Observer<P> for (A, B) {
    fn observe(&mut self, at: Time, step: u64, seen: Seen<'_, P>) -> ControlFlow<()> {
        self.0.observe(at, step, seen.clone())?;
        self.1.observe(at, step, seen)
    }
}

/// Records everything.
impl<P: Protocol> Observer<P> for Vec<Record<P>> {
    fn observe(&mut self, at: Time, step: u64, seen: Seen<'_, P>) -> ControlFlow<()> {
        self.push(Record {
            at,
            step,
            what: seen.cloned(),
        });
        ControlFlow::Continue(())
    }
}

/// One line of a trace.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Record<P: Protocol> {
    /// When, by true time, in nanoseconds since the run began.
    #[serde(rename = "t_ns")]
    pub at: Time,
    /// The number of the step that it belongs to; [`Observer::observe`] says which that is.
    pub step: u64,
    /// What.
    #[serde(flatten)]
    pub what: Told<P>,
}

impl<P: Protocol> Clone for Record<P> {
    fn clone(&self) -> Self {
        Record {
            at: self.at,
            step: self.step,
            what: self.what.clone(),
        }
    }
}

impl<P: Protocol> PartialEq for Record<P>
where
    Told<P>: PartialEq,
{
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at && self.step == other.step && self.what == other.what
    }
}

impl<P: Protocol> fmt::Debug for Record<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} step {}: {:?}", self.at, self.step, self.what)
    }
}

/// The first line of a trace: which run this is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The format's version, [`Header::VERSION`].
    pub trace: u32,
    /// The run's name: a test's, or a scenario's.
    pub run: String,
    /// The run's seed.
    pub seed: u64,
    /// How many servers there are.
    pub servers: usize,
    /// What the reader should know of them: what they declare, say. Optional.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
}

impl Header {
    /// The version of the format that this crate writes.
    pub const VERSION: u32 = 1;
}

/// Writes a trace as JSON Lines.
///
/// # Errors
///
/// Those of `to`.
pub fn write_trace<P: Protocol>(
    mut to: impl Write,
    header: &Header,
    records: &[Record<P>],
) -> io::Result<()> {
    serde_json::to_writer(&mut to, header)?;
    to.write_all(b"\n")?;
    for record in records {
        serde_json::to_writer(&mut to, record)?;
        to.write_all(b"\n")?;
    }
    to.flush()
}

/// Reads a trace.
///
/// # Errors
///
/// When reading fails, and when a line is not what it should be: the message names the line.
pub fn read_trace<P: Protocol>(from: impl BufRead) -> io::Result<(Header, Vec<Record<P>>)> {
    let mut lines = from.lines().enumerate();
    let (_, first) = lines
        .next()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "line 1: the trace is empty"))?;
    let header: Header = parse(0, first, "a trace's header")?;
    if header.trace != Header::VERSION {
        let text = format!(
            "line 1: this is a trace of version {}, and only version {} can be read",
            header.trace,
            Header::VERSION
        );
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    let mut records = Vec::new();
    for (number, line) in lines {
        records.push(parse(number, line, "a record of a trace")?);
    }
    Ok((header, records))
}

fn parse<T: DeserializeOwned>(
    number: usize,
    line: io::Result<String>,
    what: &str,
) -> io::Result<T> {
    let parsed = line.and_then(|text| Ok(serde_json::from_str(&text)?));
    parsed.map_err(|error| {
        let text = format!("line {}: expected {what}: {error}", number + 1);
        io::Error::new(error.kind(), text)
    })
}
