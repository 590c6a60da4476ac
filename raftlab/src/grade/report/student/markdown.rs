//! The same as Markdown, for systems that show that. What comes from a submission stands in fences that
//! it cannot close, or has whatever means something in Markdown escaped.

use std::fmt::Write;

use crate::grade::model::{Class, Failure, Graded, Score, Terms};

use super::super::mistakes::{self, Mistake};
use super::super::{look, sums, tame::tame, words};
use super::{news, page::signed};

/// The student's Markdown file of this submission.
pub(crate) fn markdown(class: &Class, graded: &Graded) -> String {
    let (terms, graded) = (tame(&class.terms), tame(graded));
    let mut out = String::new();
    write(&mut out, &terms, &graded).expect("a string has room");
    out
}

fn write(out: &mut String, terms: &Terms, graded: &Graded) -> std::fmt::Result {
    writeln!(out, "# {}\n", inline(&words::whose(graded)))?;
    writeln!(out, "Leader election, submission {}\n", inline(&graded.id))?;
    if sums::trouble(graded).is_none() {
        writeln!(out, "**{} points**", words::points(graded.points))?;
        if graded.extra.of > Score::ZERO {
            writeln!(
                out,
                "and {} beyond the hundred",
                words::points(graded.extra)
            )?;
        }
        writeln!(out)?;
    }
    if !graded.declares.is_empty() {
        writeln!(out, "The server declares: {}\n", inline(&graded.declares))?;
    }
    if let Some(news) = news(graded) {
        writeln!(out, "## {}\n\n{}\n", news.title, inline(&news.text))?;
        if let Some(quote) = news.quote {
            writeln!(out, "{}", fenced(&quote))?;
        }
    }
    if !graded.tests.is_empty() {
        points(out, terms, graded)?;
    }
    let mistakes = mistakes::of(graded);
    if !mistakes.is_empty() {
        writeln!(out, "## What is broken, the most telling first\n")?;
        if let Some(not_tried) = words::not_tried(graded) {
            writeln!(out, "{}\n", inline(&not_tried))?;
        }
        for mistake in &mistakes {
            rule(out, mistake)?;
        }
    }
    if let Some(how) = &graded.nondeterminism {
        writeln!(
            out,
            "## It is not the same twice\n\nWhat was seen: {}\n",
            inline(how)
        )?;
        writeln!(out, "{}\n", inline(words::REPEATABLE))?;
    }
    if !graded.overrides.is_empty() {
        writeln!(
            out,
            "## Set by hand\n\n| what | was | is | reason |\n|---|--:|--:|---|"
        )?;
        for mark in &graded.overrides {
            let what = inline(mark.test.as_deref().unwrap_or("the total"));
            writeln!(
                out,
                "| {what} | {} | {} | {} |",
                mark.was,
                mark.is,
                inline(&mark.reason)
            )?;
        }
        writeln!(out)?;
    }
    if !graded.tests.is_empty() {
        tests(out, graded)?;
    }
    if !graded.remarks.is_empty() {
        writeln!(out, "## Remarks\n")?;
        for remark in &graded.remarks {
            writeln!(out, "- Remark: {}", inline(remark))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "---\n")?;
    if !graded.hash.is_empty() {
        writeln!(out, "- Submission: {}", inline(&graded.hash))?;
    }
    for (what, value) in words::grounds(terms) {
        writeln!(out, "- {what}: {}", inline(&value))?;
    }
    Ok(())
}

fn points(out: &mut String, terms: &Terms, graded: &Graded) -> std::fmt::Result {
    writeln!(
        out,
        "## Points\n\n| part | points | its tests |\n|---|--:|---|"
    )?;
    for part in sums::parts(graded) {
        let signs: String = part
            .tests
            .iter()
            .map(|test| look::sign(test).sign)
            .collect();
        let beyond = if part.extra {
            ", beyond the hundred"
        } else {
            ""
        };
        let (name, points) = (inline(part.name), words::points(part.points));
        writeln!(out, "| {name}{beyond} | {points} | {signs} |")?;
    }
    for change in sums::changes(terms, graded) {
        let (name, why) = (inline(&change.name), inline(&change.why));
        writeln!(out, "| {name} | {} | {why} |", signed(change.hundredths))?;
    }
    if sums::trouble(graded).is_none() {
        writeln!(
            out,
            "| **total** | **{}** | |",
            words::points(graded.points)
        )?;
    }
    let legend: Vec<String> = look::SIGNS
        .iter()
        .map(|s| format!("{} {}", s.sign, s.word))
        .collect();
    writeln!(out, "\n{}\n", legend.join(", "))
}

fn rule(out: &mut String, mistake: &Mistake<'_>) -> std::fmt::Result {
    let Mistake {
        rule,
        test,
        failure,
        tests,
    } = mistake;
    writeln!(out, "### {}\n", inline(rule))?;
    writeln!(out, "**Seen: {}**\n", inline(&failure.sentence))?;
    let place = words::place(test, failure);
    writeln!(out, "- Where: {}, {}", inline(&test.path), inline(&place))?;
    writeln!(out, "- Look for: {}", inline(&failure.hint))?;
    if let Some(task) = &failure.task {
        writeln!(out, "- Task: {}", inline(task))?;
    }
    let paths: Vec<String> = tests.iter().map(|test| inline(&test.path)).collect();
    writeln!(
        out,
        "- Costs {}: {}",
        words::cost(mistake),
        paths.join(", ")
    )?;
    if let Some(safety) = words::safety(failure) {
        writeln!(out, "- {}", inline(safety))?;
    }
    if let Some(hidden) = words::hidden(failure) {
        writeln!(out, "- Seed: {}", inline(&hidden))?;
    }
    writeln!(out)?;
    run(out, failure)
}

fn run(out: &mut String, failure: &Failure) -> std::fmt::Result {
    if let Some(shortest) = &failure.shortest {
        let how = match shortest.how.is_empty() {
            true => String::new(),
            false => format!(", {}", inline(&shortest.how)),
        };
        let (at, timeline) = (inline(&shortest.at), look::beside(&shortest.timeline));
        writeln!(
            out,
            "The shortest run found that shows it{how}, at {at}: [its timeline]({timeline}).\n"
        )?;
        if shortest.sentence != failure.sentence {
            writeln!(out, "Seen in it: {}\n", inline(&shortest.sentence))?;
        }
        writeln!(out, "{}", fenced(&shortest.columns))?;
        writeln!(
            out,
            "To play it in your own checkout:\n\n{}",
            fenced(&shortest.replay)
        )?;
    }
    if let Some(replay) = &failure.replay {
        writeln!(
            out,
            "The run that failed, in your own checkout:\n\n{}",
            fenced(replay)
        )?;
    }
    Ok(())
}

fn tests(out: &mut String, graded: &Graded) -> std::fmt::Result {
    writeln!(
        out,
        "## Every test\n\n| test | points | what it came to |\n|---|--:|---|"
    )?;
    for test in &graded.tests {
        let (path, points) = (inline(&test.path), words::points(test.points));
        let (sign, outcome) = (look::sign(test).sign, inline(&words::outcome(test)));
        writeln!(out, "| {path} | {points} | {sign} {outcome} |")?;
    }
    writeln!(out)
}

/// Text in a line, in which nothing means anything. It must not stand at the beginning of a line, where
/// more does.
fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '#' | '!' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    // GitHub makes links of addresses without being asked.
    out.replace("://", "\\://").replace("www.", "www\\.")
}

