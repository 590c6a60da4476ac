//! Events in a few words: for columns, and for the table beside a picture.

use labrpc::{Happening, Record};
use raftapi::{Raft, Reply, Request, ServerId};

/// Several servers in a few characters: `S0-S3, S5`.
pub fn ranges(servers: &[ServerId]) -> String {
    let rows = servers.chunk_by(|a, b| a.index() + 1 == b.index());
    let said = rows.map(|row| match row {
        [first, .., last] if row.len() > 2 => format!("{first}-{last}"),
        _ => {
            let names: Vec<String> = row.iter().map(ServerId::to_string).collect();
            names.join(", ")
        }
    });
    said.collect::<Vec<_>>().join(", ")
}

/// An event in a few words.
pub struct Words {
    /// Whose event it is; nobody's, if it concerns no server alone.
    pub server: Option<ServerId>,
    /// What it is.
    pub text: String,
    /// For a request that is sent, to whom.
    pub to: Option<ServerId>,
}

/// Any event in a few words.
pub fn words(record: &Record<Raft>) -> Words {
    let at = |server: &ServerId, text: String| Words {
        server: Some(*server),
        text,
        to: None,
    };
    let aside = |text: String| Words {
        server: None,
        text,
        to: None,
    };
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
        Happening::DeadlineSet { server, deadline } => at(
            server,
            match deadline {
                Some(deadline) => format!("waits until {deadline}"),
                None => "waits for ever".to_string(),
            },
        ),
        Happening::TimedOut { server } => at(server, "deadline".to_string()),
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
        } => Words {
            to: Some(*to),
            ..at(from, request_words(request))
        },
        Happening::Replied {
            from, to, reply, ..
        } => at(from, format!("{} > {to}", reply_words(reply))),
        Happening::RequestDelivered {
            from, to, request, ..
        } => at(to, format!("{from} > {}", request_words(request))),
        Happening::ReplyDelivered {
            from, to, reply, ..
        } => at(to, format!("{from} > {}", reply_words(reply))),
        Happening::Dropped { from, to, why, .. } => at(to, format!("{from} > x ({why})")),
        Happening::Cut { from, to } => aside(format!("-- link {from} > {to} is cut")),
        Happening::Healed { from, to } => aside(format!("-- link {from} > {to} is healed")),
        Happening::Isolated { server } => at(server, "CUT OFF".to_string()),
        Happening::Rejoined { server } => at(server, "REJOINS".to_string()),
        Happening::Noted { note } => aside(format!("-- {}", harmless(note))),
        Happening::RuleBroken { finding } => aside(format!("!! {}", harmless(finding))),
    }
}

/// Without what a terminal would take for a command: a trace may come from anywhere.
fn harmless(text: &str) -> String {
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(shown).collect()
}

/// Links in a few words, those with the same ends together: `S0 S1 > S2 S3, S2 > S0`.
pub fn links_words(links: &[(ServerId, ServerId)]) -> String {
    let mut from: Vec<ServerId> = links.iter().map(|link| link.0).collect();
    from.sort_unstable();
    from.dedup();
    // Who has the same targets stands with the first of them.
    let mut groups: Vec<(Vec<ServerId>, Vec<ServerId>)> = Vec::new();
    for from in from {
        let mut to: Vec<ServerId> = { links.iter() }
            .filter(|l| l.0 == from)
            .map(|l| l.1)
            .collect();
        to.sort_unstable();
        to.dedup();
        match groups.iter_mut().find(|(_, known)| *known == to) {
            Some((group, _)) => group.push(from),
            None => groups.push((vec![from], to)),
        }
    }
    let group = |(from, to): &(Vec<_>, Vec<_>)| format!("{} > {}", spaced(from), spaced(to));
    groups.iter().map(group).collect::<Vec<_>>().join(", ")
}

/// Servers, side by side.
pub fn spaced(servers: &[ServerId]) -> String {
    let names: Vec<String> = servers.iter().map(ServerId::to_string).collect();
    names.join(" ")
}

/// Whether an event is about an AppendEntries or its answer.
pub fn is_heartbeat(record: &Record<Raft>) -> bool {
    matches!(
        &record.what,
        Happening::Sent { request, .. }
        | Happening::Replied { request, .. }
        | Happening::RequestDelivered { request, .. }
        | Happening::ReplyDelivered { request, .. }
            if matches!(request, Request::AppendEntries(_))
    )
}

/// A request in a few words.
pub fn request_words(request: &Request) -> String {
    match request {
        Request::RequestVote(args) if args.pre_vote => format!("pre-vote? {}", args.term),
        Request::RequestVote(args) => format!("vote? {}", args.term),
        Request::AppendEntries(args) => format!("heartbeat {}", args.term),
        Request::TransferLeadership(args) => format!("hand over? {}", args.term),
        Request::TimeoutNow(args) => format!("timeout now {}", args.term),
    }
}

/// A reply in a few words.
pub fn reply_words(reply: &Reply) -> String {
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

    #[test]
    fn servers_in_a_row_are_said_together() {
        let said = |ids: &[usize]| {
            let servers: Vec<ServerId> = ids.iter().copied().map(ServerId::new).collect();
            ranges(&servers)
        };
        assert_eq!(said(&[3]), "S3");
        assert_eq!(said(&[0, 1]), "S0, S1");
        assert_eq!(
            said(&[0, 1, 2, 5, 6, 8, 9, 10, 11]),
            "S0-S2, S5, S6, S8-S11"
        );
    }
}
