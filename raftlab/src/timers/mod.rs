//! `raftlab timers`: experiments with election timers, on real servers in virtual time.
//!
//! | module | what |
//! |---|---|
//! | `figure16` | how long a crashed leader is missed: the Raft paper's Figure 16 |
//! | `split` | how often a first election is split: thesis 9.2 |
//! | `needless` | how often followers campaign for want of heartbeats |
//! | `interval` | how long an election timeout should be: the lecture's trade-off |
//! | `draws` | how timeouts are drawn, as seen from outside |
//! | `partitions` | partial partitions, and which extras cure them |
//! | `leaders` | who leads, as seen from outside |
//! | `run` | a cluster in virtual time |
//! | `statistics` | estimates with their intervals |
//! | `report` | results for people, for programs, as a page |
//! | `chart` | charts as SVG |

mod chart;
mod draws;
mod figure16;
mod interval;
mod leaders;
mod needless;
mod partitions;
mod report;
pub(crate) mod run;
mod split;
mod statistics;

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use raftapi::{Features, Server, Timing};
use suite::settings::Settings;

use crate::files::WholeFile;
use crate::quantities::percent;
use crate::trials::{Failed, Player, threads};
use crate::{Ending, Lab, files};
use interval::IntervalArgs;
use report::Report;

/// What `raftlab timers` is told.
#[derive(Args, Debug)]
pub struct TimersArgs {
    #[command(subcommand)]
    experiment: Experiment,
}

#[derive(Subcommand, Debug)]
enum Experiment {
    /// How long a crashed leader is missed: Figure 16 of the Raft paper (a trial is a crash; 10000 a line by default)
    Figure16(Common),
    /// How often a first election is split, against the formula (a trial is an election; 20000 a cell by default)
    Split(Common),
    /// How often followers campaign for want of heartbeats (a trial is an hour; at most 20 a cell by default)
    Needless(Common),
    /// How long an election timeout should be: down-time and needless elections; ends with a recommendation (a trial is a crash; 2000 a range by default)
    Interval(IntervalArgs),
    /// How this server draws its election timeouts, and what comes of drawing once (a trial is a timeout and an election; 100000 a custom by default)
    Draws(Common),
    /// Partial partitions, with plain Raft and with PreVote and CheckQuorum (a trial is two minutes; 100 a cell by default)
    Partitions(Common),
}

impl Experiment {
    fn common(&self) -> &Common {
        match self {
            Experiment::Figure16(common)
            | Experiment::Split(common)
            | Experiment::Needless(common)
            | Experiment::Draws(common)
            | Experiment::Partitions(common) => common,
            Experiment::Interval(args) => &args.common,
        }
    }

    fn play(&self, lab: &Laboratory<'_>) -> Result<Report, Failed> {
        match self {
            Experiment::Figure16(_) => figure16::play(lab),
            Experiment::Split(_) => split::play(lab),
            Experiment::Needless(_) => needless::play(lab),
            Experiment::Interval(args) => interval::play(lab, args),
            Experiment::Draws(_) => draws::play(lab),
            Experiment::Partitions(_) => partitions::play(lab),
        }
    }

    /// How many trials it has by default, and what they are.
    fn trials(&self) -> (u64, &'static str) {
        match self {
            Experiment::Figure16(_) => (figure16::TRIALS, "crashes a line"),
            Experiment::Split(_) => (split::TRIALS, "elections a cell"),
            Experiment::Needless(_) => (needless::HOURS, "hours a cell at most"),
            Experiment::Interval(_) => (interval::TRIALS, "crashes a range"),
            Experiment::Draws(_) => (draws::TRIALS, "timeouts, and elections, a custom"),
            Experiment::Partitions(_) => (partitions::TRIALS, "runs of two minutes a cell"),
        }
    }

    /// What the numbers of a chart stand on: how many trials of which server, and how to do it again.
    fn caption(&self, invocation: &str, command: &str) -> Vec<String> {
        let (default, unit) = self.trials();
        let common = self.common();
        let trials = common.trials.unwrap_or(default);
        vec![
            format!(
                "{trials} {unit}, seed {}, the server of '{}'. Again:",
                common.seed, invocation
            ),
            command.to_string(),
        ]
    }

