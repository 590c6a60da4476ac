//! The same seed is the same run, byte for byte; and what is changed in one place reshuffles
//! nothing elsewhere.

mod common;

use std::io::Cursor;

use common::*;
use crossbeam_channel::RecvTimeoutError;
use labrpc::{
    Delay, Faults, Header, LinkFaults, Run, ServerFaults, ServerFn, Setup, read_trace, write_trace,
};
use rand::Rng;

/// Asks somebody every few milliseconds, answers how much it has heard so far, and persists that.
fn gossip() -> ServerFn<Echo> {
    server(|ctx| {
        let mut heard: u64 = ctx.restore().parse().unwrap_or(0);
        let below = |bound: usize| ctx.rng().next_u64() as usize % bound;
        let mut deadline = ctx.now() + ms(below(20) as u64);
        loop {
            match ctx.recv_deadline(deadline) {
                Ok(Event::Asked(call)) => {
                    heard += 1;
                    ctx.persist(&heard.to_string());
                    call.reply(ctx, heard.to_string());
                }
                Ok(Event::Answered(answer)) => {
                    ctx.publish(format!("{} {}", answer.from, answer.reply));
                }
                Err(RecvTimeoutError::Timeout) => {
                    let peer = ctx.peers().nth(below(ctx.cluster_size() - 1)).unwrap();
                    ask(ctx, peer, heard);
                    deadline = ctx.now() + ms(1 + below(20) as u64);
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    })
}

/// A busy run of five servers in which everything goes wrong that can, as a written trace.
fn busy(seed: u64, name: &str) -> Vec<u8> {
    let faults = Faults {
        link: LinkFaults {
            reply_delay: Delay::Exponential {
                min: ms(1),
                mean: ms(4),
            },
            duplication: 0.1,
            late_delivery: 0.5,
            ..Faults::UNRELIABLE.long_reordering().link
        },
        server: ServerFaults::IDEAL,
    };
    let mut setup = Setup::new(5, gossip(), name, seed);
    setup.faults = faults;
    let mut sim = begin(setup);
    let set = |sim: &mut Sim, server, change: fn(&mut ServerFaults)| {
        let mut machine = ServerFaults::IDEAL;
        change(&mut machine);
        sim.set_server(server, machine).unwrap();
    };
    set(&mut sim, S0, |m| m.disk_write = Delay::uniform_millis(0, 3));
    set(&mut sim, S1, |m| m.step_time = Delay::whole_millis(0, 2));
    set(&mut sim, S2, |m| m.clock_rate = 1.3);
    advance(&mut sim, 500);
    sim.crash(S0).unwrap();
    sim.cut(S1, S2).unwrap();
    sim.crash_after(S3, labrpc::ActionKind::Persist, 5).unwrap();
    advance(&mut sim, 1000);
    sim.start(S0).unwrap();
    sim.heal(S1, S2).unwrap();
    sim.isolate(S1).unwrap();
    set(&mut sim, S2, |m| m.clock_rate = 0.7);
    advance(&mut sim, 1500);
    sim.start(S3).unwrap();
    sim.rejoin(S1).unwrap();
    advance(&mut sim, 3000);
    written(&header(seed, name), &sim)
}

fn header(seed: u64, run: &str) -> Header {
    Header {
        trace: Header::VERSION,
        run: run.to_string(),
        seed,
        servers: 5,
        about: String::new(),
    }
}

fn written(header: &Header, sim: &Sim) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_trace(&mut bytes, header, sim.observer()).unwrap();
    bytes
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A seed must mean the same run on every platform, at every level of optimisation and in every
/// version. Whoever changes this number takes all published seeds away from their readers.
#[test]
fn a_golden_hash_pins_a_busy_run() {
    assert_eq!(fnv1a(&busy(4711, "golden")), 2_740_638_872_906_975_988);
}

#[test]
fn the_same_seed_is_the_same_trace_byte_for_byte() {
    let trace = busy(1, "busy");
    assert!(
        trace.iter().filter(|&&byte| byte == b'\n').count() > 3000,
        "it is busy"
    );
    assert!(busy(1, "busy") == trace);
}

#[test]
fn another_seed_or_another_name_is_another_trace() {
    let after_header = |trace: Vec<u8>| {
        let header = trace.iter().position(|&byte| byte == b'\n').unwrap();
        trace[header..].to_vec()
    };
    let trace = after_header(busy(1, "busy"));
    assert!(after_header(busy(2, "busy")) != trace);
    assert!(after_header(busy(1, "other")) != trace);
}

// ---- what is reshuffled by what ----

const JITTER: Delay = Delay::uniform_millis(1, 9);

/// How long the messages took from S0 to S1 and from S2 to S3 in a run where S0 asks S1 and S2 asks
/// S3, a hundred times each.
fn two_pairs(s0: ServerFn<Echo>, direct: impl FnOnce(&mut Sim)) -> [Vec<std::time::Duration>; 2] {
    let servers = vec![s0, echo(), asking(S3, 1..101), echo()];
    let mut sim = sim(servers, Faults::RELIABLE.delayed(JITTER));
    direct(&mut sim);
    advance(&mut sim, 1000);
    [delays(&sim, S0, S1), delays(&sim, S2, S3)]
}

fn usual() -> ServerFn<Echo> {
    asking(S1, 1..101)
}

#[test]
fn the_faults_of_one_link_reshuffle_no_other_link() {
    let [first, second] = two_pairs(usual(), |_| {});
    let changes: [fn(&mut LinkFaults); 5] = [
        |l| l.request_loss = 0.5,
        |l| l.duplication = 0.5,
        |l| {
            l.request_delay = Delay::Nested {
                min: ms(1),
                spread: ms(50),
            }
        },
        |l| l.late_delivery = 1.0,
        |l| l.unreachable_delay = JITTER,
    ];
    for change in changes {
        let mut knobs = LinkFaults::RELIABLE.delayed(JITTER);
        change(&mut knobs);
        let [_, other] = two_pairs(usual(), |sim| sim.set_link(S0, S1, knobs).unwrap());
        assert_eq!(other, second);
    }
    let [none, other] = two_pairs(usual(), |sim| sim.cut(S0, S1).unwrap());
    assert!(none.is_empty() && other == second);
    assert_ne!(first, second);
}

#[test]
fn one_knob_of_a_link_reshuffles_no_other_knob_of_it() {
    let heard = |change: fn(&mut LinkFaults)| {
        let mut faults = Faults::RELIABLE.delayed(JITTER);
        change(&mut faults.link);
        let mut sim = sim(vec![usual(), echo()], faults);
        advance(&mut sim, 1000);
        told(&sim, "S1 is asked")
    };
    let usual = heard(|_| {});
    let lossy = heard(|l| l.request_loss = 0.5);
    assert!((30..70).contains(&lossy.len()));
    assert!(lossy.iter().all(|request| usual.contains(request)));
    let twice = heard(|l| l.duplication = 0.5);
    assert!((130..170).contains(&twice.len()));
    assert!(usual.iter().all(|request| twice.contains(request)));
}

#[test]
fn what_one_server_does_reshuffles_nothing_for_the_others() {
    let [_, second] = two_pairs(usual(), |_| {});
    let often = planned(1..101, |ctx, n| {
        ctx.rng().next_u64();
        ctx.persist(&n.to_string());
        (0..3).for_each(|_| ask(ctx, S1, n));
    });
    let [first, other] = two_pairs(often, |_| {});
    assert_eq!((first.len(), other), (300, second.clone()));
    let [_, other] = two_pairs(usual(), |sim| sim.crash(S0).unwrap());
    assert_eq!(other, second);
}

#[test]
fn each_server_and_each_start_of_it_has_random_numbers_of_its_own() {
    let drawing = || {
        server(|ctx| {
            ctx.publish(ctx.rng().next_u64().to_string());
            while ctx.recv().is_ok() {}
        })
    };
    let shown = |servers: usize| {
        let mut sim = sim(vec![drawing(); servers], Faults::RELIABLE);
        advance(&mut sim, 1);
        sim.crash(S0).unwrap();
        sim.start(S0).unwrap();
        advance(&mut sim, 2);
        let mut shown = told(&sim, "shows");
        shown.sort();
        let mut numbers: Vec<_> = shown.iter().map(|s| s.rsplit(' ').next()).collect();
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), servers + 1, "no number comes twice");
        shown
    };
    let (three, two) = (shown(3), shown(2));
    assert!(two.iter().all(|sentence| three.contains(sentence)));
}

// ---- traces ----

#[test]
fn a_trace_that_is_read_and_written_again_is_the_same() {
    let trace = busy(1, "busy");
    let (read_header, records) = read_trace::<Echo>(Cursor::new(&trace)).unwrap();
    assert_eq!(read_header, header(1, "busy"));
    let mut again = Vec::new();
    write_trace(&mut again, &read_header, &records).unwrap();
    assert!(again == trace);
}

#[test]
fn a_trace_is_json_lines_that_people_can_read() {
    let mut sim = sim(vec![asking(S1, [1]), echo()], Faults::RELIABLE);
    advance(&mut sim, 2);
    let trace = written(&header(1, "short"), &sim);
    let lines: Vec<_> = str::from_utf8(&trace).unwrap().lines().collect();
    assert_eq!(
        lines[0],
        r#"{"trace":1,"run":"short","seed":1,"servers":5}"#
    );
    let sent = r#"{"t_ns":1000000,"step":2,"event":"sent","message":0,"from":0,"to":1,"request":{"text":"0"}}"#;
    assert!(lines.contains(&sent), "{lines:#?}");
}

#[test]
fn what_cannot_be_read_is_reported_by_its_line() {
    let read = |text: &[u8]| read_trace::<Echo>(text).unwrap_err().to_string();
    let header = br#"{"trace":1,"run":"short","seed":1,"servers":5}"#;
    let record = br#"{"t_ns":1,"step":2,"event":"crashed","server":0}"#;
    let lines = |lines: &[&[u8]]| read(&lines.join(&b'\n'));
    assert_eq!(lines(&[]), "line 1: the trace is empty");
    assert!(lines(&[record]).starts_with("line 1: expected a trace's header: "));
    assert_eq!(
        lines(&[br#"{"trace":2,"run":"","seed":1,"servers":5}"#]),
        "line 1: this is a trace of version 2, and only version 1 can be read"
    );
    let wrong = br#"{"t_ns":1,"step":2,"event":"vanished","server":0}"#;
    for bad in [
        &wrong[..],
        b"",
        b"{",
        br#"{"t_ns":1,"event":"crashed"}"#,
        b"\xff",
    ] {
        let error = lines(&[header, record, bad, record]);
        assert!(
            error.starts_with("line 3: expected a record of a trace: "),
            "{error}"
        );
    }
    assert!(lines(&[b"\xff"]).starts_with("line 1: expected a trace's header: "));
}
