//! `raftlab confine`: the last step before a program that nobody trusts. It gives up what the program
//! must not have, and becomes the program.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope, path_beneath_rules,
};
use rustix::process::{Resource, Rlimit, Signal, setrlimit};

use super::cell::{Limits, Walls};
use super::filter;

/// Gives up everything and becomes `program`. It returns only when it cannot.
pub fn run(walls: &str, program: &OsString, arguments: &[OsString]) -> Result<()> {
    let walls: Walls = serde_json::from_str(walls).context("the walls make no sense")?;
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    if let Some((readable, writable)) = &walls.landlock {
        restrict_files(readable, writable)?;
    }
    limit(&walls.limits).context("a limit cannot be set")?;
    filter::apply_to_all()?;
    let error = Command::new(program).args(arguments).exec();
    Err(error).with_context(|| format!("{} cannot be run", program.display()))
}

fn limit(limits: &Limits) -> io::Result<()> {
    let all = [
        (Resource::As, limits.memory),
        (Resource::Fsize, limits.file),
        (Resource::Cpu, limits.processor_s),
        (Resource::Nofile, limits.descriptors),
        (Resource::Core, Some(0)),
    ];
    for (resource, limit) in all {
        if limit.is_some() {
            let (current, maximum) = (limit, limit);
            setrlimit(resource, Rlimit { current, maximum })?;
        }
    }
    Ok(())
}

/// The newest version of Landlock that this program knows.
const NEWEST: ABI = ABI::V6;

/// Whether the kernel has Landlock.
pub fn has_landlock() -> bool {
    let ruleset = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    let ruleset = ruleset.handle_access(AccessFs::from_all(ABI::V1));
    ruleset.and_then(Ruleset::create).is_ok()
}

/// Leaves these paths of the file system, and takes signals and sockets to the outside away.
fn restrict_files(readable: &[std::path::PathBuf], writable: &[std::path::PathBuf]) -> Result<()> {
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    let read = AccessFs::from_read(NEWEST);
    let mut ruleset = ruleset
        .add_rules(path_beneath_rules(readable, read))?
        .add_rules(path_beneath_rules(writable, AccessFs::from_all(NEWEST)))?;
    // What every program writes to.
    if let Ok(null) = PathFd::new("/dev/null") {
        ruleset = ruleset.add_rule(PathBeneath::new(
            null,
            AccessFs::ReadFile | AccessFs::WriteFile,
        ))?;
    }
    // `confine` itself goes on to open the program and its libraries.
    let status = ruleset.restrict_self()?;
    ensure!(
        status.ruleset != RulesetStatus::NotEnforced,
        "the kernel does not enforce Landlock"
    );
    Ok(())
}

/// Every descriptor that this process was started with, but the first three, ends with the next program
/// that a child becomes. (Those that Rust opens do so anyway.)
#[allow(unsafe_code)]
pub fn close_on_exec() {
    let entries = std::fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .flatten();
    let names = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    for descriptor in names
        .filter(|&descriptor| descriptor > 2)
        .collect::<Vec<_>>()
    {
        // SAFETY: the call takes integers, and a descriptor that is not open any more is an error that
        // changes nothing.
        unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}
