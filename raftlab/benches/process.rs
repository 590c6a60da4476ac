//! What a step costs when each server is a process of its own, and what a start costs. Judge and servers
//! share one core, as in grading: `taskset -c 0 cargo bench -p raftlab --bench process`.

mod steady;

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use labrpc::process::{Confinement, Pristine};
use raftapi::{Server, Timing};

use steady::{advance, checked, cluster, start, step};

/// The reference in processes.
fn servers() -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_raftlab"));
    command.arg("serve");
    let pristine = Pristine::spawn(command, &Confinement::default()).expect("it can be started");
    Server::of_program(Arc::new(pristine)).expect("the reference declares its timing")
}

fn bench(c: &mut Criterion) {
    let processes = servers();
    step(c, "step_in_process/5_checked", &processes, 5, checked);
    step(c, "step/5_checked", &raft::server(Timing::LAB), 5, checked);
    c.bench_function("start_and_end_in_process/5", |b| {
        b.iter(|| {
            let mut run = cluster(&processes, 5, 1, checked(&processes, 5));
            start(&mut run);
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
