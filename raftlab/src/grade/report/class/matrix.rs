//! Everybody and every test, as a table: who earned most comes first.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::grade::model::{Class, Graded, TestResult, Verdict};

use super::super::{look, sums, words};
use super::link;

/// With fewer columns, a part's name has no room above them.
const ROOM: usize = 3;

pub fn section(class: &Class) -> Markup {
    let tests = sums::all_tests(class);
    let parts: Vec<&[&TestResult]> = tests.chunk_by(|a, b| a.part == b.part).collect();
    let mut rows: Vec<&Graded> = class.submissions.iter().collect();
    rows.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.id.cmp(&b.id)));
    html! {
        section aria-labelledby="matrix" {
            h2 id="matrix" { "Everybody and every test" }
            (look::legend())
            div.wide.matrix tabindex="0" role="region" aria-labelledby="matrix" {
                table {
                    thead {
                        tr {
                            th.who rowspan="2" scope="col" { "submission" }
                            th.points rowspan="2" scope="col" { "points" }
                            @for part in &parts {
                                th.part colspan=(part.len()) scope="colgroup" {
                                    @if part.len() >= ROOM { (part[0].part) }
                                }
                            }
                        }
                        tr { @for part in &parts { @for (i, test) in part.iter().enumerate() {
                            th.test.first[i == 0] scope="col" title={ (test.path) ": " (test.description) } {
                                span { (heading(test, part.len())) }
                            }
                        } } }
                    }
                    tbody { @for graded in rows { (row(graded, &parts)) } }
                }
            }
        }
    }
}

/// Those with more points first, those without a mark last.
fn place(graded: &Graded) -> (bool, std::cmp::Reverse<i64>) {
    let sum = sums::hundredths(graded.points) + sums::hundredths(graded.extra);
    (sums::trouble(graded).is_some(), std::cmp::Reverse(sum))
}

fn heading(test: &TestResult, columns: usize) -> &str {
    match columns < ROOM {
        true => &test.path,
        false => test.path.rsplit("::").next().unwrap_or(&test.path),
    }
}

fn row(graded: &Graded, parts: &[&[&TestResult]]) -> Markup {
    let own: BTreeMap<&str, &TestResult> = graded
        .tests
        .iter()
        .map(|test| (&*test.path, test))
        .collect();
    let columns: usize = parts.iter().map(|part| part.len()).sum();
    html! {
        tr {
            th.who scope="row" { (link(graded)) }
            td.points title=(words::points(graded.points)) {
                @if sums::trouble(graded).is_some() { "?" } @else { (graded.points.earned) }
                @if graded.extra.earned.as_hundredths() > 0 { span.extra { "+" (graded.extra.earned) } }
            }
            @if own.is_empty() && columns > 0 {
                td.nothing.first colspan=(columns) { (nothing(graded)) }
            } @else {
                @for part in parts { @for (i, test) in part.iter().enumerate() {
                    (cell(own.get(&*test.path).copied(), i == 0))
                } }
            }
        }
    }
}

/// Why there is nothing to show of a submission.
fn nothing(graded: &Graded) -> String {
    match &graded.verdict {
        Verdict::Refused(why) => format!("refused: {why}"),
        Verdict::DoesNotCompile(_) => "does not compile".to_string(),
        Verdict::CouldNotTell(why) => format!("could not tell: {why}"),
        Verdict::Graded => words::verdict(graded).to_string(),
    }
}

fn cell(test: Option<&TestResult>, first: bool) -> Markup {
    html! {
        @match test {
            Some(test) => {
                @let sign = look::sign(test);
                td class={ (sign.class) @if first { " first" } } title=(title(test)) { (sign.sign) }
            }
            None => { td.first[first] title="not for this server" {} }
        }
    }
}

/// `classic::re_election: 1.5 of 3; failed on 50 of 100 seeds`
fn title(test: &TestResult) -> String {
    format!(
        "{}: {}; {}",
        test.path,
        words::points(test.points),
        words::outcome(test)
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::samples;
    use super::*;

    #[test]
    fn each_row_has_a_cell_for_each_test() {
        let class = samples::class();
        let tests = sums::all_tests(&class);
        let parts: Vec<&[&TestResult]> = tests.chunk_by(|a, b| a.part == b.part).collect();
        for graded in class
            .submissions
            .iter()
            .filter(|graded| !graded.tests.is_empty())
        {
            let row = row(graded, &parts).into_string();
            assert_eq!(row.matches("<td").count(), tests.len() + 1, "{}", graded.id);
        }
    }

    #[test]
    fn who_earned_most_comes_first_and_who_has_no_mark_last() {
        let page = section(&samples::class()).into_string();
        let at = |id: &str| page.find(&format!("students/{id}.html")).expect("a row");
        assert!(at("passed") < at("failed"));
        assert!(at("failed") < at("refused"));
        assert!(at("refused") < at("could-not-tell"));
    }
}
