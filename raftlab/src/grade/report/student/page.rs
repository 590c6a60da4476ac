//! The page.

use maud::{Markup, html};

use crate::grade::model::{Class, Graded, Score, Terms};

use super::super::sums::{self, Change, PartSum};
use super::super::{look, mistakes, tame::tame, words};
use super::{mistake, news};

/// The student's page of this submission, with everything in it.
pub(crate) fn html(class: &Class, graded: &Graded) -> String {
    let (terms, graded) = (tame(&class.terms), tame(graded));
    let whose = words::whose(&graded);
    let body = html! {
        (head(&graded, &whose))
        main {
            (told(&graded))
            @if !graded.tests.is_empty() { (points(&terms, &graded)) }
            (broken(&graded))
            (nondeterminism(&terms, &graded))
            (by_hand(&graded))
            @if !graded.tests.is_empty() { (tests(&graded)) }
            (remarks(&graded))
        }
        (foot(&terms, &graded))
    };
    look::page(
        &format!("{whose}: {}", words::verdict(&graded)),
        "",
        "'none'",
        &body,
    )
}

fn head(graded: &Graded, whose: &str) -> Markup {
    html! {
        header.head {
            div {
                h1 { (whose) }
                p.aside { "Leader election, submission " bdi { (graded.id) } }
                @if !graded.declares.is_empty() { p.aside { "The server declares: " bdi { (graded.declares) } } }
            }
            @if sums::trouble(graded).is_none() {
                div {
                    p.total { (graded.points.earned) small { " of " (graded.points.of) " points" } }
                    @if graded.extra.of > Score::ZERO {
                        p.aside { "and " (words::points(graded.extra)) " beyond the hundred" }
                    }
                }
            } @else {
                div { p.total { "?" small { " not graded yet" } } }
            }
        }
    }
}

fn told(graded: &Graded) -> Markup {
    let news = news(graded);
    let nothing =
        news.is_none() && mistakes::of(graded).is_empty() && graded.nondeterminism.is_none();
    html! {
        @if let Some(news) = news {
            section.card.bad aria-labelledby="news" {
                h2 id="news" { (news.title) }
                p { (news.text) }
                @if let Some(quote) = news.quote { pre tabindex="0" aria-label="What the compiler says" { (quote) } }
            }
        } @else if nothing {
            section.card { p { (look::shown(look::SIGNS[0])) " Every test passes on every seed, and no rule is broken." } }
        }
    }
}

fn points(terms: &Terms, graded: &Graded) -> Markup {
    let parts = sums::parts(graded);
    let changes = sums::changes(terms, graded);
    let rows = |extra: bool| {
        html! {
            @for part in parts.iter().filter(|part| part.extra == extra) { (part_row(part)) }
            @for change in changes.iter().filter(|change| change.extra == extra) { (change_row(change)) }
        }
    };
    let has_extra = parts.iter().any(|part| part.extra);
    html! {
        section aria-labelledby="points" {
            h2 id="points" { "Points" }
            div.wide tabindex="0" role="region" aria-labelledby="points" {
                table {
                    thead { tr { th scope="col" { "part" } th.number scope="col" { "points" } th scope="col" { "its tests" } } }
                    tbody {
                        (rows(false))
                        @if sums::trouble(graded).is_none() {
                            tr.sum { th scope="row" { "total" } td.number { (words::points(graded.points)) } td {} }
                        }
                    }
                    @if has_extra { tbody { (rows(true)) } }
                }
            }
            (look::legend())
        }
    }
}

fn part_row(part: &PartSum<'_>) -> Markup {
    html! {
        tr {
            th scope="row" { (part.name) @if part.extra { span.aside { ", beyond the hundred" } } }
            td.number {
                @if part.points.of > Score::ZERO { (words::points(part.points)) } @else { "no points" }
            }
            td.signs { @for test in &part.tests { (look::shown_test(test)) } }
        }
    }
}

fn change_row(change: &Change) -> Markup {
    html! {
        tr {
            th scope="row" { (change.name) }
            td.number { (signed(change.hundredths)) }
            td { (change.why) }
        }
    }
}

/// `+1.5`, `−5`
pub fn signed(hundredths: i64) -> String {
    let sign = if hundredths < 0 { "\u{2212}" } else { "+" };
    let size = u32::try_from(hundredths.unsigned_abs()).unwrap_or(u32::MAX);
    format!("{sign}{}", Score::hundredths(size))
}

