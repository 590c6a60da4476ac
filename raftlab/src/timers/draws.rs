//! How a server draws its election timeouts, as seen from outside: the times between its campaigns, when
//! it is alone. And what comes of drawing once: elections that are split again and again.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use labrpc::{Delay, Faults, Happening, Misstep, Observer, Pulse, Run, Seen, ServerId};
use raftapi::{Features, Raft, Redraw, Request, Term, Time, Timing};

use super::Laboratory;
use super::chart::{self, Axis, Chart, Figure, Kind, Panel, Series, short};
use super::report::{Report, Table};
use super::run::{Cluster, millis, pass};
use super::statistics::{Estimate, distance, probability_of_distance, proportion};
use crate::trials::Failed;

pub const TRIALS: u64 = 100_000;

/// Who draws what: a name, a timing, and when a new timeout is drawn.
const CUSTOMS: [(&str, Timing, Redraw); 3] = [
    (
        "drawn afresh at each reset",
        Timing::LAB,
        Redraw::AtEachReset,
    ),
    (
        "etcd: ten values, when term or role changes",
        Timing::ETCD,
        Redraw::OnStateChange,
    ),
    ("drawn once", Timing::LAB, Redraw::Once),
];

/// The spread of the timeouts, and their minimum, where votes are split.
const SPREAD: Duration = Duration::from_millis(100);
const LATENCIES: u32 = 10;

/// So many terms are counted.
const MOST_TERMS: usize = 20;

/// Waits for so many campaigns, and notes their times.
struct Campaigns {
    enough: usize,
    times: Vec<Time>,
    term: Term,
}

