//! Words for the tests: servers, messages, scripted peers, and what a run has shown.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;
use labrpc::{Delay, Faults, Happening, Record, Run, Setup, Simulation, Streams};
use raft::{Core, Timer};
use raftapi::{
    AppendEntries, AppendReply, Context, Entry, Event, Raft, Request, RequestVote, Role, ServerFn,
    ServerId, Stable, Status, Term, Time, Timing, VoteReply,
};

/// The server under test, wherever there is one.
pub const S0: ServerId = ServerId::new(0);
/// The second server.
pub const S1: ServerId = ServerId::new(1);
/// The third server.
pub const S2: ServerId = ServerId::new(2);
/// The fourth server.
pub const S3: ServerId = ServerId::new(3);
/// The fifth server.
pub const S4: ServerId = ServerId::new(4);

/// The roles of this reference.
pub const ROLES: [Role; 3] = [Role::Follower, Role::Candidate, Role::Leader];

/// Heartbeats every 100 ms, and an election timeout that is always 300 ms: a deadline tells when
/// it was set.
pub const FIXED: Timing = Timing::unchecked(ms(100), ms(300), ms(300));

/// How long a message takes between a server and scripted peers.
pub const LINK: u64 = 10;

/// So many milliseconds.
pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The time so many milliseconds after the run began.
pub const fn at(millis: u64) -> Time {
    Time::from_millis(millis)
}

// ---- one server's state ----

/// A log whose entries have these terms.
pub fn log(terms: &[Term]) -> Vec<Entry> {
    let entry = |&term| Entry {
        term,
        command: String::new(),
    };
    terms.iter().map(entry).collect()
}

/// What a disk holds.
pub fn stable(current_term: Term, voted_for: Option<ServerId>, log_terms: &[Term]) -> Stable {
    Stable {
        current_term,
        voted_for,
        log: log(log_terms),
    }
}

/// S0 of a cluster of three, with this role in this term and nothing unsaved.
pub fn in_role(role: Role, term: Term) -> Core {
    in_role_with_log(role, term, &[])
}

/// The same, with a log whose entries have these terms.
pub fn in_role_with_log(role: Role, term: Term, log_terms: &[Term]) -> Core {
    let campaigns = role != Role::Follower;
    let before = term - u64::from(campaigns);
    let mut core = Core::new(S0, 3, stable(before, None, log_terms));
    if campaigns {
        let (request, _) = core.campaign();
        if role == Role::Leader {
            let _ = core.count_vote(S1, &request, &vote(term, true));
        }
    }
    let _ = core.take_unsaved();
    assert_eq!(core.status(), Status::new(term, role));
    core
}

/// All that there is to know of a server, to see that nothing has changed.
pub fn state(core: &Core) -> String {
    format!("{core:?}")
}

// ---- messages ----

/// A candidate's request, with an empty log.
pub fn request_vote(candidate_id: ServerId, term: Term) -> RequestVote {
    request_with_log(candidate_id, term, &[])
}

/// A candidate's request, with a log whose entries have these terms.
pub fn request_with_log(candidate_id: ServerId, term: Term, log_terms: &[Term]) -> RequestVote {
    RequestVote {
        term,
        candidate_id,
        last_log_index: log_terms.len() as u64,
        last_log_term: log_terms.last().copied().unwrap_or(0),
        pre_vote: false,
        leader_transfer: false,
    }
}

/// The answer to a RequestVote.
pub fn vote(term: Term, vote_granted: bool) -> VoteReply {
    VoteReply { term, vote_granted }
}

/// A leader's heartbeat, with an empty log.
pub fn heartbeat(leader_id: ServerId, term: Term) -> AppendEntries {
    AppendEntries {
        term,
        leader_id,
        prev_log_index: 0,
        prev_log_term: 0,
        entries: Vec::new(),
        leader_commit: 0,
    }
}

/// The answer to a heartbeat.
pub fn append_reply(term: Term, success: bool) -> AppendReply {
    AppendReply { term, success }
}

