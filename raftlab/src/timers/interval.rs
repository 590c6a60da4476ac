//! The lecture's trade-off (6.824, lecture 6): short election timeouts mean needless elections, long
//! ones a long down-time when a leader crashes; and a narrow range splits votes.

mod picture;

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use labrpc::{Delay, Faults, Misstep, Pulse, Run, ServerId, Streams};
use raftapi::{Features, Time, Timing};

use super::chart::short;
use super::leaders::Leaders;
use super::needless::{self, Seen};
use super::report::{Report, Table};
use super::run::{Cluster, millis, pass};
use super::statistics::{Estimate, mean, proportion};
use super::{Common, Laboratory};
use crate::quantities::{Range, Wrong, duration, probability};
use crate::trials::Failed;
use picture::picture;

/// What is to be known of a network and its machines.
#[derive(Args, Clone, Debug)]
pub struct IntervalArgs {
    #[command(flatten)]
    pub common: Common,

    /// How long a message takes, one way
    #[arg(long, value_name = "TIME..TIME", default_value = "1ms..5ms")]
    pub latency: Range,

    /// Which share of all messages is lost
    #[arg(long, value_name = "SHARE", default_value = "1%", value_parser = loss)]
    pub loss: f64,

    /// The heartbeat interval
    #[arg(long, value_name = "TIME", default_value = "100ms", value_parser = heartbeat)]
    pub heartbeat: Duration,

    /// How often a leader crashes
    #[arg(long, value_name = "N", default_value = "12", value_parser = positive)]
    pub failures_per_year: f64,
}

fn loss(text: &str) -> Result<f64, Wrong> {
    match probability(text)? {
        loss if loss < 1.0 => Ok(loss),
        _ => {
            let what = format!("with a loss of {text} nothing arrives");
            Err(Wrong::new(what).hint("expected less than 100%"))
        }
    }
}

fn heartbeat(text: &str) -> Result<Duration, Wrong> {
    match duration(text)? {
        time if time < Duration::from_millis(1) => Err(Wrong::new(format!(
            "'{text}' is too short: expected a heartbeat interval of a millisecond or more"
        ))),
        time => Ok(time),
    }
}

fn positive(text: &str) -> Result<f64, Wrong> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 1e9 => Ok(number),
        _ => Err(Wrong::new(format!("'{text}' is no number above 0"))),
    }
}

pub const TRIALS: u64 = 2_000;
const SERVERS: usize = 5;
const FOLLOWERS: f64 = (SERVERS - 1) as f64;
const MAJORITY: usize = SERVERS / 2 + 1;
const HOURS_A_YEAR: f64 = 8766.0;

/// Hours that are watched at most for needless elections, and for how many trials there is one.
const HOURS: u64 = 6;
const TRIALS_AN_HOUR: u64 = 300;

/// So long is waited for a leader, in longest election timeouts.
const PATIENCE: u32 = 100;

/// The shortest timeout, in heartbeat intervals.
const MINIMA: [f64; 9] = [1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 20.0];

/// The longest timeout, in shortest ones.
const RANGES: [f64; 3] = [1.1, 1.5, 2.0];

/// A crash: how long it was until most servers knew a new leader, and whether that took more than one
/// election.
#[derive(Clone, Copy, Debug)]
struct Crash {
    downtime: Duration,
    again: bool,
}

/// Lets a cluster elect a leader, and some time later, at any moment between two heartbeats, crashes it.
/// None if there was no leader to crash, or none afterwards.
fn crash(cluster: &Cluster, trial: u64, pulse: &Arc<Pulse>) -> Result<Option<Crash>, Misstep> {
    let mut script = Streams::new(trial, &cluster.name).script();
    let mut run = cluster.run(trial, pulse, Leaders::of(SERVERS));
    for server in ServerId::all(SERVERS) {
        run.start(server).expect("it is down");
    }
    let timing = cluster.server.timing;
    let patience = timing.election_timeout_max() * PATIENCE;
    let interval = timing.heartbeat_interval();
    let mut until = run.now();
    while run.observer().settled_for(until) < 5 * interval {
        until += interval;
        if until > Time::ZERO + patience {
            return Ok(None);
        }
        pass(&mut run, until)?;
    }
    until += Duration::from_nanos(script.below(interval.as_nanos() as u64));
    pass(&mut run, until)?;
    let Some((term, leader)) = run.observer().leader else {
        return Ok(None);
    };
    run.crash(leader).expect("it leads, so it runs");
    run.observer_mut().crashed();
    run.observer_mut().until_known_to(MAJORITY);
    if !pass(&mut run, until + patience)? {
        return Ok(None);
    }
    Ok(Some(Crash {
        downtime: run.now() - until,
        again: run.observer().newest > term + 1,
    }))
}

/// A range of timeouts, and what came of it.
struct Measured {
    timing: Timing,
    range: f64,
    downtime: Option<Estimate>,
    /// How often more than one election was needed.
    again: Estimate,
    crashes: u64,
    seen: Seen,
    /// Needless elections a year of all followers, by the formula.
    needless: f64,
}

