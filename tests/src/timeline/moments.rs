//! What a lecture asks before it shows it: the moments at which something is decided.

use std::collections::BTreeMap;

use super::model::{Election, EndedBy, Kind, Message, Moment, ResetBy, Role, Timeline, Timer};
use super::steps::{Steps, Trigger};
use super::timers::{Ran, is_current};

/// How many questions there are of each of the three sorts, at most.
const OF_A_SORT: usize = 20;

/// How often the same question about a timer is asked: in all, of what resets one; of each server,
/// of what does not, since that teaches more.
const RESETS: usize = 2;
const NO_RESETS: usize = 3;

/// The moments of a run, in order of time: one is over before the next is asked about, else its
/// answer would be on the screen. Where two are in each other's way, elections come before timers.
pub(super) fn moments(timeline: &Timeline, steps: &[Steps], ran: &[Vec<Ran>]) -> Vec<Moment> {
    let mut chosen = Chosen::default();
    let elections = || timeline.elections.iter().enumerate();
    let first = elections().filter_map(|(index, election)| {
        let before = index.checked_sub(1).map(|index| &timeline.elections[index]);
        let leaderless = before.is_none_or(|before| before.won.is_some());
        leaderless.then(|| who_campaigns_first(timeline, before, election))?
    });
    chosen.add_all(first);
    chosen.add_all(elections().filter_map(|(_, election)| who_wins(timeline, election)));
    effects(timeline, steps, ran, &mut chosen);
    chosen.0.into_values().collect()
}

/// The moments so far, by the time at which they are asked about.
#[derive(Default)]
struct Chosen(BTreeMap<u64, Moment>);

impl Chosen {
    /// Whether nothing is asked about, or shown, meanwhile.
    fn has_room(&self, at: u64, shown: u64) -> bool {
        let before = self.0.range(..=at).next_back();
        let after = self.0.range(at..).next();
        at < shown
            && before.is_none_or(|(_, before)| before.shown <= at)
            && after.is_none_or(|(&after, _)| shown <= after)
    }

    fn add(&mut self, moment: Moment) {
        self.0.insert(moment.at, moment);
    }

    /// Those of one sort, as far as there is room.
    fn add_all(&mut self, sort: impl Iterator<Item = Moment>) {
        let most = self.0.len() + OF_A_SORT;
        for moment in sort {
            if self.0.len() < most && self.has_room(moment.at, moment.shown) {
                self.add(moment);
            }
        }
    }
}

fn name(server: u32) -> String {
    format!("S{server}")
}

/// How many digits of a second it takes to tell these times apart: to the millisecond, if that
/// will do.
fn digits(times: &[u64]) -> u32 {
    let blurs = |digits: &u32| {
        let unit = 10_u64.pow(9 - digits);
        let differ = |a: u64, b: u64| a != b && a / unit == b / unit;
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        sorted.windows(2).any(|pair| differ(pair[0], pair[1]))
    };
    [3, 6]
        .into_iter()
        .find(|digits| !blurs(digits))
        .unwrap_or(9)
}

/// A time in seconds, cut to so many digits.
fn time(nanos: u64, digits: u32) -> String {
    let fraction = format!("{:09}", nanos % 1_000_000_000);
    format!(
        "{}.{} s",
        nanos / 1_000_000_000,
        &fraction[..digits as usize]
    )
}

