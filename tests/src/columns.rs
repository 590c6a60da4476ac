//! A run as aligned columns, one per server: its end, or all of it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::ops::RangeInclusive;

use labrpc::{Happening, Record};
use raftapi::{Raft, ServerId, Time};

use crate::wording::{Words, is_heartbeat, links_words, spaced, words};

/// How many rows of the end are shown.
const ROWS: usize = 24;
/// Of how many servers at most, if there are more: a line is to be read.
const COLUMNS: usize = 9;

/// A row: when, who, what.
struct Row {
    time: String,
    server: Option<ServerId>,
    text: String,
}

impl Row {
    /// Whose column it stands in: what concerns no server alone, at the left.
    fn column(&self) -> ServerId {
        self.server.unwrap_or(ServerId::new(0))
    }
}

/// The last events of a trace, in lines that end with a newline. Heartbeats that do nothing are
/// left out, except at the very end.
pub fn columns(trace: &[Record<Raft>], servers: usize) -> String {
    // What a slow disk puts off is told late, so the last step need not be the last record's.
    let steps = trace.iter().map(|record| record.step);
    let end = steps.max().unwrap_or(0).saturating_sub(1);
    let shown = |record: &&Record<Raft>| {
        let aside = matches!(
            record.what,
            Happening::Noted { .. } | Happening::RuleBroken { .. }
        );
        !aside && (record.step >= end || is_news(record)) && !is_wait(record)
    };
    let rows = rows(trace.iter().filter(shown), servers);
    let mut about = BTreeSet::new();
    let last = rows.iter().rev().take(ROWS).take_while(|row| {
        about.insert(row.column());
        about.len() <= COLUMNS
    });
    aligned(&rows[rows.len() - last.count()..], servers)
}

/// All that happened between these times, in lines that end with a newline; heartbeats and what
/// goes with them (their answers, deadlines) only if wanted.
pub fn all_columns(
    trace: &[Record<Raft>],
    servers: usize,
    between: RangeInclusive<Time>,
    heartbeats: bool,
) -> String {
    let beats: BTreeSet<u64> = trace.iter().filter_map(heartbeat).collect();
    let is_shown = |record: &Record<Raft>| match record.what {
        Happening::Dropped { message, .. } => !beats.contains(&message),
        _ => is_news(record) && !is_wait(record) && !is_heartbeat(record),
    };
    let shown =
        |record: &&Record<Raft>| between.contains(&record.at) && (heartbeats || is_shown(record));
    aligned(&rows(trace.iter().filter(shown), servers), servers)
}

/// Whether it is something else than what goes on all the time.
fn is_news(record: &Record<Raft>) -> bool {
    match record.what {
        Happening::TimedOut { .. } | Happening::Dropped { .. } => false,
        Happening::Sent { .. } => true,
        _ => !is_heartbeat(record),
    }
}

/// The number of the heartbeat, or of its answer, that is sent.
fn heartbeat(record: &Record<Raft>) -> Option<u64> {
    match record.what {
        Happening::Sent { message, .. } | Happening::Replied { message, .. } => {
            is_heartbeat(record).then_some(message)
        }
        _ => None,
    }
}

fn is_wait(record: &Record<Raft>) -> bool {
    matches!(record.what, Happening::DeadlineSet { .. })
}

/// Of many servers, those that no row is about are left out.
fn aligned(rows: &[Row], servers: usize) -> String {
    let about: BTreeSet<ServerId> = rows.iter().map(Row::column).collect();
    let shown = ServerId::all(servers);
    let shown = shown.filter(|id| servers <= COLUMNS || about.contains(id));
    let shown: Vec<ServerId> = shown.collect();
    let widths = shown.iter().map(|&id| {
        let cells = rows.iter().filter(|row| row.server == Some(id));
        cells.map(|row| row.text.len()).max().unwrap_or(0).max(2)
    });
    let widths: Vec<usize> = widths.collect();
    let mut out = String::new();
    let mut line = |time: &str, cells: &dyn Fn(ServerId) -> String| {
        let mut text = format!("{time:>9}");
        for (id, width) in shown.iter().zip(&widths) {
            let _ = write!(text, "  {:<width$}", cells(*id));
        }
        let _ = writeln!(out, "{}", text.trim_end());
    };
    line("", &|id| id.to_string());
    let mut last = "";
    for row in rows {
        let time = if row.time == last { "" } else { &row.time };
        last = &row.time;
        line(time, &|id| match id == row.column() {
            true => row.text.clone(),
            false => String::new(),
        });
    }
    out
}

