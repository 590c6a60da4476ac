//! How much is read of one submission. What is unpacked is counted while it is unpacked: headers lie.

use std::io::{self, Read};

use super::{Refusal, names};

/// Files, folders and links in a submission.
pub(super) const ENTRIES: usize = 10_000;
/// Bytes of one source file.
pub(super) const SOURCE: u64 = 8 << 20;
/// Bytes of a submission, unpacked.
pub(super) const UNPACKED: u64 = 64 << 20;
/// Entries of a download of a whole class, or of one folder of it.
pub(super) const ENTRIES_OF_ALL: usize = 1_000_000;
/// Submissions in a download.
pub(super) const SUBMISSIONS: usize = 10_000;
/// Bytes of an archive as it lies on the disk.
const ON_DISK: u64 = 1 << 30;

/// What may still be read of one submission.
pub(super) struct Budget {
    entries: usize,
    bytes: u64,
}

impl Budget {
    pub fn new() -> Budget {
        Budget {
            entries: ENTRIES,
            bytes: UNPACKED,
        }
    }

    /// Counts something that is in the submission.
    pub fn count(&mut self) -> Result<(), Refusal> {
        match self.entries.checked_sub(1) {
            Some(rest) => self.entries = rest,
            None => {
                let what = format!("there are more than {ENTRIES} files in it; {LEAVE_OUT}");
                return Err(Refusal::new(what));
            }
        }
        Ok(())
    }

    /// Reads a file, of which there may be `most` bytes.
    pub fn read(&mut self, path: &str, from: impl Read, most: u64) -> Result<Vec<u8>, Refusal> {
        let mut bytes = Vec::new();
        let allowed = most.min(self.bytes);
        let read = from.take(allowed + 1).read_to_end(&mut bytes);
        let read = read.map_err(|error| damaged(path, &error))? as u64;
        match read <= allowed {
            true => self.bytes -= read,
            false if allowed < self.bytes => return Err(too_large(path, most)),
            false => return Err(Budget::exhausted(path)),
        }
        Ok(bytes)
    }

    /// Counts a file that nobody needs.
    pub fn skip(&mut self, path: &str, from: impl Read) -> Result<(), Refusal> {
        let skipped = io::copy(&mut from.take(self.bytes + 1), &mut io::sink());
        let skipped = skipped.map_err(|error| damaged(path, &error))?;
        match self.bytes.checked_sub(skipped) {
            Some(rest) => self.bytes = rest,
            None => return Err(Budget::exhausted(path)),
        }
        Ok(())
    }

    /// How many files, folders and links there may still be.
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// How many bytes may still be read.
    pub fn rest(&self) -> u64 {
        self.bytes
    }

    /// Counts bytes that were read elsewhere, at most the rest.
    pub fn spend(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// The refusal of whatever is larger than the rest.
    pub fn exhausted(path: &str) -> Refusal {
        let most = UNPACKED >> 20;
        let path = names::shown(path);
        Refusal::new(format!(
            "it unpacks to more than {most} MiB, which was reached in {path}; {LEAVE_OUT}"
        ))
    }
}

const LEAVE_OUT: &str = "the sources are enough";

pub(super) fn too_large(path: &str, most: u64) -> Refusal {
    let path = names::shown(path);
    Refusal::new(format!("{path} is larger than {} MiB", most >> 20))
}

pub(super) fn damaged(path: &str, error: &dyn std::error::Error) -> Refusal {
    let path = names::shown(path);
    Refusal::new(format!("{path} is damaged and cannot be read: {error}"))
}

/// Reads an archive that lies on the disk.
pub(super) fn archive_on_disk(path: &str, file: impl Read) -> io::Result<Result<Vec<u8>, Refusal>> {
    let mut bytes = Vec::new();
    let read = file.take(ON_DISK + 1).read_to_end(&mut bytes)? as u64;
    Ok(match read <= ON_DISK {
        true => Ok(bytes),
        false => Err(too_large(path, ON_DISK)),
    })
}
