//! What links do to messages: cuts, losses, delays, copies, and messages that linger.

mod common;

use std::time::Duration;

use common::*;
use labrpc::{Delay, Faults, Run};

/// Every message takes three milliseconds.
fn three_ms() -> Faults {
    Faults::RELIABLE.delayed(Delay::Constant(ms(3)))
}

#[test]
fn a_cut_is_directed_so_a_request_passes_and_its_reply_does_not() {
    let mut sim = sim(vec![asking(S1, [1]), asking(S0, [2])], Faults::RELIABLE);
    sim.cut(S1, S0).unwrap();
    advance(&mut sim, 1000);
    let carried = ["asks", "is asked", "answers", "hears"].map(|words| told(&sim, words));
    assert_eq!(carried[0], ["1: S0 asks S1 0", "2: S1 asks S0 0"]);
    assert_eq!(carried[1], ["1: S1 is asked 0"]);
    assert_eq!(carried[2], ["1: S1 answers S0 0"]);
    assert_eq!(carried[3], [""; 0]);
    assert_eq!(times(&sim, "S1 to S0: cut off"), 2);
}

#[test]
fn a_healed_link_works_again() {
    let mut sim = sim(vec![asking(S1, [1, 11]), echo()], Faults::RELIABLE);
    sim.cut(S0, S1).unwrap();
    advance(&mut sim, 10);
    sim.heal(S0, S1).unwrap();
    advance(&mut sim, 1000);
    assert_eq!(told(&sim, "hears"), ["11: S0 hears 1"]);
}

#[test]
fn what_is_under_way_when_its_link_is_cut_arrives() {
    let mut sim = sim(vec![asking(S1, [1, 3]), echo()], three_ms());
    advance(&mut sim, 2);
    sim.cut(S0, S1).unwrap();
    advance(&mut sim, 1000);
    assert_eq!(told(&sim, "hears"), ["7: S0 hears 0"]);
    assert_eq!(times(&sim, "S0 to S1: cut off"), 1);
}

#[test]
fn two_isolated_servers_stay_apart_until_both_have_rejoined() {
    // Each asks both of the others, at 11, 21 and 31 ms.
    let all = planned([11, 21, 31], |ctx, n| {
        ctx.peers().for_each(|p| ask(ctx, p, n))
    });
    let mut sim = sim(vec![all.clone(), all.clone(), all], Faults::RELIABLE);
    let open = |sim: &Sim| {
        let links = [(S0, S1), (S1, S0), (S0, S2), (S2, S0), (S1, S2), (S2, S1)];
        links.map(|(from, to)| u8::from(sim.network().is_open(from, to)))
    };
    sim.isolate(S0).unwrap();
    sim.isolate(S1).unwrap();
    assert_eq!(open(&sim), [0; 6]);
    advance(&mut sim, 20);
    assert_eq!(times(&sim, "is asked 0"), 0);
    sim.rejoin(S0).unwrap();
    assert_eq!(open(&sim), [0, 0, 1, 1, 0, 0]);
    advance(&mut sim, 30);
    let mut asked = told(&sim, "is asked 1");
    asked.sort();
    assert_eq!(asked, ["21: S0 is asked 1", "21: S2 is asked 1"]);
    sim.rejoin(S1).unwrap();
    assert_eq!(open(&sim), [1; 6]);
    advance(&mut sim, 40);
    assert_eq!(times(&sim, "is asked 2"), 6);
}

#[test]
fn cuts_and_isolation_do_not_undo_each_other() {
    let mut sim = sim(vec![echo(), echo()], Faults::RELIABLE);
    sim.isolate(S0).unwrap();
    sim.heal(S0, S1).unwrap();
    assert!(!sim.network().is_open(S0, S1));
    sim.cut(S0, S1).unwrap();
    sim.rejoin(S0).unwrap();
    assert!(!sim.network().is_open(S0, S1) && sim.network().is_open(S1, S0));
    sim.heal(S0, S1).unwrap();
    assert!(sim.network().is_open(S0, S1));
}

