//! Partial partitions: some links are cut, and nobody is down. Which of them cost the leader, and which
//! cure Raft's extras are (thesis 4.2.3, 6.2 and 9.6).

mod usable;

use std::sync::Arc;
use std::time::Duration;

use labrpc::{Delay, Faults, Misstep, Observer, Pulse, Run, ServerId, Simulation};
use raftapi::{Features, PreVote, Raft, Time, Timing};

use self::usable::{Minute, Usable};
use super::Laboratory;
use super::chart::{self, Cell, Chart, Grid, short};
use super::report::{Report, Table};
use super::run::{Cluster, pass};
use super::statistics::{Estimate, mean};
use crate::trials::Failed;

pub const TRIALS: u64 = 100;
const MINUTE: Duration = Duration::from_secs(60);

fn timing() -> Timing {
    let ms = Duration::from_millis;
    Timing::unchecked(ms(50), ms(150), ms(300))
}

/// A partition: which links are left, when S0, in the middle of the naming, leads.
struct Scenario {
    name: &'static str,
    servers: usize,
    /// Whether a message gets from one server to another: 0 is the leader, the others count from it.
    works: fn(from: usize, to: usize) -> bool,
}

const SCENARIOS: [Scenario; 4] = [
    Scenario {
        name: "chain of 3: an end leads",
        servers: 3,
        // The leader and the server 2 are the ends.
        works: |from, to| from == 1 || to == 1,
    },
    Scenario {
        name: "deaf follower",
        servers: 3,
        works: |_, to| to != 1,
    },
    Scenario {
        name: "deaf leader",
        servers: 3,
        works: |_, to| to != 0,
    },
    Scenario {
        name: "star of 5: a leaf leads",
        servers: 5,
        works: |from, to| from == 1 || to == 1,
    },
];

/// Plain Raft, and what can be added to it.
const EXTRAS: [(&str, Features); 4] = [
    ("plain Raft", Features::PLAIN),
    (
        "PreVote (thesis)",
        Features {
            pre_vote: Some(PreVote::Thesis),
            ..Features::PLAIN
        },
    ),
    (
        "CheckQuorum + lease",
        Features {
            check_quorum: true,
            lease: true,
            ..Features::PLAIN
        },
    ),
    (
        "both",
        Features {
            pre_vote: Some(PreVote::Thesis),
            check_quorum: true,
            lease: true,
            ..Features::PLAIN
        },
    ),
];

/// What a minute came to: the first of these that is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Stable,
    Recovers,
    Flaps,
    Never,
}

impl Verdict {
    fn of(first: &Minute, second: &Minute) -> Verdict {
        match (first.elected, second.elected, second.usable) {
            (_, _, usable) if usable < 0.01 => Verdict::Never,
            (0, 0, _) => Verdict::Stable,
            (_, 0, _) => Verdict::Recovers,
            _ => Verdict::Flaps,
        }
    }

    fn shade(self) -> f64 {
        match self {
            Verdict::Stable => 0.0,
            Verdict::Recovers => 0.2,
            Verdict::Flaps => 0.6,
            Verdict::Never => 1.0,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Verdict::Stable => "stable",
            Verdict::Recovers => "recovers",
            Verdict::Flaps => "flaps",
            Verdict::Never => "none for ever",
        }
    }
}

/// Cuts the links of a scenario.
fn cut<O: Observer<Raft>>(run: &mut Simulation<Raft, O>, scenario: &Scenario, leader: ServerId) {
    let servers = scenario.servers;
    let number = |server: ServerId| (server.index() + servers - leader.index()) % servers;
    for from in ServerId::all(servers) {
        for to in ServerId::all(servers).filter(|&to| to != from) {
            if !(scenario.works)(number(from), number(to)) {
                run.cut(from, to).expect("there is such a link");
            }
        }
    }
}