/// `S0, S1 and S2`
fn list(items: &[String]) -> String {
    match items {
        [] => "nobody".to_string(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

impl Timeline {
    fn is_up(&self, server: u32, at: u64) -> bool {
        let lane = &self.lanes[server as usize];
        let down = |span: &super::model::Span| span.begin <= at && at < span.end;
        !lane.by_hand && !lane.down.iter().any(down)
    }

    fn leads(&self, server: u32, at: u64) -> bool {
        let roles = &self.lanes[server as usize].roles;
        let leads =
            |r: &super::model::InRole| r.role == Role::Leader && (r.begin..r.end).contains(&at);
        roles.iter().any(leads)
    }

    /// The run of a server's timer at this time.
    fn timer(&self, server: u32, at: u64) -> Option<&Timer> {
        let timers = &self.lanes[server as usize].timers;
        let next = timers.partition_point(|timer| timer.begin <= at);
        let timer = &timers[next.checked_sub(1)?];
        (at < timer.end).then_some(timer)
    }
}

/// Asked when all timers that matter run, and nobody leads any more; before the first of them runs
/// out, be it for a pre-vote.
fn who_campaigns_first(
    timeline: &Timeline,
    before: Option<&Election>,
    election: &Election,
) -> Option<Moment> {
    let &(winner, shown) = election.candidates.first()?;
    if election
        .candidates
        .get(1)
        .is_some_and(|next| next.1 == shown)
    {
        return None;
    }
    let fired = fired_before(timeline, winner, shown)?;
    let just_before = fired.checked_sub(1)?;
    let living: Vec<u32> = (0..timeline.lanes.len() as u32)
        .filter(|&id| timeline.is_up(id, just_before) && !timeline.leads(id, just_before))
        .collect();
    let timers: Vec<(u32, Option<&Timer>)> = living
        .iter()
        .map(|&id| (id, timeline.timer(id, just_before)))
        .collect();
    let known = || timers.iter().filter_map(|&(_, timer)| timer);
    // Two that run out at once: which is first nobody can tell.
    let fires = |timer: &&Timer| timer.ended_by == EndedBy::Fired && timer.end == fired;
    if living.len() < 2 || known().filter(fires).count() != 1 {
        return None;
    }
    // A leader that goes is missed when the last server has heard it for the last time.
    let gone = before
        .and_then(|before| before.won)
        .map_or(0, |(leader, since)| {
            let lane = &timeline.lanes[leader as usize];
            let crashes = lane.crashes.iter().copied();
            let goes = crashes.chain(lane.isolated.iter().map(|span| span.begin));
            goes.filter(|at| (since..fired).contains(at))
                .max()
                .unwrap_or(0)
        });
    let at = known().map(|timer| timer.begin).max()?.max(gone);
    let times: Vec<u64> = known()
        .flat_map(|timer| [Some(timer.begin), timer.due])
        .flatten()
        .collect();
    let digits = digits(&times);
    let words: Vec<String> = timers
        .iter()
        .map(|&(id, timer)| timer_in_words(id, timer, digits))
        .collect();
    let mut roles = timeline.lanes[winner as usize].roles.iter();
    let asked_before =
        roles.any(|r| r.role == Role::PreCandidate && (fired..=shown).contains(&r.begin));
    let and_then = match asked_before {
        true => " and who then is granted the pre-votes of a majority",
        false => "",
    };
    Some(Moment {
        at: at.min(just_before),
        shown,
        question: "Who campaigns first?".to_string(),
        choices: living.iter().map(|&id| name(id)).collect(),
        answer: living.iter().position(|&id| id == winner)?,
        why: format!(
            "Whose election timer runs out first{and_then}. {}",
            words.join("; ")
        ),
    })
}

/// When the timer ran out because of which a server is a candidate at this time: it may have asked
/// for pre-votes since, or waited for its disk. None if it campaigns for another reason.
fn fired_before(timeline: &Timeline, server: u32, candidate: u64) -> Option<u64> {
    let timers = &timeline.lanes[server as usize].timers;
    let begun = timers.partition_point(|timer| timer.begin <= candidate);
    for timer in timers[..begun].iter().rev() {
        if timer.ended_by == EndedBy::Fired && timer.end <= candidate {
            return Some(timer.end);
        }
        if timer.reset_by != ResetBy::Campaign {
            return None;
        }
    }
    None
}

fn timer_in_words(server: u32, timer: Option<&Timer>, digits: u32) -> String {
    let server = name(server);
    let Some(timer) = timer else {
        return format!("{server}'s timer is not known");
    };
    let since = time(timer.begin, digits);
    match timer.due.map(|due| time(due, digits)) {
        Some(due) if timer.ended_by == EndedBy::Fired => {
            format!("{server}'s ran from {since} to {due}")
        }
        Some(due) => format!("{server}'s ran from {since} and was due at {due}"),
        None if timer.inferred => format!("{server}'s had run since {since} only"),
        None => format!("{server} waits for ever"),
    }
}

/// Asked when all who campaign have begun to.
fn who_wins(timeline: &Timeline, election: &Election) -> Option<Moment> {
    let decided = election.won.is_some() || election.split;
    let contested = election.candidates.len() > 1;
    if !decided || !(contested || election.won.is_none() || election.term <= 1) {
        return None;
    }
    let shown = election.end;
    let in_time = election.candidates.iter().filter(|&&(_, at)| at < shown);
    let at = in_time.map(|&(_, at)| at).max()?;
    let mut choices: Vec<u32> = election.candidates.iter().map(|&(id, _)| id).collect();
    choices.sort_unstable();
    let answer = match election.won {
        Some((winner, _)) => choices.iter().position(|&id| id == winner)?,
        None => choices.len(),
    };
    let votes = |id: u32| {
        let of = election
            .grants
            .iter()
            .filter(|&&(_, to, at)| to == id && at <= shown);
        let voters: Vec<String> = of.map(|&(from, _, _)| name(from)).collect();
        match voters.is_empty() {
            true => format!("{} had its own vote only", name(id)),
            false => format!(
                "{} had its own vote and those of {}",
                name(id),
                list(&voters)
            ),
        }
    };
    let servers = timeline.lanes.len();
    let why = format!(
        "{} of {servers} votes are a majority, and each server votes once in a term. {}.",
        servers / 2 + 1,
        choices
            .iter()
            .map(|&id| votes(id))
            .collect::<Vec<_>>()
            .join("; ")
    );
    let nobody = "nobody: a split vote".to_string();
    Some(Moment {
        at,
        shown,
        question: format!("Who wins the election of term {}?", election.term),
        choices: choices.iter().map(|&id| name(id)).chain([nobody]).collect(),
        answer,
        why,
    })
}

/// What may be asked of a message and the timer that it finds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    Heartbeat,
    StaleHeartbeat,
    Granted,
    Refused,
}

/// A message that reaches a server, and the run of its timer that it finds.
struct Meeting<'a> {
    effect: Effect,
    server: u32,
    message: &'a Message,
    at: u64,
    timer: &'a Timer,
    reset: bool,
}

impl Meeting<'_> {
    /// When it is asked about: the message is under way, and the timer runs.
    fn asked(&self) -> u64 {
        let sent = self.message.sent.unwrap_or(self.at).max(self.timer.begin);
        (sent + self.at.saturating_sub(sent) / 2).min(self.at.saturating_sub(1))
    }

    fn by_rule(&self) -> bool {
        matches!(self.effect, Effect::Heartbeat | Effect::Granted)
    }
}

