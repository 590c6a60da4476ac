//! The whole class as CSV: a line for each submission, and for everybody who handed nothing in.

use crate::grade::model::{Class, Graded, Points, Student};

use super::{mistakes, sums, tame::tame, words};

/// The whole file. Cells about points hold nothing where there is no mark.
pub(crate) fn csv(class: &Class) -> String {
    let class = tame(class);
    let mut parts: Vec<&str> = Vec::new();
    // What is beyond the hundred has a column already.
    for test in sums::all_tests(&class)
        .into_iter()
        .filter(|test| !test.extra)
    {
        if !parts.contains(&&*test.part) {
            parts.push(&test.part);
        }
    }
    let mut lines = vec![head(&parts)];
    lines.extend(class.submissions.iter().map(|graded| line(graded, &parts)));
    lines.extend(class.missing.iter().map(|student| missing(student, &parts)));
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    for line in lines {
        writer.write_record(line).expect("memory has room");
    }
    let bytes = writer.into_inner().expect("memory has room");
    String::from_utf8(bytes).expect("it was made of text")
}

fn head(parts: &[&str]) -> Vec<String> {
    let before = [
        "submission",
        "name",
        "id",
        "email",
        "verdict",
        "points",
        "of",
        "extra",
    ];
    let after = ["nondeterminism", "first rule broken", "hash"];
    let all = before.iter().chain(parts).chain(&after);
    all.map(|name| name.to_string()).collect()
}

fn line(graded: &Graded, parts: &[&str]) -> Vec<String> {
    let known = sums::trouble(graded).is_none();
    let earned = |points: Points| match known {
        true => points.earned.to_string(),
        false => String::new(),
    };
    let sums = sums::parts(graded);
    let of_part = |part: &&str| {
        let sum = sums.iter().find(|sum| sum.name == *part);
        sum.map(|sum| earned(sum.points)).unwrap_or_default()
    };
    let mistakes = mistakes::of(graded);
    let mut line = vec![defused(&graded.id)];
    line.extend(people(&graded.students));
    line.extend([
        words::verdict(graded).to_string(),
        earned(graded.points),
        graded.points.of.to_string(),
        earned(graded.extra),
    ]);
    line.extend(parts.iter().map(of_part));
    line.extend([
        defused(graded.nondeterminism.as_deref().unwrap_or_default()),
        defused(mistakes.first().map_or("", |mistake| mistake.rule)),
        graded.hash.clone(),
    ]);
    line
}

fn missing(student: &Student, parts: &[&str]) -> Vec<String> {
    let mut line = vec![String::new()];
    line.extend(people(std::slice::from_ref(student)));
    line.push("missing".to_string());
    line.resize(head(parts).len(), String::new());
    line
}

/// The names, ids and addresses of those who handed in together.
fn people(students: &[Student]) -> [String; 3] {
    let fields: [fn(&Student) -> &str; 3] = [|s| &s.name, |s| &s.id, |s| &s.email];
    fields.map(|field| {
        let all: Vec<String> = students
            .iter()
            .map(|student| defused(field(student)))
            .collect();
        all.join("; ")
    })
}

/// Text that a spreadsheet takes for text, in one line: what begins like a formula it would calculate.
fn defused(text: &str) -> String {
    let text = text.replace(['\n', '\t'], " ");
    match text.trim_start().starts_with(['=', '+', '-', '@']) {
        true => format!("'{text}"),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    /// The lines, as whoever reads CSV reads them.
    fn read() -> Vec<Vec<String>> {
        let text = csv(&samples::class());
        let mut reader = ::csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(text.as_bytes());
        let lines = reader
            .records()
            .map(|line| line.expect("each line is as long as the first"));
        lines
            .map(|line| line.iter().map(str::to_string).collect())
            .collect()
    }

    fn cell(id: &str, column: &str) -> String {
        let lines = read();
        let column = lines[0]
            .iter()
            .position(|name| name == column)
            .expect("a column");
        lines.iter().find(|line| line[0] == id).expect("a line")[column].clone()
    }

    #[test]
    fn everybody_has_a_line() {
        let class = samples::class();
        let lines = read();
        assert_eq!(
            lines.len(),
            1 + class.submissions.len() + class.missing.len()
        );
        assert_eq!(lines.last().unwrap()[4], "missing");
        assert_eq!(cell("failed", "name"), "Grace Hopper; Alan Turing");
        assert_eq!(
            cell("failed", "first rule broken"),
            "one vote per server and term"
        );
        assert_eq!(cell("passed", "points"), cell("passed", "of"));
        assert_eq!(cell("passed", "classic"), "8");
        assert_eq!(cell("override", "points"), "90");
        let columns: std::collections::BTreeSet<&String> = lines[0].iter().collect();
        assert_eq!(
            columns.len(),
            lines[0].len(),
            "no two columns have one name"
        );
    }

    #[test]
    fn what_nobody_could_tell_is_no_zero() {
        assert_eq!(cell("could-not-tell", "verdict"), "could not tell");
        assert_eq!(cell("could-not-tell", "points"), "");
        assert_eq!(cell("refused", "points"), "0");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for line in read() {
            for cell in line {
                assert!(
                    !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
                    "{cell}"
                );
            }
        }
        assert_eq!(cell("hostile", "id"), "'@SUM(1+1)");
    }
}
