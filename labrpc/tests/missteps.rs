//! What no server may do, and what may happen to a server that is killed.

mod common;

use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use common::*;
use crossbeam_channel::RecvTimeoutError;
use labrpc::{Cause, Delay, Ended, Faults, Misstep, Pulse, Run, ServerFn, Time, What};

/// A server that does this when it is asked something.
fn when_asked(act: impl Fn(&Ctx<'_>) + Send + Sync + 'static) -> ServerFn<Echo> {
    serving(move |ctx, _| act(ctx))
}

/// What S1 does wrong when S0 asks it, 11 ms after the run began.
fn found(bad: ServerFn<Echo>) -> Misstep {
    misstep(&mut sim(vec![asking(S1, [11]), bad], Faults::RELIABLE))
}

fn blames(server: labrpc::ServerId, at: Time, cause: Cause, found: &Misstep) {
    assert_eq!((found.server, found.at, found.cause), (server, at, cause));
}

const ASKED: Cause = Cause::Request("Ask", S0);

#[test]
fn a_panic_is_found_with_its_message_and_place_and_whose_it_is_and_when() {
    let found = found(when_asked(|ctx| panic!("{} is out of its depth", ctx.me())));
    blames(S1, at(11), ASKED, &found);
    assert_eq!(found.step, 3, "two starts and a timeout came before");
    let What::Panicked(message) = &found.what else {
        panic!("{found:?}")
    };
    let beginning = concat!("S1 is out of its depth (", file!(), ":");
    assert!(message.starts_with(beginning), "{message}");
    let sentence = found.to_string();
    let beginning = "S1 panicked at 0.011 s, after a Ask from S0: S1 is out of its depth (";
    assert!(sentence.starts_with(beginning), "{sentence}");
}

#[test]
fn a_panic_is_found_whatever_the_server_was_handed() {
    let at_start = server(|_| panic!("boom"));
    let at_timeout = planned([5], |_, _| panic!("boom"));
    let at_reply = server(|ctx| {
        let _ = ctx.recv_deadline(at(5));
        ask(ctx, S0, "x");
        ctx.recv().map(|_| panic!("boom")).unwrap()
    });
    for (bad, millis, cause, words) in [
        (at_start, 0, Cause::Start, "when it was started"),
        (at_timeout, 5, Cause::Timeout, "after its deadline passed"),
        (
            at_reply,
            5,
            Cause::Reply("Ask", S0),
            "after a Ask reply from S0",
        ),
    ] {
        let found = misstep(&mut sim(vec![echo(), bad], Faults::RELIABLE));
        blames(S1, at(millis), cause, &found);
        assert!(found.to_string().contains(words), "{found}");
    }
}

#[test]
fn what_a_server_did_before_it_panicked_has_happened() {
    let bad = when_asked(|ctx| {
        ctx.persist(&"x".to_string());
        panic!("boom");
    });
    let mut sim = sim(vec![asking(S1, [1]), bad], Faults::RELIABLE);
    misstep(&mut sim);
    assert_eq!(told(&sim, "persists"), ["1: S1 persists x"]);
}

#[test]
fn a_run_that_a_misstep_has_ended_stays_ended() {
    let mut sim = sim(
        vec![asking(S1, [1]), when_asked(|_| panic!("boom"))],
        Faults::RELIABLE,
    );
    let found = misstep(&mut sim);
    assert_eq!(misstep(&mut sim), found);
    assert_eq!(sim.now(), at(1));
    assert_eq!(sim.finish(), Err(Ended::Misstep(Box::new(found))));
}

#[test]
fn a_server_that_returns_is_found() {
    let found = found(server(|ctx| {
        let _ = ctx.recv();
    }));
    blames(S1, at(11), ASKED, &found);
    assert_eq!(found.what, What::Returned);
    assert_eq!(
        found.to_string(),
        "S1 returned at 0.011 s, after a Ask from S0, although nobody had killed it"
    );
}

#[test]
fn a_server_whose_deadline_is_always_in_the_past_spins() {
    let found = found(server(|ctx| {
        while !matches!(
            ctx.recv_deadline(at(3)),
            Err(RecvTimeoutError::Disconnected)
        ) {}
    }));
    blames(S1, at(3), Cause::Timeout, &found);
    assert!(matches!(found.what, What::Spun(10_000..)), "{found:?}");
}

#[test]
fn servers_that_answer_each_message_with_another_at_once_spin() {
    let ping_pong = || {
        server(|ctx| {
            let mut deadline = at(11);
            loop {
                match ctx.recv_deadline(deadline) {
                    Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) => {
                        ctx.peers().for_each(|peer| ask(ctx, peer, "ping"))
                    }
                    Ok(Event::Asked(call)) => ask(ctx, call.from, "pong"),
                    Ok(Event::Answered(_)) => {}
                }
                deadline = Time::NEVER;
            }
        })
    };
    let found = misstep(&mut sim(vec![ping_pong(), ping_pong()], Faults::RELIABLE));
    assert_eq!(found.at, at(11));
    assert!(matches!(found.what, What::Spun(10_000..)), "{found:?}");
    // With a delay of a microsecond that is a lively conversation.
    let microsecond = Delay::Constant(std::time::Duration::from_micros(1));
    let faults = Faults::RELIABLE.delayed(microsecond);
    let mut sim = sim(vec![ping_pong(), ping_pong()], faults);
    let limit = at(11) + ms(20);
    assert_eq!(sim.advance_until(limit, &mut |_| false), Ok(false));
}

