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
mod samples;
pub(crate) mod student;
mod sums;
mod tame;
mod words;

#[cfg(test)]
mod pictures {
    //! Writes the pages of the samples into a folder, to be looked at.

    use std::fs;
    use std::path::PathBuf;

    use super::*;

    #[test]
    #[ignore = "it writes files, to be looked at: RAFTLAB_PAGES=folder"]
    fn pages() {
        let folder = PathBuf::from(std::env::var_os("RAFTLAB_PAGES").expect("a folder"));
        fs::create_dir_all(folder.join("students")).expect("a folder");
        let class = samples::class();
        let write = |name: &str, text: String| fs::write(folder.join(name), text).expect(name);
        for graded in &class.submissions {
            write(
                &format!("students/{}.html", graded.id),
                student::html(&class, graded),
            );
            write(
                &format!("students/{}.md", graded.id),
                student::markdown(&class, graded),
            );
            write(
                &format!("students/{}.json", graded.id),
                gradescope::json(&class, graded),
            );
        }
        write("small.html", class::html(&class));
        write("class.html", class::html(&samples::large()));
        write("class.csv", csv::csv(&class));
        write("junit.xml", junit::xml(&class));
    }
}
