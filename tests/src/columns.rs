//! The last events of a run, as aligned columns, one per server.

use std::fmt::Write;

use labrpc::{Happening, Record};
use raftapi::{Raft, Reply, Request, ServerId};

/// How many rows are shown.
const ROWS: usize = 24;

/// A row: when, who, what.
struct Row {
    time: String,
    server: Option<ServerId>,
    text: String,
}

/// The last events of a trace, in lines that end with a newline.
pub fn columns(trace: &[Record<Raft>], servers: usize) -> String {
    let rows = rows(trace, servers);
    let rows = &rows[rows.len().saturating_sub(ROWS)..];
    let widths: Vec<usize> = ServerId::all(servers)
        .map(|id| {
            let cells = rows.iter().filter(|row| row.server == Some(id));
            cells.map(|row| row.text.len()).max().unwrap_or(0).max(2)
        })
        .collect();
    let mut out = String::new();
    let mut line = |time: &str, cells: &dyn Fn(ServerId) -> String| {
        let mut text = format!("{time:>9}");
        for (id, width) in ServerId::all(servers).zip(&widths) {
            let _ = write!(text, "  {:<width$}", cells(id));
        }
        let _ = writeln!(out, "{}", text.trim_end());
    };
    line("", &|id| id.to_string());
    let mut last = "";
    for row in rows {
        let time = if row.time == last { "" } else { &row.time };
        last = &row.time;
        // What concerns no server alone stands at the left.
        let column = row.server.unwrap_or(ServerId::new(0));
        line(time, &|id| match id == column {
            true => row.text.clone(),
            false => String::new(),
        });
    }
    out
}

fn rows(trace: &[Record<Raft>], servers: usize) -> Vec<Row> {
    // Heartbeats that do nothing are left out, except at the very end.
    // What a slow disk puts off is told late, so the last step need not be the last record's.
    let steps = trace.iter().map(|record| record.step);
    let end = steps.max().unwrap_or(0).saturating_sub(1);
    let mut rows: Vec<Row> = Vec::new();
    // One request to many servers is one row.
    let mut round: Option<(u64, ServerId, String)> = None;
    let mut receivers = Vec::new();
    for record in trace {
        let Some((server, what, to)) = cell(record, record.step >= end) else {
            continue;
        };
        let this = to.and(server).map(|from| (record.step, from, what.clone()));
        if this.is_none() || this != round {
            receivers.clear();
            let (time, text) = (record.at.to_string(), what.clone());
            rows.push(Row { time, server, text });
        }
        round = this;
        receivers.extend(to);
        if let (Some(row), Some(_)) = (rows.last_mut(), to) {
            row.text = match receivers.len() == servers - 1 && servers > 3 {
                true => format!("{what} > all"),
                false => format!("{what} > {}", spaced(&receivers)),
            };
        }
    }
    rows
}

fn spaced(servers: &[ServerId]) -> String {
    let names: Vec<String> = servers.iter().map(ServerId::to_string).collect();
    names.join(" ")
}

/// Whose event it is, in a few words, and for a request to whom. `all`: also what is left out
/// elsewhere.
fn cell(record: &Record<Raft>, all: bool) -> Option<(Option<ServerId>, String, Option<ServerId>)> {
    let at = |server: &ServerId, text: String| Some((Some(*server), text, None));
    match &record.what {
        Happening::Started {
            server,
            start,
            stable,
        } => {
            let how = if *start == 0 { "starts" } else { "RESTARTS" };
            at(server, format!("{how}, term {}", stable.current_term))
        }
        Happening::Crashed { server } => at(server, "CRASHES".to_string()),
        Happening::TimedOut { server } if all => at(server, "deadline".to_string()),
        Happening::Persisted { server, stable } => {
            let vote = stable
                .voted_for
                .map_or("none".to_string(), |id| id.to_string());
            at(
                server,
                format!("saves term {}, vote {vote}", stable.current_term),
            )
        }
        Happening::Published { server, status } => {
            let role = status.role.to_string();
            at(server, format!("{} {}", role.to_uppercase(), status.term))
        }
        Happening::Sent {
            from, to, request, ..
        } => Some((Some(*from), request_text(request), Some(*to))),
        Happening::Replied {
            from,
            to,
            request,
            reply,
            ..
        } if all || is_rare(request) => at(from, format!("{} > {to}", reply_text(reply))),
        Happening::RequestDelivered {
            from, to, request, ..
        } if all || is_rare(request) => at(to, format!("{from} > {}", request_text(request))),
        Happening::ReplyDelivered {
            from,
            to,
            request,
            reply,
            ..
        } if all || is_rare(request) => at(to, format!("{from} > {}", reply_text(reply))),
        Happening::Dropped { from, to, why, .. } if all => at(to, format!("{from} > x ({why})")),
        Happening::Cut { from, to } => Some((None, format!("-- link {from} > {to} is cut"), None)),
        Happening::Healed { from, to } => {
            Some((None, format!("-- link {from} > {to} is healed"), None))
        }
        Happening::Isolated { server } => at(server, "CUT OFF".to_string()),
        Happening::Rejoined { server } => at(server, "REJOINS".to_string()),
        _ => None,
    }
}

fn is_rare(request: &Request) -> bool {
    !matches!(request, Request::AppendEntries(_))
}

fn request_text(request: &Request) -> String {
    match request {
        Request::RequestVote(args) if args.pre_vote => format!("pre-vote? {}", args.term),
        Request::RequestVote(args) => format!("vote? {}", args.term),
        Request::AppendEntries(args) => format!("heartbeat {}", args.term),
        Request::TransferLeadership(args) => format!("hand over? {}", args.term),
        Request::TimeoutNow(args) => format!("timeout now {}", args.term),
    }
}

fn reply_text(reply: &Reply) -> String {
    let term = reply.term();
    match reply {
        Reply::RequestVote(reply) if reply.vote_granted => format!("grants {term}"),
        Reply::RequestVote(_) => format!("refuses {term}"),
        Reply::AppendEntries(reply) if reply.success => format!("ok {term}"),
        Reply::AppendEntries(_) => format!("not ok {term}"),
        Reply::Transfer(reply) if reply.accepted => format!("will do {term}"),
        Reply::Transfer(_) => format!("will not {term}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::*;
    use labrpc::Lost;
    use raftapi::{Role, Time};

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
