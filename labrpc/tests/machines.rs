//! What machines do to servers: slow steps, crashes in the middle of a step, wrong clocks.

mod common;

use std::time::Duration;

use common::*;
use labrpc::{ActionKind, Delay, Faults, Run, ServerFaults};

/// A machine on which each step takes ten milliseconds.
fn slow() -> ServerFaults {
    ServerFaults {
        step_time: Delay::Constant(ms(10)),
        ..ServerFaults::IDEAL
    }
}

/// A machine whose clock runs at this rate.
fn clock(clock_rate: f64) -> ServerFaults {
    ServerFaults {
        clock_rate,
        ..ServerFaults::IDEAL
    }
}

// ---- slow servers ----

#[test]
fn what_a_slow_step_sends_leaves_at_its_end_and_the_next_message_waits_until_then() {
    let mut sim = sim(vec![asking(S1, [11, 12, 13, 50]), echo()], Faults::RELIABLE);
    sim.set_server(S1, slow()).unwrap();
    advance(&mut sim, 100);
    assert_eq!(
        told(&sim, "S1 is asked"),
        [
            "11: S1 is asked 0",
            "21: S1 is asked 1",
            "31: S1 is asked 2",
            "50: S1 is asked 3"
        ]
    );
    assert_eq!(
        told(&sim, "S1 answers"),
        [
            "21: S1 answers S0 0",
            "31: S1 answers S0 1",
            "41: S1 answers S0 2",
            "60: S1 answers S0 3",
        ]
    );
}

#[test]
fn a_server_is_slow_from_its_very_first_step() {
    let eager = server(|ctx| {
        ask(ctx, S1, "x");
        while ctx.recv().is_ok() {}
    });
    let mut sim = sim(vec![eager, echo()], faults(|f| f.server = slow()));
    advance(&mut sim, 100);
    assert_eq!(told(&sim, "asks"), ["10: S0 asks S1 x"]);
}

#[test]
fn messages_that_are_there_already_come_before_a_deadline_that_has_passed() {
    // S1 starts at 0 and is busy until 10; its deadline is at 5. What comes first at 10 is drawn.
    for seed in 0..20 {
        let mut setup = setup(
            vec![asking(S1, [2, 7]), planned([5], |_, _| {})],
            Faults::RELIABLE,
        );
        setup.seed = seed;
        let mut sim = begin(setup);
        sim.set_server(S1, slow()).unwrap();
        advance(&mut sim, 100);
        assert_eq!(
            told(&sim, "S1 is asked"),
            ["10: S1 is asked 0", "20: S1 is asked 1"]
        );
        assert_eq!(told(&sim, "S1 times out"), ["30: S1 times out"]);
    }
}

#[test]
fn a_deadline_passes_only_when_a_slow_step_is_over() {
    let slow_one = planned([5, 12], |_, _| {});
    let mut sim = sim(vec![slow_one], faults(|f| f.server = slow()));
    advance(&mut sim, 100);
    assert_eq!(
        told(&sim, "times out"),
        ["10: S0 times out", "20: S0 times out"]
    );
}

#[test]
fn a_crash_in_a_slow_step_loses_what_it_sends_and_what_waits() {
    let mut sim = sim(vec![asking(S1, [11, 12, 31]), echo()], Faults::RELIABLE);
    sim.set_server(S1, slow()).unwrap();
    advance(&mut sim, 15);
    sim.crash(S1).unwrap();
    sim.start(S1).unwrap();
    advance(&mut sim, 100);
    assert_eq!(told(&sim, "S0 to S1"), ["15: S0 to S1: receiver down"]);
    assert_eq!(told(&sim, "S1 answers"), ["41: S1 answers S0 2"]);
}

#[test]
fn a_slow_server_becomes_fast_when_its_machine_does() {
    let mut sim = sim(vec![asking(S1, [11, 12, 13, 31]), echo()], Faults::RELIABLE);
    sim.set_server(S1, slow()).unwrap();
    advance(&mut sim, 15);
    sim.set_server(S1, ServerFaults::IDEAL).unwrap();
    advance(&mut sim, 100);
    assert_eq!(
        told(&sim, "S1 answers"),
        [
            "21: S1 answers S0 0",
            "21: S1 answers S0 1",
            "21: S1 answers S0 2",
            "31: S1 answers S0 3",
        ]
    );
}

#[test]
fn a_server_that_is_restarted_on_a_fast_machine_is_not_busy_any_more() {
    let mut sim = sim(vec![asking(S1, [11, 17]), echo()], Faults::RELIABLE);
    sim.set_server(S1, slow()).unwrap();
    advance(&mut sim, 15);
    sim.crash(S1).unwrap();
    sim.set_server(S1, ServerFaults::IDEAL).unwrap();
    sim.start(S1).unwrap();
    advance(&mut sim, 100);
    assert_eq!(told(&sim, "hears"), ["17: S0 hears 1"]);
}