/// Text in a fence that is longer than any in it.
fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::super::super::samples;
    use super::*;

    /// What is left of a file without its fences, as whoever shows Markdown finds them.
    fn outside_fences(text: &str) -> String {
        let mut fence: Option<usize> = None;
        let mut outside = String::new();
        for line in text.lines() {
            let ticks = line.len() - line.trim_start_matches('`').len();
            match fence {
                None if ticks >= 3 => fence = Some(ticks),
                None => outside.push_str(&format!("{line}\n")),
                Some(open) if ticks >= open && line.len() == ticks => fence = None,
                Some(_) => {}
            }
        }
        assert_eq!(fence, None, "a fence is open");
        outside
    }

    #[test]
    fn nothing_gets_out_of_its_place() {
        let class = samples::class();
        for graded in &class.submissions {
            let text = outside_fences(&markdown(&class, graded));
            for evil in [
                "<script", "<img", "```", "[link]", "\n# not", "\0", "\u{202e}",
            ] {
                assert!(!text.contains(evil), "{}: {evil}", graded.id);
            }
            assert_eq!(
                text.lines().filter(|line| line.starts_with("# ")).count(),
                1
            );
        }
    }

    #[test]
    fn a_fence_is_longer_than_any_in_it() {
        assert_eq!(fenced("a\n"), "```text\na\n```\n");
        assert_eq!(fenced("````\nx"), "`````text\n````\nx\n`````\n");
    }

    #[test]
    fn it_says_what_the_page_says() {
        let class = samples::class();
        let text = markdown(&class, samples::find(&class, "failed"));
        for part in [
            "S1 voted twice in term 1",
            "3 of 8, answer RequestVote",
            "[its timeline](./one-vote.html)",
            "cargo lab play one-vote.txt",
            "| **total** |",
        ] {
            assert!(text.contains(part), "{part}");
        }
        let trouble = markdown(&class, samples::find(&class, "could-not-tell"));
        assert!(trouble.contains("no zero") && !trouble.contains("points**"));
    }
}
