//! What a call costs between two servers on threads, on a reliable network without delay, against
//! a bare exchange of messages between two threads over two of the same channels.
//!
//! The two take turns within one run, so that a noisy machine is as noisy for both. At the end come
//! the medians and their ratio.
//!
//! Both have two speeds: while both threads spin for the next message, and while they sleep and
//! have to be woken, which costs more than all else.

#![allow(clippy::disallowed_methods)] // a benchmark reads the wall clock

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use crossbeam_channel::unbounded;
use labrpc::{
    Answer, Call, Context, Faults, Protocol, Rpc, Run, ServerFn, ServerId, Setup, Threads, Time,
};
use serde::{Deserialize, Serialize};

const S0: ServerId = ServerId::new(0);
const S1: ServerId = ServerId::new(1);

/// Every request is a number, and so is every reply.
struct Count;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Number(u64);

enum Event {
    Asked(Call<Count, Number>),
    Answered(Answer<Number, u64>),
}

impl Protocol for Count {
    type Request = Number;
    type Reply = u64;
    type Stable = ();
    type Status = ();
    type Event = Event;

    fn request_event(call: Call<Count, Number>) -> Event {
        Event::Asked(call)
    }

    fn reply_event(answer: Answer<Number, u64>) -> Event {
        Event::Answered(answer)
    }

    fn is_answer(_: &Number, _: &u64) -> bool {
        true
    }

    fn request_name(_: &Number) -> &'static str {
        "Number"
    }
}

impl Rpc<Count> for Number {
    type Reply = u64;
}

/// So many calls, one after the other, by S0. How long they took.
fn thread_call(calls: u64) -> Duration {
    let took = Arc::new(AtomicU64::new(0));
    let result = took.clone();
    let client: ServerFn<Count> = Arc::new(move |ctx: &Context<'_, Count>| {
        let mut began = Instant::now();
        for n in 0..=calls {
            if n == 1 {
                began = Instant::now(); // both threads are awake
            }
            ctx.call(S1, Number(n));
            match ctx.recv() {
                Ok(Event::Answered(answer)) => assert_eq!(answer.reply, n),
                _ => return,
            }
        }
        result.store(began.elapsed().as_nanos() as u64, Ordering::Release);
        ctx.publish(());
        let _ = ctx.recv();
    });
    let server: ServerFn<Count> = Arc::new(|ctx: &Context<'_, Count>| {
        while let Ok(Event::Asked(call)) = ctx.recv() {
            let reply = call.args.0;
            call.reply(ctx, reply);
        }
    });
    let mut setup = Setup::new(0, server.clone(), "bench", 1);
    setup.servers = vec![client, server];
    setup.faults = Faults::RELIABLE;
    let mut run = Threads::new(setup, ()).expect("these faults make sense");
    run.start(S1).expect("it is down");
    run.start(S0).expect("it is down");
    run.advance_until(Time::NEVER, &mut |()| took.load(Ordering::Acquire) > 0)
        .expect("nothing is wrong with these servers");
    Duration::from_nanos(took.load(Ordering::Acquire))
}

/// So many exchanges, one after the other. How long they took.
fn bare_ping_pong(exchanges: u64) -> Duration {
    let (ask, asked) = unbounded::<u64>();
    let (answer, answered) = unbounded::<u64>();
    thread::scope(|scope| {
        scope.spawn(move || {
            while let Ok(n) = asked.recv() {
                answer.send(n).expect("it is waited for");
            }
        });
        let client = scope.spawn(move || {
            let mut began = Instant::now();
            for n in 0..=exchanges {
                if n == 1 {
                    began = Instant::now();
                }
                ask.send(n).expect("it is waited for");
                assert_eq!(answered.recv(), Ok(n));
            }
            began.elapsed()
        });
        client.join().expect("nothing is wrong with it")
    })
}

fn each(c: &mut Criterion) {
    c.bench_function("bare_ping_pong", |b| b.iter_custom(bare_ping_pong));
    c.bench_function("thread_call", |b| b.iter_custom(thread_call));
}

/// The two in turns, and their ratio.
fn ratio(_: &mut Criterion) {
    const BLOCKS: usize = 101;
    const CALLS: u64 = 10_000;
    if std::env::args().any(|arg| arg == "--test") {
        return; // only to see that it runs
    }
    let sorted = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values
    };
    let per_call = |took: Duration| took.as_nanos() as f64 / CALLS as f64;
    let (mut bare, mut calls) = (Vec::new(), Vec::new());
    for _ in 0..BLOCKS {
        bare.push(per_call(bare_ping_pong(CALLS)));
        calls.push(per_call(thread_call(CALLS)));
    }
    let ratios = sorted(bare.iter().zip(&calls).map(|(b, c)| c / b).collect());
    let (bare, calls) = (sorted(bare), sorted(calls));
    println!("{BLOCKS} blocks of {CALLS} each, in turns; ns per call:");
    println!("                 fastest tenth   median   slowest tenth");
    for (name, nanos) in [("bare_ping_pong", &bare), ("thread_call", &calls)] {
        let [low, median, high] = [BLOCKS / 10, BLOCKS / 2, BLOCKS * 9 / 10].map(|n| nanos[n]);
        println!("{name:15} {low:14.0} {median:8.0} {high:15.0}");
    }
    println!(
        "ratio of the medians {:.2}, median of the blocks' ratios {:.2}\n",
        calls[BLOCKS / 2] / bare[BLOCKS / 2],
        ratios[BLOCKS / 2]
    );
}

criterion_group!(benches, ratio, each);
criterion_main!(benches);