/// Two minutes under a partition that begins when a leader is established; none if there was none.
fn minutes(
    cluster: &Cluster,
    scenario: &Scenario,
    trial: u64,
    pulse: &Arc<Pulse>,
) -> Result<Option<[Minute; 2]>, Misstep> {
    let timing = cluster.server.timing;
    let mut run = cluster.run(trial, pulse, Usable::of(scenario.servers, &timing));
    for server in ServerId::all(scenario.servers) {
        run.start(server).expect("it is down");
    }
    // One who has been of use for a second.
    let mut now = Time::ZERO;
    let leader = loop {
        now += Duration::from_secs(1);
        pass(&mut run, now)?;
        let watch = run.observer_mut();
        let (elected, leader) = (watch.elected, watch.newest);
        watch.look(now);
        match leader {
            Some((_, leader)) if elected == 0 => break leader,
            _ if now > Time::from_millis(20_000) => return Ok(None),
            _ => {}
        }
    };
    cut(&mut run, scenario, leader);
    let mut term = run.observer().term;
    let mut minutes = Vec::new();
    for _ in 0..2 {
        now += MINUTE;
        pass(&mut run, now)?;
        let mut minute = run.observer_mut().look(now);
        (minute.terms, term) = (minute.terms - term, minute.terms);
        minutes.push(minute);
    }
    Ok(Some([minutes[0], minutes[1]]))
}

/// A cell of the table.
struct Measured {
    scenario: &'static Scenario,
    extra: &'static str,
    /// None if the server does not declare the extra.
    minutes: Option<Vec<[Minute; 2]>>,
}

impl Measured {
    /// The worst that happened, and how often that was.
    fn verdict(&self) -> Option<(Verdict, usize)> {
        let minutes = self.minutes.as_ref()?;
        let verdicts = minutes
            .iter()
            .map(|[first, second]| Verdict::of(first, second));
        let worst = verdicts.clone().max()?;
        Some((worst, verdicts.filter(|&verdict| verdict == worst).count()))
    }

    /// In the mean over both minutes.
    fn mean(&self, of: impl Fn(&Minute) -> f64) -> Option<Estimate> {
        let minutes = self.minutes.as_ref()?;
        let both = minutes
            .iter()
            .map(|[first, second]| (of(first) + of(second)) / 2.0);
        mean(&both.collect::<Vec<_>>())
    }
}

/// Plays all cells.
pub fn play(lab: &Laboratory<'_>) -> Result<Report, Failed> {
    let trials = lab.trials.unwrap_or(TRIALS);
    lab.player
        .expect(trials * (SCENARIOS.len() * EXTRAS.len()) as u64);
    let faults = Faults::RELIABLE.delayed(Delay::Uniform {
        min: Duration::from_millis(1),
        max: Duration::from_millis(5),
    });
    let mut measured = Vec::new();
    for scenario in &SCENARIOS {
        for (extra, features) in EXTRAS {
            lab.player.about(format!("{}, {extra}", scenario.name));
            let server = lab.server(timing(), features);
            if !declares(&server.features, &features) {
                lab.player.skip(trials);
                measured.push(Measured {
                    scenario,
                    extra,
                    minutes: None,
                });
                continue;
            }
            let cluster = Cluster {
                servers: scenario.servers,
                server,
                faults: faults.clone(),
                name: lab.name("partitions", &format!("{} {extra}", scenario.name)),
            };
            let trial = move |n, pulse: &Arc<Pulse>| minutes(&cluster, scenario, n, pulse);
            let played = lab.player.play(0..trials, trial)?;
            if played.iter().any(Option::is_none) {
                return Err(Failed(format!(
                    "{} healthy servers ({extra}) had no leader that lasted for a second within 20 s",
                    scenario.servers
                )));
            }
            measured.push(Measured {
                scenario,
                extra,
                minutes: Some(played.into_iter().flatten().collect()),
            });
        }
    }
    Ok(report(&measured))
}

/// Whether a server declares what is asked of it.
fn declares(declared: &Features, asked: &Features) -> bool {
    (asked.pre_vote.is_none() || declared.pre_vote == asked.pre_vote)
        && (!asked.check_quorum || declared.check_quorum)
        && (!asked.lease || declared.lease)
}

