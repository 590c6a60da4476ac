//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::scenario::find::FindArgs;
use crate::scenario::play::PlayArgs;

use crate::timeline::TimelineArgs;

/// An election laboratory: judges Raft servers, event by event, in virtual time.
#[derive(Parser, Debug)]
#[command(version, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXIT_CODES: &str = "Without a command: test.\n\
                          Exit codes: 0 all passed; 1 something failed; 2 the tool itself could not \
                          work; 130 interrupted.";

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Plays the election suite
    Test(TestArgs),
    /// Draws a trace: a page to zoom and play, a drawing for slides, or text
    Timeline(TimelineArgs),
    /// Plays a scenario: prints its transcript, writes its timeline
    Play(PlayArgs),
    /// Finds seeds with which something wished for happens in a scenario
    Find(FindArgs),
    /// Lists the tests: what each shows and is worth, as Markdown
    List,
    /// Experiments with election timers, on this server
    Timers(crate::timers::TimersArgs),
    /// Grades submissions that nobody trusts: a sandbox, marks, a page for each student
    #[cfg(all(feature = "grade", target_os = "linux"))]
    Grade(crate::grade::args::GradeArgs),
    /// Becomes a program that nobody trusts, having given up what that must not have
    #[cfg(all(feature = "grade", target_os = "linux"))]
    #[command(hide = true)]
    Confine(ConfineArgs),
    /// Runs this server as a process that a judge speaks to: labrpc/PROTOCOL.md
    #[cfg(unix)]
    #[command(hide = true)]
    Serve(ServeArgs),
}

impl Default for Command {
    fn default() -> Self {
        Command::Test(TestArgs::default())
    }
}

#[derive(Args, Debug, Default)]
#[command(after_help = EXIT_CODES)]
pub struct TestArgs {
    /// Only tests whose name contains this: a part's, a test's, or both as in part::test
    #[arg(long, value_name = "FILTER")]
    pub test: Option<String>,

    /// In real time: each server a thread, one cluster at a time
    #[arg(long, conflicts_with = "jobs")]
    pub realtime: bool,

    /// How many seeds a test, from 0 [default: each test's own number]
    #[arg(long, value_name = "N", conflicts_with = "seed",
          value_parser = clap::value_parser!(u64).range(1..))]
    pub seeds: Option<u64>,

    /// Only this seed
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,

    /// With so many servers: needs one test
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1001))]
    pub servers: Option<u16>,

    /// Over a network without faults: needs one test
    #[arg(long)]
    pub reliable: bool,

    /// Test another program's server: a command that speaks labrpc/PROTOCOL.md, started for each server
    #[cfg(unix)]
    #[arg(long, value_name = "COMMAND", conflicts_with = "realtime")]
    pub process: Option<std::ffi::OsString>,

    /// How many threads [default: one for each processor]
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,

    /// Write the results to this file as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Write the run's trace to this file as JSON Lines; needs one test and --seed
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
}

#[cfg(unix)]
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// 'pristine': fork a server whenever the judge asks for one
    #[arg(value_parser = ["pristine"])]
    pub pristine: Option<String>,
}

#[cfg(all(feature = "grade", target_os = "linux"))]
#[derive(Args, Debug)]
pub struct ConfineArgs {
    /// What is given up, as JSON
    pub walls: String,
    /// What it becomes
    pub program: std::ffi::OsString,
    /// And with which arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<std::ffi::OsString>,
}
