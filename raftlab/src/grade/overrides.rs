//! Marks that a teacher sets by hand: a table with one mark a row.
//!
//! ```csv
//! submission,test,points,reason
//! ada,classic::re_election,2,"right, but for a typing mistake"
//! alan,,60,handed in a week late
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};

use super::model::{Score, Student};
use super::rows::{Row, Table};
use super::submissions::file_id;

/// Marks set by hand, by the file's own word; [`Overrides::resolve`] holds them against the class.
pub(crate) struct Overrides {
    file: String,
    lines: Vec<Line>,
}

struct Line {
    line: usize,
    /// A submission's id, or a student's id or email address.
    whose: String,
    mark: Mark,
}

/// A mark set by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The test; none, if it is about the total.
    pub test: Option<String>,
    pub points: Score,
    /// Why. Never empty.
    pub reason: String,
}

/// What can be overridden.
pub(crate) struct Gradebook<'a> {
    /// Each submission: its id, and whose it is.
    pub submissions: Vec<(&'a str, &'a [Student])>,
    /// The points that there are for each test.
    pub tests: BTreeMap<&'a str, Score>,
    /// The points that there are in total.
    pub total: Score,
}

impl Overrides {
    /// Reads the table: columns submission, test, points and reason, in any order.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or when a line lacks something.
    pub fn read(path: &Path) -> Result<Overrides> {
        Overrides::of(&Table::read(path)?)
    }

    fn of(table: &Table) -> Result<Overrides> {
        let file = table.file.clone();
        let column = |name: &str| match table.column(&[name]) {
            Some(column) => Ok(Some(column)),
            None => bail!(
                "{file}: expected the columns submission, test, points and reason; there is no {name} among: {}",
                table.columns()
            ),
        };
        let [whose, test, points, reason] = [
            column("submission")?,
            column("test")?,
            column("points")?,
            column("reason")?,
        ];
        if let Some(row) = table.too_long() {
            bail!(
                "{file}, line {}: there are more fields than columns: put a text with a comma into quotes",
                row.line
            );
        }
        let line = |row: &Row| {
            let (at, whose) = (row.line, row.field(whose));
            if whose.is_empty() {
                bail!("{file}, line {at}: the submission is missing");
            }
            let reason = row.field(reason);
            if reason.is_empty() {
                bail!("{file}, line {at}: the reason is missing: the student will read it");
            }
            let points = row.field(points);
            let Some(points) = score(points) else {
                bail!(
                    "{file}, line {at}: the points are {points:?}: expected a number such as 2 or 1.5, of two \
                     decimals at most"
                );
            };
            let test = row.field(test);
            Ok(Line {
                line: at,
                whose: whose.to_string(),
                mark: Mark {
                    test: (!test.is_empty()).then(|| test.to_string()),
                    points,
                    reason: reason.to_string(),
                },
            })
        };
        let lines: Vec<_> = table.rows.iter().map(line).collect::<Result<_>>()?;
        Ok(Overrides { file, lines })
    }

    /// The marks by submission, in the order of the file.
    ///
    /// # Errors
    ///
    /// When a line names a submission or a test that there is not, more points than there are, or a mark
    /// that an earlier line sets.
    pub fn resolve(&self, book: &Gradebook<'_>) -> Result<BTreeMap<String, Vec<Mark>>> {
        let mut all: BTreeMap<String, Vec<Mark>> = BTreeMap::new();
        let mut set: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
        for Line { line, whose, mark } in &self.lines {
            let at = format!("{}, line {line}", self.file);
            let id = match book.called(whose).as_slice() {
                [id] => *id,
                [] => bail!(
                    "{at}: there is no submission {whose}{}",
                    book.similar(whose)
                ),
                several => bail!(
                    "{at}: {whose} is in several submissions: name one of {}",
                    several.join(", ")
                ),
            };
            let test = mark.test.as_deref();
            let (what, most) = match test {
                None => ("in total".to_string(), book.total),
                Some(test) => match book.tests.get(test) {
                    Some(most) => (format!("for {test}"), *most),
                    None => bail!("{at}: there is no test {test}: 'raftlab list' names them"),
                },
            };
            if mark.points > most {
                bail!("{at}: {} points, and there are {most} {what}", mark.points);
            }
            if let Some(before) = set.insert((id, test), *line) {
                bail!("{at}: this mark is set in line {before} already");
            }
            all.entry(id.to_string()).or_default().push(mark.clone());
        }
        Ok(all)
    }
}

