//! One submission as Gradescope's `results.json`.
//!
//! - The total is given, and is the sum of the entries: deductions and marks set by hand are entries
//!   of their own, with the reason.
//! - Extra tests are entries out of 0 points. Gradescope lets a score exceed its maximum, so what is
//!   earned there counts on top, and whoever did not try loses nothing.
//! - A submission that the grader has trouble with has no number anywhere: no total, and entries
//!   without scores, since Gradescope would add those up, and no entries at all would come to 0. It
//!   shows what happened, and no zero.
//! - How long it took is left out: the same submission gives the same file.
//! - All texts are `text`, never HTML or Markdown: some come from the submission.

use serde::Serialize;
use serde_json::{Value, json};

use crate::grade::model::{Class, Graded, Outcome, TestResult, Verdict};

use super::sums::{self, Change};
use super::{tame::tame, words};

#[derive(Serialize)]
struct Results {
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    output: String,
    output_format: &'static str,
    test_output_format: &'static str,
    test_name_format: &'static str,
    visibility: &'static str,
    stdout_visibility: &'static str,
    extra_data: Value,
    tests: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    name: String,
    name_format: &'static str,
    number: String,
    output: String,
    output_format: &'static str,
    tags: Vec<String>,
    visibility: &'static str,
    extra_data: Value,
}

/// The file `results.json` of this submission.
pub(crate) fn json(class: &Class, graded: &Graded) -> String {
    let (terms, graded) = (tame(&class.terms), tame(graded));
    let trouble = sums::trouble(&graded);
    let has_total = trouble.is_none();
    let mut tests: Vec<Entry> = trouble.iter().map(|why| of_trouble(why)).collect();
    let parts = sums::parts(&graded);
    for (part, number) in parts.iter().zip(1..) {
        let numbered = part.tests.iter().zip(1..);
        tests.extend(numbered.map(|(test, i)| of_test(test, format!("{number}.{i}"), has_total)));
    }
    let changes = sums::changes(&terms, &graded);
    if has_total {
        let number = parts.len() + 1;
        let numbered = changes.iter().zip(1..);
        tests.extend(numbered.map(|(change, i)| of_change(change, format!("{number}.{i}"))));
    }
    let total = sums::hundredths(graded.points) + sums::hundredths(graded.extra);
    let results = Results {
        score: has_total.then(|| sums::number(total)),
        output: output(&graded, trouble.as_deref()),
        output_format: "text",
        test_output_format: "text",
        test_name_format: "text",
        visibility: "visible",
        stdout_visibility: "hidden",
        extra_data: json!({
            "submission": graded.id,
            "hash": graded.hash,
            "verdict": words::verdict(&graded),
            "nondeterministic": graded.nondeterminism.is_some(),
            "laboratory": terms.lab,
            "toolchain": terms.toolchain,
        }),
        tests,
    };
    let mut text = serde_json::to_string_pretty(&results).expect("it is plain data");
    text.push('\n');
    text
}

fn of_test(test: &TestResult, number: String, has_total: bool) -> Entry {
    let max = if test.extra {
        0.0
    } else {
        test.points.of.as_f64()
    };
    let rule = match &test.outcome {
        Outcome::Failed(failure) => {
            json!({ "rule": failure.rule, "seed": failure.seed, "hidden": failure.hidden })
        }
        _ => json!({}),
    };
    Entry {
        score: has_total.then(|| test.points.earned.as_f64()),
        max_score: has_total.then_some(max),
        status: match test.outcome {
            Outcome::Passed => Some("passed"),
            Outcome::Failed(_) | Outcome::NotTried => Some("failed"),
            Outcome::CouldNotTell(_) => None,
        },
        name: test.path.clone(),
        name_format: "text",
        number,
        output: words::plain(test),
        output_format: "text",
        tags: vec![test.part.clone()],
        visibility: "visible",
        extra_data: rule,
    }
}

/// The entry that says why there are no scores.
fn of_trouble(why: &str) -> Entry {
    Entry {
        score: None,
        max_score: None,
        status: None,
        name: "not graded yet".to_string(),
        number: "0".to_string(),
        output: format!("{why}. {}", words::NO_ZERO),
        tags: Vec::new(),
        extra_data: json!({}),
        name_format: "text",
        output_format: "text",
        visibility: "visible",
    }
}

fn of_change(change: &Change, number: String) -> Entry {
    Entry {
        score: Some(sums::number(change.hundredths)),
        max_score: Some(0.0),
        status: Some(if change.hundredths < 0 {
            "failed"
        } else {
            "passed"
        }),
        name: change.name.clone(),
        name_format: "text",
        number,
        output: change.why.clone(),
        output_format: "text",
        tags: vec!["changes".to_string()],
        visibility: "visible",
        extra_data: json!({}),
    }
}

