//! A stand-in: to the simulation a server like any other, it hands each wake to a process and does
//! what that says.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::line::NoLine;
use super::program::{Link, Program};
use super::wire::{Done, Ending, LONGEST_LINE, NUMBERS, Said, Told, VERSION};
use crate::letter::ANSWERABLE;
use crate::panics::{self, MOST_ACTIONS};
use crate::protocol::Ticket;
use crate::{Action, Ahead, Context, Foresight, Protocol, ServerFn, Time, What};

/// A server whose code runs in processes of this program.
///
/// What goes wrong with a process is the server's misstep: it ends, breaks the protocol, or does not come
/// back. How long it may think is its program's affair, in processor time; one that sleeps is found to.
pub fn remote<P: Protocol>(program: Arc<dyn Program>) -> ServerFn<P> {
    Arc::new(move |ctx| {
        if let Err(what) = run(ctx, &*program) {
            panics::fail(what);
        }
    })
}

/// What the servers of this program declare.
///
/// # Errors
///
/// When it cannot be started, or says nothing that makes sense: how it ended, in words.
pub fn describe<P: Protocol>(program: &dyn Program) -> Result<serde_json::Value, What> {
    let link = program.start().map_err(unavailable)?;
    let mut process = Process::<P>::new(link);
    process.tell(&Told::Describe {})?;
    match process.hear()? {
        Said::About(about) => Ok(about),
        Said::Ended { how, .. } => Err(ended(how)),
        _ => Err(What::Garbled(
            "it does not say what it declares".to_string(),
        )),
    }
}

fn unavailable(error: io::Error) -> What {
    What::Unavailable(error.to_string())
}

fn run<P: Protocol>(ctx: &Context<'_, P>, program: &dyn Program) -> Result<(), What> {
    let host = ctx.host;
    let link = program.start().map_err(unavailable)?;
    let process = Rc::new(RefCell::new(Process::new(link)));
    process.borrow_mut().tell(&Told::Start {
        protocol: VERSION,
        me: ctx.me(),
        servers: ctx.cluster_size(),
        now: host.now(),
        stable: ctx.restore(),
    })?;
    if program.may_be_told_ahead() {
        host.foresee(process.clone());
    }
    loop {
        let Some(until) = process.borrow_mut().step(ctx)? else {
            return Ok(());
        };
        let wake = host.wait(until);
        let now = host.now();
        let mut process = process.borrow_mut();
        let Some(ahead) = wake.as_ahead() else {
            return process.end(now);
        };
        if matches!(ahead, Ahead::Request(..)) {
            process.was_handed_a_request();
        }
        match process.told_ahead {
            0 => process.tell_wake(now, ahead)?,
            _ => process.told_ahead -= 1,
        }
    }
}

/// Tells the process ahead. What goes wrong is found when it is to answer.
impl<P: Protocol> Foresight<P> for RefCell<Process<P>> {
    fn tell(&self, now: Time, ahead: Ahead<'_, P>) {
        let mut process = self.borrow_mut();
        process.told_ahead += 1;
        if let Err(what) = process.tell_wake(now, ahead) {
            process.failed.get_or_insert(what);
        }
    }
}

/// After so long without an answer it is looked what the process does.
const LOOK: Duration = Duration::from_secs(1);
/// A process that uses no processor time for so many looks sleeps, however loaded the machine is.
const ASLEEP: u32 = 5;
/// The same where it is not known how much it uses.
const PATIENCE: u32 = 60;

/// More requests for random numbers than this within one step are a loop that never waits.
const MOST_DRAWS: u32 = 10_000;

/// A server's process, and what it may do.
struct Process<P: Protocol> {
    link: Link,
    /// The requests that it was told of and has not answered, as far as it can.
    calls: BTreeMap<u64, (Ticket, P::Request)>,
    next_call: u64,
    /// How many requests it was handed: those that it was told ahead of are not, before their turn.
    handed: u64,
    /// How much it has been told before its turn.
    told_ahead: u32,
    /// What went wrong with that.
    failed: Option<What>,
}

impl<P: Protocol> Process<P> {
    fn new(link: Link) -> Self {
        Process {
            link,
            calls: BTreeMap::new(),
            next_call: 0,
            handed: 0,
            told_ahead: 0,
            failed: None,
        }
    }

