//! The page of a failure: written beside what was built, and named in the failure's text.

use std::env;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use labrpc::Header;

use crate::tested::Tested;
use crate::timeline;

/// How many events a page shows, the last ones: a browser has to hold them all.
const EVENTS: usize = 100_000;

/// What became of a failure's page. Displayed, it is what the failure's text says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// It is here.
    At(PathBuf),
    /// It could not be written, and why.
    Missing(String),
}

impl Page {
    /// Writes the page of a test's failure, `raftlab/<whose>-<part>-<test>-<seed>.html` in the folder
    /// of everything built. `whose` tells this server's pages from those of others that the same test
    /// fails; `about` is what the servers declare. None if the test passed or nothing was
    /// written down of its failure.
    pub fn of(tested: &Tested, whose: &str, about: &str) -> Option<Page> {
        let failure = tested.failure.as_ref().filter(|f| !f.trace.is_empty())?;
        let header = Header {
            trace: Header::VERSION,
            run: tested.test.path(),
            seed: failure.seed,
            servers: tested.test.servers,
            about: format!("{whose}: {about}"),
        };
        let name = format!("{whose}-{}-{}.html", tested.test.path(), failure.seed);
        let name = name.replace("::", "-");
        let target = target(&env::current_exe().ok(), env::var_os("CARGO_TARGET_DIR"));
        let path = target.join("raftlab").join(name);
        let trace = &failure.trace[failure.trace.len().saturating_sub(EVENTS)..];
        let write = || {
            let timeline = timeline::read(&header, trace);
            write_whole(&path, |to| timeline::html(&timeline, to))
        };
        // Whatever happens here, the failure itself must be told.
        let written = catch_unwind(AssertUnwindSafe(write));
        let written = written.unwrap_or_else(|_| Err(io::Error::other("the drawing panicked")));
        Some(match written {
            Ok(()) => Page::At(as_shown(&target, &path)),
            Err(error) => Page::Missing(format!("{} cannot be written: {error}", path.display())),
        })
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Page::At(path) => write!(f, "{}", path.display()),
            Page::Missing(why) => f.write_str(why),
        }
    }
}

/// The folder of everything that cargo builds: the one that this program is in, unless the
/// environment names another. A relative name there is relative to where cargo was called, which
/// is not where tests run, so that the program's own place is asked first.
fn target(program: &Option<PathBuf>, named: Option<std::ffi::OsString>) -> PathBuf {
    let named = named.filter(|name| !name.is_empty()).map(PathBuf::from);
    if let Some(named) = named.as_ref().filter(|named| named.is_absolute()) {
        return named.clone();
    }
    let is_target = |folder: &&Path| {
        folder.join("CACHEDIR.TAG").is_file() || folder.file_name().is_some_and(|n| n == "target")
    };
    let above = program
        .iter()
        .flat_map(|program| program.ancestors().skip(1));
    let found = { above }.find(is_target).map(Path::to_path_buf);
    found.or(named).unwrap_or_else(|| PathBuf::from("target"))
}

/// The page's path as it can be opened from the root of the workspace, where replay commands are
/// meant to be called.
fn as_shown(target: &Path, path: &Path) -> PathBuf {
    let root = target
        .parent()
        .filter(|root| root.join("Cargo.toml").is_file());
    let inside = root.and_then(|root| path.strip_prefix(root).ok());
    inside.unwrap_or(path).to_path_buf()
}

/// Writes a file aside and renames it: tests fail at the same time, and nobody sees half of it.
fn write_whole(
    path: &Path,
    write: impl FnOnce(BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let aside = path.with_extension(format!("{}-{number}.tmp", std::process::id()));
    let written = File::create(&aside)
        .and_then(|file| write(BufWriter::new(file)))
        .and_then(|()| fs::rename(&aside, path));
    if written.is_err() {
        let _ = fs::remove_file(&aside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_what_is_built_is_found() {
        let root = env::temp_dir().join(format!("suite-page-{}", std::process::id()));
        let built = root.join("elsewhere");
        fs::create_dir_all(built.join("debug/deps")).unwrap();
        fs::write(built.join("CACHEDIR.TAG"), "").unwrap();
        let program = Some(built.join("debug/deps/suite-0123"));
        assert_eq!(target(&program, None), built);
        assert_eq!(target(&program, Some("relative".into())), built);
        let absolute = root.join("absolute");
        assert_eq!(target(&program, Some(absolute.clone().into())), absolute);
        let plain = Some(root.join("target/release/raftlab"));
        assert_eq!(target(&plain, None), root.join("target"));
        let nowhere = Some(PathBuf::from("/usr/bin/raftlab"));
        assert_eq!(target(&nowhere, Some("x".into())), Path::new("x"));
        assert_eq!(target(&None, None), Path::new("target"));

        // From the root of the workspace, if there is one.
        let page = built.join("raftlab/a.html");
        assert_eq!(as_shown(&built, &page), page);
        fs::write(root.join("Cargo.toml"), "").unwrap();
        assert_eq!(
            as_shown(&built, &page),
            Path::new("elsewhere/raftlab/a.html")
        );

        // Whole or not there.
        write_whole(&page, |mut to| io::Write::write_all(&mut to, b"whole")).unwrap();
        let broken = write_whole(&page, |_| Err(io::Error::other("no")));
        assert!(broken.is_err());
        assert_eq!(fs::read(&page).unwrap(), b"whole");
        assert_eq!(fs::read_dir(page.parent().unwrap()).unwrap().count(), 1);
        fs::remove_dir_all(root).unwrap();
    }
}
