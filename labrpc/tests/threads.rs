//! What is special about servers on threads.

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use common::*;
use crossbeam_channel::RecvTimeoutError;
use labrpc::{
    ActionKind, Cause, Ended, Faults, Happening, Misstep, Run, ServerFaults, ServerFn, ServerId,
    Threads, Time, What, speaking,
};

/// Ends the run if a server's misstep has not; what the misstep was.
fn found(bad: ServerFn<Echo>) -> Misstep {
    let mut run = begin_with(vec![first(|ctx| ask(ctx, S1, "x")), bad], Faults::RELIABLE);
    let found = misstep(&mut run);
    assert_eq!(misstep(&mut run), found, "the run stays ended");
    assert_eq!(
        run.finish(),
        Err(Ended::Misstep(Box::new(found.clone()))),
        "and all threads end"
    );
    found
}

const ASKED: Cause = Cause::Request("Ask", S0);

/// This process's threads that are called this.
#[cfg(target_os = "linux")]
fn threads_called(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|found| found.trim_end() == name).count()
}

/// Whether no thread of this name is left. One that has been joined may be listed for a moment
/// longer, until the kernel has cleared it away.
#[cfg(target_os = "linux")]
fn none_is_left(name: &str) -> bool {
    (0..10_000).any(|_| {
        std::thread::yield_now();
        threads_called(name) == 0
    })
}

