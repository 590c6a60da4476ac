//! Faults and the order of events on threads: delays, crashes, disks.

mod common;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::*;
use crossbeam_channel::RecvTimeoutError;
use labrpc::{
    ActionKind, Delay, Faults, Happening, LinkFaults, Run, ServerFaults, ServerId, Threads, Time,
};

// ---- the order of events ----

/// Times never fall, and what is delivered was sent before, by the same to the same.
fn check_order(trace: &Trace) {
    use Happening::*;
    let mut sent = BTreeSet::new();
    let mut now = Time::ZERO;
    for record in trace {
        assert!(now <= record.at, "{record:?} after {now:?}");
        now = record.at;
        match record.what {
            Sent {
                message, from, to, ..
            }
            | Replied {
                message, from, to, ..
            } => {
                assert!(sent.insert((message, from, to)), "{record:?}");
            }
            RequestDelivered {
                message, from, to, ..
            }
            | ReplyDelivered {
                message, from, to, ..
            }
            | Dropped {
                message, from, to, ..
            } => {
                assert!(sent.contains(&(message, from, to)), "{record:?}");
            }
            _ => {}
        }
    }
}

#[test]
fn causes_are_recorded_before_their_effects_and_times_never_fall() {
    // Everybody asks everybody all the time.
    let busy = server(|ctx| {
        let mut next = ctx.now();
        loop {
            match ctx.recv_deadline(next) {
                Ok(Event::Asked(call)) => echo_back(ctx, call),
                Ok(Event::Answered(_)) => {}
                Err(RecvTimeoutError::Timeout) => {
                    ctx.peers().for_each(|peer| ask(ctx, peer, "x"));
                    next = ctx.now() + ms(1);
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    });
    let mut faults = Faults::UNRELIABLE;
    faults.link.request_delay = Delay::uniform_millis(0, 3);
    faults.link.duplication = 0.1;
    faults.link.unreachable_delay = Delay::uniform_millis(0, 20);
    faults.link.late_delivery = 0.5;
    let mut run = begin_with(vec![busy; 5], faults);
    for n in 0..20 {
        let server = ServerId::new(n % 5);
        run.crash(server).unwrap();
        pass(&mut run, 10);
        run.isolate(ServerId::new((n + 1) % 5)).unwrap();
        run.start(server).unwrap();
        pass(&mut run, 10);
        run.rejoin(ServerId::new((n + 1) % 5)).unwrap();
    }
    run.finish().unwrap();
    check_order(run.observer());
    for words in ["hears", "lost", "receiver down", "cut off", "caller gone"] {
        assert!(times(&run, words) > 0, "{words}");
    }
    let steps: BTreeSet<_> = run.observer().iter().map(|record| record.step).collect();
    assert!(steps.last() <= Some(&run.steps()));
}

#[test]
fn a_message_arrives_no_earlier_than_its_delay_and_one_that_lingers_may_arrive_late() {
    let client = first(|ctx| (0..50).for_each(|n| ask(ctx, S1, n)));
    let least = ms(20);
    let delay = Delay::Uniform {
        min: least,
        max: ms(40),
    };
    let mut run = begin_with(vec![client, echo()], Faults::RELIABLE.delayed(delay));
    advance_until(&mut run, 50, "hears");
    for (from, to) in [(S0, S1), (S1, S0)] {
        let took = delays(&run, from, to);
        assert!(
            took.len() == 50 && took.iter().all(|&t| t >= least),
            "{took:?}"
        );
    }
    let order = untimed(told(&run, "is asked"));
    let sent: Vec<_> = (0..50).map(|n| format!("S1 is asked {n}")).collect();
    assert_ne!(order, sent, "they overtake each other");

    let late = faults(|f| {
        f.link.unreachable_delay = Delay::Constant(ms(100));
        f.link.late_delivery = 1.0;
    });
    let mut run = Threads::new(
        setup(vec![first(|ctx| ask(ctx, S1, 1)), echo()], late),
        Trace::new(),
    );
    let run = run.as_mut().unwrap();
    run.start(S0).unwrap();
    advance_until(run, 1, "asks");
    run.start(S1).unwrap();
    advance_until(run, 1, "hears");
    assert!(delays(run, S0, S1)[0] >= ms(100));
}

#[test]
fn a_message_that_is_there_comes_before_a_deadline_that_has_passed() {
    let client = planned([200], |ctx, _| (0..100).for_each(|n| ask(ctx, S1, n)));
    // Lets the messages come in, and then waits with deadlines that have all passed.
    let slow = server(|ctx| {
        if ctx.recv().is_err() {
            return;
        }
        std::thread::yield_now();
        let began = ctx.now();
        while ctx.now() < began + ms(300) {
            std::thread::yield_now();
        }
        let mut messages = 1;
        loop {
            match ctx.recv_deadline(Time::ZERO) {
                Ok(_) => messages += 1,
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        ctx.publish(messages.to_string());
        while ctx.recv().is_ok() {}
    });
    for delay in [Delay::ZERO, Delay::uniform_millis(0, 10)] {
        let faults = Faults::RELIABLE.delayed(delay);
        let mut run = begin_with(vec![client.clone(), slow.clone()], faults);
        advance_until(&mut run, 1, "shows");
        assert_eq!(untimed(told(&run, "shows")), ["S1 shows 100"]);
    }
}

// ---- crashes and disks ----

#[test]
fn a_crash_inside_a_step_leaves_the_rest_of_it_undone() {
    let told_so = Arc::new(Mutex::new(Vec::new()));
    let tell = told_so.clone();
    let broken = server(move |ctx| {
        let _ = ctx.recv();
        ask(ctx, S0, "first");
        ask(ctx, S0, "second");
        ctx.persist(&"x".to_string());
        ctx.publish("y".to_string());
        tell.lock().unwrap().push(ctx.recv().is_err());
    });
    let client = planned([200], |ctx, _| ask(ctx, S1, "x"));
    let mut run = begin_with(vec![client, broken], Faults::RELIABLE);
    run.crash_after(S1, ActionKind::Call, 1).unwrap();
    advance_until(&mut run, 1, "S1 crashes");
    assert!(!run.is_up(S1));
    run.start(S1).unwrap(); // waits for the old thread
    assert_eq!(*told_so.lock().unwrap(), [true]);
    run.finish().unwrap();
    assert_eq!(untimed(told(&run, "S1 asks")), ["S1 asks S0 first"]);
    assert_eq!(times(&run, "persists") + times(&run, "shows"), 0);
    assert_eq!(untimed(told(&run, "S1 starts")), ["S1 starts from ''"; 2]);
}

#[test]
fn a_restarted_server_gets_what_it_has_persisted() {
    let writer = first(|ctx| ctx.persist(&format!("{}+", ctx.restore())));
    let mut run = begin_with(vec![writer], Faults::RELIABLE);
    for n in 1..=3 {
        advance_until(&mut run, n, "persists");
        run.crash(S0).unwrap();
        assert_eq!(run.stable(S0), &"+".repeat(n));
        run.start(S0).unwrap();
    }
    run.crash(S0).unwrap();
    run.set_stable(S0, "new".to_string()).unwrap();
    run.start(S0).unwrap();
    advance_until(&mut run, 1, "persists new+");
}

#[test]
fn what_is_sent_after_a_write_leaves_when_the_write_is_done() {
    let writer = first(|ctx| {
        ask(ctx, S1, "before");
        ctx.persist(&"x".to_string());
        ask(ctx, S1, "after");
    });
    let slow = faults(|f| f.server.disk_write = Delay::Constant(ms(50)));
    let mut run = begin_with(vec![writer, echo()], slow);
    advance_until(&mut run, 1, "asks S1 after");
    let mine: Vec<_> = run
        .observer()
        .iter()
        .filter(|r| {
            let sentence = sentence(r);
            sentence.contains("S0 asks") || sentence.contains("persists")
        })
        .collect();
    assert_eq!(mine.len(), 3);
    assert!(mine[1].at - mine[0].at >= ms(50));
}

#[test]
fn a_write_that_an_answer_waits_for_may_take_another_time() {
    let client = first(|ctx| {
        ctx.persist(&"x".to_string());
        ask(ctx, S1, "something");
    });
    let voter = serving(|ctx, call| {
        ctx.persist(&"y".to_string());
        echo_back(ctx, call);
    });
    let hour = Delay::Constant(Duration::from_secs(3600));
    let answering = faults(|f| f.server.disk_write_answering = Some(hour));
    let mut run = begin_with(vec![client, voter], answering);
    advance_until(&mut run, 1, "S1 is asked");
    pass(&mut run, 10);
    assert_eq!(run.stable(S0), "x");
    assert_eq!(run.stable(S1), "");
    run.finish().unwrap();
}

#[test]
fn a_crash_during_a_write_loses_it_and_what_follows() {
    let writer = first(|ctx| {
        ask(ctx, S1, "before");
        ctx.persist(&"x".to_string());
        ask(ctx, S1, "after");
    });
    let hour = Delay::Constant(Duration::from_secs(3600));
    let mut run = begin_with(vec![writer, echo()], faults(|f| f.server.disk_write = hour));
    advance_until(&mut run, 1, "S0 asks");
    pass(&mut run, 10);
    run.crash(S0).unwrap(); // does not take an hour
    run.finish().unwrap();
    assert_eq!(run.stable(S0), "");
    assert_eq!(times(&run, "persists") + times(&run, "after"), 0);
}

#[test]
fn a_slow_server_takes_its_time_for_each_step() {
    let client = first(|ctx| (0..3).for_each(|n| ask(ctx, S1, n)));
    let mut run = begin_with(vec![client, echo()], Faults::RELIABLE);
    let slow = ServerFaults {
        step_time: Delay::Constant(ms(20)),
        ..ServerFaults::IDEAL
    };
    run.set_server(S1, slow).unwrap();
    advance_until(&mut run, 3, "answers");
    let at: Vec<_> = run
        .observer()
        .iter()
        .filter(|r| sentence(r).contains("answers"))
        .map(|r| r.at)
        .collect();
    assert!(at[0] >= Time::from_millis(20));
    assert!(at.windows(2).all(|w| w[1] - w[0] >= ms(20)), "{at:?}");
}

#[test]
fn links_that_are_cut_carry_nothing() {
    let mut run = begin_with(
        vec![asking(S1, (200..400).step_by(10)), echo()],
        Faults::RELIABLE,
    );
    run.cut(S0, S1).unwrap();
    advance_until(&mut run, 3, "S0 to S1: cut off");
    run.heal(S0, S1).unwrap();
    run.set_link(
        S1,
        S0,
        LinkFaults {
            reply_loss: 1.0,
            ..LinkFaults::RELIABLE
        },
    )
    .unwrap();
    advance_until(&mut run, 3, "S1 to S0: lost");
    run.set_all_links(LinkFaults::RELIABLE).unwrap();
    advance_until(&mut run, 1, "hears");
    run.finish().unwrap();
    check_order(run.observer());
}

// ---- steps ----

/// What a server does in a step carries the number of the event that began it, and each step of a
/// server a higher one than those before. How many steps began, and how many things were done.
fn check_steps(trace: &Trace, servers: usize) -> (usize, usize) {
    use Happening::*;
    let mut current = vec![None; servers];
    let (mut begun, mut done) = (0, 0);
    for record in trace {
        match record.what {
            Started { server, .. }
            | TimedOut { server }
            | RequestDelivered { to: server, .. }
            | ReplyDelivered { to: server, .. } => {
                let before = current[server.index()].replace(record.step);
                assert!(before < Some(record.step), "{record:?} after {before:?}");
                begun += 1;
            }
            Sent { from: server, .. }
            | Replied { from: server, .. }
            | Persisted { server, .. }
            | Published { server, .. } => {
                assert_eq!(current[server.index()], Some(record.step), "{record:?}");
                done += 1;
            }
            _ => {}
        }
    }
    (begun, done)
}

#[test]
fn what_a_server_does_carries_the_step_that_it_does_it_in() {
    // In its first step, too, each does things while the others are at work.
    let busy = server(|ctx| {
        ctx.peers().for_each(|peer| ask(ctx, peer, "first"));
        let mut next = ctx.now() + ms(1);
        let mut steps = 0;
        loop {
            match ctx.recv_deadline(next) {
                Ok(Event::Asked(call)) => echo_back(ctx, call),
                Ok(Event::Answered(_)) => {
                    steps += 1;
                    ctx.persist(&steps.to_string());
                    ctx.publish(steps.to_string());
                }
                Err(RecvTimeoutError::Timeout) => {
                    ctx.peers().for_each(|peer| ask(ctx, peer, "again"));
                    next = ctx.now() + ms(1);
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    });
    let mut faults = Faults::RELIABLE;
    faults.server.disk_write = Delay::whole_millis(0, 2);
    faults.server.step_time = Delay::whole_millis(0, 1);
    let mut run = begin_with(vec![busy; 4], faults);
    for n in 0..8 {
        pass(&mut run, 10);
        let server = ServerId::new(n % 4);
        run.crash(server).unwrap();
        run.start(server).unwrap();
    }
    // On a busy machine little happens in ten milliseconds.
    for _ in 0..500 {
        pass(&mut run, 10);
        let (begun, done) = check_steps(run.observer(), 4);
        if begun > 100 && done > 100 {
            break;
        }
    }
    run.finish().unwrap();
    let (begun, done) = check_steps(run.observer(), 4);
    assert!(begun > 100 && done > 100, "{begun} {done}");
}
