//! Zip files. The central directory is believed for what there is, and nothing for how large it is.

use std::io::Read;

use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, ZipSliceArchive};

use super::container::{Entry, What};
use super::{Refusal, limits, names};

pub(super) struct Zip {
    archive: ZipSliceArchive<Vec<u8>>,
    files: Vec<(ZipArchiveEntryWayfinder, CompressionMethod)>,
}

impl Zip {
    pub fn open(name: &str, bytes: Vec<u8>, most: usize) -> Result<(Vec<Entry>, Zip), Refusal> {
        let archive = ZipArchive::from_slice(bytes);
        let archive = archive.map_err(|error| limits::damaged(name, &error))?;
        let mut entries = Vec::new();
        let mut files = Vec::new();
        let mut headers = archive.entries();
        let mut seen: u64 = 0;
        while let Some(header) =
            { headers.next_entry() }.map_err(|error| limits::damaged(name, &error))?
        {
            seen += 1;
            if entries.len() >= most {
                let name = names::shown(name);
                return Err(Refusal::new(format!("{name} has more than {most} entries")));
            }
            let raw = header.file_path().as_bytes();
            let path = match names::safe(raw) {
                Ok(path) if path.is_empty() || names::is_litter(&path) => continue,
                Ok(path) => path,
                Err(refusal) => {
                    entries.push(Entry::wrong(raw, refusal));
                    continue;
                }
            };
            let wrong = |why: &str| {
                let shown = names::shown(&path);
                What::Wrong(Refusal::new(format!("the entry {shown} {why}")))
            };
            let method = header.compression_method();
            let what = if header.flags().is_encrypted() {
                wrong("is encrypted: an archive without a password is expected")
            } else if header.mode().is_symlink() {
                wrong("is a link")
            } else if header.is_dir() {
                What::Folder
            } else if !is_plain(header.mode().value()) {
                wrong("is a pipe or a device")
            } else if ![CompressionMethod::STORE, CompressionMethod::DEFLATE].contains(&method) {
                let method = method.name().unwrap_or("an unknown method");
                wrong(&format!(
                    "is compressed with {method}: deflate is expected, which every zip program can do"
                ))
            } else {
                files.push((header.wayfinder(), method));
                What::File(files.len() - 1)
            };
            entries.push(Entry::new(path, what));
        }
        // Old programs count to 65,535 and begin anew.
        let hint = archive.entries_hint();
        if hint != seen && hint != seen % (1 << 16) {
            let name = names::shown(name);
            return Err(Refusal::new(format!(
                "{name} is damaged: it says that it has {hint} entries, and it has {seen}"
            )));
        }
        Ok((entries, Zip { archive, files }))
    }

    /// Hands a file to `read`, unpacked, and checked when its end is reached.
    pub fn file<T>(
        &self,
        path: &str,
        number: usize,
        read: impl FnOnce(&mut dyn Read) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let (wayfinder, method) = self.files[number];
        let entry = self.archive.get_entry(wayfinder);
        let entry = entry.map_err(|error| limits::damaged(path, &error))?;
        match method {
            CompressionMethod::STORE => read(&mut entry.verifying_reader(entry.data())),
            _ => {
                let unpacked = flate2::bufread::DeflateDecoder::new(entry.data());
                read(&mut entry.verifying_reader(unpacked))
            }
        }
    }
}

/// Whether a file's mode says that it is one, or nothing.
fn is_plain(mode: u32) -> bool {
    matches!(mode & 0o170_000, 0 | 0o100_000)
}
