//! Servers played by hand: a test directs a real server and says what all its peers say.

mod common;

use std::ops::ControlFlow;

use common::*;
use labrpc::{
    ActionKind, Delay, Ended, Faults, FaultsError, Happening, Observer, Record, Run, Seen,
    ServerFn, ServerId, Simulation, Time,
};

const NOBODY: ServerId = ServerId::new(7);

/// Every message takes three milliseconds.
fn three_ms() -> Faults {
    Faults::RELIABLE.delayed(Delay::Constant(ms(3)))
}

/// A run of this server, started, and of one or more peers that are played by hand.
fn facing(real: ServerFn<Echo>, hands: usize, faults: Faults) -> Sim {
    let mut servers = vec![echo(); hands];
    servers.insert(0, real);
    let mut sim = Simulation::new(setup(servers, faults), Trace::new()).unwrap();
    sim.start(S0).unwrap();
    for hand in ServerId::all(hands + 1).skip(1) {
        sim.play_by_hand(hand).unwrap();
    }
    sim
}

/// Says this in the name of a server. The message's number.
fn say(sim: &mut Sim, from: ServerId, to: ServerId, text: &str) -> u64 {
    let text = text.to_string();
    sim.send_as(from, to, Ask { text }).unwrap()
}

/// Answers by hand. The reply's number.
fn answer(sim: &mut Sim, request: u64, text: &str) -> Result<u64, FaultsError> {
    sim.reply_as(request, text.to_string())
}

/// The requests that have been delivered to a server, by their numbers.
fn delivered(sim: &Sim, to: ServerId) -> Vec<u64> {
    let message = |record: &Record<Echo>| match record.what {
        Happening::RequestDelivered { message, to: t, .. } if t == to => Some(message),
        _ => None,
    };
    sim.observer().iter().filter_map(message).collect()
}

fn refusal<T: std::fmt::Debug>(result: Result<T, FaultsError>) -> String {
    result.unwrap_err().to_string()
}

fn nothing_waits(request: u64) -> String {
    format!("reply_as cannot be {request}: no such request waits for an answer by hand")
}

// ---- messages ----

#[test]
fn what_a_hand_answers_arrives_after_the_delay_of_the_link() {
    let mut sim = facing(asking(S1, [1]), 1, three_ms());
    advance(&mut sim, 10);
    let [request] = delivered(&sim, S1)[..] else {
        panic!("{:?}", story(&sim));
    };
    let reply = answer(&mut sim, request, "yes").unwrap();
    assert_ne!(reply, request);
    advance(&mut sim, 100);
    assert_eq!(
        story(&sim),
        [
            "1: S0 asks S1 0",
            "4: S1 is asked 0",
            "10: S1 answers S0 yes",
            "13: S0 hears yes"
        ]
    );
    let numbered = |r: &Record<Echo>| match r.what {
        Happening::Replied {
            message, answers, ..
        } => Some((message, answers)),
        _ => None,
    };
    let replied = sim.observer().iter().find_map(numbered);
    assert_eq!(replied, Some((reply, request)));
}

#[test]
fn a_hand_can_answer_a_request_when_thousands_have_come_after_it() {
    let mut sim = facing(asking(S1, [1; 3000]), 1, three_ms());
    advance(&mut sim, 10);
    let requests = delivered(&sim, S1);
    assert_eq!(requests.len(), 3000);
    answer(&mut sim, requests[0], "at last").unwrap();
    advance(&mut sim, 100);
    assert_eq!(told(&sim, "S0 hears"), ["13: S0 hears at last"]);
}

#[test]
fn what_a_hand_asks_is_answered_and_the_answer_is_delivered() {
    let mut sim = facing(echo(), 2, three_ms());
    advance(&mut sim, 5);
    let first = say(&mut sim, S1, S0, "a");
    let second = say(&mut sim, S2, S0, "b");
    assert_eq!((first, second), (0, 1));
    advance(&mut sim, 100);
    for (hand, text) in [("S1", "a"), ("S2", "b")] {
        assert_eq!(
            told(&sim, hand),
            [
                format!("5: {hand} asks S0 {text}"),
                format!("8: S0 answers {hand} {text}"),
                format!("11: {hand} hears {text}"),
            ]
        );
    }
}

