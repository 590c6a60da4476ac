//! Properties of links: whatever is cut and healed, and whatever the faults.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use common::*;
use labrpc::{Delay, Faults, Happening, LinkFaults, Lost, Run, ServerFaults, ServerId, Time};
use proptest::prelude::*;

const SERVERS: usize = 4;

// ---- cuts ----

#[derive(Clone, Debug)]
enum Op {
    Cut(ServerId, ServerId),
    Heal(ServerId, ServerId),
    Isolate(ServerId),
    Rejoin(ServerId),
    /// The servers whose bit is set on one side, the others on the other.
    Partition(u8),
}

fn server_id() -> impl Strategy<Value = ServerId> {
    (0..SERVERS).prop_map(ServerId::new)
}

fn link_ends() -> impl Strategy<Value = (ServerId, ServerId)> {
    (server_id(), server_id()).prop_filter("two servers", |(from, to)| from != to)
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => link_ends().prop_map(|(from, to)| Op::Cut(from, to)),
        3 => link_ends().prop_map(|(from, to)| Op::Heal(from, to)),
        2 => server_id().prop_map(Op::Isolate),
        2 => server_id().prop_map(Op::Rejoin),
        1 => (0..1u8 << SERVERS).prop_map(Op::Partition),
    ]
}

fn all_links() -> impl Iterator<Item = (ServerId, ServerId)> {
    let all = ServerId::all(SERVERS);
    all.flat_map(|from| ServerId::all(SERVERS).map(move |to| (from, to)))
        .filter(|(f, t)| f != t)
}

/// What is cut and who is isolated.
#[derive(Default)]
struct Model {
    cut: BTreeSet<(ServerId, ServerId)>,
    isolated: BTreeSet<ServerId>,
}

impl Model {
    fn is_open(&self, from: ServerId, to: ServerId) -> bool {
        !self.cut.contains(&(from, to))
            && !self.isolated.contains(&from)
            && !self.isolated.contains(&to)
    }

    /// Does the same to the model and to the run.
    fn apply(&mut self, op: &Op, sim: &mut Sim) {
        match *op {
            Op::Cut(from, to) => {
                self.cut.insert((from, to));
                sim.cut(from, to).unwrap();
            }
            Op::Heal(from, to) => {
                self.cut.remove(&(from, to));
                sim.heal(from, to).unwrap();
            }
            Op::Isolate(server) => {
                self.isolated.insert(server);
                sim.isolate(server).unwrap();
            }
            Op::Rejoin(server) => {
                self.isolated.remove(&server);
                sim.rejoin(server).unwrap();
            }
            Op::Partition(side) => {
                let side = |server: ServerId| side >> server.index() & 1;
                for (from, to) in all_links() {
                    let op = if side(from) == side(to) {
                        Op::Heal
                    } else {
                        Op::Cut
                    };
                    self.apply(&op(from, to), sim);
                }
            }
        }
    }
}

proptest! {

    #[test]
    fn exactly_the_calls_over_open_links_are_delivered(ops in prop::collection::vec(op(), 1..30)) {
        // After the n-th operation, at 10 n ms, everybody asks everybody else.
        let rounds = ops.len() as u64;
        let all = planned((1..=rounds).map(|n| 10 * n), |ctx, n| {
            ctx.peers().for_each(|peer| ask(ctx, peer, format!("{n}{}{peer}", ctx.me())));
        });
        let mut sim = sim(vec![all; SERVERS], Faults::RELIABLE);
        let mut model = Model::default();
        let (mut asked, mut answered) = (BTreeSet::new(), BTreeSet::new());
        for (n, op) in ops.iter().enumerate() {
            advance(&mut sim, 10 * n as u64 + 5);
            model.apply(op, &mut sim);
            for (from, to) in all_links() {
                prop_assert_eq!(sim.network().is_open(from, to), model.is_open(from, to));
                if model.is_open(from, to) {
                    asked.insert(format!("{n}{from}{to}"));
                    if model.is_open(to, from) {
                        answered.insert(format!("{n}{from}{to}"));
                    }
                }
            }
        }
        advance(&mut sim, 10 * rounds + 1000);
        let texts = |words| -> BTreeSet<String> {
            let texts = told(&sim, words).into_iter();
            texts.map(|sentence| sentence.rsplit(' ').next().unwrap().to_string()).collect()
        };
        prop_assert_eq!(times(&sim, "is asked"), asked.len());
        prop_assert_eq!(texts("is asked"), asked);
        prop_assert_eq!(times(&sim, "hears"), answered.len());
        prop_assert_eq!(texts("hears"), answered);
    }
}

