//! What each server did, step by step: put together from events that a slow disk or another
//! thread may have torn apart.

use std::collections::BTreeMap;

use labrpc::{Happening, Record};
use raftapi::{Raft, Reply, Request, Role, ServerId, Stable, Status, Term, Time};

/// What a server's step began with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trigger {
    Start,
    Deadline,
    /// An AppendEntries of this term, from another server.
    Heartbeat(Term),
    /// A RequestVote, or a pre-vote.
    Asked,
    Other,
    /// Its beginning is before the trace; or it is a crash.
    Unknown,
}

/// One step of a server, or its crash.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// When it began.
    pub at: u64,
    pub trigger: Trigger,
    /// The message that it began with: an index.
    pub message: Option<u32>,
    pub crash: bool,
    /// It began to ask for votes, or for pre-votes, or took the role of one who does.
    pub campaigns: bool,
    /// It granted its vote. (No pre-vote: that promises nothing.)
    pub grants: bool,
    /// Something of it was seen beside its deadline.
    pub shows: bool,
    /// It sent AppendEntries.
    pub beats: bool,
    /// The term that it answered an AppendEntries with.
    pub answered: Option<Term>,
    /// The last that it published.
    pub status: Option<Status>,
    /// The deadline that it set, or that it waits for ever.
    pub deadline: Option<Option<u64>>,
    /// The highest term that the server had shown before.
    pub told: Term,
}

/// The steps of one server, in their order.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub all: Vec<Step>,
    /// Step numbers to indices.
    numbers: BTreeMap<u64, usize>,
    /// The highest term that it has shown.
    told: Term,
    /// The last term and role that it has shown.
    shown: Option<(Term, Role)>,
    /// The term and kind of the last votes that it asked for, to tell an attempt from asking again.
    asked: Option<(Term, bool)>,
    /// The last term in which it saved a vote for itself.
    own_vote: Option<Term>,
    /// For RequestVotes that have not been answered, the step in which they came.
    open: BTreeMap<u64, usize>,
    /// It runs by itself: somebody who is played by hand neither starts nor waits.
    pub runs: bool,
    /// Something was sent by it, or came to it.
    pub speaks: bool,
}

impl Steps {
    /// The step with this number; one whose beginning is not in the trace begins now.
    fn step(&mut self, number: u64, at: u64) -> &mut Step {
        let index = match self.numbers.get(&number) {
            Some(&index) => index,
            None => self.begin(number, at, Trigger::Unknown, None),
        };
        &mut self.all[index]
    }

    fn begin(&mut self, number: u64, at: u64, trigger: Trigger, message: Option<u32>) -> usize {
        let index = self.all.len();
        self.all.push(Step {
            at,
            trigger,
            message,
            crash: false,
            campaigns: false,
            grants: false,
            shows: false,
            beats: false,
            answered: None,
            status: None,
            deadline: None,
            told: self.told,
        });
        self.numbers.insert(number, index);
        index
    }

    fn tells(&mut self, term: Term) {
        self.told = self.told.max(term);
    }
}

/// The steps of all servers. `indices` says which message an event is about.
pub(super) fn steps(
    trace: &[&Record<Raft>],
    indices: &[Option<u32>],
    servers: usize,
) -> Vec<Steps> {
    let mut all: Vec<Steps> = ServerId::all(servers).map(|_| Steps::default()).collect();
    for (record, &message) in trace.iter().zip(indices) {
        observe(&mut all, record, message);
    }
    all
}

