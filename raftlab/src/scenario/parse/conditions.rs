//! Conditions and wishes.

use std::time::Duration;

use labrpc::ServerId;
use raftapi::{Role, Time};

use super::quantities::{duration, is_next, number, some_time};
use crate::scenario::condition::{
    Campaigners, Comparison, Condition, Counted, Fact, Joined, State, Subject,
};
use crate::scenario::statement::Pace;
use crate::scenario::text::{Complaint, Words};
use crate::scenario::wish::{Wish, Wished};

type Parsed<T> = Result<T, Complaint>;

/// Words that a sentence begins with, for a guess at a wrong one.
const SENTENCES: [&str; 20] = [
    "leader",
    "one",
    "no",
    "same",
    "another",
    "old",
    "term",
    "election",
    "elections",
    "split",
    "leaders",
    "any",
    "somebody",
    "expectations",
    "not",
    "S0",
    "S1",
    "campaign",
    "campaigns",
    "wins",
];

/// A condition and how it is to be looked at: `one leader within 2s`.
pub fn expectation(words: &mut Words) -> Parsed<(Condition, Pace)> {
    let condition = condition(words)?;
    let pace = match words.word_ahead(0) {
        None if words.is_over() => Pace::Now,
        Some("within") => {
            words.eat("within");
            Pace::Within(some_time(words)?)
        }
        Some("for") => {
            words.eat("for");
            Pace::For(some_time(words)?)
        }
        Some("by" | "before") => Pace::By(by(words)?.unwrap_or_default()),
        _ => return Err(words.expected("'within', 'for', 'by' or the end of the line")),
    };
    Ok((condition, pace))
}

pub fn condition(words: &mut Words) -> Parsed<Condition> {
    joined(words, &mut |words| {
        let place = words.place();
        match fact(words)? {
            Fact::ExpectationsMet => Err(Complaint::new(
                place,
                "whether expectations are met is known at the end of a run only",
            )
            .hint("this is for --where")),
            fact => Ok(fact),
        }
    })
}

/// What a search wishes for.
pub fn wish(words: &mut Words) -> Parsed<Wish> {
    joined(words, &mut |words| {
        let place = words.place();
        let fact = fact(words)?;
        if matches!(fact, Fact::SameLeader | Fact::AnotherLeader) || names_old_leader(&fact) {
            let what = "a wish looks at a whole run, and who led before is no part of it";
            let hint = "name a server, or a term: 'leader of term 2 is S3'";
            return Err(Complaint::new(place, what).hint(hint));
        }
        let for_place = words.place();
        let lasting = match words.eat("for") {
            true => Some(some_time(words)?),
            false => None,
        };
        if lasting.is_some() && !lasts(&fact) {
            let what = "what has happened does not last";
            let hint =
                "'for' goes with what is so at a time: 'no leader for 2s', 'no election for 5s'";
            return Err(Complaint::new(for_place, what).hint(hint));
        }
        let by = by(words)?;
        Ok(Wished { fact, lasting, by })
    })
}

/// `by 3s`, or `before 3s`, if it is there.
fn by(words: &mut Words) -> Parsed<Option<Time>> {
    if !words.eat("by") && !words.eat("before") {
        return Ok(None);
    }
    Ok(Some(Time::ZERO + duration(words)?))
}

/// Sentences with 'and', 'or', 'not' and parentheses; 'and' binds more closely.
fn joined<L>(words: &mut Words, one: &mut dyn FnMut(&mut Words) -> Parsed<L>) -> Parsed<Joined<L>> {
    let mut left = conjunction(words, one)?;
    while words.eat_joint("or")? {
        let right = conjunction(words, one)?;
        left = Joined::Or(Box::new(left), Box::new(right));
    }
    Ok(left)
}

fn conjunction<L>(
    words: &mut Words,
    one: &mut dyn FnMut(&mut Words) -> Parsed<L>,
) -> Parsed<Joined<L>> {
    let mut left = single(words, one)?;
    while words.eat_joint("and")? {
        let right = single(words, one)?;
        left = Joined::And(Box::new(left), Box::new(right));
    }
    Ok(left)
}

