//! Results as a table, for people.

use std::time::Duration;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use console::style;
use suite::runner::Tested;

use crate::summary::Summary;

const COLUMNS: [(&str, CellAlignment); 11] = [
    ("test", CellAlignment::Left),
    ("what it shows", CellAlignment::Left),
    ("servers", CellAlignment::Right),
    ("seeds", CellAlignment::Right),
    ("virtual time", CellAlignment::Right),
    ("calls", CellAlignment::Right),
    ("elections", CellAlignment::Right),
    ("split votes", CellAlignment::Right),
    ("time to a leader: median, p99", CellAlignment::Right),
    ("wall time", CellAlignment::Right),
    ("verdict", CellAlignment::Left),
];

/// The table, `width` columns wide if that is known.
pub fn table(results: &[(Tested, Summary)], width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(width);
    }
    table.set_header(COLUMNS.map(|(name, _)| name));
    for (column, (_, alignment)) in table.column_iter_mut().zip(COLUMNS) {
        column.set_cell_alignment(alignment);
    }
    for (tested, summary) in results {
        let quantile = |q| summary.time_to_leader(q).map_or("-".to_string(), millis);
        table.add_row([
            tested.test.name.to_string(),
            tested.test.description.to_string(),
            tested.test.servers.to_string(),
            tested.played.to_string(),
            span(summary.virtual_time),
            summary.calls.to_string(),
            summary.elections.to_string(),
            summary.split_votes.to_string(),
            format!("{}, {}", quantile(0.5), quantile(0.99)),
            format!("{:.2} s", tested.wall_time().as_secs_f64()),
            verdict(tested),
        ]);
    }
    table.trim_fmt()
}

fn verdict(tested: &Tested) -> String {
    if tested.failed > 0 {
        format!("FAILED on {}", tested.failed)
    } else if tested.played == 0 {
        "not run".to_string()
    } else {
        "passed".to_string()
    }
}

/// The same verdicts in colour, where there is colour.
pub fn paint(table: &str) -> String {
    table
        .replace("passed", &style("passed").green().to_string())
        .replace("FAILED", &style("FAILED").red().bold().to_string())
}

fn millis(time: Duration) -> String {
    format!("{} ms", time.as_millis())
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
