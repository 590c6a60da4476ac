//! `raftlab test`: the election suite.

#![allow(clippy::disallowed_methods)] // how long it took is the wall clock's to say

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use labrpc::Header;
use raftapi::Server;
use suite::cluster::TimeKind;
use suite::marks::Marks;
use suite::page::Page;
use suite::part::Part;
use suite::report::{self, Failed};
use suite::runner::Plan;
use suite::settings::Settings;
use suite::test::{Test, Variation};
use suite::tested::Tested;

use crate::cli::TestArgs;
use crate::files::WholeFile;
use crate::interrupt::on_ctrl_c;
use crate::json::{Asked, Results};
use crate::summary::Summary;
use crate::trials::threads;
use crate::{Ending, Lab, files, table};

pub fn run(lab: &Lab, args: &TestArgs) -> Result<Ending> {
    let settings = Settings::from_env().map_err(anyhow::Error::msg)?;
    #[cfg(unix)]
    if let Some(command) = &args.process {
        let settings = Settings {
            watchdog: None, // a process is watched by its stand-in
            ..settings
        };
        return run_on(&other(lab, command)?, args, &replay_on(command), &settings);
    }
    let how = if args.realtime { "--realtime " } else { "" };
    run_on(lab, args, how, &settings)
}

/// Another program's server, in this laboratory.
#[cfg(unix)]
fn other(lab: &Lab, command: &std::ffi::OsStr) -> Result<Lab> {
    let program = Arc::new(labrpc::process::Command::new(command));
    let server = Server::of_program(program).map_err(|what| {
        let command = command.display();
        anyhow::anyhow!("'{command}' does not run a server: {what}; see labrpc/PROTOCOL.md")
    })?;
    Ok(Lab {
        name: "process",
        server,
        build: |timing, _| Server::new(timing, |_| ()),
        invocation: lab.invocation,
        source: None,
    })
}

/// What a replay command needs to call the same program, quoted for a shell.
#[cfg(unix)]
fn replay_on(command: &std::ffi::OsStr) -> String {
    let command = command.to_string_lossy().replace('\'', r"'\''");
    format!("--process '{command}' ")
}

/// `how` is what replay commands need besides.
fn run_on(lab: &Lab, args: &TestArgs, how: &str, settings: &Settings) -> Result<Ending> {
    let plan = plan(lab, args, settings)?;
    if args.trace.is_some() && (plan.tests.len() != 1 || args.seed.is_none()) {
        bail!(
            "--trace writes down one run: choose one test with --test ({} match) and its seed with \
             --seed",
            plan.tests.len()
        );
    }
    let beside = files::beside([&args.json, &args.trace])?;
    let json = args.json.as_deref().map(WholeFile::begin).transpose()?;
    let trace = args.trace.as_deref().map(WholeFile::begin).transpose()?;
    let began = Instant::now();
    let results = play(&plan);
    let took = began.elapsed();
    let asked = Asked {
        timing: lab.server.timing,
        first_seed: plan.first_seed,
        interrupted: plan.interrupt.load(Ordering::Relaxed),
    };
    let check = settings.replay_prefix();
    let servers = args.servers.map(|n| format!("--servers {n} "));
    let servers = servers.unwrap_or_default();
    let reliable = if args.reliable { "--reliable " } else { "" };
    let how = format!("{how}{servers}{reliable}");
    let replay = |test: &Test, seed: u64| {
        let (invocation, path) = (lab.invocation, test.path());
        format!("{check}{invocation} test {how}--test {path} --seed {seed}")
    };

    if let Some(file) = json {
        let json = Results::new(&asked, &results, replay);
        file.finish(|to| {
            serde_json::to_writer_pretty(&mut *to, &json)?;
            to.write_all(b"\n")
        })?;
    }
    if let Some(file) = trace {
        write_trace(file, lab, &plan, &results[0].0)?;
    }
    let ending = if asked.interrupted {
        Ending::Interrupted
    } else if results.iter().any(|(tested, _)| tested.failed > 0) {
        Ending::Failed
    } else {
        Ending::Passed
    };
    // Whoever reads the table through a pipe may stop reading.
    match print(lab, &plan, &results, took, replay, &mut *beside.stream()) {
        Err(error) if !files::is_broken_pipe(&error) => Err(error),
        _ => Ok(ending),
    }
}

