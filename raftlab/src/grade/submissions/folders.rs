//! Folders on the disk. Links are not followed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::container::{Entry, What};
use super::{Refusal, limits, names};

/// Everything below a folder, and where its files are.
///
/// # Errors
///
/// When a folder cannot be read, or when there is far too much.
pub(super) fn list(root: &Path) -> Result<(Vec<Entry>, Vec<PathBuf>)> {
    let mut entries = Vec::new();
    let mut files = Vec::new();
    let mut folders = vec![(root.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let cannot = || format!("cannot read the folder {}", folder.display());
        let items = match fs::read_dir(&folder) {
            Ok(items) => items,
            Err(error) if prefix.is_empty() => return Err(error).with_context(cannot),
            // One that is closed stops none of the others.
            Err(error) => {
                let refusal = Refusal::new(format!("the folder {prefix} cannot be read: {error}"));
                entries.push(Entry::new(prefix, What::Wrong(refusal)));
                continue;
            }
        };
        for item in items {
            let item = item.with_context(cannot)?;
            if entries.len() >= limits::ENTRIES_OF_ALL {
                bail!("there are more than {} files in it", limits::ENTRIES_OF_ALL);
            }
            let name = item.file_name();
            let Some(name) = name.to_str() else {
                let path = format!("{prefix}{}", name.to_string_lossy());
                let shown = names::shown(&path);
                let refusal = Refusal::new(format!("{shown} has a name that is no UTF-8 text"));
                entries.push(Entry::wrong(path.as_bytes(), refusal));
                continue;
            };
            let path = format!("{prefix}{name}");
            if names::is_litter(&path) {
                continue;
            }
            let kind = item.file_type().with_context(cannot)?;
            let what = if kind.is_symlink() {
                What::Link
            } else if kind.is_dir() {
                folders.push((item.path(), format!("{path}/")));
                What::Folder
            } else if kind.is_file() {
                files.push(item.path());
                What::File(files.len() - 1)
            } else {
                let shown = names::shown(&path);
                What::Wrong(Refusal::new(format!("{shown} is a pipe or a device")))
            };
            entries.push(Entry::new(path, what));
        }
    }
    Ok((entries, files))
}

pub(super) fn open(path: &str, file: &Path) -> Result<File, Refusal> {
    File::open(file).map_err(|error| {
        let path = names::shown(path);
        Refusal::new(format!("{path} cannot be read: {error}"))
    })
}
