//! A process that has the servers' program in it and never runs it: each start of a server is a fork
//! of it. So nothing that a server leaves behind in memory survives its crash, and a start costs a fork
//! and no more.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufRead, BufReader, ErrorKind, Write, pipe};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::line::{LineReader, LineWriter};
use super::privilege;
use super::program::{Autopsy, Life, Link, Program};
use super::serve::PRISTINE;
use super::system::{self, Fork};
use super::wire::LONGEST_LINE;

/// What servers are held to before any of their code runs. Linux only, but for the processor time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// How much processor time a server may use, in seconds, from its start to its end.
    pub processor_s: Option<u64>,
    /// Which system calls they may make, and the pristine process, too: a seccomp program. All, if it is
    /// empty. Where it wants a sixth argument to be [`PRIVILEGE`], it gets to want a random number instead,
    /// which only the pristine process knows: it forks, kills and limits.
    pub calls: Vec<Instruction>,
}

/// One instruction of a seccomp program: code, jump if true, jump if false, operand.
pub type Instruction = (u16, u8, u8, u32);

/// What stands in a seccomp program for the number that lets a privileged call pass, as its sixth argument
/// of 64 bits.
pub const PRIVILEGE: u64 = u64::from_be_bytes(*b"pristine");

/// What the judge asks of a pristine process. All but a start are answered before the next is asked, and a
/// start comes with descriptors, which end what is read at once: so no two are ever read as one.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    /// Once, at first.
    Confine(Confinement),
    /// Fork a server, with the two descriptors that come along.
    Start(u64),
    /// How much processor time has it used so far?
    Look(u64),
    /// How did it end, if it has?
    Autopsy(u64),
    /// Kill it.
    Kill(u64),
    /// How much processor time have all those used that have ended?
    Used,
}

/// What it answers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Report {
    Time(Option<Duration>),
    Status(i32),
    Alive,
    Failed(String),
}

// ---- the judge's side ----

/// A pristine process, as the judge has it.
pub struct Pristine {
    link: Arc<Mutex<Control>>,
}

struct Control {
    /// Whether its servers may.
    may_signal: bool,
    socket: BufReader<UnixStream>,
    child: Child,
    starts: u64,
}

impl Pristine {
    /// Starts the program, whose `main` calls [`serve`](super::serve), with `pristine` as its last
    /// argument. What it prints goes where the command says.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn spawn(mut command: Command, confinement: &Confinement) -> io::Result<Pristine> {
        let (socket, theirs) = UnixStream::pair()?;
        let child = command.arg(PRISTINE).stdin(OwnedFd::from(theirs)).spawn()?;
        drop(command); // and with it the other end of the socket
        let control = Control {
            may_signal: confinement.calls.is_empty(),
            socket: BufReader::new(socket),
            child,
            starts: 0,
        };
        say(
            control.socket.get_ref(),
            &Order::Confine(confinement.clone()),
        )?;
        Ok(Pristine {
            link: Arc::new(Mutex::new(control)),
        })
    }

    /// The processor time that all its servers have used which have ended.
    ///
    /// # Errors
    ///
    /// When the process is gone.
    pub fn processor_time(&self) -> io::Result<Duration> {
        match lock(&self.link).ask(&Order::Used)? {
            Report::Time(Some(time)) => Ok(time),
            _ => Err(io::Error::other("the pristine process does not answer")),
        }
    }
}

fn lock(control: &Mutex<Control>) -> MutexGuard<'_, Control> {
    control.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Control {
    fn ask(&mut self, order: &Order) -> io::Result<Report> {
        say(self.socket.get_ref(), order)?;
        let mut line = Vec::new();
        match self.socket.read_until(b'\n', &mut line)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(serde_json::from_slice(&line)?),
        }
    }
}

impl Drop for Control {
    /// A pristine process that is killed takes its servers along.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program for Pristine {
    fn start(&self) -> io::Result<Link> {
        let (wakes, to) = pipe()?;
        let (from, steps) = pipe()?;
        let mut control = lock(&self.link);
        let number = control.starts;
        control.starts += 1;
        let mut line = serde_json::to_vec(&Order::Start(number))?;
        line.push(b'\n');
        system::send(
            control.socket.get_ref(),
            &line,
            [wakes.as_fd(), steps.as_fd()],
        )?;
        Ok(Link {
            wakes: LineWriter::without_waiting(to)?,
            steps: LineReader::without_waiting(from, LONGEST_LINE)?,
            life: Box::new(Forked {
                number,
                link: self.link.clone(),
            }),
        })
    }

    fn may_be_told_ahead(&self) -> bool {
        true
    }
}

struct Forked {
    number: u64,
    link: Arc<Mutex<Control>>,
}

impl Life for Forked {
    fn processor_time(&mut self) -> Option<Duration> {
        match lock(&self.link).ask(&Order::Look(self.number)) {
            Ok(Report::Time(time)) => time,
            _ => None,
        }
    }