impl<'a> Gradebook<'a> {
    /// The submission of this id; or those of a student with this id or email address.
    fn called(&self, whose: &str) -> Vec<&'a str> {
        let exactly = |(id, _): &&(&'a str, &[Student])| *id == whose || *id == file_id(whose);
        if let Some((id, _)) = self.submissions.iter().find(exactly) {
            return vec![id];
        }
        let is = |fact: &str| !fact.is_empty() && fact.eq_ignore_ascii_case(whose);
        let theirs = |(_, students): &&(&'a str, &[Student])| {
            let mut students = students.iter();
            students.any(|student| is(&student.id) || is(&student.email))
        };
        { self.submissions.iter().filter(theirs) }
            .map(|(id, _)| *id)
            .collect()
    }

    /// What may have been meant.
    fn similar(&self, whose: &str) -> String {
        let near =
            |id: &str| strsim::damerau_levenshtein(&id.to_lowercase(), &whose.to_lowercase());
        let ids = self.submissions.iter().map(|(id, _)| *id);
        match ids.map(|id| (near(id), id)).min() {
            Some((distance, id)) if distance <= 2 => format!("; did you mean {id}?"),
            _ => String::new(),
        }
    }
}

/// `2`, `1.5`, `0,33`.
fn score(text: &str) -> Option<Score> {
    let (points, rest) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(points) || !digits(rest) {
        return None;
    }
    let rest = match rest.trim_end_matches('0') {
        "" => 0,
        tenths if tenths.len() == 1 => tenths.parse::<u32>().ok()? * 10,
        hundredths if hundredths.len() == 2 => hundredths.parse().ok()?,
        _ => return None,
    };
    let hundredths = points.parse::<u32>().ok()?.checked_mul(100)?;
    Some(Score::hundredths(hundredths.checked_add(rest)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overrides(text: &str) -> Result<Overrides> {
        Overrides::of(&Table::parse("marks.csv".into(), text)?)
    }

    fn resolved(rows: &str) -> Result<BTreeMap<String, Vec<Mark>>> {
        let student = |id: &str, email: &str| Student {
            name: String::new(),
            id: id.into(),
            email: email.into(),
        };
        let ada = [student("1001", "ada@example.org")];
        let both = [student("1002", ""), student("1003", "")];
        let again = [student("1003", "")];
        overrides(&format!("Submission,Test,Points,Reason\n{rows}"))?.resolve(&Gradebook {
            submissions: vec![("ada", &ada), ("group-1", &both), ("group-2", &again)],
            tests: [("classic::re_election", Score::points(3))].into(),
            total: Score::points(100),
        })
    }

    #[test]
    fn marks_find_their_submissions() {
        for whose in ["ada", "1001", "ADA@example.org"] {
            let marks = resolved(&format!("{whose},classic::re_election,1.5,a typo\n")).unwrap();
            let mark = Mark {
                test: Some("classic::re_election".into()),
                points: Score::hundredths(150),
                reason: "a typo".into(),
            };
            assert_eq!(marks, [("ada".to_string(), vec![mark])].into());
        }
        let marks = resolved("group 1,,60,late\n1002,classic::re_election,3,\"so, so\"\n").unwrap();
        assert_eq!(marks["group-1"].len(), 2);
        assert_eq!(marks["group-1"][0].test, None);
    }

    #[test]
    fn semicolons_come_with_commas_in_numbers() {
        let table = "submission;test;points;reason\nada;;1,25;x\n";
        let marks = overrides(table).unwrap();
        assert_eq!(marks.lines[0].mark.points, Score::hundredths(125));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (rows, expected) in [
            ("\nada,,1,\n", "marks.csv, line 3: the reason is missing"),
            (",,1,x\n", "line 2: the submission is missing"),
            ("ada,,much,x\n", "line 2: the points are \"much\""),
            ("ada,,-1,x\n", "the points are \"-1\""),
            ("ada,,0.333,x\n", "the points are \"0.333\""),
            ("ada,,,x\n", "the points are \"\""),
            ("ada,,99999999999,x\n", "the points are"),
            ("ada,,1,so, so\n", "line 2: there are more fields"),
            (
                "adda,,1,x\n",
                "line 2: there is no submission adda; did you mean ada?",
            ),
            (
                "1003,,1,x\n",
                "1003 is in several submissions: name one of group-1, group-2",
            ),
            ("ada,classic::x,1,x\n", "there is no test classic::x"),
            (
                "ada,classic::re_election,3.01,x\n",
                "3.01 points, and there are 3 for classic::re_election",
            ),
            ("ada,,101,x\n", "101 points, and there are 100 in total"),
            (
                "ada,,1,x\n\n1001,,2,y\n",
                "line 4: this mark is set in line 2 already",
            ),
        ] {
            let error = resolved(rows).unwrap_err().to_string();
            assert!(error.contains(expected), "{rows:?}: {error}");
        }
        let error = overrides("submission,points\n").err().unwrap().to_string();
        assert!(
            error.contains("there is no test among: submission, points"),
            "{error}"
        );
    }
}
