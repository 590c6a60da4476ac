//! Compiles one submission, in a cell.

#![allow(clippy::disallowed_methods)] // the compiler lives by the wall clock

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{io, thread};

use anyhow::{Context, Result, bail};

use super::kit::{CODE, Kit};
use crate::grade::sandbox::{Cell, Level, Limits};
use crate::grade::submissions::Sources;

/// What came of the sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Built {
    /// A program.
    Program(PathBuf),
    /// None: what the compiler says, as the student would see it.
    Not(String),
}

/// The program around a submission: it is called `starter`, whatever its own manifest says.
const MAIN: &str = "\
fn main() -> std::process::ExitCode {
    let arguments = std::env::args().skip(1);
    raftapi::main(arguments, || starter::server(raftapi::Timing::LAB))
}
";

/// What a compiler may use. Two of them fit into a small machine beside the grader.
const LIMITS: Limits = Limits {
    memory: Some(4 << 30),
    file: Some(128 << 20),
    processor_s: Some(60),
    descriptors: Some(1024),
};

/// By the wall clock: after that something is wrong with the machine.
const PATIENCE: Duration = Duration::from_secs(600);

/// A compiler that uses no processor time for so long waits for what never comes: the sources have it read
/// from a pipe, say.
const IDLE: Duration = Duration::from_secs(30);

/// How much of what a compiler says is kept.
const MOST_SAID: u64 = 64 * 1024;

/// Builds these sources, unless the cache has what came of them, by their hash.
///
/// # Errors
///
/// When it is not known what would come of them: the grader's own trouble.
pub fn build(
    kit: &Kit,
    level: Level,
    cache: &Path,
    sources: &Sources,
    hash: &str,
) -> Result<Built> {
    let kept = cache
        .join("builds")
        .join(format!("{}-{hash}", &kit.lab[..16]));
    if let Some(built) = look_up(&kept) {
        return Ok(built);
    }
    let scratch = Scratch::new(cache)?;
    let (work, result) = (scratch.0.join("work"), scratch.0.join("result"));
    fs::create_dir_all(&result)?;
    sources
        .write_to(&work.join("starter/src"))
        .and_then(|()| fs::write(work.join("main.rs"), MAIN))
        .context("the sources cannot be written down")?;
    let built = compile(kit, level, &work)?;
    match &built {
        Built::Program(program) => {
            fs::rename(program, result.join(PROGRAM))?;
        }
        Built::Not(said) => fs::write(result.join(SAID), said)?,
    }
    // Another worker may have been faster; then it is the same.
    fs::create_dir_all(cache.join("builds"))?;
    let _ = fs::rename(&result, &kept);
    look_up(&kept).context("what was built is gone")
}

const PROGRAM: &str = "server";
const SAID: &str = "error.txt";

fn look_up(kept: &Path) -> Option<Built> {
    let program = kept.join(PROGRAM);
    if program.is_file() {
        return Some(Built::Program(program));
    }
    fs::read_to_string(kept.join(SAID)).ok().map(Built::Not)
}

/// A folder of this process's own, removed in the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(cache: &Path) -> io::Result<Scratch> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let all = cache.join("scratch");
        if number == 0 {
            remove_orphans(&all);
        }
        let folder = all.join(format!("{}-{number}", std::process::id()));
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir_all(&folder)?,
        }
        Ok(Scratch(folder))
    }
}

