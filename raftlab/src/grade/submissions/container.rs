//! A folder or an archive, and what is in it.

use std::io::Read;
use std::path::Path;

use anyhow::Result;

use super::limits::{self, Budget};
use super::zips::Zip;
use super::{Refusal, folders, names, tars};

/// A folder or an archive. What is in it is known; what the files hold is read when it is asked for.
pub(super) struct Container {
    entries: Vec<Entry>,
    store: Store,
}

/// Where the files are, each by its number.
enum Store {
    Folder(Vec<std::path::PathBuf>),
    Zip(Zip),
    Tar(Vec<Vec<u8>>),
}

/// Something in a container.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// `src/lib.rs`; of what is wrong, whatever it says.
    pub path: String,
    pub what: What,
}

/// What it is.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// A file, and its number in the container.
    File(usize),
    Folder,
    /// A link on the disk. It is not followed.
    Link,
    /// Nothing that belongs into a submission.
    Wrong(Refusal),
}

impl Entry {
    pub fn new(path: impl Into<String>, what: What) -> Entry {
        Entry {
            path: path.into(),
            what,
        }
    }

    /// Something of a name that cannot be a path.
    pub fn wrong(raw: &[u8], refusal: Refusal) -> Entry {
        let path = names::shown(&String::from_utf8_lossy(raw));
        Entry::new(path, What::Wrong(refusal))
    }

    pub fn is_file(&self) -> bool {
        matches!(self.what, What::File(_))
    }
}

impl Container {
    /// A folder on the disk.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn folder(path: &Path) -> Result<Container> {
        let (mut entries, files) = folders::list(path)?;
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Container {
            entries,
            store: Store::Folder(files),
        })
    }

    /// An archive. What it is called is for sentences: its bytes say what it is.
    pub fn open(name: &str, bytes: Vec<u8>, budget: &mut Budget) -> Result<Container, Refusal> {
        let (mut entries, store) = match bytes.as_slice() {
            [b'P', b'K', 3 | 5, 4 | 6, ..] => {
                let (entries, zip) = Zip::open(name, bytes, limits::ENTRIES_OF_ALL)?;
                (entries, Store::Zip(zip))
            }
            [0x1f, 0x8b, ..] => {
                let unzipped = flate2::read::MultiGzDecoder::new(bytes.as_slice());
                let (entries, files) = tars::read(name, unzipped, budget)?;
                (entries, Store::Tar(files))
            }
            // Where a tarball says so.
            plain if plain.get(257..262) == Some(b"ustar") => {
                let (entries, files) = tars::read(name, plain, budget)?;
                (entries, Store::Tar(files))
            }
            _ => {
                let name = names::shown(name);
                return Err(Refusal::new(format!(
                    "{name} is no archive that can be opened: expected a folder, .zip, .tar or .tar.gz"
                )));
            }
        };
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Container { entries, store })
    }

    /// What is in it, sorted by path. Something that is in it twice is here twice.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn is_folder(&self) -> bool {
        matches!(self.store, Store::Folder(_))
    }

    /// What a file holds, if that is `most` bytes or less.
    pub fn read(&self, entry: &Entry, most: u64, budget: &mut Budget) -> Result<Vec<u8>, Refusal> {
        let path = &entry.path;
        match (&self.store, number(entry)?) {
            (Store::Folder(files), number) => {
                budget.read(path, folders::open(path, &files[number])?, most)
            }
            (Store::Zip(zip), number) => zip.file(path, number, |file| {
                budget.read(path, file as &mut dyn Read, most)
            }),
            // Counted when the tarball was read.
            (Store::Tar(files), number) => match files[number].len() as u64 <= most {
                true => Ok(files[number].clone()),
                false => Err(limits::too_large(path, most)),
            },
        }
    }

    /// Counts what a file would unpack to.
    pub fn skip(&self, entry: &Entry, budget: &mut Budget) -> Result<(), Refusal> {
        match &self.store {
            Store::Zip(zip) => zip.file(&entry.path, number(entry)?, |file| {
                budget.skip(&entry.path, file as &mut dyn Read)
            }),
            Store::Folder(_) | Store::Tar(_) => Ok(()),
        }
    }

    /// Opens an archive in it.
    pub fn nested(&self, entry: &Entry, budget: &mut Budget) -> Result<Container, Refusal> {
        let path = &entry.path;
        let bytes = match &self.store {
            Store::Folder(files) => {
                let file = folders::open(path, &files[number(entry)?])?;
                let read = limits::archive_on_disk(path, file);
                read.map_err(|error| limits::damaged(path, &error))??
            }
            Store::Zip(_) | Store::Tar(_) => self.read(entry, limits::UNPACKED, budget)?,
        };
        Container::open(path, bytes, budget)
    }
}

fn number(entry: &Entry) -> Result<usize, Refusal> {
    match entry.what {
        What::File(number) => Ok(number),
        _ => Err(Refusal::new(format!(
            "{} is no file",
            names::shown(&entry.path)
        ))),
    }
}