/// Whom which message meets, in order of time.
fn meetings<'a>(
    timeline: &'a Timeline,
    steps: &'a [Steps],
    ran: &'a [Vec<Ran>],
) -> Vec<Meeting<'a>> {
    let mut answered: Vec<Option<Kind>> = vec![None; timeline.messages.len()];
    for message in &timeline.messages {
        if let Some(request) = message.answers {
            answered[request as usize] = Some(message.kind);
        }
    }
    let mut all = Vec::new();
    for ((server, steps), ran) in (0u32..).zip(steps).zip(ran) {
        for (index, step) in steps.all.iter().enumerate() {
            let Some(message) = step.message else {
                continue;
            };
            let effect = match (step.trigger, answered[message as usize]) {
                (Trigger::Heartbeat(term), _) if is_current(step, term) => Effect::Heartbeat,
                (Trigger::Heartbeat(_), _) => Effect::StaleHeartbeat,
                (Trigger::Asked, Some(Kind::Grant)) => Effect::Granted,
                (Trigger::Asked, Some(Kind::Refusal)) => Effect::Refused,
                _ => continue,
            };
            // Who leads has no timer; that of a candidate who yields is a question of its own.
            let next = ran.partition_point(|ran| ran.from < index);
            let found = next.checked_sub(1).map(|last| &ran[last]);
            let Some(found) = found.filter(|found| index <= found.until) else {
                continue;
            };
            let reset = ran.get(next).filter(|ran| ran.from == index);
            // Of what happens at one time only the whole can be seen.
            let after = reset.unwrap_or(found);
            let is_over = after.until < steps.all.len() && after.until != index;
            if found.timer.begin >= step.at || (is_over && after.timer.end <= step.at) {
                continue;
            }
            all.push(Meeting {
                effect,
                server,
                message: &timeline.messages[message as usize],
                at: step.at,
                timer: &found.timer,
                reset: reset.is_some(),
            });
        }
    }
    all.sort_by_key(|meeting| meeting.at);
    all
}

