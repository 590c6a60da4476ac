//! A trace, read as a timeline.

use labrpc::{Happening, Header, Record};
use raftapi::{Raft, ServerId};

use super::elections::elections;
use super::lanes::Lanes;
use super::messages::{Envelope, Messages, Texts, What};
use super::model::{About, Broken, Event, Note, Span, Timeline};
use super::moments::moments;
use super::steps::steps;
use super::timers::{Ran, timers};
use crate::wording::{is_heartbeat, words};

/// Reads a trace, also one of real time, and one of which only the end was kept. Records about
/// servers that the header does not know are left out.
pub fn read(header: &Header, trace: &[Record<Raft>]) -> Timeline {
    let known = |record: &&Record<Raft>| stranger(header, record).is_none();
    let trace: Vec<&Record<Raft>> = trace.iter().filter(known).collect();
    let at = |record: Option<&&Record<Raft>>| record.map_or(0, |record| record.at.as_nanos());
    let begin = at(trace.first());
    let end = at(trace.iter().max_by_key(|record| record.at));

    let mut texts = Texts::default();
    let mut messages = Messages::default();
    let mut lanes = Lanes::new(header.servers, begin);
    let (mut noted, mut broken) = (Vec::new(), None);
    let mut indices = Vec::with_capacity(trace.len());
    let mut events = Vec::with_capacity(trace.len());
    for record in &trace {
        let at = record.at.as_nanos();
        let message = message(record, &mut messages, &mut texts);
        indices.push(message);
        lanes.observe(record);
        match &record.what {
            Happening::Noted { note } => noted.push((at, note)),
            Happening::RuleBroken { finding } => {
                broken = Some(Broken {
                    at,
                    finding: finding.clone(),
                    server: server_at_the_beginning(finding, header.servers),
                });
            }
            _ => {}
        }
        let about = about(record, message, &messages);
        let words = words(record);
        let text = match words.to {
            Some(to) => format!("{} > {to}", words.text),
            None => words.text,
        };
        events.push(Event {
            at,
            server: words.server.map(|id| id.index() as u32),
            about,
            text: texts.number(text),
            message,
        });
    }
    let (mut lanes, cuts) = lanes.end(end);
    let steps = steps(&trace, &indices, header.servers);
    let ran: Vec<Vec<Ran>> = steps.iter().map(|steps| timers(steps, end)).collect();
    for ((lane, steps), ran) in lanes.iter_mut().zip(&steps).zip(&ran) {
        lane.timers = ran.iter().map(|ran| ran.timer).collect();
        lane.by_hand = !steps.runs && steps.speaks;
        // Nothing was seen of it, not even a deadline.
        if !steps.runs && !steps.speaks && lane.down.is_empty() {
            lane.down.push(Span { begin, end });
        }
    }
    let elections = elections(&trace, end);
    let mut timeline = Timeline {
        run: header.run.clone(),
        seed: header.seed,
        about: header.about.clone(),
        begin,
        end,
        lanes,
        messages: messages.into_all(),
        cuts,
        elections,
        moments: Vec::new(),
        notes: notes(&noted),
        broken,
        events,
        texts: texts.into_all(),
    };
    timeline.moments = moments(&timeline, &steps, &ran);
    timeline
}

/// What was noted, as one note for each time, with what was said for its own sake before what was
/// expected: the beginning of a note is what there is room for.
fn notes(noted: &[(u64, &String)]) -> Vec<Note> {
    let is_expected =
        |text: &str| text.starts_with("as expected") || text.starts_with("not as expected");
    let together = noted.chunk_by(|one, next| one.0 == next.0);
    let notes = together.map(|together| {
        let (expected, own): (Vec<&str>, Vec<&str>) = together
            .iter()
            .map(|(_, text)| text.as_str())
            .partition(|text| is_expected(text));
        Note {
            at: together[0].0,
            expected: own.is_empty(),
            text: [own, expected].concat().join("; "),
        }
    });
    notes.collect()
}