fn single<L>(words: &mut Words, one: &mut dyn FnMut(&mut Words) -> Parsed<L>) -> Parsed<Joined<L>> {
    if words.eat_joint("not")? {
        return Ok(Joined::Not(Box::new(single(words, one)?)));
    }
    if words.eat_joint("(")? {
        let inner = joined(words, one)?;
        words.must(")", "after what '(' begins")?;
        return Ok(inner);
    }
    Ok(Joined::One(one(words)?))
}

fn fact(words: &mut Words) -> Parsed<Fact> {
    if words.eat_joint("no")? {
        let place = words.place();
        return match fact(words)? {
            fact @ (Fact::Leader | Fact::Election | Fact::SplitVote(_)) => {
                Ok(Fact::No(Box::new(fact)))
            }
            _ => Err(Complaint::new(
                place,
                "expected 'leader', 'election' or 'split vote' after 'no'",
            )
            .hint("'not' goes with every sentence")),
        };
    }
    if words.eat_all(&["leader", "elected", "by", "the", "last", "possible", "vote"]) {
        return Ok(Fact::LastVote);
    }
    if words.eat_all(&["leader", "of", "term"]) {
        let term = number(words, "a term")?;
        words.must("is", "and a server, after the term")?;
        return Ok(Fact::Wins(subject(words)?, Some(term)));
    }
    if words.eat("leader") {
        let server = words.server_if_any()?;
        let server = server.map(|server| Fact::LeaderIs(Subject::Server(server)));
        return Ok(server.unwrap_or(Fact::Leader));
    }
    if words.eat_all(&["one", "leader"]) || words.eat_all(&["a", "leader"]) {
        return Ok(Fact::Leader);
    }
    if words.eat_all(&["same", "leader"]) {
        return Ok(Fact::SameLeader);
    }
    if words.eat_all(&["another", "leader"]) {
        return Ok(Fact::AnotherLeader);
    }
    if words.eat_all(&["expectations", "met"]) {
        return Ok(Fact::ExpectationsMet);
    }
    if words.eat("term") {
        return term(words, None);
    }
    if let Some(counted) = counted(words) {
        let comparison = comparison(words)?;
        let comparison = comparison.ok_or_else(|| words.expected("<, <=, =, >= or >"))?;
        return Ok(Fact::Count(counted, comparison, number(words, "a number")?));
    }
    if words.eat("election") || words.eat_all(&["an", "election"]) {
        return Ok(Fact::Election);
    }
    words.eat("a");
    if words.eat_all(&["split", "vote"]) {
        let candidates = match words.eat("of") {
            true => Some(number(words, "how many candidates")?),
            false => None,
        };
        return Ok(Fact::SplitVote(candidates));
    }
    if words.eat("somebody") {
        return campaign(words, Campaigners::Any(1), false);
    }
    if words.eat("any") {
        let many = number(words, "how many servers, as 'two'")?;
        if !words.eat("servers") && !words.eat("server") {
            return Err(words.expected("'servers'"));
        }
        return campaign(words, Campaigners::Any(many), many > 1);
    }
    if is_next(words) {
        let many = number(words, "a number")?;
        if words.eat_all(&["split", "votes", "in", "a", "row"]) {
            return Ok(Fact::SplitVotesInARow(many));
        }
        return Err(words.expected("'split votes in a row' after a number"));
    }
    about_servers(words)
}

/// A sentence that begins with servers.
fn about_servers(words: &mut Words) -> Parsed<Fact> {
    let first = subject(words)?;
    let mut all = vec![first];
    // 'S1 and S2 campaign', but not 'S1 wins and S2 campaigns'.
    while (words.is("and") || words.is(",")) && words.word_ahead(1).is_some_and(is_server) {
        words.eat("and");
        words.eat(",");
        all.push(subject(words)?);
    }
    if let [first] = all[..] {
        if words.eat("wins") {
            let term = match words.eat("term") {
                true => Some(number(words, "a term")?),
                false => None,
            };
            return Ok(Fact::Wins(first, term));
        }
        if words.eat("is") {
            return is(words, first);
        }
        if words.eat("term") {
            return term(words, Some(first));
        }
        if words.is("campaigns") {
            return campaign(words, Campaigners::Each(all), false);
        }
        return Err(words.expected("what the server does: wins, campaigns, is, term"));
    }
    campaign(words, Campaigners::Each(all), true)
}

fn is_server(word: &str) -> bool {
    let digits = word.strip_prefix(['S', 's']);
    digits.is_some_and(crate::quantities::is_number)
}

