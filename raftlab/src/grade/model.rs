//! What grading comes to: the model that every report is made from. Nothing in it depends on the
//! machine, the time of day, or how often grading was cut off and resumed.

use std::collections::BTreeMap;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// Points, in hundredths: partial credit is rounded down to them. Printed `2`, `1.5`, `0.33`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Score(u32);

impl Score {
    /// Nothing.
    pub const ZERO: Score = Score(0);

    /// Whole points.
    pub const fn points(points: u32) -> Score {
        Score(points * 100)
    }

    /// Hundredths of a point.
    pub const fn hundredths(hundredths: u32) -> Score {
        Score(hundredths)
    }

    /// In hundredths of a point.
    pub const fn as_hundredths(self) -> u32 {
        self.0
    }

    /// As a number, for formats that want one. Two decimals are exact enough to be printed back.
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    /// The share `part / whole` of this, rounded down to a hundredth of a point.
    pub fn share(self, part: u64, whole: u64) -> Score {
        let share = u128::from(self.0) * u128::from(part) / u128::from(whole.max(1));
        Score(u32::try_from(share).unwrap_or(self.0).min(self.0))
    }
}

impl Add for Score {
    type Output = Score;
    fn add(self, other: Score) -> Score {
        Score(self.0.saturating_add(other.0))
    }
}

impl Sub for Score {
    type Output = Score;
    /// Nobody has less than nothing.
    fn sub(self, other: Score) -> Score {
        Score(self.0.saturating_sub(other.0))
    }
}

impl Sum for Score {
    fn sum<I: Iterator<Item = Score>>(scores: I) -> Score {
        scores.fold(Score::ZERO, Add::add)
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (points, rest) = (self.0 / 100, self.0 % 100);
        let text = match rest {
            0 => format!("{points}"),
            _ if rest % 10 == 0 => format!("{points}.{}", rest / 10),
            _ => format!("{points}.{rest:02}"),
        };
        f.pad(&text)
    }
}

/// A class that was graded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// How it was graded.
    pub terms: Terms,
    /// Each submission, in the order of their ids.
    pub submissions: Vec<Graded>,
    /// Who is on the roster and handed nothing in, in the roster's order.
    pub missing: Vec<Student>,
}

/// How a class was graded: the same for all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The hash of the laboratory: suite, network, rules, and what builds a submission.
    pub lab: String,
    /// `rustc 1.95.0 (…)`.
    pub toolchain: String,
    /// The seeds of most tests: `0 to 99`; longer tests have fewer.
    pub seeds: String,
    /// SHA-256 of the file of hidden seeds, if there is one: what `--commit-seeds` printed.
    pub hidden_seeds: Option<String>,
    /// How submissions were kept apart from the machine: `bubblewrap, seccomp, rlimits`.
    pub sandbox: String,
    /// Whether liveness tests earn their share of seeds.
    pub partial: bool,
    /// What nondeterminism costs.
    pub nondeterminism_costs: Score,
}

/// Who handed something in, as far as is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Student {
    /// The name, `Ada Lovelace`. Empty if unknown.
    pub name: String,
    /// What the course's system calls the student: a number, a login. Empty if unknown.
    pub id: String,
    /// Empty if unknown.
    pub email: String,
}

/// A submission that was graded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Graded {
    /// What it is called in this class: unique, and a file's name can hold it.
    pub id: String,
    /// Whose it is.
    pub students: Vec<Student>,
    /// SHA-256 of its sources; empty if it was refused.
    pub hash: String,
    /// What it came to.
    pub verdict: Verdict,
    /// What it declares: `heartbeat 100ms, election timeout 300ms to 600ms; PreVote`.
    pub declares: String,
    /// The tests that were to be played, in the suite's order; none, if it could not be built.
    pub tests: Vec<TestResult>,
    /// Two runs of one seed that differed: the sentence that says how.
    pub nondeterminism: Option<String>,
    /// The marks that a teacher has set by hand.
    pub overrides: Vec<Override>,
    /// Of all tests but the extra, after deductions and overrides.
    pub points: Points,
    /// Beyond that, for what the server declares.
    pub extra: Points,
    /// What the teacher should know, and is no fault: files that were left out, say.
    pub remarks: Vec<String>,
}

