//! The sources in one submission: the `.rs` files below its `src`, wherever that lies.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::container::{Container, Entry, What};
use super::limits::{self, Budget};
use super::{Refusal, names};
use crate::grade::hash::hex;

/// A server's sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sources {
    /// What each file says, by its path below `src/`: `core.rs`, `log/mod.rs`.
    pub files: BTreeMap<String, String>,
}

impl Sources {
    /// SHA-256 over all paths and texts, each after its length, in hexadecimal.
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for text in self.files.iter().flat_map(|(path, text)| [path, text]) {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
        hex(&hash.finalize())
    }

    /// Writes the files below a folder, which stands for `src/`.
    ///
    /// # Errors
    ///
    /// When one cannot be written.
    pub fn write_to(&self, folder: &Path) -> io::Result<()> {
        for (path, text) in &self.files {
            let file = folder.join(path);
            fs::create_dir_all(file.parent().unwrap_or(folder))?;
            fs::write(file, text)?;
        }
        Ok(())
    }
}

/// Sources that were found.
pub(super) struct Taken {
    pub sources: Sources,
    /// What was left out and could matter.
    pub remark: Option<String>,
}

/// Takes the sources out of a submission: out of these entries of the container, or of an archive among
/// them.
pub(super) fn take(
    container: &Container,
    entries: &[Entry],
    budget: &mut Budget,
) -> Result<Taken, Refusal> {
    check(container, entries, budget)?;
    if let Some(home) = Home::find(entries)? {
        return home.take(container, entries, budget);
    }
    let mut found = Vec::new();
    let mut inside = Vec::new();
    for entry in entries.iter().filter(|entry| is_archive(entry)) {
        let within = |refusal: Refusal| refusal.within(&names::shown(&entry.path));
        let nested = container.nested(entry, budget)?;
        check(&nested, nested.entries(), budget).map_err(within)?;
        inside.extend(described(nested.entries(), &format!("{}: ", entry.path)));
        if let Some(home) = Home::find(nested.entries()).map_err(within)? {
            found.push((entry, nested, home));
        }
    }
    match found.as_slice() {
        [(entry, nested, home)] => {
            let taken = home.take(nested, nested.entries(), budget);
            taken.map_err(|refusal| refusal.within(&names::shown(&entry.path)))
        }
        [] => Err(nothing_in(entries, inside)),
        several => {
            let names: Vec<_> = { several.iter() }
                .map(|(entry, ..)| entry.path.clone())
                .collect();
            let names = names::listed(&names);
            Err(Refusal::new(format!(
                "several archives in it hold a lib.rs, and one is expected: {names}"
            )))
        }
    }
}

fn is_archive(entry: &Entry) -> bool {
    entry.is_file() && names::is_archive(&entry.path)
}

/// Refuses what does not belong into a submission, wherever it lies.
fn check(container: &Container, entries: &[Entry], budget: &mut Budget) -> Result<(), Refusal> {
    let mut seen: BTreeMap<String, &Entry> = BTreeMap::new();
    for entry in entries {
        budget.count()?;
        match &entry.what {
            What::Wrong(refusal) => return Err(refusal.clone()),
            What::Link if container.is_folder() && !is_of_sources(&entry.path) => continue,
            What::Link => {
                let path = names::shown(&entry.path);
                return Err(Refusal::new(format!("{path} is a link, and not followed")));
            }
            What::File(_) | What::Folder => {}
        }
        let Some(before) = seen.insert(entry.path.to_lowercase(), entry) else {
            continue;
        };
        if !before.is_file() && !entry.is_file() {
            continue;
        }
        let [one, other] = [before, entry].map(|entry| names::shown(&entry.path));
        return Err(Refusal::new(match one == other {
            true => format!("{one} is in it twice"),
            false => format!("{one} and {other} differ in upper and lower case only"),
        }));
    }
    // A file that is the folder of another one.
    for entry in entries {
        let folders = { entry.path.match_indices('/') }.map(|(at, _)| &entry.path[..at]);
        for folder in folders {
            if seen
                .get(&folder.to_lowercase())
                .is_some_and(|it| it.is_file())
            {
                let folder = names::shown(folder);
                return Err(Refusal::new(format!("{folder} is a file and a folder")));
            }
        }
    }
    Ok(())
}

/// Whether a link of this name could stand for sources.
fn is_of_sources(path: &str) -> bool {
    path.split('/').any(|part| part == "src") || path.ends_with(".rs")
}

/// Where the sources of a submission are.
struct Home {
    /// The folder with `lib.rs`, and a slash after it unless it is the root.
    src: String,
    /// The folder of the package; the same, if only files were handed in.
    package: String,
}