#[test]
fn hands_talk_to_each_other_too() {
    let mut sim = facing(echo(), 2, three_ms());
    let request = say(&mut sim, S1, S2, "a");
    advance(&mut sim, 5);
    answer(&mut sim, request, "b").unwrap();
    advance(&mut sim, 10);
    assert_eq!(times(&sim, "S1 hears b"), 1);
}

#[test]
fn an_answer_by_hand_may_be_late_and_out_of_order() {
    let mut sim = facing(asking(S1, [1, 2, 3]), 1, Faults::RELIABLE);
    advance(&mut sim, 5_000);
    let requests = delivered(&sim, S1);
    assert_eq!(requests.len(), 3);
    for (&request, text) in requests.iter().rev().zip(["2", "1", "0"]) {
        answer(&mut sim, request, text).unwrap();
        pass(&mut sim, 1);
    }
    assert_eq!(
        told(&sim, "hears"),
        ["5000: S0 hears 2", "5001: S0 hears 1", "5002: S0 hears 0"]
    );
}

#[test]
fn what_is_sent_by_hand_is_counted_like_everything_else() {
    let mut by_hand = facing(asking(S1, [1]), 1, Faults::RELIABLE);
    advance(&mut by_hand, 10);
    answer(&mut by_hand, 0, "0").unwrap();
    say(&mut by_hand, S1, S0, "0");
    advance(&mut by_hand, 20);
    let mut by_servers = sim(vec![asking(S1, [1]), asking(S0, [10])], Faults::RELIABLE);
    advance(&mut by_servers, 20);
    assert_eq!(by_hand.counts(), by_servers.counts());
}

#[test]
fn a_hand_that_is_handed_very_much_at_once_is_not_blamed() {
    let flood = planned([1; 6], |ctx, _| (0..3_000).for_each(|n| ask(ctx, S1, n)));
    let mut sim = facing(flood, 1, Faults::RELIABLE);
    advance(&mut sim, 10);
    assert_eq!(delivered(&sim, S1).len(), 18_000);
}

// ---- what cannot be answered ----

#[test]
fn only_a_request_that_waits_can_be_answered() {
    let mut sim = facing(asking(S1, [1]), 1, three_ms());
    assert_eq!(refusal(answer(&mut sim, 0, "early")), nothing_waits(0));
    advance(&mut sim, 2);
    assert_eq!(refusal(answer(&mut sim, 0, "early")), nothing_waits(0));
    advance(&mut sim, 5);
    assert_eq!(refusal(answer(&mut sim, 99, "what?")), nothing_waits(99));
    answer(&mut sim, 0, "yes").unwrap();
    assert_eq!(refusal(answer(&mut sim, 0, "again")), nothing_waits(0));
    advance(&mut sim, 20);
    // What a real server has been handed is its own to answer, and a reply is no request.
    let asked = say(&mut sim, S1, S0, "x");
    advance(&mut sim, 30);
    assert_eq!(delivered(&sim, S0), [asked]);
    for message in [asked, asked + 1] {
        assert_eq!(
            refusal(answer(&mut sim, message, "no")),
            nothing_waits(message)
        );
    }
    assert_eq!(told(&sim, "S0 hears"), ["8: S0 hears yes"]);
}

// ---- faults ----

#[test]
fn a_cut_link_carries_nothing_to_a_hand_or_from_one() {
    let mut sim = facing(asking(S1, [1, 11]), 1, Faults::RELIABLE);
    sim.cut(S0, S1).unwrap();
    advance(&mut sim, 10);
    assert_eq!(delivered(&sim, S1), [0; 0]);
    sim.heal(S0, S1).unwrap();
    sim.cut(S1, S0).unwrap();
    advance(&mut sim, 20);
    answer(&mut sim, 1, "x").unwrap();
    say(&mut sim, S1, S0, "y");
    advance(&mut sim, 1000);
    assert_eq!(delivered(&sim, S1), [1]);
    assert_eq!(times(&sim, "S0 to S1: cut off"), 1);
    assert_eq!(times(&sim, "S1 to S0: cut off"), 2);
    assert_eq!(times(&sim, "hears") + times(&sim, "S0 is asked"), 0);
}

