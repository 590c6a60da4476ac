//! The knobs of links.

use labrpc::{Faults, LinkFaults};

use super::quantities::{delay, probability};
use crate::scenario::statement::LinkChange;
use crate::scenario::text::{Complaint, Words};

const KNOBS: [&str; 12] = [
    "latency",
    "loss",
    "request",
    "reply",
    "duplicate",
    "reorder",
    "unreachable",
    "late",
    "reliable",
    "unreliable",
    "long",
    "duplication",
];

/// What follows `net`, or a link: `latency 1ms..5ms loss 10%`.
pub fn changes(words: &mut Words) -> Result<Vec<LinkChange>, Complaint> {
    let mut changes = Vec::new();
    let mut turned: Vec<&'static str> = Vec::new();
    while !words.is_over() {
        words.eat(",");
        let place = words.place();
        let before = changes.len();
        knob(words, &mut changes)?;
        for change in &changes[before..] {
            let knob = name(change);
            if turned.contains(&knob) {
                let what = format!("{knob} is said twice");
                return Err(Complaint::new(place, what).hint("say each once"));
            }
            if knob == PRESET && !turned.is_empty() {
                let what = "a preset sets every knob, also those that were said before it";
                return Err(Complaint::new(place, what).hint("put it first"));
            }
            turned.push(knob);
        }
    }
    if changes.is_empty() {
        return Err(words.expected("what the network does, as 'latency 1ms..5ms' or 'loss 10%'"));
    }
    Ok(changes)
}

fn knob(words: &mut Words, changes: &mut Vec<LinkChange>) -> Result<(), Complaint> {
    let (request, reply) = match words.word_ahead(0) {
        Some("request") => (true, false),
        Some("reply") => (false, true),
        _ => (true, true),
    };
    if !(request && reply) {
        words.take("request or reply")?;
        if !words.is("latency") && !words.is("loss") {
            return Err(words.expected("'latency' or 'loss' after 'request' or 'reply'"));
        }
    }
    match words.one_of("what the network does", &KNOBS)? {
        0 => {
            let delay = delay(words)?;
            changes.extend(request.then_some(LinkChange::RequestDelay(delay)));
            changes.extend(reply.then_some(LinkChange::ReplyDelay(delay)));
        }
        1 => {
            let loss = probability(words)?;
            changes.extend(request.then_some(LinkChange::RequestLoss(loss)));
            changes.extend(reply.then_some(LinkChange::ReplyLoss(loss)));
        }
        4 | 11 => changes.push(LinkChange::Duplication(probability(words)?)),
        5 => {
            changes.push(LinkChange::Reordering(probability(words)?));
            if words.eat("by") {
                changes.push(LinkChange::ReorderingDelay(delay(words)?));
            }
        }
        6 => changes.push(LinkChange::UnreachableDelay(delay(words)?)),
        7 => changes.push(LinkChange::LateDelivery(probability(words)?)),
        8 => changes.push(LinkChange::Preset(LinkFaults::RELIABLE)),
        9 => changes.push(LinkChange::Preset(Faults::UNRELIABLE.link)),
        _ => match words.one_of("what is long", &["delays", "reordering"])? {
            // The Go lab's: see `Faults`.
            0 => {
                let long = Faults::RELIABLE.long_delays().link.unreachable_delay;
                changes.push(LinkChange::UnreachableDelay(long));
            }
            _ => {
                let long = Faults::RELIABLE.long_reordering().link;
                changes.push(LinkChange::Reordering(long.reordering));
            }
        },
    }
    Ok(())
}

const PRESET: &str = "the preset";

fn name(change: &LinkChange) -> &'static str {
    match change {
        LinkChange::Preset(_) => PRESET,
        LinkChange::RequestDelay(_) => "the latency of requests",
        LinkChange::ReplyDelay(_) => "the latency of replies",
        LinkChange::RequestLoss(_) => "the loss of requests",
        LinkChange::ReplyLoss(_) => "the loss of replies",
        LinkChange::Duplication(_) => "duplication",
        LinkChange::Reordering(_) => "reordering",
        LinkChange::ReorderingDelay(_) => "the delay of what is reordered",
        LinkChange::UnreachableDelay(_) => "the delay of what cannot be delivered",
        LinkChange::LateDelivery(_) => "late delivery",
    }
}