/// What stands above the tests.
fn output(graded: &Graded, trouble: Option<&str>) -> String {
    let mut lines = Vec::new();
    match (&graded.verdict, trouble) {
        (_, Some(why)) => lines.push(format!("Not graded yet: {why}. {}", words::NO_ZERO)),
        (Verdict::Refused(why), _) => lines.push(format!("The submission cannot be read: {why}")),
        (Verdict::DoesNotCompile(what), _) => lines.push(format!("It does not compile:\n{what}")),
        (Verdict::Graded | Verdict::CouldNotTell(_), None) => {
            lines.push(format!("{} points", words::points(graded.points)));
        }
    }
    if trouble.is_none() && graded.extra.of.as_hundredths() > 0 {
        lines.push(format!("and {} extra points", words::points(graded.extra)));
    }
    if let Some(how) = &graded.nondeterminism {
        lines.push(format!("Not the same twice: {how}. {}", words::REPEATABLE));
    }
    lines.extend(
        graded
            .remarks
            .iter()
            .map(|remark| format!("Remark: {remark}")),
    );
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::super::samples;
    use super::*;

    /// The format as Gradescope describes it. Nothing else may be in it.
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Theirs {
        score: Option<f64>,
        execution_time: Option<f64>,
        output: Option<String>,
        output_format: Option<Markup>,
        test_output_format: Option<Markup>,
        test_name_format: Option<Markup>,
        visibility: Option<Visibility>,
        stdout_visibility: Option<Visibility>,
        extra_data: Option<serde_json::Map<String, Value>>,
        tests: Vec<TheirTest>,
        leaderboard: Option<Vec<Value>>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct TheirTest {
        score: Option<f64>,
        max_score: Option<f64>,
        status: Option<Status>,
        name: Option<String>,
        name_format: Option<Markup>,
        number: Option<String>,
        output: Option<String>,
        output_format: Option<Markup>,
        tags: Option<Vec<String>>,
        visibility: Option<Visibility>,
        extra_data: Option<serde_json::Map<String, Value>>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Markup {
        Text,
        Html,
        SimpleFormat,
        Md,
        Ansi,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Visibility {
        Hidden,
        AfterDueDate,
        AfterPublished,
        Visible,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Status {
        Passed,
        Failed,
    }

    fn read(id: &str) -> Theirs {
        let class = samples::class();
        let json = json(&class, samples::find(&class, id));
        serde_json::from_str(&json).unwrap_or_else(|error| panic!("{id}: {error}"))
    }

    #[test]
    fn every_submission_keeps_to_the_format_and_its_total_is_the_sum() {
        for graded in &samples::class().submissions {
            let results = read(&graded.id);
            let sum: f64 = results.tests.iter().filter_map(|test| test.score).sum();
            let total = results.score.unwrap_or_default();
            assert!(
                (sum - total).abs() < 1e-6,
                "{}: {sum} and {total}",
                graded.id
            );
        }
    }

    #[test]
    fn trouble_is_no_number_anywhere() {
        let results = read("could-not-tell");
        assert_eq!((results.score, results.tests.len()), (None, 1));
        assert_eq!(
            (results.tests[0].score, &results.tests[0].status),
            (None, &None)
        );
        assert!(results.output.unwrap().contains("no zero"));
        let class = samples::class();
        let mut graded = samples::find(&class, "failed").clone();
        graded.tests[3].outcome = Outcome::CouldNotTell("no memory".to_string());
        let results: Theirs = serde_json::from_str(&json(&class, &graded)).unwrap();
        assert_eq!(results.score, None);
        assert!(
            results
                .tests
                .iter()
                .all(|t| t.score.is_none() && t.max_score.is_none())
        );
        assert_eq!(results.tests[4].status, None);
        assert_eq!(results.tests[1].status, Some(Status::Passed));
    }

    #[test]
    fn a_hidden_seed_is_not_told_and_its_failure_is() {
        let tests = read("hidden").tests;
        let test = tests
            .iter()
            .find(|t| t.name.as_deref() == Some("classic::re_election"));
        let output = test.unwrap().output.as_deref().unwrap();
        assert!(
            output.contains("no majority can hear it")
                && output.contains("a hidden seed, which is not told")
        );
    }

    #[test]
    fn deductions_and_marks_set_by_hand_have_entries() {
        let scores = |id: &str| -> Vec<f64> {
            let tests = read(id).tests.into_iter();
            tests
                .filter(|t| t.tags == Some(vec!["changes".to_string()]))
                .filter_map(|t| t.score)
                .collect()
        };
        assert_eq!(scores("nondeterminism"), [-5.0]);
        assert_eq!(scores("override"), [1.0, -10.0]);
    }
}