fn rows<'a>(trace: impl Iterator<Item = &'a Record<Raft>>, servers: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    // One request to many servers is one row.
    let mut round: Option<(u64, ServerId, String)> = None;
    let mut receivers = Vec::new();
    let trace: Vec<&Record<Raft>> = trace.collect();
    let mut next = 0;
    while let Some(record) = trace.get(next) {
        if let Some((many, told)) = links(&trace[next..]) {
            next += many;
            round = None;
            rows.extend(told.into_iter().map(|text| Row {
                time: record.at.to_string(),
                server: None,
                text,
            }));
            continue;
        }
        next += 1;
        let Words { server, text, to } = words(record);
        let this = to.and(server).map(|from| (record.step, from, text.clone()));
        if this.is_none() || this != round {
            receivers.clear();
            let (time, text) = (record.at.to_string(), text.clone());
            rows.push(Row { time, server, text });
        }
        round = this;
        receivers.extend(to);
        if let (Some(row), Some(_)) = (rows.last_mut(), to) {
            row.text = match receivers.len() == servers - 1 && servers > 3 {
                true => format!("{text} > all"),
                false => format!("{text} > {}", spaced(&receivers)),
            };
        }
    }
    rows
}

/// The links that are cut, or healed, from here on in one go, if there are several.
fn links(records: &[&Record<Raft>]) -> Option<(usize, Vec<String>)> {
    let at = records.first()?.at;
    let (mut cut, mut healed) = (Vec::new(), Vec::new());
    for record in records.iter().take_while(|record| record.at == at) {
        match record.what {
            Happening::Cut { from, to } => cut.push((from, to)),
            Happening::Healed { from, to } => healed.push((from, to)),
            _ => break,
        }
    }
    let many = cut.len() + healed.len();
    let told = [(cut, "cut"), (healed, "healed")];
    let told = told.iter().filter(|(links, _)| !links.is_empty());
    let told = told.map(|(links, how)| match links[..] {
        [(from, to)] => format!("-- link {from} > {to} is {how}"),
        _ => format!("-- links {} are {how}", links_words(links)),
    });
    (many > 1).then(|| (many, told.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::*;
    use labrpc::Lost;
    use raftapi::Role;

    #[test]
    fn a_partition_is_one_line() {
        let cut = |(from, to)| Happening::Cut { from, to };
        let mut events: Vec<_> = [(S0, S2), (S2, S0), (S1, S2), (S2, S1)].map(cut).into();
        events.push(Happening::Healed { from: S0, to: S1 });
        let note = "\u{1b}[2J".to_string();
        events.push(Happening::Noted { note });
        let record = |what| Record {
            at: Time::ZERO,
            step: 0,
            what,
        };
        let trace: Vec<_> = events.into_iter().map(record).collect();
        let got = all_columns(&trace, 3, Time::ZERO..=Time::NEVER, true);
        let expected = [
            "  0.000 s  -- links S0 S1 > S2, S2 > S0 S1 are cut",
            "           -- link S0 > S1 is healed",
            "           -- \u{fffd}[2J",
        ];
        assert_eq!(got.lines().skip(1).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn of_many_servers_a_few_are_shown() {
        let campaign = |n| Record {
            at: Time::from_millis(n),
            step: n,
            what: publishes(ServerId::new(n as usize), 2, Role::Candidate),
        };
        let trace: Vec<_> = (0..30).map(campaign).collect();
        let got = columns(&trace, 101);
        let head = "           S21          S22          S23          S24          S25          S26          S27  \
                    \x20       S28          S29";
        assert_eq!(got.lines().next(), Some(head), "\n{got}");
        assert_eq!(got.lines().count(), 10);
    }

    #[test]
    fn an_election_reads_from_top_to_bottom() {
        let mut events = election(1);
        let (message, from, to) = (2, S0, S2);
        let why = Lost::Cut;
        events.extend([
            Happening::Cut { from, to },
            Happening::Dropped {
                message,
                from,
                to,
                why,
            },
            crashes(S1),
            publishes(S0, 2, Role::Follower),
        ]);
        let trace: Vec<_> = events
            .into_iter()
            .enumerate()
            .map(|(i, what)| Record {
                at: Time::from_millis(i as u64 / 4),
                step: i as u64 / 4,
                what,
            })
            .collect();
        let expected = "
           S0                     S1                     S2
  0.000 s  saves term 1, vote S0
           CANDIDATE 1
           vote? 1 > S1 S2
  0.001 s                         saves term 1, vote S0
                                  grants 1 > S0
           S1 > grants 1
           LEADER 1
  0.002 s  heartbeat 1 > S1 S2
           -- link S0 > S2 is cut
                                                         S0 > x (cut off)
  0.003 s                         CRASHES
           FOLLOWER 2
";
        let got = columns(&trace, 3);
        assert_eq!(got, expected[1..], "\n{got}");
    }
}
