//! What stands before anything happens: how many servers there are, and what they are like.

use std::time::Duration;

use labrpc::ServerId;
use raftapi::{Entry, Features, PreVote, Redraw, Stable, Timing};

use super::quantities::{number, range, some_time, steps};
use crate::quantities::Range;
use crate::scenario::text::{Complaint, Words};

type Parsed<T> = Result<T, Complaint>;

/// As many as the suite plays.
const MOST_SERVERS: u64 = 1000;

/// The rules forgive a server a fraction of a millisecond, and so cannot judge shorter timers.
const SHORTEST: Duration = Duration::from_millis(1);

const WHY_SHORTEST: &str =
    "timers are judged to a fraction of a millisecond: shorter ones cannot be";

/// Room enough for terms that follow, and exact in whatever reads a page or a trace.
const HIGHEST_TERM: u64 = 1_000_000_000_000;

fn a_term(words: &mut Words, what: &str) -> Parsed<u64> {
    let place = words.place();
    match number(words, what)? {
        term @ ..=HIGHEST_TERM => Ok(term),
        _ => {
            let what = format!("a scenario's terms go up to {HIGHEST_TERM}");
            Err(Complaint::new(place, what))
        }
    }
}

pub fn servers(words: &mut Words) -> Parsed<usize> {
    let place = words.place();
    match number(words, "how many servers there are, as 'servers 5'")? {
        0 => Err(Complaint::new(place, "a cluster has at least one server")),
        many @ 1..=MOST_SERVERS => Ok(many as usize),
        _ => {
            let what = format!("a cluster has at most {MOST_SERVERS} servers");
            Err(Complaint::new(place, what))
        }
    }
}

/// `lab`, or `150ms..300ms heartbeat 75ms steps of 10ms`.
pub fn timing(words: &mut Words) -> Parsed<Timing> {
    for (name, preset) in [
        ("lab", Timing::LAB),
        ("paper", Timing::PAPER),
        ("etcd", Timing::ETCD),
    ] {
        if words.eat(name) {
            return Ok(preset);
        }
    }
    let starts = words.word_ahead(0).unwrap_or("");
    if !starts.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(words.expected(
            "a preset (lab, paper, etcd) or a range of election timeouts, as \
             '150ms..300ms heartbeat 75ms'",
        ));
    }
    let place = words.place();
    let Range { min, max } = range(words)?;
    if min < SHORTEST {
        let what = format!("election timeouts from {min:?}: expected {SHORTEST:?} or more");
        return Err(Complaint::new(place, what).hint(WHY_SHORTEST));
    }
    let mut heartbeat = None;
    let mut step = None;
    while !words.is_over() {
        if heartbeat.is_none() && words.eat("heartbeat") {
            let place = words.place();
            heartbeat = Some(some_time(words)?);
            if heartbeat < Some(SHORTEST) {
                let what = format!("expected a heartbeat of {SHORTEST:?} or more");
                return Err(Complaint::new(place, what).hint(WHY_SHORTEST));
            }
        } else if step.is_none() && words.is("steps") {
            step = steps(words)?;
        } else {
            return Err(words.expected("'heartbeat 75ms', 'steps of 10ms', each once"));
        }
    }
    let heartbeat = heartbeat.ok_or_else(|| {
        let half = min / 2;
        let complaint = words.expected("how often a leader is heard, as 'heartbeat 75ms'");
        complaint.hint(format!(
            "the paper takes half the minimum: heartbeat {half:?}"
        ))
    })?;
    let timing = Timing::unchecked(heartbeat, min, max);
    Ok(step.map_or(timing, |step| timing.in_steps_of(step)))
}

/// `prevote etcd, checkquorum, transfer, redraw once`.
pub fn features(words: &mut Words) -> Parsed<Features> {
    let names = [
        "plain",
        "prevote",
        "checkquorum",
        "lease",
        "transfer",
        "redraw",
    ];
    let mut features = Features::PLAIN;
    let mut said = Vec::new();
    loop {
        let place = words.place();
        let name = words.one_of("a feature", &names)?;
        if said.contains(&name) {
            let what = format!("'{}' is said twice", names[name]);
            return Err(Complaint::new(place, what));
        }
        said.push(name);
        match name {
            0 => {}
            1 => {
                words.eat("thesis");
                features.pre_vote = Some(match words.eat("etcd") {
                    true => PreVote::Etcd,
                    false => PreVote::Thesis,
                });
            }
            2 => features.check_quorum = true,
            3 => features.lease = true,
            4 => features.transfer = true,
            _ => {
                let customs = ["always", "on", "once"];
                features.redraw = match words.one_of("when timeouts are drawn", &customs)? {
                    0 => Redraw::AtEachReset,
                    1 => {
                        words.must("change", "after 'redraw on'")?;
                        Redraw::OnStateChange
                    }
                    _ => Redraw::Once,
                };
            }
        }
        if said.contains(&0) && said.len() > 1 {
            let what = "plain Raft has none of the features beside it";
            return Err(Complaint::new(place, what).hint("leave 'plain' out"));
        }
        if words.is_over() {
            return Ok(features);
        }
        if !words.eat(",") {
            return Err(words.expected("',' and another feature, or the end of the line"));
        }
    }
}

/// `S1 1 1 2 term 3 vote S2`: what is on a server's disk.
pub fn disk(words: &mut Words) -> Parsed<(ServerId, Stable)> {
    let server = words.server()?;
    let mut stable = Stable::default();
    while super::quantities::is_next(words) {
        let place = words.place();
        let term = a_term(words, "an entry's term")?;
        let last = stable.log.last().map_or(1, |entry: &Entry| entry.term);
        if term < last {
            let what = format!("terms in a log never fall, and {term} follows {last}");
            let what = if term == 0 {
                "the first term is 1".to_string()
            } else {
                what
            };
            return Err(Complaint::new(place, what));
        }
        let command = format!("x{}", stable.log.len() + 1);
        stable.log.push(Entry { term, command });
    }
    let last = stable.log.last().map_or(0, |entry| entry.term);
    stable.current_term = last;
    if words.eat("term") {
        let place = words.place();
        stable.current_term = a_term(words, "a term")?;
        if stable.current_term < last {
            let what = format!("a server with an entry of term {last} has seen term {last}");
            return Err(Complaint::new(place, what));
        }
    }
    if words.is("vote") {
        let place = words.place();
        words.eat("vote");
        if stable.current_term == 0 {
            let what = "nobody votes in term 0: the first term is 1";
            return Err(Complaint::new(place, what).hint("say 'term 1' before 'vote'"));
        }
        stable.voted_for = Some(words.server()?);
    }
    if stable == Stable::default() {
        return Err(words.expected("what is on the disk: terms of entries, 'term 3', 'vote S2'"));
    }
    Ok((server, stable))
}

/// `S0 S1 start`, after 'only'.
pub fn starters(words: &mut Words) -> Parsed<Vec<ServerId>> {
    let mut servers = Vec::new();
    while !words.eat("start") && !words.eat("starts") {
        words.eat(",");
        servers.push(words.server()?);
    }
    Ok(servers)
}