/// Something that a server hears from S1.
#[derive(Clone, Debug)]
pub enum Heard {
    /// S1 asks for a vote.
    RequestVote(RequestVote),
    /// S1 claims to be leader.
    AppendEntries(AppendEntries),
    /// S1 answers a request for votes of the current term.
    VoteReply(VoteReply),
    /// S1 answers a heartbeat of the current term.
    AppendReply(AppendReply),
}

/// One message of each kind, all of this term; the vote is granted.
pub fn each_message(term: Term) -> [Heard; 4] {
    [
        Heard::RequestVote(request_vote(S1, term)),
        Heard::AppendEntries(heartbeat(S1, term)),
        Heard::VoteReply(vote(term, true)),
        Heard::AppendReply(append_reply(term, true)),
    ]
}

/// Lets a server hear something. What becomes of its deadline.
pub fn hear(core: &mut Core, heard: &Heard) -> Timer {
    match heard {
        Heard::RequestVote(args) => core.answer_vote(args).1,
        Heard::AppendEntries(args) => core.answer_append(args).1,
        Heard::VoteReply(reply) => {
            let request = request_vote(S0, core.current_term());
            core.count_vote(S1, &request, reply)
        }
        Heard::AppendReply(reply) => core.notice_append(reply),
    }
}

// ---- scripted peers ----

type Answering<Q, R> = Box<dyn Fn(&Q) -> Option<R> + Send + Sync>;

/// A server that plays a script against S0. It answers nothing unless it is told how.
pub struct Peer {
    lines: Vec<(Time, Request)>,
    vote: Answering<RequestVote, VoteReply>,
    append: Answering<AppendEntries, AppendReply>,
}

impl Peer {
    /// Says nothing.
    pub fn silent() -> Peer {
        Peer {
            lines: Vec::new(),
            vote: Box::new(|_| None),
            append: Box::new(|_| None),
        }
    }

    /// Sends this to S0, this long after the run began. Lines are told in order.
    pub fn says(mut self, millis: u64, request: impl Into<Request>) -> Peer {
        self.lines.push((at(millis), request.into()));
        self
    }

    /// Answers requests for its vote.
    pub fn votes(
        mut self,
        answer: impl Fn(&RequestVote) -> Option<VoteReply> + Send + Sync + 'static,
    ) -> Peer {
        self.vote = Box::new(answer);
        self
    }

    /// Answers heartbeats.
    pub fn answers(
        mut self,
        answer: impl Fn(&AppendEntries) -> Option<AppendReply> + Send + Sync + 'static,
    ) -> Peer {
        self.append = Box::new(answer);
        self
    }

    /// Grants every vote that S0 asks for.
    pub fn loyal() -> Peer {
        Peer::silent().votes(|args| Some(vote(args.term, true)))
    }