#[test]
fn a_link_may_lose_and_duplicate_what_a_hand_answers() {
    for (knobs, heard) in [
        (link(|l| l.reply_loss = 1.0), 0),
        (link(|l| l.duplication = 1.0), 2),
    ] {
        let mut sim = facing(asking(S1, [1]), 1, Faults::RELIABLE);
        sim.set_link(S1, S0, knobs).unwrap();
        advance(&mut sim, 10);
        answer(&mut sim, 0, "x").unwrap();
        advance(&mut sim, 20);
        assert_eq!(times(&sim, "S1 answers"), 1);
        assert_eq!(times(&sim, "S0 hears x"), heard);
    }
}

#[test]
fn a_request_that_was_delivered_twice_can_be_answered_twice() {
    let mut sim = facing(asking(S1, [1]), 1, Faults::RELIABLE);
    sim.set_link(S0, S1, link(|l| l.duplication = 1.0)).unwrap();
    advance(&mut sim, 10);
    assert_eq!(delivered(&sim, S1), [0, 0]);
    answer(&mut sim, 0, "a").unwrap();
    answer(&mut sim, 0, "b").unwrap();
    assert_eq!(refusal(answer(&mut sim, 0, "c")), nothing_waits(0));
    advance(&mut sim, 20);
    assert_eq!((times(&sim, "hears a"), times(&sim, "hears b")), (1, 1));
}

// ---- the life of a hand ----

#[test]
fn a_hand_is_not_running_and_only_a_server_that_is_down_is_taken_in_hand() {
    let mut sim = facing(echo(), 1, Faults::RELIABLE);
    assert!(!sim.is_up(S1));
    let refused = [
        (sim.play_by_hand(S0), "S0: it is running"),
        (sim.play_by_hand(S1), "S1: it is played by hand already"),
    ];
    for (result, why) in refused {
        assert_eq!(refusal(result), format!("play_by_hand cannot be {why}"));
    }
    assert_eq!(
        refusal(sim.play_by_hand(NOBODY)),
        "server cannot be S7: there is no such server"
    );
    assert_eq!(
        refusal(sim.crash_after(S1, ActionKind::Any, 1)),
        "crash_after cannot be S1: it is not running"
    );
    advance(&mut sim, 10);
    assert_eq!(told(&sim, "S1"), [""; 0], "nothing happens by itself");
}

#[test]
fn what_is_under_way_to_a_server_reaches_the_hand_that_plays_it() {
    let mut sim = facing(asking(S1, [1]), 1, three_ms());
    sim.start(S1).unwrap();
    advance(&mut sim, 2);
    sim.crash(S1).unwrap();
    sim.play_by_hand(S1).unwrap();
    advance(&mut sim, 10);
    answer(&mut sim, 0, "by hand").unwrap();
    advance(&mut sim, 20);
    assert_eq!(told(&sim, "hears"), ["13: S0 hears by hand"]);
}

#[test]
fn a_hand_that_is_started_is_an_ordinary_server_and_has_forgotten_what_waits() {
    let mut sim = facing(asking(S1, [1, 11]), 1, Faults::RELIABLE);
    sim.set_stable(S1, "planted".to_string()).unwrap();
    advance(&mut sim, 5);
    assert_eq!(delivered(&sim, S1), [0]);
    sim.start(S1).unwrap();
    assert!(sim.is_up(S1));
    assert_eq!(refusal(answer(&mut sim, 0, "late")), nothing_waits(0));
    advance(&mut sim, 20);
    assert_eq!(refusal(answer(&mut sim, 0, "late")), nothing_waits(0));
    assert_eq!(told(&sim, "hears"), ["11: S0 hears 1"]);
    let first = |r: &Record<Echo>| matches!(&r.what, Happening::Started { server: S1, start: 0, stable } if stable == "planted");
    assert!(sim.observer().iter().any(first), "its first start");
    sim.crash(S1).unwrap();
    assert_eq!(times(&sim, "S1 crashes"), 1);
}

