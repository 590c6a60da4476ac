//! What a disk does: what is persisted survives, writes take time, and nothing leaves too early.

mod common;

use common::*;
use crossbeam_channel::RecvTimeoutError;
use labrpc::{ActionKind, Delay, Faults, Happening, Record, Run, ServerFaults};

fn persist(ctx: &Ctx<'_>, text: impl ToString) {
    ctx.persist(&text.to_string());
}

/// Servers whose disks take this long.
fn writing(disk_write: Delay) -> Faults {
    faults(|f| f.server.disk_write = disk_write)
}

const TEN_MS: Delay = Delay::Constant(ms(10));

/// Asks S1 before and after it persists something.
fn before_and_after() -> labrpc::ServerFn<Echo> {
    planned([1], |ctx, _| {
        ask(ctx, S1, "before");
        persist(ctx, "x");
        ask(ctx, S1, "after");
    })
}

#[test]
fn what_is_sent_after_a_write_leaves_when_the_write_is_done() {
    let mut sim = sim(vec![before_and_after(), echo()], writing(TEN_MS));
    advance(&mut sim, 10);
    assert_eq!(sim.stable(S0), "");
    advance(&mut sim, 100);
    assert_eq!(sim.stable(S0), "x");
    let done: Vec<_> = story(&sim)
        .into_iter()
        .filter(|s| !s.contains(" S1 is asked"))
        .collect();
    assert_eq!(
        done,
        [
            "1: S0 asks S1 before",
            "1: S1 answers S0 before",
            "1: S0 hears before",
            "11: S0 persists x",
            "11: S0 asks S1 after",
            "11: S1 answers S0 after",
            "11: S0 hears after",
        ]
    );
}

#[test]
fn a_crash_during_a_write_loses_the_state_and_what_waits_for_it() {
    let mut sim = sim(vec![before_and_after(), echo()], writing(TEN_MS));
    advance(&mut sim, 10);
    sim.crash(S0).unwrap();
    sim.start(S0).unwrap();
    advance(&mut sim, 100);
    assert_eq!(told(&sim, "asks"), ["1: S0 asks S1 before"]);
    assert_eq!(times(&sim, "persists"), 0);
    assert_eq!(
        told(&sim, "S0 starts"),
        ["0: S0 starts from ''", "10: S0 starts from ''"]
    );
}

#[test]
fn two_writes_of_one_step_take_twice_the_time() {
    let twice = planned([1], |ctx, _| {
        persist(ctx, "x");
        ask(ctx, S1, "between");
        persist(ctx, "y");
        ask(ctx, S1, "after");
    });
    let mut sim = sim(vec![twice, echo()], writing(TEN_MS));
    advance(&mut sim, 100);
    assert_eq!(
        told(&sim, "persists"),
        ["11: S0 persists x", "21: S0 persists y"]
    );
    assert_eq!(
        told(&sim, "asks"),
        ["11: S0 asks S1 between", "21: S0 asks S1 after"]
    );
}

#[test]
fn each_write_of_a_step_has_a_time_of_its_own() {
    let twice = planned([0], |ctx, _| {
        persist(ctx, "x");
        persist(ctx, "y");
    });
    let mut sim = sim(vec![twice], writing(Delay::uniform_millis(1, 10)));
    advance(&mut sim, 100);
    let ends: Vec<_> = sim
        .observer()
        .iter()
        .filter(|r| matches!(r.what, Happening::Persisted { .. }))
        .map(|r| r.at)
        .collect();
    assert_eq!(ends.len(), 2);
    assert_ne!(ends[0] - at(0), ends[1] - ends[0]);
}

#[test]
fn writes_of_different_steps_overlap() {
    let writing_twice = planned([1, 3], persist);
    let mut sim = sim(vec![writing_twice], writing(TEN_MS));
    advance(&mut sim, 100);
    assert_eq!(
        told(&sim, "persists"),
        ["11: S0 persists 0", "13: S0 persists 1"]
    );
}

#[test]
fn a_crash_right_before_a_write_leaves_nothing_of_it_for_the_next_life() {
    let client = planned([1, 21], |ctx, n| {
        ask(ctx, S1, n);
        persist(ctx, n);
    });
    let mut sim = sim(vec![client, echo()], writing(TEN_MS));
    advance(&mut sim, 0);
    sim.crash_after(S0, ActionKind::Call, 1).unwrap();
    advance(&mut sim, 20);
    sim.start(S0).unwrap();
    advance(&mut sim, 100);
    assert_eq!(told(&sim, "asks"), ["1: S0 asks S1 0", "21: S0 asks S1 1"]);
    assert_eq!(told(&sim, "persists"), ["31: S0 persists 1"]);
}

