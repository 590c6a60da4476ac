//! A plain server, but for its habits.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;
use raftapi::{
    Answer, AppendEntries, AppendReply, Call, Context, Event, Raft, RequestVote, Role, ServerId,
    Stable, Status, Term, Time, Timing, VoteReply,
};

use super::habits::{Habits, Saves};
use crate::logs;

/// The widest that staggered heartbeats are apart.
const STAGGER: Duration = Duration::from_millis(40);

/// A running server.
pub struct Odd<'a> {
    ctx: &'a Context<'a>,
    timing: Timing,
    habits: Habits,
    stable: Stable,
    unsaved: bool,
    role: Role,
    votes: BTreeSet<ServerId>,
    refusals: BTreeSet<ServerId>,
    ask_again: Time,
    election_due: Time,
    /// Where it wakes for the election timer: never later than it is due.
    wake: Time,
    ahead: Duration,
    /// A leader's view of each server: when its next heartbeat is due, when it last got one more,
    /// and the index after which its log may differ.
    beats: Vec<Time>,
    extra: Vec<Time>,
    prev: Vec<u64>,
    /// Votes that have not left yet.
    later: VecDeque<(Time, Call<Raft, RequestVote>, VoteReply)>,
}

impl<'a> Odd<'a> {
    /// A server that starts or restarts.
    pub fn new(ctx: &'a Context<'a>, timing: Timing, habits: Habits) -> Self {
        let mut odd = Odd {
            ctx,
            timing,
            habits,
            stable: ctx.restore(),
            unsaved: false,
            role: Role::Follower,
            votes: BTreeSet::new(),
            refusals: BTreeSet::new(),
            ask_again: Time::NEVER,
            election_due: Time::NEVER,
            wake: Time::NEVER,
            ahead: Duration::ZERO,
            beats: vec![Time::ZERO; ctx.cluster_size()],
            extra: vec![Time::ZERO; ctx.cluster_size()],
            prev: vec![0; ctx.cluster_size()],
            later: VecDeque::new(),
        };
        odd.reset_timer();
        odd
    }

