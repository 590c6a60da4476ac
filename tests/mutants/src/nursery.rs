//! Applies the patches to copies of the reference, and builds them all into one program.
//!
//! A server is a function behind a pointer, so the suite is compiled once, however many mutants
//! there are: the nursery is a workspace of small crates, one a mutant, and a program that has them
//! all and judges them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::patch::Patch;

/// Builds the judge of these mutants in `target/mutants` below the workspace's `root`; where it is.
///
/// # Errors
///
/// When a patch does not apply any more or does not compile: the message names it.
pub fn build(root: &Path, patches: &[Patch]) -> Result<PathBuf> {
    let nursery = root.join("target/mutants");
    fs::create_dir_all(&nursery)?;
    let mut members = vec!["judge".to_string()];
    for patch in patches {
        grow(root, &nursery, patch).with_context(|| patch.path.display().to_string())?;
        members.push(package(patch));
    }
    write_judge(root, &nursery, patches)?;
    write_workspace(root, &nursery, &members)?;
    let built = Command::new("cargo")
        .args(["build", "--release", "--quiet", "-p", "judge"])
        .current_dir(&nursery)
        .env("CARGO_TARGET_DIR", nursery.join("target"))
        .env("RUSTFLAGS", "--cap-lints allow")
        .status()
        .context("cargo")?;
    ensure!(built.success(), "not every mutant compiles: see above");
    Ok(nursery.join("target/release/judge"))
}

/// The copy of the reference with this patch in it.
fn grow(root: &Path, nursery: &Path, patch: &Patch) -> Result<()> {
    let home = nursery.join(package(patch));
    let fresh = nursery.join("fresh");
    let _ = fs::remove_dir_all(&fresh);
    copy_sources(&root.join("raft/src"), &fresh.join("raft/src"))?;
    let output = Command::new("patch")
        .args([
            "-p1",
            "--forward",
            "--fuzz=0",
            "--no-backup-if-mismatch",
            "--input",
        ])
        .arg(fs::canonicalize(&patch.path)?)
        .current_dir(&fresh)
        .output()
        .context("patch (the Debian package 'patch')")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout);
        bail!("the patch no longer applies to raft/:\n{said}");
    }
    replace_changed(&fresh.join("raft/src"), &home.join("src"))?;
    let raft = fs::read_to_string(root.join("raft/Cargo.toml"))?;
    let dependencies = section(&raft, "[dependencies]").context("raft/Cargo.toml")?;
    let manifest = format!(
        "[package]\nname = \"{0}\"\nversion = \"0.0.0\"\nedition.workspace = true\n\n\
         [lib]\nname = \"{1}\"\n\n[dependencies]\n{dependencies}",
        package(patch),
        library(patch),
    );
    write_if_changed(&home.join("Cargo.toml"), &manifest)
}

/// The mutant's crate.
fn package(patch: &Patch) -> String {
    format!("mutant-{}", patch.name)
}

/// The same, as Rust has it.
fn library(patch: &Patch) -> String {
    package(patch).replace('-', "_")
}

fn write_judge(root: &Path, nursery: &Path, patches: &[Patch]) -> Result<()> {
    let mut manifest = String::from(
        "[package]\nname = \"judge\"\nversion = \"0.0.0\"\nedition.workspace = true\n\n\
         [dependencies]\nraftapi.workspace = true\n",
    );
    let _ = writeln!(
        manifest,
        "mutants = {{ path = {:?} }}",
        root.join("tests/mutants")
    );
    let mut main = String::from("fn main() -> std::process::ExitCode {\n");
    main.push_str("    mutants::judge::main(vec![\n");
    for patch in patches {
        let (name, package, library) = (&patch.name, package(patch), library(patch));
        let _ = writeln!(manifest, "{package} = {{ path = \"../{package}\" }}");
        let server = match patch.options.is_empty() {
            true => format!("{library}::server(raftapi::Timing::LAB)"),
            false => {
                let options = options(&library, &patch.options)
                    .with_context(|| patch.path.display().to_string())?;
                format!("{library}::server_with(raftapi::Timing::LAB, {options})")
            }
        };
        let _ = writeln!(main, "        ({name:?}, {server}),");
    }
    main.push_str("    ])\n}\n");
    write_if_changed(&nursery.join("judge/Cargo.toml"), &manifest)?;
    write_if_changed(&nursery.join("judge/src/main.rs"), &main)
}

/// The reference's options, as an expression.
fn options(library: &str, names: &[String]) -> Result<String> {
    let mut fields = Vec::new();
    for name in names {
        fields.push(match name.as_str() {
            "pre_vote" => "pre_vote: Some(raftapi::PreVote::Thesis)",
            "check_quorum" => "check_quorum: true",
            "transfer" => "transfer: true",
            _ => bail!("'{name}' is none of pre_vote, check_quorum, transfer"),
        });
    }
    let fields = fields.join(", ");
    Ok(format!(
        "{library}::Options {{ {fields}, ..Default::default() }}"
    ))
}

/// The workspace around them: the house's own, with other members and absolute paths.
fn write_workspace(root: &Path, nursery: &Path, members: &[String]) -> Result<()> {
    let house = fs::read_to_string(root.join("Cargo.toml"))?;
    let package = section(&house, "[workspace.package]").context("Cargo.toml")?;
    let dependencies = section(&house, "[workspace.dependencies]").context("Cargo.toml")?;
    let root_path = root.to_str().context("the path is not UTF-8")?;
    let dependencies = dependencies.replace("path = \"", &format!("path = \"{root_path}/"));
    let mut text = format!(
        "[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n\
         [workspace.package]\n{package}\n[workspace.dependencies]\n{dependencies}\n"
    );
    // A mutant is small and not what takes the time: it is to be built quickly.
    for member in &members[1..] {
        let _ = writeln!(text, "[profile.release.package.{member}]\nopt-level = 1");
    }
    write_if_changed(&nursery.join("Cargo.toml"), &text)?;
    let lock = nursery.join("Cargo.lock");
    if !lock.exists() {
        fs::copy(root.join("Cargo.lock"), lock)?;
    }
    Ok(())
}

/// The lines of a manifest's section.
fn section<'a>(manifest: &'a str, title: &str) -> Option<&'a str> {
    let (_, rest) = manifest.split_once(&format!("{title}\n"))?;
    let end = rest.find("\n[").map_or(rest.len(), |at| at + 1);
    Some(&rest[..end])
}

fn copy_sources(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_sources(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

/// Makes `to` what `from` is, and leaves files alone that are so already, so that cargo builds
/// only what has changed.
fn replace_changed(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(to)? {
        let entry = entry?;
        if !from.join(entry.file_name()).exists() {
            fs::remove_file(entry.path())?;
        }
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            replace_changed(&entry.path(), &to)?;
        } else {
            write_if_changed(&to, &fs::read_to_string(entry.path())?)?;
        }
    }
    Ok(())
}

fn write_if_changed(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).with_context(|| path.display().to_string())
}
