//! Reads a scenario.
//!
//! | module | what |
//! |---|---|
//! | `settings` | what stands before anything happens |
//! | `statements` | what happens |
//! | `links` | the knobs of links |
//! | `conditions` | what is expected, and what a search wishes for |
//! | `quantities` | numbers and their units |

mod conditions;
mod links;
mod quantities;
mod settings;
mod statements;
#[cfg(test)]
mod tests;

use std::time::Duration;

use labrpc::ServerId;
use raftapi::{Features, Stable, Time, Timing};

use super::condition::{Condition, Fact};
use super::statement::{Scenario, Statement, Step, When, Who, Whom};
use super::text::{Complaint, Place, Source, Words, like};
use super::wish::Wish;
use crate::quantities::LONGEST;

const SETTINGS: [&str; 6] = ["servers", "seed", "timing", "features", "log", "only"];

/// Reads a scenario of this name.
///
/// # Errors
///
/// All that is wrong with it, line by line.
pub fn scenario(name: &str, source: &Source) -> Result<Scenario, Vec<Complaint>> {
    let mut reader = Reader::default();
    let mut complaints = Vec::new();
    for (line, text) in source.lines() {
        if let Err(complaint) = reader.line(line, text) {
            complaints.push(complaint);
        }
    }
    let Some(servers) = reader.servers else {
        complaints.truncate(1);
        if complaints.is_empty() {
            let place = Place {
                line: 1,
                column: 1,
                width: 1,
            };
            complaints.push(Complaint::new(place, NO_SERVERS).hint(SAY_SERVERS));
        }
        return Err(complaints);
    };
    if !complaints.is_empty() {
        return Err(complaints);
    }
    let all = || ServerId::all(servers).collect();
    Ok(Scenario {
        name: name.to_string(),
        servers,
        seed: reader.seed,
        timing: reader.timing.unwrap_or(Timing::LAB),
        features: reader.features,
        starters: reader.starters.unwrap_or_else(all),
        disks: reader.disks,
        steps: reader.steps,
        lasts: reader.earliest.0,
    })
}

/// Reads what a search wishes for in a cluster of this many servers.
pub fn wish(source: &Source, servers: usize) -> Result<Wish, Complaint> {
    let (line, text) = source.lines().next().unwrap_or((1, ""));
    let mut words = Words::of(line, text, Some(servers))?;
    let wish = conditions::wish(&mut words)?;
    words.finish("the wish")?;
    Ok(wish)
}

const NO_SERVERS: &str = "a scenario begins with how many servers there are";
const SAY_SERVERS: &str = "say 'servers 5'";

/// What has been read so far.
#[derive(Default)]
struct Reader {
    servers: Option<usize>,
    seed: u64,
    timing: Option<Timing>,
    features: Features,
    starters: Option<Vec<ServerId>>,
    disks: Vec<(ServerId, Stable)>,
    steps: Vec<Step>,
    /// What has been set, and in which line.
    set: Vec<(String, usize)>,
    /// The earliest that the next line can be played, and the line that says so.
    earliest: (Time, usize),
    /// Which servers are running, where that is certain.
    up: Vec<Option<bool>>,
    leader_was_named: bool,
    expected_before: bool,
}

impl Reader {
    fn line(&mut self, line: usize, text: &str) -> Result<(), Complaint> {
        let mut words = Words::of(line, text, self.servers)?;
        if words.is_over() {
            return Ok(());
        }
        let place = words.place();
        if self.servers.is_none() && !words.is("servers") {
            return Err(Complaint::new(place, NO_SERVERS).hint(SAY_SERVERS));
        }
        let first = words.word_ahead(0).unwrap_or("").to_string();
        if SETTINGS.contains(&first.as_str()) {
            words.eat(&first);
            self.setting(&first, place, &mut words)?;
            return words.finish(&format!("'{first}'"));
        }
        self.step(line, text, &mut words)
    }