#[test]
fn a_server_that_sends_in_a_loop_that_never_waits_floods() {
    let found = found(when_asked(|ctx| {
        loop {
            ask(ctx, S0, "again");
        }
    }));
    blames(S1, at(11), ASKED, &found);
    assert!(matches!(found.what, What::Flooded(100_000)), "{found:?}");
}

/// Adds up the numbers to `n`, in a way that needs a stack frame for each number.
#[inline(never)]
fn recurse(n: u64) -> u64 {
    let here = black_box([n; 8]);
    let sum = if black_box(n) == 0 { 0 } else { recurse(n - 1) };
    sum + black_box(here)[0]
}

#[test]
#[cfg(all(
    any(target_os = "linux", target_os = "macos"),
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
fn a_stack_overflow_is_found_and_other_runs_go_on_in_the_same_thread() {
    let mut healthy = sim(vec![asking(S1, [1, 11]), echo()], Faults::RELIABLE);
    advance(&mut healthy, 10);
    for _ in 0..3 {
        let found = found(when_asked(|ctx| {
            ask(ctx, S0, recurse(10));
            ask(ctx, S0, recurse(u64::MAX));
        }));
        blames(S1, at(11), ASKED, &found);
        assert_eq!(found.what, What::StackOverflow);
        let mut other = sim(vec![asking(S1, [1]), echo()], Faults::RELIABLE);
        advance(&mut other, 10);
        assert_eq!(told(&other, "hears"), ["1: S0 hears 0"]);
    }
    advance(&mut healthy, 20);
    assert_eq!(told(&healthy, "hears"), ["1: S0 hears 0", "11: S0 hears 1"]);
}

#[test]
fn a_deep_stack_that_does_not_overflow_is_nobody_s_business() {
    let deep = when_asked(|ctx| ctx.publish(recurse(500).to_string()));
    let mut sim = sim(vec![asking(S1, [1]), deep], Faults::RELIABLE);
    advance(&mut sim, 10);
    assert_eq!(told(&sim, "shows"), ["1: S1 shows 125250"]);
}

// ---- hangs ----

/// Does not come back; or in a replay, says that it has been called.
type Hang = Box<dyn Fn() + Send + Sync>;

/// Runs a cluster on a thread of its own until one of its servers does not come back, and gives
/// the thread up. In which step the server is.
fn watched(servers: impl Fn(Hang) -> Vec<ServerFn<Echo>>, direct: fn(&mut Sim)) -> u64 {
    let (hanging, hangs) = mpsc::channel();
    let hanging = Mutex::new(hanging);
    let hang = move || {
        hanging.lock().unwrap().send(()).unwrap();
        loop {
            std::thread::park();
        }
    };
    let pulse = Arc::new(Pulse::default());
    assert_eq!(pulse.in_step(), None);
    let mut setup = setup(servers(Box::new(hang)), Faults::RELIABLE);
    setup.pulse = Some(pulse.clone());
    std::thread::spawn(move || direct(&mut begin(setup)));
    hangs.recv().unwrap();
    pulse.in_step().unwrap()
}

/// The same run again, which must end before that step. What is found.
fn replayed(
    servers: impl Fn(Hang) -> Vec<ServerFn<Echo>>,
    step: u64,
    direct: impl FnOnce(&mut Sim) -> Misstep,
) -> Misstep {
    let hung = Arc::new(AtomicU32::new(0));
    let counting = hung.clone();
    let hang = move || {
        counting.fetch_add(1, Ordering::Relaxed);
    };
    let mut setup = setup(servers(Box::new(hang)), Faults::RELIABLE);
    setup.hangs_at = Some(step);
    let mut sim = begin(setup);
    let found = direct(&mut sim);
    drop(sim);
    assert_eq!(hung.load(Ordering::Relaxed), 0, "nothing hangs in a replay");
    assert_eq!((found.step, &found.what), (step, &What::Hung));
    found
}

#[test]
fn a_step_that_hangs_is_seen_from_another_thread_and_its_replay_ends_before_it() {
    let servers = |hang: Hang| {
        vec![
            asking(S1, [1, 11]),
            serving(move |ctx, call| match call.args.text.as_str() {
                "0" => echo_back(ctx, call),
                _ => hang(),
            }),
        ]
    };
    let step = watched(servers, |sim| advance(sim, 20));
    let found = replayed(servers, step, |sim| {
        let found = misstep(sim);
        assert_eq!(told(sim, "hears"), ["1: S0 hears 0"]);
        assert_eq!(sim.finish(), Err(Ended::Misstep(Box::new(found.clone()))));
        found
    });
    blames(S1, at(11), ASKED, &found);
    assert!(
        found
            .to_string()
            .contains("does not come back to its inbox"),
        "{found}"
    );
}

