//! One submission as the result of a runner of GitHub Classroom: JSON in base64, for the action that
//! reports (`autograding-grading-reporter`).
//!
//! That action adds `score` of all entries up and reports the sum, of `max_score`. Older versions of it
//! print another total on the console: the share of entries that pass, times `max_score`. So that
//! the two agree, an entry is one point: a test that is worth three has three, of which it passes
//! as many as it earned whole. They agree exactly if nobody earned a fraction and nothing was
//! changed by hand or deducted; otherwise the fraction is the score of an entry that fails, a change is an
//! entry of its own, and the sum is right.
//!
//! - Tests worth nothing have an entry only if they fail: they say why nothing else was tried.
//! - Points beyond the hundred are left out: Classroom knows no extra credit.
//! - If the grader has trouble, `max_score` is 0: then the action reports no points at all, and no zero.
//! - The action reads the result from an environment variable, which Linux keeps to 128 KiB: messages
//!   are cut short until it fits.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::grade::model::{Class, Graded, Outcome, TestResult, Verdict};

use super::sums::{self, Change};
use super::{tame::tame, words};

/// How long the result may be, in base64.
const LIMIT: usize = 100_000;

/// How many characters a message may have, if the result is too long with more.
const LENGTHS: [usize; 5] = [10_000, 2_000, 500, 100, 0];

#[derive(Serialize)]
struct Results {
    version: u32,
    status: &'static str,
    max_score: f64,
    tests: Vec<Entry>,
}

#[derive(Clone, Serialize)]
struct Entry {
    name: String,
    status: &'static str,
    message: Option<String>,
    test_code: String,
    filename: &'static str,
    line_no: u32,
    /// Not told: the same submission gives the same result.
    execution_time: &'static str,
    score: f64,
}

/// What a runner hands to the action.
pub(crate) fn base64(class: &Class, graded: &Graded) -> String {
    let mut encoded = String::new();
    for length in LENGTHS {
        encoded = STANDARD.encode(json(class, graded, length));
        if encoded.len() <= LIMIT {
            break;
        }
    }
    encoded
}

/// The same before it is encoded, with messages of so many characters.
fn json(class: &Class, graded: &Graded, length: usize) -> String {
    let (terms, graded) = (tame(&class.terms), tame(graded));
    let mut tests = entries(&graded, &sums::changes(&terms, &graded));
    for entry in &mut tests {
        entry.message = entry.message.take().map(|message| cut(&message, length));
    }
    let trouble = sums::trouble(&graded).is_some();
    let results = Results {
        version: 1,
        status: match tests.iter().all(|entry| entry.status == "pass") {
            _ if trouble => "error",
            true => "pass",
            false => "fail",
        },
        max_score: if trouble {
            0.0
        } else {
            graded.points.of.as_f64()
        },
        tests,
    };
    serde_json::to_string(&results).expect("it is plain data")
}

fn entries(graded: &Graded, changes: &[Change]) -> Vec<Entry> {
    let whole = |status, message| vec![entry("the submission", status, Some(message), 0)];
    if let Some(why) = sums::trouble(graded) {
        return whole(
            "error",
            format!("Not graded yet: {why}. {}", words::NO_ZERO),
        );
    }
    let mut entries = match &graded.verdict {
        Verdict::Refused(why) => whole("fail", format!("It cannot be read: {why}")),
        Verdict::DoesNotCompile(what) => whole("fail", format!("It does not compile:\n{what}")),
        Verdict::Graded | Verdict::CouldNotTell(_) => {
            let tests = graded.tests.iter().filter(|test| !test.extra);
            tests.flat_map(of_test).collect()
        }
    };
    entries.extend(changes.iter().filter(|change| !change.extra).map(of_change));
    entries
}

/// An entry for each point of a test.
fn of_test(test: &TestResult) -> Vec<Entry> {
    let of = test.points.of.as_hundredths().div_ceil(100);
    let (whole, rest) = (
        test.points.earned.as_hundredths() / 100,
        test.points.earned.as_hundredths() % 100,
    );
    let failed = matches!(test.outcome, Outcome::Failed(_));
    if of == 0 && failed {
        return vec![entry(&test.path, "fail", Some(words::plain(test)), 0)];
    }
    let point = |i: u32| {
        let name = match of {
            1 => test.path.clone(),
            _ => format!("{} (point {i} of {of})", test.path),
        };
        // The message once, at the first point that is lost.
        let message = || match i == whole + 1 {
            true => words::plain(test),
            false => format!("see point {}", whole + 1),
        };
        match i <= whole {
            true => entry(&name, "pass", None, 100),
            false => entry(
                &name,
                "fail",
                Some(message()),
                if i == whole + 1 { rest.into() } else { 0 },
            ),
        }
    };
    (1..=of).map(point).collect()
}

