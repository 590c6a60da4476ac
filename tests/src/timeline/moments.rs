//! What a lecture asks before it shows it: the moments at which something is decided.

use raftapi::Time;

use super::model::{Election, EndedBy, Kind, Message, Moment, Role, Timeline, Timer};
use super::steps::{Steps, Trigger};
use super::timers::is_current;

/// How many questions there are of each of the three sorts, at most.
const OF_A_SORT: usize = 20;

/// How often the same question about a timer is asked: in all, of what resets one; of each server,
/// of what does not, since that teaches more.
const RESETS: usize = 2;
const NO_RESETS: usize = 3;

/// The moments of a run, in order of time.
pub(super) fn moments(timeline: &Timeline, steps: &[Steps]) -> Vec<Moment> {
    let mut first = Vec::new();
    let mut winners = Vec::new();
    for (index, election) in timeline.elections.iter().enumerate() {
        let before = index.checked_sub(1).map(|index| &timeline.elections[index]);
        if before.is_none_or(|before| before.won.is_some()) {
            first.extend(who_campaigns_first(timeline, before, election));
        }
        winners.extend(who_wins(timeline, election));
    }
    let mut effects = effects(timeline, steps);
    for sort in [&mut first, &mut winners, &mut effects] {
        sort.truncate(OF_A_SORT);
    }
    let mut all = [first, winners, effects].concat();
    all.sort_by_key(|moment| (moment.at, moment.shown));
    all
}

fn name(server: u32) -> String {
    format!("S{server}")
}

fn time(nanos: u64) -> Time {
    Time::from_nanos(nanos)
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

/// Asked when all timers that matter run, and nobody leads any more.
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
    let just_before = shown.checked_sub(1)?;
    let living: Vec<u32> = (0..timeline.lanes.len() as u32)
        .filter(|&id| timeline.is_up(id, just_before) && !timeline.leads(id, just_before))
        .collect();
    let last_reset = living
        .iter()
        .filter_map(|&id| timeline.timer(id, just_before))
        .map(|timer| timer.begin);
    // A leader that goes is missed when the last server has heard it for the last time.
    let gone = before
        .and_then(|before| before.won)
        .map_or(0, |(leader, since)| {
            let lane = &timeline.lanes[leader as usize];
            let crashes = lane.crashes.iter().copied();
            let goes = crashes.chain(lane.isolated.iter().map(|span| span.begin));
            goes.filter(|at| (since..shown).contains(at))
                .max()
                .unwrap_or(0)
        });
    let at = last_reset.max()?.max(gone).min(just_before);
    if living.len() < 2 {
        return None;
    }
    let timers: Vec<String> = living
        .iter()
        .map(|&id| timer_in_words(timeline, id, just_before))
        .collect();
    Some(Moment {
        at,
        shown,
        question: "Who campaigns first?".to_string(),
        choices: living.iter().map(|&id| name(id)).collect(),
        answer: living.iter().position(|&id| id == winner)?,
        why: format!("Whose election timer runs out first. {}", timers.join("; ")),
    })
}

fn timer_in_words(timeline: &Timeline, server: u32, at: u64) -> String {
    let server_name = name(server);
    let Some(timer) = timeline.timer(server, at) else {
        return format!("{server_name}'s timer is not known");
    };
    let since = time(timer.begin);
    match timer.due {
        Some(due) if timer.ended_by == EndedBy::Fired => {
            format!("{server_name}'s ran from {since} to {}", time(due))
        }
        Some(due) => format!(
            "{server_name}'s ran from {since} and was due at {}",
            time(due)
        ),
        None => format!("{server_name}'s had run since {since} only"),
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
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Heartbeat,
    StaleHeartbeat,
    Granted,
    Refused,
}

fn effects(timeline: &Timeline, steps: &[Steps]) -> Vec<Moment> {
    let mut answered: Vec<Option<Kind>> = vec![None; timeline.messages.len()];
    for message in &timeline.messages {
        if let Some(request) = message.answers {
            answered[request as usize] = Some(message.kind);
        }
    }
    let mut all = Vec::new();
    for (server, steps) in (0u32..).zip(steps) {
        let mut asked: Vec<Effect> = Vec::new();
        for step in &steps.all {
            let Some(index) = step.message else { continue };
            let message = &timeline.messages[index as usize];
            let (effect, limit) = match (step.trigger, answered[index as usize]) {
                (Trigger::Heartbeat(term), _) if is_current(step, term) => {
                    (Effect::Heartbeat, RESETS)
                }
                (Trigger::Heartbeat(_), _) => (Effect::StaleHeartbeat, NO_RESETS),
                (Trigger::Asked, Some(Kind::Grant)) => (Effect::Granted, RESETS),
                (Trigger::Asked, Some(Kind::Refusal)) => (Effect::Refused, NO_RESETS),
                _ => continue,
            };
            let before = step.at.saturating_sub(1);
            // Who leads has no timer; that of a candidate who yields is a question of its own.
            let Some(timer) = timeline.timer(server, before) else {
                continue;
            };
            if asked.iter().filter(|known| **known == effect).count() >= limit {
                continue;
            }
            asked.push(effect);
            let reset = timeline.lanes[server as usize]
                .timers
                .binary_search_by_key(&step.at, |timer| timer.begin)
                .is_ok();
            let moment = effect_of(effect, server, message, step.at, timer, reset);
            all.push((effect, moment));
        }
    }
    all.sort_by_key(|(_, moment)| moment.shown);
    for resets in [Effect::Heartbeat, Effect::Granted] {
        let mut times = 0;
        all.retain(|(effect, _)| {
            times += usize::from(*effect == resets);
            *effect != resets || times <= RESETS
        });
    }
    // Those that reset nothing are kept when there are too many.
    all.sort_by_key(|(effect, _)| matches!(effect, Effect::Heartbeat | Effect::Granted));
    all.into_iter().map(|(_, moment)| moment).collect()
}

fn effect_of(
    effect: Effect,
    server: u32,
    message: &Message,
    shown: u64,
    timer: &Timer,
    reset: bool,
) -> Moment {
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
    let by_rule = matches!(effect, Effect::Heartbeat | Effect::Granted);
    let but = match (by_rule == reset, reset) {
        (true, _) => "",
        (false, true) => ". This server resets it all the same: no rule of Figure 2 says so",
        (false, false) => ". This server does not reset it",
    };
    let due = match timer.due {
        Some(due) if !reset && due > shown => {
            format!(". It was due at {}, and still is", time(due))
        }
        Some(due) if reset => format!(". It was due at {}, and starts afresh", time(due)),
        _ => String::new(),
    };
    let sent = message.sent.unwrap_or(shown).max(timer.begin);
    Moment {
        at: (sent + shown.saturating_sub(sent) / 2).min(shown.saturating_sub(1)),
        shown,
        question: format!("What does {what} do to {to}'s election timer?"),
        choices: vec!["it is reset".to_string(), "nothing: it runs on".to_string()],
        answer: usize::from(!reset),
        why: format!("{rule}{but}{due}."),
    }
}
