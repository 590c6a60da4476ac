//! Needless elections: followers that lose so many heartbeats in a row that they campaign against a
//! leader that is alive. The lecture's 'several heartbeats' as a number (6.824, lecture 6).

use std::sync::Arc;
use std::time::Duration;

use labrpc::{Delay, Faults, Misstep, Pulse, Run, ServerId};
use raftapi::{Features, Time, Timing};

use super::Laboratory;
use super::chart::{self, Cell, Chart, Grid, short};
use super::leaders::Leaders;
use super::report::{Report, Table};
use super::run::{Cluster, pass};
use super::statistics::{Estimate, rate};
use crate::trials::Failed;

/// At most so many hours are played of a cell.
pub const HOURS: u64 = 20;

/// A cell in which so many needless elections were seen is not played further.
const ENOUGH: u64 = 400;

const SERVERS: usize = 3;
const HEARTBEAT: Duration = Duration::from_millis(100);
const HOUR: Duration = Duration::from_secs(3600);

/// The shortest timeout, in heartbeat intervals; the longest is twice that.
const MINIMA: [f64; 7] = [1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0];

/// The probability that a message is lost.
const LOSSES: [f64; 6] = [0.01, 0.02, 0.05, 0.10, 0.20, 0.30];

/// How often, an hour, a follower campaigns for want of heartbeats: of each heartbeat that reaches it,
/// the next ones within its timeout are all lost with a probability of E[p^floor(T / H)].
pub fn formula(timing: &Timing, loss: f64) -> f64 {
    formula_if_late(timing, loss, 0.0)
}

/// The same where a message may take up to `jitter` longer than another. The timer starts when a
/// heartbeat arrives, so a later one has to arrive in T less the difference of the two: for timeouts
/// of a little more than a whole number of intervals, one heartbeat fewer counts.
pub fn formula_with_jitter(timing: &Timing, loss: f64, jitter: Duration) -> f64 {
    const PARTS: i32 = 100;
    let jitter = jitter.as_secs_f64();
    // The difference of two delays, each even in a range, has a triangular distribution.
    let weights = (-PARTS..=PARTS).map(|i| (i, f64::from(PARTS - i.abs())));
    let all: f64 = weights.clone().map(|(_, weight)| weight).sum();
    let later = |(i, weight): (i32, f64)| {
        let late = jitter * f64::from(i) / f64::from(PARTS);
        weight / all * formula_if_late(timing, loss, late)
    };
    weights.map(later).sum()
}

/// The same if each later heartbeat takes so much longer, in s, than the one that started the timer.
fn formula_if_late(timing: &Timing, loss: f64, late: f64) -> f64 {
    let heartbeat = timing.heartbeat_interval().as_secs_f64();
    let (min, max) = (
        (timing.election_timeout_min().as_secs_f64() - late) / heartbeat,
        (timing.election_timeout_max().as_secs_f64() - late) / heartbeat,
    );
    let lost = |heartbeats: u32| {
        let (from, to) = (f64::from(heartbeats), f64::from(heartbeats) + 1.0);
        let share = (to.min(max) - from.max(min)).max(0.0) / (max - min);
        share * loss.powi(heartbeats as i32)
    };
    let all_lost: f64 = (min as u32..=max as u32).map(lost).sum();
    (1.0 - loss) * all_lost / heartbeat * HOUR.as_secs_f64()
}

/// What a cluster saw.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub needless: u64,
    /// Hours in which there was a leader whom all heard.
    pub settled: f64,
}

impl Seen {
    /// Needless elections an hour, of the whole cluster.
    pub fn rate(&self) -> Estimate {
        rate(self.needless, self.settled)
    }
}

