//! How points add up: tests, then what is changed by deductions and by hand, then the total.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use suite::part::Part;

use crate::grade::model::{Class, Graded, Outcome, Override, Points, Terms, TestResult, Verdict};

/// Something that changes a total, and is no test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is, in a few words.
    pub name: String,
    /// Why.
    pub why: String,
    /// By how much, in hundredths of a point. Deductions are negative.
    pub hundredths: i64,
    /// Whether it is about points beyond the hundred.
    pub extra: bool,
}

/// Everything that changes the total of a submission. With it the tests' points add up to the
/// total, whatever was done by hand.
pub fn changes(terms: &Terms, graded: &Graded) -> Vec<Change> {
    let mut changes = by_hand(graded);
    let so_far = |changes: &[Change], extra: bool| added(&graded.tests, changes, extra);
    if let Some(how) = &graded.nondeterminism {
        let cost = i64::from(terms.nondeterminism_costs.as_hundredths());
        // Nobody has less than nothing.
        let cost = cost.min(so_far(&changes, false).max(0));
        changes.push(Change {
            name: "nondeterminism".to_string(),
            why: how.clone(),
            hundredths: -cost,
            extra: false,
        });
    }
    let total = graded.overrides.iter().rfind(|mark| mark.test.is_none());
    let rest = hundredths(graded.points) - so_far(&changes, false);
    if let Some(mark) = total {
        changes.push(Change {
            name: "total, set by hand".to_string(),
            why: mark.reason.clone(),
            hundredths: rest,
            extra: false,
        });
    } else if rest != 0 {
        changes.push(other(rest, false));
    }
    let rest = hundredths(graded.extra) - so_far(&changes, true);
    if rest != 0 {
        changes.push(other(rest, true));
    }
    changes
}

/// The marks of single tests that were set by hand.
fn by_hand(graded: &Graded) -> Vec<Change> {
    let tests = graded.tests.iter();
    let mut earned: BTreeMap<&str, (i64, bool)> = tests
        .map(|test| (test.path.as_str(), (hundredths(test.points), test.extra)))
        .collect();
    let marks = graded.overrides.iter();
    let marks = marks.filter_map(|mark| Some((mark, mark.test.as_deref()?)));
    let change = |(mark, path): (&Override, &str)| {
        let (now, extra) = earned.get_mut(path)?;
        let is = i64::from(mark.is.as_hundredths());
        let hundredths = is - mem::replace(now, is);
        Some(Change {
            name: format!("{path}, set by hand"),
            why: mark.reason.clone(),
            hundredths,
            extra: *extra,
        })
    };
    marks.filter_map(change).collect()
}

fn other(hundredths: i64, extra: bool) -> Change {
    Change {
        name: "other changes".to_string(),
        why: "no test accounts for these points".to_string(),
        hundredths,
        extra,
    }
}

/// What tests and changes add up to, in hundredths: those of the hundred, or those beyond.
fn added(tests: &[TestResult], changes: &[Change], extra: bool) -> i64 {
    let tests = tests.iter().filter(|test| test.extra == extra);
    let changes = changes.iter().filter(|change| change.extra == extra);
    tests.map(|test| hundredths(test.points)).sum::<i64>()
        + changes.map(|change| change.hundredths).sum::<i64>()
}

/// Points earned, in hundredths.
pub fn hundredths(points: Points) -> i64 {
    i64::from(points.earned.as_hundredths())
}

/// Hundredths of a point, as a number of points.
pub fn number(hundredths: i64) -> f64 {
    hundredths as f64 / 100.0
}

/// Why there is no total, if there is none: the grader had trouble of its own, with the submission
/// or with one of its tests. Whatever was earned by then is no mark. A total that was set by hand
/// is one.
pub fn trouble(graded: &Graded) -> Option<String> {
    if graded.overrides.iter().any(|mark| mark.test.is_none()) {
        return None;
    }
    if let Verdict::CouldNotTell(why) = &graded.verdict {
        return Some(why.clone());
    }
    graded.tests.iter().find_map(|test| match &test.outcome {
        Outcome::CouldNotTell(why) => Some(format!("{}: {why}", test.path)),
        _ => None,
    })
}