// ---- faults ----

fn delay() -> impl Strategy<Value = Delay> {
    let short = || (0..30_000_000u64).prop_map(Duration::from_nanos);
    prop_oneof![
        Just(Delay::ZERO),
        short().prop_map(Delay::Constant),
        (short(), short()).prop_map(|(min, more)| Delay::Uniform {
            min,
            max: min + more
        }),
        (short(), short(), short()).prop_map(|(min, more, step)| Delay::Steps {
            min,
            max: min + more,
            step: step + Duration::from_nanos(1),
        }),
        (short(), 1..30u64).prop_map(|(min, spread)| Delay::Nested {
            min,
            spread: ms(spread)
        }),
        (short(), short()).prop_map(|(min, mean)| Delay::Exponential { min, mean }),
    ]
}

fn probability() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(1.0), 0.0..1.0]
}

fn link_faults() -> impl Strategy<Value = LinkFaults> {
    let delays = (delay(), delay(), delay(), delay());
    let probabilities = (
        probability(),
        probability(),
        probability(),
        probability(),
        probability(),
    );
    (delays, probabilities).prop_map(|(delays, probabilities)| LinkFaults {
        request_delay: delays.0,
        reply_delay: delays.1,
        reordering_delay: delays.2,
        unreachable_delay: delays.3,
        request_loss: probabilities.0,
        reply_loss: probabilities.1,
        duplication: probabilities.2,
        reordering: probabilities.3,
        late_delivery: probabilities.4,
    })
}

fn machine() -> impl Strategy<Value = ServerFaults> {
    let answering = proptest::option::of(delay());
    let disk = (delay(), answering, any::<bool>());
    let slow = (disk, delay(), 0.1..10.0).prop_map(
        |((disk_write, disk_write_answering, disk_overtaking), step_time, clock_rate)| {
            ServerFaults {
                disk_write,
                disk_write_answering,
                disk_overtaking,
                step_time,
                clock_rate,
            }
        },
    );
    prop_oneof![Just(ServerFaults::IDEAL), slow]
}

/// The shortest and the longest delay there is.
fn bounds(delay: &Delay) -> (Duration, Duration) {
    match *delay {
        Delay::Constant(delay) => (delay, delay),
        Delay::Uniform { min, max } | Delay::Steps { min, max, .. } => (min, max),
        Delay::Nested { min, spread } => (min, min + spread - ms(1)),
        // The least of all draws is 2^-64, and 64 ln 2 is 44.4.
        Delay::Exponential { min, mean } => (min, min + mean.mul_f64(44.4)),
    }
}

/// Asks somebody every three milliseconds for a while, and writes before it answers.
fn chatting() -> labrpc::ServerFn<Echo> {
    server(|ctx| {
        let mut deadline = ctx.now();
        let mut peers = ctx.peers().cycle();
        loop {
            match ctx.recv_deadline(deadline) {
                Ok(Event::Asked(call)) => {
                    ctx.persist(&call.args.text);
                    echo_back(ctx, call);
                }
                Ok(Event::Answered(_)) => {}
                Err(crossbeam_channel::RecvTimeoutError::Timeout) => {
                    ask(ctx, peers.next().unwrap(), "?");
                    deadline = if ctx.now() < at(200) {
                        ctx.now() + ms(3)
                    } else {
                        Time::NEVER
                    };
                }
                Err(crossbeam_channel::RecvTimeoutError::Disconnected) => return,
            }
        }
    })
}

/// A message that has left, and what became of it.
struct Travel {
    at: Time,
    reply: bool,
    reachable: bool,
    delivered: Vec<Duration>,
    dropped: Vec<(Duration, Lost)>,
}

