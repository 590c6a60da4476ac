//! Tarballs. They are read from end to end once, and kept.

use std::io::{self, Read};

use tar::{Archive, EntryType};

use super::container::{Entry, What};
use super::limits::{self, Budget};
use super::{Refusal, names};

type Files = (Vec<Entry>, Vec<Vec<u8>>);

/// What is in a tarball, and what its files hold. All of it counts, also what is skipped.
pub(super) fn read(name: &str, unpacked: impl Read, budget: &mut Budget) -> Result<Files, Refusal> {
    let most = budget.rest();
    let mut counted = Counted {
        from: unpacked,
        rest: most,
        exhausted: false,
    };
    let mut at = name.to_string();
    let read = entries(Archive::new(&mut counted), &mut at, budget);
    budget.spend(most - counted.rest);
    match read {
        _ if counted.exhausted => Err(Budget::exhausted(&at)),
        Ok(read) => Ok(read),
        Err(error) => Err(limits::damaged(name, &error)),
    }
}

/// Says in `at` what is being read. It stops where there are more entries than there may be.
fn entries<R: Read>(
    mut archive: Archive<R>,
    at: &mut String,
    budget: &Budget,
) -> io::Result<Files> {
    let mut entries = Vec::new();
    let mut files = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        // What git writes at the beginning.
        if kind.is_pax_global_extensions() {
            continue;
        }
        let raw = entry.path_bytes().into_owned();
        let path = match names::safe(&raw) {
            Ok(path) if path.is_empty() || names::is_litter(&path) => continue,
            Ok(path) => path,
            Err(refusal) => {
                entries.push(Entry::wrong(&raw, refusal));
                continue;
            }
        };
        at.clone_from(&path);
        let what = match kind {
            EntryType::Directory => What::Folder,
            EntryType::Regular | EntryType::Continuous => {
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes)?;
                if bytes.len() as u64 != entry.size() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                files.push(bytes);
                What::File(files.len() - 1)
            }
            EntryType::Symlink | EntryType::Link => wrong(&path, "is a link"),
            EntryType::GNUSparse => wrong(&path, "is a sparse file, which no source is"),
            _ => wrong(&path, "is a pipe or a device"),
        };
        entries.push(Entry::new(path, what));
        if entries.len() > budget.entries() {
            break;
        }
    }
    Ok((entries, files))
}

fn wrong(path: &str, why: &str) -> What {
    let path = names::shown(path);
    What::Wrong(Refusal::new(format!("the entry {path} {why}")))
}

/// A reader that ends, and says so, when more is read than there may be.
struct Counted<R> {
    from: R,
    rest: u64,
    exhausted: bool,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.rest.saturating_add(1)).unwrap_or(usize::MAX);
        let most = buffer.len().min(most);
        let read = self.from.read(&mut buffer[..most])?;
        match self.rest.checked_sub(read as u64) {
            Some(rest) => self.rest = rest,
            None => {
                self.exhausted = true;
                return Err(io::Error::other("too large"));
            }
        }
        Ok(read)
    }
}