    /// Tells it what it is handed at this time by its clock.
    fn tell_wake(&mut self, now: Time, ahead: Ahead<'_, P>) -> Result<(), What> {
        let told = match ahead {
            Ahead::Request(from, ticket, args) => Told::Request {
                now,
                from,
                call: self.number(ticket, args),
                args: args.clone(),
            },
            Ahead::Reply(from, request, reply) => Told::Reply {
                now,
                from,
                request: request.clone(),
                reply: reply.clone(),
            },
            Ahead::Timeout => Told::Timeout { now },
        };
        self.tell(&told)
    }

    /// Kills it, as servers are killed: it is told, and ends. It may end as it likes, but end it must.
    fn end(&mut self, now: Time) -> Result<(), What> {
        let ended = self.tell(&Told::Killed { now }).and_then(|()| {
            // What it was told before comes first.
            let mut before = self.told_ahead;
            for _ in 0..MOST_DRAWS {
                match self.hear()? {
                    Said::Draw {} => self.tell(&Told::Random {
                        numbers: vec![0; NUMBERS],
                    })?,
                    Said::Step { .. } if before > 0 => before -= 1,
                    _ => return Ok(()),
                }
            }
            self.link.life.kill();
            Err(What::Hung)
        });
        match ended {
            Err(What::Hung) => Err(What::Hung),
            _ => Ok(()),
        }
    }

    /// Gives a request a number to answer it by.
    fn number(&mut self, ticket: Ticket, request: &P::Request) -> u64 {
        let number = self.next_call;
        self.next_call += 1;
        self.calls.insert(number, (ticket, request.clone()));
        number
    }

    fn was_handed_a_request(&mut self) {
        self.handed += 1;
        if let Some(old) = self.handed.checked_sub(ANSWERABLE as u64 + 1) {
            self.calls.remove(&old);
        }
    }

    /// Whether an answer changes nothing any more: as many others have come since as its host remembers.
    fn can_no_longer_answer(&self, call: u64) -> bool {
        call.saturating_add(ANSWERABLE as u64) < self.handed
    }

    /// Hears a step. Until when the server waits; nothing, if it has ended.
    fn step(&mut self, ctx: &Context<'_, P>) -> Result<Option<Option<Time>>, What> {
        if let Some(what) = self.failed.take() {
            return Err(what);
        }
        let mut draws = 0;
        loop {
            match self.hear()? {
                Said::Step { done, until } => {
                    self.perform(ctx, done)?;
                    return Ok(Some(until));
                }
                Said::Draw {} if draws == MOST_DRAWS => {
                    let how = format!("it asked for random numbers {draws} times in one step");
                    return Err(self.garbled(&how));
                }
                Said::Draw {} => {
                    draws += 1;
                    let numbers = (0..NUMBERS).map(|_| ctx.draw()).collect();
                    self.tell(&Told::Random { numbers })?;
                }
                Said::Ended { done, how } => {
                    self.perform(ctx, done)?;
                    return match how {
                        Ending::Returned => Ok(None),
                        how => Err(ended(how)),
                    };
                }
                Said::About(_) => return Err(self.garbled("it was not asked what it declares")),
            }
        }
    }

    fn perform(&mut self, ctx: &Context<'_, P>, done: Vec<Done<P>>) -> Result<(), What> {
        if done.len() > MOST_ACTIONS {
            return Err(What::Flooded(done.len()));
        }
        for done in done {
            match done {
                Done::Call(to, _) if to.index() >= ctx.cluster_size() => {
                    return Err(self.garbled(&format!("it calls {to}, and there is no {to}")));
                }
                Done::Call(to, request) => ctx.host.act(Action::Call(to, request)),
                Done::Answer(call, reply) => {
                    if self.can_no_longer_answer(call) {
                        ctx.host.act(Action::Reply(Ticket::OF_NOTHING, reply));
                        continue;
                    }
                    let Some((ticket, request)) = self.calls.remove(&call) else {
                        return Err(self.garbled(&format!(
                            "it answers call {call}, which it was not handed or has answered"
                        )));
                    };
                    if !P::is_answer(&request, &reply) {
                        let name = P::request_name(&request);
                        return Err(
                            self.garbled(&format!("it answers a {name} with another's reply"))
                        );
                    }
                    ctx.host.act(Action::Reply(ticket, reply));
                }
                Done::Persist(stable) => ctx.persist(&stable),
                Done::Publish(status) => ctx.publish(status),
            }
        }
        Ok(())
    }

