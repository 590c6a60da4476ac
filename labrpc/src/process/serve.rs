//! A server function behind the protocol: the server's side.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, PipeReader, PipeWriter};
use std::rc::Rc;

use corosensei::CoroutineResult;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::line::{LineReader, LineWriter, NoLine};
use super::pristine;
use super::system::{self, STEPS, WAKES};
use super::wire::{Done, Ending, NUMBERS, Said, Told, VERSION};
use crate::coroutine::overflow;
use crate::coroutine::process::{self, Identity, Pause, Process, Shell};
use crate::panics::{self, Exit};
use crate::protocol::Ticket;
use crate::streams::ServerStream;
use crate::{Action, Answer, Call, Protocol, ServerFn, Time, Wake};

/// How a program runs servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serving {
    /// One server, on standard input and descriptor 3.
    One,
    /// None itself: it forks one whenever the judge asks for it.
    Pristine,
}

/// The argument that makes a program stay pristine.
pub(super) const PRISTINE: &str = "pristine";

impl Serving {
    /// What a program's arguments ask for: one server if there are none, and forks of it if there
    /// is `pristine`.
    ///
    /// # Errors
    ///
    /// When they ask for something else.
    pub fn from_arguments(arguments: impl IntoIterator<Item = String>) -> Result<Serving, String> {
        let mut arguments = arguments.into_iter();
        match (arguments.next().as_deref(), arguments.next()) {
            (None, _) => Ok(Serving::One),
            (Some(PRISTINE), None) => Ok(Serving::Pristine),
            (Some(other), _) => Err(format!(
                "'{other}': expected no argument, or '{PRISTINE}'; a judge starts this program"
            )),
        }
    }
}

/// Runs a server behind the protocol. `build` gives the server, and what it declares. It is called in
/// each process that runs a server, and never before.
///
/// # Errors
///
/// When the judge says what makes no sense, or cannot be heard.
pub fn serve<P: Protocol, A: Serialize>(
    how: Serving,
    build: impl Fn() -> (ServerFn<P>, A),
) -> io::Result<()> {
    panics::install();
    overflow::install();
    match how {
        Serving::One => one(&build),
        Serving::Pristine => {
            process::prepare(); // once for all forks
            pristine::stay(|| one(&build))
        }
    }
}

/// Runs one server to its end.
fn one<P: Protocol, A: Serialize>(build: &impl Fn() -> (ServerFn<P>, A)) -> io::Result<()> {
    let mut wire = Wire {
        reader: LineReader::new(PipeReader::from(system::inherited(WAKES)?), usize::MAX),
        writer: LineWriter::new(PipeWriter::from(system::inherited(STEPS)?)),
        early: VecDeque::new(),
    };
    let first = wire.hear::<P>()?;
    let built = panics::catch(build);
    let (server, about) = match built {
        Ok(built) => built,
        Err(message) => {
            return wire.end::<P>(vec![], Ending::Panicked(message));
        }
    };
    match first {
        Told::Describe {} => {
            wire.say(&Said::<P>::About(serde_json::to_value(about)?))?;
            wire.send()
        }
        Told::Start {
            protocol: VERSION,
            me,
            servers,
            now,
            stable,
        } => {
            let wire = Rc::new(RefCell::new(wire));
            let feed = wire.clone();
            let rng = ServerStream::fed(move || feed.borrow_mut().draw::<P>());
            let identity = Identity {
                me,
                servers,
                stable,
                rng,
            };
            run(&wire, server, identity, now)
        }
        Told::Start { protocol, .. } => Err(io::Error::other(format!(
            "the judge speaks protocol {protocol}, and this server {VERSION}"
        ))),
        _ => Err(io::Error::other("expected 'start' or 'describe' first")),
    }
}