impl Measured {
    fn millis(&self) -> (f64, f64) {
        (
            millis(self.timing.election_timeout_min()),
            millis(self.timing.election_timeout_max()),
        )
    }

    /// From end to end, of the interval of how often more than one election was needed.
    fn width(&self) -> f64 {
        self.again.high - self.again.low
    }

    fn name(&self) -> String {
        let (min, max) = self.millis();
        format!("{}-{}", short(min), short(max))
    }

    /// Of all followers, a year.
    fn needless_seen(&self) -> Estimate {
        self.seen.rate().times(HOURS_A_YEAR)
    }

    /// Seconds a year.
    fn downtime_a_year(&self, args: &IntervalArgs) -> Option<Estimate> {
        self.downtime
            .map(|ms| ms.times(args.failures_per_year / 1000.0))
    }
}

/// Measures all ranges, and recommends one.
pub fn play(lab: &Laboratory<'_>, args: &IntervalArgs) -> Result<Report, Failed> {
    let trials = lab.trials.unwrap_or(TRIALS);
    let ranges = (MINIMA.len() * RANGES.len()) as u64;
    let hours = (trials / TRIALS_AN_HOUR).clamp(1, HOURS);
    lab.player
        .expect(trials * ranges + hours * MINIMA.len() as u64);
    let mut faults = Faults::RELIABLE.delayed(Delay::Uniform {
        min: args.latency.min,
        max: args.latency.max,
    });
    faults.link.request_loss = args.loss;
    faults.link.reply_loss = args.loss;
    let jitter = args.latency.max - args.latency.min;
    let mut measured = Vec::new();
    for range in RANGES {
        for minimum in MINIMA {
            let min = args.heartbeat.mul_f64(minimum);
            let timing = Timing::unchecked(args.heartbeat, min, min.mul_f64(range));
            let cluster = Cluster {
                servers: SERVERS,
                server: lab.server(timing, Features::PLAIN),
                faults: faults.clone(),
                name: lab.name("interval", &format!("{timing}")),
            };
            lab.player.about(format!("{timing}"));
            let trial = cluster.clone();
            let trial = move |n, pulse: &Arc<Pulse>| crash(&trial, n, pulse);
            let crashes = lab.player.play(0..trials, trial)?;
            let played = crashes.len();
            let crashes: Vec<Crash> = crashes.into_iter().flatten().collect();
            // Needless elections depend on the range little: they are watched where it is widest.
            let seen = match range == RANGES[RANGES.len() - 1] && !crashes.is_empty() {
                true => needless::watch(lab, &cluster, hours)?,
                false => Seen::default(),
            };
            let again = crashes.iter().filter(|crash| crash.again).count() as u64;
            let times: Vec<f64> = crashes.iter().map(|crash| millis(crash.downtime)).collect();
            measured.push(Measured {
                timing,
                range,
                // A mean without those that never ended would be too good.
                downtime: mean(&times).filter(|_| times.len() == played),
                again: proportion(again, times.len() as u64),
                crashes: times.len() as u64,
                seen,
                needless: needless::formula_with_jitter(&timing, args.loss, jitter)
                    * FOLLOWERS
                    * HOURS_A_YEAR,
            });
        }
    }
    if measured.iter().all(|m| m.crashes == 0) && !lab.player.is_interrupted() {
        return Err(Failed(
            "there was never a leader to crash, or none afterwards".to_string(),
        ));
    }
    Ok(report(args, &measured))
}

/// The range with the shortest down-time of those with which needless elections are no more frequent
/// than crashes.
fn recommended<'a>(args: &IntervalArgs, measured: &'a [Measured]) -> Option<&'a Measured> {
    let sound = measured.iter().filter(|m| {
        m.needless <= args.failures_per_year
            && m.timing.election_timeout_min() >= 2 * args.heartbeat
    });
    let by_downtime = |m: &'a Measured| Some((m, m.downtime?.value));
    let least = sound
        .filter_map(by_downtime)
        .min_by(|a, b| a.1.total_cmp(&b.1));
    least.map(|(m, _)| m)
}

fn recommendation(args: &IntervalArgs, measured: &[Measured]) -> String {
    let crashes = args.failures_per_year;
    let Some(best) = recommended(args, measured) else {
        return format!(
            "Recommended: no range that was tried; needless elections outnumber {} crashes a year in all of \
             them, so send heartbeats more often, or lose fewer messages than {} %.",
            short(crashes),
            short(100.0 * args.loss)
        );
    };
    let (min, max) = best.millis();
    let missed = best.timing.election_timeout_min().as_secs_f64() / args.heartbeat.as_secs_f64();
    let round_trip = millis(args.latency.min + args.latency.max).max(1e-6);
    let again = best.again.times(100.0);
    format!(
        "Recommended: an election timeout of {} to {} ms with a heartbeat each {} ms; for the shortest is {} \
         heartbeat intervals, so that needless elections, {} a year, are no more frequent than crashes, {} a \
         year; the spread is {} round trips, so that {} % of the crashes ({} to {} %) cost more than one \
         election; and of all such ranges it has the shortest down-time, {} s a year.",
        short(min),
        short(max),
        short(millis(args.heartbeat)),
        short(missed),
        short(best.needless),
        short(crashes),
        short((max - min) / round_trip),
        short(again.value),
        short(again.low),
        short(again.high),
        short(
            best.downtime_a_year(args)
                .map_or(f64::NAN, |time| time.value)
        ),
    )
}