    fn tell(&mut self, told: &Told<P>) -> Result<(), What> {
        let wakes = &mut self.link.wakes;
        wakes
            .add(told)
            .expect("what is told can be written as JSON");
        match wakes.is_full() {
            true => self.send(),
            false => Ok(()),
        }
    }

    fn send(&mut self) -> Result<(), What> {
        let mut watch = Watch::default();
        loop {
            match self.link.wakes.send(Some(LOOK)) {
                Ok(true) => return Ok(()),
                Ok(false) => watch.look(&mut self.link)?,
                Err(_) => return Err(self.died()),
            }
        }
    }

    fn hear(&mut self) -> Result<Said<P>, What> {
        if !self.link.steps.has_line() {
            self.send()?;
        }
        let mut watch = Watch::default();
        loop {
            match self.link.steps.read(Some(LOOK)) {
                Ok(line) => {
                    let parsed = serde_json::from_slice(line).map_err(|error| {
                        format!("it says what is not understood, {}: {error}", excerpt(line))
                    });
                    return match parsed {
                        Ok(_) if self.told_ahead == 0 && self.link.steps.has_more() => {
                            Err(self.garbled("it says more than it was asked"))
                        }
                        Ok(said) => Ok(said),
                        Err(how) => Err(self.garbled(&how)),
                    };
                }
                Err(NoLine::NotYet) => watch.look(&mut self.link)?,
                Err(NoLine::Ended) => return Err(self.died()),
                Err(NoLine::TooLong) => {
                    return Err(
                        self.garbled(&format!("it says a line of more than {LONGEST_LINE} bytes"))
                    );
                }
                Err(NoLine::Failed(error)) => {
                    return Err(What::Unavailable(format!("it cannot be heard: {error}")));
                }
            }
        }
    }

    fn died(&mut self) -> What {
        match self.link.life.autopsy() {
            Some(autopsy) if autopsy.out_of_time => What::Hung,
            Some(autopsy) => What::Died(autopsy.how),
            None => self.garbled("it closed descriptor 0 or 3, and did not end"),
        }
    }

    /// It is killed: what it goes on to say would be answers to other questions.
    fn garbled(&mut self, how: &str) -> What {
        self.link.life.kill();
        What::Garbled(how.to_string())
    }
}

fn ended(how: Ending) -> What {
    match how {
        Ending::Returned => What::Returned,
        Ending::Panicked(message) => What::Panicked(shortened(message)),
        Ending::Overflowed => What::StackOverflow,
        Ending::Flooded(actions) => What::Flooded(actions),
    }
}

/// A panic's message is a server's own: it is not repeated at any length.
fn shortened(mut message: String) -> String {
    const LONGEST: usize = 2000;
    if message.len() > LONGEST {
        let end = (0..=LONGEST).rfind(|&end| message.is_char_boundary(end));
        message.truncate(end.unwrap_or(0));
        message.push_str(" ...");
    }
    message
}

/// The beginning of a line that makes no sense.
fn excerpt(line: &[u8]) -> String {
    const LONGEST: usize = 60;
    let text = String::from_utf8_lossy(&line[..line.len().min(LONGEST)]);
    format!("{text:?}")
}

/// Looks after a process that does not answer.
#[derive(Default)]
struct Watch {
    looks: u32,
    used: Option<Duration>,
}

impl Watch {
    fn look(&mut self, link: &mut Link) -> Result<(), What> {
        let used = link.life.processor_time();
        if used.is_some() && used != self.used {
            self.looks = 0; // it does something
        }
        self.used = used;
        self.looks += 1;
        let patience = if used.is_some() { ASLEEP } else { PATIENCE };
        if self.looks <= patience {
            return Ok(());
        }
        link.life.kill();
        Err(What::Hung)
    }
}
