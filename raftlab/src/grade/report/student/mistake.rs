//! A rule that was broken, on the page.

use maud::{Markup, html};

use crate::grade::model::{Failure, Shortest};

use super::super::mistakes::Mistake;
use super::super::{look, words};

pub fn article(mistake: &Mistake<'_>) -> Markup {
    let Mistake {
        rule,
        test,
        failure,
        tests,
    } = mistake;
    html! {
        article.card.bad {
            h3 { (rule) }
            p.evidence { (failure.sentence) }
            p.aside { (test.path) ", " (words::place(test, failure)) }
            dl {
                (row("Look for", &failure.hint))
                @if let Some(task) = &failure.task { (row("Task", task)) }
                div {
                    dt { "Costs" }
                    dd {
                        (words::cost(mistake)) ": "
                        @for (i, test) in tests.iter().enumerate() {
                            @if i > 0 { ", " }
                            (test.path)
                            @if look::sign(test) == look::SIGNS[1] { " (" (words::points(test.points)) ")" }
                        }
                        @if let Some(safety) = words::safety(failure) { br; (safety) }
                    }
                }
                @if let Some(hidden) = words::hidden(failure) { (row("Seed", &hidden)) }
            }
            (run(failure))
        }
    }
}

fn row(what: &str, text: &str) -> Markup {
    html! { div { dt { (what) } dd { (text) } } }
}

/// How to see it again: the shortest run, or else the one that failed.
fn run(failure: &Failure) -> Markup {
    html! {
        @if let Some(shortest) = &failure.shortest { (run_of(failure, shortest)) }
        @if let Some(replay) = &failure.replay {
            p {
                @if failure.shortest.is_some() { "The run that failed, in your own checkout:" }
                @else { "To see it in your own checkout:" }
            }
            pre.copy tabindex="0" aria-label="Command" { (replay) }
        }
    }
}

fn run_of(failure: &Failure, shortest: &Shortest) -> Markup {
    html! {
        p {
            "The shortest run found that shows it"
            @if !shortest.how.is_empty() { ", " (shortest.how) }
            ", at " (shortest.at) ": "
            a href=(look::beside(&shortest.timeline)) { "its timeline" } "."
        }
        @if shortest.sentence != failure.sentence { p.evidence { (shortest.sentence) } }
        pre tabindex="0" aria-label="The last that happened, a column for each server" { (shortest.columns) }
        p { "To play it in your own checkout:" }
        pre.copy tabindex="0" aria-label="Command" { (shortest.replay) }
    }
}