    /// Plays it.
    pub fn play(&self, ctx: &Context<'_>) {
        let mut lines = self.lines.iter().peekable();
        loop {
            let next = lines.peek().map_or(Time::NEVER, |(at, _)| *at);
            match ctx.recv_deadline(next) {
                Ok(Event::RequestVote(call)) => {
                    if let Some(reply) = (self.vote)(&call.args) {
                        call.reply(ctx, reply);
                    }
                }
                Ok(Event::AppendEntries(call)) => {
                    if let Some(reply) = (self.append)(&call.args) {
                        call.reply(ctx, reply);
                    }
                }
                Ok(Event::VoteReply(_) | Event::AppendReply(_) | Event::Transfer(_)) => {}
                Err(RecvTimeoutError::Timeout) => match lines.next() {
                    Some((_, Request::RequestVote(args))) => ctx.call(S0, args.clone()),
                    Some((_, Request::AppendEntries(args))) => ctx.call(S0, args.clone()),
                    Some((_, Request::TransferLeadership(args))) => ctx.call(S0, args.clone()),
                    Some((_, Request::TimeoutNow(args))) => ctx.call(S0, args.clone()),
                    None => {}
                },
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}

// ---- runs ----

/// A run of which everything is recorded.
pub type Sim = Simulation<Raft, Vec<Record<Raft>>>;

/// A run of these servers in which all of them have been started, from these disks.
pub fn started(servers: Vec<ServerFn>, faults: Faults, seed: u64, disks: Vec<Stable>) -> Sim {
    let mut setup = Setup::new(servers.len(), servers[0].clone(), "paper", seed);
    setup.servers = servers;
    setup.faults = faults;
    let mut sim = Simulation::new(setup, Vec::new()).unwrap();
    for (server, disk) in (0..).map(ServerId::new).zip(disks) {
        sim.set_stable(server, disk).unwrap();
        sim.start(server).unwrap();
    }
    sim
}

/// A cluster of the reference, running.
pub fn cluster(servers: usize, timing: Timing, faults: Faults, seed: u64) -> Sim {
    cluster_with_disks(vec![Stable::default(); servers], timing, faults, seed)
}

/// The same, each server with this on its disk.
pub fn cluster_with_disks(disks: Vec<Stable>, timing: Timing, faults: Faults, seed: u64) -> Sim {
    let server = raft::server(timing).run;
    started(vec![server; disks.len()], faults, seed, disks)
}

/// The reference as S0, with this timing and this on its disk, among scripted peers S1, S2, ...
/// Each message takes 10 ms.
pub fn among(timing: Timing, disk: Stable, peers: Vec<Peer>) -> Sim {
    let faults = Faults::RELIABLE.delayed(Delay::Constant(ms(LINK)));
    let mut servers = vec![raft::server(timing).run];
    let mut disks = vec![disk];
    for peer in peers {
        servers.push(Arc::new(move |ctx: &Context<'_>| peer.play(ctx)));
        disks.push(Stable::default());
    }
    started(servers, faults, 0, disks)
}

/// A cluster of five in the worst of worlds, after 20 s of it: messages are late, lost, doubled and
/// out of order; servers crash and restart, or are cut off; each write takes a while, or not.
pub fn storm(seed: u64, disk_write: Delay) -> Sim {
    storm_of(raft::server(Timing::LAB).run, seed, disk_write)
}

/// The same, with these servers.
pub fn storm_of(server: ServerFn, seed: u64, disk_write: Delay) -> Sim {
    let mut faults = Faults::UNRELIABLE.long_reordering().long_delays();
    faults.link.duplication = 0.1;
    faults.link.late_delivery = 0.3;
    faults.server.disk_write = disk_write;
    let disks = vec![Stable::default(); 5];
    let mut sim = started(vec![server; 5], faults, seed, disks);
    let mut draws = Streams::new(seed, "storm").script();
    for round in 1..=100 {
        run_to(&mut sim, 200 * round);
        let server = ServerId::new(draws.below(5) as usize);
        match draws.below(6) {
            0 if sim.is_up(server) => sim.crash(server).unwrap(),
            0 | 1 if !sim.is_up(server) => sim.start(server).unwrap(),
            2 => sim.isolate(server).unwrap(),
            3 => sim.rejoin(server).unwrap(),
            _ => {}
        }
    }
    sim
}

/// Lets time pass until so many milliseconds after the run began.
pub fn run_to(sim: &mut Sim, millis: u64) {
    sim.advance_until(at(millis), &mut |_| false).unwrap();
}

/// Lets time pass until the next server is elected, but no longer than this many milliseconds.
pub fn next_leader(sim: &mut Sim, millis: u64) -> Option<(ServerId, Term)> {
    let mut read = sim.observer().len();
    let mut leader = None;
    let limit = sim.now() + ms(millis);
    sim.advance_until(limit, &mut |seen: &Vec<Record<Raft>>| {
        for record in &seen[read..] {
            if let Happening::Published { server, status } = &record.what
                && status.role == Role::Leader
            {
                leader = Some((*server, status.term));
            }
        }
        read = seen.len();
        leader.is_some()
    })
    .unwrap();
    leader
}

// ---- what a run has shown ----

/// What a server has shown of itself, and when.
pub fn statuses(sim: &Sim, of: ServerId) -> Vec<(Time, Status)> {
    let shown = |record: &Record<Raft>| match record.what {
        Happening::Published { server, status } if server == of => Some((record.at, status)),
        _ => None,
    };
    sim.observer().iter().filter_map(shown).collect()
}

/// What a server has shown of itself last.
pub fn status(sim: &Sim, of: ServerId) -> Status {
    let shown = |record: &Record<Raft>| match record.what {
        Happening::Published { server, status } if server == of => Some(status),
        _ => None,
    };
    let last = sim.observer().iter().rev().find_map(shown);
    last.expect("a server shows its status when it starts")
}

/// The servers that lead, by what they have shown last.
pub fn leaders(sim: &Sim) -> Vec<ServerId> {
    ServerId::all(sim.servers())
        .filter(|&server| sim.is_up(server) && status(sim, server).role == Role::Leader)
        .collect()
}

/// A request that has been sent.
pub struct Sent {
    /// When.
    pub at: Time,
    /// In which step.
    pub step: u64,
    /// To whom.
    pub to: ServerId,
    /// What it says.
    pub request: Request,
}

/// The requests that a server has sent, in order.
pub fn sent(sim: &Sim, by: ServerId) -> Vec<Sent> {
    let sent = |record: &Record<Raft>| match &record.what {
        Happening::Sent {
            from, to, request, ..
        } if *from == by => Some(Sent {
            at: record.at,
            step: record.step,
            to: *to,
            request: request.clone(),
        }),
        _ => None,
    };
    sim.observer().iter().filter_map(sent).collect()
}

/// The elections that a server has started: when, in which term.
pub fn campaigns(sim: &Sim, by: ServerId) -> Vec<(Time, Term)> {
    statuses(sim, by)
        .into_iter()
        .filter(|(_, status)| status.role == Role::Candidate)
        .map(|(at, status)| (at, status.term))
        .collect()
}

/// The votes that a server has been asked for: when it answered, and what.
pub fn votes(sim: &Sim, by: ServerId) -> Vec<(Time, VoteReply)> {
    let answered = |record: &Record<Raft>| match &record.what {
        Happening::Replied {
            from,
            reply: raftapi::Reply::RequestVote(reply),
            ..
        } if *from == by => Some((record.at, reply.clone())),
        _ => None,
    };
    sim.observer().iter().filter_map(answered).collect()
}

/// The heartbeats that a server has got: when it answered, and what.
pub fn append_replies(sim: &Sim, by: ServerId) -> Vec<(Time, AppendReply)> {
    let answered = |record: &Record<Raft>| match &record.what {
        Happening::Replied {
            from,
            reply: raftapi::Reply::AppendEntries(reply),
            ..
        } if *from == by => Some((record.at, reply.clone())),
        _ => None,
    };
    sim.observer().iter().filter_map(answered).collect()
}

/// The deadlines that a server has set: when, and until when.
pub fn deadlines(sim: &Sim, of: ServerId) -> Vec<(Time, Time)> {
    let set = |record: &Record<Raft>| match record.what {
        Happening::DeadlineSet { server, deadline } if server == of => {
            Some((record.at, deadline.unwrap_or(Time::NEVER)))
        }
        _ => None,
    };
    sim.observer().iter().filter_map(set).collect()
}

/// The deadline that a server has now.
pub fn deadline(sim: &Sim, of: ServerId) -> Time {
    deadlines(sim, of).last().map_or(Time::NEVER, |set| set.1)
}

/// Sees to it that timeouts are within a timing's interval, that no two are the same, and that they
/// lie everywhere in it: some in each tenth.
pub fn assert_spread(drawn: &[Duration], timing: Timing) {
    let (min, max) = (timing.election_timeout_min(), timing.election_timeout_max());
    let mut tenths = [0; 10];
    for timeout in drawn {
        assert!((min..=max).contains(timeout), "{timeout:?} with {timing}");
        let tenth = (*timeout - min).as_nanos() * 10 / ((max - min).as_nanos() + 1);
        tenths[tenth as usize] += 1;
    }
    assert!(tenths.iter().all(|&count| count > 0), "{tenths:?}");
    let mut distinct = drawn.to_vec();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), drawn.len(), "some are the same");
}
