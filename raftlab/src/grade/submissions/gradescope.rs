//! Gradescope's export: a folder for each submission, and `submission_metadata.yml`, which says whose they
//! are:
//!
//! ```yaml
//! submission_12345678:
//!   :submitters:
//!   - :name: Ada Lovelace
//!     :sid: '3031234567'
//!     :email: ada@example.org
//!   :score: 0.0
//! ```

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use saphyr_parser::{Event, Parser, ScalarStyle};

use super::container::{Container, Entry};
use super::limits::{self, Budget};
use super::{Group, bulk, names};
use crate::grade::model::Student;

const LIST: &str = "submission_metadata.yml";

/// The submissions in an export; none, if it is none.
///
/// # Errors
///
/// When the list of them cannot be read.
pub(super) fn split(container: &Container, entries: &[Entry]) -> Result<Option<Vec<Group>>> {
    let Some(list) = entries.iter().find(|it| it.path == LIST && it.is_file()) else {
        return Ok(None);
    };
    let bytes = match container.read(list, limits::UNPACKED, &mut Budget::new()) {
        Ok(bytes) => bytes,
        Err(refusal) => bail!("{refusal}"),
    };
    let Ok(text) = String::from_utf8(bytes) else {
        bail!("{LIST} is no UTF-8 text");
    };
    let mut submitters = submitters(&text)?;
    // A folder that the list does not know is a submission all the same.
    for entry in entries {
        if let (top, Some(_)) = names::split_top(&entry.path) {
            submitters.entry(top.to_string()).or_default();
        }
    }
    let group = |(name, students): (String, Vec<Student>)| Group {
        entries: bulk::below(entries, &format!("{name}/")),
        name,
        students,
        remarks: Vec::new(),
    };
    Ok(Some(submitters.into_iter().map(group).collect()))
}

/// Where the reader is.
enum Inside {
    /// A mapping, and the key whose value comes next.
    Mapping(Option<String>),
    Sequence,
}

/// Who handed in each submission. The rest of the file, scores and outputs, is read over.
fn submitters(text: &str) -> Result<BTreeMap<String, Vec<Student>>> {
    let mut all: BTreeMap<String, Vec<Student>> = BTreeMap::new();
    let mut texts: BTreeMap<usize, String> = BTreeMap::new();
    let mut inside: Vec<Inside> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => bail!("{LIST}, line {}: {}", error.marker().line(), error.info()),
        };
        let text = match event {
            Event::Scalar(ref text, style, anchor, _) => {
                let nothing = style == ScalarStyle::Plain && matches!(&**text, "~" | "null");
                let text = if nothing {
                    String::new()
                } else {
                    text.to_string()
                };
                // 0 is none.
                if anchor > 0 {
                    texts.insert(anchor, text.clone());
                }
                Some(text)
            }
            Event::Alias(anchor) => Some(texts.get(&anchor).cloned().unwrap_or_default()),
            Event::MappingStart(..) | Event::SequenceStart(..) => None,
            Event::MappingEnd | Event::SequenceEnd => {
                inside.pop();
                ended(&mut inside);
                continue;
            }
            _ => continue,
        };
        if let (Some(Inside::Mapping(key @ None)), Some(text)) = (inside.last_mut(), &text) {
            *key = Some(text.strip_prefix(':').unwrap_or(text).to_string());
            continue;
        }
        if let Some(Inside::Mapping(None)) = inside.last() {
            bail!(
                "{LIST}, line {}: expected a name and a colon",
                span.start.line()
            );
        }
        match (at(&inside), &text, &event) {
            (At::Top, None, Event::MappingStart(..)) => {}
            (At::Top, ..) => bail!(
                "{LIST}, line {}: expected 'submission_...:' and whose it is",
                span.start.line()
            ),
            (At::Submission(name), ..) => {
                all.entry(name.to_string()).or_default();
            }
            (At::Submitter(name), None, Event::MappingStart(..)) => {
                let students = all.entry(name.to_string()).or_default();
                students.push(Student::default());
            }
            (At::Fact(name, fact), Some(text), _) => {
                let student = all.get_mut(name).and_then(|students| students.last_mut());
                if let Some(student) = student {
                    match fact {
                        "name" => student.name.clone_from(text),
                        "sid" => student.id.clone_from(text),
                        "email" => student.email.clone_from(text),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        match event {
            Event::MappingStart(..) => inside.push(Inside::Mapping(None)),
            Event::SequenceStart(..) => inside.push(Inside::Sequence),
            _ => ended(&mut inside),
        }
    }
    Ok(all)
}

/// A value has ended: a key comes next.
fn ended(inside: &mut [Inside]) {
    if let Some(Inside::Mapping(key)) = inside.last_mut() {
        *key = None;
    }
}

/// What a value is about.
enum At<'a> {
    Top,
    Submission(&'a str),
    Submitter(&'a str),
    Fact(&'a str, &'a str),
    Elsewhere,
}

fn at(inside: &[Inside]) -> At<'_> {
    use Inside::{Mapping, Sequence};
    match inside {
        [] => At::Top,
        [Mapping(Some(name))] => At::Submission(name),
        [Mapping(Some(name)), Mapping(Some(list)), Sequence] if list == "submitters" => {
            At::Submitter(name)
        }
        [
            Mapping(Some(name)),
            Mapping(Some(list)),
            Sequence,
            Mapping(Some(fact)),
        ] if list == "submitters" => At::Fact(name, fact),
        _ => At::Elsewhere,
    }
}
