//! A hostile submission as it is written down in `tests/attacks/`, whose README.md tells the format, and
//! the folder that it makes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::submissions::{Base, copy, entries, house};

/// A hostile submission.
#[derive(Clone, Debug)]
pub struct Attack {
    /// Its folder's name.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// What it tries, in a line.
    pub what: String,
    /// What it is a change of.
    pub base: Base,
    /// What is to come of it.
    pub expected: Expected,
    /// What is there if it has worked.
    pub leaves: Vec<Left>,
    /// What nothing may contain that the grader writes.
    pub never_shows: Vec<String>,
    /// Files to make: how many bytes, and where.
    makes: Vec<(usize, String)>,
    /// Symbolic links to make: where, and to what.
    links: Vec<(String, String)>,
}

/// What is to come of an attack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It is not even compiled.
    Refused,
    /// It does not compile, and the compiler says this. If it is empty: whatever it says.
    DoesNotCompile(String),
    /// No points.
    Zero,
    /// This test is failed.
    Fails(String),
    /// At most the points of the base.
    NoMoreThanTheBase,
    /// Exactly these.
    AsTheBase,
}

/// What an attack leaves behind if it has worked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// A file.
    File(PathBuf),
    /// A port of this machine that is listened to.
    Port(u16),
    /// A call to a port of this machine, on which the test listens.
    Call(u16),
    /// A process of this name.
    Process(String),
}

impl Attack {
    /// All attacks of a folder, in the order of their names.
    ///
    /// # Errors
    ///
    /// When one's `about.md` does not say what it must: the message names it.
    pub fn all(folder: &Path) -> Result<Vec<Attack>> {
        let mut folders: Vec<PathBuf> = entries(folder)?;
        folders.retain(|path| path.is_dir());
        folders.into_iter().map(Attack::read).collect()
    }

    fn read(folder: PathBuf) -> Result<Attack> {
        let about = folder.join("about.md");
        let read = || {
            let name = folder.file_name().and_then(|name| name.to_str());
            let name = name.context("the folder's name is not UTF-8")?;
            Attack::parse(name, &fs::read_to_string(&about)?)
        };
        let attack = read().with_context(|| about.display().to_string())?;
        Ok(Attack { folder, ..attack })
    }

    /// An attack by its `about.md`; its folder is not known yet.
    pub fn parse(name: &str, about: &str) -> Result<Attack> {
        let (mut what, mut base, mut expected) = (None, None, None);
        let (mut leaves, mut never_shows) = (Vec::new(), Vec::new());
        let (mut makes, mut links) = (Vec::new(), Vec::new());
        for line in about.lines().take_while(|line| !line.is_empty()) {
            let (key, value) = line
                .split_once(": ")
                .with_context(|| format!("'{line}': expected 'Key: value'"))?;
            let twice = match key {
                "Attack" => what.replace(value.to_string()).is_some(),
                "Base" => base.replace(Base::parse(value)?).is_some(),
                "Expect" => expected.replace(Expected::parse(value)?).is_some(),
                "Leaves nothing" => {
                    for left in value.split(", ") {
                        leaves.push(Left::parse(left)?);
                    }
                    false
                }
                "Never shows" => {
                    never_shows.extend(value.split(" | ").map(String::from));
                    false
                }
                "Make" => {
                    let (bytes, path) = pair(value, " ", "Make: BYTES PATH")?;
                    let bytes = bytes.parse().with_context(|| format!("'{bytes}' bytes"))?;
                    makes.push((bytes, path));
                    false
                }
                "Link" => {
                    links.push(pair(value, " -> ", "Link: PATH -> TARGET")?);
                    false
                }
                _ => bail!(
                    "'{key}:' is none of Attack, Base, Expect, Leaves nothing, Never shows, Make, Link"
                ),
            };
            ensure!(!twice, "'{key}:' is there twice");
        }
        Ok(Attack {
            name: name.to_string(),
            folder: PathBuf::new(),
            what: what.context("the line 'Attack: ...' is missing")?,
            base: base.context("the line 'Base: ...' is missing")?,
            expected: expected.context("the line 'Expect: ...' is missing")?,
            leaves,
            never_shows,
            makes,
            links,
        })
    }

    /// Makes the submission: a folder as a student would hand it in.
    ///
    /// # Errors
    ///
    /// When it cannot be written, or a patch no longer applies.
    pub fn assemble(&self, into: &Path) -> Result<()> {
        self.base.assemble(into)?;
        copy(&self.folder, into)?;
        fs::remove_file(into.join("about.md"))?;
        let own = self.folder.join("src");
        if own.join("attack.rs").exists() && !own.join("lib.rs").exists() {
            let hooked = house().join("tests/attacks/hooked.rs");
            fs::copy(hooked, into.join("src/lib.rs"))?;
        }
        for (bytes, path) in &self.makes {
            fs::write(into.join(path), vec![b'/'; *bytes]).with_context(|| path.clone())?;
        }
        #[cfg(unix)]
        for (path, target) in &self.links {
            std::os::unix::fs::symlink(target, into.join(path)).with_context(|| path.clone())?;
        }
        Ok(())
    }
}