fn plan(lab: &Lab, args: &TestArgs, settings: &Settings) -> Result<Plan> {
    Ok(Plan {
        first_seed: args.seed.unwrap_or(0),
        seeds: args.seed.map_or(args.seeds, |_| Some(1)),
        jobs: threads(args.jobs),
        ..Plan::of(
            &lab.server,
            varied(args, choose(args, &lab.server)?)?,
            settings,
        )
    })
}

/// The tests; with other servers and another network, if that was asked for.
fn varied(args: &TestArgs, tests: Vec<Test>) -> Result<Vec<Test>> {
    let variation = Variation {
        servers: args.servers.map(usize::from),
        reliable: args.reliable,
    };
    match &tests[..] {
        _ if variation == Variation::default() => Ok(tests),
        [test] => Ok(vec![test.varied(&variation).map_err(Error::msg)?]),
        _ => bail!(
            "--servers and --reliable change one test: choose it with --test ({} match)",
            tests.len()
        ),
    }
}

/// The tests in virtual time, or those in real time, whose path contains the filter; the one whose
/// path or name it is, if there is one. Those of what the server does not declare are left out.
fn choose(args: &TestArgs, server: &Server) -> Result<Vec<Test>> {
    let time = match args.realtime {
        true => TimeKind::Real,
        false => TimeKind::Virtual,
    };
    let mut all = suite::all();
    all.retain(|test| test.time == time);
    let Some(filter) = &args.test else {
        all.retain(|test| test.is_for(&server.features));
        return Ok(all);
    };
    let is_named = |test: &Test| test.name == filter || test.path() == *filter;
    let exact = all.iter().any(is_named);
    let paths: Vec<String> = all.iter().map(Test::path).collect();
    let mut chosen = all;
    chosen.retain(|test| is_named(test) || (!exact && test.path().contains(filter.as_str())));
    if chosen.is_empty() {
        bail!(
            "no test's name contains '{filter}'; the tests are: {}",
            paths.join(", ")
        );
    }
    let lacks = |test: &Test| {
        let lacking = test.needs.iter();
        let mut lacking = lacking.filter(|feature| !feature.is_declared(&server.features));
        lacking.next().map(|feature| feature.name())
    };
    if let Some(feature) = chosen.iter().filter_map(lacks).next()
        && chosen.iter().all(|test| lacks(test).is_some())
    {
        bail!("'{filter}' is about {feature}, which this server does not declare");
    }
    chosen.retain(|test| test.is_for(&server.features));
    Ok(chosen)
}

/// Plays everything, behind a progress bar. Ctrl-C ends it early, a second one at once.
fn play(plan: &Plan) -> Vec<(Tested, Summary)> {
    on_ctrl_c(plan.interrupt.clone());
    let bar = ProgressBar::new(plan.runs());
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} runs  {msg}");
    bar.set_style(style.expect("the template is well-formed"));
    let mut summaries: Vec<Summary> = plan.tests.iter().map(|_| Summary::new()).collect();
    let mut failed = 0u64;
    let mut current = None;
    let tested = plan.run(|test, run| {
        summaries[test].add(run);
        bar.inc(1);
        let failing = run.finding.is_some();
        failed += u64::from(failing);
        if current != Some(test) || failing {
            current = Some(test);
            let name = plan.tests[test].path();
            bar.set_message(match failed {
                0 => name,
                _ => format!("{name}  {failed} failed"),
            });
        }
    });
    bar.finish_and_clear();
    tested.into_iter().zip(summaries).collect()
}

