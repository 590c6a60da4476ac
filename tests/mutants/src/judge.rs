//! Plays the suite on each mutant: what catches it, and what a student would be told.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use raftapi::Server;
use suite::cluster::TimeKind;
use suite::marks::Marks;
use suite::part::Part;
use suite::report::{self, Failed};
use suite::runner::Plan;
use suite::settings::Settings;
use suite::tested::Tested;

use crate::matrix;
use crate::patch::Patch;

/// Judges wrong servers.
#[derive(Parser, Debug)]
struct Args {
    /// Where the patches are.
    #[arg(long)]
    patches: PathBuf,
    /// At most so many seeds a test.
    #[arg(long, default_value_t = 20)]
    seeds: u64,
    /// Only look whether each is caught, with so many disjoint sets of seeds.
    #[arg(long)]
    repeat: Option<u64>,
    /// Tell the first failure of the first mutant whose name begins with this, or contains it, as a student would see it.
    #[arg(long)]
    tell: Option<String>,
}

/// A mutant, judged.
pub struct Judged {
    /// Which one.
    pub patch: Patch,
    /// Each test, played until its first failure.
    pub tested: Vec<Tested>,
}

impl Judged {
    /// The tests that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Tested> {
        self.tested.iter().filter(|tested| tested.failed > 0)
    }

    /// The failure that a student is told to look at first.
    pub fn first(&self) -> Option<&Tested> {
        report::first_to_look_at(&self.tested)
    }

    /// Whether the test that must catch it has.
    pub fn is_caught_as_expected(&self) -> bool {
        self.failed()
            .any(|tested| tested.test.path() == self.patch.test)
    }

    /// Whether the hint of the first failure points at the true cause.
    pub fn is_hint_true(&self) -> bool {
        let failure = self.first().and_then(|tested| tested.failure.as_ref());
        failure.is_some_and(|f| self.patch.rules.iter().any(|rule| rule == f.finding.rule))
    }

    /// The parts in which it loses points.
    pub fn parts(&self) -> Vec<Part> {
        let mut parts: Vec<Part> = self.failed().map(|tested| tested.test.part).collect();
        parts.dedup();
        parts
    }

    /// The parts in which it loses points and of which the patch's head says nothing.
    pub fn unexplained(&self) -> Vec<Part> {
        let own = self.patch.own_part();
        let mut parts = self.parts();
        let told = self.patch.elsewhere.as_ref();
        let told = told.map_or(&[][..], |(parts, _)| parts.as_slice());
        parts.retain(|part| *part != own && !told.contains(part));
        parts
    }
}

/// Reads the command line and judges. These are the mutants that were built.
pub fn main(servers: Vec<(&str, Server)>) -> ExitCode {
    match run(&servers) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(servers: &[(&str, Server)]) -> Result<bool> {
    let args = Args::parse();
    let patches = Patch::all(&args.patches)?;
    let server = |patch: &Patch| {
        let found = servers.iter().find(|(name, _)| *name == patch.name);
        found.with_context(|| format!("{} has not been built", patch.name))
    };
    if let Some(name) = &args.tell {
        let begins = |patch: &&Patch| patch.name.starts_with(name);
        let contains = |patch: &&Patch| patch.name.contains(name);
        let begins = patches.iter().filter(begins);
        let mut found = begins.chain(patches.iter().filter(contains));
        let patch = found
            .next()
            .with_context(|| format!("no mutant's name contains '{name}'"))?;
        tell(&judge(&server(patch)?.1, patch, args.seeds, 0));
        return Ok(true);
    }
    if let Some(times) = args.repeat {
        let mut all = true;
        for patch in &patches {
            let server = &server(patch)?.1;
            let caught =
                (0..times).filter(|base| is_caught(server, patch, args.seeds, base * 1000));
            let caught = caught.count() as u64;
            println!("{:50} caught by {caught} of {times}", patch.name);
            all &= caught == times;
        }
        return Ok(all);
    }
    let mut judged = Vec::new();
    for (number, patch) in patches.iter().enumerate() {
        if io::stderr().is_terminal() {
            eprint!("\r{:4} of {}  {:60}", number + 1, patches.len(), patch.name);
        }
        judged.push(judge(&server(patch)?.1, patch, args.seeds, 0));
    }
    if io::stderr().is_terminal() {
        eprint!("\r{:80}\r", "");
    }
    ensure!(
        !judged.is_empty(),
        "there are no patches in {}",
        args.patches.display()
    );
    println!("{}", matrix::matrix(&judged));
    Ok(matrix::verdict(&judged))
}

/// Plays every test until its first failure.
fn judge(server: &Server, patch: &Patch, seeds: u64, first_seed: u64) -> Judged {
    let tests = suite::all().into_iter();
    let tested = play(
        server,
        tests.map(|test| test.path()).collect(),
        seeds,
        first_seed,
    );
    Judged {
        patch: patch.clone(),
        tested,
    }
}

/// Whether the suite catches it with these seeds: first by the test that should, else by any.
fn is_caught(server: &Server, patch: &Patch, seeds: u64, first_seed: u64) -> bool {
    let fails = |paths| {
        let tested = play(server, paths, seeds, first_seed);
        tested.iter().any(|tested| tested.failed > 0)
    };
    fails(vec![patch.test.clone()]) || fails(suite::all().iter().map(|test| test.path()).collect())
}

fn play(server: &Server, paths: Vec<String>, seeds: u64, first_seed: u64) -> Vec<Tested> {
    let mut tests = suite::all();
    tests.retain(|test| test.time == TimeKind::Virtual && paths.contains(&test.path()));
    for test in &mut tests {
        test.seeds = test.seeds.min(seeds);
    }
    let plan = Plan {
        first_seed,
        jobs: thread::available_parallelism().map_or(1, |n| n.get()),
        first_failure_only: true,
        ..Plan::of(server, tests, &Settings::default())
    };
    plan.run(|_, _| ())
}

/// The first failure, as a student sees it; and what it costs.
fn tell(judged: &Judged) {
    println!("{}: {}\n", judged.patch.name, judged.patch.wrong);
    let Some(first) = judged.first() else {
        println!("it passes everything");
        return;
    };
    let replay = |seed| format!("RAFT_SEED={seed} ...");
    if let Some(failed) = Failed::of(first, replay, None, None) {
        println!("{failed}");
    }
    for tested in judged.failed() {
        let rule = tested.failure.as_ref().map_or("", |f| f.finding.rule);
        println!("{:60} {rule}", tested.test.path());
    }
    let points = Marks::of(&judged.tested).points;
    println!("\n{} of {} points", points.earned, points.of);
}
