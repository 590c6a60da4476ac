//! A small echo protocol, servers that speak it, and a run retold as a list of sentences.

#![allow(dead_code)] // each file of tests uses its part

use std::collections::BTreeMap;
use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;
use labrpc::{
    Answer, Call, Context, Delay, Ended, Faults, Happening, LinkFaults, Misstep, Observer,
    Protocol, Record, Rpc, Run, ServerFn, ServerId, Setup, Simulation, Threads, Time,
};
use serde::{Deserialize, Serialize};

/// Every request is a text, and so is every reply.
#[derive(Debug)]
pub struct Echo;

/// The only request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// What it says.
    pub text: String,
}

/// What a server finds in its inbox.
pub enum Event {
    /// A request.
    Asked(Call<Echo, Ask>),
    /// A reply.
    Answered(Answer<Ask, String>),
}

impl Protocol for Echo {
    type Request = Ask;
    type Reply = String;
    type Stable = String;
    type Status = String;
    type Event = Event;

    fn request_event(call: Call<Echo, Ask>) -> Event {
        Event::Asked(call)
    }

    fn reply_event(answer: Answer<Ask, String>) -> Event {
        Event::Answered(answer)
    }

    fn is_answer(_: &Ask, _: &String) -> bool {
        true
    }

    fn request_name(_: &Ask) -> &'static str {
        "Ask"
    }
}

impl Rpc<Echo> for Ask {
    type Reply = String;
}

/// What a server of this protocol sees of the world.
pub type Ctx<'h> = Context<'h, Echo>;
/// Everything that happened.
pub type Trace = Vec<Record<Echo>>;
/// A run in virtual time of which everything is recorded.
pub type Sim = Simulation<Echo, Trace>;
/// A run of which everything is recorded, whatever hosts it.
pub type AnyRun = Box<dyn Run<Echo, Trace>>;

/// The first server.
pub const S0: ServerId = ServerId::new(0);
/// The second server.
pub const S1: ServerId = ServerId::new(1);
/// The third server.
pub const S2: ServerId = ServerId::new(2);
/// The fourth server.
pub const S3: ServerId = ServerId::new(3);

/// The time so many milliseconds after the run began.
pub const fn at(millis: u64) -> Time {
    Time::from_millis(millis)
}

/// So many milliseconds.
pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A reliable link with some other knobs.
pub fn link(change: impl FnOnce(&mut LinkFaults)) -> LinkFaults {
    let mut link = LinkFaults::RELIABLE;
    change(&mut link);
    link
}

/// No faults but these.
pub fn faults(change: impl FnOnce(&mut Faults)) -> Faults {
    let mut faults = Faults::RELIABLE;
    change(&mut faults);
    faults
}

// ---- servers ----

