//! A failure, as a student reads it.

use std::fmt::{self, Write};
use std::path::Path;

use crate::columns::columns;
use crate::page::Page;
use crate::part::Part;
use crate::task::Task;
use crate::tested::{Failure, Tested};

/// A failed test: the whole story. Its `Debug` is its text, since that is what `cargo test` prints.
pub struct Failed(String);

impl Failed {
    /// A test that is not tried, since another one fails that must pass before.
    pub(crate) fn not_tried(name: &str, first: &str) -> Failed {
        Failed(format!("test {name}: not tried; {first} must pass first\n"))
    }

    /// The failure of this test, if it failed. `replay` is the command that plays this seed again;
    /// `source` is the folder of the crate that is tested, to point at the task in question; `page` is
    /// where the run can be looked at.
    pub fn of(
        tested: &Tested,
        replay: impl Fn(u64) -> String,
        source: Option<&Path>,
        page: Option<&Page>,
    ) -> Option<Failed> {
        let failure = tested.failure.as_ref()?;
        let replay = replay(failure.seed);
        let task = failure.finding.task.zip(source);
        let task = task.and_then(|(task, source)| Some((task, task.locate(source)?)));
        let mut text = String::new();
        write(&mut text, tested, failure, &replay, task, page).expect("a string has room");
        Some(Failed(text))
    }
}

/// The parts in the order in which their failures tell most: what a test plays by hand comes
/// down to one message; what happens in a cluster may have many causes.
pub const TELLING: [Part; 13] = [
    Part::Basics,
    Part::Votes,
    Part::Restriction,
    Part::Numbers,
    Part::Timers,
    Part::Extra,
    Part::Crashes,
    Part::Classic,
    Part::SplitVotes,
    Part::Unreliable,
    Part::Partitions,
    Part::Scale,
    Part::RealTime,
];

/// Of the tests that failed, the one whose failure tells most.
pub fn first_to_look_at(tested: &[Tested]) -> Option<&Tested> {
    in_order_of_telling(tested).first().copied()
}

/// The tests that failed, those first whose failure tells most.
pub fn in_order_of_telling(tested: &[Tested]) -> Vec<&Tested> {
    let rank = |tested: &&Tested| TELLING.iter().position(|part| *part == tested.test.part);
    let mut failed: Vec<&Tested> = tested.iter().filter(|tested| tested.failed > 0).collect();
    failed.sort_by_key(rank);
    failed
}

fn write(
    to: &mut String,
    tested: &Tested,
    failure: &Failure,
    replay: &str,
    task: Option<(Task, String)>,
    page: Option<&Page>,
) -> fmt::Result {
    let Tested {
        test,
        played,
        failed,
        given_up,
        ..
    } = tested;
    let finding = &failure.finding;
    let seeds = if *played == 1 { "seed" } else { "seeds" };
    write!(
        to,
        "test {}: failed on {failed} of {played} {seeds}",
        test.path()
    )?;
    if *given_up {
        write!(to, "; no more were played, since the server hangs")?;
    }
    writeln!(to)?;
    let (seed, at) = (failure.seed, finding.at);
    let where_found = format!("seed {seed}, {} servers, t = {at}:", test.servers);
    wrapped(to, &format!("{where_found} {}", finding.sentence))?;
    wrapped(to, &format!("rule:   {}", finding.rule))?;
    wrapped(to, &format!("hint:   {}", finding.hint))?;
    if let Some((task, place)) = task {
        let (number, of, title) = (task.number(), Task::ALL.len(), task.title());
        writeln!(to, "  task:   {number} of {of}, {title}: {place}")?;
    }
    writeln!(to, "  replay: {replay}")?;
    if let Some(page) = page {
        writeln!(to, "  timeline: {page}")?;
    }
    if !failure.trace.is_empty() {
        writeln!(to, "  the last that happened (older heartbeats left out):")?;
        for line in columns(&failure.trace, test.servers).lines() {
            writeln!(to, "  {line}")?;
        }
    }
    Ok(())
}

/// Writes a paragraph, indented, in lines of about a hundred characters.
fn wrapped(to: &mut String, text: &str) -> fmt::Result {
    const WIDTH: usize = 100;
    let mut column = 0;
    for word in text.split(' ') {
        match column {
            0 => write!(to, "  {word}")?,
            _ if column + word.len() > WIDTH => {
                write!(to, "\n          {word}")?;
                column = 8;
            }
            _ => write!(to, " {word}")?,
        }
        column += word.len() + 1;
    }
    writeln!(to)
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