#[test]
fn only_what_changes_a_link_is_told() {
    let mut sim = sim(vec![echo(), echo()], Faults::RELIABLE);
    for _ in 0..2 {
        sim.cut(S0, S1).unwrap();
    }
    for _ in 0..2 {
        sim.heal(S0, S1).unwrap();
    }
    for _ in 0..2 {
        sim.isolate(S1).unwrap();
    }
    for _ in 0..2 {
        sim.rejoin(S1).unwrap();
    }
    assert_eq!(
        story(&sim),
        [
            "0: S0 to S1 is cut",
            "0: S0 to S1 is healed",
            "0: S1 is isolated",
            "0: S1 has rejoined"
        ]
    );
}

#[test]
fn requests_can_be_lost_alone_and_replies_alone() {
    let losses = |change: fn(&mut labrpc::LinkFaults)| {
        let mut sim = sim(
            vec![asking(S1, 1..401), echo()],
            faults(|f| change(&mut f.link)),
        );
        advance(&mut sim, 1000);
        let lost = [times(&sim, "S0 to S1: lost"), times(&sim, "S1 to S0: lost")];
        assert_eq!(times(&sim, "hears"), 400 - lost[0] - lost[1]);
        lost
    };
    let [requests, replies] = losses(|l| l.request_loss = 0.25);
    assert!(
        (80..120).contains(&requests) && replies == 0,
        "{requests} {replies}"
    );
    let [requests, replies] = losses(|l| l.reply_loss = 0.25);
    assert!(
        (80..120).contains(&replies) && requests == 0,
        "{requests} {replies}"
    );
}

/// How long 500 requests take on a link with this delay. Their replies take no time.
fn observed(delay: Delay) -> Vec<Duration> {
    let client = planned([1], |ctx, _| (0..500).for_each(|n| ask(ctx, S1, n)));
    let mut sim = sim(
        vec![client, echo()],
        faults(|f| f.link.request_delay = delay),
    );
    advance(&mut sim, 100_000);
    assert_eq!(delays(&sim, S1, S0), [ms(0); 500]);
    delays(&sim, S0, S1)
}

/// How many of these delays last from `min` milliseconds to just below `max`.
fn within(delays: &[Duration], min: u64, max: u64) -> usize {
    delays
        .iter()
        .filter(|d| (ms(min)..ms(max)).contains(d))
        .count()
}

#[test]
fn a_constant_delay_is_always_the_same() {
    assert_eq!(observed(Delay::Constant(ms(7))), [ms(7); 500]);
}

#[test]
fn a_uniform_delay_is_anything_between_its_ends() {
    let mut seen = observed(Delay::uniform_millis(10, 20));
    assert!(seen.iter().all(|&delay| ms(10) <= delay && delay <= ms(20)));
    for min in 10..20 {
        let count = within(&seen, min, min + 1);
        assert!((30..70).contains(&count), "{count} of about {min} ms");
    }
    seen.sort();
    seen.dedup();
    assert_eq!(
        seen.len(),
        500,
        "in whole nanoseconds hardly any two are the same"
    );
}

