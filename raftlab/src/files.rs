//! Files that are whole or not there.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};

/// A file to be written. It is begun aside, so that one that cannot be written is known before the
/// work is done, and renamed at the end, so that nobody ever sees half of it. `-` is standard output.
pub struct WholeFile {
    path: PathBuf,
    aside: Option<Aside>,
}

struct Aside {
    path: PathBuf,
    file: BufWriter<File>,
}

/// What was begun and is not finished.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

impl WholeFile {
    pub fn begin(path: &Path) -> Result<WholeFile> {
        let aside = match is_standard(path) {
            true => None,
            false => Some(Aside::of(path)?),
        };
        Ok(WholeFile {
            path: path.to_path_buf(),
            aside,
        })
    }

    pub fn finish(mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        let written = match &mut self.aside {
            None => {
                let mut out = BufWriter::new(io::stdout().lock());
                write(&mut out).and_then(|()| out.flush())
            }
            Some(Aside { path, file }) => write(file)
                .and_then(|()| file.flush())
                .and_then(|()| fs::rename(path, &self.path)),
        };
        written.with_context(|| cannot_write(&self.path))
    }
}

impl Aside {
    fn of(path: &Path) -> Result<Aside> {
        let mut aside = path.as_os_str().to_owned();
        aside.push(".tmp");
        let aside = PathBuf::from(aside);
        let file = File::create(&aside).with_context(|| cannot_write(path))?;
        unfinished(|all| all.insert(aside.clone()));
        Ok(Aside {
            path: aside,
            file: BufWriter::new(file),
        })
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // What was finished has been renamed, and is not there any more.
        let _ = fs::remove_file(&self.path);
        unfinished(|all| all.remove(&self.path));
    }
}

fn unfinished<T>(look: impl FnOnce(&mut BTreeSet<PathBuf>) -> T) -> T {
    look(&mut UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Removes what was begun and is not finished, before the program ends on the spot.
pub fn remove_unfinished() {
    unfinished(|all| {
        for path in all.iter() {
            let _ = fs::remove_file(path);
        }
    });
}

fn cannot_write(path: &Path) -> String {
    match is_standard(path) {
        true => "cannot write to standard output".to_string(),
        false => format!("cannot write {}", path.display()),
    }
}

/// Whether this is no file: standard output, or input.
pub fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// Where a command prints beside the files that it writes: to standard error, if one of them is
/// standard output.
///
/// # Errors
///
/// When several of them are.
pub fn beside<'a>(files: impl IntoIterator<Item = &'a Option<PathBuf>>) -> Result<Beside> {
    let standard = files.into_iter().flatten().filter(|path| is_standard(path));
    match standard.count() {
        0 => Ok(Beside::Output),
        1 => Ok(Beside::Error),
        _ => bail!("only one file can be '-': there is one standard output"),
    }
}

/// Standard output or standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    Output,
    Error,
}

impl Beside {
    pub fn stream(self) -> Box<dyn Write> {
        match self {
            Beside::Output => Box::new(io::stdout().lock()),
            Beside::Error => Box::new(io::stderr().lock()),
        }
    }
}

/// A text file, without the mark that some editors put before it; `-` is standard input.
///
/// # Errors
///
/// When it cannot be read, or is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    let shown = if is_standard(path) {
        "standard input".into()
    } else {
        path.display().to_string()
    };
    let mut bytes = Vec::new();
    let read = match is_standard(path) {
        true => io::stdin().lock().read_to_end(&mut bytes).map(|_| ()),
        false => fs::read(path).map(|read| bytes = read),
    };
    read.with_context(|| format!("cannot read {shown}"))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(match text.strip_prefix('\u{feff}') {
            Some(marked) => marked.to_string(),
            None => text,
        }),
        Err(error) => {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            bail!("{shown}: line {line} is no UTF-8 text: save the file as UTF-8");
        }
    }
}

/// Whether an error only says that nobody reads on, as with `| head`.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
