//! `raftlab find`: the seeds with which a wish comes true. No clock is forced, no draw is chosen:
//! runs are played until one is as wished.

pub(super) mod search;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use clap::Args;
use suite::settings::Settings;

use self::search::{Known, Search};
use super::parse;
use super::rarity::{interval, share, shares};
use super::text::Source;
use crate::trials::{Player, threads};
use crate::{Ending, Lab, files};

#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub struct FindArgs {
    /// The scenario, as scenarios/first-election.txt
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// What is wished for, as "S2 and S3 campaign within 5ms"; scenarios/README.md lists what can be
    #[arg(long = "where", value_name = "WISH")]
    pub wish: String,

    /// How many seeds to try at most
    #[arg(long, value_name = "N", default_value_t = 100_000,
          value_parser = clap::value_parser!(u64).range(1..))]
    pub seeds: u64,

    /// The first seed
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub first: u64,

    /// How many to find; the search stops there
    #[arg(long, value_name = "K", default_value_t = 5,
          value_parser = clap::value_parser!(u64).range(1..))]
    pub count: u64,

    /// How many threads [default: one for each processor]
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
}

const EXIT_CODES: &str = "Exit codes: 0 found; 1 not found; 2 the scenario or the wish makes no sense; \
                          130 interrupted.";

pub fn run(lab: &Lab, args: &FindArgs) -> Result<Ending> {
    let settings = Settings::from_env().map_err(anyhow::Error::msg)?;
    let (scenario, _) = super::load(&args.file)?;
    let source = Source::option("--where", &args.wish);
    let wish = match parse::wish(&source, scenario.servers) {
        Ok(wish) => wish,
        Err(complaint) => bail!("{}", source.tell(&complaint)),
    };
    let server = super::build(lab, &scenario)?;
    let progress = "{pos}/{len} seeds, {per_sec}";
    let player = Player::new(threads(args.jobs), settings.watchdog, progress);
    player.obey_ctrl_c();
    let search = Search {
        scenario,
        server,
        wish,
        first: args.first,
        // None follows the greatest one.
        seeds: args.seeds.min((u64::MAX - args.first).saturating_add(1)),
        count: args.count,
    };
    let known = Arc::new(search).run(&player)?;
    match tell(lab, args, &known, &mut io::stdout().lock()).map_err(anyhow::Error::from) {
        Err(error) if !files::is_broken_pipe(&error) => return Err(error),
        _ => {}
    }
    Ok(if known.interrupted {
        Ending::Interrupted
    } else if known.found.is_empty() {
        Ending::Failed
    } else {
        Ending::Passed
    })
}

/// Prints what was found, how rare it is, and how to see it.
fn tell(lab: &Lab, args: &FindArgs, known: &Known, out: &mut impl Write) -> io::Result<()> {
    let Known { found, tried, .. } = known;
    let play = |seed: u64| {
        let file = args.file.display();
        format!("{} play {file} --seed {seed}", lab.invocation)
    };
    for seed in found {
        writeln!(out, "seed {seed}")?;
    }
    let (many, seeds) = (
        found.len() as u64,
        if *tried == 1 { "seed" } else { "seeds" },
    );
    let (least, most) = match tried {
        0 => (0.0, 1.0),
        _ => interval(many, *tried, many == args.count),
    };
    match (many, tried) {
        (_, 0) => writeln!(out, "no seed was tried")?,
        (0, _) => {
            let most = share(most);
            writeln!(
                out,
                "not found in {tried} {seeds}: rarer than {most}, with 97.5 % confidence"
            )?;
        }
        _ => {
            let share_found = share(many as f64 / *tried as f64);
            let (least, most) = shares(least, most);
            writeln!(
                out,
                "found {many} in {tried} {seeds}: {share_found}; between {least} and {most} with 95 % \
                 confidence"
            )?;
        }
    }
    if let Some(seed) = found.first() {
        writeln!(out, "see it: {}", play(*seed))?;
    }
    if let Some((runs, first, why)) = &known.cut_short {
        writeln!(
            out,
            "{runs} of the runs could not be played to their end, and do not count as found"
        )?;
        writeln!(out, "  the first: {}: {why}", play(*first))?;
    }
    if let Some((runs, first, why)) = &known.broken {
        writeln!(
            out,
            "{runs} of the runs break a rule, and do not count as found"
        )?;
        writeln!(out, "  the first: {}: {why}", play(*first))?;
    }
    if known.interrupted {
        writeln!(out, "interrupted: this is what was known by then")?;
    }
    out.flush()
}