fn report(measured: &[Measured]) -> Report {
    let mut table = Table::new(
        "",
        &[
            "partition",
            "extras",
            "leader",
            "runs",
            "usable\n% of time",
            "elected\na minute",
            "terms\na minute",
        ],
    );
    let mut csv = Table::new(
        "",
        &[
            "partition",
            "extras",
            "verdict",
            "runs",
            "runs_with_verdict",
            "usable_share",
            "usable_low",
            "usable_high",
            "elected_per_minute",
            "elected_low",
            "elected_high",
            "terms_per_minute",
            "terms_low",
            "terms_high",
        ],
    );
    for m in measured {
        let name = [m.scenario.name.to_string(), m.extra.to_string()];
        let runs = m.minutes.as_ref().map_or(0, Vec::len);
        let figures = [
            m.mean(|minute| minute.usable).map(|e| e.at_most(1.0)),
            m.mean(|minute| minute.elected as f64),
            m.mean(|minute| minute.terms as f64),
        ];
        let mut row = name.to_vec();
        row.push(match m.verdict() {
            None if m.minutes.is_none() => "not declared".to_string(),
            None => "-".to_string(),
            Some((verdict, _)) => verdict.name().to_string(),
        });
        row.push(match m.verdict() {
            None => "-".to_string(),
            Some((_, of)) => format!("{of} of {runs}"),
        });
        for (figure, factor) in figures.iter().zip([100.0, 1.0, 1.0]) {
            row.push(figure.map_or("-".to_string(), |e| e.times(factor).text(1)));
        }
        table.rows.push(row);
        let mut row = name.to_vec();
        row.push(
            m.verdict()
                .map_or("", |(verdict, _)| verdict.name())
                .to_string(),
        );
        row.push(runs.to_string());
        row.push(m.verdict().map_or(0, |(_, of)| of).to_string());
        for figure in figures {
            row.extend(Estimate::csv(figure, 6));
        }
        csv.rows.push(row);
    }
    Report {
        title: "Partial partitions".to_string(),
        done: vec![
            "Heartbeats each 50 ms, election timeouts of 150 to 300 ms, messages take 1 to 5 ms. When a leader is \
             established, links are cut: in a chain of three, between the two ends, one of which leads; from \
             everybody to a follower, or to the leader; in a star of five, between all leaves, one of which \
             leads. Then two minutes pass."
                .to_string(),
            "A leader is usable while a majority has answered its heartbeats of the last two intervals. Stable: \
             nobody else was elected. Recovers: somebody was in the first minute, and nobody in the second. \
             Flaps: leaders replace each other for ever. None for ever: in the second minute nobody was usable. \
             It is the worst of all runs, and in how many it was so; figures are means with their 95 % \
             interval in brackets, '-' where there are fewer than ten runs."
                .to_string(),
        ],
        tables: vec![table],
        remarks: vec![
            "'Usable' forgives gaps of less than two heartbeat intervals, 100 ms: where a new leader follows \
             within that time, as in the chain with plain Raft, the share stays near 100 %, though each change \
             costs clients the requests that were on their way. That is told by the columns 'elected' and 'terms'."
                .to_string(),
        ],
        csv,
        chart: picture(measured),
        ..Report::default()
    }
}

fn picture(measured: &[Measured]) -> Chart {
    let cell = |m: &Measured| match (m.verdict(), m.mean(|minute| minute.usable)) {
        (Some((verdict, _)), Some(usable)) => {
            let elected = m
                .mean(|minute| minute.elected as f64)
                .map_or(0.0, |e| e.value);
            Cell {
                shade: verdict.shade(),
                lines: vec![
                    verdict.name().to_string(),
                    format!(
                        "{:.0} %, {}/min",
                        100.0 * usable.value,
                        short((elected * 10.0).round() / 10.0)
                    ),
                ],
            }
        }
        _ => Cell {
            shade: 0.0,
            lines: vec!["not declared".to_string()],
        },
    };
    let grid = Grid {
        title: "What becomes of the leader under a partial partition".to_string(),
        columns: (String::new(), EXTRAS.map(|(name, _)| name.to_string()).to_vec()),
        rows: Grid::rows(measured, |m| m.scenario.name.to_string(), cell),
        below: "In each cell: for which share of the time a majority had answered a leader within two heartbeat \
                intervals (shorter gaps are not seen);\nleaders elected a minute. The darker, the worse."
            .to_string(),
    };
    chart::draw(
        "What becomes of the leader under a partial partition",
        &[&grid],
    )
}
