//! Split votes (thesis 9.2): the probability that a first election fails.
//!
//! Some servers of a cluster start at the same instant; their timeouts are drawn from a range as wide as
//! its minimum, and every message takes the same latency. The vote is *split* if somebody campaigns in
//! term 2 before anybody has sent a heartbeat of term 1.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use labrpc::{Delay, Faults, Happening, Misstep, Observer, Pulse, Run, Seen, ServerId};
use raftapi::{Features, Raft, Request, Time, Timing};
use suite::samples::at_least;

use super::Laboratory;
use super::chart::{self, Cell, Chart, Grid};
use super::report::{Report, Table};
use super::run::{Cluster, pass};
use super::statistics::{Estimate, proportion};
use crate::trials::Failed;

pub const TRIALS: u64 = 20_000;

/// The spread of the timeouts, and their minimum.
const SPREAD: Duration = Duration::from_millis(100);

/// Servers, and how many of them are alive.
const CLUSTERS: [(usize, usize); 5] = [(3, 3), (3, 2), (5, 4), (5, 3), (9, 5)];

/// How many latencies the spread has.
const LATENCIES: [u32; 7] = [2, 3, 5, 10, 15, 20, 30];

/// The probability of a split vote: so many servers of those alive time out within a latency of the
/// first that the rest is no majority with it.
pub fn formula(servers: usize, alive: usize, latencies: u32) -> f64 {
    let too_many = alive - servers / 2 + 1;
    at_least(
        too_many as u32 - 1,
        alive as u32,
        1.0 / f64::from(latencies),
    )
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    Elected,
    Split,
}

/// Waits for a heartbeat of term 1 or a campaign in a newer one.
#[derive(Default)]
struct FirstElection(Option<Outcome>);

impl Observer<Raft> for FirstElection {
    fn observe(&mut self, _: Time, _: u64, seen: Seen<'_, Raft>) -> ControlFlow<()> {
        self.0 = match seen {
            Happening::Sent { request, .. } => match request {
                Request::AppendEntries(args) if args.term == 1 => Some(Outcome::Elected),
                Request::RequestVote(args) if args.term > 1 && !args.pre_vote => {
                    Some(Outcome::Split)
                }
                _ => return ControlFlow::Continue(()),
            },
            _ => return ControlFlow::Continue(()),
        };
        ControlFlow::Break(())
    }
}

/// One first election; none if nothing came of it.
fn election(
    cluster: &Cluster,
    alive: usize,
    trial: u64,
    pulse: &Arc<Pulse>,
) -> Result<Option<Outcome>, Misstep> {
    let mut run = cluster.run(trial, pulse, FirstElection::default());
    for server in ServerId::all(alive) {
        run.start(server).expect("it is down");
    }
    pass(&mut run, Time::ZERO + SPREAD * 20)?;
    Ok(run.observer().0)
}

/// A cell of the table.
struct Measured {
    servers: usize,
    alive: usize,
    latencies: u32,
    trials: u64,
    split: u64,
}

impl Measured {
    fn share(&self) -> Estimate {
        proportion(self.split, self.trials)
    }

    fn formula(&self) -> f64 {
        formula(self.servers, self.alive, self.latencies)
    }
}

/// Plays all cells.
pub fn play(lab: &Laboratory<'_>) -> Result<Report, Failed> {
    let trials = lab.trials.unwrap_or(TRIALS);
    lab.player
        .expect(trials * (CLUSTERS.len() * LATENCIES.len()) as u64);
    let timing = Timing::unchecked(SPREAD / 2, SPREAD, 2 * SPREAD);
    let server = lab.server(timing, Features::PLAIN);
    let mut measured = Vec::new();
    for (servers, alive) in CLUSTERS {
        for latencies in LATENCIES {
            lab.player
                .about(format!("{alive} of {servers}, {latencies} latencies"));
            let cluster = Cluster {
                servers,
                server: server.clone(),
                faults: Faults::RELIABLE.delayed(Delay::Constant(SPREAD / latencies)),
                name: lab.name("split", &format!("{servers} {alive} {latencies}")),
            };
            let outcomes = lab.player.play(0..trials, move |n, pulse| {
                election(&cluster, alive, n, pulse)
            })?;
            let none = outcomes.iter().filter(|outcome| outcome.is_none()).count();
            if none > 0 {
                return Err(Failed(format!(
                    "in {none} of {} first elections of {alive} of {servers} servers nobody was elected \
                     in term 1, and nobody campaigned in term 2, within {:?}",
                    outcomes.len(),
                    SPREAD * 20
                )));
            }
            let split = |outcome: &&Option<Outcome>| **outcome == Some(Outcome::Split);
            measured.push(Measured {
                servers,
                alive,
                latencies,
                trials: outcomes.len() as u64,
                split: outcomes.iter().filter(split).count() as u64,
            });
        }
    }
    Ok(report(&measured))
}