#[test]
fn a_hand_that_crashes_is_down_and_no_crash_is_told() {
    let mut sim = facing(asking(S1, [1, 11]), 1, Faults::RELIABLE);
    advance(&mut sim, 5);
    sim.crash(S1).unwrap();
    assert_eq!(
        refusal(sim.crash(S1)),
        "crash cannot be S1: it is not running"
    );
    assert_eq!(refusal(answer(&mut sim, 0, "late")), nothing_waits(0));
    advance(&mut sim, 1000);
    assert_eq!(times(&sim, "S0 to S1: receiver down"), 1);
    sim.play_by_hand(S1).unwrap();
    assert_eq!(refusal(answer(&mut sim, 0, "late")), nothing_waits(0));
    assert_eq!(times(&sim, "crashes"), 0);
    sim.finish().unwrap();
}

/// A director's way to begin another life of S1.
type Next = fn(&mut Sim);

#[test]
fn no_life_of_a_server_hears_what_another_one_asked_for() {
    let by_hand: Next = |sim| sim.play_by_hand(S1).unwrap();
    let started: Next = |sim| sim.start(S1).unwrap();
    for (first, second) in [(by_hand, by_hand), (by_hand, started), (started, by_hand)] {
        let servers = vec![echo(), first_asking()];
        let mut sim = Simulation::new(setup(servers, three_ms()), Trace::new()).unwrap();
        sim.start(S0).unwrap();
        advance(&mut sim, 1);
        first(&mut sim);
        if !sim.is_up(S1) {
            say(&mut sim, S1, S0, "first");
        }
        advance(&mut sim, 5);
        sim.crash(S1).unwrap();
        second(&mut sim);
        advance(&mut sim, 7);
        assert_eq!(times(&sim, "S0 answers S1 first"), 1);
        assert_eq!(times(&sim, "S1 hears"), 0);
        assert_eq!(times(&sim, "S0 to S1: caller gone"), 1);
    }
}

/// A server that asks S0 in its first step.
fn first_asking() -> ServerFn<Echo> {
    first(|ctx| ask(ctx, S0, "first"))
}

// ---- in the name of others ----

#[test]
fn what_is_asked_in_the_name_of_a_server_that_runs_is_answered_to_nobody() {
    let mut sim = sim(vec![echo(), asking(S0, [11])], three_ms());
    for millis in [0, 5] {
        // Also before its first step.
        advance(&mut sim, millis);
        say(&mut sim, S1, S0, "forged");
    }
    advance(&mut sim, 100);
    assert_eq!(times(&sim, "S1 asks S0 forged"), 2);
    assert_eq!(times(&sim, "S0 answers S1 forged"), 2);
    assert_eq!(
        told(&sim, "caller gone"),
        ["6: S0 to S1: caller gone", "11: S0 to S1: caller gone"]
    );
    assert_eq!(told(&sim, "S1 hears"), ["17: S1 hears 0"]);
}

#[test]
fn what_is_asked_in_the_name_of_a_server_that_is_down_is_answered_to_nobody() {
    let mut faults = three_ms();
    faults.link.unreachable_delay = Delay::ZERO;
    let mut sim = sim(vec![echo(), echo()], faults);
    sim.crash(S1).unwrap();
    advance(&mut sim, 1);
    say(&mut sim, S1, S0, "forged");
    advance(&mut sim, 5);
    say(&mut sim, S1, S0, "again");
    sim.start(S1).unwrap();
    advance(&mut sim, 100);
    assert_eq!(
        told(&sim, "S0 to S1"),
        ["4: S0 to S1: receiver down", "11: S0 to S1: caller gone"]
    );
    assert_eq!(times(&sim, "hears"), 0);
}

