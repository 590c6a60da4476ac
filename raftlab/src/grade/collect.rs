//! From what is known of each submission to a class that is graded. It plays nothing.

use std::collections::BTreeMap;

use suite::part::Part;
use suite::test::Test;

use super::execute::Outcome as Known;
use super::model::{
    Class, Failure, Graded, Outcome, Override, Points, Score, Student, Terms, TestResult, Verdict,
};
use super::overrides::Mark;
use super::play::Found;
use super::submissions::Submission;
use super::work::Work;

/// What nondeterminism costs.
pub const NONDETERMINISM_COSTS: Score = Score::points(10);

/// Puts a class together.
pub struct Collector<'a> {
    pub work: &'a Work,
    pub terms: Terms,
    /// Marks set by hand, by submission.
    pub overrides: BTreeMap<String, Vec<Mark>>,
    /// Who handed in nothing.
    pub missing: Vec<Student>,
}

impl Collector<'_> {
    /// The class. `known` has what is known of each job, by id.
    pub fn class(&self, submissions: &[Submission], known: &BTreeMap<&str, &Known>) -> Class {
        let graded = submissions.iter().map(|submission| {
            let known = known.get(submission.id.as_str());
            self.graded(submission, known.copied())
        });
        Class {
            terms: self.terms.clone(),
            submissions: graded.collect(),
            missing: self.missing.clone(),
        }
    }

    /// One submission.
    pub fn graded(&self, submission: &Submission, known: Option<&Known>) -> Graded {
        let mut graded = Graded {
            id: submission.id.clone(),
            students: submission.students.clone(),
            hash: String::new(),
            verdict: Verdict::Graded,
            declares: String::new(),
            tests: Vec::new(),
            nondeterminism: None,
            overrides: Vec::new(),
            points: Points {
                earned: Score::ZERO,
                of: self.of(false),
            },
            extra: Points::default(),
            remarks: submission.remarks.clone(),
        };
        match &submission.content {
            Err(refusal) => graded.verdict = Verdict::Refused(refusal.to_string()),
            Ok(sources) => {
                graded.hash = sources.hash();
                self.add_results(&mut graded, known);
            }
        }
        self.add_up(&mut graded);
        graded
    }

    /// How many points there are.
    fn of(&self, extra: bool) -> Score {
        let tests = self.work.tests.iter();
        let tests = tests.filter(|test| (test.part == Part::Extra) == extra);
        tests.map(|test| Score::points(test.points)).sum()
    }

    fn add_results(&self, graded: &mut Graded, known: Option<&Known>) {
        let nothing = Known::default();
        let known = known.unwrap_or(&nothing);
        if let Some(said) = &known.known.does_not_compile {
            graded.verdict = Verdict::DoesNotCompile(said.clone());
            return;
        }
        let Some(declared) = known.known.declares else {
            let why = known.troubles.values().next();
            let why = why.map_or("it was not begun", String::as_str);
            graded.verdict = Verdict::CouldNotTell(why.to_string());
            return;
        };
        graded.declares = raftapi::Server::new(declared.timing, |_| ())
            .with_features(declared.features)
            .about();
        let records = &known.known.tests;
        let failed = |test: &&Test| records.get(&test.path()).is_some_and(|r| r.failed > 0);
        let basics_failed = self
            .work
            .tests
            .iter()
            .filter(|test| test.part == Part::Basics)
            .any(|test| failed(&test));
        for test in &self.work.tests {
            if test.is_for(&declared.features) {
                graded.tests.push(self.result(test, known, basics_failed));
            }
        }
        let differ = self.work.tests.iter().filter_map(|test| {
            let record = records.get(&test.path())?;
            record.differs.clone()
        });
        graded.nondeterminism = differ.into_iter().next();
        let unknown = graded.tests.iter().find_map(|test| match &test.outcome {
            Outcome::CouldNotTell(why) => Some(format!("{}: {why}", test.path)),
            _ => None,
        });
        let unknown = unknown.or_else(|| known.troubles.values().next().cloned());
        if let Some(why) = unknown {
            graded.verdict = Verdict::CouldNotTell(why);
        }
    }

    fn result(&self, test: &Test, known: &Known, basics_failed: bool) -> TestResult {
        let path = test.path();
        let of = Score::points(test.points);
        let record = known.known.tests.get(&path);
        let trouble = known.troubles.get(&path);
        let outcome = match (record, trouble) {
            (Some(record), _) => match &record.found {
                None => Outcome::Passed,
                Some(found) => Outcome::Failed(Box::new(failure(found, known))),
            },
            (None, _) if basics_failed => Outcome::NotTried,
            (None, Some(why)) => Outcome::CouldNotTell(why.clone()),
            (None, None) => Outcome::CouldNotTell("it was not played".to_string()),
        };
        let (played, failed) = record.map_or((0, 0), |record| (record.played, record.failed));
        let earned = match &outcome {
            _ if basics_failed => Score::ZERO,
            Outcome::Passed => of,
            Outcome::Failed(failure) if self.terms.partial && !failure.safety => {
                of.share(played - failed, self.seeds_of(test))
            }
            _ => Score::ZERO,
        };
        TestResult {
            path,
            part: test.part.name().to_string(),
            extra: test.part == Part::Extra,
            description: test.description.to_string(),
            points: Points { earned, of },
            servers: test.servers,
            played,
            failed,
            outcome,
        }
    }

    /// How many seeds there are in all.
    fn seeds_of(&self, test: &Test) -> u64 {
        let seeds = &self.work.seeds;
        seeds.public_of(test) + seeds.hidden_of(test).len() as u64
    }

    /// Points, deductions, and what a teacher has set by hand.
    fn add_up(&self, graded: &mut Graded) {
        let marks = self
            .overrides
            .get(&graded.id)
            .map_or(&[][..], Vec::as_slice);
        for mark in marks {
            let Some(path) = &mark.test else { continue };
            let test = graded.tests.iter_mut().find(|test| test.path == *path);
            let points = test.map(|test| &mut test.points.earned);
            let was = points.as_ref().map_or(Score::ZERO, |points| **points);
            if let Some(points) = points {
                *points = mark.points;
            }
            graded.overrides.push(set_by_hand(mark, was));
        }
        let sum = |extra: bool| -> Points {
            let tests = graded.tests.iter().filter(|test| test.extra == extra);
            Points {
                earned: tests.clone().map(|test| test.points.earned).sum(),
                of: tests.map(|test| test.points.of).sum(),
            }
        };
        graded.points.earned = sum(false).earned;
        graded.extra = sum(true);
        if graded.nondeterminism.is_some() {
            graded.points.earned = graded.points.earned - self.terms.nondeterminism_costs;
        }
        for mark in marks.iter().filter(|mark| mark.test.is_none()) {
            graded
                .overrides
                .push(set_by_hand(mark, graded.points.earned));
            graded.points.earned = mark.points;
        }
    }
}

fn set_by_hand(mark: &Mark, was: Score) -> Override {
    Override {
        test: mark.test.clone(),
        was,
        is: mark.points,
        reason: mark.reason.clone(),
    }
}

/// What was found, with the shortest run: that is told once for each rule, with each of its tests.
fn failure(found: &Found, known: &Known) -> Failure {
    let shortest = known.known.shortest.get(&found.failure.rule);
    Failure {
        shortest: shortest.cloned().flatten(),
        ..found.failure.clone()
    }
}
