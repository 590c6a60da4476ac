//! `raftlab play`: one run of a scenario, told and drawn.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use labrpc::{Header, Observer, Pulse, Run, Seen};
use raftapi::{Raft, Server, Time};
use suite::columns::all_columns;
use suite::finding::Finding;
use suite::settings::Settings;
use suite::timeline::Window;
use suite::watch::{Recording, THE_END, Trace, Watch};
use suite::{logging, timeline, watchdog};

use super::direct::{Came, Director, Stopped, Watcher, setup};
use super::eyes::Eyes;
use super::statement::Scenario;
use super::text::{Complaint, Place, Source};
use crate::files::{Beside, WholeFile};
use crate::interrupt::on_ctrl_c;
use crate::{Ending, Lab, files};

#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub struct PlayArgs {
    /// The scenario, as scenarios/first-election.txt; '-' for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The seed [default: the scenario's own]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Write the timeline page to this file, '-' for standard output
    /// [default: target/raftlab/SCENARIO-SEED.html, with the name of a server other than the reference]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Write a drawing of what matters most to this file
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,

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
                          2 the scenario makes no sense, or a file cannot be written; 130 interrupted.";

pub fn run(lab: &Lab, args: &PlayArgs) -> Result<Ending> {
    let settings = Settings::from_env().map_err(anyhow::Error::msg)?;
    let (scenario, source) = super::load(&args.file)?;
    let server = super::build(lab, &scenario)?;
    let seed = args.seed.unwrap_or(scenario.seed);
    let page = match &args.output {
        Some(path) => path.clone(),
        None => Path::new("target/raftlab").join(page_name(lab, &scenario, seed)),
    };
    let beside = files::beside([&args.output, &args.svg, &args.trace, &args.transcript])?;
    if args.output.is_none() {
        let folder = page.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let begin = |path: &Option<PathBuf>| path.as_deref().map(WholeFile::begin).transpose();
    let page_file = WholeFile::begin(&page)?;
    let (svg_file, trace_file) = (begin(&args.svg)?, begin(&args.trace)?);
    let transcript_file = begin(&args.transcript)?;

    let signals = Signals::of(&scenario);
    on_ctrl_c(signals.interrupt.clone());
    let played = played(
        &Arc::new(scenario.clone()),
        &server,
        seed,
        &settings,
        &signals,
    )?;
    signals.bar.finish_and_clear();
    let told = transcript(&scenario, lab.about(&server), seed, &played);
    page_file.finish(|to| timeline::html(&told.picture, to))?;
    if let Some(file) = svg_file {
        let window = Window::of(&told.picture, None, None);
        file.finish(|to| timeline::svg(&told.picture, window, false, to))?;
    }
    if let Some(file) = trace_file {
        file.finish(|to| labrpc::write_trace(to, &told.header, &played.trace))?;
    }
    if let Some(file) = transcript_file {
        file.finish(|to| to.write_all(told.text.as_bytes()))?;
    }
    if let Some(Stopped::Nonsense(nonsense)) = &played.came.stopped
        && played.came.unmet().next().is_none()
    {
        print(&told.text, args.quiet, beside)?;
        bail!("{}", nonsense_told(&source, nonsense));
    }
    let as_expected = played.finding.is_none() && played.came.is_as_expected();
    let closing = format!("timeline: {}\n", page.display());
    print(&told.text, args.quiet && as_expected, beside)?;
    print(&closing, args.quiet || files::is_standard(&page), beside)?;
    Ok(match as_expected {
        _ if played.interrupted => Ending::Interrupted,
        true => Ending::Passed,
        false => Ending::Failed,
    })
}

/// The name of a run's page: another server's run of the same seed is another run.
fn page_name(lab: &Lab, scenario: &Scenario, seed: u64) -> String {
    match lab.name {
        "reference" => format!("{}-{seed}.html", scenario.name),
        name => format!("{}-{seed}-{name}.html", scenario.name),
    }
}

/// What whoever waits for a run sees of it, and may say to it.
#[derive(Clone)]
struct Signals {
    /// Somebody wants it to end.
    interrupt: Arc<AtomicBool>,
    /// How far it is, in seconds of virtual time. In a pipe, nothing is seen of it.
    bar: ProgressBar,
}

impl Signals {
    fn of(scenario: &Scenario) -> Signals {
        let bar = ProgressBar::new(scenario.lasts.as_nanos() / SECOND);
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} s of virtual time");
        bar.set_style(style.expect("the template is well-formed"));
        Signals {
            interrupt: Arc::default(),
            bar,
        }
    }
}