#[test]
fn requests_from_nobody_to_nobody_and_to_oneself_are_refused() {
    let mut sim = facing(echo(), 1, Faults::RELIABLE);
    let text = Ask {
        text: String::new(),
    };
    for (from, to) in [(NOBODY, S0), (S0, NOBODY)] {
        assert_eq!(
            refusal(sim.send_as(from, to, text.clone())),
            "server cannot be S7: there is no such server"
        );
    }
    assert_eq!(
        refusal(sim.send_as(S1, S1, text)),
        "link cannot be S1: a server has no link to itself"
    );
    assert_eq!(sim.counts().calls, 0);
}

// ---- what is told ----

#[test]
fn everything_that_happens_by_hand_is_a_step_of_its_own() {
    let mut sim = facing(planned([1], |ctx, _| ask(ctx, S1, 0)), 1, Faults::RELIABLE);
    advance(&mut sim, 0);
    say(&mut sim, S1, S0, "before");
    advance(&mut sim, 10);
    answer(&mut sim, 0, "x").unwrap_err();
    answer(&mut sim, 2, "x").unwrap();
    say(&mut sim, S1, S0, "after");
    advance(&mut sim, 20);
    let mut steps = Vec::new();
    for record in sim.observer() {
        let begins = match record.what {
            Happening::Sent { from: S1, .. } | Happening::Replied { from: S1, .. } => true,
            Happening::Sent { .. } | Happening::Replied { .. } => false,
            Happening::DeadlineSet { .. } => false,
            _ => true,
        };
        match begins {
            true => steps.push(record.step),
            false => assert_eq!(steps.last(), Some(&record.step), "{record:?}"),
        }
    }
    let numbers: Vec<_> = (0..sim.steps()).collect();
    assert_eq!(steps, numbers, "{:#?}", sim.observer());
}

/// Breaks off when a request is delivered to S1.
struct UntilS1IsAsked;

impl Observer<Echo> for UntilS1IsAsked {
    fn observe(&mut self, _: Time, _: u64, seen: Seen<'_, Echo>) -> ControlFlow<()> {
        match seen {
            Happening::RequestDelivered { to: S1, .. } => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}

#[test]
fn an_observer_may_end_the_run_at_what_happens_by_hand() {
    let servers = vec![echo(), echo()];
    let setup = setup(servers, Faults::RELIABLE);
    let mut sim = Simulation::new(setup, UntilS1IsAsked).unwrap();
    sim.play_by_hand(S1).unwrap();
    let text = "x".to_string();
    sim.send_as(S0, S1, Ask { text }).unwrap();
    assert_eq!(
        sim.advance_until(at(10), &mut |_| false),
        Err(Ended::ByObserver)
    );
}

#[test]
fn the_same_seed_is_the_same_run_by_hand() {
    let play = |seed: u64| {
        let mut faults = Faults::UNRELIABLE;
        faults.link.duplication = 0.2;
        let mut servers = setup(vec![asking(S1, 1..200), echo(), echo()], faults);
        servers.seed = seed;
        let mut sim = Simulation::new(servers, Trace::new()).unwrap();
        sim.start(S0).unwrap();
        sim.play_by_hand(S1).unwrap();
        sim.play_by_hand(S2).unwrap();
        let mut answered = 0;
        for n in 0..40 {
            pass(&mut sim, 10);
            say(&mut sim, [S1, S2][n % 2], S0, "x");
            for request in delivered(&sim, S1).split_off(answered) {
                answer(&mut sim, request, "y").unwrap();
                answered += 1;
            }
        }
        sim.observer().clone()
    };
    let once = play(1);
    assert!(once.len() > 500, "{}", once.len());
    assert!(play(1) == once);
    assert!(play(2) != once);
}

#[test]
fn on_threads_no_server_is_played_by_hand() {
    let mut run = begin_with(vec![echo(), echo()], Faults::RELIABLE);
    let text = String::new();
    let why = "servers are played by hand in virtual time only";
    assert_eq!(
        refusal(run.play_by_hand(S1)),
        format!("play_by_hand cannot be S1: {why}")
    );
    assert_eq!(
        refusal(run.send_as(S1, S0, Ask { text: text.clone() })),
        format!("send_as cannot be S1: {why}")
    );
    assert_eq!(
        refusal(run.reply_as(0, text)),
        format!("reply_as cannot be 0: {why}")
    );
}