#[test]
fn a_server_that_hangs_when_it_is_started_is_not_run_by_the_replay() {
    let servers = |hang: Hang| vec![server(move |_| hang())];
    let step = watched(servers, |sim| advance(sim, 20));
    let found = replayed(servers, step, misstep);
    blames(S0, at(0), Cause::Start, &found);
}

#[test]
fn servers_that_hang_when_they_are_killed_are_not_killed_by_the_replay() {
    let servers = |hang: Hang| {
        let bad = server(move |ctx| {
            while ctx.recv().is_ok() {}
            hang();
        });
        vec![bad.clone(), bad]
    };
    let step = watched(servers, |sim| {
        advance(sim, 5);
        sim.crash(S0).unwrap();
    });
    let found = replayed(servers, step, |sim| {
        advance(sim, 5);
        sim.crash(S0).unwrap();
        misstep(sim)
    });
    blames(S0, at(5), Cause::Killed, &found);
    let found = replayed(servers, step, |sim| {
        advance(sim, 5);
        match sim.finish() {
            Err(Ended::Misstep(misstep)) => *misstep,
            other => panic!("{other:?}"),
        }
    });
    blames(S0, at(5), Cause::Killed, &found);
}

// ---- killed servers ----

/// Counts that it was dropped.
struct Dropped(Arc<AtomicU32>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Kills a server, restarts it and finishes the run, all without any misstep. It is handed
/// something that it must have dropped by the end of each life.
fn killed(run: impl Fn(&Ctx<'_>, Dropped) + Send + Sync + 'static) -> Sim {
    let drops = Arc::new(AtomicU32::new(0));
    let counting = drops.clone();
    let bad = server(move |ctx| run(ctx, Dropped(counting.clone())));
    let mut sim = sim(vec![asking(S1, [1, 11]), bad], Faults::RELIABLE);
    advance(&mut sim, 5);
    assert_eq!(drops.load(Ordering::Relaxed), 0);
    sim.crash(S1).unwrap();
    assert_eq!(drops.load(Ordering::Relaxed), 1);
    sim.start(S1).unwrap();
    advance(&mut sim, 20);
    assert_eq!(sim.finish(), Ok(()));
    assert_eq!(drops.load(Ordering::Relaxed), 2);
    assert_eq!(told(&sim, "S1 crashes"), ["5: S1 crashes"]);
    sim
}

#[test]
fn a_killed_server_that_waits_again_is_unwound() {
    killed(|ctx, _dropped| {
        loop {
            let _ = ctx.recv();
        }
    });
}

#[test]
fn what_a_killed_server_does_changes_nothing() {
    let sim = killed(|ctx, _dropped| {
        while ctx.recv().is_ok() {}
        ask(ctx, S0, "posthumous");
        ctx.persist(&"posthumous".to_string());
        ctx.publish("posthumous".to_string());
    });
    assert_eq!(times(&sim, "posthumous"), 0);
    assert_eq!(sim.stable(S1), "");
}

#[test]
fn a_killed_server_that_panics_is_forgiven() {
    killed(|ctx, _dropped| {
        while ctx.recv().is_ok() {}
        panic!("so this is the end");
    });
}

/// Waits when it is dropped, until its server is killed.
struct Waits<'c, 'h>(&'c Ctx<'h>);

impl Drop for Waits<'_, '_> {
    fn drop(&mut self) {
        while self.0.recv().is_ok() {}
    }
}

#[test]
fn a_server_may_wait_in_a_destructor() {
    for panics in [false, true] {
        killed(move |ctx, _dropped| {
            let _waits = Waits(ctx);
            while ctx.recv().is_ok() {}
            assert!(!panics, "boom");
        });
    }
    // One that is unwound in the midst of things waits there as well.
    killed(|ctx, _dropped| {
        let _waits = Waits(ctx);
        loop {
            let _ = ctx.recv();
        }
    });
}

#[test]
fn a_server_that_panics_may_wait_and_flood_in_a_destructor() {
    struct Floods<'c, 'h>(&'c Ctx<'h>);
    impl Drop for Floods<'_, '_> {
        fn drop(&mut self) {
            (0..100_001).for_each(|n| ask(self.0, S0, n));
        }
    }
    let found = found(when_asked(|ctx| {
        let _floods = Floods(ctx);
        let _waits = Waits(ctx);
        panic!("boom");
    }));
    assert!(matches!(&found.what, What::Panicked(message) if message.starts_with("boom")));
    // The thread is none the worse for it: servers that are killed are still unwound.
    killed(|ctx, _dropped| {
        loop {
            let _ = ctx.recv();
        }
    });
}

#[test]
fn a_server_that_catches_its_unwinding_may_give_up_after_a_few_turns() {
    killed(|ctx, _dropped| {
        for _ in 0..5 {
            let turns = AssertUnwindSafe(|| {
                loop {
                    let _ = ctx.recv();
                }
            });
            assert!(catch_unwind(turns).is_err());
        }
    });
}
