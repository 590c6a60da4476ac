//! Where processes come from.

use std::io;
use std::time::Duration;

use super::line::{LineReader, LineWriter};

/// A program that servers are processes of.
pub trait Program: Send + Sync {
    /// Starts a process that waits for its first line.
    ///
    /// # Errors
    ///
    /// When it cannot be started, for a reason that is not the server's.
    fn start(&self) -> io::Result<Link>;

    /// Whether its servers may be told ahead what they will be handed: they read several lines before they
    /// answer the first, and answer each in its turn.
    fn may_be_told_ahead(&self) -> bool {
        false
    }
}

/// A server's process, and the two pipes to it.
pub struct Link {
    pub(super) wakes: LineWriter,
    pub(super) steps: LineReader,
    pub(super) life: Box<dyn Life>,
}

/// A process that runs, or has run.
pub(super) trait Life {
    /// The processor time that it has used; none if that is not known.
    fn processor_time(&mut self) -> Option<Duration>;

    /// It has let go of a pipe, so its end has come or is about to: how it ended. None if it lives on.
    fn autopsy(&mut self) -> Option<Autopsy>;

    /// Kills it.
    fn kill(&mut self);
}

/// How a process ended.
pub(super) struct Autopsy {
    /// In words: `it exited with code 0`.
    pub how: String,
    /// Whether it had used up its processor time.
    pub out_of_time: bool,
}

impl Autopsy {
    /// Reads what the system says of an end. A process that may not signal, itself neither, aborts with an
    /// instruction that is none.
    pub fn of(status: std::process::ExitStatus, may_signal: bool) -> Autopsy {
        use std::os::unix::process::ExitStatusExt;
        let Some(signal) = status.signal() else {
            let code = status.code().unwrap_or_default();
            return Autopsy {
                how: format!("it exited with code {code}"),
                out_of_time: false,
            };
        };
        let name = match signal {
            libc::SIGABRT => " (SIGABRT: it aborted)",
            libc::SIGBUS => " (SIGBUS)",
            libc::SIGILL => " (SIGILL)",
            libc::SIGKILL => " (SIGKILL)",
            libc::SIGSEGV if !may_signal => " (SIGSEGV: it aborted)",
            libc::SIGTRAP if !may_signal => " (SIGTRAP: it aborted)",
            libc::SIGSEGV => " (SIGSEGV)",
            libc::SIGSYS => " (SIGSYS: a system call that a server may not make)",
            libc::SIGXCPU => " (SIGXCPU: it used up its processor time)",
            libc::SIGXFSZ => " (SIGXFSZ: it wrote a file)",
            _ => "",
        };
        Autopsy {
            how: format!("it was killed by signal {signal}{name}"),
            out_of_time: signal == libc::SIGXCPU,
        }
    }
}
