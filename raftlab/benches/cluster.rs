//! What a step costs, an election, and the main job.
//!
//! Times are one core's. A *step* is one server's turn: it is handed a message or its timeout,
//! runs until it waits again, and what it did is done. The machine may be noisy: compare lines of
//! one run.

mod steady;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use labrpc::{Observer, Run, ServerId};
use raftapi::{Raft, Role, Time, Timing};
use suite::part::Part;
use suite::runner::Plan;
use suite::settings::Settings;

use steady::{SECOND, checked, cluster, start, step};

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
    let mut run = cluster(&raft::server(Timing::LAB), 5, seed, Leader::default());
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
    let server = raft::server(Timing::LAB);
    step(c, "step/5", &server, 5, |_, _| ());
    step(c, "step/5_checked", &server, 5, checked);
    step(c, "step/1001", &server, 1001, |_, _| ());
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
