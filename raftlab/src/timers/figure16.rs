//! Figure 16 of the Raft paper: the time to detect and replace a crashed leader (section 9.3).
//!
//! Five servers. The last heartbeat leaves for all at once, and the leader crashes uniformly within
//! its heartbeat interval, half the minimum timeout. Logs differ: of the four survivors, two cannot
//! win. The clock stops when the others have heard the new leader's first heartbeat. 'Broadcast time
//! of about 15 ms' is round trips *and disk writes*: a candidate's write takes 0.308 to 7.823 ms, a
//! voter's 5.126 to 8.456 ms, a message 0.092 ms and an exponential rest of 0.019 ms on average.
//!
//! The doomed leader is played by hand. The survivors are the server under test, and their disks make
//! them wait for all that they save. The model that the numbers are compared with lets a voter refuse at
//! once, without a write; a Raft server saves a newer term before it refuses. On a disk that does its
//! writes in order, a server that could win would first have to wait for the terms of those that it had
//! refused: with 12-24 ms the median is 31.6 ms then, not 30. The paper's servers did not wait: so a
//! write may overtake an older one, and a refusal, which changes nothing, is all that comes later.

mod lines;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use labrpc::{
    Delay, Faults, Happening, LinkFaults, Misstep, Observer, Pulse, Run, Seen, ServerFaults,
    ServerId, Streams,
};
use raftapi::{AppendEntries, Entry, Features, Raft, Request, Stable, Term, Time};

use self::lines::{LINES, Line};
use super::Laboratory;
use super::chart::{self, Axis, Chart, Panel, Series};
use super::report::{Report, Table};
use super::run::{Cluster, millis, pass};
use super::statistics::{Estimate, mean, quantile};
use crate::trials::Failed;

/// How many trials a line has by default.
pub const TRIALS: u64 = 10_000;

/// A line of which so many trials elected nobody is not played further: the paper, too, played only so
/// many of 150-150.
const HOPELESS: u64 = 100;

/// So long is waited for a leader.
const PATIENCE: Duration = Duration::from_secs(60);

const SERVERS: usize = 5;
const DOOMED: ServerId = ServerId::new(0);

/// The network and the disks of the paper's experiment.
fn faults() -> Faults {
    let us = Duration::from_micros;
    let between = |min, max| Delay::Uniform {
        min: us(min),
        max: us(max),
    };
    Faults {
        link: LinkFaults::RELIABLE.delayed(Delay::Exponential {
            min: us(92),
            mean: us(19),
        }),
        server: ServerFaults {
            disk_write: between(308, 7_823),
            disk_write_answering: Some(between(5_126, 8_456)),
            disk_overtaking: true,
            ..ServerFaults::IDEAL
        },
    }
}

/// Waits until all survivors but the newest leader have heard from it.
#[derive(Default)]
struct Heard {
    leader: Option<(Term, ServerId)>,
    by: [bool; SERVERS],
    since: Option<Time>,
}

