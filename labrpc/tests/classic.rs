//! What the classic Go labrpc is tested for. Its calls block until they have succeeded or failed;
//! here a call never blocks, and one that is lost is never reported. All of it on both hosts; on
//! threads a server may take a while to start, so nothing is planned before 300 ms.

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use common::*;
use labrpc::{Delay, Faults, ServerId};

on_both_hosts! {
    values_travel_both_ways,
    a_server_that_is_cut_off_gets_nothing_and_is_heard_again_after_it_has_rejoined,
    each_call_is_counted_for_its_server_and_in_total,
    a_call_to_a_server_that_is_cut_off_counts_in_total_but_not_for_that_server,
    bytes_are_counted_of_requests_and_of_replies,
    a_reply_that_is_lost_has_no_bytes_and_a_request_that_is_lost_has,
    twenty_clients_with_ten_calls_each_are_all_answered_and_counted,
    on_an_unreliable_network_about_four_calls_in_five_succeed,
    of_twenty_calls_at_once_on_an_unreliable_network_all_are_counted_and_some_fail,
    calls_to_a_server_that_is_cut_off_hold_up_no_other_call,
    a_server_that_is_killed_with_an_unanswered_request_never_answers_it,
    a_request_can_be_answered_neither_after_a_crash_nor_by_another_server,
    a_request_can_be_answered_until_1024_others_have_come,
    a_hundred_thousand_calls_one_after_the_other_are_all_answered,
}

fn values_travel_both_ways<H: Place>() {
    let client = server(|ctx| {
        let _ = ctx.recv_deadline(at(1));
        ask(ctx, S1, "hello");
        while let Ok(event) = ctx.recv() {
            if let Event::Answered(a) = event {
                ctx.publish(format!("{}: {} {}", a.from, a.request.text, a.reply));
            }
        }
    });
    let shouting = serving(|ctx, call| {
        let reply = format!("{} to {}", call.args.text.to_uppercase(), call.from);
        call.reply(ctx, reply);
    });
    let mut sim = H::sim(vec![client, shouting], Faults::RELIABLE);
    advance_until(&mut *sim, 1, "shows");
    assert_eq!(
        untimed(story(&*sim)),
        [
            "S0 asks S1 hello",
            "S1 is asked hello",
            "S1 answers S0 HELLO to S0",
            "S0 hears HELLO to S0",
            "S0 shows S1: hello HELLO to S0",
        ]
    );
}

fn a_server_that_is_cut_off_gets_nothing_and_is_heard_again_after_it_has_rejoined<H: Place>() {
    let mut sim = H::sim(vec![asking(S1, [301, 401, 701]), echo()], Faults::RELIABLE);
    advance_until(&mut *sim, 1, "hears");
    sim.isolate(S1).unwrap();
    advance_until(&mut *sim, 2, "asks");
    sim.rejoin(S1).unwrap();
    advance_until(&mut *sim, 2, "hears");
    assert_eq!(
        untimed(told(&*sim, "is asked")),
        ["S1 is asked 0", "S1 is asked 2"]
    );
    assert_eq!(untimed(told(&*sim, "hears")), ["S0 hears 0", "S0 hears 2"]);
}

fn each_call_is_counted_for_its_server_and_in_total<H: Place>() {
    let mut sim = H::sim(vec![asking(S1, 301..318), echo(), echo()], Faults::RELIABLE);
    advance_until(&mut *sim, 17, "hears");
    assert_eq!(sim.counts().calls, 17);
    assert_eq!(sim.counts().requests, [0, 17, 0]);
}

fn a_call_to_a_server_that_is_cut_off_counts_in_total_but_not_for_that_server<H: Place>() {
    let mut sim = H::sim(vec![asking(S1, 301..318), echo()], Faults::RELIABLE);
    sim.isolate(S1).unwrap();
    advance_until(&mut *sim, 17, "cut off");
    assert_eq!(sim.counts().calls, 17);
    assert_eq!(sim.counts().requests, [0, 0]);
}

fn bytes_are_counted_of_requests_and_of_replies<H: Place>() {
    let long_requests = planned(301..318, |ctx, _| ask(ctx, S1, "x".repeat(280)));
    let long_replies = planned(301..318, |ctx, _| ask(ctx, S1, 107));
    let length = serving(|ctx, call| {
        let reply = match call.args.text.parse() {
            Ok(wanted) => "x".repeat(wanted),
            Err(_) => call.args.text.len().to_string(),
        };
        call.reply(ctx, reply);
    });
    let bytes = |client| {
        let mut sim = H::sim(vec![client, length.clone()], Faults::RELIABLE);
        advance_until(&mut *sim, 17, "hears");
        sim.counts().bytes
    };
    // As JSON: {"text":"xxx"} and "280", {"text":"107"} and "xxx". The classic test allows 4828 to
    // 6000 bytes, and 1800 to 2500.
    assert_eq!(bytes(long_requests), 17 * (291 + 5));
    assert_eq!(bytes(long_replies), 17 * (14 + 109));
}