/// Asks what messages do to timers. What resets nothing comes first: that teaches more.
fn effects(timeline: &Timeline, steps: &[Steps], ran: &[Vec<Ran>], chosen: &mut Chosen) {
    let (resets, nothing): (Vec<_>, Vec<_>) = meetings(timeline, steps, ran)
        .into_iter()
        .partition(Meeting::by_rule);
    let most = chosen.0.len() + OF_A_SORT;
    let mut times: BTreeMap<(Effect, Option<u32>), usize> = BTreeMap::new();
    for meeting in nothing.iter().chain(&resets) {
        let (of, limit) = match meeting.by_rule() {
            true => (None, RESETS),
            false => (Some(meeting.server), NO_RESETS),
        };
        let times = times.entry((meeting.effect, of)).or_default();
        if chosen.0.len() < most && *times < limit && chosen.has_room(meeting.asked(), meeting.at) {
            *times += 1;
            chosen.add(effect_of(meeting));
        }
    }
}

fn effect_of(meeting: &Meeting<'_>) -> Moment {
    let &Meeting {
        effect,
        server,
        message,
        at: shown,
        timer,
        reset,
    } = meeting;
    let (to, from, term) = (name(server), name(message.from), message.term);
    let what = match message.kind {
        Kind::Heartbeat => format!("the heartbeat of term {term} from {from}"),
        _ => format!("{from}'s request for a vote in term {term}"),
    };
    let rule = match effect {
        Effect::Heartbeat => {
            format!(
                "{from} leads the current term, and a heartbeat of the current leader resets the timer (Figure 2)"
            )
        }
        Effect::StaleHeartbeat => format!(
            "{to} knows of a newer term than {term}: {from} leads no longer, and only a heartbeat of the \
             current leader resets the timer (Figure 2)"
        ),
        Effect::Granted => format!(
            "{to} grants its vote, and who does gives the candidate time: that resets the timer (Figure 2)"
        ),
        Effect::Refused => format!(
            "{to} refuses its vote, and only a granted one resets the timer: else candidates that cannot \
             win would keep those from campaigning that can (Figure 2)"
        ),
    };
    let but = match (meeting.by_rule() == reset, reset) {
        (true, _) => "",
        (false, true) => ". This server resets it all the same: no rule of Figure 2 says so",
        (false, false) => ". This server does not reset it",
    };
    let due = match timer.due {
        Some(due) if !reset && due > shown => {
            format!(". It was due at {}, and still is", time(due, 3))
        }
        Some(due) if reset => format!(". It was due at {}, and starts afresh", time(due, 3)),
        _ => String::new(),
    };
    Moment {
        at: meeting.asked(),
        shown,
        question: format!("What does {what} do to {to}'s election timer?"),
        choices: vec!["it is reset".to_string(), "nothing: it runs on".to_string()],
        answer: usize::from(!reset),
        why: format!("{rule}{but}{due}."),
    }
}
