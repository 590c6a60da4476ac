//! What happens.

use std::time::Duration;

use labrpc::ActionKind;

use super::conditions::{condition, expectation};
use super::links::changes;
use super::quantities::{delay, ordinal, some_time, times};
use crate::scenario::statement::{Link, Slowness, Statement, Who, Whom};
use crate::scenario::text::{Complaint, Words};

type Parsed<T> = Result<T, Complaint>;

/// How long `wait until` waits, unless it says so.
const PATIENCE: Duration = Duration::from_secs(60);

/// The statement that this word begins, if one does.
pub fn statement(word: &str, words: &mut Words) -> Option<Parsed<Statement>> {
    Some(match word {
        "run" => some_time(words).map(Statement::Run),
        "wait" => wait(words),
        "expect" => expectation(words).map(|(condition, pace)| Statement::Expect(condition, pace)),
        "note" => note(words),
        "start" | "restart" => whom(words).map(Statement::Start),
        "crash" => crash(words),
        "cut" => links(words).map(Statement::Cut),
        "heal" => heal(words),
        "partition" => partition(words),
        "isolate" => whom(words).map(Statement::Isolate),
        "rejoin" => whom(words).map(Statement::Rejoin),
        "net" => changes(words).map(Statement::Net),
        "link" => link_knobs(words),
        "disk" => disk(words),
        "clock" => clock(words),
        "slow" => slow(words),
        "transfer" => transfer(words),
        _ => return None,
    })
}

pub const NAMES: [&str; 18] = [
    "run",
    "wait",
    "expect",
    "note",
    "start",
    "restart",
    "crash",
    "cut",
    "heal",
    "partition",
    "isolate",
    "rejoin",
    "net",
    "link",
    "disk",
    "clock",
    "slow",
    "transfer",
];

fn wait(words: &mut Words) -> Parsed<Statement> {
    words
        .must("until", "and a condition, after 'wait'")
        .map_err(|complaint| {
            match words
                .word_ahead(0)
                .is_some_and(|w| w.starts_with(|c: char| c.is_ascii_digit()))
            {
                true => complaint.hint("to let time pass, say 'run 2s'"),
                false => complaint,
            }
        })?;
    let condition = condition(words)?;
    let limit = match words.eat("within") {
        true => some_time(words)?,
        false => PATIENCE,
    };
    Ok(Statement::Wait(condition, limit))
}

fn note(words: &mut Words) -> Parsed<Statement> {
    match words.peek() {
        Some(token) if token.quoted => {
            let text = words.take("a text")?.text;
            match words.is_over() {
                true => Ok(Statement::Note(text)),
                false => Err(words
                    .expected("the end of the line after the note's text")
                    .hint("a text ends at the next '\"': inside it, quote with '")),
            }
        }
        _ => Err(words.expected("a text in quotes, as note \"now the leader is gone\"")),
    }
}

fn crash(words: &mut Words) -> Parsed<Statement> {
    let place = words.place();
    let whom = whom(words)?;
    if !words.eat("after") {
        return Ok(Statement::Crash(whom));
    }
    words.eat("its");
    let Whom::Each(each) = &whom else {
        return Err(Complaint::new(
            place,
            "expected one server to crash inside a step",
        ));
    };
    let [who] = each[..] else {
        return Err(Complaint::new(
            place,
            "expected one server to crash inside a step",
        ));
    };
    let count = ordinal(words)?;
    let kinds = ["persist", "request", "reply", "status", "action"];
    let kind = match words.one_of("what it does then", &kinds)? {
        0 => ActionKind::Persist,
        1 => ActionKind::Call,
        2 => ActionKind::Reply,
        3 => ActionKind::Publish,
        _ => ActionKind::Any,
    };
    Ok(Statement::CrashAfter(who, kind, count))
}

fn heal(words: &mut Words) -> Parsed<Statement> {
    // 'heal all->S1' is about links.
    if words.is("all") && words.word_ahead(1).is_none() {
        words.eat("all");
        return Ok(Statement::HealAll);
    }
    links(words).map(Statement::Heal)
}

fn partition(words: &mut Words) -> Parsed<Statement> {
    let place = words.place();
    let mut groups = vec![Vec::new()];
    while !words.is_over() {
        if words.eat("|") {
            groups.push(Vec::new());
            continue;
        }
        words.eat(",");
        let who = who(words)?;
        let group = groups.last_mut().expect("there is one");
        if group.contains(&who) {
            return Err(Complaint::new(place, "a server stands in one group twice"));
        }
        group.push(who);
    }
    if groups.len() < 2 || groups.iter().any(Vec::is_empty) {
        let what = "expected groups of servers with '|' between them";
        return Err(Complaint::new(place, what).hint("as in 'partition S0 S1 | S2 S3 S4'"));
    }
    Ok(Statement::Partition(groups))
}