/// An hour of a cluster.
fn hour(cluster: &Cluster, trial: u64, pulse: &Arc<Pulse>) -> Result<Seen, Misstep> {
    let mut run = cluster.run(trial, pulse, Leaders::of(cluster.servers));
    for server in ServerId::all(cluster.servers) {
        run.start(server).expect("it is down");
    }
    pass(&mut run, Time::ZERO + HOUR)?;
    let leaders = run.observer();
    Ok(Seen {
        needless: leaders.needless,
        settled: leaders.settled_for(run.now()).as_secs_f64() / HOUR.as_secs_f64(),
    })
}

/// Plays 1, 1, 2, 4, ... hours of a cluster until enough needless elections were seen, and so many hours
/// at most.
pub fn watch(lab: &Laboratory<'_>, cluster: &Cluster, hours: u64) -> Result<Seen, Failed> {
    let mut all = Seen::default();
    let mut played = 0;
    while played < hours && all.needless < ENOUGH && !lab.player.is_interrupted() {
        let more = played.max(1).min(hours - played);
        let cluster = cluster.clone();
        let hour = move |n, pulse: &Arc<Pulse>| hour(&cluster, n, pulse);
        for seen in lab.player.play(played..played + more, hour)? {
            all.needless += seen.needless;
            all.settled += seen.settled;
        }
        played += more;
        if all.settled == 0.0 && !lab.player.is_interrupted() {
            return Err(Failed(
                "in an hour there was never a leader whom all servers heard".to_string(),
            ));
        }
    }
    lab.player.skip(hours - played);
    Ok(all)
}

struct Measured {
    minimum: f64,
    loss: f64,
    seen: Seen,
    formula: f64,
}

impl Measured {
    /// Needless elections an hour, of one follower.
    fn rate(&self) -> Estimate {
        self.seen.rate().times(1.0 / (SERVERS - 1) as f64)
    }
}

/// Plays all cells.
pub fn play(lab: &Laboratory<'_>) -> Result<Report, Failed> {
    let hours = lab.trials.unwrap_or(HOURS);
    lab.player
        .expect(hours * (MINIMA.len() * LOSSES.len()) as u64);
    let mut measured = Vec::new();
    for minimum in MINIMA {
        let timeout = HEARTBEAT.mul_f64(minimum);
        let timing = Timing::unchecked(HEARTBEAT, timeout, 2 * timeout);
        let server = lab.server(timing, Features::PLAIN);
        for loss in LOSSES {
            lab.player
                .about(format!("{timeout:?}, {:.0} % lost", 100.0 * loss));
            let mut faults = Faults::RELIABLE.delayed(Delay::Constant(Duration::from_millis(1)));
            faults.link.request_loss = loss;
            faults.link.reply_loss = loss;
            let cluster = Cluster {
                servers: SERVERS,
                server: server.clone(),
                faults,
                name: lab.name("needless", &format!("{minimum} {loss}")),
            };
            measured.push(Measured {
                minimum,
                loss,
                seen: watch(lab, &cluster, hours)?,
                formula: formula(&timing, loss),
            });
        }
    }
    Ok(report(&measured))
}

/// A range of timeouts, in ms.
fn range(minimum: f64) -> String {
    let millis = 100.0 * minimum;
    format!("{millis:.0}-{:.0}", 2.0 * millis)
}