#[test]
fn the_writes_of_a_life_do_not_wait_for_those_of_the_life_before() {
    let mut sim = sim(vec![planned([1, 6], persist)], writing(TEN_MS));
    advance(&mut sim, 5);
    sim.crash(S0).unwrap();
    sim.start(S0).unwrap();
    advance(&mut sim, 100);
    assert_eq!(told(&sim, "persists"), ["16: S0 persists 1"]);
}

#[test]
fn what_a_later_step_sends_waits_for_the_write_of_an_earlier_one() {
    // A server that has voted answers the same request again without another write. If that
    // answer left at once, it would be out before the vote is safe.
    let voting = server(|ctx| {
        let mut voted = ctx.restore();
        while let Ok(event) = ctx.recv() {
            if let Event::Asked(call) = event {
                if voted.is_empty() {
                    voted = call.from.to_string();
                    persist(ctx, &voted);
                }
                call.reply(ctx, voted.clone());
            }
        }
    });
    let mut sim = sim(vec![asking(S1, [1, 3, 15]), voting], writing(TEN_MS));
    advance(&mut sim, 100);
    assert_eq!(told(&sim, "persists"), ["11: S1 persists S0"]);
    assert_eq!(
        told(&sim, "S1 answers"),
        [
            "11: S1 answers S0 S0",
            "11: S1 answers S0 S0",
            "15: S1 answers S0 S0"
        ]
    );
}

#[test]
fn writes_stay_in_order_however_long_each_takes() {
    // Some writes take no time, and many end at the same instant.
    let often = planned((1..200).map(|n| n / 2), |ctx, n| {
        persist(ctx, 10 * n);
        persist(ctx, 10 * n + 1);
        ask(ctx, S1, 10 * n + 1);
    });
    for step_time in [Delay::ZERO, Delay::whole_millis(0, 1)] {
        let faults = faults(|f| {
            f.server.disk_write = Delay::whole_millis(0, 1);
            f.server.step_time = step_time;
        });
        let mut sim = sim(vec![often.clone(), echo()], faults);
        advance(&mut sim, 10_000);
        let number = |s: &String| s.rsplit(' ').next().unwrap().parse::<u32>().unwrap();
        let written: Vec<_> = told(&sim, "S0 persists").iter().map(number).collect();
        assert_eq!(written.len(), 2 * 199);
        assert!(written.is_sorted(), "{written:?}");
        // Whatever has been sent had been written before.
        let mut last = 0;
        for sentence in story(&sim) {
            if sentence.contains("S0 persists") {
                last = number(&sentence);
            } else if sentence.contains("S0 asks") {
                assert_eq!(number(&sentence), last);
            }
        }
    }
}

#[test]
fn a_disk_that_becomes_fast_still_writes_in_order() {
    let mut sim = sim(vec![planned([1, 3], persist)], writing(TEN_MS));
    advance(&mut sim, 2);
    sim.set_server(S0, ServerFaults::IDEAL).unwrap();
    advance(&mut sim, 100);
    assert_eq!(
        told(&sim, "persists"),
        ["11: S0 persists 0", "11: S0 persists 1"]
    );
}

#[test]
fn a_server_restarts_from_exactly_what_it_had_persisted() {
    let writing = server(|ctx| {
        let mut memory = ctx.restore();
        ctx.publish(memory.clone());
        while let Ok(event) = ctx.recv() {
            if let Event::Asked(call) = event {
                memory.push_str(&call.args.text);
                if call.args.text == "b" {
                    persist(ctx, &memory);
                }
            }
        }
    });
    let client = planned([1, 2, 3, 11], |ctx, n| {
        ask(ctx, S1, ["a", "b", "c", "b"][n])
    });
    let mut sim = sim(vec![client, writing], Faults::RELIABLE);
    for millis in [10, 20] {
        advance(&mut sim, millis);
        sim.crash(S1).unwrap();
        sim.start(S1).unwrap();
    }
    advance(&mut sim, 30);
    assert_eq!(
        told(&sim, "shows"),
        ["0: S1 shows ", "10: S1 shows ab", "20: S1 shows abb"]
    );
    assert_eq!(
        told(&sim, "S1 starts"),
        [
            "0: S1 starts from ''",
            "10: S1 starts from 'ab'",
            "20: S1 starts from 'abb'"
        ]
    );
    assert_eq!(sim.stable(S1), "abb");
}