/// Every message of a run, by its number. What was reachable is known from the trace itself.
fn messages(sim: &Sim) -> BTreeMap<u64, Travel> {
    use Happening::*;
    let mut messages = BTreeMap::new();
    let mut links = Model::default();
    let mut up = BTreeSet::new();
    for record in sim.observer() {
        match record.what {
            Started { server, .. } => assert!(up.insert(server)),
            Crashed { server } => assert!(up.remove(&server)),
            Cut { from, to } => assert!(links.cut.insert((from, to))),
            Healed { from, to } => assert!(links.cut.remove(&(from, to))),
            Isolated { server } => assert!(links.isolated.insert(server)),
            Rejoined { server } => assert!(links.isolated.remove(&server)),
            Sent {
                message, from, to, ..
            }
            | Replied {
                message, from, to, ..
            } => {
                let sent = Travel {
                    at: record.at,
                    reply: matches!(record.what, Replied { .. }),
                    reachable: links.is_open(from, to) && up.contains(&to),
                    delivered: Vec::new(),
                    dropped: Vec::new(),
                };
                assert!(up.contains(&from), "the dead send nothing");
                assert!(messages.insert(message, sent).is_none());
            }
            RequestDelivered { message, to, .. } | ReplyDelivered { message, to, .. } => {
                let sent = messages.get_mut(&message).unwrap();
                assert!(up.contains(&to), "the dead hear nothing");
                sent.delivered.push(record.at - sent.at);
            }
            Dropped { message, why, .. } => {
                let sent = messages.get_mut(&message).unwrap();
                sent.dropped.push((record.at - sent.at, why));
            }
            _ => {}
        }
    }
    messages
}

/// What became of a message is what these faults allow. `slow` if a server may have been busy when
/// the message arrived.
fn check(sent: &Travel, faults: &LinkFaults, slow: bool) -> Result<(), TestCaseError> {
    let chance = sent.dropped.contains(&(Duration::ZERO, Lost::Chance));
    let (loss, delay) = match sent.reply {
        true => (faults.reply_loss, &faults.reply_delay),
        false => (faults.request_loss, &faults.request_delay),
    };
    let copies = sent.delivered.len() + sent.dropped.len();
    let twice = copies == 2 && faults.duplication > 0.0 && !chance && sent.reachable;
    let once = copies == 1 && (faults.duplication < 1.0 || chance || !sent.reachable);
    prop_assert!(once || twice, "{copies} copies");
    prop_assert!(!chance || (sent.reachable && loss > 0.0));
    prop_assert!(chance || !sent.reachable || loss < 1.0);
    if chance {
        return Ok(());
    }
    let (min, mut max) = bounds(if sent.reachable {
        delay
    } else {
        &faults.unreachable_delay
    });
    if sent.reply && sent.reachable && faults.reordering > 0.0 {
        max += bounds(&faults.reordering_delay).1;
    }
    for &took in &sent.delivered {
        prop_assert!(sent.reachable || faults.late_delivery > 0.0);
        prop_assert!(
            min <= took && (took <= max || slow),
            "{took:?}, {min:?} to {max:?}"
        );
    }
    for &(took, why) in &sent.dropped {
        prop_assert!(why != Lost::Chance && (why != Lost::Cut || !sent.reachable));
        prop_assert!(
            min <= took && (took <= max || slow),
            "{took:?}, {min:?} to {max:?}"
        );
    }
    Ok(())
}

proptest! {

    #[test]
    fn every_message_arrives_in_its_time_or_is_dropped_whatever_the_faults(
        link in link_faults(),
        server in machine(),
        seed: u64,
    ) {
        let slow = server.step_time != Delay::ZERO;
        let faults = Faults { link, server };
        prop_assert_eq!(faults.check(), Ok(()));
        let mut setup = setup(vec![chatting(); 3], faults.clone());
        setup.seed = seed;
        let mut sim = begin(setup);
        advance(&mut sim, 50);
        sim.crash(S2).unwrap();
        sim.cut(S0, S1).unwrap();
        advance(&mut sim, 100);
        sim.start(S2).unwrap();
        sim.isolate(S1).unwrap();
        advance(&mut sim, 150);
        sim.heal(S0, S1).unwrap();
        sim.rejoin(S1).unwrap();
        advance(&mut sim, 3_000_000);
        let messages = messages(&sim);
        prop_assert!(messages.len() >= 3);
        for sent in messages.values() {
            check(sent, &faults.link, slow)?;
        }
        prop_assert_eq!(sim.finish(), Ok(()));
    }
}
