//! `raftlab play`: one run of a scenario, told and drawn.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use labrpc::{Header, Pulse, Run};
use raftapi::Server;
use suite::finding::Finding;
use suite::settings::Settings;
use suite::watch::{Recording, Trace, Watch};
use suite::{logging, timeline, watchdog};

use super::direct::{Came, Director, Stopped, setup};
use super::eyes::Eyes;
use super::statement::Scenario;
use super::text::{Complaint, Place, Source};
use crate::files::WholeFile;
use crate::{Ending, Lab, files};

#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub struct PlayArgs {
    /// The scenario, as scenarios/first-election.txt
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The seed [default: the scenario's own]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Write the timeline page to this file [default: target/raftlab/SCENARIO-SEED.html]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Write the run's trace to this file as JSON Lines
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,

    /// Write the transcript to this file, too
    #[arg(long, value_name = "FILE")]
    pub transcript: Option<PathBuf>,

    /// Print nothing but what is not as expected
    #[arg(short, long)]
    pub quiet: bool,
}

const EXIT_CODES: &str = "Exit codes: 0 all expectations met; 1 one is not met, or a rule is broken; \
                          2 the scenario makes no sense, or a file cannot be written.";

pub fn run(lab: &Lab, args: &PlayArgs) -> Result<Ending> {
    let settings = Settings::from_env().map_err(anyhow::Error::msg)?;
    let (scenario, source) = super::load(&args.file)?;
    let server = super::build(lab, &scenario)?;
    let seed = args.seed.unwrap_or(scenario.seed);
    let page = match &args.output {
        Some(path) => path.clone(),
        None => Path::new("target/raftlab").join(format!("{}-{seed}.html", scenario.name)),
    };
    if args.output.is_none() {
        let folder = page.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let begin = |path: &Option<PathBuf>| path.as_deref().map(WholeFile::begin).transpose();
    let page_file = WholeFile::begin(&page)?;
    let (trace_file, transcript_file) = (begin(&args.trace)?, begin(&args.transcript)?);

    let played = played(&Arc::new(scenario.clone()), &server, seed, &settings)?;
    let told = transcript(&scenario, &server, seed, &played);
    page_file.finish(|to| to.write_all(timeline::html(&told.picture).as_bytes()))?;
    if let Some(file) = trace_file {
        file.finish(|to| labrpc::write_trace(to, &told.header, &played.trace))?;
    }
    if let Some(file) = transcript_file {
        file.finish(|to| to.write_all(told.text.as_bytes()))?;
    }
    if let Some(Stopped::Nonsense(nonsense)) = &played.came.stopped
        && played.came.unmet().next().is_none()
    {
        print(&told.text, args.quiet)?;
        bail!("{}", nonsense_told(&source, nonsense));
    }
    let as_expected = played.finding.is_none() && played.came.is_as_expected();
    let closing = format!("timeline: {}\n", page.display());
    print(&told.text, args.quiet && as_expected)?;
    print(&closing, args.quiet)?;
    Ok(match as_expected {
        true => Ending::Passed,
        false => Ending::Failed,
    })
}