const SECOND: u64 = 1_000_000_000;

/// So often the bar is moved: a short run ends before, and shows none.
const EVENTS_A_LOOK: u64 = 100_000;

/// Watches a run that is played for somebody who waits.
struct Audience {
    eyes: Eyes,
    signals: Signals,
    events: u64,
}

impl Observer<Raft> for Audience {
    #[inline]
    fn observe(&mut self, at: Time, step: u64, seen: Seen<'_, Raft>) -> ControlFlow<()> {
        self.events += 1;
        if self.events.is_multiple_of(EVENTS_A_LOOK) {
            self.signals.bar.set_position(at.as_nanos() / SECOND);
        }
        self.eyes.observe(at, step, seen)?;
        match self.signals.interrupt.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

impl Watcher for Audience {
    fn eyes(&self) -> &Eyes {
        &self.eyes
    }
}

/// A run that was played.
struct Played {
    came: Came,
    finding: Option<Finding>,
    trace: Trace,
    /// Until when it was left out of the trace, of a long run.
    left_out: Option<Time>,
    interrupted: bool,
}

/// Plays a run on a thread of its own. If a server hangs in it, it is played once more, up to there.
fn played(
    scenario: &Arc<Scenario>,
    server: &Server,
    seed: u64,
    settings: &Settings,
    signals: &Signals,
) -> Result<Played> {
    logging::install();
    let play = |narrate: bool, hangs_at: Option<u64>| {
        let (scenario, server) = (scenario.clone(), server.clone());
        let signals = signals.clone();
        watchdog::guarded(settings.watchdog, move |pulse| {
            play(&scenario, &server, seed, narrate, pulse, hangs_at, signals)
        })
    };
    match play(true, None) {
        Ok(played) => played,
        Err(step) => play(false, Some(step)).unwrap_or_else(|_| {
            bail!("a server hangs, and not at the same step when the run is played again")
        }),
    }
}

fn play(
    scenario: &Scenario,
    server: &Server,
    seed: u64,
    narrate: bool,
    pulse: Arc<Pulse>,
    hangs_at: Option<u64>,
    signals: Signals,
) -> Result<Played> {
    logging::mute(!narrate);
    let mut setup = setup(scenario, server, seed);
    setup.narrate = narrate;
    setup.pulse = Some(pulse);
    setup.hangs_at = hangs_at;
    let watch = Watch::new(server, scenario.servers, Recording::TheEnd(THE_END));
    let audience = Audience {
        eyes: Eyes::new(watch, scenario.servers),
        signals,
        events: 0,
    };
    let mut director = Director::new(scenario, setup, audience, true)?;
    let came = director.play();
    let run = &mut director.run;
    let hangs = run.finish().err();
    let ended = hangs.or(match &came.stopped {
        Some(Stopped::Ended(ended)) => Some(ended.clone()),
        _ => None,
    });
    let audience = run.observer_mut();
    let interrupted = audience.signals.interrupt.load(Ordering::Relaxed);
    let watch = &mut audience.eyes.watch;
    let finding = ended.and_then(|ended| Finding::of_end(ended, watch, came.end));
    let sentence = finding.as_ref().map(|finding| finding.sentence.as_str());
    let is_cut = watch.is_cut();
    let mut trace = watch.take_trace(came.end, sentence);
    if is_cut {
        // As much as a browser can hold: what is told and what is drawn is the same.
        trace.drain(..trace.len().saturating_sub(THE_END));
    }
    Ok(Played {
        left_out: trace.first().map(|first| first.at).filter(|_| is_cut),
        trace,
        came,
        finding,
        interrupted,
    })
}

/// The transcript of a run.
#[cfg(test)]
pub fn story(
    scenario: &Scenario,
    server: &Server,
    seed: u64,
    settings: &Settings,
) -> Result<String> {
    let signals = Signals::of(scenario);
    let played = played(
        &Arc::new(scenario.clone()),
        server,
        seed,
        settings,
        &signals,
    )?;
    Ok(transcript(scenario, server.about(), seed, &played).text)
}

/// A run, told.
struct Told {
    header: Header,
    picture: timeline::model::Timeline,
    text: String,
}

/// What is printed of a run, and kept beside a scenario.
fn transcript(scenario: &Scenario, about: String, seed: u64, played: &Played) -> Told {
    let header = Header {
        trace: Header::VERSION,
        run: scenario.name.clone(),
        seed,
        servers: scenario.servers,
        about,
    };
    let picture = timeline::read(&header, &played.trace);
    let servers = if scenario.servers == 1 {
        "server"
    } else {
        "servers"
    };
    let mut text = format!(
        "{}, seed {seed}: {} {servers}; {}\n\n",
        scenario.name, scenario.servers, header.about
    );
    if let Some(until) = played.left_out {
        text += &format!(
            "the first {until} are left out: of a long run, the last {THE_END} events are kept\n\n"
        );
    }
    let all = Time::ZERO..=Time::NEVER;
    text += &all_columns(&played.trace, scenario.servers, all, false);
    text.push('\n');
    text += &ending(played);
    Told {
        header,
        picture,
        text,
    }
}

/// What a run came to, in a few lines.
fn ending(played: &Played) -> String {
    let mut text = String::new();
    let came = &played.came;
    for unmet in came.unmet() {
        if let Some((at, cast)) = &unmet.unmet {
            text += &format!(
                "not as expected at {at}, line {}: {}\n  instead: {cast}\n",
                unmet.line, unmet.text
            );
        }
    }
    if let Some(finding) = &played.finding {
        text += &format!(
            "broken at {}: {}\n  rule: {}\n  hint: {}\n",
            finding.at, finding.sentence, finding.rule, finding.hint
        );
    }
    match &came.stopped {
        Some(Stopped::InVain) => text += "it was waited for in vain, and the run ends there\n",
        Some(Stopped::Nonsense(nonsense)) if came.unmet().next().is_some() => {
            text += &format!(
                "it cannot go on at {}, line {}: {}\n",
                nonsense.at, nonsense.line, nonsense.what
            );
        }
        _ => {}
    }
    if let Some(line) = came.without_time().filter(|_| !played.interrupted) {
        text += &format!(
            "no time has passed after line {line}: add 'run 1s' to see what comes of it\n"
        );
    }
    if played.interrupted {
        text += &format!(
            "interrupted at {}: this is what was known by then\n",
            came.end
        );
    }
    let all = came.expectations.len();
    let met = all - came.unmet().count();
    text += &match all {
        0 => format!("nothing was expected; the run ends at {}\n", came.end),
        _ => format!(
            "{met} of {all} expectations met; the run ends at {}\n",
            came.end
        ),
    };
    text
}

/// What cannot be done, with the line that asks for it.
fn nonsense_told(source: &Source, nonsense: &super::direct::Nonsense) -> String {
    let text = source.lines().find(|(line, _)| *line == nonsense.line);
    let text = text.map_or("", |(_, text)| text);
    let indent = text.chars().take_while(|c| c.is_whitespace()).count();
    let place = Place {
        line: nonsense.line,
        column: indent + 1,
        width: text.trim().chars().count(),
    };
    let what = format!("at {}, this cannot be done: {}", nonsense.at, nonsense.what);
    source.tell(&Complaint::new(place, what))
}

/// Prints, unless it is to be quiet. Whoever reads through a pipe may stop reading.
fn print(text: &str, quiet: bool, beside: Beside) -> Result<()> {
    if quiet {
        return Ok(());
    }
    let mut out = beside.stream();
    let done = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match done.map_err(anyhow::Error::from) {
        Err(error) if !files::is_broken_pipe(&error) => Err(error),
        _ => Ok(()),
    }
}
