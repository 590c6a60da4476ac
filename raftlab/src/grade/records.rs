//! What is known of a submission so far, on disk: a line for each thing that is known for good. Whoever is
//! killed while writing one loses that one.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use raftapi::Declared;
use serde::{Deserialize, Serialize};

use super::model::Shortest;
use super::play::Record;
use super::work::Job;

/// A line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// The first: what the others depend on.
    Of(String),
    /// What the compiler said, if it did not accept the sources.
    DoesNotCompile(String),
    /// What the servers declare.
    Declares(Declared),
    /// What a test came to.
    Test(Box<Record>),
    /// The shortest run found in which a rule is broken.
    Shortest(String, Option<Shortest>),
    /// Nothing is left to do.
    Done,
}

/// What is known of a submission so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// What the compiler said, if it did not accept the sources.
    pub does_not_compile: Option<String>,
    /// What the servers declare.
    pub declares: Option<Declared>,
    /// What the tests came to, by their paths.
    pub tests: BTreeMap<String, Record>,
    /// The shortest run found for each broken rule.
    pub shortest: BTreeMap<String, Option<Shortest>>,
    /// Whether nothing is left to do.
    pub done: bool,
}

/// The file of one submission.
#[derive(Debug)]
pub struct Records {
    file: File,
    /// What is known so far.
    pub known: Known,
}

impl Records {
    /// Opens a submission's file in this folder. What it holds of other sources, or of grading otherwise,
    /// is forgotten.
    ///
    /// # Errors
    ///
    /// When it can be neither read nor written.
    pub fn open(folder: &Path, job: &Job) -> Result<Records> {
        let path = folder.join(format!("{}.jsonl", job.id));
        Records::open_file(&path, &job.fingerprint).with_context(|| path.display().to_string())
    }

    fn open_file(path: &PathBuf, fingerprint: &str) -> io::Result<Records> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut known = Known::default();
        let mut good = 0;
        for line in text.split_inclusive(|&byte| byte == b'\n') {
            let whole = line.ends_with(b"\n");
            let Some(line_read) = serde_json::from_slice(line).ok().filter(|_| whole) else {
                break; // whoever wrote it was killed
            };
            match (good, line_read) {
                (0, Line::Of(of)) if of == fingerprint => {}
                (0, _) => break,
                (_, line) => known.add(line),
            }
            good += line.len();
        }
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        file.set_len(good as u64)?;
        if good == 0 {
            write_line(&mut file, &Line::Of(fingerprint.to_string()))?;
        }
        Ok(Records { file, known })
    }

    fn add(&mut self, line: Line) -> Result<()> {
        write_line(&mut self.file, &line).context("what is known cannot be written down")?;
        self.known.add(line);
        Ok(())
    }

    /// What the compiler said: there is no more to be known.
    pub fn does_not_compile(&mut self, said: String) -> Result<()> {
        self.add(Line::DoesNotCompile(said))?;
        self.add(Line::Done)
    }

    /// What the servers declare.
    pub fn declares(&mut self, declared: Declared) -> Result<()> {
        self.add(Line::Declares(declared))
    }

    /// What a test came to.
    pub fn test(&mut self, record: Record) -> Result<()> {
        self.add(Line::Test(Box::new(record)))
    }

    /// The shortest run found in which a rule is broken.
    pub fn shortest(&mut self, rule: &str, shortest: Option<Shortest>) -> Result<()> {
        self.add(Line::Shortest(rule.to_string(), shortest))
    }

    /// Nothing is left to do.
    pub fn done(&mut self) -> Result<()> {
        self.add(Line::Done)
    }
}

/// One write for the whole line.
fn write_line(file: &mut File, line: &Line) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    file.write_all(&text)
}

impl Known {
    fn add(&mut self, line: Line) {
        match line {
            Line::Of(_) => {}
            Line::DoesNotCompile(said) => self.does_not_compile = Some(said),
            Line::Declares(declared) => self.declares = Some(declared),
            Line::Test(record) => {
                self.tests.insert(record.path.clone(), *record);
            }
            Line::Shortest(rule, shortest) => {
                self.shortest.insert(rule, shortest);
            }
            Line::Done => self.done = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(path: &str) -> Record {
        Record {
            path: path.to_string(),
            played: 3,
            failed: 0,
            found: None,
            differs: None,
        }
    }

    #[test]
    fn what_was_known_when_the_writer_was_killed_is_known_again() {
        let folder = std::env::temp_dir().join(format!("raftlab-records-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.jsonl");
        let mut records = Records::open_file(&path, "one").unwrap();
        records.test(record("a")).unwrap();
        records.test(record("b")).unwrap();
        let whole = fs::read(&path).unwrap();
        // Wherever it is cut, whole lines count, and the next line begins where the last whole one ends.
        for cut in 0..=whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let mut again = Records::open_file(&path, "one").unwrap();
            let lines = whole[..cut].iter().filter(|&&byte| byte == b'\n').count();
            assert_eq!(
                again.known.tests.len(),
                lines.saturating_sub(1),
                "cut at {cut}"
            );
            if again.known.tests.len() < 2 {
                again.test(record("b")).unwrap();
                let more = Records::open_file(&path, "one").unwrap();
                assert!(more.known.tests.contains_key("b"), "cut at {cut}");
            }
        }
        // Of another submission nothing counts.
        fs::write(&path, &whole).unwrap();
        let other = Records::open_file(&path, "two").unwrap();
        assert_eq!(other.known, Known::default());
        fs::remove_dir_all(folder).unwrap();
    }
}