    fn autopsy(&mut self) -> Option<Autopsy> {
        // The pristine process itself may not sleep.
        system::in_a_while(|| {
            let mut control = lock(&self.link);
            let how = match control.ask(&Order::Autopsy(self.number)) {
                Ok(Report::Status(status)) => {
                    let status = ExitStatus::from_raw(status);
                    return Some(Autopsy::of(status, control.may_signal));
                }
                Ok(Report::Alive) => return None,
                Ok(Report::Failed(why)) => why,
                Ok(Report::Time(_)) => "the pristine process answers something else".to_string(),
                Err(error) => format!("the pristine process is gone: {error}"),
            };
            Some(Autopsy {
                how,
                out_of_time: false,
            })
        })
    }

    fn kill(&mut self) {
        let _ = lock(&self.link).ask(&Order::Kill(self.number));
    }
}

// ---- the pristine process itself ----

/// How many ends are remembered that nobody has asked for.
const REMEMBERED: usize = 1000;

/// Forks servers until the judge is gone. In each, `server` runs to its end.
pub(super) fn stay(server: impl Fn() -> io::Result<()>) -> io::Result<()> {
    privilege::die_with_parent()?;
    let socket = UnixStream::from(system::inherited(system::WAKES)?);
    let Some(Order::Confine(confinement)) = first_order(&socket)? else {
        return Err(io::Error::other("expected the first order: confine"));
    };
    if !confinement.calls.is_empty() {
        privilege::filter_calls(&confinement.calls)?;
    }
    let mut children = Children::default();
    let mut line = vec![0; 256];
    loop {
        let (length, descriptors) = system::receive(&socket, &mut line)?;
        if length == 0 {
            return Ok(()); // the judge is gone
        }
        let order = serde_json::from_slice(&line[..length])?;
        match (order, descriptors) {
            (Order::Start(number), Some([wakes, steps])) => match privilege::fork() {
                Ok(Fork::Child) => {
                    drop(socket);
                    let ran =
                        confine(wakes, steps, confinement.processor_s).and_then(|()| server());
                    if let Err(error) = ran {
                        eprintln!("{error}");
                        system::exit_at_once(1);
                    }
                    system::exit_at_once(0);
                }
                Ok(Fork::Parent(child)) => children.add(number, child),
                Err(error) => children.fail(number, error),
            },
            (Order::Look(number), _) => {
                let time = children.pid(number).and_then(system::processor_time);
                say(&socket, &Report::Time(time))?;
            }
            (Order::Autopsy(number), _) => say(&socket, &children.autopsy(number))?,
            (Order::Kill(number), _) => {
                if let Some(child) = children.pid(number) {
                    privilege::kill(child);
                }
                say(&socket, &Report::Time(None))?;
            }
            (Order::Used, _) => {
                children.reap_all();
                let time = system::processor_time_of_children();
                say(&socket, &Report::Time(Some(time)))?;
            }
            (Order::Start(_) | Order::Confine(_), _) => {
                return Err(io::Error::other("an order that makes no sense here"));
            }
        }
    }
}

/// The first order may be long. Nothing else is under way before it has been carried out.
fn first_order(socket: &UnixStream) -> io::Result<Option<Order>> {
    let mut line = Vec::new();
    BufReader::with_capacity(1, socket).read_until(b'\n', &mut line)?;
    Ok(serde_json::from_slice(&line).ok())
}

/// Says an order, or reports.
fn say(mut socket: &UnixStream, what: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    socket.write_all(&line)
}

/// What a server is held to, before any of its code has run.
fn confine(wakes: OwnedFd, steps: OwnedFd, processor_s: Option<u64>) -> io::Result<()> {
    system::take_places(wakes, steps)?;
    privilege::die_with_parent()?;
    if let Some(seconds) = processor_s {
        privilege::limit_processor_time(seconds)?;
    }
    privilege::give_up();
    Ok(())
}

/// The servers that were forked.
#[derive(Default)]
struct Children {
    running: BTreeMap<u64, libc::pid_t>,
    /// In the order of their ends.
    ended: VecDeque<(u64, Report)>,
}

impl Children {
    fn add(&mut self, number: u64, child: libc::pid_t) {
        // It may have ended already.
        self.running.insert(number, child);
        self.reap_all();
    }

    fn fail(&mut self, number: u64, error: io::Error) {
        let why = format!("it could not be forked: {error}");
        self.remember(number, Report::Failed(why));
    }

    fn remember(&mut self, number: u64, end: Report) {
        if self.ended.len() == REMEMBERED {
            self.ended.pop_front();
        }
        self.ended.push_back((number, end));
    }

    fn pid(&self, number: u64) -> Option<libc::pid_t> {
        self.running.get(&number).copied()
    }

    /// Reaps whoever has ended.
    fn reap_all(&mut self) {
        while let Some((child, status)) = system::reap_any() {
            let found = self.running.iter().find(|&(_, &pid)| pid == child);
            if let Some((&number, _)) = found {
                self.running.remove(&number);
                self.remember(number, Report::Status(status));
            }
        }
    }

    fn autopsy(&mut self, number: u64) -> Report {
        self.reap_all();
        if self.running.contains_key(&number) {
            return Report::Alive;
        }
        let place = self.ended.iter().rposition(|&(ended, _)| ended == number);
        let known = place.and_then(|place| self.ended.remove(place));
        match known {
            Some((_, end)) => end,
            None => Report::Failed("there was no such server".to_string()),
        }
    }
}
