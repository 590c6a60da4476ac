//! `make mutants`: builds every mutant, and has them judged.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use mutants::nursery;
use mutants::patch::Patch;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// The arguments are the judge's.
fn run() -> Result<ExitCode> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = folder.ancestors().nth(2).context("the workspace's root")?;
    let patches = Patch::all(folder)?;
    let judge = nursery::build(root, &patches)?;
    let status = Command::new(&judge)
        .arg("--patches")
        .arg(folder)
        .args(std::env::args_os().skip(1))
        .status()
        .with_context(|| judge.display().to_string())?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(2)))
}