#[test]
fn a_delay_in_steps_takes_each_step_about_equally_often() {
    let seen = observed(Delay::Steps {
        min: ms(10),
        max: ms(15),
        step: ms(2),
    });
    let counts = [10, 12, 14].map(|step| seen.iter().filter(|&&delay| delay == ms(step)).count());
    assert_eq!(counts.iter().sum::<usize>(), 500);
    assert!(
        counts.iter().all(|count| (130..200).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn a_nested_delay_is_often_short_and_seldom_long() {
    let seen = observed(Delay::Nested {
        min: ms(200),
        spread: ms(2000),
    });
    assert!(seen.iter().all(|delay| delay.as_nanos() % 1_000_000 == 0));
    assert_eq!(within(&seen, 200, 2200), 500);
    // A product of two uniform draws is below a quarter with probability 0.6, above three quarters
    // with probability 0.03.
    let (short, long) = (within(&seen, 200, 700), within(&seen, 1700, 2200));
    assert!(
        (270..330).contains(&short) && (5..35).contains(&long),
        "{short} {long}"
    );
}

#[test]
fn an_exponential_delay_has_its_mean_and_a_long_tail() {
    let seen = observed(Delay::Exponential {
        min: ms(5),
        mean: ms(10),
    });
    assert!(seen.iter().all(|&delay| delay >= ms(5)));
    let mean = seen.iter().sum::<Duration>() / 500;
    assert!((ms(14)..ms(16)).contains(&mean), "{mean:?}");
    // e^-3 is 0.05.
    let tail = within(&seen, 35, 1000);
    assert!((13..38).contains(&tail), "{tail}");
}

#[test]
fn a_request_and_its_reply_have_delays_of_their_own() {
    let faults = faults(|f| {
        f.link.request_delay = Delay::Constant(ms(4));
        f.link.reply_delay = Delay::Constant(ms(5));
    });
    let mut sim = sim(vec![asking(S1, [1]), echo()], faults);
    advance(&mut sim, 100);
    assert_eq!(
        story(&sim),
        [
            "1: S0 asks S1 0",
            "5: S1 is asked 0",
            "5: S1 answers S0 0",
            "10: S0 hears 0"
        ]
    );
}

#[test]
fn a_request_that_arrives_twice_is_answered_twice() {
    let duplicated = link(|l| {
        l.duplication = 1.0;
        l.request_delay = Delay::whole_millis(1, 1000);
    });
    let mut sim = sim(vec![asking(S1, [1]), echo()], Faults::RELIABLE);
    sim.set_link(S0, S1, duplicated).unwrap();
    advance(&mut sim, 2000);
    assert_eq!(times(&sim, "S0 asks"), 1);
    assert_eq!(times(&sim, "S1 answers"), 2);
    assert_eq!(times(&sim, "S0 hears"), 2);
    assert_eq!(sim.counts().requests, [0, 2]);
    let delays = delays(&sim, S0, S1);
    assert_ne!(delays[0], delays[1], "each copy has its own delay");
}

#[test]
fn a_reply_can_arrive_twice() {
    let mut sim = sim(vec![asking(S1, [1]), echo()], Faults::RELIABLE);
    sim.set_link(S1, S0, link(|l| l.duplication = 1.0)).unwrap();
    advance(&mut sim, 100);
    assert_eq!((times(&sim, "S1 answers"), times(&sim, "S0 hears")), (1, 2));
}

#[test]
fn with_long_reordering_two_replies_in_three_are_overtaken() {
    let faults = Faults::RELIABLE.long_reordering();
    let mut sim = sim(vec![asking(S1, 1..301), echo()], faults);
    advance(&mut sim, 3000);
    assert_eq!(delays(&sim, S0, S1), [ms(0); 300]);
    let back = delays(&sim, S1, S0);
    let held_up = within(&back, 200, 2200);
    assert!((180..220).contains(&held_up), "{held_up} of 300");
    assert_eq!(within(&back, 0, 1), 300 - held_up);
    // A call is made each millisecond: a reply held up comes after that to a call 200 ms later.
    let heard = told(&sim, "S0 hears");
    let place = |n: usize| {
        heard
            .iter()
            .position(|s| s.ends_with(&format!(" {n}")))
            .unwrap()
    };
    let late = (0..100)
        .find(|&n| !back[n].is_zero() && back[n + 200].is_zero())
        .unwrap();
    assert!(
        place(late + 200) < place(late),
        "the later call is answered first"
    );
}

/// A run in which S0 asks S1 at 1 ms, and what cannot be delivered lingers for 50 ms.
fn lingering(late_delivery: f64) -> Sim {
    let faults = faults(|f| {
        f.link.unreachable_delay = Delay::Constant(ms(50));
        f.link.late_delivery = late_delivery;
    });
    sim(vec![asking(S1, [1]), echo()], faults)
}

#[test]
fn what_is_sent_to_a_dead_server_lingers_and_is_dropped_even_if_the_server_comes_back() {
    let mut sim = lingering(0.0);
    sim.crash(S1).unwrap();
    advance(&mut sim, 10);
    sim.start(S1).unwrap();
    advance(&mut sim, 100);
    assert_eq!(
        story(&sim),
        ["1: S0 asks S1 0", "51: S0 to S1: receiver down"]
    );
}

#[test]
fn what_is_sent_over_a_cut_link_lingers_and_is_dropped_even_if_the_link_is_healed() {
    let mut sim = lingering(0.0);
    sim.cut(S0, S1).unwrap();
    advance(&mut sim, 10);
    sim.heal(S0, S1).unwrap();
    advance(&mut sim, 100);
    assert_eq!(
        story(&sim)[1..],
        [
            "1: S0 asks S1 0",
            "10: S0 to S1 is healed",
            "51: S0 to S1: cut off"
        ]
    );
}

#[test]
fn with_late_delivery_it_is_delivered_if_the_server_is_back() {
    let mut sim = lingering(1.0);
    sim.crash(S1).unwrap();
    advance(&mut sim, 10);
    sim.start(S1).unwrap();
    advance(&mut sim, 100);
    assert_eq!(told(&sim, "hears"), ["51: S0 hears 0"]);
}

#[test]
fn with_late_delivery_it_is_delivered_if_the_link_is_healed() {
    let mut sim = lingering(1.0);
    sim.isolate(S1).unwrap();
    advance(&mut sim, 10);
    sim.rejoin(S1).unwrap();
    advance(&mut sim, 100);
    assert_eq!(told(&sim, "hears"), ["51: S0 hears 0"]);
}

#[test]
fn with_late_delivery_it_is_dropped_if_it_still_cannot_be_delivered() {
    let mut down = lingering(1.0);
    down.crash(S1).unwrap();
    advance(&mut down, 100);
    assert_eq!(
        story(&down),
        ["1: S0 asks S1 0", "51: S0 to S1: receiver down"]
    );
    let mut cut = lingering(1.0);
    cut.cut(S0, S1).unwrap();
    advance(&mut cut, 100);
    assert_eq!(
        story(&cut)[1..],
        ["1: S0 asks S1 0", "51: S0 to S1: cut off"]
    );
}

#[test]
fn what_is_under_way_to_a_server_that_crashes_is_dropped_when_it_arrives() {
    let mut sim = sim(vec![asking(S1, [1]), echo()], three_ms());
    advance(&mut sim, 2);
    sim.crash(S1).unwrap();
    advance(&mut sim, 100);
    assert_eq!(
        story(&sim),
        [
            "1: S0 asks S1 0",
            "2: S1 crashes",
            "4: S0 to S1: receiver down"
        ]
    );
}

#[test]
fn a_request_reaches_a_server_that_was_restarted_in_the_meantime() {
    let mut sim = sim(vec![asking(S1, [1]), echo()], three_ms());
    advance(&mut sim, 2);
    sim.crash(S1).unwrap();
    sim.start(S1).unwrap();
    advance(&mut sim, 100);
    assert_eq!(told(&sim, "hears"), ["7: S0 hears 0"]);
}

#[test]
fn a_reply_does_not_reach_a_caller_that_was_restarted_in_the_meantime() {
    let mut sim = sim(vec![asking(S1, [1]), echo()], three_ms());
    advance(&mut sim, 5);
    sim.crash(S0).unwrap();
    sim.start(S0).unwrap();
    advance(&mut sim, 100);
    assert_eq!(
        story(&sim)[2..],
        [
            "4: S1 answers S0 0",
            "5: S0 crashes",
            "7: S1 to S0: caller gone"
        ]
    );
}

#[test]
fn a_link_can_have_knobs_of_its_own_until_all_get_the_same() {
    let client = planned([1, 21], |ctx, _| ctx.peers().for_each(|p| ask(ctx, p, p)));
    let mut sim = sim(vec![client, echo(), echo()], Faults::RELIABLE);
    sim.set_link(S0, S1, link(|l| l.request_delay = Delay::Constant(ms(9))))
        .unwrap();
    advance(&mut sim, 20);
    sim.set_all_links(three_ms().link).unwrap();
    advance(&mut sim, 100);
    let mut hears = told(&sim, "hears");
    hears.sort();
    assert_eq!(
        hears,
        [
            "10: S0 hears S1",
            "1: S0 hears S2",
            "27: S0 hears S1",
            "27: S0 hears S2"
        ]
    );
}
