//! Downloads of many submissions, recognised by what is in them: Gradescope's export, Canvas's, Moodle's,
//! or simply a folder of submissions.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::container::{Container, Entry, What};
use super::{Group, gradescope, names};
use crate::grade::model::Student;

/// The submissions in a container; none, if it is one submission itself.
///
/// # Errors
///
/// When the list of submissions in it is damaged.
pub(super) fn split(container: &Container) -> Result<Option<Vec<Group>>> {
    let entries = unwrapped(container.entries());
    if let Some(groups) = gradescope::split(container, &entries)? {
        return Ok(Some(groups));
    }
    let moodle = || by_owner(&entries, of_moodle);
    // Canvas's names are less remarkable than Moodle's: nothing else may be there to be graded.
    let ours = |entry: &Entry| {
        let path = &entry.path;
        let graded = path.contains('/') || path.ends_with(".rs") || names::is_any_archive(path);
        !graded || !path.contains('/') && of_canvas(path).is_some()
    };
    let canvas = || { entries.iter().all(ours) }.then(|| by_owner(&entries, of_canvas))?;
    Ok({ moodle() }
        .or_else(canvas)
        .or_else(|| many(&entries, container.is_folder())))
}

/// The entries without the folders around them all.
fn unwrapped(entries: &[Entry]) -> Vec<Entry> {
    let mut entries = entries.to_vec();
    loop {
        let tops = tops(&entries);
        let mut all = tops.iter();
        let (Some(top), None) = (all.next(), all.next()) else {
            return entries;
        };
        let folder = |entry: &Entry| entry.path != *top || !entry.is_file();
        if of_moodle(top).is_some() || *top == "src" || !entries.iter().all(folder) {
            return entries;
        }
        let prefix = format!("{top}/");
        entries = below(&entries, &prefix);
        if entries.is_empty() {
            return entries;
        }
    }
}

fn tops(entries: &[Entry]) -> BTreeSet<String> {
    let top = |entry: &Entry| names::split_top(&entry.path).0.to_string();
    entries.iter().map(top).collect()
}

/// What lies below a folder, by its paths there.
pub(super) fn below(entries: &[Entry], prefix: &str) -> Vec<Entry> {
    let below = |entry: &Entry| {
        let path = entry.path.strip_prefix(prefix)?;
        Some(Entry::new(path, entry.what.clone()))
    };
    entries.iter().filter_map(below).collect()
}

/// Whose a file or a folder is, as its name says.
#[derive(Debug, PartialEq, Eq)]
struct Owned {
    /// What the submission is called.
    group: String,
    student: Student,
    late: bool,
    /// Which upload it is, if there are several of one file: the greatest is the newest.
    upload: (u64, u64),
    /// What the student called the file; empty, if it is a folder of files.
    file: String,
}

/// Moodle's names: `Ada Lovelace_1234567_assignsubmission_file` and `..._file_` are folders;
/// `..._file_starter.zip` is a file, if the download was asked for without folders.
fn of_moodle(name: &str) -> Option<Owned> {
    let (owner, rest) = name.split_once("_assignsubmission_")?;
    let (full, number) = owner.rsplit_once('_')?;
    let kind = ["file", "onlinetext"]
        .into_iter()
        .find_map(|kind| rest.strip_prefix(kind))?;
    Some(Owned {
        group: owner.to_string(),
        student: Student {
            name: full.to_string(),
            id: is_number(number).then(|| number.to_string())?,
            email: String::new(),
        },
        late: false,
        upload: (0, 0),
        file: kind.strip_prefix('_').unwrap_or(kind).to_string(),
    })
}