impl Observer<Raft> for Heard {
    fn observe(&mut self, at: Time, _: u64, seen: Seen<'_, Raft>) -> ControlFlow<()> {
        let Happening::RequestDelivered {
            from, to, request, ..
        } = seen
        else {
            return ControlFlow::Continue(());
        };
        let Request::AppendEntries(args) = request else {
            return ControlFlow::Continue(());
        };
        if from == DOOMED {
            return ControlFlow::Continue(());
        }
        let leader = Some((args.term, from));
        if leader > self.leader {
            self.leader = leader;
            self.by = [false; SERVERS];
        }
        if leader == self.leader && to != DOOMED {
            self.by[to.index()] = true;
        }
        if self.by.iter().filter(|&&heard| heard).count() == SERVERS - 2 {
            self.since = Some(at);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

/// How long there was no leader; none if longer than anybody waited.
fn downtime(
    cluster: &Cluster,
    trial: u64,
    pulse: &Arc<Pulse>,
) -> Result<Option<Duration>, Misstep> {
    let mut script = Streams::new(trial, &cluster.name).script();
    let mut run = cluster.run(trial, pulse, Heard::default());
    let known = "the server exists and is down";
    let mut lengths = [0, 1, 2, 3];
    for i in (1..lengths.len()).rev() {
        lengths.swap(i, script.below(i as u64 + 1) as usize);
    }
    run.play_by_hand(DOOMED).expect(known);
    for (server, length) in ServerId::all(SERVERS).skip(1).zip(lengths) {
        let entry = Entry {
            term: 1,
            command: String::new(),
        };
        let stable = Stable {
            current_term: 1,
            voted_for: Some(DOOMED),
            log: vec![entry; length],
        };
        run.set_stable(server, stable).expect(known);
        run.start(server).expect(known);
    }
    let heartbeat = AppendEntries {
        term: 1,
        leader_id: DOOMED,
        prev_log_index: 0,
        prev_log_term: 0,
        entries: Vec::new(),
        leader_commit: 0,
    };
    for server in ServerId::all(SERVERS).skip(1) {
        let heartbeat = Request::AppendEntries(heartbeat.clone());
        run.send_as(DOOMED, server, heartbeat).expect(known);
    }
    let interval = cluster.server.timing.heartbeat_interval();
    let crash = Time::ZERO + Duration::from_nanos(script.below(interval.as_nanos() as u64));
    pass(&mut run, crash)?;
    run.crash(DOOMED).expect("it is played by hand");
    pass(&mut run, crash + PATIENCE)?;
    Ok(run.observer().since.map(|since| since - crash))
}

/// What a line's trials came to.
struct Measured {
    line: &'static Line,
    trials: u64,
    /// In ms, in order, of those that elected somebody.
    sorted: Vec<f64>,
}

impl Measured {
    fn median(&self) -> Option<Estimate> {
        quantile(&self.sorted, 0.5)
    }

    fn mean(&self) -> Option<Estimate> {
        mean(&self.sorted)
    }

    fn p99(&self) -> Option<Estimate> {
        quantile(&self.sorted, 0.99)
    }
}

/// Plays the figure.
pub fn play(lab: &Laboratory<'_>) -> Result<Report, Failed> {
    let trials = lab.trials.unwrap_or(TRIALS);
    lab.player.expect(trials * LINES.len() as u64);
    let mut measured = Vec::new();
    for line in &LINES {
        lab.player.about(format!("{} ms", line.name()));
        let cluster = Cluster {
            servers: SERVERS,
            server: lab.server(line.timing(), Features::PLAIN),
            faults: faults(),
            name: lab.name("figure16", &line.name()),
        };
        let trial = move |n, pulse: &Arc<Pulse>| downtime(&cluster, n, pulse);
        let first = trials.min(HOPELESS);
        let mut times = lab.player.play(0..first, trial.clone())?;
        if times.iter().any(Option::is_some) {
            times.extend(lab.player.play(first..trials, trial)?);
        } else {
            lab.player.skip(trials - first);
        }
        let mut sorted: Vec<f64> = times.iter().flatten().map(|time| millis(*time)).collect();
        sorted.sort_by(f64::total_cmp);
        measured.push(Measured {
            line,
            trials: times.len() as u64,
            sorted,
        });
    }
    if measured.iter().all(|m| m.sorted.is_empty()) && !lab.player.is_interrupted() {
        return Err(Failed(format!(
            "in none of {} runs was anybody elected within {} s of the leader's crash",
            measured.iter().map(|m| m.trials).sum::<u64>(),
            PATIENCE.as_secs()
        )));
    }
    Ok(report(&measured))
}

fn report(measured: &[Measured]) -> Report {
    let mut remarks = Vec::new();
    for line in measured {
        let silent = line.trials - line.sorted.len() as u64;
        if silent > 0 {
            remarks.push(format!(
                "{} ms: nobody was elected within {} s in {silent} of {} trials{}.",
                line.line.name(),
                PATIENCE.as_secs(),
                line.trials,
                match line.sorted.is_empty() {
                    true => "; it was not played further",
                    false => "; its numbers are of the others",
                }
            ));
        }
    }
    Report {
        title: "Time to detect and replace a crashed leader (Raft paper, Figure 16)".to_string(),
        done: vec![
            "Five servers. The last heartbeat leaves for all of them at once, and within the heartbeat \
             interval, which is half the shortest election timeout, the leader crashes. The survivors' logs \
             differ, so that two of the four cannot win. Messages take 0.092 ms and an exponential rest of 0.019 \
             ms on average; a candidate's disk takes 0.3 to 7.8 ms for its term and vote, a voter's 5.1 to 8.5 \
             ms. The time is from the crash until the others have heard the new leader."
                .to_string(),
            "Each number with its 95 % interval in brackets, '-' where there are too few trials for one: fewer than \
             6 for a median, 10 for a mean, 368 for the p99. 'paper': the data behind the paper's figure, 1000 \
             trials a line, 100 of 150-150. 'model': an independent simulation of the election alone, \
             100,000 trials a line."
                .to_string(),
        ],
        tables: vec![table(measured)],
        remarks,
        csv: csv(measured),
        chart: picture(measured),
        ..Report::default()
    }
}

fn table(measured: &[Measured]) -> Table {
    let mut table = Table::new(
        "down-time in ms",
        &[
            "election\ntimeout",
            "\ntrials",
            "\nmedian",
            "\npaper",
            "\nmodel",
            "\nmean",
            "\npaper",
            "\nmodel",
            "\np99",
            "\npaper",
            "\nmodel",
            "\nmax",
            "\npaper",
        ],
    );
    let whole = |value: Option<f64>| value.map_or("-".to_string(), |value| format!("{value:.0}"));
    let with_interval = |estimate: Option<Estimate>| match estimate {
        None => "-".to_string(),
        Some(e) if e.high - e.low < 20.0 => e.text(1),
        Some(e) => e.text(0),
    };
    for m in measured {
        let (paper, model) = (m.line.paper, m.line.model);
        table.rows.push(vec![
            m.line.name(),
            m.trials.to_string(),
            with_interval(m.median()),
            whole(paper.median),
            whole(model.median),
            with_interval(m.mean()),
            whole(paper.mean),
            whole(model.mean),
            with_interval(m.p99()),
            whole(paper.p99),
            whole(model.p99),
            whole(m.sorted.last().copied()),
            whole(paper.max),
        ]);
    }
    table
}

fn csv(measured: &[Measured]) -> Table {
    let mut table = Table::new(
        "",
        &[
            "timeout_min_ms",
            "timeout_max_ms",
            "trials",
            "elected",
            "median_ms",
            "median_low_ms",
            "median_high_ms",
            "mean_ms",
            "mean_low_ms",
            "mean_high_ms",
            "p99_ms",
            "p99_low_ms",
            "p99_high_ms",
            "max_ms",
            "paper_median_ms",
            "paper_mean_ms",
            "paper_p99_ms",
            "paper_max_ms",
            "model_median_ms",
            "model_mean_ms",
            "model_p99_ms",
        ],
    );
    let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.3}"));
    for m in measured {
        let mut row = vec![
            m.line.min.to_string(),
            m.line.max.to_string(),
            m.trials.to_string(),
            m.sorted.len().to_string(),
        ];
        for estimate in [m.median(), m.mean(), m.p99()] {
            row.extend(Estimate::csv(estimate, 3));
        }
        row.push(number(m.sorted.last().copied()));
        let (paper, model) = (m.line.paper, m.line.model);
        row.extend([paper.median, paper.mean, paper.p99, paper.max].map(number));
        row.extend([model.median, model.mean, model.p99].map(number));
        table.rows.push(row);
    }
    table
}

/// The two panels of the paper's figure: above, ever more randomness, on a logarithmic axis; below, ever
/// longer timeouts.
fn picture(measured: &[Measured]) -> Chart {
    let panel = |title: &str, x: Axis, lines: &[(u64, u64)]| {
        let chosen = lines.iter().filter_map(|&(min, max)| {
            measured
                .iter()
                .find(|m| (m.line.min, m.line.max) == (min, max))
        });
        Panel {
            title: title.to_string(),
            y: Axis::linear("elected, % of trials", 0.0, 100.0),
            height: 430.0,
            series: chosen
                .enumerate()
                .map(|(colour, m)| distribution(m, colour, x.min, x.max))
                .collect(),
            x,
            mark: None,
        }
    };
    let random = [
        (150, 150),
        (150, 151),
        (150, 155),
        (150, 175),
        (150, 200),
        (150, 300),
    ];
    let long = [(12, 24), (25, 50), (50, 100), (100, 200), (150, 300)];
    let above = panel(
        "How much randomness: from none to a spread of 150 ms",
        Axis::log("time without a leader, ms", 100.0, 100_000.0),
        &random,
    );
    let below = panel(
        "How long: the shortest timeout from 12 to 150 ms",
        Axis::linear("time without a leader, ms", 0.0, 600.0),
        &long,
    );
    chart::draw(
        "Time without a leader, as in Figure 16 of the Raft paper",
        &[&above, &below],
    )
}

/// The share of a line's trials that had elected somebody, over time: in steps, at most some 250 of them.
fn distribution(m: &Measured, colour: usize, from: f64, to: f64) -> Series {
    let count = m.sorted.len();
    let share = |elected: usize| 100.0 * elected as f64 / m.trials.max(1) as f64;
    // To the panel's edge, or as far as anybody looked.
    let to = to.min(millis(PATIENCE));
    let by = |limit: f64| m.sorted.partition_point(|time| *time <= limit);
    let (before, by_end) = (by(from), by(to));
    let every = (count / 250).max(1);
    let mut points = vec![(from, share(before))];
    let mut reached = before;
    for i in (before..by_end).filter(|i| i % every == 0 || i + 1 == count) {
        points.push((m.sorted[i], share(reached)));
        reached = i + 1;
        points.push((m.sorted[i], share(reached)));
    }
    points.push((to, share(reached)));
    let nobody = if count == 0 { ": nobody" } else { "" };
    Series::line(
        format!("{}-{} ms{nobody}", m.line.min, m.line.max),
        colour,
        points,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_elected_before_the_first_was() {
        let few = Measured {
            line: &LINES[5],
            trials: 4,
            sorted: vec![150.0, 200.0, 300.0],
        };
        let steps = [
            (100.0, 0.0),
            (150.0, 0.0),
            (150.0, 25.0),
            (200.0, 25.0),
            (200.0, 50.0),
            (250.0, 50.0),
        ];
        assert_eq!(distribution(&few, 0, 100.0, 250.0).points, steps);
        let many = Measured {
            trials: 10_000,
            sorted: (0..10_000).map(|i| 150.0 + f64::from(i) / 100.0).collect(),
            ..few
        };
        let points = distribution(&many, 0, 100.0, 1000.0).points;
        assert!(points.len() < 600);
        assert_eq!(points.last(), Some(&(1000.0, 100.0)));
    }
}