fn of_change(change: &Change) -> Entry {
    let status = if change.hundredths < 0 {
        "fail"
    } else {
        "pass"
    };
    entry(
        &change.name,
        status,
        Some(change.why.clone()),
        change.hundredths,
    )
}

fn entry(name: &str, status: &'static str, message: Option<String>, hundredths: i64) -> Entry {
    Entry {
        name: name.to_string(),
        status,
        message,
        test_code: String::new(),
        filename: "",
        line_no: 0,
        execution_time: "0s",
        score: sums::number(hundredths),
    }
}

/// The beginning of a text, and a sign that there was more.
fn cut(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::super::samples;
    use super::*;
    use crate::grade::model::{Override, Score};

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Theirs {
        version: u32,
        status: String,
        max_score: f64,
        tests: Vec<TheirTest>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct TheirTest {
        name: String,
        status: String,
        message: Option<String>,
        test_code: String,
        filename: String,
        line_no: u32,
        execution_time: String,
        score: f64,
    }

    impl Theirs {
        fn sum(&self) -> f64 {
            self.tests.iter().map(|test| test.score).sum()
        }

        fn console(&self) -> f64 {
            let passes = self
                .tests
                .iter()
                .filter(|test| test.status == "pass")
                .count();
            passes as f64 / self.tests.len() as f64 * self.max_score
        }
    }

    fn read(class: &Class, graded: &Graded) -> Theirs {
        let json = STANDARD
            .decode(base64(class, graded))
            .expect("it is base64");
        let theirs: Theirs = serde_json::from_slice(&json).expect("it keeps to the format");
        for test in &theirs.tests {
            assert!(["pass", "fail", "error"].contains(&&*test.status));
        }
        theirs
    }

    #[test]
    fn the_sum_is_the_total_and_the_console_agrees_where_it_can() {
        let class = samples::class();
        for graded in &class.submissions {
            let theirs = read(&class, graded);
            let (id, total) = (&graded.id, graded.points.earned.as_f64());
            assert!((theirs.sum() - total).abs() < 1e-6, "{id}");
            if ["passed", "refused", "does-not-compile"].contains(&&**id) {
                assert!(
                    (theirs.console() - total).abs() < 1e-6,
                    "{id}: {}",
                    theirs.console()
                );
            }
            if id == "failed" {
                // A fraction of a point for each test that has one.
                assert!(
                    (theirs.console() - total).abs() < 1.0,
                    "{}",
                    theirs.console()
                );
            }
        }
    }

    #[test]
    fn a_total_that_was_set_by_hand_counts_whatever_the_submission_came_to() {
        let class = samples::class();
        for id in ["refused", "does-not-compile", "could-not-tell", "passed"] {
            let mut graded = samples::find(&class, id).clone();
            graded.overrides.push(Override {
                test: None,
                was: graded.points.earned,
                is: Score::points(40),
                reason: "shown in the office hour".to_string(),
            });
            graded.points.earned = Score::points(40);
            assert!((read(&class, &graded).sum() - 40.0).abs() < 1e-6, "{id}");
        }
    }

    #[test]
    fn trouble_reports_no_points() {
        let class = samples::class();
        let theirs = read(&class, samples::find(&class, "could-not-tell"));
        assert_eq!((&*theirs.status, theirs.max_score), ("error", 0.0));
        assert!(
            theirs.tests[0]
                .message
                .as_ref()
                .unwrap()
                .contains("no zero")
        );
    }

    #[test]
    fn basics_that_fail_are_told_though_they_are_worth_nothing() {
        let class = samples::class();
        let theirs = read(&class, samples::find(&class, "basics"));
        assert!(
            theirs.tests[0]
                .message
                .as_ref()
                .unwrap()
                .contains("nobody campaigned")
        );
    }

    #[test]
    fn it_fits_into_an_environment_variable() {
        let class = samples::class();
        let mut graded = samples::find(&class, "failed").clone();
        let failure = graded.tests.iter().find_map(|test| match &test.outcome {
            Outcome::Failed(failure) => Some(failure.clone()),
            _ => None,
        });
        let mut failure = failure.unwrap();
        failure.sentence = "ä".repeat(5_000);
        for test in &mut graded.tests {
            test.points.earned = Score::ZERO;
            test.outcome = Outcome::Failed(failure.clone());
        }
        assert!(base64(&class, &graded).len() <= LIMIT);
        read(&class, &graded);
    }
}