fn observe(all: &mut [Steps], record: &Record<Raft>, message: Option<u32>) {
    let (at, number) = (record.at.as_nanos(), record.step);
    if let Happening::Sent { from: server, .. }
    | Happening::Replied { from: server, .. }
    | Happening::Persisted { server, .. }
    | Happening::Published { server, .. } = record.what
    {
        all[server.index()].step(number, at).shows = true;
    }
    match &record.what {
        Happening::Started { server, stable, .. } => {
            let steps = &mut all[server.index()];
            *steps = Steps {
                all: std::mem::take(&mut steps.all),
                told: stable.current_term,
                own_vote: own_vote(*server, stable),
                runs: true,
                speaks: steps.speaks,
                ..Steps::default()
            };
            steps.begin(number, at, Trigger::Start, None);
        }
        Happening::Crashed { server } => {
            let steps = &mut all[server.index()];
            steps.begin(number, at, Trigger::Unknown, None);
            steps.numbers.clear();
            if let Some(step) = steps.all.last_mut() {
                step.crash = true;
            }
        }
        Happening::TimedOut { server } => {
            let steps = &mut all[server.index()];
            steps.runs = true;
            steps.begin(number, at, Trigger::Deadline, None);
        }
        Happening::RequestDelivered {
            message: name,
            from,
            to,
            request,
        } => {
            let steps = &mut all[to.index()];
            steps.speaks = true;
            let trigger = match request {
                Request::AppendEntries(args) if from != to => Trigger::Heartbeat(args.term),
                Request::RequestVote(_) => Trigger::Asked,
                _ => Trigger::Other,
            };
            let index = steps.begin(number, at, trigger, message);
            if trigger == Trigger::Asked {
                steps.open.insert(*name, index);
            }
        }
        Happening::ReplyDelivered { to, .. } => {
            let steps = &mut all[to.index()];
            steps.speaks = true;
            steps.begin(number, at, Trigger::Other, message);
        }
        Happening::Sent {
            from,
            request: Request::RequestVote(args),
            ..
        } => {
            let steps = &mut all[from.index()];
            steps.speaks = true;
            let attempt = Some((args.term, args.pre_vote));
            let new = std::mem::replace(&mut steps.asked, attempt) != attempt;
            let by_deadline = steps.step(number, at).trigger == Trigger::Deadline;
            // A pre-vote of the same term after a deadline may be a new attempt, or asking again;
            // the role tells: who asks again has been a pre-candidate all the time, and so has he
            // who tries again. Take it for an attempt.
            steps.step(number, at).campaigns |= new || (by_deadline && args.pre_vote);
            if !args.pre_vote {
                steps.tells(args.term);
            }
        }
        Happening::Sent { from, request, .. } => {
            let steps = &mut all[from.index()];
            steps.speaks = true;
            steps.tells(request.term());
            steps.step(number, at).beats |= matches!(request, Request::AppendEntries(_));
        }
        Happening::Replied {
            answers,
            from,
            request,
            reply,
            ..
        } => {
            let steps = &mut all[from.index()];
            steps.speaks = true;
            match (request, reply) {
                (Request::RequestVote(args), Reply::RequestVote(reply)) => {
                    let came = steps.open.remove(answers);
                    if reply.vote_granted && !args.pre_vote {
                        steps.step(number, at).grants = true;
                        if let Some(came) = came {
                            let message = steps.all[came].message;
                            steps.all[came].grants = true;
                            let step = steps.step(number, at);
                            step.message = step.message.or(message);
                        }
                    }
                    // A refused pre-vote tells the term, a granted one echoes that of the request.
                    if !(args.pre_vote && reply.vote_granted) {
                        steps.tells(reply.term);
                    }
                }
                _ => {
                    let term = reply.term();
                    steps.tells(term);
                    if matches!(request, Request::AppendEntries(_)) {
                        steps.step(number, at).answered = Some(term);
                    }
                }
            }
        }
        Happening::Persisted { server, stable } => {
            let steps = &mut all[server.index()];
            steps.runs = true;
            steps.tells(stable.current_term);
            // It may crash before it can ask anybody.
            let own_vote = own_vote(*server, stable);
            if own_vote.is_some() && steps.own_vote != own_vote {
                steps.own_vote = own_vote;
                let step = steps.step(number, at);
                step.campaigns |= step.trigger == Trigger::Deadline;
            }
        }
        Happening::Published { server, status } => {
            let steps = &mut all[server.index()];
            steps.runs = true;
            steps.tells(status.term);
            let shown = Some((status.term, status.role));
            let new = std::mem::replace(&mut steps.shown, shown) != shown;
            let asks = matches!(status.role, Role::Candidate | Role::PreCandidate);
            let step = steps.step(number, at);
            step.campaigns |= asks && new;
            step.status = Some(*status);
        }
        Happening::DeadlineSet { server, deadline } => {
            let steps = &mut all[server.index()];
            steps.runs = true;
            // It may carry the number of another server's step.
            if steps.numbers.is_empty() {
                steps.begin(number, at, Trigger::Unknown, None);
            }
            if let Some(step) = steps.all.last_mut() {
                step.deadline = Some(deadline.and_then(nanos));
            }
        }
        _ => {}
    }
}

/// A deadline at [`Time::NEVER`] is none.
pub(super) fn nanos(deadline: Time) -> Option<u64> {
    (deadline != Time::NEVER).then_some(deadline.as_nanos())
}

/// The term in which a server has voted for itself, if that is the current one.
fn own_vote(server: ServerId, stable: &Stable) -> Option<Term> {
    (stable.voted_for == Some(server)).then_some(stable.current_term)
}
