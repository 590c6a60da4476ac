//! What was handed in: folders, archives, and the downloads of course systems. It is read in memory,
//! nothing is unpacked onto the disk, and nothing in it is trusted.
//!
//! | module | what |
//! |---|---|
//! | `container` | a folder or an archive, and what is in it |
//! | `zips`, `tars`, `folders` | each kind of them |
//! | `names` | paths that are safe, files that nobody wrote, ids |
//! | `limits` | how much is read of one submission |
//! | `sources` | the sources in one submission |
//! | `bulk` | downloads of many submissions: Canvas, Moodle, a folder of archives |
//! | `gradescope` | Gradescope's export |

mod bulk;
mod container;
mod folders;
mod gradescope;
mod limits;
mod names;
mod sources;
mod tars;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod zips;

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::model::Student;
use container::{Container, Entry};
use limits::Budget;
pub(crate) use names::id as file_id;
pub(crate) use sources::Sources;

/// What somebody handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Submission {
    /// What it is called: unique in the class, whatever the case of its letters, and a file's name can
    /// hold it.
    pub id: String,
    /// Whose it is, as far as the download tells; a roster tells more.
    pub students: Vec<Student>,
    /// The sources, or why there are none.
    pub content: Result<Sources, Refusal>,
    /// What the teacher should know, and is no fault.
    pub remarks: Vec<String>,
}

/// Why a submission cannot be read, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(String);

impl Refusal {
    fn new(sentence: impl Into<String>) -> Refusal {
        Refusal(sentence.into())
    }

    /// The same, about something in this archive.
    fn within(self, archive: &str) -> Refusal {
        Refusal(format!("{archive}: {self}"))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One submission within a container, before it is read.
struct Group {
    /// What it is called there.
    name: String,
    students: Vec<Student>,
    /// What is in it, by paths within the submission.
    entries: Vec<Entry>,
    remarks: Vec<String>,
}

/// Reads submissions: folders, archives, or downloads of many. They are sorted by their ids.
///
/// # Errors
///
/// When a path is not there or cannot be read, or when a download's own list of submissions is
/// damaged. A submission that is wrong in itself is refused, and stops none of the others.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<Submission>> {
    let mut all = Vec::new();
    for path in paths {
        let read = read_one(path, paths.len() == 1);
        all.extend(read.with_context(|| format!("cannot read {}", path.display()))?);
    }
    name_uniquely(&mut all);
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

/// Reads one submission, whatever it looks like: two folders in it are no two submissions.
///
/// # Errors
///
/// When the path is not there or cannot be read.
pub(crate) fn read_single(path: &Path) -> Result<Vec<Submission>> {
    let read = read_container(path, |_| Ok(None), true);
    read.with_context(|| format!("cannot read {}", path.display()))
}

/// What is at a path, which may be the only one.
fn read_one(path: &Path, alone: bool) -> Result<Vec<Submission>> {
    read_container(path, bulk::split, alone)
}

/// What is at a path, as `split` takes it apart.
fn read_container(
    path: &Path,
    split: impl Fn(&Container) -> Result<Option<Vec<Group>>>,
    alone: bool,
) -> Result<Vec<Submission>> {
    let file = name_of(path)?;
    let name = names::without_extension(&file);
    let mut budget = Budget::new();
    let container = match fs::metadata(path)?.is_dir() {
        true => Container::folder(path)?,
        false => {
            let opened = match limits::archive_on_disk(&file, File::open(path)?)? {
                Ok(bytes) => Container::open(&file, bytes, &mut budget),
                Err(refusal) => Err(refusal),
            };
            match opened {
                Ok(container) => container,
                Err(refusal) => return Ok(vec![refused(name, refusal)]),
            }
        }
    };
    let Some(mut groups) = split(&container)? else {
        let group = Group {
            name: if container.is_folder() { &file } else { name }.to_string(),
            students: Vec::new(),
            entries: container.entries().to_vec(),
            remarks: Vec::new(),
        };
        return Ok(vec![submission(&container, group, &mut budget)]);
    };
    if groups.len() > limits::SUBMISSIONS {
        let most = limits::SUBMISSIONS;
        let what = format!("there are more than {most} submissions in it");
        return Ok(vec![refused(name, Refusal::new(what))]);
    }
    // Among the archives of others, one that holds several may be meant to pass for theirs.
    if !alone && !container.is_folder() {
        let count = groups.len();
        for group in &mut groups {
            let shown = names::shown(&file);
            let remark = format!("one of {count} submissions in {shown}");
            group.remarks.push(remark);
        }
    }
    let read = |group| submission(&container, group, &mut Budget::new());
    Ok(groups.into_iter().map(read).collect())
}

/// The last part of a path, also of `.` and `..`.
fn name_of(path: &Path) -> Result<String> {
    let name = match path.file_name() {
        Some(name) => name.to_os_string(),
        None => path.canonicalize()?.file_name().unwrap_or_default().into(),
    };
    Ok(name.to_string_lossy().into_owned())
}

fn submission(container: &Container, group: Group, budget: &mut Budget) -> Submission {
    let Group {
        name,
        students,
        entries,
        mut remarks,
    } = group;
    let content = match sources::take(container, &entries, budget) {
        Ok(taken) => {
            remarks.extend(taken.remark);
            Ok(taken.sources)
        }
        Err(refusal) => Err(refusal),
    };
    Submission {
        id: names::id(&name),
        students,
        content,
        remarks,
    }
}

fn refused(name: &str, refusal: Refusal) -> Submission {
    Submission {
        id: names::id(name),
        students: Vec::new(),
        content: Err(refusal),
        remarks: Vec::new(),
    }
}

/// Appends `-2`, `-3` to the ids of all but the first that are called the same.
fn name_uniquely(all: &mut [Submission]) {
    let mut taken: BTreeSet<String> = all.iter().map(|one| one.id.to_lowercase()).collect();
    let mut seen = BTreeSet::new();
    for one in all {
        if seen.insert(one.id.to_lowercase()) {
            continue;
        }
        let numbered = (2..).map(|n: u64| format!("{}-{n}", one.id));
        let free = |id: &String| taken.insert(id.to_lowercase());
        if let Some(id) = { numbered }.find(free) {
            seen.insert(id.to_lowercase());
            one.id = id;
        }
    }
}