    /// What does the same again: `timers interval --loss 1%`.
    fn arguments(&self) -> String {
        let mut arguments = match self {
            Experiment::Figure16(_) => "timers figure16".to_string(),
            Experiment::Split(_) => "timers split".to_string(),
            Experiment::Needless(_) => "timers needless".to_string(),
            Experiment::Draws(_) => "timers draws".to_string(),
            Experiment::Partitions(_) => "timers partitions".to_string(),
            Experiment::Interval(args) => format!(
                "timers interval --latency {} --loss {} --heartbeat {:?} --failures-per-year {}",
                args.latency,
                percent(args.loss),
                args.heartbeat,
                args.failures_per_year
            ),
        };
        let common = self.common();
        if let Some(trials) = common.trials {
            arguments += &format!(" --trials {trials}");
        }
        arguments + &format!(" --seed {}", common.seed)
    }
}

/// What all experiments are told.
#[derive(Args, Clone, Debug)]
struct Common {
    /// How many trials, of each line, cell, range or custom [default: the experiment's own number, as above]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    trials: Option<u64>,

    /// Another seed is another set of trials
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,

    /// How many threads; results do not depend on it [default: one for each processor]
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,

    /// Write the results to this file, for programs
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,

    /// Write the chart to this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    /// Write everything to this file, as a page that needs nothing else
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// What an experiment has to work with.
struct Laboratory<'a> {
    lab: &'a Lab,
    player: &'a Player,
    seed: u64,
    trials: Option<u64>,
}

impl Laboratory<'_> {
    /// The server under test, with this timing and these features.
    fn server(&self, timing: Timing, features: Features) -> Server {
        (self.lab.build)(timing, features)
    }

    /// The name of a run: with a trial's number, it chooses all randomness.
    fn name(&self, experiment: &str, part: &str) -> String {
        format!("timers {experiment} {part} {}", self.seed)
    }
}

/// Plays an experiment, prints and writes what it found.
pub fn run(lab: &Lab, args: &TimersArgs) -> Result<Ending> {
    let common = args.experiment.common();
    let settings = Settings::from_env().map_err(anyhow::Error::msg)?;
    let beside = files::beside([&common.csv, &common.svg, &common.html])?;
    let begin = |path: &Option<PathBuf>| path.as_deref().map(WholeFile::begin).transpose();
    let (csv, svg, html) = (
        begin(&common.csv)?,
        begin(&common.svg)?,
        begin(&common.html)?,
    );
    let threads = threads(common.jobs);
    let player = Player::new(threads, settings.watchdog, "{pos}/{len} trials");
    player.obey_ctrl_c();
    let laboratory = Laboratory {
        lab,
        player: &player,
        seed: common.seed,
        trials: common.trials,
    };
    let played = args.experiment.play(&laboratory);
    player.finish();
    let mut report = match played {
        Ok(report) => report,
        Err(Failed(why)) => {
            eprintln!("the experiment ended early: {why}");
            eprintln!("{} test says more about this server", lab.invocation);
            return Ok(Ending::Failed);
        }
    };
    let command = format!("{} {}", lab.invocation, args.experiment.arguments());
    report.caption = args.experiment.caption(lab.invocation, &command);
    if player.is_interrupted() {
        let words = "Interrupted: this is what was known by then.".to_string();
        report.caption.push(words.clone());
        report.remarks.push(words);
    }
    let write = |file: Option<WholeFile>, text: &dyn Fn(&Report) -> String| match file {
        Some(file) => file.finish(|to| to.write_all(text(&report).as_bytes())),
        None => Ok(()),
    };
    write(csv, &Report::csv)?;
    write(svg, &Report::svg)?;
    write(html, &|report| report.html(&command))?;
    let printed = beside.stream().write_all(report.text(&command).as_bytes());
    match printed.map_err(anyhow::Error::from) {
        Err(error) if !files::is_broken_pipe(&error) => Err(error),
        _ if player.is_interrupted() => Ok(Ending::Interrupted),
        _ => Ok(Ending::Passed),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Timers {
        #[command(flatten)]
        args: TimersArgs,
    }

    #[test]
    fn help_says_how_many_trials_there_are() {
        for name in [
            "figure16",
            "split",
            "needless",
            "interval",
            "draws",
            "partitions",
        ] {
            let told = Timers::try_parse_from(["timers", name]).expect("no more is needed");
            let (default, _) = told.args.experiment.trials();
            let help = Timers::try_parse_from(["timers", name, "--help"]);
            let help = help.err().expect("help ends it").to_string();
            let help = help.replace('\n', " "); // it breaks lines
            assert!(help.contains("(a trial is "), "{help}");
            let said = format!(" {default} a ");
            assert!(help.contains(&said), "{said}: {help}");
        }
    }
}