#[test]
fn a_disk_can_be_written_from_outside_while_its_server_is_down() {
    let showing = server(|ctx| {
        ctx.publish(ctx.restore());
        let _ = ctx.recv();
    });
    let mut sim = sim(vec![showing], Faults::RELIABLE);
    advance(&mut sim, 1);
    sim.crash(S0).unwrap();
    sim.set_stable(S0, "planted".to_string()).unwrap();
    sim.start(S0).unwrap();
    advance(&mut sim, 2);
    assert_eq!(told(&sim, "shows"), ["0: S0 shows ", "1: S0 shows planted"]);
}

/// The steps that these sentences belong to.
fn steps(sim: &Sim, words: &str) -> Vec<u64> {
    let about = |r: &&Record<Echo>| sentence(r).contains(words);
    sim.observer()
        .iter()
        .filter(about)
        .map(|r| r.step)
        .collect()
}

#[test]
fn what_takes_effect_later_carries_the_step_in_which_the_server_did_it() {
    // Between what S1 does with one request and the end of its write, it is handed the next one.
    let voting = serving(|ctx, call| {
        persist(ctx, &call.args.text);
        ctx.publish(call.args.text.clone());
        echo_back(ctx, call);
        ask(ctx, S0, "back");
    });
    let slow = |f: &mut Faults| {
        f.server.disk_write = TEN_MS;
        f.server.step_time = Delay::Constant(ms(2));
    };
    for faults in [writing(TEN_MS), faults(slow), Faults::RELIABLE] {
        let mut sim = sim(vec![asking(S1, [1, 5, 9]), voting.clone()], faults);
        advance(&mut sim, 100);
        let began = steps(&sim, "S1 is asked");
        assert_eq!(began.len(), 3);
        assert!(began.is_sorted_by(|a, b| a < b), "{began:?}");
        for done in ["S1 persists", "S1 shows", "S1 answers", "S1 asks S0 back"] {
            assert_eq!(steps(&sim, done), began, "{done}");
        }
        assert_eq!(steps(&sim, "S0 times out"), steps(&sim, "S0 asks"));
    }
}

#[test]
fn what_a_first_step_does_carries_the_step_that_the_start_begins() {
    let writing_first = first(|ctx| persist(ctx, "x"));
    let mut sim = sim(vec![writing_first, asking(S0, [1, 2])], writing(TEN_MS));
    advance(&mut sim, 15);
    sim.crash(S0).unwrap();
    sim.start(S0).unwrap();
    advance(&mut sim, 100);
    let started = steps(&sim, "S0 starts");
    assert_eq!(steps(&sim, "S0 persists"), started);
    assert_ne!(started[0], started[1]);
}

