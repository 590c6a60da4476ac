//! `raftlab timers`: experiments with election timers, on real servers in virtual time.
//!
//! | module | what |
//! |---|---|
//! | `figure16` | how long a crashed leader is missed: the Raft paper's Figure 16 |
//! | `trials` | many trials, in parallel and in order |
//! | `run` | a cluster in virtual time |
//! | `statistics` | estimates with their intervals |
//! | `report` | results for people, for programs, as a page |
//! | `chart` | charts as SVG |

mod chart;
mod figure16;
mod report;
mod run;
mod statistics;
mod trials;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::thread;

use anyhow::Result;
use clap::{Args, Subcommand};
use raftapi::{Features, Server, Timing};
use suite::settings::Settings;

use crate::files::WholeFile;
use crate::{Ending, Lab, files};
use report::Report;
use trials::{Failed, Player};

/// What `raftlab timers` is told.
#[derive(Args, Debug)]
pub struct TimersArgs {
    #[command(subcommand)]
    experiment: Experiment,
}

#[derive(Subcommand, Debug)]
enum Experiment {
    /// How long a crashed leader is missed: Figure 16 of the Raft paper
    Figure16(Common),
}

/// What all experiments are told.
#[derive(Args, Clone, Debug)]
struct Common {
    /// How many trials [default: the experiment's own number]
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
    let Experiment::Figure16(common) = &args.experiment;
    let settings = Settings::from_env().map_err(anyhow::Error::msg)?;
    let begin = |path: &Option<PathBuf>| path.as_deref().map(WholeFile::begin).transpose();
    let (csv, svg, html) = (
        begin(&common.csv)?,
        begin(&common.svg)?,
        begin(&common.html)?,
    );
    let cores = thread::available_parallelism().map_or(1, |n| n.get());
    let player = Player::new(common.jobs.map_or(cores, usize::from), settings.watchdog);
    let interrupt = player.interrupt.clone();
    // A second laboratory in the same process would find a handler; then Ctrl-C just ends it.
    let _ = ctrlc::set_handler(move || {
        if interrupt.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
    let laboratory = Laboratory {
        lab,
        player: &player,
        seed: common.seed,
        trials: common.trials,
    };
    let played = figure16::play(&laboratory);
    player.finish();
    let mut report = match played {
        Ok(report) => report,
        Err(Failed(why)) => {
            eprintln!("the experiment ended early: {why}");
            eprintln!("{} test says more about this server", lab.invocation);
            return Ok(Ending::Failed);
        }
    };
    if player.is_interrupted() {
        let words = "Interrupted: this is what was known by then.";
        report.remarks.push(words.to_string());
    }
    let command = command(lab, &args.experiment, common);
    let write = |file: Option<WholeFile>, text: &dyn Fn(&Report) -> String| match file {
        Some(file) => file.finish(|to| to.write_all(text(&report).as_bytes())),
        None => Ok(()),
    };
    write(csv, &Report::csv)?;
    write(svg, &|report| report.svg.clone())?;
    write(html, &|report| report.html(&command))?;
    let printed = io::stdout().write_all(report.text(&command).as_bytes());
    match printed.map_err(anyhow::Error::from) {
        Err(error) if !files::is_broken_pipe(&error) => Err(error),
        _ if player.is_interrupted() => Ok(Ending::Interrupted),
        _ => Ok(Ending::Passed),
    }
}

/// What does the same again.
fn command(lab: &Lab, experiment: &Experiment, common: &Common) -> String {
    let Experiment::Figure16(_) = experiment;
    let mut command = format!("{} timers figure16", lab.invocation);
    if let Some(trials) = common.trials {
        command += &format!(" --trials {trials}");
    }
    command + &format!(" --seed {}", common.seed)
}
