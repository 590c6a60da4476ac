//! The laboratory's tools, for any server.
//!
//! | module | what |
//! |---|---|
//! | `cli` | the command line |
//! | `test` | `raftlab test`: the suite, a table with points, JSON, a trace |
//! | `timers` | `raftlab timers`: experiments with election timers |
//! | `summary` | what a test's runs come to, in numbers |
//! | `table`, `json` | the same, for people and for programs |
//! | `timeline` | `raftlab timeline`: a trace as a page, a drawing, or text |
//! | `scenario` | `raftlab play` and `raftlab find`: runs as text files |
//! | `grade` | `raftlab grade`: a class of submissions, judged |
//! | `quantities` | numbers and their units, in scenarios and on the command line |
//! | `trials` | many trials of one thing, on many threads and in order |
//! | `files`, `interrupt` | files that are whole or not there; Ctrl-C |
//!
//! Exit codes: 0, all passed; 1, something failed; 2, the tool itself could not work; 130, it was
//! interrupted.

#![deny(missing_docs)]

mod cli;
mod files;
#[cfg(all(feature = "grade", target_os = "linux"))]
mod grade;
mod interrupt;
mod json;
mod quantities;
mod scenario;
mod summary;
mod table;
mod test;
mod timeline;
mod timers;
mod trials;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
#[cfg(unix)]
use labrpc::process::Serving;
use raftapi::{Features, Server, Timing};

/// A server, and the laboratory around it.
pub struct Lab {
    /// What the server is called, in a word that a file's name can hold: `reference`. Pages of
    /// another than the reference have it in their names.
    pub name: &'static str,
    /// The server, as it is judged.
    pub server: Server,
    /// The same server with another timing and other features, for scenarios and experiments. What it
    /// cannot do it does not declare.
    pub build: fn(Timing, Features) -> Server,
    /// How this very program is called from a shell, for replay commands: `cargo run --release --`.
    pub invocation: &'static str,
    /// The folder of the server's crate, to point at the task that a failure belongs to.
    pub source: Option<&'static str>,
}

impl Lab {
    /// Whose run it is, for the heads of traces and pages: the server's name, and what it declares.
    pub(crate) fn about(&self, server: &Server) -> String {
        format!("{}: {}", self.name, server.about())
    }
}

/// Reads the command line and does what it says.
pub fn main(lab: Lab) -> ExitCode {
    let command = cli::Cli::parse().command.unwrap_or_default();
    let done = match command {
        cli::Command::Test(args) => test::run(&lab, &args),
        cli::Command::Timeline(args) => timeline::run(&args),
        cli::Command::Play(args) => scenario::play::run(&lab, &args),
        cli::Command::Find(args) => scenario::find::run(&lab, &args),
        cli::Command::List => list(),
        cli::Command::Timers(args) => timers::run(&lab, &args),
        #[cfg(all(feature = "grade", target_os = "linux"))]
        cli::Command::Grade(args) => grade::run(&args),
        #[cfg(all(feature = "grade", target_os = "linux"))]
        cli::Command::Confine(args) => {
            grade::sandbox::confine::run(&args.walls, &args.program, &args.arguments)
                .map(|()| Ending::Passed)
        }
        #[cfg(unix)]
        cli::Command::Serve(args) => serve(&lab, &args),
    };
    match done {
        Ok(ending) => ending.code(),
        // Nobody reads on, as with `| head`.
        Err(error) if files::is_broken_pipe(&error) => Ending::Passed.code(),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// `raftlab list`
fn list() -> Result<Ending> {
    match io::stdout().write_all(suite::weights::markdown().as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(Ending::Passed),
    }
}

/// `raftlab serve`
#[cfg(unix)]
fn serve(lab: &Lab, args: &cli::ServeArgs) -> Result<Ending> {
    let how = Serving::from_arguments(args.pristine.clone()).map_err(anyhow::Error::msg)?;
    raftapi::serve(how, &|| lab.server.clone())?;
    Ok(Ending::Passed)
}

/// How a command ended that could do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Passed,
    Failed,
    Interrupted,
    /// Of something it could not be told whether it passes or fails.
    #[cfg(all(feature = "grade", target_os = "linux"))]
    Unknown,
}

impl Ending {
    fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Ending::Passed => 0,
            Ending::Failed => 1,
            Ending::Interrupted => 130,
            #[cfg(all(feature = "grade", target_os = "linux"))]
            Ending::Unknown => 3,
        })
    }
}