#[cfg(target_os = "linux")]
#[test]
fn a_thousand_crashes_and_restarts_leave_no_thread_behind() {
    // The other tests of this process have no server S7.
    const S7: ServerId = ServerId::new(7);
    let mut run = begin_with(vec![echo(); 8], Faults::RELIABLE);
    for n in 0..1000 {
        match n % 2 {
            0 => run.crash(S7).unwrap(),
            _ => {
                run.crash_after(S7, ActionKind::Publish, 1).unwrap();
                run.crash(S7).unwrap();
            }
        }
        assert!(none_is_left("S7"), "it has been joined");
        run.start(S7).unwrap();
    }
    advance_until(&mut run, 1001, "S7 starts");
    run.finish().unwrap();
    assert!(none_is_left("S7"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_is_dropped_leaves_no_thread_behind() {
    let run = begin_with(vec![echo(); 10], Faults::RELIABLE);
    drop(run);
    assert!(none_is_left("S9"));
}

#[test]
fn each_server_is_a_thread_of_its_name() {
    let telling = || {
        first(|ctx| {
            let thread = std::thread::current();
            ctx.publish(thread.name().unwrap_or_default().to_string());
        })
    };
    let mut run = begin_with(vec![telling(), telling()], Faults::RELIABLE);
    advance_until(&mut run, 2, "shows");
    let shown: BTreeSet<_> = untimed(told(&run, "shows")).into_iter().collect();
    assert!(shown.into_iter().eq(["S0 shows S0", "S1 shows S1"]));
}

// ---- missteps ----

#[test]
fn a_panic_is_found_with_its_message_and_place_and_whose_it_is() {
    let found = found(serving(|ctx, _| panic!("{} is out of its depth", ctx.me())));
    assert_eq!((found.server, found.cause), (S1, ASKED));
    let What::Panicked(message) = &found.what else {
        panic!("{found:?}")
    };
    let beginning = concat!("S1 is out of its depth (", file!(), ":");
    assert!(message.starts_with(beginning), "{message}");
}

#[test]
fn a_server_that_returns_is_found() {
    let found = found(server(|ctx| {
        let _ = ctx.recv();
    }));
    let expected = (S1, ASKED, What::Returned);
    assert_eq!((found.server, found.cause, found.what), expected);
}

#[test]
fn a_server_that_never_waits_floods() {
    let found = found(serving(|ctx, _| {
        loop {
            ask(ctx, S0, "x");
        }
    }));
    let expected = (S1, ASKED, What::Flooded(100_000));
    assert_eq!((found.server, found.cause, found.what), expected);
}

#[test]
fn a_server_whose_deadline_is_always_in_the_past_spins() {
    let found = found(server(|ctx| {
        while !matches!(
            ctx.recv_deadline(Time::ZERO),
            Err(RecvTimeoutError::Disconnected)
        ) {}
    }));
    assert_eq!((found.server, found.cause), (S1, Cause::Timeout));
    assert_eq!(found.what, What::Spun(100_000));
}

#[test]
fn a_server_that_does_not_come_back_is_given_up() {
    let free = Arc::new(AtomicBool::new(false));
    let (stuck, acted) = (free.clone(), Arc::new(AtomicU32::new(0)));
    let acts = acted.clone();
    let hanging = serving(move |ctx, call| {
        while !stuck.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        echo_back(ctx, call);
        acts.store(1, Ordering::Release);
    });
    let client = first(|ctx| ask(ctx, S1, "x"));
    let mut run = begin_with(vec![client, hanging], Faults::RELIABLE);
    run.set_patience(ms(50));
    advance_until(&mut run, 1, "S1 is asked");
    run.crash(S1).unwrap();
    let found = misstep(&mut run);
    let expected = (S1, ASKED, What::Hung);
    assert_eq!((found.server, found.cause, found.what.clone()), expected);
    assert_eq!(run.finish(), Err(Ended::Misstep(Box::new(found))));
    // It comes back after all. Until the run is dropped, its action waits for the lock.
    drop(run);
    free.store(true, Ordering::Relaxed);
    while acted.load(Ordering::Acquire) == 0 {
        std::thread::yield_now();
    }
}

#[test]
fn a_server_that_does_not_return_when_the_run_is_finished_is_found() {
    let free = Arc::new(AtomicBool::new(false));
    let stuck = free.clone();
    let stubborn = server(move |ctx| {
        while ctx.recv().is_ok() {}
        while !stuck.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
    });
    let mut run = begin_with(vec![echo(), stubborn], Faults::RELIABLE);
    run.set_patience(ms(200));
    pass(&mut run, 100);
    let Err(Ended::Misstep(found)) = run.finish() else {
        panic!("it hangs")
    };
    assert_eq!((found.server, found.what), (S1, What::Hung));
    free.store(true, Ordering::Relaxed);
}

#[test]
fn a_killed_server_that_waits_again_is_unwound() {
    struct Sign(Arc<AtomicU32>);
    impl Drop for Sign {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let dropped = Arc::new(AtomicU32::new(0));
    let sign = dropped.clone();
    let endless = server(move |ctx| {
        let _sign = Sign(sign.clone());
        loop {
            let _ = ctx.recv();
        }
    });
    let mut run = begin_with(vec![endless], Faults::RELIABLE);
    advance_until(&mut run, 1, "starts");
    pass(&mut run, 100);
    run.crash(S0).unwrap();
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
    assert_eq!(run.finish(), Ok(()));
}

// ---- clocks and speakers ----

#[test]
fn a_servers_clock_runs_at_its_rate_and_its_deadlines_with_it() {
    let telling = planned([1000], |ctx, _| ctx.publish(ctx.now().to_string()));
    let fast = faults(|f| f.server.clock_rate = 10.0);
    let mut run = begin_with(vec![telling.clone()], fast);
    advance_until(&mut run, 1, "shows");
    let shown = |run: &OnThread| {
        let shows = |r: &&labrpc::Record<Echo>| matches!(r.what, Happening::Published { .. });
        run.observer().iter().find(shows).unwrap().at
    };
    assert!(shown(&run) >= at(100));

    // A server that waits for an hour learns of its new clock.
    let waiting = planned([3_600_000], |ctx, _| ctx.publish("late".to_string()));
    let slow = faults(|f| f.server.clock_rate = 0.1);
    let mut run = begin_with(vec![waiting], slow);
    advance_until(&mut run, 1, "waits until");
    run.set_server(
        S0,
        ServerFaults {
            clock_rate: 1.0,
            ..ServerFaults::IDEAL
        },
    )
    .unwrap();
    advance_until(&mut run, 2, "waits until");
    let deadlines: Vec<_> = run
        .observer()
        .iter()
        .filter_map(|r| match r.what {
            Happening::DeadlineSet { deadline, .. } => deadline,
            _ => None,
        })
        .collect();
    assert!(deadlines[0] >= at(36_000_000) && deadlines[1] < at(3_600_000 + 60_000));
}

#[test]
fn whoever_speaks_is_known_when_the_run_is_narrated() {
    for narrate in [true, false] {
        let speaker = first(|ctx| {
            let speaks = speaking().map(|(server, _)| server);
            ctx.publish(format!("{speaks:?}"));
        });
        let mut setup = setup(vec![echo(), speaker], Faults::RELIABLE);
        setup.narrate = narrate;
        let mut run = Threads::new(setup, Trace::new()).unwrap();
        run.start(S1).unwrap();
        advance_until(&mut run, 1, "shows");
        let shown = if narrate {
            "S1 shows Some(S1)"
        } else {
            "S1 shows None"
        };
        assert_eq!(untimed(told(&run, "shows")), [shown]);
    }
}

// ---- the director ----

#[test]
fn the_run_stands_still_between_two_calls_of_its_director() {
    let busy = first(|ctx| ask(ctx, S1, "x"));
    let mut run = begin_with(
        vec![
            busy,
            serving(|ctx, call| {
                echo_back(ctx, call);
                ask(ctx, S0, "y");
            }),
        ],
        Faults::RELIABLE,
    );
    let before = (run.observer().len(), run.steps());
    let now = run.now();
    while run.now() < now + ms(20) {
        std::thread::yield_now();
    }
    assert_eq!((run.observer().len(), run.steps()), before);
    advance_until(&mut run, 1, "hears");
}