fn run<P: Protocol>(
    wire: &RefCell<Wire>,
    server: ServerFn<P>,
    identity: Identity<P>,
    now: Time,
) -> io::Result<()> {
    let shell = Rc::new(Shell {
        now: Cell::new(now),
        actions: RefCell::new(Vec::new()),
        foresight: RefCell::new(None),
    });
    let mut process = Process::new(server, shell.clone(), identity);
    // The wake that starts a process is not looked at.
    let mut wake = Wake::Timeout;
    loop {
        let said = match process.resume(wake) {
            CoroutineResult::Yield(Pause::Wait(until)) => Said::Step {
                done: take(&shell),
                until,
            },
            CoroutineResult::Yield(Pause::Flooded(actions)) => {
                wire.borrow_mut()
                    .end::<P>(vec![], Ending::Flooded(actions))?;
                // What a coroutine holds that is in the middle of something is not dropped.
                system::exit_at_once(0);
            }
            CoroutineResult::Return(exit) => {
                let (done, how) = match exit {
                    Exit::Panicked(message) => (take(&shell), Ending::Panicked(message)),
                    Exit::Overflowed => (vec![], Ending::Overflowed),
                    _ => (take(&shell), Ending::Returned),
                };
                process.bury();
                return wire.borrow_mut().end(done, how);
            }
        };
        wire.borrow_mut().say(&said)?;
        let told = wire.borrow_mut().hear::<P>()?;
        let (now, next) = match told {
            Told::Request {
                now,
                from,
                call,
                args,
            } => (now, Wake::Request(Call::new(from, args, ticket(call)))),
            Told::Reply {
                now,
                from,
                request,
                reply,
            } => {
                let answer = Answer {
                    from,
                    request,
                    reply,
                };
                (now, Wake::Reply(answer))
            }
            Told::Timeout { now } => (now, Wake::Timeout),
            Told::Killed { now } => {
                shell.now.set(now);
                process.kill();
                return wire.borrow_mut().end::<P>(vec![], Ending::Returned);
            }
            Told::Describe {} | Told::Start { .. } | Told::Random { .. } => {
                return Err(io::Error::other("the judge says what makes no sense now"));
            }
        };
        shell.now.set(now);
        wake = next;
    }
}

/// What the server did in this step.
fn take<P: Protocol>(shell: &Shell<P>) -> Vec<Done<P>> {
    let mut actions = shell.actions.borrow_mut();
    let done = actions.drain(..).map(|action| match action {
        Action::Call(to, request) => Done::Call(to, request),
        Action::Reply(ticket, reply) => Done::Answer(number(ticket), reply),
        Action::Persist(stable) => Done::Persist(stable),
        Action::Publish(status) => Done::Publish(status),
    });
    done.collect()
}

/// A request's number, in the shape of a ticket.
fn ticket(call: u64) -> Ticket {
    Ticket {
        slot: call as u32,
        generation: (call >> 32) as u32,
    }
}

fn number(ticket: Ticket) -> u64 {
    u64::from(ticket.generation) << 32 | u64::from(ticket.slot)
}

/// Both directions.
struct Wire {
    reader: LineReader,
    writer: LineWriter,
    /// What was heard before it was its turn: a judge may tell ahead what comes after this step.
    early: VecDeque<Vec<u8>>,
}

impl Wire {
    fn say(&mut self, said: &impl Serialize) -> io::Result<()> {
        self.writer.add(said)?;
        match self.writer.is_full() {
            true => self.send(),
            false => Ok(()),
        }
    }

    fn send(&mut self) -> io::Result<()> {
        while !self.writer.send(None)? {}
        Ok(())
    }

    /// The last that is said: what the server did before, and how it ended.
    fn end<P: Protocol>(&mut self, done: Vec<Done<P>>, how: Ending) -> io::Result<()> {
        self.say(&Said::Ended { done, how })?;
        self.send()
    }

    /// The judge's next line. Without a judge nothing is left to do.
    fn hear<P: Protocol>(&mut self) -> io::Result<Told<P>> {
        match self.early.pop_front() {
            Some(line) => parse(&line),
            None => parse(self.next_line()?),
        }
    }

    fn next_line(&mut self) -> io::Result<&[u8]> {
        if !self.reader.has_line() {
            self.send()?;
        }
        match self.reader.read(None) {
            Ok(line) => Ok(line),
            Err(NoLine::Failed(error)) => Err(error),
            Err(_) => system::exit_at_once(0),
        }
    }

    fn draw<P: Protocol>(&mut self) -> [u32; NUMBERS] {
        // Without the judge's numbers there is no going on.
        self.try_draw::<P>()
            .unwrap_or_else(|_| system::exit_at_once(2))
    }

    fn try_draw<P: Protocol>(&mut self) -> io::Result<[u32; NUMBERS]> {
        self.say(&Said::<P>::Draw {})?;
        loop {
            let line = self.next_line()?;
            if let Told::Random { numbers } = parse::<Told<P>>(line)? {
                return numbers
                    .try_into()
                    .map_err(|_| io::Error::other("too few numbers"));
            }
            let line = line.to_vec();
            self.early.push_back(line);
        }
    }
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> io::Result<T> {
    serde_json::from_slice(line).map_err(|error| {
        let text = String::from_utf8_lossy(line);
        io::Error::other(format!(
            "the judge says what is not understood: {error}: {text}"
        ))
    })
}