impl Expected {
    fn parse(value: &str) -> Result<Expected> {
        Ok(match value {
            "refused" => Expected::Refused,
            "does not compile" => Expected::DoesNotCompile(String::new()),
            "zero" => Expected::Zero,
            "no more than the base" => Expected::NoMoreThanTheBase,
            "as the base" => Expected::AsTheBase,
            _ => {
                if let Some(said) = value.strip_prefix("does not compile: ") {
                    return Ok(Expected::DoesNotCompile(said.to_string()));
                }
                let test = value.strip_prefix("fails ").with_context(|| {
                    format!("'Expect: {value}' is nothing that README.md tells of")
                })?;
                let known = suite::all().iter().any(|known| known.path() == test);
                ensure!(known, "'Expect: {value}' names no test of the suite");
                Expected::Fails(test.to_string())
            }
        })
    }
}

impl Left {
    fn parse(value: &str) -> Result<Left> {
        let (kind, name) = pair(
            value,
            " ",
            "Leaves nothing: file PATH, port N, call N, process NAME",
        )?;
        Ok(match kind.as_str() {
            "file" => Left::File(name.into()),
            "port" => Left::Port(number("port", &name)?),
            "call" => Left::Call(number("call", &name)?),
            "process" => Left::Process(name),
            _ => bail!("'{kind}' is none of file, port, call, process"),
        })
    }
}

fn number(kind: &str, name: &str) -> Result<u16> {
    name.parse().with_context(|| format!("{kind} '{name}'"))
}

fn pair(value: &str, between: &str, expected: &str) -> Result<(String, String)> {
    let (first, second) = value
        .split_once(between)
        .with_context(|| format!("'{value}': expected '{expected}'"))?;
    Ok((first.to_string(), second.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "Attack: tries\nBase: mutant 31\nExpect: zero\n";

    #[test]
    fn a_head_says_what_is_tried_and_what_is_to_come_of_it() {
        let more = "Leaves nothing: file /tmp/a b, port 47011, call 47012, process c\nNever shows: d: e | f\n\
                    Make: 5 src/two words.rs\nLink: src/g.rs -> /h\n\nBase: prose\n";
        let attack = Attack::parse("name", &format!("{HEAD}{more}")).unwrap();
        assert_eq!(
            (attack.name.as_str(), attack.what.as_str()),
            ("name", "tries")
        );
        assert_eq!(attack.base, Base::Mutant("31".to_string()));
        assert_eq!(attack.expected, Expected::Zero);
        let process = Left::Process("c".to_string());
        let left = [
            Left::File("/tmp/a b".into()),
            Left::Port(47011),
            Left::Call(47012),
            process,
        ];
        assert_eq!(attack.leaves, left);
        assert_eq!(attack.never_shows, ["d: e", "f"]);
        assert_eq!(attack.makes, [(5, "src/two words.rs".to_string())]);
        assert_eq!(attack.links, [("src/g.rs".to_string(), "/h".to_string())]);
    }

    #[test]
    fn a_head_that_makes_no_sense_is_refused() {
        for (text, words) in [
            ("Base: starter\nExpect: zero\n", "'Attack: ...' is missing"),
            ("Attack: a\nExpect: zero\n", "'Base: ...' is missing"),
            ("Attack: a\nBase: starter\n", "'Expect: ...' is missing"),
            (
                "Attack: a\nBase: other\n",
                "expected reference, starter or mutant NN",
            ),
            ("Expect: much\n", "nothing that README.md tells of"),
            ("Expect: fails classic::none\n", "names no test"),
            (
                "Leaves nothing: door 5\n",
                "none of file, port, call, process",
            ),
            ("Leaves nothing: port 70000\n", "port '70000'"),
            ("Make: some src/a.rs\n", "'some' bytes"),
            ("Link: src/a.rs /b\n", "expected 'Link: PATH -> TARGET'"),
            ("nothing\n", "expected 'Key: value'"),
            ("Colour: red\n", "'Colour:' is none of"),
            (&format!("{HEAD}Expect: zero\n"), "'Expect:' is there twice"),
        ] {
            let error = format!("{:#}", Attack::parse("a", text).unwrap_err());
            assert!(error.contains(words), "{error}");
        }
    }
}
