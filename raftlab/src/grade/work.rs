//! What is to be done: a list of submissions and tests. It knows nothing of how it is done, nor of what
//! comes of it.

use sha2::{Digest, Sha256};
use suite::cluster::TimeKind;
use suite::test::Test;

use super::build::Kit;
use super::hash::hex;
use super::play::House;
use super::seeds::Seeds;
use super::submissions::{Sources, Submission};

/// Everything that is to be done.
pub struct Work {
    /// The submissions that can be read.
    pub jobs: Vec<Job>,
    /// The tests, those in virtual time: what depends on how busy a machine is is nothing to give marks
    /// for.
    pub tests: Vec<Test>,
    /// Which seeds are played of them.
    pub seeds: Seeds,
}

/// One submission that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// What it is called in this class.
    pub id: String,
    /// SHA-256 of its sources.
    pub hash: String,
    /// Its sources.
    pub sources: Sources,
    /// A hash of everything that its results depend on: results of another are no results of this one.
    pub fingerprint: String,
}

impl Work {
    /// What is to be done for these submissions.
    pub fn of(submissions: &[Submission], seeds: Seeds, kit: &Kit, house: House) -> Work {
        let mut tests = suite::all();
        tests.retain(|test| test.time == TimeKind::Virtual);
        let jobs = submissions.iter().filter_map(|submission| {
            let sources = submission.content.as_ref().ok()?;
            let hash = sources.hash();
            let all = format!(
                "{hash} {} {} {house:?} {seeds:?} {}",
                kit.lab, kit.toolchain, submission.id
            );
            Some(Job {
                id: submission.id.clone(),
                fingerprint: hex(&Sha256::digest(all)),
                hash,
                sources: sources.clone(),
            })
        });
        Work {
            jobs: jobs.collect(),
            tests,
            seeds,
        }
    }

    /// The test of this path.
    pub fn test(&self, path: &str) -> Option<&Test> {
        self.tests.iter().find(|test| test.path() == path)
    }
}