fn report(measured: &[Measured]) -> Report {
    let mut table = Table::new(
        "first elections that were split, %",
        &[
            "servers",
            "alive",
            "spread /\nlatency",
            "trials",
            "split",
            "95 % interval",
            "formula",
            "difference",
        ],
    );
    let mut csv = Table::new(
        "",
        &[
            "servers",
            "alive",
            "spread_latencies",
            "trials",
            "split",
            "share",
            "share_low",
            "share_high",
            "formula",
        ],
    );
    let mut widest: f64 = 0.0;
    for m in measured {
        let (share, formula) = (m.share(), m.formula());
        if m.trials > 0 {
            widest = widest.max((share.value - formula).abs());
        }
        let name = [
            m.servers.to_string(),
            m.alive.to_string(),
            m.latencies.to_string(),
        ];
        let percent = share.times(100.0);
        let mut row = name.to_vec();
        row.extend([
            m.trials.to_string(),
            format!("{:.2}", percent.value),
            format!("{:.2}-{:.2}", percent.low, percent.high),
            format!("{:.2}", 100.0 * formula),
            format!("{:+.2}", 100.0 * (share.value - formula)),
        ]);
        table.rows.push(row);
        let mut row = name.to_vec();
        row.extend([m.trials.to_string(), m.split.to_string()]);
        row.extend([share.value, share.low, share.high, formula].map(|x| format!("{x:.6}")));
        csv.rows.push(row);
    }
    Report {
        title: "Split votes".to_string(),
        done: vec![
            "Some servers of a cluster start at the same instant. Election timeouts are drawn from a range as \
             wide as its minimum, and every message takes the same time. The vote is split if somebody campaigns \
             in term 2 before anybody leads in term 1."
                .to_string(),
            "Formula (thesis 9.2): with s of n servers alive, the vote is split if c = s - floor(n/2) + 1 of \
             them time out within a latency of the first, for then too few are left to make it leader: the \
             probability that of s numbers, even in 0 to 1, at least c - 1 are below latency / spread."
                .to_string(),
        ],
        remarks: vec![format!(
            "The farthest that a cell is from the formula: {:.2} percentage points.",
            100.0 * widest
        )],
        tables: vec![table],
        csv,
        chart: picture(measured),
        ..Report::default()
    }
}

fn picture(measured: &[Measured]) -> Chart {
    let cell = |m: &Measured| Cell {
        shade: m.share().value,
        lines: vec![
            format!("{:.1}", 100.0 * m.share().value),
            format!("({:.2})", 100.0 * m.formula()),
        ],
    };
    let name = |m: &Measured| format!("{} of {} alive", m.alive, m.servers);
    let grid = Grid {
        title: "First elections that are split, % (in brackets: by the formula)".to_string(),
        columns: (
            "spread / latency".to_string(),
            LATENCIES.map(|n| n.to_string()).to_vec(),
        ),
        rows: Grid::rows(measured, name, cell),
        below: "Latency: of a message, one way. Spread: of the election timeouts, from the shortest to the longest."
            .to_string(),
    };
    chart::draw("Split votes: measured and by the formula", &[&grid])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The probabilities in per cent, row by row.
    #[test]
    fn the_formula_is_the_thesis_s() {
        let expected = [
            [50.0, 25.93, 10.40, 2.80, 1.27, 0.73, 0.33],
            [75.0, 55.56, 36.00, 19.00, 12.89, 9.75, 6.56],
            [68.75, 40.74, 18.08, 5.23, 2.44, 1.40, 0.64],
            [87.5, 70.37, 48.80, 27.10, 18.70, 14.26, 9.67],
            [96.88, 86.83, 67.23, 40.95, 29.18, 22.62, 15.59],
        ];
        for ((servers, alive), row) in CLUSTERS.into_iter().zip(expected) {
            for (latencies, percent) in LATENCIES.into_iter().zip(row) {
                let formula = 100.0 * formula(servers, alive, latencies);
                assert!(
                    (formula - percent).abs() < 0.006,
                    "{servers} {alive} {latencies}: {formula}"
                );
            }
        }
    }
}