impl Observer<Raft> for Campaigns {
    fn observe(&mut self, at: Time, _: u64, seen: Seen<'_, Raft>) -> ControlFlow<()> {
        if let Happening::Sent {
            request: Request::RequestVote(args),
            ..
        } = seen
            && args.term > self.term
            && !args.pre_vote
        {
            self.term = args.term;
            self.times.push(at);
            if self.times.len() >= self.enough {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }
}

/// The times between the campaigns of a server that is alone, in ms.
fn timeouts(
    cluster: &Cluster,
    count: u64,
    trial: u64,
    pulse: &Arc<Pulse>,
) -> Result<Vec<f64>, Misstep> {
    let campaigns = Campaigns {
        enough: count as usize + 1,
        times: Vec::new(),
        term: 0,
    };
    let mut run = cluster.run(trial, pulse, campaigns);
    run.start(ServerId::new(0)).expect("it is down");
    let longest = cluster.server.timing.election_timeout_max();
    pass(&mut run, Time::ZERO + longest * 2 * (count as u32 + 1))?;
    let times = &run.observer().times;
    Ok(times
        .windows(2)
        .map(|pair| millis(pair[1] - pair[0]))
        .collect())
}

/// Waits for the first heartbeat: which term was won.
#[derive(Default)]
struct Won(Option<Term>);

impl Observer<Raft> for Won {
    fn observe(&mut self, _: Time, _: u64, seen: Seen<'_, Raft>) -> ControlFlow<()> {
        match seen {
            Happening::Sent {
                request: Request::AppendEntries(args),
                ..
            } => {
                self.0 = Some(args.term);
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

/// How many terms two of three servers need that start at the same instant; none if a great many.
fn terms(cluster: &Cluster, trial: u64, pulse: &Arc<Pulse>) -> Result<Option<Term>, Misstep> {
    let mut run = cluster.run(trial, pulse, Won::default());
    for server in ServerId::all(2) {
        run.start(server).expect("it is down");
    }
    pass(&mut run, Time::ZERO + 2 * SPREAD * (MOST_TERMS as u32 + 2))?;
    Ok(run.observer().0)
}

/// The probability that more terms than this are needed, if each draws afresh: all of them are split.
fn formula_afresh(more_than: usize) -> f64 {
    let split = super::split::formula(3, 2, LATENCIES);
    split.powi(more_than as i32)
}

/// The same if each draws once: the distance between the two grows with each term, and all of them are
/// split if so many distances are less than a latency.
fn formula_once(more_than: usize) -> f64 {
    let distance = 1.0 / (f64::from(LATENCIES) * more_than as f64);
    1.0 - (1.0 - distance) * (1.0 - distance)
}

/// The timeouts of one server.
struct Drawn {
    name: &'static str,
    timing: Timing,
    sorted: Vec<f64>,
}

impl Drawn {
    fn declared(&self) -> (f64, f64) {
        (
            millis(self.timing.election_timeout_min()),
            millis(self.timing.election_timeout_max()),
        )
    }

    fn distinct(&self) -> usize {
        self.sorted.chunk_by(|a, b| a == b).count()
    }

    /// How far, by Kolmogorov and Smirnov, from the declared range drawn evenly.
    fn distance(&self) -> f64 {
        let (min, _) = self.declared();
        let step = millis(self.timing.election_timeout_step());
        let choices = self.timing.election_timeout_choices() as f64;
        distance(&self.sorted, |timeout| {
            let choice = (timeout - min) / step;
            let below = (choice - 1e-6).ceil().clamp(0.0, choices);
            let at_or_below = ((choice + 1e-6).floor() + 1.0).clamp(0.0, choices);
            (below / choices, at_or_below / choices)
        })
    }

    fn verdict(&self) -> (f64, f64) {
        let distance = self.distance();
        (
            distance,
            probability_of_distance(distance, self.sorted.len()),
        )
    }
}

/// How many terms were needed, of all trials.
struct Tail {
    name: &'static str,
    formula: fn(usize) -> f64,
    terms: Vec<Option<Term>>,
}

impl Tail {
    fn more_than(&self, terms: usize) -> Estimate {
        let more = |needed: &&Option<Term>| needed.is_none_or(|needed| needed > terms as u64);
        proportion(
            self.terms.iter().filter(more).count() as u64,
            self.terms.len() as u64,
        )
    }
}

/// Watches servers alone, and then elections.
pub fn play(lab: &Laboratory<'_>) -> Result<Report, Failed> {
    // As many timeouts as trials, in one run of a server each.
    let trials = lab.trials.unwrap_or(TRIALS).min(1_000_000);
    lab.player.expect(CUSTOMS.len() as u64 + 2 * trials);
    let mut drawn = Vec::new();
    for (name, timing, redraw) in CUSTOMS {
        lab.player.about(name);
        let cluster = Cluster {
            servers: 3,
            server: lab.server(timing, redrawing(redraw)),
            faults: Faults::RELIABLE,
            name: lab.name("draws", name),
        };
        let alone = move |n, pulse: &Arc<Pulse>| timeouts(&cluster, trials, n, pulse);
        let Some(mut sorted) = lab.player.play(0..1, alone)?.pop() else {
            continue; // interrupted
        };
        if sorted.is_empty() {
            return Err(Failed(format!(
                "a server that is alone did not campaign twice within {trials} times its election timeout ({timing})"
            )));
        }
        sorted.sort_by(f64::total_cmp);
        drawn.push(Drawn {
            name,
            timing,
            sorted,
        });
    }
    let mut tails = Vec::new();
    for (name, redraw, formula) in [
        (
            "drawn afresh",
            Redraw::AtEachReset,
            formula_afresh as fn(usize) -> f64,
        ),
        ("drawn once", Redraw::Once, formula_once),
    ] {
        lab.player.about(format!("terms, {name}"));
        let timing = Timing::unchecked(SPREAD / 2, SPREAD, 2 * SPREAD);
        let cluster = Cluster {
            servers: 3,
            server: lab.server(timing, redrawing(redraw)),
            faults: Faults::RELIABLE.delayed(Delay::Constant(SPREAD / LATENCIES)),
            name: lab.name("draws", &format!("terms {name}")),
        };
        let trial = move |n, pulse: &Arc<Pulse>| terms(&cluster, n, pulse);
        let terms = lab.player.play(0..trials, trial)?;
        tails.push(Tail {
            name,
            formula,
            terms,
        });
    }
    Ok(report(&drawn, &tails))
}

fn redrawing(redraw: Redraw) -> Features {
    Features {
        redraw,
        ..Features::PLAIN
    }
}

fn report(drawn: &[Drawn], tails: &[Tail]) -> Report {
    let mut timeouts = Table::new(
        "timeouts of one server, in ms",
        &[
            "",
            "declared",
            "drawn",
            "least",
            "greatest",
            "distinct",
            "KS distance",
            "probability",
            "drawn evenly?",
        ],
    );
    let mut csv = Table::new(
        "",
        &[
            "what",
            "custom",
            "value",
            "count",
            "share",
            "share_low",
            "share_high",
            "formula",
        ],
    );
    for d in drawn {
        let (min, max) = d.declared();
        let (distance, probability) = d.verdict();
        let ends = [d.sorted.first(), d.sorted.last()].map(|end| end.copied().unwrap_or(f64::NAN));
        timeouts.rows.push(vec![
            d.name.to_string(),
            format!("{min:.0}-{max:.0}"),
            d.sorted.len().to_string(),
            format!("{:.3}", ends[0]),
            format!("{:.3}", ends[1]),
            d.distinct().to_string(),
            format!("{distance:.4}"),
            if probability < 1e-4 {
                "< 0.0001".to_string()
            } else {
                format!("{probability:.4}")
            },
            if probability < 0.001 {
                "no"
            } else {
                "as far as can be seen"
            }
            .to_string(),
        ]);
        for (middle, count) in histogram(d).1 {
            let share = proportion(count, d.sorted.len() as u64);
            csv.rows.push(vec![
                "timeout_ms".to_string(),
                d.name.to_string(),
                format!("{middle:.3}"),
                count.to_string(),
                format!("{:.6}", share.value),
                format!("{:.6}", share.low),
                format!("{:.6}", share.high),
                String::new(),
            ]);
        }
    }
    let mut needed = Table::new(
        "elections that needed more terms than this, %",
        &[
            "more than",
            "drawn afresh",
            "95 % interval",
            "formula",
            "drawn once",
            "95 % interval",
            "formula",
        ],
    );
    for terms in 1..=10 {
        let mut row = vec![terms.to_string()];
        for tail in tails {
            let (e, formula) = (tail.more_than(terms), (tail.formula)(terms));
            let percent = e.times(100.0);
            row.push(short(percent.value));
            row.push(format!("{} to {}", short(percent.low), short(percent.high)));
            row.push(short(100.0 * formula));
            csv.rows.push(vec![
                "more_terms_than".to_string(),
                tail.name.to_string(),
                terms.to_string(),
                (e.value * tail.terms.len() as f64).round().to_string(),
                format!("{:.6}", e.value),
                format!("{:.6}", e.low),
                format!("{:.6}", e.high),
                format!("{formula:.6e}"),
            ]);
        }
        needed.rows.push(row);
    }
    Report {
        title: "How election timeouts are drawn".to_string(),
        done: vec![
            "One server of three runs, the others are down: it campaigns again and again, and the time from one \
             campaign to the next is a timeout. The test of Kolmogorov and Smirnov compares them with the \
             declared range, drawn evenly; 'probability': that such a distance or more is chance."
                .to_string(),
            "Then two of three servers start at the same instant, with a spread of ten latencies, and the terms \
             are counted until somebody leads. Drawn afresh, each term is split with the same probability, 19 %. \
             Drawn once, two that are close stay close: the distance grows by itself in each term, and \
             all of k terms are split if k distances are less than a latency."
                .to_string(),
        ],
        tables: vec![timeouts, needed],
        remarks: Vec::new(),
        csv,
        chart: picture(drawn, tails),
        ..Report::default()
    }
}

/// Bars of a histogram: how wide one is, and for each its middle and how many timeouts are in it. Where
/// timeouts come in steps, a bar for each.
fn histogram(d: &Drawn) -> (f64, Vec<(f64, u64)>) {
    let ((min, max), choices) = (d.declared(), d.timing.election_timeout_choices());
    let (width, first, bars) = match choices <= 100 {
        true => {
            let step = millis(d.timing.election_timeout_step());
            (step, min - step / 2.0, choices as usize)
        }
        false => ((max - min) / 30.0, min, 30),
    };
    let mut counts = vec![0; bars];
    for timeout in &d.sorted {
        let bar = ((timeout - first) / width).floor().max(0.0) as usize;
        counts[bar.min(bars - 1)] += 1;
    }
    let middle = |bar: usize| first + width * (bar as f64 + 0.5);
    (
        width,
        counts
            .into_iter()
            .enumerate()
            .map(|(bar, count)| (middle(bar), count))
            .collect(),
    )
}

fn picture(drawn: &[Drawn], tails: &[Tail]) -> Chart {
    let mut panels: Vec<Panel> = drawn.iter().enumerate().map(|(i, d)| bars(d, i)).collect();
    let mut tail = Panel {
        title: "Two of three servers alive, spread of ten latencies: elections that take long"
            .to_string(),
        x: Axis::linear("more terms than", 1.0, 10.0),
        y: Axis::log("% of elections", 0.001, 100.0),
        height: 400.0,
        series: Vec::new(),
        mark: None,
    };
    for (i, t) in tails.iter().enumerate() {
        let colour = 2 * i;
        let formula = (1..=10).map(|terms| (terms as f64, 100.0 * (t.formula)(terms)));
        let formula = formula.filter(|(_, share)| *share >= 0.001).collect();
        tail.series.push(Series::line(
            format!("{}: formula", t.name),
            colour,
            formula,
        ));
        let seen: Vec<(f64, Estimate)> = (1..=10)
            .map(|terms| (terms as f64, t.more_than(terms).times(100.0)))
            .filter(|(_, e)| e.value > 0.0)
            .collect();
        tail.series.push(Series {
            label: format!("{}: measured", t.name),
            kind: Kind::Points,
            colour,
            points: seen.iter().map(|(terms, e)| (*terms, e.value)).collect(),
            intervals: seen.iter().map(|(_, e)| (e.low, e.high)).collect(),
        });
    }
    panels.push(tail);
    let figures: Vec<&dyn Figure> = panels.iter().map(|panel| panel as &dyn Figure).collect();
    chart::draw(
        "Election timeouts as drawn, and elections that take long",
        &figures,
    )
}

fn bars(d: &Drawn, colour: usize) -> Panel {
    let ((min, max), (width, bars)) = (d.declared(), histogram(d));
    let all = d.sorted.len().max(1) as f64;
    let points: Vec<(f64, f64)> = bars
        .iter()
        .map(|&(at, n)| (at, 100.0 * n as f64 / all))
        .collect();
    let most = points.iter().map(|point| point.1).fold(0.0, f64::max);
    let margin = (max - min) / 20.0 + width / 2.0;
    let x = Axis::linear("election timeout, ms", min - margin, max + margin);
    let share = width / (x.max - x.min);
    Panel {
        title: format!("A server's timeouts, {}", d.name),
        y: Axis::linear("% of timeouts", 0.0, (most * 1.2).min(100.0)),
        height: 290.0,
        series: vec![Series {
            label: format!("{:.0}-{:.0} ms declared", min, max),
            kind: Kind::Bars(90.0 * share),
            colour,
            points,
            intervals: Vec::new(),
        }],
        x,
        mark: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawing_once_has_a_heavy_tail() {
        assert!((100.0 * formula_afresh(5) - 0.025).abs() < 0.001);
        assert!((100.0 * formula_once(5) - 4.0).abs() < 0.05);
    }
}
