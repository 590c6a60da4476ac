//! Submissions for the grader's tests: folders as students would hand them in, made from the servers of
//! this workspace.

#![allow(dead_code)] // not every test needs all of them

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// What a submission is made from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Base {
    /// `raft/src`: earns everything.
    Reference,
    /// `starter/src`: earns nothing.
    Starter,
    /// The reference with the patch of this number.
    Mutant(String),
}

/// The workspace.
pub fn house() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

impl Base {
    /// `reference`, `starter` or `mutant NN`.
    ///
    /// # Errors
    ///
    /// When it is none of them.
    pub fn parse(value: &str) -> Result<Base> {
        Ok(match value {
            "reference" => Base::Reference,
            "starter" => Base::Starter,
            _ => match value.strip_prefix("mutant ") {
                Some(number) => Base::Mutant(number.to_string()),
                None => bail!("'Base: {value}': expected reference, starter or mutant NN"),
            },
        })
    }

    /// What it is called in a class.
    pub fn id(&self) -> String {
        match self {
            Base::Reference => "base-reference".to_string(),
            Base::Starter => "base-starter".to_string(),
            Base::Mutant(number) => format!("base-mutant-{number}"),
        }
    }

    /// Makes the base alone a submission: what it earns is earned honestly.
    ///
    /// # Errors
    ///
    /// When it cannot be written, or the patch no longer applies.
    pub fn assemble(&self, into: &Path) -> Result<()> {
        let server = match self {
            Base::Starter => "starter/src",
            Base::Reference | Base::Mutant(_) => "raft/src",
        };
        // The patches name their files as the workspace does.
        copy(&house().join(server), &into.join(server))?;
        if let Base::Mutant(number) = self {
            let patches = entries(&house().join("tests/mutants"))?;
            let start = format!("{number}-");
            let is_it = |path: &&PathBuf| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.starts_with(&start)
            };
            let patch = patches.iter().find(is_it);
            apply(
                patch.with_context(|| format!("there is no mutant {number}"))?,
                into,
            )?;
        }
        fs::rename(into.join(server), into.join("src"))?;
        fs::remove_dir(into.join(server).with_file_name(""))?;
        Ok(())
    }
}

fn apply(patch: &Path, into: &Path) -> Result<()> {
    let mut command = Command::new("patch");
    command.args([
        "-p1",
        "--silent",
        "--fuzz=0",
        "--no-backup-if-mismatch",
        "--input",
    ]);
    let done = command
        .arg(fs::canonicalize(patch)?)
        .current_dir(into)
        .status();
    let done = done.context("patch (the Debian package 'patch')")?;
    ensure!(done.success(), "{} does not apply", patch.display());
    Ok(())
}

/// What is in a folder, in the order of its names.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        let entries = fs::read_dir(folder)?;
        entries.map(|entry| Ok(entry?.path())).collect()
    };
    let mut paths = read().with_context(|| folder.display().to_string())?;
    paths.sort();
    Ok(paths)
}

/// Copies a folder over another.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for path in entries(from)? {
        let to = to.join(path.file_name().context("an entry has a name")?);
        if path.is_dir() {
            copy(&path, &to)?;
        } else {
            fs::copy(&path, to)?;
        }
    }
    Ok(())
}