// ---- crashes in the middle of a step ----

/// What a server does in one step.
const STEP: [&str; 8] = [
    "S1 shows a",
    "S1 asks S2 b",
    "S1 persists c",
    "S1 answers S0 d",
    "S1 shows e",
    "S1 asks S2 f",
    "S1 persists g",
    "S1 answers S0 h",
];

/// A run, until 19 ms, in which S1 does all of `STEP` when it is asked twice, at 20 ms and at
/// 1020 ms, on such a machine.
fn stepping(machine: ServerFaults) -> Sim {
    let stepping = server(|ctx| {
        let mut first = None;
        while let Ok(event) = ctx.recv() {
            let Event::Asked(call) = event else { continue };
            let Some(first) = first.take() else {
                first = Some(call);
                continue;
            };
            ctx.publish("a".to_string());
            ask(ctx, S2, "b");
            ctx.persist(&"c".to_string());
            labrpc::Call::reply(first, ctx, "d".to_string());
            ctx.publish("e".to_string());
            ask(ctx, S2, "f");
            ctx.persist(&"g".to_string());
            call.reply(ctx, "h".to_string());
        }
    });
    let client = planned([20, 1020], |ctx, _| (0..2).for_each(|n| ask(ctx, S1, n)));
    let mut sim = sim(vec![client, stepping, echo()], Faults::RELIABLE);
    sim.set_server(S1, machine).unwrap();
    advance(&mut sim, 19);
    sim
}

/// What S1 has done, in order, without the times.
fn done(sim: &Sim) -> Vec<String> {
    let doing = |s: &String| {
        ["S1 shows", "S1 asks", "S1 persists", "S1 answers"]
            .iter()
            .any(|verb| s.contains(verb))
    };
    let without_time = |s: String| s.split_once(": ").unwrap().1.to_string();
    story(sim)
        .into_iter()
        .filter(doing)
        .map(without_time)
        .collect()
}

#[test]
fn a_crash_after_an_action_leaves_what_came_before_it_and_nothing_else() {
    use ActionKind::*;
    for (kind, count, happens) in [
        (Any, 1, 1),
        (Any, 5, 5),
        (Publish, 1, 1),
        (Publish, 2, 5),
        (Call, 1, 2),
        (Call, 2, 6),
        (Persist, 1, 3),
        (Persist, 2, 7),
        (Reply, 1, 4),
        (Reply, 2, 8),
    ] {
        let mut sim = stepping(ServerFaults::IDEAL);
        sim.crash_after(S1, kind, count).unwrap();
        advance(&mut sim, 1000);
        assert_eq!(done(&sim), STEP[..happens], "{count} x {kind:?}");
        assert_eq!(
            told(&sim, "crashes"),
            ["20: S1 crashes"],
            "{count} x {kind:?}"
        );
        assert!(!sim.is_up(S1));
        assert_eq!(
            sim.stable(S1),
            ["", "c", "g"][(happens + 1) / 4],
            "{count} x {kind:?}"
        );
    }
}

#[test]
fn a_crash_after_more_actions_than_there_are_does_not_come() {
    let mut sim = stepping(ServerFaults::IDEAL);
    sim.crash_after(S1, ActionKind::Any, 9).unwrap();
    advance(&mut sim, 1000);
    assert_eq!(done(&sim), STEP);
    assert!(sim.is_up(S1));
}

#[test]
fn on_a_slow_disk_everything_happens_in_the_order_in_which_the_server_did_it() {
    let disk = ServerFaults {
        disk_write: Delay::Constant(ms(5)),
        ..ServerFaults::IDEAL
    };
    for (kind, count, happens) in [
        (ActionKind::Publish, 1, 1),
        (ActionKind::Call, 1, 2),
        (ActionKind::Persist, 1, 3),
        (ActionKind::Reply, 1, 4),
        (ActionKind::Publish, 2, 5),
        (ActionKind::Call, 2, 6),
        (ActionKind::Persist, 2, 7),
        (ActionKind::Reply, 2, 8),
    ] {
        let mut sim = stepping(disk.clone());
        sim.crash_after(S1, kind, count).unwrap();
        advance(&mut sim, 1000);
        assert_eq!(done(&sim), STEP[..happens], "{count} x {kind:?}");
        // Nothing of the lost step is left over for the next life.
        sim.start(S1).unwrap();
        advance(&mut sim, 2000);
        assert_eq!(done(&sim)[happens..], STEP, "{count} x {kind:?}");
    }
}

#[test]
fn a_write_that_takes_no_time_keeps_its_place_in_a_slow_step() {
    let machine = ServerFaults {
        disk_write: Delay::whole_millis(0, 0),
        ..slow()
    };
    for (kind, happens) in [(ActionKind::Persist, 3), (ActionKind::Reply, 4)] {
        let mut sim = stepping(machine.clone());
        sim.crash_after(S1, kind, 1).unwrap();
        advance(&mut sim, 1000);
        assert_eq!(done(&sim), STEP[..happens], "{kind:?}");
    }
}

