//! Results as a table, for people: a line of numbers for each test, below the part it belongs to.

use std::fmt::Write;
use std::time::Duration;

use console::{Style, style};
use suite::marks::{Marks, Points};
use suite::part::Part;
use suite::tested::Tested;

use crate::summary::Summary;

/// Two lines of heading for each column of numbers.
const HEADINGS: [[&str; 2]; 8] = [
    ["", "seeds"],
    ["virtual", "time"],
    ["", "calls"],
    ["elections", "held"],
    ["split", "votes"],
    ["time to", "median"],
    ["a leader", "p99"],
    ["wall", "time"],
];

/// The table, in lines that end with a newline; in colour where standard output has it.
pub fn table(results: &[(Tested, Summary)], marks: &Marks) -> String {
    let rows: Vec<[String; 8]> = results.iter().map(|(t, s)| numbers(t, s)).collect();
    let names = results.iter().map(|(tested, _)| tested.test.name.len() + 2);
    let first = names.max().unwrap_or(0).max("test".len());
    let mut widths = HEADINGS.map(|lines| lines[0].len().max(lines[1].len()));
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.len());
        }
    }
    let line = |name: &str, cells: &[String], verdict: &str| {
        let mut line = format!("{name:<first$}");
        for (cell, width) in cells.iter().zip(widths) {
            let _ = write!(line, "  {cell:>width$}");
        }
        format!("{line}  {verdict}").trim_end().to_string()
    };
    let mut out = String::new();
    for (i, (name, verdict)) in [("", ""), ("test", "verdict")].into_iter().enumerate() {
        let cells = HEADINGS.map(|lines| lines[i].to_string());
        let _ = writeln!(out, "{}", style(line(name, &cells, verdict)).bold());
    }
    let mut part = None;
    for ((tested, _), row) in results.iter().zip(&rows) {
        if part != Some(tested.test.part) {
            part = Some(tested.test.part);
            let heading = heading(tested.test.part, marks);
            let _ = writeln!(out, "{}", style(heading).bold());
        }
        let verdict = paint(verdict(tested));
        let name = format!("  {}", tested.test.name);
        let _ = writeln!(out, "{}", line(&name, row, &verdict));
    }
    out
}

/// A part's name, and what it is worth.
fn heading(part: Part, marks: &Marks) -> String {
    let points = marks.parts.iter().find(|(of, _)| *of == part);
    match points {
        Some((_, points)) => format!("{}, {}", part.name(), of(points)),
        None => part.name().to_string(),
    }
}

/// `11 of 12 points`
fn of(Points { earned, of }: &Points) -> String {
    format!("{earned} of {of} points")
}

/// What it is all worth, in a line or two that end with a newline.
pub fn points(marks: &Marks) -> String {
    let mut out = String::new();
    if marks.basics_failed {
        let _ = writeln!(out, "the basics failed: nothing is earned before they pass");
    }
    let _ = write!(out, "{}", of(&marks.points));
    if marks.extra.of > 0 {
        let _ = write!(out, ", {} of {} extra", marks.extra.earned, marks.extra.of);
    }
    out.push('\n');
    out
}

fn numbers(tested: &Tested, summary: &Summary) -> [String; 8] {
    let to_leader = |quantile| match summary.time_to_leader(quantile) {
        Some(time) => format!("{} ms", time.as_millis()),
        None => "-".to_string(),
    };
    [
        tested.played.to_string(),
        span(summary.virtual_time),
        summary.calls.to_string(),
        summary.elections.to_string(),
        summary.split_votes.to_string(),
        to_leader(0.5),
        to_leader(0.99),
        format!("{:.2} s", tested.wall_time().as_secs_f64()),
    ]
}

fn verdict(tested: &Tested) -> (String, Style) {
    match (tested.failed, tested.played) {
        (0, 0) => ("not run".to_string(), Style::new().yellow()),
        (0, _) => ("passed".to_string(), Style::new().green()),
        (failed, _) => (format!("FAILED on {failed}"), Style::new().red().bold()),
    }
}

fn paint((text, style): (String, Style)) -> String {
    style.apply_to(text).to_string()
}

/// A span of time in hours, minutes or seconds.
pub fn span(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        3600.0.. => format!("{:.1} h", seconds / 3600.0),
        60.0.. => format!("{:.1} min", seconds / 60.0),
        _ => format!("{seconds:.1} s"),
    }
}