impl Home {
    /// Finds `src/lib.rs`; or `lib.rs` by itself, at the root or in one folder.
    fn find(entries: &[Entry]) -> Result<Option<Home>, Refusal> {
        let files = entries.iter().filter(|entry| entry.is_file());
        let folders: Vec<&str> = { files }
            .filter_map(|entry| entry.path.strip_suffix("lib.rs"))
            .filter(|folder| folder.is_empty() || folder.ends_with('/'))
            .collect();
        let is_src = |folder: &&str| *folder == "src/" || folder.ends_with("/src/");
        let sources: Vec<&str> = folders.iter().copied().filter(is_src).collect();
        // A folder src within another one is one of its modules.
        let is_module = |folder: &&str| {
            let mut others = sources.iter().filter(|other| *other != folder);
            others.any(|other| folder.starts_with(other))
        };
        let sources = sources.iter().copied().filter(|it| !is_module(it));
        let bare = |folder: &&str| folder.matches('/').count() <= 1 && !is_src(folder);
        let packages: Vec<Home> = { sources }
            .map(|src| Home {
                src: src.to_string(),
                package: src[..src.len() - "src/".len()].to_string(),
            })
            .collect();
        let files = folders.iter().copied().filter(bare).map(|folder| Home {
            src: folder.to_string(),
            package: folder.to_string(),
        });
        match packages.is_empty() {
            true => Home::the_one(files.collect()),
            false => Home::the_one(packages),
        }
    }

    /// The only one, or the only one that is called `starter`.
    fn the_one(mut all: Vec<Home>) -> Result<Option<Home>, Refusal> {
        if all.len() > 1 {
            let names: Vec<_> = all
                .iter()
                .map(|home| format!("{}lib.rs", home.src))
                .collect();
            let starter = |home: &Home| {
                let folder = home.package.trim_end_matches('/');
                names::file_name(folder) == "starter"
            };
            all.retain(starter);
            if all.len() != 1 {
                let names = names::listed(&names);
                return Err(Refusal::new(format!(
                    "there are several lib.rs, and one is expected, or one in a folder called starter: {names}"
                )));
            }
        }
        Ok(all.pop())
    }

    fn is_bare(&self) -> bool {
        self.src == self.package
    }

    fn take(
        &self,
        container: &Container,
        entries: &[Entry],
        budget: &mut Budget,
    ) -> Result<Taken, Refusal> {
        let mut sources = Sources::default();
        let mut left = BTreeSet::new();
        for entry in entries.iter().filter(|entry| entry.is_file()) {
            match entry.path.strip_prefix(&self.src) {
                Some(path) if self.is_source(path) => {
                    let bytes = container.read(entry, limits::SOURCE, budget)?;
                    let text = String::from_utf8(bytes).map_err(|_| {
                        let path = names::shown(&entry.path);
                        Refusal::new(format!("{path} is no UTF-8 text"))
                    })?;
                    sources.files.insert(path.to_string(), text);
                }
                _ => {
                    left.extend(self.left_out(&entry.path));
                    container.skip(entry, budget)?;
                }
            }
        }
        let left: Vec<_> = left.into_iter().collect();
        let remark = (!left.is_empty()).then(|| {
            let left = names::listed(&left);
            format!("only the .rs files below src are used; left out: {left}")
        });
        Ok(Taken { sources, remark })
    }

    /// Whether a file below `src` is taken.
    fn is_source(&self, path: &str) -> bool {
        let (top, rest) = names::split_top(path);
        let aside = ["tests", "benches", "examples", "lab"].contains(&top) && rest.is_some();
        path.ends_with(".rs") && !(self.is_bare() && (aside || path == "build.rs"))
    }

    /// What to call a file that is left out; nothing, if nobody misses it.
    fn left_out(&self, path: &str) -> Option<String> {
        let matters = |within: &str| {
            let ordinary = ["tests/suite.rs", "lab/src/main.rs"].contains(&within);
            let name = names::file_name(within);
            let of_cargo = within.starts_with(".cargo/") || within.contains("/.cargo/");
            let toolchain = name == "rust-toolchain" || name == "rust-toolchain.toml";
            (name.ends_with(".rs") && !ordinary) || of_cargo || toolchain
        };
        match path.strip_prefix(&self.package) {
            // What is in src and no .rs file may be included by one.
            Some(within) if within.starts_with("src/") && !self.is_bare() => Some(path.to_string()),
            Some(within) => matters(within).then(|| path.to_string()),
            // Another package: its folder is enough.
            None => matters(path).then(|| {
                let mut common = 0;
                for (at, _) in self.package.match_indices('/') {
                    if path.starts_with(&self.package[..=at]) {
                        common = at + 1;
                    }
                }
                match names::split_top(&path[common..]) {
                    (top, Some(_)) => format!("{}{top}/", &path[..common]),
                    (_, None) => path.to_string(),
                }
            }),
        }
    }
}

fn described(entries: &[Entry], before: &str) -> Vec<String> {
    let shown = |entry: &Entry| match entry.what {
        What::File(_) => Some(format!("{before}{}", entry.path)),
        What::Link => Some(format!("{before}{} (a link)", entry.path)),
        What::Folder | What::Wrong(_) => None,
    };
    entries.iter().filter_map(shown).collect()
}

fn nothing_in(entries: &[Entry], inside: Vec<String>) -> Refusal {
    let all = match inside.is_empty() {
        true => described(entries, ""),
        false => inside,
    };
    let other = entries.iter().find(|entry| {
        entry.is_file() && names::is_any_archive(&entry.path) && !names::is_archive(&entry.path)
    });
    Refusal::new(match (other, all.is_empty()) {
        (Some(other), _) => format!(
            "{} is no archive that can be opened: expected a folder, .zip, .tar or .tar.gz",
            names::shown(&other.path)
        ),
        (None, true) => "there is no src/lib.rs in it: it is empty".to_string(),
        (None, false) => format!(
            "there is no src/lib.rs in it, nor a lib.rs by itself; there is {}",
            names::listed(&all)
        ),
    })
}