fn a_reply_that_is_lost_has_no_bytes_and_a_request_that_is_lost_has<H: Place>() {
    let bytes = |change: fn(&mut labrpc::LinkFaults), end| {
        let faults = faults(|f| change(&mut f.link));
        let mut sim = H::sim(vec![asking(S1, [301]), echo()], faults);
        advance_until(&mut *sim, 1, end);
        sim.counts().bytes
    };
    assert_eq!(bytes(|_| {}, "hears"), 12 + 3);
    assert_eq!(bytes(|l| l.reply_loss = 1.0, "S1 to S0: lost"), 12);
    assert_eq!(bytes(|l| l.request_loss = 1.0, "S0 to S1: lost"), 12);
}

fn twenty_clients_with_ten_calls_each_are_all_answered_and_counted<H: Place>() {
    let ten_at_once = planned([301], |ctx, _| (0..10).for_each(|n| ask(ctx, S0, n)));
    let mut servers = vec![ten_at_once; 21];
    servers[0] = echo();
    let mut sim = H::sim(servers, Faults::RELIABLE);
    advance_until(&mut *sim, 200, "hears");
    for client in ServerId::all(21).skip(1) {
        for n in 0..10 {
            assert_eq!(
                times(&*sim, &format!(": {client} hears {n}")),
                1,
                "{client} {n}"
            );
        }
    }
    assert_eq!(sim.counts().calls, 200);
    assert_eq!(sim.counts().requests[0], 200);
}

fn on_an_unreliable_network_about_four_calls_in_five_succeed<H: Place>() {
    let mut sim = H::sim(vec![asking(S1, 301..601), echo()], Faults::UNRELIABLE);
    advance_until(&mut *sim, 300, "asks");
    pass(&mut *sim, 100);
    assert_eq!(sim.counts().calls, 300);
    let served = sim.counts().requests[1];
    assert!(
        (255..=285).contains(&served),
        "{served} of 300, each with probability 0.9"
    );
    let answered = times(&*sim, "S0 hears");
    assert!(
        (225..=261).contains(&answered),
        "{answered} of 300, each with probability 0.81"
    );
}

fn of_twenty_calls_at_once_on_an_unreliable_network_all_are_counted_and_some_fail<H: Place>() {
    let client = planned([301], |ctx, _| (0..20).for_each(|n| ask(ctx, S1, n)));
    let mut sim = H::sim(vec![client, echo()], Faults::UNRELIABLE);
    advance_until(&mut *sim, 20, "asks");
    pass(&mut *sim, 100);
    assert_eq!(sim.counts().calls, 20);
    let (served, answered) = (sim.counts().requests[1], times(&*sim, "S0 hears"));
    assert_eq!(times(&*sim, "S1 is asked") as u64, served);
    assert!((10..20).contains(&answered), "{answered} of 20");
    // A call that fails is lost on its way there or on its way back.
    assert_eq!(times(&*sim, "S0 to S1: lost") as u64, 20 - served);
    assert_eq!(times(&*sim, "S1 to S0: lost"), served as usize - answered);
}

fn calls_to_a_server_that_is_cut_off_hold_up_no_other_call<H: Place>() {
    let client = planned([301, 302], |ctx, n| match n {
        0 => (0..20).for_each(|n| ask(ctx, S1, n)),
        _ => ask(ctx, S2, "live"),
    });
    let mut faults = Faults::RELIABLE.delayed(Delay::whole_millis(0, 13));
    faults.link.unreachable_delay = Delay::whole_millis(0, 999);
    let mut sim = H::sim(vec![client, echo(), echo()], faults);
    sim.isolate(S1).unwrap();
    advance_until(&mut *sim, 1, "S0 hears live");
    assert!(
        times(&*sim, "S0 to S1: cut off") < 20,
        "some of the twenty still linger"
    );
    advance_until(&mut *sim, 20, "S0 to S1: cut off");
    assert_eq!(sim.counts().requests, [0, 0, 1]);
}

