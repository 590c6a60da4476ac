//! The class in numbers, and lists of those that need a look.

use maud::{Markup, html};

use crate::grade::model::{Class, Graded, Score, Verdict};

use super::super::{sums, words};
use super::link;

/// `12 submissions, 10 with a mark; 2 handed nothing in`
pub fn how_many(class: &Class) -> String {
    let submissions = class.submissions.len();
    let plural = if submissions == 1 { "" } else { "s" };
    let marks = with_mark(class).count();
    let missing = match class.missing.len() {
        0 => String::new(),
        n => format!("; {n} on the roster handed nothing in"),
    };
    format!("{submissions} submission{plural}, {marks} with a mark{missing}")
}

/// The submissions that have a mark: also those that were refused or do not compile.
pub fn with_mark(class: &Class) -> impl Iterator<Item = &Graded> {
    let submissions = class.submissions.iter();
    submissions.filter(|graded| sums::trouble(graded).is_none())
}

/// The mean and the median of these scores, none if there are none.
fn middle(mut scores: Vec<Score>) -> Option<(Score, Score)> {
    scores.sort();
    let n = scores.len();
    let sum: u64 = scores
        .iter()
        .map(|score| u64::from(score.as_hundredths()))
        .sum();
    let mean = sum.checked_div(n as u64)?;
    let median = (scores[(n - 1) / 2].as_hundredths() + scores[n / 2].as_hundredths()) / 2;
    Some((
        Score::hundredths(u32::try_from(mean).ok()?),
        Score::hundredths(median),
    ))
}

pub fn section(class: &Class) -> Markup {
    let scores = with_mark(class)
        .map(|graded| graded.points.earned)
        .collect();
    let full = with_mark(class).filter(|graded| graded.points.earned >= graded.points.of);
    let full = full
        .filter(|graded| graded.verdict == Verdict::Graded)
        .count();
    let extra = with_mark(class)
        .filter(|graded| graded.extra.earned > Score::ZERO)
        .count();
    html! {
        section.card aria-labelledby="numbers" {
            h2 id="numbers" { "In numbers" }
            dl {
                @if let Some((mean, median)) = middle(scores) {
                    (row("Mean", &mean.to_string()))
                    (row("Median", &median.to_string()))
                }
                (row("All points", &full.to_string()))
                (row("Extra", &format!("{extra} earned some of it")))
                @for (what, matches) in KINDS {
                    (row(what, &class.submissions.iter().filter(|graded| matches(graded)).count().to_string()))
                }
                (row("Missing", &class.missing.len().to_string()))
            }
            p.aside { "Mean and median are of all that have a mark, those without a working server with 0." }
        }
    }
}

fn row(what: &str, value: &str) -> Markup {
    html! { div { dt { (what) } dd { (value) } } }
}

/// A kind of submission, and which ones are of it.
type Kind = (&'static str, fn(&Graded) -> bool);

/// What a teacher wants to look at.
const KINDS: [Kind; 5] = [
    ("Could not tell", |graded| sums::trouble(graded).is_some()),
    ("Refused", |graded| {
        matches!(graded.verdict, Verdict::Refused(_))
    }),
    ("Does not compile", |graded| {
        matches!(graded.verdict, Verdict::DoesNotCompile(_))
    }),
    ("Not the same twice", |graded| {
        graded.nondeterminism.is_some()
    }),
    ("Set by hand", |graded| !graded.overrides.is_empty()),
];

/// Who they are, and why.
pub fn notes(class: &Class) -> Markup {
    let of = |matches: fn(&Graded) -> bool| -> Vec<&Graded> {
        class
            .submissions
            .iter()
            .filter(|graded| matches(graded))
            .collect()
    };
    let some = class.missing.len()
        + KINDS
            .iter()
            .map(|(_, matches)| of(*matches).len())
            .sum::<usize>();
    html! {
        @if some > 0 {
            section aria-labelledby="notes" {
                h2 id="notes" { "To look at" }
                div.lists {
                    @for (what, matches) in KINDS { @let list = of(matches); @if !list.is_empty() {
                        div.card {
                            h3 { (what) span.count { (list.len()) } }
                            ul { @for graded in list { li { (link(graded)) (why(what, graded)) } } }
                        }
                    } }
                    @if !class.missing.is_empty() {
                        div.card {
                            h3 { "Missing" span.count { (class.missing.len()) } }
                            ul { @for student in &class.missing { li { (words::name(student).unwrap_or("somebody")) } } }
                        }
                    }
                }
            }
        }
    }
}

/// Why a submission is in this list, if that fits into a line.
fn why(list: &str, graded: &Graded) -> Markup {
    let why = match (list, &graded.verdict) {
        ("Could not tell", _) => sums::trouble(graded),
        ("Refused", Verdict::Refused(why)) => Some(why.clone()),
        ("Not the same twice", _) => graded.nondeterminism.clone(),
        ("Set by hand", _) => {
            let reasons: Vec<&str> = graded.overrides.iter().map(|mark| &*mark.reason).collect();
            Some(reasons.join("; "))
        }
        _ => None,
    };
    html! { @if let Some(why) = why { span.aside { ": " (why) } } }
}

#[cfg(test)]
mod tests {
    use super::super::super::samples;
    use super::*;

    #[test]
    fn mean_and_median() {
        let scores = |points: &[u32]| points.iter().map(|&p| Score::points(p)).collect();
        assert_eq!(middle(scores(&[])), None);
        assert_eq!(
            middle(scores(&[7])),
            Some((Score::points(7), Score::points(7)))
        );
        let (mean, median) = middle(scores(&[100, 0, 1, 4])).unwrap();
        assert_eq!(
            (mean, median),
            (Score::hundredths(2625), Score::hundredths(250))
        );
    }

    #[test]
    fn who_has_no_mark_is_not_counted_as_a_zero() {
        let class = samples::class();
        let marks: Vec<&str> = with_mark(&class).map(|graded| &*graded.id).collect();
        assert!(!marks.contains(&"could-not-tell"));
        assert!(marks.contains(&"refused"));
        assert_eq!(
            how_many(&class),
            "10 submissions, 9 with a mark; 2 on the roster handed nothing in"
        );
    }
}
