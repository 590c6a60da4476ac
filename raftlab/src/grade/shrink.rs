//! Looks for a shorter run of the same failure: fewer servers, a network without faults, less time.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use labrpc::{Faults, Header};
use suite::columns::columns;
use suite::finding::HANGS;
use suite::play::Played;
use suite::test::{Test, Variation};
use suite::timeline;
use suite::watch::Recording;

use super::model::Shortest;
use super::play::{Interrupted, Player};
use crate::files::WholeFile;

/// How many seeds are tried of each variation.
const SEEDS: u64 = 20;
/// After so many steps nothing further is tried.
const STEPS: u64 = 200_000;
/// With fewer servers than the test has, but more than this, no run is shorter to read.
const MOST_SERVERS: usize = 7;

/// At least so many events of a run are on its page, as far as there are so many: it has 4 MB then.
const SHOWN: usize = 20_000;

/// What is found at the very end of a run is found within its time.
const A_LITTLE: Duration = Duration::from_millis(1);

/// A run in which a rule is broken.
struct Run {
    test: Test,
    variation: Variation,
    seed: u64,
    played: Played,
}

impl Run {
    /// What makes a run short to read: few servers, no faults, little time.
    fn length(&self) -> (usize, bool, Duration, u64) {
        (
            self.test.servers,
            self.test.faults != Faults::RELIABLE,
            self.played.virtual_time,
            self.seed,
        )
    }
}

/// The shortest run found in which this rule is broken, beginning with a test and a seed in which it is.
/// Its timeline is written to `page`. Nothing, if the rule is not broken again.
///
/// # Errors
///
/// See [`Player::run`]; and when the page cannot be written.
pub fn shortest(
    player: &Player<'_>,
    test: &Test,
    seed: u64,
    rule: &str,
    page: &Path,
) -> Result<Option<Shortest>> {
    let mut search = Search {
        player,
        test,
        rule,
        steps: 0,
        limit: test.limit,
    };
    let Some(mut best) = search.run(Variation::default(), seed)? else {
        return Ok(None);
    };
    search.steps = 0;
    let hangs = rule == HANGS;
    let seeds = if hangs { 1 } else { SEEDS };
    for variation in test.variations(MOST_SERVERS) {
        for seed in 0..seeds {
            if search.steps > STEPS {
                break;
            }
            search.limit = best.played.virtual_time + A_LITTLE;
            if let Some(run) = search.run(variation, seed)?
                && run.length() < best.length()
            {
                best = run;
            }
        }
        // The simplest are the first: of the others none is shorter. (And a hang takes seconds.)
        if best.variation != Variation::default() {
            break;
        }
    }
    tell(player, test, &best, page).map(Some)
}

struct Search<'a> {
    player: &'a Player<'a>,
    test: &'a Test,
    rule: &'a str,
    /// Steps that were taken so far.
    steps: u64,
    /// No run need take longer: it would be none to show.
    limit: Duration,
}

impl Search<'_> {
    /// Plays a variation. The run, if the rule is broken in it.
    fn run(&mut self, variation: Variation, seed: u64) -> Result<Option<Run>> {
        let test = self.test.varied(&variation);
        let mut test = test.map_err(anyhow::Error::msg)?;
        test.limit = test.limit.min(self.limit);
        let played = match self.player.run(&test, seed, Recording::Nothing) {
            Ok(played) => played,
            Err(error) if variation == Variation::default() => return Err(error),
            Err(error) if error.is::<Interrupted>() => return Err(error),
            // A script that is varied may come to what its writer did not think of.
            Err(_) => return Ok(None),
        };
        self.steps += played.steps;
        let same = played.finding.as_ref().is_some_and(|f| f.rule == self.rule);
        Ok(same.then_some(Run {
            test,
            variation,
            seed,
            played,
        }))
    }
}

fn tell(player: &Player<'_>, test: &Test, best: &Run, page: &Path) -> Result<Shortest> {
    let played = player.run(&best.test, best.seed, Recording::TheEnd(SHOWN))?;
    let header = Header {
        trace: Header::VERSION,
        run: test.path(),
        seed: best.seed,
        servers: best.test.servers,
        about: player.server.about(),
    };
    let timeline = timeline::read(&header, &played.trace);
    WholeFile::begin(page)?.finish(|to| timeline::html(&timeline, to))?;
    let finding = played.finding.as_ref().or(best.played.finding.as_ref());
    let finding = finding.context("a failure does not come back")?;
    let name = page.file_name().unwrap_or_default();
    Ok(Shortest {
        how: how(test, best),
        sentence: finding.sentence.clone(),
        at: finding.at.to_string(),
        replay: replay(test, &best.variation, best.seed),
        timeline: name.to_string_lossy().into_owned(),
        columns: columns(&played.trace, best.test.servers),
    })
}

/// `with 3 servers instead of 5, without any fault of the network`
fn how(test: &Test, best: &Run) -> String {
    let mut how = Vec::new();
    if let Some(servers) = best.variation.servers {
        let plural = if servers == 1 { "" } else { "s" };
        how.push(format!(
            "with {servers} server{plural} instead of {}",
            test.servers
        ));
    }
    if best.variation.reliable {
        how.push("without any fault of the network".to_string());
    }
    how.join(", ")
}

/// The command that plays a run in a student's own checkout.
pub fn replay(test: &Test, variation: &Variation, seed: u64) -> String {
    let path = test.path();
    if *variation == Variation::default() {
        return format!("RAFT_SEED={seed} cargo test -p starter {path} -- --exact");
    }
    let servers = variation.servers.map(|n| format!(" --servers {n}"));
    let reliable = if variation.reliable {
        " --reliable"
    } else {
        ""
    };
    let servers = servers.unwrap_or_default();
    format!("cargo lab test --test {path} --seed {seed}{servers}{reliable}")
}
