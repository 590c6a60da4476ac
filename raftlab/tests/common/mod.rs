//! What tests of the command line share: the tool, run as a user runs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The laboratory with the reference in it.
pub fn raftlab() -> Command {
    clean(Command::new(env!("CARGO_BIN_EXE_raftlab")))
}

/// The laboratory with a server in it that does nothing.
pub fn careless() -> Command {
    example("careless")
}

/// The laboratory with another server in it.
pub fn example(name: &str) -> Command {
    let tests = std::env::current_exe().expect("this test has a path");
    let target = tests
        .parent()
        .and_then(Path::parent)
        .expect("it is in deps/");
    let name = format!("examples/{name}{}", std::env::consts::EXE_SUFFIX);
    clean(Command::new(target.join(name)))
}

/// Without what the environment of the tests themselves asks for, and in a folder where what is
/// written is in nobody's way.
fn clean(mut command: Command) -> Command {
    for name in [
        "RAFT_SEED",
        "RAFT_SEEDS",
        "RAFT_WATCHDOG",
        "RAFT_CHECK_DETERMINISM",
        "RUST_LOG",
    ] {
        command.env_remove(name);
    }
    command.current_dir(env!("CARGO_TARGET_TMPDIR"));
    command
}

/// Exit code, standard output, standard error.
pub fn run(command: &mut Command) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("it can be started");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    let code = status.code().expect("it ended by itself");
    (code, text(stdout), text(stderr))
}

/// A file of this test's own, which is not there yet.
pub fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_file(&path);
    path
}

/// Starts a command and presses Ctrl-C as soon as it listens. What it prints before it ends, as
/// interrupted.
#[cfg(target_os = "linux")]
pub fn interrupted(command: &mut Command) -> String {
    let child = command.stdout(std::process::Stdio::piped()).spawn();
    let child = child.expect("it can be started");
    let id = child.id();
    // As soon as it catches SIGINT, signal 2.
    let catches = || {
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = u64::from_str_radix(caught.unwrap_or("0").trim(), 16).unwrap_or(0);
        caught & 1 << (2 - 1) != 0
    };
    while !catches() {
        std::thread::yield_now();
    }
    let kill = Command::new("kill")
        .args(["-INT", &id.to_string()])
        .status();
    assert!(kill.expect("kill is there").success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    String::from_utf8(output.stdout).expect("text")
}