/// A server that a record is about, and that the header does not know.
pub fn stranger(header: &Header, record: &Record<Raft>) -> Option<ServerId> {
    let mut servers = servers_of(&record.what).into_iter().flatten();
    servers.find(|id| id.index() >= header.servers)
}

/// The message that an event is about: an index.
fn message(record: &Record<Raft>, messages: &mut Messages, texts: &mut Texts) -> Option<u32> {
    let at = record.at;
    let envelope = |number: u64, from: ServerId, to: ServerId| Envelope { number, from, to };
    match record.what {
        Happening::Sent {
            message,
            from,
            to,
            ref request,
        } => Some(messages.sent(
            at,
            envelope(message, from, to),
            What::Request(request),
            None,
            texts,
        )),
        Happening::Replied {
            message,
            answers,
            from,
            to,
            ref request,
            ref reply,
        } => Some(messages.sent(
            at,
            envelope(message, from, to),
            What::Reply(request, reply),
            Some(answers),
            texts,
        )),
        Happening::RequestDelivered {
            message,
            from,
            to,
            ref request,
        } => Some(messages.arrived(
            at,
            envelope(message, from, to),
            What::Request(request),
            texts,
        )),
        Happening::ReplyDelivered {
            message,
            from,
            to,
            ref request,
            ref reply,
        } => Some(messages.arrived(
            at,
            envelope(message, from, to),
            What::Reply(request, reply),
            texts,
        )),
        Happening::Dropped { message, why, .. } => messages.lost(at, message, why),
        _ => None,
    }
}

fn about(record: &Record<Raft>, message: Option<u32>, messages: &Messages) -> About {
    use super::model::Kind::*;
    let kind = message.map(|index| messages.get(index).kind);
    match (&record.what, kind) {
        (_, Some(Heartbeat | Ok | NotOk)) => About::Heartbeat,
        (_, Some(Vote | PreVote | Grant | Refusal | PreGrant | PreRefusal)) => About::Vote,
        (Happening::Dropped { .. }, _) | (_, Some(Transfer)) => About::Message,
        (Happening::DeadlineSet { .. } | Happening::TimedOut { .. }, _) => About::Timer,
        (Happening::Published { .. }, _) => About::Role,
        (Happening::Persisted { .. }, _) => About::Disk,
        (Happening::Noted { .. } | Happening::RuleBroken { .. }, _) => About::Note,
        _ if is_heartbeat(record) => About::Heartbeat,
        _ => About::Fault,
    }
}

/// The servers that an event is about.
fn servers_of<Q, R, S, U>(what: &Happening<Q, R, S, U>) -> [Option<ServerId>; 2] {
    match *what {
        Happening::Started { server, .. }
        | Happening::Crashed { server }
        | Happening::DeadlineSet { server, .. }
        | Happening::TimedOut { server }
        | Happening::Persisted { server, .. }
        | Happening::Published { server, .. }
        | Happening::Isolated { server }
        | Happening::Rejoined { server } => [Some(server), None],
        Happening::Sent { from, to, .. }
        | Happening::Replied { from, to, .. }
        | Happening::RequestDelivered { from, to, .. }
        | Happening::ReplyDelivered { from, to, .. }
        | Happening::Dropped { from, to, .. }
        | Happening::Cut { from, to }
        | Happening::Healed { from, to } => [Some(from), Some(to)],
        Happening::Noted { .. } | Happening::RuleBroken { .. } => [None, None],
    }
}

/// The server that a sentence begins with: `S1 voted twice ...`.
fn server_at_the_beginning(sentence: &str, servers: usize) -> Option<u32> {
    let name = sentence.split([' ', ',', '\'']).next()?;
    let number: u32 = name.strip_prefix('S')?.parse().ok()?;
    ((number as usize) < servers).then_some(number)
}
