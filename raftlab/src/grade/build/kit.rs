//! What every submission is built with. A submission has no say in it: neither manifest nor lockfile,
//! features, toolchain or configuration.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::grade::hash::hex;

/// The libraries that a submission may use: the dependencies of `starter/Cargo.toml`.
const LIBRARIES: [&str; 5] = ["crossbeam_channel", "labrpc", "log", "raftapi", "rand"];

/// What a server is compiled to: one file that needs no other, so that its cell can be empty, and that is
/// not moved in memory, so that a fork of it is cheap.
pub const CODE: [&str; 4] = [
    "-C",
    "target-feature=+crt-static",
    "-C",
    "relocation-model=static",
];

/// What every submission is built with.
#[derive(Clone, Debug)]
pub struct Kit {
    /// The compiler.
    pub rustc: PathBuf,
    /// The folder of the whole toolchain.
    pub sysroot: PathBuf,
    /// The kind of machine, `x86_64-unknown-linux-gnu`.
    pub target: String,
    /// The compiler's version, in a line.
    pub toolchain: String,
    /// Each library, and its file.
    pub libraries: Vec<(&'static str, PathBuf)>,
    /// The folders in which libraries are that libraries need.
    pub folders: Vec<PathBuf>,
    /// The hash of the laboratory's sources.
    pub lab: String,
}

impl Kit {
    /// Builds the laboratory's libraries, unless they are built already.
    ///
    /// # Errors
    ///
    /// When this program's own source is not where it was built from, or cargo fails.
    pub fn prepare(cache: &Path) -> Result<Kit> {
        let lab = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
        let lab = lab.filter(|lab| lab.join("starter/Cargo.toml").is_file());
        let lab = lab.with_context(|| {
            let folder = env!("CARGO_MANIFEST_DIR");
            format!(
                "the laboratory's sources are not in {folder}/.. any more, where this program was built: \
                 submissions are built with them; build it again where they are now"
            )
        })?;
        let version = output(Command::new("rustc").arg("-vV").current_dir(lab))?;
        let line = |name: &str| {
            let mut lines = version.lines();
            lines.find_map(|line| Some(line.strip_prefix(name)?.trim().to_string()))
        };
        let target = line("host:").context("rustc -vV does not name the host")?;
        let toolchain = version.lines().next().unwrap_or_default().to_string();
        let sysroot = output(
            Command::new("rustc")
                .args(["--print", "sysroot"])
                .current_dir(lab),
        )?;
        let sysroot = PathBuf::from(sysroot.trim());

        let folder = cache.join("kit");
        let libraries = build_libraries(lab, &folder, &target)?;
        Ok(Kit {
            rustc: sysroot.join("bin/rustc"),
            folders: vec![
                folder.join(&target).join("release/deps"),
                folder.join("release/deps"),
            ],
            lab: hash_of_sources(lab)?,
            sysroot,
            target,
            toolchain,
            libraries,
        })
    }
}

/// Runs a command of the toolchain. What it prints.
fn output(command: &mut Command) -> Result<String> {
    let shown = format!("{command:?}");
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("{shown} cannot be started"))?;
    ensure!(output.status.success(), "{shown} failed: {}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn build_libraries(
    lab: &Path,
    folder: &Path,
    target: &str,
) -> Result<Vec<(&'static str, PathBuf)>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args([
            "build",
            "--quiet",
            "--locked",
            "--release",
            "--lib",
            "-p",
            "starter",
        ])
        .args(["--message-format", "json-render-diagnostics"])
        .args(["--target", target, "--target-dir"])
        .arg(folder)
        .current_dir(lab)
        .env("RUSTFLAGS", CODE.join(" "))
        .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    let printed = output(&mut command).context(
        "the libraries that submissions are built with cannot be built, with the starter as it is in \
         this checkout (a static libc is needed: Debian package libc6-dev, Fedora's glibc-static)",
    )?;
    let mut found = Vec::new();
    for line in printed.lines() {
        let message: Value = serde_json::from_str(line).context("cargo prints what is no JSON")?;
        let name = message["target"]["name"].as_str().unwrap_or_default();
        let Some(name) = LIBRARIES.iter().find(|known| **known == name) else {
            continue;
        };
        let files = message["filenames"].as_array();
        let files = files.into_iter().flatten().filter_map(Value::as_str);
        found.extend(
            files
                .filter(|file| file.ends_with(".rlib"))
                .map(|file| (*name, PathBuf::from(file))),
        );
    }
    found.sort();
    let names: Vec<&str> = found.iter().map(|(name, _)| *name).collect();
    if names != LIBRARIES {
        bail!("expected one library each of {LIBRARIES:?}, and cargo built {names:?}");
    }
    Ok(found)
}

/// The hash of everything that a mark depends on and that is not the submission's: network, rules, suite,
/// and what builds and plays.
fn hash_of_sources(lab: &Path) -> Result<String> {
    let mut files = vec![lab.join("Cargo.lock")];
    for folder in ["labrpc/src", "raftapi/src", "tests/src", "raftlab/src"] {
        collect(&lab.join(folder), &mut files)?;
    }
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        let text = fs::read(&file).with_context(|| file.display().to_string())?;
        let name = file.strip_prefix(lab).unwrap_or(&file);
        hash.update(format!("{} {}\n", name.display(), text.len()));
        hash.update(&text);
    }
    Ok(hex(&hash.finalize()))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        match path.is_dir() {
            true => collect(&path, files)?,
            false => files.push(path),
        }
    }
    Ok(())
}
