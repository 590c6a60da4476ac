//! `raftlab grade`: a class of submissions that nobody trusts, to marks that a course can use.
//!
//! | module | what |
//! |---|---|
//! | `args` | the command line |
//! | `submissions`, `roster`, `overrides`, `rows` | what goes in |
//! | `seeds`, `work` | what is to be done |
//! | `build`, `sandbox` | from sources to a program, and how it is kept from the machine |
//! | `queue`, `execute`, `play`, `shrink`, `records` | doing it, and knowing what is done |
//! | `collect`, `model` | what it comes to |
//! | `report`, `outputs` | how it is written down |
//!
//! The list of work, its execution and the collecting of results are apart: what is done knows nothing of
//! points, and what is collected plays nothing.

pub mod args;
mod build;
mod collect;
mod execute;
mod hash;
mod model;
mod outputs;
mod overrides;
mod play;
mod queue;
mod records;
mod report;
mod roster;
mod rows;
pub mod sandbox;
mod seeds;
mod shrink;
mod submissions;
mod work;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use rustix::fs::{FlockOperation, flock};

use self::args::GradeArgs;
use self::build::Kit;
use self::collect::{Collector, NONDETERMINISM_COSTS};
use self::execute::{Execution, Outcome};
use self::model::{Class, Terms, Times, Verdict};
use self::outputs::Outputs;
use self::overrides::{Gradebook, Overrides};
use self::play::House;
use self::roster::Roster;
use self::sandbox::Level;
use self::seeds::Seeds;
use self::submissions::Submission;
use self::work::{Job, Work};
use crate::interrupt::on_ctrl_c;
use crate::trials::threads;
use crate::{Ending, files};

/// `raftlab grade`
pub fn run(args: &GradeArgs) -> Result<Ending> {
    if args.commit_seeds {
        let path = args
            .hidden_seeds
            .as_deref()
            .context("--commit-seeds needs --hidden-seeds")?;
        println!("{}", seeds::commit(path)?);
        return Ok(Ending::Passed);
    }
    close_what_was_inherited();
    let seeds = Seeds::read(args.seeds, args.hidden_seeds.as_deref())?;
    let roster = args.roster.as_deref().map(Roster::read).transpose()?;
    let overrides = args.overrides.as_deref().map(Overrides::read).transpose()?;
    let mut submissions = match (&args.results, &args.submissions[..]) {
        (None, paths) => submissions::read(paths)?,
        (Some(_), [path]) => submissions::read_single(path)?,
        (Some(_), paths) => bail!(
            "--results is for one submission, and there are {}: without it each has a file of its own in {}",
            paths.len(),
            args.out.display()
        ),
    };
    if submissions.is_empty() {
        bail!("there is no submission in what was given");
    }
    let missing = roster
        .map(|roster| roster.assign(&mut submissions))
        .unwrap_or_default();
    let house = House {
        level: Level::strongest(args.trust)?,
        time_limit_s: args.time_limit,
        memory: args.memory << 20,
        partial: args.partial,
    };
    let outputs = Outputs::begin(&args.out, &args.format, args.results.clone())?;
    let _lock = only_one(&outputs.records())?;
    let cache = cache(args)?;
    let kit = Kit::prepare(&cache)?;

    let work = Work::of(&submissions, seeds, &kit, house);
    let terms = Terms {
        lab: kit.lab.clone(),
        toolchain: kit.toolchain.clone(),
        seeds: work.seeds.about(),
        hidden_seeds: work.seeds.hash.clone(),
        sandbox: house.level.to_string(),
        partial: args.partial,
        nondeterminism_costs: NONDETERMINISM_COSTS,
    };
    let collector = Collector {
        work: &work,
        terms,
        overrides: resolve(overrides, &submissions, &work)?,
        missing,
    };
    let interrupt = Arc::new(AtomicBool::new(false));
    on_ctrl_c(interrupt.clone());
    let execution = Execution {
        work: &work,
        kit: &kit,
        house,
        jobs: threads(args.jobs),
        cache: &cache,
        records: &outputs.records(),
        pages: &outputs.pages(),
        interrupt: &interrupt,
    };
    let (outcomes, times) = execute(&execution, &collector, &submissions, &outputs)?;
    let known = work.jobs.iter().map(|job| job.id.as_str()).zip(&outcomes);
    let class = collector.class(&submissions, &known.collect());
    outputs.all(&class, &times_so_far(&outputs.records(), times)?)?;
    let interrupted = interrupt.load(Ordering::Relaxed);
    match print(&class, &args.out, interrupted) {
        Err(error) if !files::is_broken_pipe(&error) => return Err(error),
        _ => {}
    }
    Ok(match interrupted {
        true => Ending::Interrupted,
        false if could_not_tell(&class).next().is_some() => Ending::Unknown,
        false => Ending::Passed,
    })
}

