//! Files that are whole or not there.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A file to be written. It is begun aside, so that one that cannot be written is known before the
/// work is done, and renamed at the end, so that nobody ever sees half of it.
pub struct WholeFile {
    path: PathBuf,
    aside: PathBuf,
    file: BufWriter<File>,
}

impl WholeFile {
    pub fn begin(path: &Path) -> Result<WholeFile> {
        let mut aside = path.as_os_str().to_owned();
        aside.push(".tmp");
        let aside = PathBuf::from(aside);
        let file = File::create(&aside).with_context(|| cannot_write(path))?;
        Ok(WholeFile {
            path: path.to_path_buf(),
            aside,
            file: BufWriter::new(file),
        })
    }

    pub fn finish(
        mut self,
        write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<()> {
        write(&mut self.file)
            .and_then(|()| self.file.flush())
            .and_then(|()| fs::rename(&self.aside, &self.path))
            .with_context(|| cannot_write(&self.path))
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        // What was finished has been renamed, and is not there any more.
        let _ = fs::remove_file(&self.aside);
    }
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}

/// Whether an error only says that nobody reads on, as with `| head`.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
