//! Plays every correct server over all tests that are for it, very often: no run may fail.
//!
//! Each pair of a server and a test gets the same number of *steps*, so that a run that takes ten
//! times as many is played a tenth as often, but some runs are played of each. What a run costs is
//! known from the first few. A step takes about as long everywhere, and unlike seconds it is the same
//! on every machine: the same runs are played wherever the soak is.

#![allow(clippy::disallowed_methods)] // it says how long it took

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Parser;
use suite::cluster::TimeKind;
use suite::report::Failed;
use suite::runner::Plan;
use suite::settings::Settings;
use suite::test::Test;
use suite::tested::Tested;

use crate::Variant;

/// How many runs tell what a run costs.
const SAMPLE: u64 = 2;
/// How many runs of each pair are played at least.
const LEAST: u64 = 10;

/// Plays correct servers over the whole suite, in virtual time.
#[derive(Parser, Debug)]
struct Arguments {
    /// How many runs in all, about
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    runs: u64,

    /// The first seed of each test
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,

    /// How many threads
    #[arg(long, value_name = "J", default_value_t = 2)]
    jobs: u16,

    /// Only this server
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,

    /// Only tests whose path contains this
    #[arg(long, value_name = "FILTER")]
    test: Option<String>,

    /// Only name the servers, and what is different about each
    #[arg(long)]
    list: bool,
}

/// What a package's soak is.
#[derive(Clone, Copy, Debug)]
pub struct Soak {
    /// How the binary is called, for replay commands.
    pub invocation: &'static str,
}

impl Soak {
    /// The whole binary: plays these servers as the command line asks. The exit code is 1 if any run
    /// has failed.
    pub fn main(self, variants: Vec<Variant>) -> ExitCode {
        match self.run(variants, &Arguments::parse()) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                eprintln!("{error:#}");
                ExitCode::from(2)
            }
        }
    }

    /// Plays everything at a few seeds; with `check_determinism` each run twice. Each failure's whole
    /// story.
    pub fn failures(
        self,
        variants: &[Variant],
        seeds: u64,
        check_determinism: bool,
    ) -> Vec<String> {
        let mut failures = Vec::new();
        for variant in variants {
            let plan = Plan {
                seeds: Some(seeds),
                jobs: 2,
                check_determinism,
                ..Plan::of(&variant.server, tests(variant, ""), &Settings::default())
            };
            for tested in plan.run(|_, _| ()) {
                let story = self.story(variant, &tested);
                failures.extend(story.map(|story| format!("{}: {story}", variant.name)));
            }
        }
        failures
    }

    fn run(self, mut variants: Vec<Variant>, arguments: &Arguments) -> Result<bool> {
        if let Some(only) = &arguments.variant {
            variants.retain(|variant| variant.name == *only);
        }
        if variants.is_empty() {
            bail!("there is no such server; --list names them");
        }
        if arguments.list {
            for variant in variants {
                println!("{:<32} {}", variant.name, about(&variant));
            }
            return Ok(true);
        }
        let began = Instant::now();
        let settings = Settings::from_env().map_err(anyhow::Error::msg)?;
        let filter = arguments.test.as_deref().unwrap_or("");
        let plans: Vec<Plan> = variants
            .iter()
            .map(|variant| Plan {
                first_seed: arguments.seed,
                jobs: arguments.jobs.into(),
                ..Plan::of(&variant.server, tests(variant, filter), &settings)
            })
            .collect();
        if plans.iter().all(|plan| plan.tests.is_empty()) {
            bail!("no test is left to be played");
        }
        let plans = allot(plans, arguments.runs);

        let mut played: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        let mut all = (0, 0);
        println!(
            "{:<32} {:>9} {:>7} {:>8}",
            "server", "runs", "failed", "seconds"
        );
        for (variant, plan) in variants.iter().zip(&plans) {
            let (runs, failed) = self.play(variant, plan, &mut played);
            all = (all.0 + runs, all.1 + failed);
        }
        println!("\n{:<44} {:>9} {:>7}", "test", "runs", "failed");
        for (path, (runs, failed)) in &played {
            println!("{path:<44} {runs:>9} {failed:>7}");
        }
        let (runs, failed) = all;
        let seconds = began.elapsed().as_secs_f64();
        println!("\n{runs} runs, {failed} failed, every event checked, in {seconds:.0} s");
        Ok(failed == 0)
    }

    /// Plays one server: how many runs, and how many of them failed.
    fn play(
        self,
        variant: &Variant,
        plan: &Plan,
        played: &mut BTreeMap<String, (u64, u64)>,
    ) -> (u64, u64) {
        let began = Instant::now();
        let results = plan.run(|_, _| ());
        let runs = results.iter().map(|tested| tested.played).sum();
        let failed = results.iter().map(|tested| tested.failed).sum();
        let seconds = began.elapsed().as_secs_f64();
        println!("{:<32} {runs:>9} {failed:>7} {seconds:>8.1}", variant.name);
        for tested in &results {
            let sum = played.entry(tested.test.path()).or_default();
            *sum = (sum.0 + tested.played, sum.1 + tested.failed);
            if let Some(story) = self.story(variant, tested) {
                println!("\n{}: {}\n{story}", variant.name, about(variant));
            }
        }
        (runs, failed)
    }

    fn story(self, variant: &Variant, tested: &Tested) -> Option<Failed> {
        let replay = |seed| {
            let (name, path) = (&variant.name, tested.test.path());
            let what = format!("--variant {name} --test {path} --seed {seed} --runs 1");
            format!("{} {what}", self.invocation)
        };
        Failed::of(tested, replay, None, None)
    }
}

fn about(variant: &Variant) -> String {
    let server = &variant.server;
    let description = variant.description;
    format!("{description} ({}; {:?})", server.timing, server.features)
}

/// The tests in virtual time that are for this server, and asked for.
fn tests(variant: &Variant, filter: &str) -> Vec<Test> {
    let mut tests = suite::all();
    tests.retain(|test| test.time == TimeKind::Virtual && test.path().contains(filter));
    tests.retain(|test| variant.takes(test));
    tests
}

/// Gives each test of each plan as many seeds as its share of the steps pays for.
fn allot(mut plans: Vec<Plan>, runs: u64) -> Vec<Plan> {
    let pairs: u64 = plans.iter().map(|plan| plan.tests.len() as u64).sum();
    let sample = SAMPLE.min(runs.div_ceil(pairs));
    let costs: Vec<Vec<f64>> = plans.iter().map(|plan| costs(plan, sample)).collect();
    let per_step: f64 = costs.iter().flatten().map(|cost| 1.0 / cost).sum();
    let least = LEAST.min(runs.div_ceil(pairs));
    for (plan, costs) in plans.iter_mut().zip(costs) {
        for (test, cost) in plan.tests.iter_mut().zip(costs) {
            let share = runs as f64 / cost / per_step;
            test.seeds = (share.round() as u64).max(least);
        }
    }
    plans
}

/// How many steps a run of each test takes, on average.
fn costs(plan: &Plan, sample: u64) -> Vec<f64> {
    let mut steps = vec![0; plan.tests.len()];
    let sampled = Plan {
        seeds: Some(sample),
        ..plan.clone()
    };
    sampled.run(|test, played| steps[test] += played.steps);
    let average = |steps: u64| steps.max(1) as f64 / sample as f64;
    steps.into_iter().map(average).collect()
}
