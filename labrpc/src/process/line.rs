//! Lines over pipes: written whole, read whole, never longer than they may be.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use serde::Serialize;

use super::system;

/// Writes lines, and waits for room no longer than its patience lasts. Lines are kept back and sent together:
/// to wake the other side costs more than to tell it.
pub struct LineWriter {
    pipe: PipeWriter,
    unsent: Vec<u8>,
}

/// More bytes than this are not kept back.
const MOST_UNSENT: usize = 1 << 14;

/// Reads lines, and waits for them no longer than its patience lasts.
pub struct LineReader {
    pipe: PipeReader,
    /// What was read and is not taken yet.
    buffer: Vec<u8>,
    /// Where the line in the buffer ends that was taken last.
    taken: usize,
    longest: usize,
}

/// Why there is no line.
#[derive(Debug)]
pub enum NoLine {
    /// The other side is gone.
    Ended,
    /// It is longer than it may be.
    TooLong,
    /// Nothing came for a while: asked again, it is waited for again.
    NotYet,
    /// Reading failed.
    Failed(io::Error),
}

/// How long to wait before looking whether waiting makes sense; for ever if none.
pub type Look = Option<Duration>;

impl LineWriter {
    pub fn new(pipe: PipeWriter) -> LineWriter {
        LineWriter {
            pipe,
            unsent: Vec::new(),
        }
    }

    /// A pipe whose writes return at once when there is no room.
    pub fn without_waiting(pipe: PipeWriter) -> io::Result<LineWriter> {
        system::set_nonblocking(pipe.as_fd())?;
        Ok(LineWriter::new(pipe))
    }

    /// Adds a line to what is kept back.
    pub fn add(&mut self, line: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.unsent, line)?;
        self.unsent.push(b'\n');
        Ok(())
    }

    /// Whether so much is kept back that it is time to send it.
    pub fn is_full(&self) -> bool {
        self.unsent.len() >= MOST_UNSENT
    }

    /// Sends what is kept back. False if there was no room for a while: the rest is sent when it is called
    /// again.
    pub fn send(&mut self, look: Look) -> io::Result<bool> {
        let mut written = 0;
        while written < self.unsent.len() {
            match self.pipe.write(&self.unsent[written..]) {
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if !system::wait_until_writable(self.pipe.as_fd(), look)? {
                        break;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        self.unsent.drain(..written);
        Ok(self.unsent.is_empty())
    }
}

impl LineReader {
    pub fn new(pipe: PipeReader, longest: usize) -> LineReader {
        LineReader {
            pipe,
            buffer: Vec::with_capacity(4096),
            taken: 0,
            longest,
        }
    }

    /// A pipe whose reads return at once when there is nothing: of more than one line that is there, each is
    /// read before anything is waited for.
    pub fn without_waiting(pipe: PipeReader, longest: usize) -> io::Result<LineReader> {
        system::set_nonblocking(pipe.as_fd())?;
        Ok(LineReader::new(pipe, longest))
    }

    /// The next line, without its end.
    pub fn read(&mut self, look: Look) -> Result<&[u8], NoLine> {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        let mut searched = 0;
        loop {
            let end = self.buffer[searched..].iter().position(|&b| b == b'\n');
            if let Some(end) = end.map(|end| searched + end) {
                self.taken = end + 1;
                return Ok(&self.buffer[..end]);
            }
            searched = self.buffer.len();
            if searched >= self.longest {
                return Err(NoLine::TooLong);
            }
            const CHUNK: usize = 4096;
            let filled = self.buffer.len();
            self.buffer.resize(filled + CHUNK, 0);
            let read = self.pipe.read(&mut self.buffer[filled..]);
            self.buffer
                .truncate(filled + read.as_ref().map_or(0, |&n| n));
            match read {
                Ok(0) => return Err(NoLine::Ended),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    match system::wait_until_readable(self.pipe.as_fd(), look) {
                        Ok(true) => {}
                        Ok(false) => return Err(NoLine::NotYet),
                        Err(error) => return Err(NoLine::Failed(error)),
                    }
                }
                Err(error) => return Err(NoLine::Failed(error)),
            }
        }
    }

    /// Whether a whole line is there: it can be read without waiting.
    pub fn has_line(&self) -> bool {
        self.buffer[self.taken..].contains(&b'\n')
    }

    /// Whether more has been read than the line that was taken last.
    pub fn has_more(&self) -> bool {
        self.buffer.len() > self.taken
    }
}
