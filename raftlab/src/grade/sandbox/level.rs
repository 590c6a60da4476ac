//! Which walls this machine can build.

use std::fmt;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

/// How programs are kept away from the machine, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Namespaces of their own by bubblewrap: files, processes, network, IPC.
    Bubblewrap,
    /// Landlock, where there is no right to namespaces, as in most containers.
    Landlock,
    /// Neither: the teacher trusts the submissions, or whatever the grader itself is run in.
    Trust,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Bubblewrap => "bubblewrap, seccomp, rlimits",
            Level::Landlock => "Landlock, seccomp, rlimits",
            Level::Trust => "none but seccomp and rlimits: told to trust",
        })
    }
}

impl Level {
    /// The strongest that this machine can build. `RAFTLAB_SANDBOX` may name a weaker one, for tests.
    ///
    /// # Errors
    ///
    /// When it can build none and was not told to trust.
    pub fn strongest(trust: bool) -> Result<Level> {
        let wanted = std::env::var("RAFTLAB_SANDBOX").unwrap_or_default();
        match wanted.as_str() {
            "" | "bubblewrap" | "landlock" => {}
            other => bail!("RAFTLAB_SANDBOX={other}: expected bubblewrap or landlock"),
        }
        let bubblewrap = match wanted.as_str() {
            "landlock" => Err("RAFTLAB_SANDBOX asks for Landlock".to_string()),
            _ => try_bubblewrap(),
        };
        let why = match bubblewrap {
            Ok(()) => return Ok(Level::Bubblewrap),
            Err(why) => why,
        };
        if wanted != "bubblewrap" && super::confine::has_landlock() {
            return Ok(Level::Landlock);
        }
        match trust {
            true => Ok(Level::Trust),
            false => bail!(
                "this machine can build no sandbox: {why}; and the kernel has no Landlock. Install \
                 bubblewrap (Debian package bubblewrap) and allow it user namespaces; or, where \
                 something else keeps the submissions from the machine, a container of their own say, \
                 grade with --trust"
            ),
        }
    }
}

/// Whether bubblewrap is there and may do what it is needed for; else why not.
fn try_bubblewrap() -> Result<(), String> {
    let tried = Command::new("bwrap")
        .args(super::cell::NAMESPACES)
        .args(["--ro-bind", "/", "/", "--", "/bin/true"])
        .stdin(Stdio::null())
        .output();
    match tried {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr);
            Err(format!("bubblewrap fails: {}", why.trim()))
        }
        Err(error) => Err(format!("bubblewrap cannot be started: {error}")),
    }
}
