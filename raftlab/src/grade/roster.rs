//! Who is in the class: a table that a course system exports, with one student a row.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Result, bail};

use super::model::Student;
use super::rows::{Row, Table};
use super::submissions::{Submission, file_id};

/// Who is in the class, in the order of the file.
pub(crate) struct Roster {
    students: Vec<Listed>,
}

struct Listed {
    student: Student,
    /// All that the student is called in downloads: numbers, logins, the email address; in lower case.
    keys: BTreeSet<String>,
}

/// The columns that say what a student is called in downloads. The first there is becomes the id.
const IDS: [&str; 15] = [
    "sid",
    "student id",
    "student number",
    "id number",
    "sis user id",
    "id",
    "user id",
    "identifier",
    "login",
    "username",
    "user name",
    "login id",
    "sis login id",
    "user",
    "netid",
];
const NAMES: [&str; 6] = [
    "name",
    "full name",
    "student name",
    "student",
    "display name",
    "sortable name",
];
const FIRST: [&str; 4] = ["first name", "given name", "firstname", "forename"];
const LAST: [&str; 4] = ["last name", "surname", "family name", "lastname"];
const EMAILS: [&str; 5] = ["email", "email address", "e mail", "mail", "e mail address"];

impl Roster {
    /// Reads a table whose columns are found by their names; others are ignored.
    ///
    /// # Errors
    ///
    /// When it cannot be read, when no column says who somebody is, or when somebody is in it twice.
    pub fn read(path: &Path) -> Result<Roster> {
        Roster::of(&Table::read(path)?)
    }

    fn of(table: &Table) -> Result<Roster> {
        let ids: Vec<_> = { IDS.iter() }
            .filter_map(|name| table.column(&[name]))
            .collect();
        let email = table.column(&EMAILS);
        if ids.is_empty() && email.is_none() {
            bail!(
                "{}: expected a column id, sid, login or email, and perhaps name, or first name and last \
                 name; its columns are: {}",
                table.file,
                table.columns()
            );
        }
        let mut students: Vec<Listed> = Vec::new();
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        for row in &table.rows {
            let name = name_in(table, row);
            // The second row of Canvas's gradebook.
            if name.eq_ignore_ascii_case("points possible") {
                continue;
            }
            let ids = ids.iter().map(|column| number(row.field(Some(*column))));
            let ids: Vec<&str> = ids.filter(|id| !id.is_empty()).collect();
            let email = row.field(email);
            if ids.is_empty() && email.is_empty() {
                bail!(
                    "{}, line {}: there is neither an id nor an email address",
                    table.file,
                    row.line
                );
            }
            let keys: BTreeSet<_> = { ids.iter().copied() }
                .chain((!email.is_empty()).then_some(email))
                .map(str::to_lowercase)
                .collect();
            // One number may mean two students in two columns; in one column that is a mistake.
            let main = ids.first().copied().unwrap_or(email).to_lowercase();
            if let Some(before) = lines.insert(main, row.line) {
                let who = ids.first().copied().unwrap_or(email);
                bail!(
                    "{}, line {}: {who} is in line {before} already",
                    table.file,
                    row.line
                );
            }
            students.push(Listed {
                student: Student {
                    name,
                    id: ids.first().copied().unwrap_or_default().to_string(),
                    email: email.to_string(),
                },
                keys,
            });
        }
        Ok(Roster { students })
    }

    /// Says in each submission whose it is, as far as that is known, and tells who handed in nothing, in
    /// the roster's order.
    ///
    /// A student is known by a number, a login or an email address: as the download says it, as the
    /// submission is called, or as a word of that. Failing that, by a name that only one has.
    pub fn assign(&self, submissions: &mut [Submission]) -> Vec<Student> {
        let mut handed_in = BTreeSet::new();
        for submission in submissions {
            let mut found = Vec::new();
            let mut students = Vec::new();
            for student in &submission.students {
                match self
                    .known_by_facts(student)
                    .or_else(|| self.known_by_name(&student.name))
                {
                    Some(place) => found.push(place),
                    None => students.push(student.clone()),
                }
            }
            // What a file is called is asked only if nothing better is known.
            if found.is_empty() {
                found = self.known_by_file(&submission.id);
                if !found.is_empty() {
                    students.clear();
                }
            }
            let known = found
                .iter()
                .map(|place| self.students[*place].student.clone());
            submission.students = known.chain(students).collect();
            handed_in.extend(found);
        }
        let missing = |(place, _): &(usize, &Listed)| !handed_in.contains(place);
        { self.students.iter().enumerate() }
            .filter(missing)
            .map(|(_, listed)| listed.student.clone())
            .collect()
    }