fn a_server_that_is_killed_with_an_unanswered_request_never_answers_it<H: Place>() {
    // It answers the request before, as Go's servers do that sleep in a handler.
    let late = server(|ctx| {
        let mut unanswered = None;
        while let Ok(event) = ctx.recv() {
            if let Event::Asked(call) = event
                && let Some(before) = unanswered.replace(call)
            {
                echo_back(ctx, before);
            }
        }
        if let Some(call) = unanswered {
            echo_back(ctx, call); // it is dead
        }
    });
    let mut sim = H::sim(
        vec![asking(S1, [301, 302, 601, 602]), late],
        Faults::RELIABLE,
    );
    advance_until(&mut *sim, 1, "hears");
    sim.crash(S1).unwrap();
    sim.start(S1).unwrap();
    advance_until(&mut *sim, 2, "hears");
    assert_eq!(
        untimed(told(&*sim, "S1 answers")),
        ["S1 answers S0 0", "S1 answers S0 2"]
    );
    assert_eq!(
        untimed(told(&*sim, "S0 hears")),
        ["S0 hears 0", "S0 hears 2"]
    );
}

fn a_request_can_be_answered_neither_after_a_crash_nor_by_another_server<H: Place>() {
    for thief in [S1, S2] {
        let stolen = Arc::new(Mutex::new(None));
        let handle = move |ctx: &Ctx<'_>, call: labrpc::Call<Echo, Ask>| match stolen.lock() {
            Ok(mut stolen) if stolen.is_none() => *stolen = Some(call),
            Ok(mut stolen) => echo_back(ctx, stolen.take().unwrap()),
            Err(_) => unreachable!(),
        };
        let client = planned([301, 601], move |ctx, n| ask(ctx, [S1, thief][n], n));
        let server = serving(handle);
        let mut sim = H::sim(vec![client, server.clone(), server], Faults::RELIABLE);
        advance_until(&mut *sim, 1, "is asked");
        if thief == S1 {
            sim.crash(S1).unwrap();
            sim.start(S1).unwrap();
        }
        advance_until(&mut *sim, 2, "is asked");
        pass(&mut *sim, 20);
        assert_eq!(times(&*sim, "answers") + times(&*sim, "hears"), 0);
    }
}

fn a_request_can_be_answered_until_1024_others_have_come<H: Place>() {
    const REQUESTS: usize = 1030;
    let waiting = Arc::new(Mutex::new(Vec::new()));
    let late = serving(move |ctx, call| {
        let mut waiting = waiting.lock().unwrap();
        waiting.push(call);
        if waiting.len() == REQUESTS {
            waiting.drain(..).for_each(|call| echo_back(ctx, call));
        }
    });
    let client = planned([301], |ctx, _| (0..REQUESTS).for_each(|n| ask(ctx, S1, n)));
    let mut sim = H::sim(vec![client, late], Faults::RELIABLE);
    advance_until(&mut *sim, 1024, "hears");
    let words = |about, skipped| {
        let sentences = told(&*sim, about).into_iter().skip(skipped);
        let last = |sentence: String| sentence.rsplit(' ').next().unwrap().to_string();
        sentences.map(last).collect::<Vec<_>>()
    };
    assert_eq!(words("S1 answers", 0), words("is asked", REQUESTS - 1024));
}

fn a_hundred_thousand_calls_one_after_the_other_are_all_answered<H: Place>() {
    const CALLS: u64 = 100_000;
    let client = |ctx: &Ctx<'_>| {
        let _ = ctx.recv_deadline(at(1));
        for n in 0..CALLS {
            ask(ctx, S1, n);
            match ctx.recv() {
                Ok(Event::Answered(answer)) if answer.reply == n.to_string() => {}
                _ => return,
            }
        }
    };
    let done = Arc::new(AtomicBool::new(false));
    let client = {
        let done = done.clone();
        server(move |ctx| {
            client(ctx);
            done.store(true, Ordering::Relaxed);
            ctx.publish("done".to_string());
            let _ = ctx.recv();
        })
    };
    let faults = Faults::RELIABLE.delayed(H::LEAST_DELAY);
    let mut sim = H::build(setup(vec![client, echo()], faults), ());
    sim.start(S0).unwrap();
    sim.start(S1).unwrap();
    let mut over = |_: &()| done.load(Ordering::Relaxed);
    assert_eq!(sim.advance_until(at(300_000), &mut over), Ok(true));
    assert_eq!(sim.counts().calls, CALLS);
    assert_eq!(sim.counts().requests, [0, CALLS]);
    // Both starts, a timeout, two steps a call.
    assert_eq!(sim.steps(), 3 + 2 * CALLS);
}