/// What a submission came to as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It was graded.
    Graded,
    /// It cannot be read: no sources, an archive that escapes, a bomb. This sentence says so.
    Refused(String),
    /// It does not compile: what the compiler says.
    DoesNotCompile(String),
    /// The grader's own trouble. It is no zero: it is graded when the same command is called again.
    CouldNotTell(String),
}

/// Points earned, and how many there were to earn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Points {
    /// Earned.
    pub earned: Score,
    /// How many there were.
    pub of: Score,
}

/// A mark that a teacher has set by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The test, `classic::re_election`; none, if it is about the total.
    pub test: Option<String>,
    /// What it was without.
    pub was: Score,
    /// What it is now.
    pub is: Score,
    /// Why. Never empty.
    pub reason: String,
}

/// What a test came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    /// `classic::re_election`
    pub path: String,
    /// `classic`
    pub part: String,
    /// Whether its points are beyond the hundred.
    pub extra: bool,
    /// What it shows, in a line.
    pub description: String,
    /// Points earned, and how many there were.
    pub points: Points,
    /// How many servers it has.
    pub servers: usize,
    /// Seeds played, and how many of them failed; after a hang no more are played.
    pub played: u64,
    /// See `played`.
    pub failed: u64,
    /// What it came to.
    pub outcome: Outcome,
}

/// What a test came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// All seeds passed.
    Passed,
    /// Some seed failed: what is worth telling.
    Failed(Box<Failure>),
    /// Nothing was tried: the basics must pass first.
    NotTried,
    /// The grader's own trouble.
    CouldNotTell(String),
}

/// A failure, as a student should read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// The rule that was broken: `one vote per server and term`.
    pub rule: String,
    /// Who broke it, and the evidence: `S1 voted twice in term 1: for S0 at 0.332 s, for S2 at 0.333 s`.
    pub sentence: String,
    /// What to look for, and where the paper says so.
    pub hint: String,
    /// `3 of 8, answer RequestVote`
    pub task: Option<String>,
    /// Whether it is about safety: then nothing is earned, whatever share of seeds passed.
    pub safety: bool,
    /// When it was found, by the run's own time: `0.333 s`.
    pub at: String,
    /// The seed; none, if it is a hidden one and no public seed was found with the same failure.
    pub seed: Option<u64>,
    /// Whether it was a hidden seed that failed first.
    pub hidden: bool,
    /// The command that plays it in the student's own checkout.
    pub replay: Option<String>,
    /// The shortest failing run found.
    pub shortest: Option<Shortest>,
}

/// The shortest run found in which the same rule is broken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shortest {
    /// How it differs from the test, in words: `with 3 servers instead of 5, without lost messages`.
    /// Empty if it is the test's own run.
    pub how: String,
    /// What was found in it, and when.
    pub sentence: String,
    /// See `sentence`.
    pub at: String,
    /// The command that plays it in the student's own checkout.
    pub replay: String,
    /// The name of the file with its timeline, beside the student's page.
    pub timeline: String,
    /// The last that happened in it, in columns.
    pub columns: String,
}

/// How long things took, by the wall clock: apart from the results, which are the same each time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Times {
    /// Seconds of building, by submission.
    pub build_s: BTreeMap<String, f64>,
    /// Seconds of playing, by submission, summed over the processors.
    pub play_s: BTreeMap<String, f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_printed_without_noise_and_shared_downwards() {
        let printed = |hundredths| Score::hundredths(hundredths).to_string();
        assert_eq!(
            [200, 150, 133, 5].map(printed),
            ["2", "1.5", "1.33", "0.05"]
        );
        assert_eq!(Score::points(2).share(2, 3), Score::hundredths(133));
        assert_eq!(Score::points(2).share(3, 3), Score::points(2));
        assert_eq!(Score::points(1) - Score::points(2), Score::ZERO);
    }
}