    /// The only student for whom this holds.
    fn only(&self, holds: impl Fn(&Listed) -> bool) -> Option<usize> {
        let mut all = { self.students.iter().enumerate() }.filter(|(_, listed)| holds(listed));
        match (all.next(), all.next()) {
            (Some((place, _)), None) => Some(place),
            _ => None,
        }
    }

    fn known_by_facts(&self, student: &Student) -> Option<usize> {
        [&student.id, &student.email].into_iter().find_map(|fact| {
            let fact = fact.to_lowercase();
            self.only(|listed| !fact.is_empty() && listed.keys.contains(&fact))
        })
    }

    fn known_by_name(&self, name: &str) -> Option<usize> {
        let name = words(name);
        self.only(|listed| !name.is_empty() && words(&listed.student.name) == name)
    }

    /// Whose a submission of this name is: `ada`, `lab2a-ada`, `ada_bob`, or `lovelaceada` by name.
    fn known_by_file(&self, id: &str) -> Vec<usize> {
        let id = id.to_lowercase();
        let called = |key: &String| file_id(key).to_lowercase();
        if let Some(place) = self.only(|listed| listed.keys.iter().any(|key| called(key) == id)) {
            return vec![place];
        }
        let words: BTreeSet<_> = id.split(|c: char| !c.is_ascii_alphanumeric()).collect();
        // A short number is the number of a lab.
        let long = |word: &&str| word.len() >= 3 || word.bytes().any(|b| b.is_ascii_alphabetic());
        let by_words: BTreeSet<_> = { words.into_iter().filter(long) }
            .filter_map(|word| self.only(|listed| listed.keys.contains(word)))
            .collect();
        if !by_words.is_empty() {
            return by_words.into_iter().collect();
        }
        let letters: String = id.chars().filter(char::is_ascii_alphabetic).collect();
        let called = |listed: &Listed| joined(&listed.student.name).contains(&letters);
        let by_name = self.only(|listed| !letters.is_empty() && called(listed));
        by_name.into_iter().collect()
    }
}

fn name_in(table: &Table, row: &Row) -> String {
    let first = row.field(table.column(&FIRST));
    let last = row.field(table.column(&LAST));
    match (first, last) {
        ("", "") => {}
        (first, last) => return format!("{first} {last}").trim().to_string(),
    }
    let name = row.field(table.column(&NAMES));
    match name.split_once(',') {
        Some((last, first)) => format!("{} {}", first.trim(), last.trim())
            .trim()
            .to_string(),
        None => name.to_string(),
    }
}