fn is(words: &mut Words, subject: Subject) -> Parsed<Fact> {
    // 'pre-candidate' is three words to us.
    if words.eat_all(&["pre", "-", "candidate"]) {
        return Ok(Fact::Is(subject, State::In(Role::PreCandidate)));
    }
    let states = [
        "follower",
        "candidate",
        "leader",
        "up",
        "down",
        "precandidate",
    ];
    let state = match words.one_of("a role or a state", &states)? {
        0 => State::In(Role::Follower),
        1 => State::In(Role::Candidate),
        2 => State::In(Role::Leader),
        3 => State::Up,
        4 => State::Down,
        _ => State::In(Role::PreCandidate),
    };
    Ok(Fact::Is(subject, state))
}

/// `term <= 3`; `term 4` has been reached.
fn term(words: &mut Words, subject: Option<Subject>) -> Parsed<Fact> {
    let comparison = comparison(words)?.unwrap_or(Comparison::AtLeast);
    Ok(Fact::Term(subject, comparison, number(words, "a term")?))
}

fn comparison(words: &mut Words) -> Parsed<Option<Comparison>> {
    for (sign, comparison) in [
        ("<", Comparison::Less),
        ("<=", Comparison::AtMost),
        ("=", Comparison::Equal),
        (">=", Comparison::AtLeast),
        (">", Comparison::More),
    ] {
        if words.eat(sign) {
            return Ok(Some(comparison));
        }
    }
    Ok(None)
}

fn counted(words: &mut Words) -> Option<Counted> {
    if words.eat("elections") {
        Some(Counted::Elections)
    } else if words.eat("leaders") {
        Some(Counted::Leaders)
    } else if words.eat_all(&["split", "votes"]) {
        Some(Counted::SplitVotes)
    } else {
        None
    }
}

fn campaign(words: &mut Words, who: Campaigners, several: bool) -> Parsed<Fact> {
    let word = if several { "campaign" } else { "campaigns" };
    words.must(word, "after the servers")?;
    // One server is within any time of itself: there, 'within' is the expectation's.
    let within = match several && words.eat("within") {
        true => Some(duration(words)?),
        false => None,
    };
    if let (Campaigners::Any(many), Some(servers)) = (&who, words.servers)
        && *many > servers as u64
    {
        let what = format!("there are {servers} servers only, and never {many} campaign");
        return Err(Complaint::new(words.place(), what));
    }
    Ok(Fact::Campaign(who, within))
}

fn subject(words: &mut Words) -> Parsed<Subject> {
    if words.eat_all(&["old", "leader"]) {
        return Ok(Subject::OldLeader);
    }
    let server: Option<ServerId> = words.server_if_any()?;
    server.map(Subject::Server).ok_or_else(|| {
        let complaint = words.expected(
            "a condition, as 'one leader', 'no leader', 'term <= 3', 'S1 is follower', \
             'split vote', 'S1 wins'",
        );
        let word = words.word_ahead(0).unwrap_or("");
        match crate::scenario::text::like(word, &SENTENCES) {
            Some(like) if like != word => complaint.hint(format!("did you mean '{like}'?")),
            _ => complaint.hint("scenarios/README.md lists them all"),
        }
    })
}

/// Whether a sentence is true for a while, and not once for all.
fn lasts(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Leader
            | Fact::LeaderIs(_)
            | Fact::SameLeader
            | Fact::AnotherLeader
            | Fact::Is(..)
            | Fact::Term(..)
            | Fact::No(_)
    )
}

pub fn names_old_leader(fact: &Fact) -> bool {
    let is_old = |subject: &Subject| *subject == Subject::OldLeader;
    match fact {
        Fact::LeaderIs(subject)
        | Fact::Is(subject, _)
        | Fact::Term(Some(subject), ..)
        | Fact::Wins(subject, _) => is_old(subject),
        Fact::Campaign(Campaigners::Each(subjects), _) => subjects.iter().any(is_old),
        Fact::No(fact) => names_old_leader(fact),
        _ => false,
    }
}

/// The shortest and the longest time that an expectation may take.
pub fn spends(pace: Pace) -> (Duration, Option<Time>) {
    match pace {
        Pace::Now | Pace::Within(_) => (Duration::ZERO, None),
        Pace::By(at) => (Duration::ZERO, Some(at)),
        Pace::For(time) => (time, None),
    }
}