/// This function as a server.
pub fn server(run: impl Fn(&Ctx<'_>) + Send + Sync + 'static) -> ServerFn<Echo> {
    std::sync::Arc::new(run)
}

/// Calls a server.
pub fn ask(ctx: &Ctx<'_>, to: ServerId, text: impl ToString) {
    let text = text.to_string();
    ctx.call(to, Ask { text });
}

/// Answers with the request's own text.
pub fn echo_back(ctx: &Ctx<'_>, call: Call<Echo, Ask>) {
    let text = call.args.text.clone();
    call.reply(ctx, text);
}

/// A server that does this with each request, and nothing with replies.
pub fn serving(
    handle: impl Fn(&Ctx<'_>, Call<Echo, Ask>) + Send + Sync + 'static,
) -> ServerFn<Echo> {
    server(move |ctx| {
        while let Ok(event) = ctx.recv() {
            if let Event::Asked(call) = event {
                handle(ctx, call);
            }
        }
    })
}

/// A server that answers each request with the request's own text.
pub fn echo() -> ServerFn<Echo> {
    serving(echo_back)
}

/// An echo server that also acts by itself, at each of these milliseconds by its own clock. What
/// it does is told which one it is. A restarted server goes on with those still to come.
pub fn planned(
    millis: impl IntoIterator<Item = u64>,
    act: impl Fn(&Ctx<'_>, usize) + Send + Sync + 'static,
) -> ServerFn<Echo> {
    let times: Vec<Time> = millis.into_iter().map(at).collect();
    server(move |ctx| {
        let mut next = times.iter().take_while(|&&time| time < ctx.now()).count();
        loop {
            let deadline = times.get(next).copied().unwrap_or(Time::NEVER);
            match ctx.recv_deadline(deadline) {
                Ok(Event::Asked(call)) => echo_back(ctx, call),
                Ok(Event::Answered(_)) => {}
                Err(RecvTimeoutError::Timeout) => {
                    act(ctx, next);
                    next += 1;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    })
}

/// A server that asks another one, at each of these milliseconds, for the text '0', '1', ...
pub fn asking(to: ServerId, millis: impl IntoIterator<Item = u64>) -> ServerFn<Echo> {
    planned(millis, move |ctx, n| ask(ctx, to, n))
}

// ---- runs ----

/// A run of these servers, none of which has been started.
pub fn setup(servers: Vec<ServerFn<Echo>>, faults: Faults) -> Setup<Echo> {
    Setup {
        servers,
        faults,
        ..Setup::new(0, echo(), "test", 1)
    }
}

/// Starts all servers.
pub fn begin(setup: Setup<Echo>) -> Sim {
    let mut sim = Simulation::new(setup, Vec::new()).unwrap();
    for server in ServerId::all(sim.servers()) {
        sim.start(server).unwrap();
    }
    sim
}

/// A run of these servers, all started. In which order is drawn: what a server sends in its very
/// first step may come too early for another one.
pub fn sim(servers: Vec<ServerFn<Echo>>, faults: Faults) -> Sim {
    begin(setup(servers, faults))
}

/// Lets time pass until so many milliseconds after the run began.
pub fn advance(sim: &mut (impl Run<Echo, Trace> + ?Sized), millis: u64) {
    let done = sim.advance_until(at(millis), &mut |_| false);
    assert_eq!(done, Ok(false));
}

/// Lets time pass until so many sentences contain these words; a minute at most.
pub fn advance_until(sim: &mut (impl Run<Echo, Trace> + ?Sized), count: usize, words: &str) {
    let (mut seen, mut found) = (0, 0);
    let mut done = |trace: &Trace| {
        let new = trace[seen..].iter().map(sentence);
        found += new.filter(|sentence| sentence.contains(words)).count();
        seen = trace.len();
        found >= count
    };
    let limit = sim.now() + Duration::from_secs(60);
    assert_eq!(sim.advance_until(limit, &mut done), Ok(true), "{words}");
}

/// Lets so many milliseconds pass.
pub fn pass(sim: &mut (impl Run<Echo, Trace> + ?Sized), millis: u64) {
    let limit = sim.now() + ms(millis);
    assert_eq!(sim.advance_until(limit, &mut |_| false), Ok(false));
}

/// Lets time pass until a server does what no server may do.
pub fn misstep(sim: &mut (impl Run<Echo, Trace> + ?Sized)) -> Misstep {
    match sim.advance_until(at(60_000), &mut |_| false) {
        Err(Ended::Misstep(misstep)) => *misstep,
        other => panic!("expected a misstep, not {other:?}"),
    }
}

// ---- hosts ----

/// Where a test runs.
pub trait Place {
    /// How long a message must take at least, so that servers may go on answering each other.
    const LEAST_DELAY: Delay;

    /// A run in which no server has been started.
    fn build<O: Observer<Echo> + Send + 'static>(
        setup: Setup<Echo>,
        observer: O,
    ) -> Box<dyn Run<Echo, O>>;

    /// A run of these servers, all started, of which everything is recorded.
    fn sim(servers: Vec<ServerFn<Echo>>, faults: Faults) -> AnyRun {
        let mut run = Self::build(setup(servers, faults), Trace::new());
        for server in ServerId::all(run.servers()) {
            run.start(server).unwrap();
        }
        run
    }
}

/// In virtual time.
pub struct InVirtualTime;

impl Place for InVirtualTime {
    const LEAST_DELAY: Delay = Delay::Constant(Duration::from_micros(1));

    fn build<O: Observer<Echo> + Send + 'static>(
        setup: Setup<Echo>,
        observer: O,
    ) -> Box<dyn Run<Echo, O>> {
        Box::new(Simulation::new(setup, observer).unwrap())
    }
}

/// On threads.
pub struct OnThreads;

impl Place for OnThreads {
    const LEAST_DELAY: Delay = Delay::ZERO;

    fn build<O: Observer<Echo> + Send + 'static>(
        setup: Setup<Echo>,
        observer: O,
    ) -> Box<dyn Run<Echo, O>> {
        Box::new(Threads::new(setup, observer).unwrap())
    }
}

/// A run on threads of which everything is recorded.
pub type OnThread = Threads<Echo, Trace>;

/// Such a run of these servers, all started.
pub fn begin_with(servers: Vec<ServerFn<Echo>>, faults: Faults) -> OnThread {
    let mut run = Threads::new(setup(servers, faults), Trace::new()).unwrap();
    for server in ServerId::all(run.servers()) {
        run.start(server).unwrap();
    }
    run
}

/// A server that does this in its first step, and then answers.
pub fn first(act: impl Fn(&Ctx<'_>) + Send + Sync + 'static) -> ServerFn<Echo> {
    server(move |ctx| {
        act(ctx);
        while let Ok(event) = ctx.recv() {
            if let Event::Asked(call) = event {
                echo_back(ctx, call);
            }
        }
    })
}

/// Runs each of these tests, which are generic over their [`Place`], on both hosts.
#[macro_export]
macro_rules! on_both_hosts {
    ($($test:ident,)*) => {
        mod coroutine {
            $(#[test]
            fn $test() {
                super::$test::<super::InVirtualTime>();
            })*
        }
        mod thread {
            $(#[test]
            fn $test() {
                super::$test::<super::OnThreads>();
            })*
        }
    };
}

// ---- what happened ----

/// A run retold, a sentence for each event: when, in milliseconds, and what. Starts, deadlines and
/// timeouts are left out.
pub fn story(sim: &(impl Run<Echo, Trace> + ?Sized)) -> Vec<String> {
    let told = |r: &&Record<Echo>| {
        use Happening::*;
        !matches!(
            r.what,
            Started { .. } | DeadlineSet { .. } | TimedOut { .. }
        )
    };
    sim.observer().iter().filter(told).map(sentence).collect()
}

/// The sentences about one thing: those that contain these words.
pub fn told(sim: &(impl Run<Echo, Trace> + ?Sized), words: &str) -> Vec<String> {
    let all = sim.observer().iter().map(sentence);
    all.filter(|sentence| sentence.contains(words)).collect()
}

/// The same sentences without their times: what no two runs on threads have in common.
pub fn untimed(sentences: Vec<String>) -> Vec<String> {
    let what = |sentence: &String| sentence.split_once(": ").map(|(_, what)| what.to_string());
    sentences.iter().filter_map(what).collect()
}

/// How many sentences contain these words.
pub fn times(sim: &(impl Run<Echo, Trace> + ?Sized), words: &str) -> usize {
    told(sim, words).len()
}

/// One event as a sentence.
pub fn sentence(record: &Record<Echo>) -> String {
    use Happening::*;
    let millis = |time: Time| time.as_nanos() as f64 / 1e6;
    let what = match &record.what {
        Started { server, stable, .. } => format!("{server} starts from '{stable}'"),
        Crashed { server } => format!("{server} crashes"),
        Sent {
            from, to, request, ..
        } => format!("{from} asks {to} {}", request.text),
        RequestDelivered { to, request, .. } => format!("{to} is asked {}", request.text),
        Replied {
            from, to, reply, ..
        } => format!("{from} answers {to} {reply}"),
        ReplyDelivered { to, reply, .. } => format!("{to} hears {reply}"),
        Dropped { from, to, why, .. } => format!("{from} to {to}: {why}"),
        DeadlineSet { server, deadline } => match deadline {
            Some(deadline) if *deadline != Time::NEVER => {
                format!("{server} waits until {}", millis(*deadline))
            }
            _ => format!("{server} waits for ever"),
        },
        TimedOut { server } => format!("{server} times out"),
        Persisted { server, stable } => format!("{server} persists {stable}"),
        Published { server, status } => format!("{server} shows {status}"),
        Cut { from, to } => format!("{from} to {to} is cut"),
        Healed { from, to } => format!("{from} to {to} is healed"),
        Isolated { server } => format!("{server} is isolated"),
        Rejoined { server } => format!("{server} has rejoined"),
        Noted { note } => note.clone(),
        RuleBroken { finding } => finding.clone(),
    };
    format!("{}: {what}", millis(record.at))
}

/// How long each message took from one server to another, in the order in which they were sent;
/// copies in the order in which they arrived.
pub fn delays(
    sim: &(impl Run<Echo, Trace> + ?Sized),
    from: ServerId,
    to: ServerId,
) -> Vec<Duration> {
    use Happening::*;
    let mut sent = BTreeMap::new();
    let mut delays = Vec::new();
    for record in sim.observer() {
        match record.what {
            Sent { message, .. } | Replied { message, .. } => {
                sent.insert(message, record.at);
            }
            RequestDelivered {
                message,
                from: f,
                to: t,
                ..
            }
            | ReplyDelivered {
                message,
                from: f,
                to: t,
                ..
            } if (f, t) == (from, to) => {
                delays.push((message, record.at - sent[&message]));
            }
            _ => {}
        }
    }
    delays.sort_by_key(|&(message, _)| message);
    delays.into_iter().map(|(_, delay)| delay).collect()
}
