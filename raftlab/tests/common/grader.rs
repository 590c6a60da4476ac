//! `raftlab grade`, run as a teacher runs it, and what it came to.

#![allow(dead_code)] // not every test needs all of it

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A class to be graded, in a folder of a test's own.
pub struct Grader {
    /// Everything of this test is below it.
    pub home: PathBuf,
    /// The folder of submissions.
    pub class: PathBuf,
    /// Where the grader writes.
    pub out: PathBuf,
    /// Where it keeps builds.
    pub cache: PathBuf,
    /// Where it is started: nothing may be left here.
    pub working: PathBuf,
}

impl Grader {
    /// In a folder of this name, without what an earlier run of the test has left there. Builds are kept:
    /// they are a function of what is built.
    pub fn new(name: &str) -> Grader {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("grade")
            .join(name);
        let grader = Grader {
            class: home.join("class"),
            out: home.join("graded"),
            cache: home.join("cache"),
            working: home.join("working"),
            home,
        };
        for folder in [&grader.class, &grader.out, &grader.working] {
            let _ = fs::remove_dir_all(folder);
        }
        for folder in [&grader.class, &grader.working] {
            fs::create_dir_all(folder).expect("a folder can be made");
        }
        grader
    }

    /// The same, with the builds of all such tests in one place.
    pub fn sharing_builds(name: &str) -> Grader {
        let mut grader = Grader::new(name);
        grader.cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("grade/cache");
        grader
    }

    /// The command that grades the class.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_raftlab"));
        command.arg("grade").arg(&self.class);
        command
            .arg("--out")
            .arg(&self.out)
            .arg("--cache")
            .arg(&self.cache);
        command
            .args(arguments)
            .current_dir(&self.working)
            .stdin(Stdio::null());
        command
    }

    /// Grades the class.
    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(&mut self.command(arguments))
    }

    /// The class as it was written down.
    pub fn graded(&self) -> Graded {
        let path = self.out.join("class.json");
        let text =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Graded(serde_json::from_str(&text).expect("class.json is JSON"))
    }

    /// What runs of this grader's: processes that were started with something of its cache.
    pub fn running(&self) -> Vec<String> {
        let cache = self.cache.to_string_lossy().into_owned();
        processes(|process| process.contains(&cache))
    }
}

/// The command lines for which this holds, the test's own left out.
pub fn processes(is_meant: impl Fn(&str) -> bool) -> Vec<String> {
    let own = std::process::id().to_string();
    let folders = fs::read_dir("/proc").expect("there is /proc").flatten();
    let line = |folder: fs::DirEntry| {
        let name = folder.file_name().into_string().ok()?;
        name.parse::<u32>().ok().filter(|_| name != own)?;
        let line = fs::read(folder.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        is_meant(&line).then(|| format!("{name}: {line}"))
    };
    folders.filter_map(line).collect()
}

/// What a run of the grader came to.
pub struct Run {
    /// Its exit code; none, if it was killed.
    pub code: Option<i32>,
    /// What it printed.
    pub out: String,
    /// What it complained of.
    pub err: String,
}

impl Run {
    /// Of this command.
    pub fn of(command: &mut Command) -> Run {
        Run::from(command.output().expect("it can be started"))
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Run {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Run {
            code: output.status.code(),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }
}

/// A class that was graded.
pub struct Graded(pub Value);

/// A submission that was graded.
#[derive(Clone, Copy)]
pub struct Submission<'a>(pub &'a Value);

impl Graded {
    /// All submissions.
    pub fn all(&self) -> impl Iterator<Item = Submission<'_>> {
        self.0["submissions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(Submission)
    }

    /// The submission of this id.
    pub fn find(&self, id: &str) -> Option<Submission<'_>> {
        self.all().find(|submission| submission.id() == id)
    }

    /// The same, of which the test is sure.
    pub fn of(&self, id: &str) -> Submission<'_> {
        self.find(id)
            .unwrap_or_else(|| panic!("{id} is not in the class"))
    }
}

impl<'a> Submission<'a> {
    /// What it is called.
    pub fn id(self) -> &'a str {
        self.0["id"].as_str().unwrap_or_default()
    }

    /// Hundredths of points, without and with what is extra.
    pub fn earned(self) -> (u64, u64) {
        let earned = |points: &str| self.0[points]["earned"].as_u64().expect("points");
        (earned("points"), earned("extra"))
    }

    /// `Graded`, `Refused`, `DoesNotCompile` or `CouldNotTell`, and what is said of it.
    pub fn verdict(self) -> (&'a str, &'a str) {
        told(&self.0["verdict"])
    }

    /// The tests.
    pub fn tests(self) -> impl Iterator<Item = &'a Value> {
        self.0["tests"].as_array().into_iter().flatten()
    }

    /// What this test came to: `Passed`, `Failed`, `NotTried`, `CouldNotTell`.
    pub fn outcome(self, path: &str) -> Option<&'a str> {
        let test = self.tests().find(|test| test["path"] == path)?;
        Some(told(&test["outcome"]).0)
    }

    /// In a line: what it came to, and the first thing that was found.
    pub fn in_a_line(self) -> String {
        let (verdict, said) = self.verdict();
        let (points, extra) = self.earned();
        let found = self
            .tests()
            .find(|test| test["outcome"]["Failed"].is_object());
        let found = found.map(|test| {
            let (path, failure) = (&test["path"], &test["outcome"]["Failed"]);
            format!("; {path}: {}: {}", failure["rule"], failure["sentence"])
        });
        let differs = self.0["nondeterminism"].as_str();
        let differs = differs.map(|how| format!("; nondeterministic: {how}"));
        let line = format!(
            "{verdict}, {points} + {extra} hundredths; {said}{}{}",
            found.unwrap_or_default(),
            differs.unwrap_or_default()
        );
        line.chars().take(600).collect()
    }
}

/// A variant's name, and its text if it has one.
fn told(value: &Value) -> (&str, &str) {
    let variant = value.as_object().and_then(|object| object.iter().next());
    match variant {
        Some((name, said)) => (name, said.as_str().unwrap_or_default()),
        None => (value.as_str().unwrap_or_default(), ""),
    }
}

/// All files below a folder, by their paths in it; links are not followed.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).into_iter().flatten().flatten() {
            let path = entry.path();
            let kind = entry.file_type().expect("it has a type");
            if kind.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = match kind.is_symlink() {
                true => {
                    fs::read_link(&path).map(|to| to.to_string_lossy().into_owned().into_bytes())
                }
                false => fs::read(&path),
            };
            let name = path
                .strip_prefix(folder)
                .expect("it is below")
                .to_path_buf();
            found.insert(name, bytes.unwrap_or_default());
        }
    }
    found
}