    fn setting(&mut self, name: &str, place: Place, words: &mut Words) -> Result<(), Complaint> {
        if let Some(step) = self.steps.iter().find(|step| !is_beginning(step)) {
            let what = format!("'{name}' stands before anything happens");
            let hint = format!("put it above line {}: {}", step.line, step.text);
            return Err(Complaint::new(place, what).hint(hint));
        }
        let what = match name {
            // Each server has a disk of its own.
            "log" => format!("log {}", words.word_ahead(0).unwrap_or("")),
            _ => name.to_string(),
        };
        if let Some((_, line)) = self.set.iter().find(|(known, _)| *known == what) {
            let what = format!("'{what}' was said already, in line {line}");
            return Err(Complaint::new(place, what).hint("say it once"));
        }
        self.set.push((what, place.line));
        match name {
            "servers" => {
                let servers = settings::servers(words)?;
                self.servers = Some(servers);
                self.up = vec![Some(true); servers];
            }
            "seed" => self.seed = quantities::number(words, "a seed, a whole number")?,
            "timing" => self.timing = Some(settings::timing(words)?),
            "features" => self.features = settings::features(words)?,
            "log" => self.disks.push(settings::disk(words)?),
            _ => {
                let starters = settings::starters(words)?;
                self.up.fill(Some(false));
                for server in &starters {
                    self.up[server.index()] = Some(true);
                }
                self.starters = Some(starters);
            }
        }
        Ok(())
    }

    fn step(&mut self, line: usize, text: &str, words: &mut Words) -> Result<(), Complaint> {
        let place = words.place();
        let when = if words.eat("at") {
            let at = Time::ZERO + quantities::duration(words)?;
            let (earliest, since) = self.earliest;
            if at < earliest {
                let what = format!("{at} is over: line {since} ends at {earliest}, or later");
                let hint = "times run forwards; 'after 500ms' counts from the line before";
                return Err(Complaint::new(place, what).hint(hint));
            }
            self.earliest = (at, line);
            When::At(at)
        } else if words.eat("after") {
            let time = quantities::duration(words)?;
            self.earliest = (self.earliest.0 + time, line);
            When::After(time)
        } else {
            When::Next
        };
        words.eat(":");
        let begin = words.place();
        let what = match words.is_over() {
            true if when == When::Next => return Err(words.expected("a statement")),
            true => None,
            false => Some(self.statement(words)?),
        };
        words.finish("the statement")?;
        let text: String = match what {
            None => text.trim().to_string(),
            Some(_) => statement_text(text, begin, words),
        };
        if let Some(what) = &what {
            self.check(what, begin, line)?;
        }
        if self.earliest.0 > Time::ZERO + LONGEST {
            let (lasts, since) = (self.earliest.0, self.earliest.1);
            self.earliest = (Time::ZERO, since); // said once
            let what = format!("a scenario lasts a day at most, and this one lasts {lasts}");
            return Err(Complaint::new(place, what));
        }
        self.steps.push(Step {
            line,
            text,
            when,
            what,
        });
        Ok(())
    }

    fn statement(&self, words: &mut Words) -> Result<Statement, Complaint> {
        let token = words.take("a statement")?;
        if let Some(statement) = statements::statement(&token.text, words).filter(|_| !token.quoted)
        {
            return statement;
        }
        let what = format!("no statement begins with {token}");
        let complaint = Complaint::new(token.place, what);
        let mut names = statements::NAMES.to_vec();
        names.extend(SETTINGS);
        names.extend(["at", "after"]);
        Err(match like(&token.text, &names) {
            Some(name) if SETTINGS.contains(&token.text.as_str()) => complaint.hint(format!(
                "'{name}' stands on a line of its own, without a time"
            )),
            Some(name) => complaint.hint(format!("did you mean '{name}'?")),
            None => complaint.hint(format!("they begin with {}", names.join(", "))),
        })
    }

    /// Refuses what cannot be done, as far as that can be known before it is played.
    fn check(&mut self, what: &Statement, place: Place, line: usize) -> Result<(), Complaint> {
        let refuse = |what: String, hint: &str| Err(Complaint::new(place, what).hint(hint));
        let mut takes = Duration::ZERO;
        match what {
            Statement::Run(time) => takes = *time,
            Statement::Wait(condition, _) => {
                self.check_condition(condition, place)?;
                self.expected_before = true;
            }
            Statement::Expect(condition, pace) => {
                self.check_condition(condition, place)?;
                self.expected_before = true;
                let (time, by) = conditions::spends(*pace);
                takes = time;
                let (earliest, since) = self.earliest;
                if let Some(by) = by.filter(|by| *by < earliest) {
                    let what = format!("{by} is over: line {since} ends at {earliest}, or later");
                    return refuse(what, "times run forwards; 'within 500ms' counts from here");
                }
            }
            Statement::Transfer(_) if !self.features.transfer => {
                let hint = "say 'features transfer' above";
                return refuse("leadership is transferred by servers that can".into(), hint);
            }
            _ => {}
        }
        if takes > Duration::ZERO {
            self.earliest = (self.earliest.0 + takes, line);
        }
        let mut all = Vec::new();
        named(what, &mut all);
        if all.contains(&Who::OldLeader) && !self.leader_was_named {
            let hint = "'old leader' is whom 'leader' meant before, as in 'crash leader'";
            return refuse("nothing was done to a leader so far".into(), hint);
        }
        self.leader_was_named |= all.contains(&Who::Leader);
        self.check_up(what, place)
    }

