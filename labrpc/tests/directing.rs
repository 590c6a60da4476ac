//! Directing a run: what is refused, who watches, when it ends.

mod common;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::*;
use labrpc::{
    ActionKind, Delay, Ended, Faults, FaultsError, Happening, LinkFaults, Observer, Record, Run,
    Seen, ServerFaults, ServerId, Simulation, Time, speaking,
};

const NOBODY: ServerId = ServerId::new(7);

fn refusal(result: Result<(), FaultsError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn what_is_asked_of_a_server_that_does_not_exist_is_refused() {
    let mut sim = sim(vec![echo(), echo()], Faults::RELIABLE);
    let refusals = [
        sim.start(NOBODY),
        sim.crash(NOBODY),
        sim.crash_after(NOBODY, ActionKind::Any, 1),
        sim.set_stable(NOBODY, String::new()),
        sim.cut(S0, NOBODY),
        sim.heal(NOBODY, S0),
        sim.isolate(NOBODY),
        sim.rejoin(NOBODY),
        sim.set_link(S0, NOBODY, LinkFaults::RELIABLE),
        sim.set_server(NOBODY, ServerFaults::IDEAL),
    ];
    for result in refusals {
        assert_eq!(
            refusal(result),
            "server cannot be S7: there is no such server"
        );
    }
}

#[test]
fn what_cannot_be_done_to_a_server_that_runs_is_refused() {
    let mut sim = sim(vec![echo()], Faults::RELIABLE);
    for _ in 0..2 {
        // It is refused both before the first step and after it.
        assert_eq!(refusal(sim.start(S0)), "start cannot be S0: it is running");
        assert_eq!(
            refusal(sim.set_stable(S0, String::new())),
            "set_stable cannot be S0: it is running"
        );
        advance(&mut sim, 1);
    }
    assert_eq!(story(&sim), [""; 0]);
}

#[test]
fn what_cannot_be_done_to_a_server_that_is_down_is_refused() {
    let mut sim = sim(vec![echo()], Faults::RELIABLE);
    advance(&mut sim, 1);
    sim.crash(S0).unwrap();
    assert_eq!(
        refusal(sim.crash(S0)),
        "crash cannot be S0: it is not running"
    );
    assert_eq!(
        refusal(sim.crash_after(S0, ActionKind::Call, 1)),
        "crash_after cannot be S0: it is not running"
    );
    assert_eq!(times(&sim, "crashes"), 1);
}

#[test]
fn a_link_to_oneself_and_a_crash_after_nothing_are_refused() {
    let mut sim = sim(vec![echo()], Faults::RELIABLE);
    let own_link = "link cannot be S0: a server has no link to itself";
    assert_eq!(refusal(sim.cut(S0, S0)), own_link);
    assert_eq!(
        refusal(sim.set_link(S0, S0, LinkFaults::RELIABLE)),
        own_link
    );
    assert_eq!(
        refusal(sim.crash_after(S0, ActionKind::Any, 0)),
        "crash_after cannot be S0: the count begins with 1"
    );
}

#[test]
fn knobs_that_make_no_sense_are_refused_by_name_and_change_nothing() {
    let bad = link(|l| {
        l.reply_loss = 1.5;
        l.request_delay = Delay::Constant(ms(50));
    });
    let wrong = "link.reply_loss cannot be 1.5: a probability is a number from 0 to 1";
    let new = Simulation::new(setup(vec![echo()], faults(|f| f.link = bad.clone())), ());
    assert_eq!(new.err().unwrap().to_string(), wrong);
    let mut sim = sim(vec![asking(S1, [1]), echo()], Faults::RELIABLE);
    assert_eq!(refusal(sim.set_link(S0, S1, bad.clone())), wrong);
    assert_eq!(refusal(sim.set_all_links(bad)), wrong);
    let machine = ServerFaults {
        clock_rate: 11.0,
        ..ServerFaults::IDEAL
    };
    assert_eq!(
        refusal(sim.set_server(S0, machine)),
        "server.clock_rate cannot be 11: a clock runs at 0.1 to 10 times true time"
    );
    let machine = ServerFaults {
        step_time: Delay::uniform_millis(2, 1),
        ..ServerFaults::IDEAL
    };
    assert_eq!(
        refusal(sim.set_server(S0, machine)),
        "server.step_time cannot be 2ms to 1ms: the minimum is above the maximum"
    );
    advance(&mut sim, 100);
    assert_eq!(told(&sim, "hears"), ["1: S0 hears 0"]);
}

#[test]
fn a_start_can_be_taken_back_before_it_is_due() {
    let mut sim = sim(vec![echo()], Faults::RELIABLE);
    sim.crash(S0).unwrap();
    advance(&mut sim, 1);
    assert!(!sim.is_up(S0));
    assert_eq!(told(&sim, "S0"), [""; 0]);
    sim.start(S0).unwrap();
    sim.crash(S0).unwrap();
    sim.start(S0).unwrap();
    advance(&mut sim, 2);
    assert!(sim.is_up(S0));
    assert_eq!(told(&sim, "starts"), ["1: S0 starts from ''"]);
}

#[test]
fn time_passes_until_the_limit_or_until_it_is_done() {
    let mut sim = sim(vec![asking(S1, [10, 20, 30]), echo()], Faults::RELIABLE);
    let heard = |trace: &Vec<Record<Echo>>| {
        trace
            .iter()
            .any(|r| matches!(r.what, Happening::ReplyDelivered { .. }))
    };
    assert_eq!(
        sim.advance_until(at(5), &mut |trace| heard(trace)),
        Ok(false)
    );
    assert_eq!(sim.now(), at(5));
    assert_eq!(
        sim.advance_until(at(1000), &mut |trace| heard(trace)),
        Ok(true)
    );
    assert_eq!(sim.now(), at(10));
    assert_eq!(sim.advance_until(at(5), &mut |_| false), Ok(false));
    assert_eq!(sim.now(), at(10), "time does not go back");
    advance(&mut sim, 2000);
    assert_eq!((sim.now(), times(&sim, "hears")), (at(2000), 3));
}

/// Whether an event is what somebody is looking for.
type Wanted = fn(Seen<'_, Echo>) -> bool;

/// Breaks off at the first event that it is looking for.
struct Until(Wanted);

impl Observer<Echo> for Until {
    fn observe(&mut self, _: Time, _: u64, seen: Seen<'_, Echo>) -> ControlFlow<()> {
        match (self.0)(seen) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

#[test]
fn an_observer_that_has_seen_enough_ends_the_run_at_once() {
    // S0 does three things in a step, S1 answers.
    let client = planned([1], |ctx, _| {
        ask(ctx, S1, "a");
        ctx.persist(&"b".to_string());
        ask(ctx, S1, "c");
    });
    let looking_for: [(Wanted, u64, &[&str]); 4] = [
        (|seen| matches!(seen, Happening::Started { .. }), 0, &[]),
        (|seen| matches!(seen, Happening::TimedOut { .. }), 2, &[]),
        (
            |seen| matches!(seen, Happening::Sent { .. }),
            3,
            &["1: S0 asks S1 a"],
        ),
        (
            |seen| matches!(seen, Happening::Persisted { .. }),
            3,
            &["1: S0 asks S1 a", "1: S0 persists b"],
        ),
    ];
    for (until, steps, happens) in looking_for {
        let observer = (Vec::new(), Until(until));
        let setup = setup(vec![client.clone(), echo()], Faults::RELIABLE);
        let mut sim = Simulation::new(setup, observer).unwrap();
        sim.start(S1).unwrap();
        sim.start(S0).unwrap();
        for _ in 0..2 {
            assert_eq!(
                sim.advance_until(at(10), &mut |_| false),
                Err(Ended::ByObserver)
            );
        }
        assert_eq!(sim.steps(), steps);
        let (trace, _) = sim.observer();
        let done = trace
            .iter()
            .map(sentence)
            .filter(|s| s.contains("asks") || s.contains("per"));
        assert_eq!(done.collect::<Vec<_>>(), happens);
        assert_eq!(sim.finish(), Ok(()));
    }
}

#[test]
fn a_server_that_has_not_begun_when_the_run_ends_never_begins() {
    let begun = Arc::new(AtomicBool::new(false));
    let begins = begun.clone();
    let server = server(move |_| begins.store(true, Ordering::Relaxed));
    let observer = Until(|seen| matches!(seen, Happening::Started { .. }));
    let mut sim = Simulation::new(setup(vec![server], Faults::RELIABLE), observer).unwrap();
    sim.start(S0).unwrap();
    assert_eq!(
        sim.advance_until(at(1), &mut |_| false),
        Err(Ended::ByObserver)
    );
    assert_eq!(sim.finish(), Ok(()));
    drop(sim);
    assert!(!begun.load(Ordering::Relaxed));
}

#[test]
fn a_run_that_was_finished_is_over_and_its_servers_are_down_without_a_crash() {
    let mut sim = sim(vec![echo(), echo()], Faults::RELIABLE);
    advance(&mut sim, 1);
    assert_eq!(sim.finish(), Ok(()));
    assert!(!sim.is_up(S0) && !sim.is_up(S1));
    assert_eq!(
        sim.advance_until(at(2), &mut |_| false),
        Err(Ended::Finished)
    );
    assert_eq!(sim.finish(), Ok(()));
    assert_eq!(story(&sim), [""; 0]);
}

#[test]
fn a_context_knows_its_server_and_all_its_peers() {
    let telling = server(|ctx| {
        let peers: Vec<_> = ctx.peers().map(|peer| peer.to_string()).collect();
        ctx.publish(format!(
            "{} of {}, not {peers:?}",
            ctx.me(),
            ctx.cluster_size()
        ));
        while ctx.recv().is_ok() {}
    });
    let mut sim = sim(vec![echo(), telling, echo()], Faults::RELIABLE);
    advance(&mut sim, 1);
    assert_eq!(
        told(&sim, "shows"),
        [r#"0: S1 shows S1 of 3, not ["S0", "S2"]"#]
    );
}

#[test]
fn a_status_that_has_not_changed_is_not_shown_again() {
    let showing = planned([1, 2, 3, 4], |ctx, n| {
        ctx.publish(["a", "a", "b", "a"][n].to_string())
    });
    let mut sim = sim(vec![showing], Faults::RELIABLE);
    advance(&mut sim, 10);
    assert_eq!(
        told(&sim, "shows"),
        ["1: S0 shows a", "3: S0 shows b", "4: S0 shows a"]
    );
}

#[test]
fn whoever_speaks_is_known_when_the_run_is_narrated() {
    let speaker = || planned([5], |ctx, _| ctx.publish(format!("{:?}", speaking())));
    for (narrate, shown) in [
        (true, "5: S1 shows Some((S1, 0.005 s))"),
        (false, "5: S1 shows None"),
    ] {
        let mut setup = setup(vec![echo(), speaker()], Faults::RELIABLE);
        setup.narrate = narrate;
        let mut sim = begin(setup);
        advance(&mut sim, 10);
        assert_eq!(told(&sim, "shows"), [shown]);
        assert_eq!(speaking(), None);
    }
}

#[test]
fn ids_of_servers_are_printed_and_counted() {
    let all: Vec<_> = ServerId::all(2).collect();
    assert_eq!(all, [S0, S1]);
    assert_eq!(
        (S1.index(), format!("{S1} {S1:?} {S1:>4}")),
        (1, "S1 S1   S1".to_string())
    );
}
