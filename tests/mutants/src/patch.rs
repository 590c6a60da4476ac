//! A mutant as it is written down.
//!
//! `NN-name.patch` is a diff of `raft/`, for `patch -p1`. The lines before it say what it is:
//!
//! ```text
//! Wrong: what this server does that it must not do
//! Test: votes::first_come_first_served
//! Rules: one vote per server and term | a rule whose hint also names the true cause
//! Elsewhere: classic, partitions: two candidates of one term occur there, too
//! Server: pre_vote check_quorum transfer
//! ```
//!
//! `Test` must be among the tests that fail, and its part is the mutant's own. The finding that a
//! student is shown first points at the true cause if it is of one of the `Rules`. `Elsewhere`, if
//! there, says in which other parts it loses points, too, and why that cannot be otherwise.
//! `Server`, if there, says which options are switched on; plain Raft if not.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use suite::part::Part;

/// A patch, and what its head says.
#[derive(Clone, Debug)]
pub struct Patch {
    /// `NN-name`.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What is wrong with the server.
    pub wrong: String,
    /// The test that must fail: `part::name`.
    pub test: String,
    /// The rules whose hints point at the true cause.
    pub rules: Vec<String>,
    /// The other parts in which it loses points, and why.
    pub elsewhere: Option<(Vec<Part>, String)>,
    /// The options that are switched on.
    pub options: Vec<String>,
}

impl Patch {
    /// All patches of a folder, in the order of their names.
    ///
    /// # Errors
    ///
    /// When one cannot be read, or its head does not say what it must: the message names the file.
    pub fn all(folder: &Path) -> Result<Vec<Patch>> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == "patch") {
                paths.push(path);
            }
        }
        paths.sort();
        paths.iter().map(|path| Patch::read(path)).collect()
    }

    fn read(path: &Path) -> Result<Patch> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Patch::parse(path, &text).with_context(|| path.display().to_string())
    }

    fn parse(path: &Path, text: &str) -> Result<Patch> {
        let name = path.file_stem().and_then(|stem| stem.to_str());
        let name = name.context("the file has no name")?.to_string();
        let mut patch = Patch {
            name,
            path: path.to_path_buf(),
            wrong: String::new(),
            test: String::new(),
            rules: Vec::new(),
            elsewhere: None,
            options: Vec::new(),
        };
        for line in text.lines().take_while(|line| !line.starts_with("--- ")) {
            let Some((key, value)) = line.split_once(": ") else {
                continue; // `diff` and `index` lines
            };
            let value = value.trim().to_string();
            match key {
                "Wrong" => patch.wrong = value,
                "Test" => patch.test = value,
                "Rules" => patch.rules = value.split('|').map(|r| r.trim().into()).collect(),
                "Elsewhere" => patch.elsewhere = Some(elsewhere(&value)?),
                "Server" => patch.options = value.split(' ').map(String::from).collect(),
                _ => bail!("'{key}:' is none of Wrong, Test, Rules, Elsewhere, Server"),
            }
        }
        ensure!(!patch.wrong.is_empty(), "the line 'Wrong: ...' is missing");
        ensure!(!patch.rules.is_empty(), "the line 'Rules: ...' is missing");
        ensure!(
            suite::all().iter().any(|test| test.path() == patch.test),
            "'Test: {}' names no test of the suite",
            patch.test
        );
        Ok(patch)
    }

    /// The part that its test belongs to.
    pub fn own_part(&self) -> Part {
        let all = suite::all();
        let own = all.iter().find(|test| test.path() == self.test);
        own.expect("the test was looked up when the patch was read")
            .part
    }
}

/// `classic, timers: why`
fn elsewhere(value: &str) -> Result<(Vec<Part>, String)> {
    let (parts, why) = value
        .split_once(": ")
        .context("expected 'Elsewhere: part, part: why'")?;
    let part = |name: &str| {
        let found = Part::ALL.into_iter().find(|part| part.name() == name);
        found.with_context(|| format!("there is no part '{name}'"))
    };
    let parts: Result<_> = parts.split(", ").map(part).collect();
    Ok((parts?, why.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "Wrong: it is\nTest: classic::re_election\nRules: one | two\n";

    fn parse(text: &str) -> Result<Patch> {
        Patch::parse(Path::new("01-wrong.patch"), text)
    }

    #[test]
    fn a_head_says_what_is_wrong_and_where_it_shows() {
        let more = "Elsewhere: votes, timers: it is everywhere\n--- a/x\n+++ b/x\n Other: x\n";
        let patch = parse(&format!("{HEAD}{more}")).unwrap();
        assert_eq!(
            (patch.name.as_str(), patch.wrong.as_str()),
            ("01-wrong", "it is")
        );
        assert_eq!(patch.own_part(), Part::Classic);
        assert_eq!(patch.rules, ["one", "two"]);
        let (parts, why) = patch.elsewhere.unwrap();
        assert_eq!(parts, [Part::Votes, Part::Timers]);
        assert_eq!(why, "it is everywhere");
    }

    #[test]
    fn a_head_that_makes_no_sense_is_refused() {
        for (text, words) in [
            ("Test: classic::re_election\nRules: one\n", "Wrong"),
            (
                "Wrong: it is\nTest: classic::none\nRules: one\n",
                "names no test",
            ),
            (
                &format!("{HEAD}Elsewhere: nowhere: why\n"),
                "no part 'nowhere'",
            ),
            (&format!("{HEAD}Colour: red\n"), "'Colour:' is none of"),
        ] {
            let error = format!("{:#}", parse(text).unwrap_err());
            assert!(error.contains(words), "{error}");
        }
    }
}