/// Removes what graders have left that were killed. Those that live may share the cache.
fn remove_orphans(all: &Path) {
    for entry in fs::read_dir(all).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.split('-').next().unwrap_or_default();
        if !Path::new("/proc").join(owner).exists() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn compile(kit: &Kit, level: Level, work: &Path) -> Result<Built> {
    let mut library = arguments(kit);
    library.extend(["--crate-name", "starter", "--crate-type", "rlib"].map(OsString::from));
    // What a student's own checkout checks, release or not, and one thing more: whoever needs unsafe
    // code has no honest reason to.
    library.extend(["-C", "overflow-checks=on", "-C", "debug-assertions=on"].map(OsString::from));
    library.extend(["-F", "unsafe-code", "-A", "warnings"].map(OsString::from));
    library.extend(["-o", "libstarter.rlib", "starter/src/lib.rs"].map(OsString::from));
    for (name, file) in &kit.libraries {
        library.extend(externs(name, file));
    }
    if let Some(said) = run(kit, level, work, &library)? {
        return Ok(Built::Not(said));
    }
    let mut program = arguments(kit);
    program.extend(["--crate-name", "server", "--crate-type", "bin"].map(OsString::from));
    program.extend(["-C", "strip=symbols", "-o", PROGRAM, "main.rs"].map(OsString::from));
    program.extend(externs("starter", Path::new("libstarter.rlib")));
    for (name, file) in &kit.libraries {
        if *name == "raftapi" {
            program.extend(externs(name, file));
        }
    }
    if let Some(said) = run(kit, level, work, &program)? {
        return Ok(Built::Not(said));
    }
    let program = work.join(PROGRAM);
    let bytes = loaded_bytes(&fs::read(&program)?).context("the compiler made no program")?;
    if bytes > MOST_LOADED {
        let (mib, most) = (bytes >> 20, MOST_LOADED >> 20);
        return Ok(Built::Not(format!(
            "error: the program takes {mib} MiB before it has begun, {most} at most: what is in its statics?\n"
        )));
    }
    Ok(Built::Program(program))
}

/// Of a program's memory, what is taken before it begins: code, constants and statics. The reference has 1 MiB.
const MOST_LOADED: u64 = 16 << 20;

/// How much memory an ELF program of 64 bits, little endian, takes when it is loaded: all segments of the
/// kinds that have some. Nothing, if it is none.
fn loaded_bytes(program: &[u8]) -> Option<u64> {
    const LOADED: u64 = 1;
    const OF_EACH_THREAD: u64 = 7;
    let number = |at: usize, bytes: usize| {
        let field = program.get(at..at.checked_add(bytes)?)?;
        let mut number = [0; 8];
        number[..bytes].copy_from_slice(field);
        Some(u64::from_le_bytes(number))
    };
    if program.get(..6)? != b"\x7fELF\x02\x01" {
        return None;
    }
    let (table, size, count) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
    let mut segments = (0..count).map(|n| {
        let at = usize::try_from(table.checked_add(n * size)?).ok()?;
        match number(at, 4)? {
            LOADED | OF_EACH_THREAD => number(at + 40, 8),
            _ => Some(0),
        }
    });
    segments.try_fold(0, |all: u64, segment| all.checked_add(segment?))
}

fn arguments(kit: &Kit) -> Vec<OsString> {
    let mut arguments: Vec<OsString> =
        ["--edition", "2024", "--color", "never", "-C", "opt-level=3"]
            .map(OsString::from)
            .into();
    arguments.extend(CODE.map(OsString::from));
    arguments.extend([OsString::from("--target"), OsString::from(&kit.target)]);
    for folder in &kit.folders {
        let mut search = OsString::from("dependency=");
        search.push(folder);
        arguments.extend([OsString::from("-L"), search]);
    }
    arguments
}

fn externs(name: &str, file: &Path) -> [OsString; 2] {
    let mut library = OsString::from(format!("{name}="));
    library.push(file);
    [OsString::from("--extern"), library]
}

/// Runs the compiler. What it says, if it does not accept what it was given.
fn run(kit: &Kit, level: Level, work: &Path, arguments: &[OsString]) -> Result<Option<String>> {
    let system = [
        "/bin",
        "/lib",
        "/lib64",
        "/usr/bin",
        "/usr/lib",
        "/usr/lib64",
        "/usr/libexec",
        "/etc/alternatives",
        "/etc/ld.so.cache",
    ];
    let mut readable: Vec<PathBuf> = system.map(PathBuf::from).into();
    readable.retain(|path| path.exists());
    readable.push(kit.sysroot.clone());
    readable.extend(kit.folders.iter().cloned());
    let cell = Cell {
        readable,
        writable: Some(work.to_path_buf()),
        furnished: true,
        environment: vec![
            ("PATH", OsString::from("/usr/bin:/bin")),
            ("TMPDIR", work.as_os_str().to_os_string()),
        ],
        folder: work.to_path_buf(),
        limits: LIMITS,
    };
    let said = work.parent().unwrap_or(work).join("said.txt");
    let mut child = cell
        .command(level, &kit.rustc, arguments)?
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(&said)?)
        .spawn()
        .context("the compiler cannot be started")?;
    let began = Instant::now();
    let (mut used, mut since) = (0, began);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if since.elapsed() > IDLE {
            match processor_ticks(child.id()) {
                // Where that is not known, patience must do.
                Some(now) if now <= used => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Ok(Some(format!(
                        "error: the compiler was given up: for {IDLE:?} it waited for something\n"
                    )));
                }
                now => (used, since) = (now.unwrap_or(used), Instant::now()),
            }
        }
        if began.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            bail!("the compiler did not end within {PATIENCE:?}: is the machine overloaded?");
        }
        thread::sleep(Duration::from_millis(5));
    };
    let mut text = Vec::new();
    File::open(&said)?.take(MOST_SAID).read_to_end(&mut text)?;
    judge(status, String::from_utf8_lossy(&text).into_owned())
}

