//! `raftlab timeline`: a trace as a picture, as a page, or as text.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use labrpc::{Header, Record};
use raftapi::{Raft, Time};
use suite::columns::all_columns;
use suite::timeline::read::stranger;
use suite::timeline::{self, Window};

use crate::files::WholeFile;
use crate::quantities::{Wrong, duration};
use crate::{Ending, files};

/// No run of the laboratory has more servers; a file that says so is no trace.
const MOST_SERVERS: usize = 10_000;

#[derive(Args, Debug)]
#[command(
    after_help = "Without -o, --svg and --text the page is written beside the trace, with the \
                        ending .html. A file called '-' is standard output. Times are written as in \
                        1.5s, 200ms.\nExit codes: 0 done; 2 the tool itself could not work."
)]
pub struct TimelineArgs {
    /// The trace, JSON Lines: what --trace wrote; '-' for standard input
    #[arg(value_name = "TRACE.jsonl")]
    pub trace: PathBuf,

    /// Write the page, one HTML file, here
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Write a drawing for slides here
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,

    /// Print aligned columns, one per server
    #[arg(long)]
    pub text: bool,

    /// Where the drawing or the text begins [default for the drawing: what matters]
    #[arg(long, value_name = "TIME", value_parser = point)]
    pub from: Option<Time>,

    /// Where it ends
    #[arg(long, value_name = "TIME", value_parser = point)]
    pub to: Option<Time>,

    /// Whether the drawing and the text show heartbeats
    #[arg(long, value_name = "ON|OFF", default_value = "on")]
    pub heartbeats: Switch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

/// So long after the run began.
fn point(text: &str) -> Result<Time, Wrong> {
    duration(text).map(|since| Time::ZERO + since)
}

pub fn run(args: &TimelineArgs) -> Result<Ending> {
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from >= to
    {
        bail!("--from {from} --to {to}: nothing lies between them");
    }
    let windowed = args.from.is_some() || args.to.is_some() || args.heartbeats == Switch::Off;
    if windowed && args.svg.is_none() && !args.text {
        bail!(
            "--from, --to and --heartbeats choose what --svg and --text show; the page shows \
             everything, and is zoomed there"
        );
    }
    if args.trace.is_dir() {
        bail!(
            "cannot read {}: it is a directory, and a trace is a file",
            args.trace.display()
        );
    }
    let is_standard = files::is_standard(&args.trace);
    if is_standard && args.output.is_none() && args.svg.is_none() && !args.text {
        bail!(
            "a trace from standard input has no place beside it: choose one for the page with -o"
        );
    }
    let beside = args.trace.with_extension("html");
    let page = match (&args.output, args.svg.is_some() || args.text) {
        (Some(output), _) => Some(output.as_path()),
        (None, true) => None,
        (None, false) => Some(beside.as_path()),
    };
    let nanos = |time: Option<Time>| time.map(Time::as_nanos);
    let heartbeats = args.heartbeats == Switch::On;
    let outputs = [page, args.svg.as_deref()].into_iter().flatten();
    let standard = outputs.clone().filter(|path| *path == Path::new("-"));
    if standard.count() + usize::from(args.text) > 1 {
        bail!("only one of -o, --svg and --text can go to standard output");
    }
    if !is_standard && outputs.clone().any(|path| path == args.trace) {
        bail!(
            "{} is the trace itself: choose another file with -o",
            args.trace.display()
        );
    }
    let (header, trace) = read(&args.trace)?;
    if let (Some(from), Some(last)) = (args.from, trace.last())
        && from > last.at
    {
        bail!(
            "--from {from}: nothing lies behind it, the trace ends at {}",
            last.at
        );
    }
    let read = timeline::read(&header, &trace);
    let done = (|| {
        if let Some(svg) = &args.svg {
            let window = Window::of(&read, nanos(args.from), nanos(args.to));
            write(svg, |to| timeline::svg(&read, window, heartbeats, to))?;
        }
        if args.text {
            let between = args.from.unwrap_or(Time::ZERO)..=args.to.unwrap_or(Time::NEVER);
            let text = all_columns(&trace, header.servers, between, heartbeats);
            write(Path::new("-"), |to| to.write_all(text.as_bytes()))?;
        }
        if let Some(page) = page {
            write(page, |to| timeline::html(&read, to))?;
            if page != Path::new("-") {
                writeln!(io::stdout(), "{}", page.display())?;
            }
        }
        Ok(Ending::Passed)
    })();
    match done {
        Err(error) if files::is_broken_pipe(&error) => Ok(Ending::Passed),
        done => done,
    }
}

/// To a file, whole or not there; `-` is standard output.
fn write(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    if path == Path::new("-") {
        let mut out = BufWriter::new(io::stdout().lock());
        write(&mut out)?;
        return Ok(out.flush()?);
    }
    WholeFile::begin(path)?.finish(|to| write(to))
}

/// A trace, and nothing in it that no trace can hold.
fn read(path: &Path) -> Result<(Header, Vec<Record<Raft>>)> {
    let shown = match files::is_standard(path) {
        true => "standard input".to_string(),
        false => path.display().to_string(),
    };
    let from: Box<dyn BufRead> = match files::is_standard(path) {
        true => Box::new(io::stdin().lock()),
        false => {
            let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
            Box::new(BufReader::new(file))
        }
    };
    let (header, trace) = labrpc::read_trace::<Raft>(from).with_context(|| shown.clone())?;
    if !(1..=MOST_SERVERS).contains(&header.servers) {
        bail!(
            "{shown}: line 1: {} servers; expected 1 to {MOST_SERVERS}",
            header.servers
        );
    }
    for (index, record) in trace.iter().enumerate() {
        if let Some(server) = stranger(&header, record) {
            bail!(
                "{shown}: line {}: {server}, but line 1 says that there are {} servers, counted from \
                 S0",
                index + 2,
                header.servers
            );
        }
    }
    let backwards = trace.windows(2).position(|pair| pair[1].at < pair[0].at);
    if let Some(index) = backwards {
        bail!(
            "{shown}: line {}: t_ns runs backwards: {} after {}",
            index + 3,
            trace[index + 1].at,
            trace[index].at
        );
    }
    Ok((header, trace))
}
