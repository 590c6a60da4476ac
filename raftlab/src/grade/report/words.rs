//! The same words for the same thing, in every report.

use crate::grade::model::{
    Failure, Graded, Outcome, Points, Score, Student, Terms, TestResult, Verdict,
};

use super::mistakes::Mistake;
use super::sums;

/// What a submission came to, in a word or two.
pub fn verdict(graded: &Graded) -> &'static str {
    match &graded.verdict {
        Verdict::Refused(_) => "refused",
        Verdict::DoesNotCompile(_) => "does not compile",
        Verdict::Graded if sums::trouble(graded).is_none() => "graded",
        Verdict::CouldNotTell(_) if sums::trouble(graded).is_none() => "graded by hand",
        Verdict::Graded | Verdict::CouldNotTell(_) => "could not tell",
    }
}

/// Whose submission it is: `Ada Lovelace, Alan Turing`; its id, if nobody knows.
pub fn whose(graded: &Graded) -> String {
    let names: Vec<&str> = graded.students.iter().filter_map(name).collect();
    match names.is_empty() {
        true => graded.id.clone(),
        false => names.join(", "),
    }
}

/// What a student is called, as far as is known.
pub fn name(student: &Student) -> Option<&str> {
    let known = [&student.name, &student.id, &student.email];
    let first = known.into_iter().find(|text| !text.trim().is_empty());
    first.map(String::as_str)
}

/// `1.5 of 3`
pub fn points(points: Points) -> String {
    format!("{} of {}", points.earned, points.of)
}

/// How much is the sum: `1 point`, `1.5 points`.
pub fn how_many(points: Score) -> String {
    match points.as_hundredths() {
        100 => "1 point".to_string(),
        _ => format!("{points} points"),
    }
}

/// What a total is that the grader could not tell.
pub const NO_ZERO: &str = "This is trouble of the grader's own, and no zero: there is no mark yet. \
     The submission is graded when the teacher grades the class again.";

/// What to do about a server that is not the same twice.
pub const REPEATABLE: &str = "A server must do the same whenever it is handed the same: take the time from \
     ctx.now() and chance from ctx.rng(), use a BTreeMap or a Vec where the order counts (that of a HashMap \
     differs from run to run), and keep nothing in a static, a file or a thread of its own. \
     RAFT_CHECK_DETERMINISM=1 cargo test -p starter plays each seed twice and names the first step that differs.";

/// What a test came to, in a sentence.
pub fn outcome(test: &TestResult) -> String {
    match &test.outcome {
        Outcome::Passed => format!("passed on {}", seeds(test.played)),
        Outcome::Failed(_) => failed_on(test),
        Outcome::NotTried => "not tried: the basics must pass first".to_string(),
        Outcome::CouldNotTell(why) => format!("could not be played, which is no zero: {why}"),
    }
}

fn failed_on(test: &TestResult) -> String {
    format!("failed on {} of {}", test.failed, seeds(test.played))
}

fn seeds(played: u64) -> String {
    match played {
        1 => "1 seed".to_string(),
        _ => format!("{played} seeds"),
    }
}

/// What there is to say of hidden seeds, if the failure has to do with one.
pub fn hidden(failure: &Failure) -> Option<String> {
    match (failure.hidden, failure.seed) {
        (false, _) => None,
        (true, None) => Some(
            "This failed on a hidden seed, which is not told, and no public seed was found that fails \
             in the same way. What was seen there is told here in full; more seeds may show it: \
             RAFT_SEEDS=10000 cargo test -p starter"
                .to_string(),
        ),
        (true, Some(seed)) => Some(format!(
            "This failed on a hidden seed first; seed {seed} is a public one that fails in the same way."
        )),
    }
}

/// What a broken rule costs: `4 points`.
pub fn cost(mistake: &Mistake<'_>) -> String {
    match mistake.tests.iter().any(|test| test.part == "basics") {
        true => "everything".to_string(),
        false => how_many(mistake.cost()),
    }
}

/// What follows from a failure that is about safety, if it is.
pub fn safety(failure: &Failure) -> Option<&'static str> {
    let text =
        "This is about safety: seeds that pass earn nothing, since one that fails is one too many.";
    failure.safety.then_some(text)
}

/// What there is to say of tests that nobody tried, if there are any.
pub fn not_tried(graded: &Graded) -> Option<String> {
    let tests = graded.tests.iter();
    match tests
        .filter(|test| test.outcome == Outcome::NotTried)
        .count()
    {
        0 => None,
        1 => Some("One test was not tried: the basics must pass first.".to_string()),
        n => Some(format!(
            "{n} tests were not tried: the basics must pass first."
        )),
    }
}

/// Where a failure was seen: `seed 71, 3 servers, t = 0.333 s`.
pub fn place(test: &TestResult, failure: &Failure) -> String {
    let seed = match failure.seed {
        Some(seed) => format!("seed {seed}"),
        None => "a hidden seed".to_string(),
    };
    let servers = match test.servers {
        1 => "1 server".to_string(),
        servers => format!("{servers} servers"),
    };
    format!("{seed}, {servers}, t = {}", failure.at)
}

/// A test as plain text, for the formats that have no page: what it shows, what it came to, and of
/// a failure everything that helps.
pub fn plain(test: &TestResult) -> String {
    let mut lines = vec![format!("{}: {}", test.description, outcome(test))];
    if let Outcome::Failed(failure) = &test.outcome {
        let mut say = |what: &str, text: &str| lines.push(format!("{what} {text}"));
        say(
            "seen:  ",
            &format!("{}: {}", place(test, failure), failure.sentence),
        );
        say("rule:  ", &failure.rule);
        say("hint:  ", &failure.hint);
        if let Some(task) = &failure.task {
            say("task:  ", task);
        }
        if let Some(safety) = safety(failure) {
            say("points:", safety);
        }
        if let Some(hidden) = hidden(failure) {
            say("seed:  ", &hidden);
        }
        match &failure.shortest {
            Some(shortest) => say("replay:", &shortest.replay),
            None => {
                if let Some(replay) = &failure.replay {
                    say("replay:", replay);
                }
            }
        }
    }
    lines.join("\n")
}

/// How it was graded, for the foot of a page: what, and its value.
pub fn grounds(terms: &Terms) -> Vec<(&'static str, String)> {
    let hidden = match &terms.hidden_seeds {
        Some(hash) => format!(
            "{}, and hidden ones, whose file has SHA-256 {hash}",
            terms.seeds
        ),
        None => terms.seeds.clone(),
    };
    vec![
        ("Laboratory", terms.lab.clone()),
        ("Toolchain", terms.toolchain.clone()),
        ("Seeds", hidden),
        ("Sandbox", terms.sandbox.clone()),
    ]
}