    /// Runs until it is killed.
    pub fn run(mut self) {
        loop {
            self.unsaved |= self.habits.saves == Saves::AtEachEvent;
            if self.habits.saves != Saves::BeforeSending {
                self.save();
            }
            self.publish();
            match self.ctx.recv_deadline(self.deadline()) {
                Ok(Event::RequestVote(call)) => self.answer_vote(call),
                Ok(Event::AppendEntries(call)) => self.answer_append(call),
                Ok(Event::VoteReply(answer)) => self.count_vote(answer),
                Ok(Event::AppendReply(answer)) => self.notice_append(answer),
                Ok(Event::Transfer(_)) => {}
                Err(RecvTimeoutError::Timeout) => self.on_timeout(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn deadline(&self) -> Time {
        let own = match self.role {
            Role::Leader => self.beats.iter().copied().min().unwrap_or(Time::NEVER),
            Role::Candidate => self.wake.min(self.ask_again),
            _ => self.wake,
        };
        let later = self.later.front().map_or(Time::NEVER, |(due, ..)| *due);
        own.min(later)
    }

    fn on_timeout(&mut self) {
        let now = self.ctx.now();
        while let Some((due, call, reply)) = self.later.pop_front() {
            if due > now {
                self.later.push_front((due, call, reply));
                break;
            }
            self.before_sending();
            call.reply(self.ctx, reply);
        }
        if self.role == Role::Leader {
            self.send_heartbeats();
        } else if now >= self.election_due {
            self.campaign();
        } else {
            if now >= self.wake {
                self.wake = self.election_due;
            }
            if self.role == Role::Candidate && now >= self.ask_again {
                self.ask();
            }
        }
    }

    // ---- Elections ----

    fn campaign(&mut self) {
        let me = self.ctx.me();
        self.stable.current_term += 1;
        self.stable.voted_for = None;
        self.unsaved = true;
        self.votes.clear();
        self.refusals.clear();
        if !self.habits.asks_itself {
            self.vote_for(me);
            self.votes.insert(me);
        }
        self.role = Role::Candidate;
        self.reset_timer();
        self.ask();
        self.lead_if_elected();
    }

    /// Asks those who have not answered.
    fn ask(&mut self) {
        let again = self.habits.asks_again;
        self.ask_again = again.map_or(Time::NEVER, |wait| self.ctx.now() + wait);
        self.before_sending();
        let request = logs::vote_request(self.ctx.me(), &self.stable);
        for server in self.audience(self.habits.asks_itself) {
            if !self.votes.contains(&server) && !self.refusals.contains(&server) {
                self.ctx.call(server, request.clone());
            }
        }
    }

    fn answer_vote(&mut self, call: Call<Raft, RequestVote>) {
        let args = &call.args;
        let mut vote_granted = false;
        if !args.pre_vote {
            self.see(args.term);
            let candidate = args.candidate_id;
            vote_granted = args.term == self.stable.current_term
                && self.stable.voted_for.is_none_or(|vote| vote == candidate)
                && logs::is_up_to_date(&self.stable, args);
        }
        if vote_granted {
            self.vote_for(args.candidate_id);
            if args.candidate_id != self.ctx.me() {
                self.reset_timer();
            }
        }
        let reply = VoteReply {
            term: self.stable.current_term,
            vote_granted,
        };
        self.before_sending();
        match self.habits.answers_after {
            Some(wait) => self.later.push_back((self.ctx.now() + wait, call, reply)),
            None => call.reply(self.ctx, reply),
        }
    }

    fn vote_for(&mut self, candidate: ServerId) {
        if self.stable.voted_for.is_none() {
            if self.habits.saves == Saves::TermThenVote {
                self.save();
            }
            self.stable.voted_for = Some(candidate);
            self.unsaved = true;
        }
    }

    fn count_vote(&mut self, answer: Answer<RequestVote, VoteReply>) {
        self.see(answer.reply.term);
        let current = answer.request.term == self.stable.current_term;
        if !current || self.role != Role::Candidate {
            return;
        }
        if answer.reply.vote_granted {
            self.votes.insert(answer.from);
            self.lead_if_elected();
        } else {
            self.refusals.insert(answer.from);
            if self.habits.gives_up && self.is_majority(&self.refusals) {
                self.role = Role::Follower;
            }
        }
    }

    fn lead_if_elected(&mut self) {
        if !self.is_majority(&self.votes) {
            return;
        }
        self.role = Role::Leader;
        let (now, servers) = (self.ctx.now(), self.ctx.cluster_size());
        self.prev = vec![logs::last(&self.stable).0; servers];
        self.beats = vec![now; servers];
        if !self.habits.beats_itself {
            self.beats[self.ctx.me().index()] = Time::NEVER;
        }
        self.send_heartbeats();
        if self.habits.staggered {
            for (index, due) in self.beats.iter_mut().enumerate() {
                *due += STAGGER * index as u32 / servers as u32;
            }
        }
    }

    // ---- Heartbeats ----

    fn send_heartbeats(&mut self) {
        let now = self.ctx.now();
        if self.habits.hears_itself {
            self.reset_timer();
        }
        for server in self.audience(self.habits.beats_itself) {
            if self.beats[server.index()] <= now {
                self.beats[server.index()] = now + self.timing.heartbeat_interval();
                self.beat(server);
            }
        }
    }

    fn beat(&mut self, to: ServerId) {
        let mut heartbeat = logs::heartbeat(self.ctx.me(), &self.stable);
        if self.habits.probes || self.habits.prev_zero {
            let prev = match self.habits.probes {
                true => self.prev[to.index()],
                false => 0,
            };
            heartbeat.prev_log_index = prev;
            heartbeat.prev_log_term = logs::term_at(&self.stable, prev).unwrap_or(0);
        }
        self.before_sending();
        self.ctx.call(to, heartbeat);
    }

    fn answer_append(&mut self, call: Call<Raft, AppendEntries>) {
        self.see(call.args.term);
        let current = call.args.term == self.stable.current_term;
        if current && self.role != Role::Leader {
            self.role = Role::Follower;
            self.reset_timer();
        }
        let reply = AppendReply {
            term: self.stable.current_term,
            success: current && logs::matches(&self.stable, &call.args),
        };
        self.before_sending();
        call.reply(self.ctx, reply);
    }

    fn notice_append(&mut self, answer: Answer<AppendEntries, AppendReply>) {
        self.see(answer.reply.term);
        let current = answer.request.term == self.stable.current_term;
        if !current || self.role != Role::Leader || answer.reply.success {
            return;
        }
        let (now, index) = (self.ctx.now(), answer.from.index());
        if self.prev[index] == answer.request.prev_log_index {
            self.prev[index] = self.prev[index].saturating_sub(1);
        }
        let rested = now - self.extra[index] >= self.timing.heartbeat_interval();
        if self.habits.beats_lagging && rested {
            self.extra[index] = now;
            self.beat(answer.from);
        }
    }

    // ---- All servers ----

    fn see(&mut self, term: Term) {
        if term <= self.stable.current_term {
            return;
        }
        self.stable.current_term = term;
        self.stable.voted_for = None;
        self.unsaved = true;
        let led = self.role == Role::Leader;
        self.role = Role::Follower;
        if led && !self.habits.hears_itself {
            self.reset_timer();
        }
    }

    fn reset_timer(&mut self) {
        let timeout = self
            .habits
            .draw
            .draw(self.ctx, &self.timing, &mut self.ahead);
        let now = self.ctx.now();
        self.election_due = now + timeout;
        let lazy = self.habits.lazy_timer && self.wake > now;
        self.wake = match lazy {
            true => self.wake.min(self.election_due),
            false => self.election_due,
        };
    }

    /// What must have been done before anything leaves.
    fn before_sending(&mut self) {
        self.save();
        if !self.habits.publishes_last {
            self.publish();
        }
    }

    fn save(&mut self) {
        if std::mem::take(&mut self.unsaved) {
            self.ctx.persist(&self.stable);
        }
    }

    fn publish(&self) {
        let shows_due = self.habits.publishes_due && self.role != Role::Leader;
        self.ctx.publish(Status {
            term: self.stable.current_term,
            role: self.role,
            election_due: shows_due.then_some(self.election_due),
        });
    }

    /// The others, and perhaps itself, in the order in which it speaks to them.
    fn audience(&self, and_itself: bool) -> Vec<ServerId> {
        let all = ServerId::all(self.ctx.cluster_size());
        let mut audience: Vec<ServerId> = all
            .filter(|&id| and_itself || id != self.ctx.me())
            .collect();
        if self.habits.backwards {
            audience.reverse();
        }
        audience
    }

    fn is_majority(&self, of: &BTreeSet<ServerId>) -> bool {
        of.len() > self.ctx.cluster_size() / 2
    }
}