fn link_knobs(words: &mut Words) -> Parsed<Statement> {
    let link = link(words)?;
    Ok(Statement::Link(link, changes(words)?))
}

fn disk(words: &mut Words) -> Parsed<Statement> {
    let whom = match words.is("write") {
        true => Whom::All,
        false => whom(words)?,
    };
    words.must("write", "and how long a write takes, after 'disk'")?;
    Ok(Statement::Disk(whom, delay(words)?))
}

fn clock(words: &mut Words) -> Parsed<Statement> {
    let whom = whom(words)?;
    let place = words.place();
    match times(words)? {
        rate @ 100..=10_000 => Ok(Statement::Clock(whom, rate * 1000)),
        _ => Err(Complaint::new(
            place,
            "a clock runs at x0.1 to x10 of true time",
        )),
    }
}

fn slow(words: &mut Words) -> Parsed<Statement> {
    let whom = whom(words)?;
    if words.eat("by") {
        return Ok(Statement::Slow(whom, Slowness::By(delay(words)?)));
    }
    let place = words.place();
    if !words
        .word_ahead(0)
        .is_some_and(|word| word.starts_with(|c: char| c == 'x' || c.is_ascii_digit()))
    {
        return Err(words.expected("how slow: 'x3', or 'by 20ms'"));
    }
    match times(words)? {
        factor @ 1..=1_000_000 => Ok(Statement::Slow(whom, Slowness::Times(factor))),
        _ => Err(Complaint::new(
            place,
            "a server can be slowed down x0.001 to x1000",
        )),
    }
}

fn transfer(words: &mut Words) -> Parsed<Statement> {
    words.must("leadership", "and 'to' and a server, after 'transfer'")?;
    words.must("to", "and a server, after 'transfer leadership'")?;
    who(words).map(Statement::Transfer)
}

// ---- servers and links ----

fn who_if_any(words: &mut Words) -> Parsed<Option<Who>> {
    if words.eat("leader") {
        return Ok(Some(Who::Leader));
    }
    if words.eat_all(&["old", "leader"]) {
        return Ok(Some(Who::OldLeader));
    }
    if words.eat("follower") {
        return Ok(Some(Who::Follower));
    }
    Ok(words.server_if_any()?.map(Who::Server))
}

fn who(words: &mut Words) -> Parsed<Who> {
    let who = who_if_any(words)?;
    who.ok_or_else(|| {
        let complaint = words.expected("a server: S0, leader, old leader, follower");
        let word = words.word_ahead(0).unwrap_or("");
        match crate::scenario::text::like(word, &["leader", "old", "follower", "all"]) {
            Some(like) => complaint.hint(format!("did you mean '{like}'?")),
            None => complaint,
        }
    })
}

/// Servers, one or more, or `all`.
fn whom(words: &mut Words) -> Parsed<Whom> {
    if words.eat("all") {
        return Ok(Whom::All);
    }
    let mut each = vec![who(words)?];
    loop {
        words.eat(",");
        let place = words.place();
        match who_if_any(words)? {
            None => return Ok(Whom::Each(each)),
            Some(who) if each.contains(&who) => {
                return Err(Complaint::new(place, "this server is named twice"));
            }
            Some(who) => each.push(who),
        }
    }
}

fn end(words: &mut Words) -> Parsed<Whom> {
    match words.eat("all") {
        true => Ok(Whom::All),
        false => Ok(Whom::Each(vec![who(words)?])),
    }
}

/// `S1->S2`, `S1-S2` for both ways, `all->leader`.
fn link(words: &mut Words) -> Parsed<Link> {
    let place = words.place();
    let from = end(words)?;
    let both_ways = words.eat("-");
    if !both_ways && !words.eat("->") {
        let complaint = words.expected("'->' and the link's end, or '-' for both ways");
        return Err(complaint.hint("as in 'cut S1->S2'; to cut a server off, say 'isolate S1'"));
    }
    let to = end(words)?;
    if from == to && from != Whom::All {
        return Err(Complaint::new(place, "a server has no link to itself"));
    }
    Ok(Link {
        from,
        to,
        both_ways,
    })
}

fn links(words: &mut Words) -> Parsed<Vec<Link>> {
    let mut links = vec![link(words)?];
    while !words.is_over() {
        words.eat(",");
        links.push(link(words)?);
    }
    Ok(links)
}