/// A part of the suite, and what a submission earned in it.
pub struct PartSum<'a> {
    pub name: &'a str,
    pub extra: bool,
    pub points: Points,
    pub tests: Vec<&'a TestResult>,
}

/// The parts that a submission was tested in, in the suite's order.
pub fn parts(graded: &Graded) -> Vec<PartSum<'_>> {
    let mut parts: Vec<PartSum<'_>> = Vec::new();
    for test in &graded.tests {
        let same = |part: &&mut PartSum<'_>| part.name == test.part && part.extra == test.extra;
        let part = match parts.iter_mut().find(same) {
            Some(part) => part,
            None => {
                parts.push(PartSum {
                    name: &test.part,
                    extra: test.extra,
                    points: Points::default(),
                    tests: Vec::new(),
                });
                parts.last_mut().expect("it was just put in")
            }
        };
        part.points.earned = part.points.earned + test.points.earned;
        part.points.of = part.points.of + test.points.of;
        part.tests.push(test);
    }
    parts
}

/// All tests that somebody in the class was to be tested with, in the suite's order: extra tests
/// are played with those servers only that declare what they need.
pub fn all_tests(class: &Class) -> Vec<&TestResult> {
    let mut tests: Vec<&TestResult> = Vec::new();
    let mut seen = BTreeSet::new();
    for test in class.submissions.iter().flat_map(|graded| &graded.tests) {
        if seen.insert(&test.path) {
            tests.push(test);
        }
    }
    let place = |test: &&TestResult| Part::ALL.iter().position(|p| p.name() == test.part);
    tests.sort_by_key(|test| place(test).unwrap_or(usize::MAX));
    tests
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn tests_and_changes_add_up_to_the_total() {
        let class = samples::class();
        for graded in &class.submissions {
            let changes = changes(&class.terms, graded);
            for (points, extra) in [(graded.points, false), (graded.extra, true)] {
                let sum = added(&graded.tests, &changes, extra);
                assert_eq!(sum, hundredths(points), "{} {changes:?}", graded.id);
            }
            let unexplained = changes.iter().find(|change| change.name == "other changes");
            assert_eq!(unexplained, None, "{}", graded.id);
        }
    }

    #[test]
    fn a_mark_set_by_hand_counts_once_whether_or_not_the_test_has_it_already() {
        let class = samples::class();
        let mut graded = samples::find(&class, "override").clone();
        let before = changes(&class.terms, &graded);
        assert!(before.iter().any(|change| change.hundredths == 100));
        let marked = graded.overrides[0].clone();
        for test in &mut graded.tests {
            if Some(&test.path) == marked.test.as_ref() {
                test.points.earned = marked.is;
            }
        }
        let after = changes(&class.terms, &graded);
        assert_eq!(
            added(&graded.tests, &after, false),
            hundredths(graded.points)
        );
        assert_eq!(after[0].hundredths, 0);
    }

    #[test]
    fn a_deduction_takes_no_more_than_there_is() {
        let class = samples::class();
        let mut graded = samples::find(&class, "nondeterminism").clone();
        graded.tests.truncate(1);
        graded.points = Points::default();
        let changes = changes(&class.terms, &graded);
        let earned = hundredths(graded.tests[0].points);
        assert!(earned < i64::from(class.terms.nondeterminism_costs.as_hundredths()));
        assert_eq!(changes[0].hundredths, -earned);
    }

    #[test]
    fn trouble_with_one_test_is_trouble_with_the_total() {
        let class = samples::class();
        let mut graded = samples::find(&class, "passed").clone();
        assert_eq!(trouble(&graded), None);
        graded.tests[1].outcome = Outcome::CouldNotTell("no memory".to_string());
        let why = format!("{}: no memory", graded.tests[1].path);
        assert_eq!(trouble(&graded), Some(why));
    }
}
