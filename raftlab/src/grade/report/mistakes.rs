//! Failures, gathered by the rule that was broken: one mistake fails many tests, and is told once.

use suite::report::TELLING;

use crate::grade::model::{Class, Failure, Graded, Outcome, Score, TestResult};

/// A rule that a submission breaks, and what that costs.
pub struct Mistake<'a> {
    pub rule: &'a str,
    /// The test whose failure tells most.
    pub test: &'a TestResult,
    /// Its failure.
    pub failure: &'a Failure,
    /// All tests that it fails, those first whose failure tells most.
    pub tests: Vec<&'a TestResult>,
}

impl Mistake<'_> {
    /// The points that its tests did not earn.
    pub fn cost(&self) -> Score {
        let lost = |test: &&TestResult| test.points.of - test.points.earned;
        self.tests.iter().map(lost).sum()
    }
}

/// The rules that a submission breaks, the most telling first.
pub fn of(graded: &Graded) -> Vec<Mistake<'_>> {
    let mut failed: Vec<(&TestResult, &Failure)> = graded
        .tests
        .iter()
        .filter_map(|test| match &test.outcome {
            Outcome::Failed(failure) => Some((test, &**failure)),
            _ => None,
        })
        .collect();
    failed.sort_by_key(|(test, _)| telling(&test.part));
    let mut mistakes: Vec<Mistake<'_>> = Vec::new();
    for (test, failure) in failed {
        match mistakes.iter_mut().find(|m| m.rule == failure.rule) {
            Some(mistake) => mistake.tests.push(test),
            None => mistakes.push(Mistake {
                rule: &failure.rule,
                test,
                failure,
                tests: vec![test],
            }),
        }
    }
    mistakes
}

/// The place of a part in the order of telling.
fn telling(part: &str) -> usize {
    let place = TELLING.iter().position(|telling| telling.name() == part);
    place.unwrap_or(TELLING.len())
}

/// A rule, and who in the class breaks it.
pub struct Common<'a> {
    pub rule: &'a str,
    pub by: Vec<&'a Graded>,
}

/// The rules that are broken in the class, those first that most submissions break.
pub fn common(class: &Class) -> Vec<Common<'_>> {
    let mut common: Vec<Common<'_>> = Vec::new();
    for graded in &class.submissions {
        for mistake in of(graded) {
            match common.iter_mut().find(|c| c.rule == mistake.rule) {
                Some(common) => common.by.push(graded),
                None => common.push(Common {
                    rule: mistake.rule,
                    by: vec![graded],
                }),
            }
        }
    }
    common.sort_by(|a, b| (b.by.len().cmp(&a.by.len())).then_with(|| a.rule.cmp(b.rule)));
    common
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_rule_is_told_once_and_the_most_telling_test_first() {
        let class = samples::class();
        let mistakes = of(samples::find(&class, "failed"));
        let rules: Vec<&str> = mistakes.iter().map(|m| m.rule).collect();
        assert_eq!(
            rules,
            ["one vote per server and term", "a leader for everybody"]
        );
        let paths: Vec<&str> = mistakes[0].tests.iter().map(|t| &*t.path).collect();
        // The suite plays classic first, but votes tell more.
        assert_eq!(
            paths,
            [
                "votes::first_come_first_served",
                "classic::initial_election"
            ]
        );
        assert_eq!(mistakes[0].cost(), Score::points(4));
    }

    #[test]
    fn the_commonest_mistake_comes_first() {
        let class = samples::class();
        let common = common(&class);
        let counts: Vec<usize> = common.iter().map(|c| c.by.len()).collect();
        assert!(counts.len() > 2 && counts[0] > 1, "{counts:?}");
        assert!(counts.is_sorted_by(|a, b| a >= b), "{counts:?}");
    }
}