/// Of its own accord it writes and asks; asked, it writes and answers, and at an answer it writes
/// again.
fn writing_for_all_reasons() -> labrpc::ServerFn<Echo> {
    server(|ctx| {
        let mut deadline = at(1);
        loop {
            match ctx.recv_deadline(deadline) {
                Ok(Event::Asked(call)) => {
                    persist(ctx, "asked");
                    echo_back(ctx, call);
                }
                Ok(Event::Answered(_)) => persist(ctx, "answered"),
                Err(RecvTimeoutError::Timeout) => {
                    deadline = labrpc::Time::NEVER;
                    persist(ctx, "by itself");
                    ask(ctx, S1, "something");
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    })
}

#[test]
fn a_write_that_an_answer_waits_for_may_take_another_time() {
    let answering = faults(|f| {
        f.server.disk_write = TEN_MS;
        f.server.disk_write_answering = Some(Delay::Constant(ms(3)));
    });
    let peer = serving(|ctx, call| {
        persist(ctx, "peer");
        echo_back(ctx, call);
    });
    let mut sim = sim(
        vec![writing_for_all_reasons(), peer, asking(S0, [40])],
        answering,
    );
    advance(&mut sim, 100);
    assert_eq!(
        told(&sim, "persists"),
        [
            "11: S0 persists by itself", // a deadline passed
            "14: S1 persists peer",      // a request came in
            "24: S0 persists answered",  // a reply came in: nobody waits for this write
            "43: S0 persists asked",
        ]
    );
}

#[test]
fn only_writes_that_answer_may_take_time() {
    let answering = faults(|f| f.server.disk_write_answering = Some(TEN_MS));
    let peer = serving(|ctx, call| {
        persist(ctx, "peer");
        echo_back(ctx, call);
    });
    let mut sim = sim(vec![writing_for_all_reasons(), peer], answering);
    advance(&mut sim, 100);
    assert_eq!(
        told(&sim, "persists"),
        [
            "1: S0 persists by itself",
            "11: S1 persists peer",
            "11: S0 persists answered"
        ]
    );
}

#[test]
fn a_write_that_answers_takes_as_long_as_any_unless_it_is_told_otherwise() {
    let write = Delay::uniform_millis(0, 9);
    let story_with = |answering| {
        let faults = faults(|f| {
            f.server.disk_write = write;
            f.server.disk_write_answering = answering;
        });
        let clients = [asking(S1, 1..50), writing_for_all_reasons()];
        let mut sim = sim(clients.into(), faults);
        advance(&mut sim, 1000);
        story(&sim)
    };
    assert_eq!(story_with(None), story_with(Some(write)));
    assert_ne!(story_with(None), story_with(Some(Delay::ZERO)));
}

/// Writes of 10 ms, but for those that an answer waits for, which take 2.
fn overtaking() -> Faults {
    faults(|f| {
        f.server.disk_write = TEN_MS;
        f.server.disk_write_answering = Some(Delay::Constant(ms(2)));
        f.server.disk_overtaking = true;
    })
}

#[test]
fn a_write_that_is_done_first_settles_the_older_ones() {
    let mut sim = sim(
        vec![writing_for_all_reasons(), echo(), asking(S0, [3])],
        overtaking(),
    );
    advance(&mut sim, 100);
    // What S0 wrote at 1 ms would be done at 11 ms; at 3 ms it is asked and writes again.
    let done: Vec<_> = story(&sim)
        .into_iter()
        .filter(|s| s.contains("S0 persists") || s.contains("S0 asks") || s.contains("S0 answers"))
        .collect();
    assert_eq!(
        done,
        [
            "5: S0 persists by itself",
            "5: S0 asks S1 something",
            "5: S0 persists asked",
            "5: S0 answers S2 0",
            "15: S0 persists answered",
        ]
    );
    assert_eq!(sim.stable(S0), "answered");
}

#[test]
fn what_a_later_step_sends_waits_for_the_newest_write_only() {
    // At 4 ms S0 writes nothing, and asks: of the writes of 1 ms and 3 ms, the latter is done first.
    let often = server(|ctx| {
        let mut deadline = at(1);
        loop {
            match ctx.recv_deadline(deadline) {
                Ok(Event::Asked(call)) => persist(ctx, &call.args.text),
                Err(RecvTimeoutError::Timeout) if ctx.now() == at(1) => {
                    persist(ctx, "by itself");
                    deadline = at(4);
                }
                Err(RecvTimeoutError::Timeout) => {
                    ask(ctx, S1, "after");
                    deadline = labrpc::Time::NEVER;
                }
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    });
    let mut sim = sim(vec![often, echo(), asking(S0, [3])], overtaking());
    advance(&mut sim, 100);
    assert_eq!(
        told(&sim, "S0 persists"),
        ["5: S0 persists by itself", "5: S0 persists 0"]
    );
    assert_eq!(told(&sim, "S0 asks"), ["5: S0 asks S1 after"]);
}

#[test]
fn a_crash_after_an_overtaking_write_loses_nothing_of_it_and_leaves_nothing_over() {
    let mut sim = sim(
        vec![writing_for_all_reasons(), echo(), asking(S0, [3])],
        overtaking(),
    );
    advance(&mut sim, 6);
    sim.crash(S0).unwrap();
    assert_eq!(sim.stable(S0), "asked");
    sim.start(S0).unwrap();
    advance(&mut sim, 100);
    // Its second life has a deadline that has passed, and writes at once.
    assert_eq!(
        told(&sim, "S0 persists"),
        [
            "5: S0 persists by itself",
            "5: S0 persists asked",
            "16: S0 persists by itself",
            "26: S0 persists answered",
        ]
    );
}