/// Moodle's worksheet says `Participant 1234567`.
fn number(id: &str) -> &str {
    match id.split_once(' ') {
        Some((_, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => number,
        _ => id,
    }
}

/// The words of a name, in any order.
fn words(name: &str) -> BTreeSet<String> {
    let words = name.split(|c: char| !c.is_alphanumeric());
    { words }
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// A name as Canvas writes it: the last name first, and the other way round.
fn joined(name: &str) -> [String; 2] {
    let words: Vec<_> = name.split_whitespace().map(str::to_lowercase).collect();
    let join = |words: Vec<String>| -> String {
        let letters = |c: &char| c.is_ascii_alphabetic();
        words.concat().chars().filter(letters).collect()
    };
    let mut last_first = words.clone();
    last_first.rotate_right(usize::from(!words.is_empty()));
    [join(words), join(last_first)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grade::submissions::Sources;

    fn roster(text: &str) -> Result<Roster> {
        Roster::of(&Table::parse("roster.csv".into(), text)?)
    }

    fn submission(id: &str, students: &[(&str, &str, &str)]) -> Submission {
        let student = |(name, id, email): &(&str, &str, &str)| Student {
            name: name.to_string(),
            id: id.to_string(),
            email: email.to_string(),
        };
        Submission {
            id: id.to_string(),
            students: students.iter().map(student).collect(),
            content: Ok(Sources::default()),
            remarks: Vec::new(),
        }
    }

    const CLASS: &str = "First Name;Last Name;SID;Login;E-Mail\r\n\
        Ada;Lovelace;1001;ada;ada@example.org\r\n\
        Alan;Turing;1002;alan;alan@example.org\r\n\
        Grace;Hopper;1003;grace;grace@example.org\r\n";

    /// Whose the submission is, by first names, and who is missing.
    fn assigned(id: &str, students: &[(&str, &str, &str)]) -> (String, String) {
        let mut all = [submission(id, students)];
        let missing = roster(CLASS).unwrap().assign(&mut all);
        let first = |students: &[Student]| {
            let first =
                |student: &Student| student.name.split(' ').next().unwrap_or("").to_string();
            students.iter().map(first).collect::<Vec<_>>().join(" ")
        };
        (first(&all[0].students), first(&missing))
    }

    #[test]
    fn students_are_known_by_numbers_logins_addresses_and_names() {
        for (id, students) in [
            ("submission_7", &[("", "1001", "")][..]),
            ("submission_7", &[("A.", "", "ADA@example.org")]),
            ("x", &[("Lovelace, Ada", "77", "")]),
            ("ada", &[]),
            ("Ada-2", &[]),
            ("lab2a-ada", &[]),
            ("ada-example.org", &[]),
            ("1001", &[]),
            ("lovelaceada", &[("", "12345", "")]),
        ] {
            let expected = ("Ada".to_string(), "Alan Grace".to_string());
            assert_eq!(assigned(id, students), expected, "{id}");
        }
    }

    #[test]
    fn a_group_is_all_of_them_and_a_stranger_is_nobody() {
        let expected = ("Ada Alan".to_string(), "Grace".to_string());
        assert_eq!(assigned("ada_alan", &[]), expected);
        let both = [("", "1001", ""), ("", "1002", "")];
        assert_eq!(assigned("x", &both), expected);
        let expected = (String::new(), "Ada Alan Grace".to_string());
        assert_eq!(assigned("adam-2", &[]), expected);
    }

    #[test]
    fn course_systems_name_their_columns_differently() {
        for text in [
            "Name,ID\n\"Lovelace, Ada\",1001\n",
            "Student,ID,SIS Login ID\n    Points Possible,,\n\"Lovelace, Ada\",1001,ada\n",
            "Identifier,Full name,Email address\nParticipant 1001,Ada Lovelace,\n",
            "student id\tname\n1001\tAda Lovelace\n",
        ] {
            let roster = roster(text).unwrap();
            let students: Vec<_> = { roster.students.iter() }
                .map(|it| (it.student.name.as_str(), it.student.id.as_str()))
                .collect();
            assert_eq!(students, [("Ada Lovelace", "1001")], "{text}");
        }
    }

    #[test]
    fn a_file_of_a_spreadsheet_is_read() {
        let name = format!("raftlab-roster-{}.csv", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, "\u{feff}Login;Name\r\nada;Ada Lovelace\r\n").unwrap();
        let read = Roster::read(&path);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(read.unwrap().students[0].student.id, "ada");
    }

    #[test]
    fn a_roster_that_says_nothing_is_refused() {
        for (text, expected) in [
            (
                "name,room\nAda,7\n",
                "roster.csv: expected a column id, sid",
            ),
            ("name,id\nAda,\n", "roster.csv, line 2: there is neither"),
            (
                "name,id\nAda,7\n\nAlan,7\n",
                "roster.csv, line 4: 7 is in line 2 already",
            ),
            ("", "roster.csv is empty"),
        ] {
            let error = roster(text).err().unwrap().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
