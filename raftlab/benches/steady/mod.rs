//! A cluster in its steady state, and what a step of it costs.

#![allow(dead_code)] // not every benchmark needs all of it
#![allow(clippy::disallowed_methods)] // a benchmark reads the wall clock

use std::time::{Duration, Instant};

use criterion::Criterion;
use labrpc::{Delay, Faults, Observer, Run, ServerId, Setup, Simulation};
use raftapi::{Raft, Server};
use suite::watch::{Recording, Watch};

/// A second of virtual time.
pub const SECOND: Duration = Duration::from_secs(1);

/// A cluster of this server with 1 ms of latency, not started yet.
pub fn cluster<O: Observer<Raft>>(
    server: &Server,
    servers: usize,
    seed: u64,
    observer: O,
) -> Simulation<Raft, O> {
    let mut setup = Setup::new(servers, server.run.clone(), "bench", seed);
    setup.faults = Faults::RELIABLE.delayed(Delay::Constant(Duration::from_millis(1)));
    Simulation::new(setup, observer).expect("these faults make sense")
}

/// Starts all servers.
pub fn start<O: Observer<Raft>>(run: &mut Simulation<Raft, O>) {
    for server in ServerId::all(run.servers()) {
        run.start(server).expect("it is down");
    }
}

/// Lets time pass.
pub fn advance<O: Observer<Raft>>(run: &mut Simulation<Raft, O>, time: Duration) {
    let until = run.now() + time;
    let ended = run.advance_until(until, &mut |_| false);
    ended.expect("nothing is wrong with the reference");
}

/// The steady state: a leader, its heartbeats, their answers.
pub fn step<O: Observer<Raft>>(
    c: &mut Criterion,
    name: &str,
    server: &Server,
    servers: usize,
    observer: fn(&Server, usize) -> O,
) {
    c.bench_function(name, |b| {
        let mut run = cluster(server, servers, 1, observer(server, servers));
        start(&mut run);
        advance(&mut run, 10 * SECOND);
        b.iter_custom(|steps| {
            let before = run.steps();
            let began = Instant::now();
            while run.steps() - before < steps {
                advance(&mut run, SECOND);
            }
            let took = began.elapsed().as_secs_f64();
            Duration::from_secs_f64(took * steps as f64 / (run.steps() - before) as f64)
        });
    });
}

/// Who checks every event and writes down nothing.
pub fn checked(server: &Server, servers: usize) -> Watch {
    Watch::new(server, servers, Recording::Nothing)
}
