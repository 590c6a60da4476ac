//! What a program may see and use, and the command that runs it so.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::Level;

/// A place for one program.
#[derive(Clone, Debug)]
pub struct Cell {
    /// What it may read and run: files and folders, at their own paths.
    pub readable: Vec<PathBuf>,
    /// The folder that it may write to.
    pub writable: Option<PathBuf>,
    /// Whether it has `/proc` and a few devices: the compiler needs them, a server does not.
    pub furnished: bool,
    /// Its environment; nothing else is in it.
    pub environment: Vec<(&'static str, OsString)>,
    /// Where it starts.
    pub folder: PathBuf,
    /// See [`Limits`].
    pub limits: Limits,
}

/// What a program may use. Nothing is `None`, where there is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of address space of a process.
    pub memory: Option<u64>,
    /// Bytes of a file that is written.
    pub file: Option<u64>,
    /// Seconds of processor time of a process.
    pub processor_s: Option<u64>,
    /// Open descriptors of a process.
    pub descriptors: Option<u64>,
}

/// What keeps a program from everything that is not given to it.
pub(super) const NAMESPACES: [&str; 6] = [
    "--unshare-all",
    "--die-with-parent",
    "--new-session",
    "--cap-drop",
    "ALL",
    "--clearenv",
];

/// What `raftlab confine` is told: as JSON, in its first argument.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Walls {
    pub limits: Limits,
    /// The paths to read and to write, if Landlock is to see to it.
    pub landlock: Option<(Vec<PathBuf>, Vec<PathBuf>)>,
}

impl Cell {
    /// The command that runs a program in this cell.
    ///
    /// # Errors
    ///
    /// When this very program, which has the last word before the other one, cannot be found.
    pub fn command(
        &self,
        level: Level,
        program: &Path,
        arguments: &[OsString],
    ) -> io::Result<Command> {
        let itself = std::env::current_exe()?;
        let writable: Vec<PathBuf> = self.writable.iter().cloned().collect();
        let walls = Walls {
            limits: self.limits,
            landlock: (level == Level::Landlock).then(|| (self.readable.clone(), writable)),
        };
        let mut command = match level {
            Level::Bubblewrap => self.bubblewrap(&itself)?,
            Level::Landlock | Level::Trust => {
                let mut command = Command::new(&itself);
                command.env_clear().envs(self.environment.iter().cloned());
                command.current_dir(&self.folder);
                command
            }
        };
        command
            .arg("confine")
            .arg(serde_json::to_string(&walls)?)
            .arg(program)
            .args(arguments);
        Ok(command)
    }

    /// A file system with nothing in it but what the cell has, and this program.
    fn bubblewrap(&self, itself: &Path) -> io::Result<Command> {
        // If memory runs out, the kernel is to end what is in the cell, and nothing else.
        let mut command = Command::new("/bin/sh");
        // What is in the cell can read what this shell and bubblewrap were started with.
        command.env_clear();
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
            .arg("-c")
            .arg(
                "echo 1000 > /proc/self/oom_score_adj; \
                 walls=$(command -v bwrap); unset PATH; exec \"$walls\" \"$@\"",
            )
            .arg("sh")
            .args(NAMESPACES);
        for (name, value) in &self.environment {
            command.arg("--setenv").arg(name).arg(value);
        }
        let mut readable: BTreeSet<PathBuf> = self.readable.iter().cloned().collect();
        readable.extend(mapped_files()?);
        readable.insert(itself.to_path_buf());
        // A folder comes before what is in it, and what is in it comes along.
        let within = |path: &Path| {
            path.ancestors()
                .skip(1)
                .any(|above| readable.contains(above))
        };
        for path in readable.iter().filter(|path| !within(path)) {
            if path.is_symlink() && path.is_dir() {
                command.arg("--symlink").arg(fs::read_link(path)?).arg(path);
            } else {
                command.arg("--ro-bind").arg(path).arg(path);
            }
        }
        if let Some(path) = &self.writable {
            command.arg("--bind").arg(path).arg(path);
        }
        if self.furnished {
            command.args(["--proc", "/proc"]);
            // No terminals: a read from there never comes back.
            for device in ["/dev/null", "/dev/urandom"] {
                command.arg("--dev-bind").arg(device).arg(device);
            }
        }
        command.args(["--remount-ro", "/", "--chdir"]);
        command.arg(&self.folder).arg("--").arg(itself);
        Ok(command)
    }
}

/// The files that this very program consists of: itself, and the libraries that it was started with.
fn mapped_files() -> io::Result<BTreeSet<PathBuf>> {
    let maps = fs::read_to_string("/proc/self/maps")?;
    let path = |line: &str| line.find('/').map(|at| PathBuf::from(&line[at..]));
    let files = maps.lines().filter_map(path);
    let mut files: BTreeSet<PathBuf> = files.filter(|path| path.is_file()).collect();
    // The loader is asked for by the name that is in the program, which may be a link to it.
    for loader in ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"] {
        if Path::new(loader).exists() {
            files.insert(PathBuf::from(loader));
        }
    }
    Ok(files)
}
