//! What a graded class is written down as. Each report is a function of the model, and of nothing
//! else, so that grading twice writes the same bytes.
//!
//! | module | what | for |
//! |---|---|---|
//! | `student` | a page and a Markdown file of one submission | its student |
//! | `class` | a page of the whole class | the teacher |
//! | `gradescope` | `results.json` of one submission | Gradescope |
//! | `classroom` | a runner's result, of one submission | GitHub Classroom |
//! | `junit` | the whole class, as JUnit's XML | whatever shows test results |
//! | `csv` | the whole class, a line for each submission | spreadsheets, gradebooks |
//!
//! What they share: `tame` takes the teeth out of texts that come from a submission, `sums` says how
//! tests, deductions and marks set by hand add up, `mistakes` gathers failures by the rule that was
//! broken, `words` says the same thing with the same words everywhere, and `look` is what the pages
//! look like.

pub(crate) mod class;
pub(crate) mod classroom;
pub(crate) mod csv;
pub(crate) mod gradescope;
pub(crate) mod junit;
mod look;
mod mistakes;
#[cfg(test)]
mod pictures;
#[cfg(test)]
mod samples;
pub(crate) mod student;
mod sums;
mod tame;
mod words;

/// A text that may come from a submission, in one line for a terminal.
pub(crate) fn plain(text: &str) -> String {
    let tame: String = tame::tame(&text.to_string());
    tame.split_whitespace().collect::<Vec<_>>().join(" ")
}