#[test]
fn the_count_of_a_planned_crash_ends_with_the_life_that_it_was_planned_for() {
    let mut sim = sim(vec![asking(S1, [1, 11, 12]), echo()], Faults::RELIABLE);
    advance(&mut sim, 0);
    sim.crash_after(S1, ActionKind::Reply, 2).unwrap();
    advance(&mut sim, 10);
    sim.crash(S1).unwrap();
    sim.start(S1).unwrap();
    advance(&mut sim, 1000);
    assert_eq!((times(&sim, "hears"), times(&sim, "crashes")), (3, 1));
}

#[test]
fn after_a_crash_between_two_steps_all_of_the_first_has_happened() {
    let client = planned([1, 2], |ctx, n| {
        (0..5).for_each(|m| ask(ctx, S1, 10 * n + m))
    });
    let mut sim = sim(vec![client, echo()], Faults::RELIABLE);
    advance(&mut sim, 1);
    sim.crash(S0).unwrap();
    advance(&mut sim, 1000);
    assert_eq!(times(&sim, "S0 asks"), 5);
    assert_eq!(times(&sim, "S1 answers"), 5);
    assert!(!sim.is_up(S0));
}

// ---- clocks ----

/// Shows its own time at each of these milliseconds by its own clock.
fn showing_time(millis: &'static [u64]) -> labrpc::ServerFn<Echo> {
    planned(millis.iter().copied(), |ctx, _| {
        ctx.publish(ctx.now().to_string())
    })
}

#[test]
fn a_fast_clock_s_deadlines_pass_early_and_a_slow_one_s_late() {
    let hundreds = || showing_time(&[100, 200]);
    let mut sim = sim(vec![hundreds(), hundreds(), hundreds()], Faults::RELIABLE);
    sim.set_server(S0, clock(2.0)).unwrap();
    sim.set_server(S1, clock(0.5)).unwrap();
    advance(&mut sim, 1000);
    let own = |server| told(&sim, &format!("{server} shows"));
    assert_eq!(own(S0), ["50: S0 shows 0.100 s", "100: S0 shows 0.200 s"]);
    assert_eq!(own(S1), ["200: S1 shows 0.100 s", "400: S1 shows 0.200 s"]);
    assert_eq!(own(S2), ["100: S2 shows 0.100 s", "200: S2 shows 0.200 s"]);
    // The trace has deadlines in true time.
    assert_eq!(
        told(&sim, "S1 waits"),
        [
            "0: S1 waits until 200",
            "200: S1 waits until 400",
            "400: S1 waits for ever"
        ]
    );
}

#[test]
fn a_clock_that_changes_its_rate_in_the_middle_does_not_jump() {
    let mut sim = sim(vec![showing_time(&[100, 200, 300])], Faults::RELIABLE);
    advance(&mut sim, 50);
    sim.set_server(S0, clock(2.0)).unwrap(); // own time 50
    advance(&mut sim, 100);
    sim.set_server(S0, clock(0.1)).unwrap(); // own time 150
    advance(&mut sim, 350);
    sim.set_server(S0, clock(1.0)).unwrap(); // own time 175
    advance(&mut sim, 1000);
    assert_eq!(
        told(&sim, "shows"),
        [
            "75: S0 shows 0.100 s",
            "375: S0 shows 0.200 s",
            "475: S0 shows 0.300 s"
        ]
    );
}

#[test]
fn whoever_waits_for_ever_does_so_at_any_rate() {
    let mut sim = sim(vec![planned([], |_, _| {})], Faults::RELIABLE);
    advance(&mut sim, 10);
    for rate in [0.1, 10.0, 1.0] {
        sim.set_server(S0, clock(rate)).unwrap();
        advance(&mut sim, 20);
    }
    assert_eq!(told(&sim, "waits"), ["0: S0 waits for ever"]);
}

#[test]
fn each_start_of_a_server_tells_how_long_it_waits() {
    let mut sim = sim(vec![planned([], |_, _| {})], Faults::RELIABLE);
    advance(&mut sim, 1);
    sim.crash(S0).unwrap();
    sim.start(S0).unwrap();
    advance(&mut sim, 2);
    assert_eq!(
        told(&sim, "waits"),
        ["0: S0 waits for ever", "1: S0 waits for ever"]
    );
}

#[test]
fn a_server_with_a_wrong_clock_takes_messages_at_once() {
    let mut sim = sim(vec![asking(S1, [10]), echo()], Faults::RELIABLE);
    sim.set_server(S1, clock(0.1)).unwrap();
    advance(&mut sim, 20);
    assert_eq!(told(&sim, "hears"), ["10: S0 hears 0"]);
    assert_eq!(delays(&sim, S0, S1), [Duration::ZERO]);
}