/// Canvas's names: `lovelaceada_12345_678901_starter.zip`, `lovelaceada_LATE_12345_678901_starter-1.zip`. The
/// numbers are the user's and the upload's; Canvas appends `-1` if the name was there before.
fn of_canvas(name: &str) -> Option<Owned> {
    let parts: Vec<&str> = name.split('_').collect();
    let numbers = |at: &usize| is_number(parts[*at]) && is_number(parts[at + 1]);
    let at = (1..parts.len().saturating_sub(2)).find(numbers)?;
    let late = at > 1 && parts[at - 1] == "LATE";
    let login = parts[..at - usize::from(late)].join("_");
    let (file, version) = without_version(&parts[at + 2..].join("_"));
    Some(Owned {
        group: login,
        student: Student {
            name: String::new(),
            id: parts[at].to_string(),
            email: String::new(),
        },
        late,
        upload: (version, parts[at + 1].parse().ok()?),
        file,
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A file's name as it was before Canvas numbered it, and the number.
fn without_version(name: &str) -> (String, u64) {
    let ends = [name.find(".tar."), name.rfind('.')];
    for end in ends.into_iter().flatten() {
        let (stem, extension) = name.split_at(end);
        if let Some((stem, version)) = stem.rsplit_once('-')
            && is_number(version)
            && let Ok(version) = version.parse()
            && !stem.is_empty()
        {
            return (format!("{stem}{extension}"), version);
        }
    }
    (name.to_string(), 0)
}

/// Submissions by whose they are, if names of files or folders say that.
fn by_owner(entries: &[Entry], owner: fn(&str) -> Option<Owned>) -> Option<Vec<Group>> {
    if !tops(entries).iter().any(|top| owner(top).is_some()) {
        return None;
    }
    let mut groups: BTreeMap<(String, String), Uploads> = BTreeMap::new();
    let mut others = Vec::new();
    for entry in entries {
        let (top, rest) = names::split_top(&entry.path);
        let Some(owned) = owner(top) else {
            others.push(entry.clone());
            continue;
        };
        let key = (owned.group.clone(), owned.student.id.clone());
        let uploads = groups.entry(key).or_default();
        uploads.add(entry, &owned, rest);
    }
    let mut groups: Vec<Group> = { groups.into_iter() }
        .map(|((name, id), uploads)| uploads.into_group(name, id))
        .collect();
    groups.extend(each(&others));
    Some(groups)
}

/// What one student has uploaded.
#[derive(Default)]
struct Uploads {
    name: String,
    late: bool,
    /// The files, and of a file that was uploaded again all of them.
    files: BTreeMap<String, Vec<Upload>>,
}

/// A file that was uploaded: the greatest number is the newest.
struct Upload {
    number: (u64, u64),
    entry: Entry,
}

impl Uploads {
    fn add(&mut self, entry: &Entry, owned: &Owned, rest: Option<&str>) {
        self.name.clone_from(&owned.student.name);
        self.late |= owned.late;
        let path = match (owned.file.as_str(), rest) {
            ("", Some(rest)) => rest.to_string(),
            (file, Some(rest)) => format!("{file}/{rest}"),
            // The folder itself.
            ("", None) if matches!(entry.what, What::Folder) => return,
            ("", None) => entry.path.clone(),
            (file, None) => file.to_string(),
        };
        let entry = Entry::new(path.clone(), entry.what.clone());
        let number = owned.upload;
        let uploads = self.files.entry(path).or_default();
        uploads.push(Upload { number, entry });
    }

    fn into_group(self, group: String, id: String) -> Group {
        let mut remarks = Vec::new();
        if self.late {
            remarks.push("handed in late, as the download says".to_string());
        }
        let mut entries = Vec::new();
        for (path, mut uploads) in self.files {
            let newest = uploads.iter().map(|upload| upload.number).max();
            let times = uploads.len();
            // Two that are the same are in the download twice, and refused later.
            uploads.retain(|upload| Some(upload.number) == newest);
            if uploads.len() < times {
                let path = names::shown(&path);
                remarks.push(format!(
                    "{path} was handed in {times} times: the newest counts"
                ));
            }
            entries.extend(uploads.into_iter().map(|upload| upload.entry));
        }
        Group {
            name: group,
            students: vec![Student {
                name: self.name,
                id,
                email: String::new(),
            }],
            entries,
            remarks,
        }
    }
}

/// The laboratory's own packages. Beside a `starter`, they are no submissions.
const PACKAGES: [&str; 5] = ["labrpc", "raft", "raftapi", "raftlab", "tests"];

/// A folder or zip of submissions: each folder and each archive at its top is one.
///
/// It is one submission itself, if there is a package at its top, or if the only thing with sources at
/// its top is one. A folder of archives is many, even if there is one archive.
fn many(entries: &[Entry], on_disk: bool) -> Option<Vec<Group>> {
    let package = |entry: &Entry| {
        let (top, rest) = names::split_top(&entry.path);
        rest.is_none() && (top == "Cargo.toml" || top.ends_with(".rs")) || top == "src"
    };
    if entries.iter().any(package) {
        return None;
    }
    let groups = each(entries);
    let archives = { entries.iter() }.filter(|it| !it.path.contains('/') && is_archive(it));
    let archives: Vec<_> = archives
        .map(|it| names::without_extension(&it.path))
        .collect();
    let holds = |group: &&Group| {
        let lib = |entry: &Entry| names::file_name(&entry.path) == "lib.rs" || is_archive(entry);
        group.entries.iter().any(lib)
    };
    let held: Vec<_> = { groups.iter() }
        .filter(holds)
        .map(|group| group.name.as_str())
        .collect();
    let others = |name: &&&str| **name != "starter" && !PACKAGES.contains(*name);
    let is_many = if held.contains(&"starter") {
        held.iter().filter(others).count() > 0
    } else if on_disk {
        groups.len() > 1 || !archives.is_empty()
    } else {
        held.len() > 1
    };
    is_many.then_some(groups)
}

fn is_archive(entry: &Entry) -> bool {
    entry.is_file() && names::is_any_archive(&entry.path)
}

/// A group for each folder and each archive at the top. Other files are nobody's.
fn each(entries: &[Entry]) -> Vec<Group> {
    let mut groups: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        let (top, rest) = names::split_top(&entry.path);
        let inside = match rest {
            Some(rest) => Some(Entry::new(rest, entry.what.clone())),
            None if entry.is_file() && !is_archive(entry) => continue,
            // Of a folder, there is nothing to be read.
            None if matches!(entry.what, What::Folder) => None,
            None => Some(entry.clone()),
        };
        groups.entry(top.to_string()).or_default().extend(inside);
    }
    let group = |(name, entries): (String, Vec<Entry>)| Group {
        name: match entries.as_slice() {
            [one] if one.path == name => names::without_extension(&name).to_string(),
            _ => name,
        },
        students: Vec::new(),
        entries,
        remarks: Vec::new(),
    };
    groups.into_iter().map(group).collect()
}