/// How many ticks of processor time a process has used, with all that it has started, if that can be told.
fn processor_ticks(process: u32) -> Option<u64> {
    let of = |name: &str| fs::read_to_string(format!("/proc/{process}/{name}")).ok();
    let stat = of("stat")?;
    // After the program's name, which may hold anything, in brackets.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    // Its own and its ended children's, in user code and in the kernel.
    let own = fields.get(11..15)?.iter();
    let own: u64 = own
        .map(|ticks| ticks.parse::<u64>().ok())
        .sum::<Option<u64>>()?;
    let children = of(&format!("task/{process}/children"))?;
    let children = children
        .split_whitespace()
        .filter_map(|child| child.parse().ok());
    Some(own + children.filter_map(processor_ticks).sum::<u64>())
}

fn judge(status: ExitStatus, said: String) -> Result<Option<String>> {
    /// A shell and bubblewrap report the end of a program by a signal as an exit code.
    const BY_SIGNAL: i32 = 128;
    let signal = status.signal();
    let signal = signal.or_else(|| status.code()?.checked_sub(BY_SIGNAL).filter(|&s| s > 0));
    match (status.code(), signal) {
        (Some(0), _) => Ok(None),
        // The compiler's own, after an error or a crash of its own.
        (Some(1 | 101), _) if !said.starts_with("bwrap: ") => Ok(Some(said)),
        (
            _,
            Some(libc::SIGXCPU | libc::SIGKILL | libc::SIGABRT | libc::SIGSEGV | libc::SIGXFSZ),
        ) => {
            let why = "the compiler was given up: it used more than 60 s of processor time, 4 GiB of \
                       memory or 128 MiB of a file";
            Ok(Some(format!("{said}error: {why}\n")))
        }
        _ => bail!("the compiler could not be run ({status}): {}", said.trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_says_how_much_memory_it_takes() {
        static ZEROS: [u8; 1 << 20] = [0; 1 << 20];
        let program = fs::read(std::env::current_exe().unwrap()).unwrap();
        let bytes = loaded_bytes(&program).unwrap();
        assert!(bytes > std::hint::black_box(&ZEROS).len() as u64, "{bytes}");
        assert!(bytes < 1 << 30, "{bytes}");
        assert_eq!(loaded_bytes(&program[..60]), None);
        assert_eq!(loaded_bytes(b"#!/bin/sh"), None);
    }

    #[test]
    fn the_processor_time_of_a_process_is_told_with_that_of_its_children() {
        let all = processor_ticks(std::process::id()).unwrap();
        assert!(processor_ticks(u32::MAX).is_none());
        assert!(processor_ticks(std::process::id()).unwrap() >= all);
    }
}
