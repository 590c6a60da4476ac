//! Election timers, read off what servers do.
//!
//! A server that waits for its election timer says so with each deadline that it sets. Others wake
//! more often, at each tick, or wait longer than they must: their deadlines pass, and they do not
//! campaign. That alone tells them apart: who sets a deadline where nothing resets a timer resets its
//! timer by mistake, and is to be seen doing so. Of those who wake for other things the timer is what they publish; or else what can be seen afterwards, from the
//! last thing that resets a timer (Figure 2) to the campaign.

use raftapi::Role;

use super::model::{EndedBy, ResetBy, Timer};
use super::steps::{Step, Steps, Trigger, nanos};

/// How a server's timer can be known, in a role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Waits {
    /// Deadlines that passed, and it campaigned.
    fired: u32,
    /// Deadlines that passed, and it did not.
    idle: u32,
}

impl Waits {
    /// Whether its deadlines are its election timer.
    fn for_the_timer(self) -> bool {
        self.idle * 4 <= self.fired
    }
}

/// A server that campaigns waits as a candidate, any other as a follower; a candidate may ask those
/// again who do not answer, and wake for that.
fn is_candidate(role: Option<Role>) -> bool {
    matches!(role, Some(Role::Candidate | Role::PreCandidate))
}

/// One run of a timer, and the steps that it lies between: several may be at one time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ran {
    pub timer: Timer,
    /// The index of the step that reset it.
    pub from: usize,
    /// The index of the step that ended it; as many as there are steps, if the trace did.
    pub until: usize,
}

/// The runs of a server's election timer, until `end`.
pub(super) fn timers(steps: &Steps, end: u64) -> Vec<Ran> {
    let in_vain = in_vain(&steps.all);
    let mut waits = [Waits::default(); 2];
    let mut publishes = false;
    let mut role = None;
    for (index, step) in steps.all.iter().enumerate() {
        let before = role;
        role = role_after(step, before);
        publishes |= step.status.is_some_and(|s| s.election_due.is_some());
        let has_timer = |role| role != Some(Role::Leader);
        let deadline = step.trigger == Trigger::Deadline;
        if deadline && has_timer(before) {
            let waits = &mut waits[usize::from(is_candidate(before))];
            match step.campaigns || !has_timer(role) {
                true => waits.fired += 1,
                false => waits.idle += u32::from(!in_vain[index]),
            }
        }
    }
    let [follower, candidate] = waits;
    let follows = follower.for_the_timer();
    // A candidate who never had to wait to the end waits as it does as a follower.
    let campaigns = candidate.for_the_timer() && (follows || candidate.fired > 0);
    let mut lane = Lane {
        timers: Vec::new(),
        open: None,
    };
    let mut role = None;
    let mut published = None;
    for (index, (step, in_vain)) in steps.all.iter().zip(in_vain).enumerate() {
        let before = role;
        role = role_after(step, before);
        if step.crash {
            lane.stop(index, step.at, EndedBy::Crashed);
            published = None;
            continue;
        }
        if role == Some(Role::Leader) {
            lane.stop(index, step.at, EndedBy::Elected);
            continue;
        }
        let cause = reset_by(step, before);
        let waits_for_it = match is_candidate(role) {
            true => campaigns,
            false => follows,
        };
        let seen = if waits_for_it {
            step.deadline.map(|due| (due, false))
        } else if publishes {
            let due = step.status.map(|status| status.election_due);
            let due = due.map(|due| due.and_then(nanos));
            let changed = due.filter(|due| *due != published);
            published = due.unwrap_or(published);
            changed.map(|due| (due, false))
        } else {
            cause.map(|_| (None, true))
        };
        if let Some((due, inferred)) = seen {
            let cause = cause.unwrap_or(match step.trigger {
                Trigger::Deadline if in_vain => ResetBy::Campaign,
                Trigger::Asked if in_vain => ResetBy::Grant,
                _ => ResetBy::Other,
            });
            lane.reset(index, step, cause, (due, inferred));
        }
    }
    lane.stop(steps.all.len(), end, EndedBy::End);
    lane.timers
}

/// Which steps a crash may have robbed of their effect, as it came before the disk was done.
fn in_vain(steps: &[Step]) -> Vec<bool> {
    let mut in_vain = vec![false; steps.len()];
    for index in (1..steps.len()).rev() {
        let next = &steps[index];
        in_vain[index - 1] = next.crash || (in_vain[index] && !next.shows);
    }
    in_vain
}

/// What a step makes of a server's role. Before it says so, a server that starts is a follower; and
/// one of whom nothing is known, as the trace is the end of a run, is leader if it sends heartbeats.
fn role_after(step: &Step, before: Option<Role>) -> Option<Role> {
    if step.crash {
        return None;
    }
    let started = (step.trigger == Trigger::Start).then_some(Role::Follower);
    let leads = step.beats.then_some(Role::Leader);
    step.status.map(|s| s.role).or(started).or(before).or(leads)
}

/// What in this step resets an election timer, by Figure 2.
fn reset_by(step: &Step, before: Option<Role>) -> Option<ResetBy> {
    let stepped_down =
        before == Some(Role::Leader) && step.status.is_some_and(|s| s.role != Role::Leader);
    match step.trigger {
        _ if step.campaigns => Some(ResetBy::Campaign),
        Trigger::Start => Some(ResetBy::Start),
        Trigger::Heartbeat(term) if is_current(step, term) => Some(ResetBy::Heartbeat),
        _ if step.grants => Some(ResetBy::Grant),
        _ if stepped_down => Some(ResetBy::SteppedDown),
        _ => None,
    }
}

/// Whether an AppendEntries of this term is of the current leader, as the server sees it: it is not
/// answered with a newer term; or if it is not answered, the server had not shown a newer one.
pub(super) fn is_current(step: &Step, term: u64) -> bool {
    step.answered.unwrap_or(step.told) <= term
}

/// A lane that is being filled.
struct Lane {
    timers: Vec<Ran>,
    open: Option<Ran>,
}

impl Lane {
    fn stop(&mut self, step: usize, at: u64, ended_by: EndedBy) {
        if let Some(Ran { timer, from, .. }) = self.open.take() {
            let due = match (timer.inferred, ended_by) {
                (true, EndedBy::Fired) => Some(at),
                _ => timer.due,
            };
            let timer = Timer {
                end: at,
                ended_by,
                due,
                ..timer
            };
            self.timers.push(Ran {
                timer,
                from,
                until: step,
            });
        }
    }

    fn reset(
        &mut self,
        index: usize,
        step: &Step,
        reset_by: ResetBy,
        (due, inferred): (Option<u64>, bool),
    ) {
        let fired = step.campaigns && step.trigger == Trigger::Deadline;
        let ended_by = match fired {
            true => EndedBy::Fired,
            false => EndedBy::Reset,
        };
        self.stop(index, step.at, ended_by);
        let message = match reset_by {
            ResetBy::Heartbeat | ResetBy::Grant => step.message,
            _ => None,
        };
        let timer = Timer {
            begin: step.at,
            due,
            end: step.at,
            reset_by,
            message,
            ended_by: EndedBy::End,
            inferred,
        };
        self.open = Some(Ran {
            timer,
            from: index,
            until: index,
        });
    }
}