    fn check_condition(&self, condition: &Condition, place: Place) -> Result<(), Complaint> {
        let mut facts = Vec::new();
        condition.leaves(&mut facts);
        for fact in facts {
            if matches!(fact, Fact::SameLeader | Fact::AnotherLeader) && !self.expected_before {
                let what = "no leader was expected so far that this one could be compared with";
                let hint = "say 'expect one leader within 2s' before";
                return Err(Complaint::new(place, what).hint(hint));
            }
            if conditions::names_old_leader(fact) && !self.leader_was_named {
                let what = "nothing was done to a leader so far";
                let hint = "'old leader' is whom 'leader' meant before, as in 'crash leader'";
                return Err(Complaint::new(place, what).hint(hint));
            }
        }
        Ok(())
    }

    /// Keeps track of who is running, and refuses what is certainly wrong.
    fn check_up(&mut self, what: &Statement, place: Place) -> Result<(), Complaint> {
        let (whom, up) = match what {
            Statement::Start(whom) => (whom, true),
            Statement::Crash(whom) => (whom, false),
            Statement::CrashAfter(Who::Server(server), ..) => {
                let known = &mut self.up[server.index()];
                if *known == Some(false) {
                    return Err(Complaint::new(place, format!("{server} is down by then")));
                }
                *known = None;
                return Ok(());
            }
            Statement::CrashAfter(..) => {
                self.up.fill(None);
                return Ok(());
            }
            _ => return Ok(()),
        };
        let Whom::Each(each) = whom else {
            if self.up.iter().all(|known| *known == Some(up)) {
                let how = if up { "running" } else { "down" };
                return Err(Complaint::new(
                    place,
                    format!("all servers are {how} by then"),
                ));
            }
            self.up.fill(Some(up));
            return Ok(());
        };
        for who in each {
            match who {
                Who::Server(server) if self.up[server.index()] == Some(up) => {
                    let how = if up { "running" } else { "down" };
                    let complaint = Complaint::new(place, format!("{server} is {how} by then"));
                    return Err(match up {
                        true => complaint.hint("all servers run from the beginning, unless 'only S0 S1 start' says otherwise"),
                        false => complaint,
                    });
                }
                Who::Server(server) => self.up[server.index()] = Some(up),
                // It may be anybody.
                _ => self.up.iter_mut().for_each(|known| {
                    *known = known.filter(|known| *known == up);
                }),
            }
        }
        Ok(())
    }
}

/// Whether a line only says what the network and the machines are like at the beginning: settings may
/// still follow.
fn is_beginning(step: &Step) -> bool {
    let knobs = matches!(
        step.what,
        Some(
            Statement::Net(_)
                | Statement::Link(..)
                | Statement::Disk(..)
                | Statement::Clock(..)
                | Statement::Slow(..)
        )
    );
    knobs && step.when == When::Next
}

/// The statement without its time and its comment.
fn statement_text(text: &str, begin: Place, words: &Words) -> String {
    // All words are read, so this is a space behind the last one.
    let length = words.place().column - 1 - begin.column;
    text.chars().skip(begin.column - 1).take(length).collect()
}

/// The servers that a statement names.
fn named(what: &Statement, into: &mut Vec<Who>) {
    let mut add = |whom: &Whom| {
        if let Whom::Each(each) = whom {
            into.extend(each);
        }
    };
    match what {
        Statement::Start(whom)
        | Statement::Crash(whom)
        | Statement::Isolate(whom)
        | Statement::Rejoin(whom)
        | Statement::Disk(whom, _)
        | Statement::Clock(whom, _)
        | Statement::Slow(whom, _) => add(whom),
        Statement::Cut(links) | Statement::Heal(links) => {
            for link in links {
                add(&link.from);
                add(&link.to);
            }
        }
        Statement::Link(link, _) => {
            add(&link.from);
            add(&link.to);
        }
        Statement::Partition(groups) => into.extend(groups.iter().flatten()),
        Statement::CrashAfter(who, ..) => into.push(*who),
        Statement::Transfer(who) => into.extend([*who, Who::Leader]),
        Statement::Run(_)
        | Statement::Wait(..)
        | Statement::Expect(..)
        | Statement::Note(_)
        | Statement::HealAll
        | Statement::Net(_) => {}
    }
}
