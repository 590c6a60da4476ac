//! The published table of weights: what each test shows, and what it is worth.

use std::fmt::Write;

use crate::cluster::TimeKind;
use crate::part::Part;
use crate::test::Test;

/// The table, as Markdown: the file `tests/WEIGHTS.md`.
pub fn markdown() -> String {
    let mut out = String::from(
        "# What the tests are worth\n\n\
         `make weights` writes this file. A test's points are earned when all its seeds pass; whoever \
         fails the basics\nearns none. *alpha* bounds the chance that one run fails a correct server; \
         where there is none, no chance is\ninvolved. *Time* is how much virtual time a run may \
         take. Extra tests are played on servers that declare what they\nneed, and count beyond the \
         hundred.\n",
    );
    let all = crate::all();
    for part in Part::ALL {
        let tests: Vec<&Test> = all.iter().filter(|test| test.part == part).collect();
        let points: u32 = tests.iter().map(|test| test.points).sum();
        let _ = write!(out, "\n## {}: {points} points\n\n", part.name());
        out.push_str("| test | points | servers | seeds | time | alpha | |\n");
        out.push_str("|---|--:|--:|--:|--:|---|---|\n");
        for test in tests {
            let _ = writeln!(
                out,
                "| `{}` | {} | {} | {} | {} s{} | {} | {}{} |",
                test.name,
                test.points,
                test.servers,
                test.seeds,
                test.limit.as_secs(),
                match test.time {
                    TimeKind::Virtual => "",
                    TimeKind::Real => " (real)",
                },
                match test.alpha {
                    0.0 => String::new(),
                    alpha => format!("{alpha:.0e}"),
                },
                test.description,
                needs(test),
            );
        }
    }
    out
}

/// `; needs PreVote`
fn needs(test: &Test) -> String {
    let names: Vec<&str> = test.needs.iter().map(|feature| feature.name()).collect();
    match names.is_empty() {
        true => String::new(),
        false => format!("; needs {}", names.join(" and ")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_published_table_is_the_suite_s() {
        let published = include_str!("../WEIGHTS.md");
        assert!(
            published == markdown(),
            "tests/WEIGHTS.md is old: make weights"
        );
    }

    #[test]
    fn every_test_says_what_it_is() {
        let mut names = BTreeSet::new();
        for test in crate::all() {
            let path = test.path();
            assert!(
                !test.description.is_empty() && !test.hint.is_empty(),
                "{path}"
            );
            assert!(test.points > 0 || test.part == Part::Basics, "{path}");
            assert!(test.seeds > 0 && test.alpha < 1e-6, "{path}");
            assert_eq!(
                test.part == Part::RealTime,
                test.time == TimeKind::Real,
                "{path}"
            );
            assert_eq!(test.part == Part::Extra, !test.needs.is_empty(), "{path}");
            let twin = test.time == TimeKind::Real;
            assert!(
                names.insert(test.name) != twin,
                "{path}: a test of its own, or a twin"
            );
        }
    }

    #[test]
    fn the_parts_come_in_order() {
        let parts: Vec<Part> = crate::all().iter().map(|test| test.part).collect();
        assert!(parts.is_sorted());
    }
}