/// Does the work, behind a progress bar; a single submission's result is written whenever more is known.
fn execute(
    execution: &Execution<'_>,
    collector: &Collector<'_>,
    submissions: &[Submission],
    outputs: &Outputs,
) -> Result<(Vec<Outcome>, Times)> {
    let single = match submissions {
        [one] => {
            let class = collector.class(submissions, &BTreeMap::new());
            outputs.single(&class, &class.submissions[0])?;
            Some(one)
        }
        _ => None,
    };
    let bar = ProgressBar::new(execution.work.jobs.len() as u64);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} submissions  {msg}");
    bar.set_style(style.expect("the template is well-formed"));
    let mut failed = Ok(());
    let mut tell = |job: &Job, outcome: &Outcome| {
        let tests = outcome.known.tests.len();
        bar.set_message(format!("{}: {tests} tests", job.id));
        if outcome.known.done {
            bar.inc(1);
        }
        if let Some(submission) = single {
            let known = BTreeMap::from([(job.id.as_str(), outcome)]);
            let class = collector.class(std::slice::from_ref(submission), &known);
            let written = outputs.single(&class, &class.submissions[0]);
            failed = std::mem::replace(&mut failed, Ok(())).and(written);
        }
    };
    let done = execution.run(&mut tell);
    bar.finish_and_clear();
    failed.map(|()| done)
}

/// Programs that nobody trusts are not handed the descriptors that this one was started with.
fn close_what_was_inherited() {
    sandbox::confine::close_on_exec();
}

/// Two graders in one folder would write the same files.
fn only_one(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let file = File::create(&path).with_context(|| path.display().to_string())?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).with_context(|| {
        format!(
            "another grader is at work in {}: wait for it, or choose another --out",
            folder.display()
        )
    })?;
    Ok(file)
}

fn cache(args: &GradeArgs) -> Result<PathBuf> {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/raftlab/grade");
    let cache = args.cache.clone().unwrap_or(lab);
    let made = fs::create_dir_all(&cache).and_then(|()| cache.canonicalize());
    made.with_context(|| format!("{} cannot be made: choose another --cache", cache.display()))
}

fn resolve(
    overrides: Option<Overrides>,
    submissions: &[Submission],
    work: &Work,
) -> Result<BTreeMap<String, Vec<overrides::Mark>>> {
    let Some(overrides) = overrides else {
        return Ok(BTreeMap::new());
    };
    let paths: Vec<(String, u32)> = work.tests.iter().map(|t| (t.path(), t.points)).collect();
    let tests = paths
        .iter()
        .map(|(path, points)| (path.as_str(), model::Score::points(*points)));
    let extra = |test: &suite::test::Test| test.part == suite::part::Part::Extra;
    let total = work.tests.iter().filter(|test| !extra(test));
    overrides.resolve(&Gradebook {
        submissions: submissions
            .iter()
            .map(|s| (s.id.as_str(), &s.students[..]))
            .collect(),
        tests: tests.collect(),
        total: total.map(|test| model::Score::points(test.points)).sum(),
    })
}

/// How long everything took so far, this time and before.
fn times_so_far(folder: &Path, now: Times) -> Result<Times> {
    let path = folder.join("times.json");
    let before = fs::read(&path)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok());
    let mut times: Times = before.unwrap_or_default();
    times.build_s.extend(now.build_s);
    for (id, seconds) in now.play_s {
        *times.play_s.entry(id).or_default() += seconds;
    }
    let text = serde_json::to_vec(&times)?;
    files::WholeFile::begin(&path)?.finish(|to| to.write_all(&text))?;
    Ok(times)
}

fn could_not_tell(class: &Class) -> impl Iterator<Item = (&str, &str)> {
    class
        .submissions
        .iter()
        .filter_map(|graded| match &graded.verdict {
            Verdict::CouldNotTell(why) => Some((graded.id.as_str(), why.as_str())),
            _ => None,
        })
}

/// What it came to, in lines.
fn print(class: &Class, out: &Path, interrupted: bool) -> Result<()> {
    let mut to = io::stdout().lock();
    let width = class
        .submissions
        .iter()
        .map(|graded| graded.id.len())
        .max()
        .unwrap_or(0);
    for graded in &class.submissions {
        let id = &graded.id;
        let points = || format!("{:>6} of {}", graded.points.earned, graded.points.of);
        let extra = match graded.extra.earned {
            model::Score::ZERO => String::new(),
            extra => format!(", {extra} extra"),
        };
        let verdict = match &graded.verdict {
            Verdict::Graded if graded.nondeterminism.is_some() => {
                format!("{}{extra}  nondeterministic", points())
            }
            Verdict::Graded => format!("{}{extra}", points()),
            Verdict::DoesNotCompile(_) => format!("{}  does not compile", points()),
            Verdict::Refused(why) => format!("{}  refused: {}", points(), report::plain(why)),
            Verdict::CouldNotTell(_) => "       could not tell".to_string(),
        };
        writeln!(to, "{id:width$}  {verdict}")?;
    }
    for student in &class.missing {
        writeln!(
            to,
            "nothing was handed in by {} {}",
            report::plain(&student.name),
            report::plain(&student.id)
        )?;
    }
    for (id, why) in could_not_tell(class) {
        writeln!(
            to,
            "could not tell what {id} is worth: {}",
            report::plain(why)
        )?;
    }
    let page = out.join("class.html");
    match interrupted {
        true => writeln!(to, "interrupted: the same command goes on where it was")?,
        false if page.is_file() => writeln!(to, "the class: {}", page.display())?,
        false => writeln!(to, "the results: {}", out.display())?,
    }
    to.flush()?;
    Ok(())
}
