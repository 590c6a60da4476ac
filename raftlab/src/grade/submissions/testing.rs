//! Archives and folders, made for tests.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use rawzip::path::EntryPath;
use rawzip::{CompressionMethod, ZipArchiveWriter};
use tar::{EntryType, Header};

use super::{Submission, read};

/// A folder for a test's files. It is removed when the test is done.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// The name is the test's own.
    pub fn new(name: &str) -> Scratch {
        let name = format!("raftlab-submissions-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    pub fn file(&self, path: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    pub fn folder(&self, path: &str) -> PathBuf {
        let path = self.0.join(path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A file of a zip.
pub(super) struct Zipped<'a> {
    pub path: &'a [u8],
    pub bytes: &'a [u8],
    pub mode: u32,
    pub encrypted: bool,
    pub method: CompressionMethod,
}

impl<'a> Zipped<'a> {
    pub fn new(
        path: &'a (impl AsRef<[u8]> + ?Sized),
        bytes: &'a (impl AsRef<[u8]> + ?Sized),
    ) -> Self {
        Zipped {
            path: path.as_ref(),
            bytes: bytes.as_ref(),
            mode: 0o100_644,
            encrypted: false,
            method: CompressionMethod::DEFLATE,
        }
    }
}

pub(super) fn zip_of<'a>(files: impl IntoIterator<Item = Zipped<'a>>) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for file in files {
        let (mut entry, config) = { archive.new_file(EntryPath::verbatim(file.path)) }
            .compression_method(file.method)
            .unix_permissions(file.mode)
            .encrypted(file.encrypted)
            .start()
            .unwrap();
        let deflate = flate2::write::DeflateEncoder::new(&mut entry, Compression::fast());
        let mut writer = config.wrap(deflate);
        writer.write_all(file.bytes).unwrap();
        let (deflate, descriptor) = writer.finish().unwrap();
        deflate.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap()
}

pub(super) fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    zip_of(files.iter().map(|(path, text)| Zipped::new(*path, *text)))
}

/// A tarball of entries of any kind: path, kind, and what it holds or where it leads.
pub(super) fn tar_of(entries: &[(&str, EntryType, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, kind, text) in entries {
        let mut header = Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        // Not with set_path, which refuses what a test wants.
        header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
        let text = match kind.is_file() {
            true => *text,
            false => {
                header.set_link_name_literal(text).unwrap();
                ""
            }
        };
        header.set_size(text.len() as u64);
        header.set_cksum();
        archive.append(&header, text.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap()
}

pub(super) fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let files: Vec<_> = { files.iter() }
        .map(|(path, text)| (*path, EntryType::Regular, *text))
        .collect();
    tar_of(&files)
}

pub(super) fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What a submission comes to, in a line: `ada: core.rs, lib.rs`, or `ada: refused: ...`.
pub(super) fn told(submission: &Submission) -> String {
    let content = match &submission.content {
        Ok(sources) => sources.files.keys().cloned().collect::<Vec<_>>().join(", "),
        Err(refusal) => format!("refused: {refusal}"),
    };
    format!("{}: {content}", submission.id)
}

/// What all of the submissions at a path come to.
pub(super) fn read_all(path: &Path) -> Vec<String> {
    read(&[path.to_path_buf()])
        .unwrap()
        .iter()
        .map(told)
        .collect()
}

/// What the only submission at a path comes to.
pub(super) fn read_one(path: &Path) -> Submission {
    let mut all = read(&[path.to_path_buf()]).unwrap();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// Why an archive is refused.
pub(super) fn refusal(name: &str, bytes: &[u8]) -> String {
    let scratch = Scratch::new(name);
    let submission = read_one(&scratch.file("ada.zip", bytes));
    submission.content.unwrap_err().to_string()
}
