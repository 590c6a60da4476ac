//! Each shipped scenario is played and compared with the transcript beside it: a change of behaviour
//! is a difference to review. `make transcripts` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the scenarios are there")
        .map(|entry| entry.expect("an entry can be read").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .collect();
    files.sort();
    let name = |path: &Path| {
        path.file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let trial = |path: PathBuf| Trial::test(name(&path), move || check(&path));
    let trials: Vec<Trial> = files.into_iter().map(trial).collect();
    assert!(trials.len() >= 12, "{} scenarios are too few", trials.len());
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn check(scenario: &Path) -> Result<(), Failed> {
    let name = scenario.file_stem().unwrap_or_default().to_string_lossy();
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (got, page) = (
        scratch.join(format!("{name}.transcript")),
        scratch.join(format!("{name}.html")),
    );
    let output = Command::new(env!("CARGO_BIN_EXE_raftlab"))
        .arg("play")
        .arg(scenario)
        .arg("--transcript")
        .arg(&got)
        .arg("--output")
        .arg(&page)
        .env_remove("RUST_LOG")
        .env_remove("RAFT_WATCHDOG")
        .output()?;
    if !output.status.success() {
        let (out, err) = (output.stdout, output.stderr);
        let text = [String::from_utf8(out)?, String::from_utf8(err)?].concat();
        return Err(text.into());
    }
    let got = fs::read_to_string(got)?;
    let beside = scenario.with_extension("transcript");
    let expected = fs::read_to_string(&beside).unwrap_or_default();
    if got == expected {
        return Ok(());
    }
    let mut lines = got.lines().zip(expected.lines()).enumerate();
    let first = lines.find(|(_, (got, expected))| got != expected);
    let first = match first {
        Some((line, (got, expected))) => {
            format!(
                "line {}:\n  expected: {expected}\n  played:   {got}",
                line + 1
            )
        }
        None => "one is longer than the other".to_string(),
    };
    Err(format!(
        "{} is not what is played: {first}\nif that is as it should be: make transcripts",
        beside.display()
    )
    .into())
}
