//! What a step costs when each server is a process of its own, and what a start costs. Judge and servers
//! share one core, as in grading: `taskset -c 0 cargo bench -p raftlab --bench process`.

#![allow(clippy::disallowed_methods)] // a benchmark reads the wall clock

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use labrpc::process::{Confinement, Pristine};
use labrpc::{Delay, Faults, Run, ServerId, Setup, Simulation};
use raftapi::{Raft, Server, Timing};
use suite::watch::{Recording, Watch};

const SECOND: Duration = Duration::from_secs(1);

fn servers() -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_raftlab"));
    command.arg("serve");
    let pristine = Pristine::spawn(command, &Confinement::default()).expect("it can be started");
    Server::of_program(Arc::new(pristine)).expect("the reference declares its timing")
}

/// Five servers that have a leader, every event checked.
fn cluster(server: &Server) -> Simulation<Raft, Watch> {
    let watch = Watch::new(server, 5, Recording::Nothing);
    let mut setup = Setup::new(5, server.run.clone(), "bench", 1);
    setup.faults = Faults::RELIABLE.delayed(Delay::Constant(Duration::from_millis(1)));
    let mut run = Simulation::new(setup, watch).expect("these faults make sense");
    for server in ServerId::all(5) {
        run.start(server).expect("it is down");
    }
    run
}

fn advance(run: &mut Simulation<Raft, Watch>, time: Duration) {
    let until = run.now() + time;
    let ended = run.advance_until(until, &mut |_| false);
    ended.expect("nothing is wrong with the reference");
}

fn step(c: &mut Criterion, name: &str, server: &Server) {
    c.bench_function(name, |b| {
        let mut run = cluster(server);
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

fn bench(c: &mut Criterion) {
    let processes = servers();
    step(c, "step_in_process/5_checked", &processes);
    step(c, "step/5_checked", &raft::server(Timing::LAB));
    c.bench_function("start_and_end_in_process/5", |b| {
        b.iter(|| {
            let mut run = cluster(&processes);
            advance(&mut run, Duration::from_millis(1));
        });
    });
}

criterion_group! {
    name = process;
    config = Criterion::default().sample_size(20);
    targets = bench
}
criterion_main!(process);