fn broken(graded: &Graded) -> Markup {
    let mistakes = mistakes::of(graded);
    let not_tried = words::not_tried(graded);
    html! {
        @if !mistakes.is_empty() {
            section aria-labelledby="broken" {
                h2 id="broken" {
                    @match mistakes.len() {
                        1 => "One rule is broken",
                        n => { (n) " rules are broken, the most telling first" },
                    }
                }
                @if let Some(not_tried) = not_tried { p { (not_tried) } }
                @for mistake in &mistakes { (mistake::article(mistake)) }
            }
        }
    }
}

fn nondeterminism(terms: &Terms, graded: &Graded) -> Markup {
    html! {
        @if let Some(how) = &graded.nondeterminism {
            section.card.half aria-labelledby="twice" {
                h2 id="twice" { "It is not the same twice" }
                p.evidence { (how) }
                @if terms.nondeterminism_costs > Score::ZERO {
                    p { "This costs " (words::how_many(terms.nondeterminism_costs)) ", since nobody can repeat what such a server does." }
                }
                p { (words::REPEATABLE) }
            }
        }
    }
}

fn by_hand(graded: &Graded) -> Markup {
    html! {
        @if !graded.overrides.is_empty() {
            section aria-labelledby="hand" {
                h2 id="hand" { "Set by hand" }
                div.wide tabindex="0" role="region" aria-labelledby="hand" {
                    table {
                        thead { tr {
                            th scope="col" { "what" } th.number scope="col" { "was" } th.number scope="col" { "is" }
                            th scope="col" { "reason" }
                        } }
                        tbody { @for mark in &graded.overrides { tr {
                            th scope="row" { (mark.test.as_deref().unwrap_or("the total")) }
                            td.number { (mark.was) } td.number { (mark.is) } td { (mark.reason) }
                        } } }
                    }
                }
            }
        }
    }
}

fn tests(graded: &Graded) -> Markup {
    html! {
        details {
            summary { "Every test" }
            div.wide tabindex="0" role="region" aria-label="Every test" {
                table {
                    thead { tr {
                        th scope="col" { "test" } th.number scope="col" { "points" } th scope="col" { "what it came to" }
                    } }
                    tbody { @for test in &graded.tests { tr {
                        th scope="row" { (test.path) br; span.aside { (test.description) } }
                        td.number { (words::points(test.points)) }
                        td.came { (look::shown(look::sign(test))) " " (words::outcome(test)) }
                    } } }
                }
            }
        }
    }
}

fn remarks(graded: &Graded) -> Markup {
    html! {
        @if !graded.remarks.is_empty() {
            section aria-labelledby="remarks" {
                h2 id="remarks" { "Remarks" }
                ul { @for remark in &graded.remarks { li { (remark) } } }
            }
        }
    }
}

fn foot(terms: &Terms, graded: &Graded) -> Markup {
    html! {
        footer.foot {
            dl {
                @if !graded.hash.is_empty() { div { dt { "Submission" } dd { code { (graded.hash) } } } }
                @for (what, value) in words::grounds(terms) { div { dt { (what) } dd { code { (value) } } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{look, samples};
    use super::*;

    fn page(id: &str) -> String {
        let class = samples::class();
        html(&class, samples::find(&class, id))
    }

    #[test]
    fn every_page_is_whole_and_nothing_gets_into_it() {
        let class = samples::class();
        for graded in &class.submissions {
            let page = html(&class, graded);
            look::testing::check(&page);
            assert!(!page.contains("<script"), "{}", graded.id);
        }
    }

    #[test]
    fn a_rule_has_one_article_with_all_that_helps() {
        let page = page("failed");
        assert_eq!(page.matches("<article").count(), 2);
        for text in [
            "S1 voted twice in term 1",
            "votes::first_come_first_served",
            "classic::initial_election",
            "3 of 8, answer RequestVote",
            "with 3 servers instead of 5, without lost messages",
            "href=\"./one-vote.html\"",
            "cargo lab play one-vote.txt",
            "src/notes.txt was left out",
        ] {
            assert!(page.contains(text), "{text}");
        }
    }

    #[test]
    fn each_kind_of_submission_says_what_it_is() {
        for (id, text) in [
            ("passed", "Every test passes on every seed"),
            ("refused", "the archive has no src/lib.rs"),
            (
                "does-not-compile",
                "expected `VoteReply`, found `AppendReply`",
            ),
            ("could-not-tell", "no zero"),
            ("nondeterminism", "It is not the same twice"),
            ("override", "a day late"),
            ("hidden", "hidden seed, which is not told"),
            ("hidden", "seed 71 is a public one"),
            ("basics", "the basics must pass first"),
        ] {
            assert!(page(id).contains(text), "{id}: {text}");
        }
        assert!(!page("could-not-tell").contains("0<small> of"));
    }
}