fn print(
    lab: &Lab,
    plan: &Plan,
    results: &[(Tested, Summary)],
    took: Duration,
    replay: impl Fn(&Test, u64) -> String,
    mut out: &mut dyn Write,
) -> Result<()> {
    let tested: Vec<Tested> = results.iter().map(|(tested, _)| tested.clone()).collect();
    let marks = Marks::of(&tested);
    writeln!(out, "{}", table::table(results, &marks))?;
    for (tested, _) in results {
        let name = tested.test.path();
        for remark in &tested.remarks {
            let why = match tested.test.time {
                TimeKind::Virtual => "",
                TimeKind::Real => "; a loaded machine can do that",
            };
            writeln!(out, "remark on {name}: {remark}{why}")?;
        }
    }
    tell_failures(lab, &tested, &replay, &mut out)?;
    write!(out, "{}", table::points(&marks))?;
    let runs: u64 = results.iter().map(|(tested, _)| tested.played).sum();
    let failed: u64 = results.iter().map(|(tested, _)| tested.failed).sum();
    write!(out, "{runs} runs, {failed} failed, every event checked: ")?;
    let took = took.as_secs_f64();
    let time = plan
        .tests
        .first()
        .map_or(TimeKind::Virtual, |test| test.time);
    match time {
        TimeKind::Real => writeln!(out, "{took:.2} s of real time, each server a thread")?,
        TimeKind::Virtual => {
            let time: Duration = results
                .iter()
                .map(|(_, summary)| summary.virtual_time)
                .sum();
            let pace = time.as_secs_f64() / took.max(1e-9);
            let (time, jobs) = (table::span(time), plan.jobs);
            let threads = if jobs == 1 { "thread" } else { "threads" };
            writeln!(out, "{time} of virtual time in {took:.2} s")?;
            writeln!(
                out,
                "on {jobs} {threads}, {pace:.0} times as fast as the wall clock"
            )?;
        }
    }
    if plan.interrupt.load(Ordering::Relaxed) {
        writeln!(out, "interrupted: this is what was known by then")?;
    }
    out.flush()?;
    Ok(())
}

/// Tells the failures that tell most; of the rest, only which they are.
fn tell_failures(
    lab: &Lab,
    tested: &[Tested],
    replay: &impl Fn(&Test, u64) -> String,
    out: &mut impl Write,
) -> io::Result<()> {
    const STORIES: usize = 3;
    let failures = report::in_order_of_telling(tested);
    let basics = |tested: &&&Tested| tested.test.part == Part::Basics;
    let basics = failures.iter().filter(basics).count();
    let stories = if basics > 0 { basics } else { STORIES };
    for tested in failures.iter().take(stories) {
        let replay = |seed| replay(&tested.test, seed);
        let page = Page::of(tested, lab.name, &lab.server.about());
        let source = lab.source.map(Path::new);
        if let Some(failed) = Failed::of(tested, replay, source, page.as_ref()) {
            writeln!(out, "{failed}")?;
        }
    }
    let rest = failures.get(stories..).unwrap_or_default();
    if rest.is_empty() {
        return Ok(());
    }
    let more = rest.len();
    if basics > 0 {
        return writeln!(out, "{more} more tests fail: for when the basics pass\n");
    }
    writeln!(out, "{more} more tests fail; --test NAME tells why:")?;
    for tested in rest {
        let rule = tested.failure.as_ref().map_or("", |f| f.finding.rule);
        writeln!(out, "  {}: {rule}", tested.test.path())?;
    }
    writeln!(out)
}

fn write_trace(file: WholeFile, lab: &Lab, plan: &Plan, tested: &Tested) -> Result<()> {
    let trace = match tested.test.time {
        TimeKind::Real => Some(tested.trace.clone()),
        // Of a run that hangs, what happened before.
        TimeKind::Virtual => plan
            .trace()
            .or_else(|| tested.failure.as_ref().map(|failure| failure.trace.clone())),
    };
    let trace = trace.context("there is no trace: a server hangs in this run")?;
    let header = Header {
        trace: Header::VERSION,
        run: tested.test.name.to_string(),
        seed: plan.first_seed,
        servers: tested.test.servers,
        about: lab.about(&plan.server),
    };
    file.finish(|to| labrpc::write_trace(to, &header, &trace))
}
