//! What a step costs, an election, and the main job.
//!
//! Times are one core's. A *step* is one server's turn: it is handed a message or its timeout,
//! runs until it waits again, and what it did is done. The machine may be noisy: compare lines of
//! one run.

#![allow(clippy::disallowed_methods)] // a benchmark reads the wall clock

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use labrpc::{Delay, Faults, Observer, Run, ServerId, Setup, Simulation};
use raftapi::{Raft, Role, Time, Timing};
use suite::part::Part;
use suite::runner::Plan;
use suite::settings::Settings;
use suite::watch::{Recording, Watch};

const SECOND: Duration = Duration::from_secs(1);

/// A reference cluster with `LAB` timing and 1 ms of latency, not started yet.
fn cluster<O: Observer<Raft>>(servers: usize, seed: u64, observer: O) -> Simulation<Raft, O> {
    let mut setup = Setup::new(servers, raft::server(Timing::LAB).run, "bench", seed);
    setup.faults = Faults::RELIABLE.delayed(Delay::Constant(Duration::from_millis(1)));
    Simulation::new(setup, observer).expect("these faults make sense")
}

fn start<O: Observer<Raft>>(run: &mut Simulation<Raft, O>) {
    for server in ServerId::all(run.servers()) {
        run.start(server).expect("it is down");
    }
}

fn advance<O: Observer<Raft>>(run: &mut Simulation<Raft, O>, time: Duration) {
    let until = run.now() + time;
    let ended = run.advance_until(until, &mut |_| false);
    ended.expect("nothing is wrong with the reference");
}

/// The steady state: a leader, its heartbeats, their answers.
fn step<O: Observer<Raft>>(
    c: &mut Criterion,
    name: &str,
    servers: usize,
    observer: fn(usize) -> O,
) {
    c.bench_function(name, |b| {
        let mut run = cluster(servers, 1, observer(servers));
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

/// Finds the leader, as cheaply as can be.
#[derive(Default)]
struct Leader(Option<ServerId>);

impl Observer<Raft> for Leader {
    fn observe(
        &mut self,
        _: Time,
        _: u64,
        seen: labrpc::Seen<'_, Raft>,
    ) -> std::ops::ControlFlow<()> {
        if let labrpc::Happening::Published { server, status } = seen
            && status.role == Role::Leader
        {
            self.0 = Some(server);
        }
        std::ops::ControlFlow::Continue(())
    }
}

/// Builds a cluster, elects, crashes the leader, elects, and drops it.
fn crash_and_reelect(seed: u64) -> Option<ServerId> {
    let mut run = cluster(5, seed, Leader::default());
    start(&mut run);
    let elected = &mut |leader: &Leader| leader.0.is_some();
    let limit = Time::ZERO + 60 * SECOND;
    run.advance_until(limit, elected).expect("the run goes on");
    let leader = run.observer_mut().0.take().expect("somebody is elected");
    run.crash(leader).expect("it is up");
    run.advance_until(limit, elected).expect("the run goes on");
    run.observer().0
}

fn benches(c: &mut Criterion) {
    step(c, "step/5", 5, |_| ());
    step(c, "step/5_checked", 5, |servers| {
        Watch::new(&raft::server(Timing::LAB), servers, Recording::Nothing)
    });
    step(c, "step/1001", 1001, |_| ());
    let mut seed = 0;
    c.bench_function("crash_and_reelect/5", |b| {
        b.iter(|| {
            seed += 1;
            black_box(crash_and_reelect(seed))
        });
    });
    let mut group = c.benchmark_group("main_job");
    group.sample_size(10);
    group.bench_function("3_tests_x_1000_seeds/2_threads", |b| {
        let mut tests = suite::all();
        tests.retain(|test| test.part == Part::Classic);
        let plan = Plan {
            seeds: Some(1000),
            jobs: 2,
            watchdog: None,
            ..Plan::of(&raft::server(Timing::LAB), tests, &Settings::default())
        };
        b.iter(|| {
            let tested = plan.run(|_, _| ());
            assert!(tested.iter().all(|test| test.failed == 0));
        });
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