fn report(measured: &[Measured]) -> Report {
    let mut table = Table::new(
        "needless elections of one follower, an hour",
        &[
            "timeout\nms",
            "lost\n%",
            "hours",
            "seen",
            "an hour",
            "95 % interval",
            "formula",
        ],
    );
    let mut csv = Table::new(
        "",
        &[
            "timeout_min_heartbeats",
            "timeout_max_heartbeats",
            "loss",
            "hours",
            "seen",
            "per_follower_hour",
            "per_follower_hour_low",
            "per_follower_hour_high",
            "formula_per_follower_hour",
        ],
    );
    for m in measured.iter().filter(|m| m.seen.settled > 0.0) {
        let rate = m.rate();
        table.rows.push(vec![
            range(m.minimum),
            format!("{:.0}", 100.0 * m.loss),
            format!("{:.1}", m.seen.settled),
            m.seen.needless.to_string(),
            short(rate.value),
            match m.seen.needless {
                0 => format!("below {}", short(rate.high)),
                _ => format!("{} to {}", short(rate.low), short(rate.high)),
            },
            short(m.formula),
        ]);
        let mut row = vec![
            m.minimum.to_string(),
            (2.0 * m.minimum).to_string(),
            m.loss.to_string(),
            format!("{:.4}", m.seen.settled),
            m.seen.needless.to_string(),
        ];
        row.extend([rate.value, rate.low, rate.high, m.formula].map(|x| format!("{x:.6e}")));
        csv.rows.push(row);
    }
    Report {
        title: "Needless elections".to_string(),
        done: vec![
            format!(
                "{SERVERS} servers, heartbeats each {HEARTBEAT:?}, messages take 1 ms and are lost by chance. A \
                 needless election is a campaign against a leader whom all have heard. Time counts while there \
                 is such a leader: 1, 1, 2, 4, ... hours, until {ENOUGH} needless elections were seen."
            ),
            "Formula: a follower campaigns if after a heartbeat that reached it all others within its timeout \
             are lost: (1-p) E[p^floor(T/H)] / H, for loss p, heartbeat interval H and timeout T. It holds \
             where elections are rare: where they are not, the leader seldom lasts."
                .to_string(),
        ],
        tables: vec![table],
        remarks: Vec::new(),
        csv,
        chart: picture(measured),
        ..Report::default()
    }
}

fn picture(measured: &[Measured]) -> Chart {
    let cell = |m: &Measured| {
        let rate = m.rate();
        // From one in ten thousand hours to ten thousand an hour.
        let shade = (m.formula.max(1e-4).log10() + 4.0) / 8.0;
        let seen = match m.seen.needless {
            0 => format!("< {}", short(round(rate.high))),
            _ => short(round(rate.value)),
        };
        Cell {
            shade,
            lines: vec![seen, format!("({})", short(round(m.formula)))],
        }
    };
    let grid = Grid {
        title: "Needless elections of one follower, an hour (in brackets: by the formula)"
            .to_string(),
        columns: (
            "timeout; messages lost".to_string(),
            LOSSES.map(|loss| format!("{:.0} %", 100.0 * loss)).to_vec(),
        ),
        rows: Grid::rows(measured, |m| format!("{} ms", range(m.minimum)), cell),
        below: format!(
            "Heartbeats each {HEARTBEAT:?}. '<': none was seen; with 95 % confidence there are fewer than this."
        ),
    };
    chart::draw("Needless elections: measured and by the formula", &[&grid])
}

/// To two digits.
fn round(value: f64) -> f64 {
    if value <= 0.0 {
        return value;
    }
    let unit = 10f64.powf(value.log10().floor() - 1.0);
    (value / unit).round() * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_heartbeats_as_a_number() {
        let ms = Duration::from_millis;
        for (min, max, an_hour) in [(150, 300, 1296.0), (300, 600, 12.0), (500, 1000, 0.072)] {
            let timing = Timing::unchecked(ms(100), ms(min), ms(max));
            let got = formula(&timing, 0.1);
            assert!((got / an_hour - 1.0).abs() < 0.01, "{min}-{max}: {got}");
            let late = formula_with_jitter(&timing, 0.1, Duration::ZERO);
            assert!((got / late - 1.0).abs() < 1e-9);
        }
        // Two heartbeats and a little: of 200 ms of timeouts, 0.67 ms are enough for one only.
        let timing = Timing::unchecked(ms(100), ms(200), ms(400));
        let (sharp, late) = (
            formula(&timing, 0.01),
            formula_with_jitter(&timing, 0.01, ms(4)),
        );
        let more = 0.99 * (2.0 / 3.0 / 200.0) * 0.01 * 36_000.0;
        assert!((late - sharp - more).abs() < 0.03 * more, "{sharp} {late}");
    }
}
