//! Servers that are any program, started anew for each start of a server.

use std::ffi::OsString;
use std::io::{self, pipe};
use std::process::{Child, Stdio};
use std::time::Duration;

use super::line::{LineReader, LineWriter};
use super::program::{Autopsy, Life, Link, Program};
use super::system;
use super::wire::LONGEST_LINE;

/// A command, as it is typed into a shell: `python3 examples/server.py`. It has all rights of whoever
/// calls it: for servers that are trusted.
#[derive(Clone, Debug)]
pub struct Command {
    line: OsString,
}

impl Command {
    /// A command line for `sh`.
    pub fn new(line: impl Into<OsString>) -> Command {
        Command { line: line.into() }
    }
}

impl Program for Command {
    fn start(&self) -> io::Result<Link> {
        let (wakes, to) = pipe()?;
        let (from, steps) = pipe()?;
        // The shell moves the pipe that it has as standard output to descriptor 3, where the protocol
        // wants it, and sends the server's own output where errors go.
        let mut script = OsString::from("exec 3>&1 1>&2; exec ");
        script.push(&self.line);
        let child = std::process::Command::new("sh")
            .arg("-c")
            .arg(script)
            .stdin(wakes)
            .stdout(steps)
            .stderr(Stdio::inherit())
            .spawn()?;
        Ok(Link {
            wakes: LineWriter::without_waiting(to)?,
            steps: LineReader::without_waiting(from, LONGEST_LINE)?,
            life: Box::new(Spawned(child)),
        })
    }
}

struct Spawned(Child);

impl Life for Spawned {
    fn processor_time(&mut self) -> Option<Duration> {
        None
    }

    fn autopsy(&mut self) -> Option<Autopsy> {
        let autopsy = match system::in_a_while(|| self.0.try_wait().transpose())? {
            Ok(status) => Autopsy::of(status, true),
            Err(error) => Autopsy {
                how: format!("how it ended is not known: {error}"),
                out_of_time: false,
            },
        };
        Some(autopsy)
    }

    fn kill(&mut self) {
        let _ = self.0.kill();
    }
}

impl Drop for Spawned {
    /// Nothing is left behind.
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