/// A share whose interval is wider than this says little; neither does the rest of such a sample. Of 200
/// trials none is.
const WIDEST: f64 = 0.15;

/// What is to be said of too small a sample: what it recommends may be chance.
fn warning(measured: &[Measured]) -> Option<String> {
    let played = measured.iter().filter(|m| m.crashes > 0);
    let widest = played.max_by(|a, b| a.width().total_cmp(&b.width()))?;
    (widest.width() > WIDEST).then(|| {
        let again = widest.again.times(100.0);
        format!(
            "Too small a sample: {} crashes of {} ms, and more than one election in {:.1} to {:.1} % of them is \
             all that is known. What is recommended may be chance: {TRIALS} trials are the default.",
            widest.crashes,
            widest.name(),
            again.low,
            again.high
        )
    })
}

fn report(args: &IntervalArgs, measured: &[Measured]) -> Report {
    let mut table = Table::new(
        "",
        &[
            "timeout\nms",
            "crashes",
            "down-time\nms a crash",
            "\ns a year",
            "more than one\nelection, %",
            "needless a year\nformula",
            "\nseen",
            "\n95 % interval",
        ],
    );
    let mut csv = Table::new(
        "",
        &[
            "timeout_min_ms",
            "timeout_max_ms",
            "crashes",
            "downtime_ms",
            "downtime_low_ms",
            "downtime_high_ms",
            "downtime_s_per_year",
            "repeated_share",
            "repeated_low",
            "repeated_high",
            "needless_formula_per_year",
            "hours",
            "needless_seen",
            "needless_per_year",
            "needless_low_per_year",
            "needless_high_per_year",
        ],
    );
    for m in measured {
        let watched = m.seen.settled > 0.0;
        let (downtime, seen) = (m.downtime, m.needless_seen());
        let dash = || "-".to_string();
        table.rows.push(vec![
            m.name(),
            m.crashes.to_string(),
            downtime.map_or_else(dash, |e| e.text(0)),
            m.downtime_a_year(args)
                .map_or_else(dash, |e| format!("{:.2}", e.value)),
            match m.crashes {
                0 => dash(),
                _ => m.again.times(100.0).text(1),
            },
            short(m.needless),
            if watched { short(seen.value) } else { dash() },
            match (watched, m.seen.needless) {
                (false, _) => dash(),
                (true, 0) => format!("below {}", short(seen.high)),
                (true, _) => format!("{} to {}", short(seen.low), short(seen.high)),
            },
        ]);
        let (min, max) = m.millis();
        let number =
            |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.6}"));
        let mut row = vec![min.to_string(), max.to_string(), m.crashes.to_string()];
        row.extend(Estimate::csv(downtime, 6));
        row.extend([
            number(m.downtime_a_year(args).map(|e| e.value)),
            number((m.crashes > 0).then_some(m.again.value)),
            number((m.crashes > 0).then_some(m.again.low)),
            number((m.crashes > 0).then_some(m.again.high)),
            format!("{:.6e}", m.needless),
            format!("{:.4}", m.seen.settled),
            m.seen.needless.to_string(),
            number(watched.then_some(seen.value)),
            number(watched.then_some(seen.low)),
            number(watched.then_some(seen.high)),
        ]);
        csv.rows.push(row);
    }
    Report {
        title: "How long an election timeout should be".to_string(),
        done: vec![
            format!(
                "{SERVERS} servers. Messages take {} and {} % of them are lost; heartbeats each {:?}. A leader \
                 crashes at any moment between two heartbeats, {} times a year; the down-time ends when \
                 a majority knows the new leader.",
                args.latency,
                short(100.0 * args.loss),
                args.heartbeat,
                short(args.failures_per_year)
            ),
            "Needless elections, of all followers together, are watched where the range is widest; where none \
             can be seen in hours, there is the formula (1-p) E[p^floor(T/H)] / H for each follower, with T \
             shorter or longer by as much as a later heartbeat may be late or early. Intervals, in brackets, \
             are those of 95 %, '-' where there are too few crashes for one."
                .to_string(),
        ],
        tables: vec![table],
        remarks: warning(measured)
            .into_iter()
            .chain([recommendation(args, measured)])
            .collect(),
        csv,
        chart: picture(args, measured),
        ..Report::default()
    }
}
