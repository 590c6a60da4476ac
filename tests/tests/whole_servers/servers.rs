//! Servers that are wrong, each in its own way.

#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // this is what is wrong with some of them

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::RecvTimeoutError;
use raftapi::{
    AppendEntries, AppendReply, Context, Event, RequestVote, Role, Server, ServerId, Stable,
    Status, Term, Time, Timing, VoteReply,
};

/// A server with LAB timing that runs this function.
fn server(run: impl Fn(&Context<'_>) + Send + Sync + 'static) -> Server {
    Server::new(Timing::LAB, run)
}

/// Waits for its end and does nothing. It does publish its status.
pub fn does_nothing() -> Server {
    server(|ctx| {
        ctx.publish(Status::new(0, Role::Follower));
        while ctx.recv().is_ok() {}
    })
}

/// Campaigns, and refuses every vote.
pub fn refuses_everything() -> Server {
    careless(|server| server.grants = |_, _| false)
}

/// Campaigns, and grants every vote.
pub fn grants_everything() -> Server {
    careless(|server| server.grants = |_, _| true)
}

/// Nothing is wrong with this one.
pub fn is_careful() -> Server {
    careless(|_| ())
}

/// S2 has never heard of terms: it says that it is in none.
pub fn has_no_term() -> Server {
    careless(|server| {
        if server.ctx.me() == ServerId::new(2) {
            server.deadline = Time::NEVER;
            server.shows = |_| Some(Status::new(0, Role::Follower));
        }
    })
}

/// S2 says nothing about itself.
pub fn says_nothing() -> Server {
    careless(|server| {
        if server.ctx.me() == ServerId::new(2) {
            server.deadline = Time::NEVER;
            server.shows = |_| None;
        }
    })
}

/// Heartbeats do not keep it from campaigning.
pub fn is_impatient() -> Server {
    careless(|server| server.waits_for_leader = false)
}

/// Follows every leader, also one of an older term.
pub fn follows_old_leaders() -> Server {
    careless(|server| server.follows_old_leaders = true)
}

/// Hears its leader, and does not answer.
pub fn answers_no_leader() -> Server {
    careless(|server| server.answers_leaders = false)
}

/// A fine leader, but it never says that it is one.
pub fn leads_in_secret() -> Server {
    careless(|server| server.shows = |_| None)
}

/// An election server in a few lines, which `flaw` makes wrong.
fn careless(flaw: impl Fn(&mut Careless<'_>) + Send + Sync + 'static) -> Server {
    server(move |ctx| {
        let mut server = Careless::new(ctx);
        flaw(&mut server);
        server.run();
    })
}

/// See [`careless`].
struct Careless<'a> {
    ctx: &'a Context<'a>,
    stable: Stable,
    role: Role,
    votes: usize,
    deadline: Time,
    // What may be wrong with it.
    grants: fn(&Self, &RequestVote) -> bool,
    peers: fn(&Context<'_>) -> Vec<ServerId>,
    shows: fn(&Self) -> Option<Status>,
    waits_for_leader: bool,
    follows_old_leaders: bool,
    answers_leaders: bool,
}

impl<'a> Careless<'a> {
    fn new(ctx: &'a Context<'a>) -> Self {
        Careless {
            ctx,
            stable: ctx.restore(),
            role: Role::Follower,
            votes: 0,
            deadline: ctx.now() + election_timeout(ctx),
            grants: |server, args| {
                let vote = server.stable.voted_for;
                args.term == server.stable.current_term
                    && vote.is_none_or(|candidate| candidate == args.candidate_id)
            },
            peers: |ctx| ctx.peers().collect(),
            shows: |server| Some(Status::new(server.stable.current_term, server.role)),
            waits_for_leader: true,
            follows_old_leaders: false,
            answers_leaders: true,
        }
    }

    fn run(mut self) {
        loop {
            self.show();
            match self.ctx.recv_deadline(self.deadline) {
                Ok(Event::RequestVote(call)) => {
                    self.see(call.args.term);
                    let vote_granted = (self.grants)(&self, &call.args);
                    if vote_granted {
                        self.stable.voted_for = Some(call.args.candidate_id);
                        self.ctx.persist(&self.stable);
                        self.wait();
                    }
                    let term = self.stable.current_term;
                    call.reply(self.ctx, VoteReply { term, vote_granted });
                }
                Ok(Event::AppendEntries(call)) => {
                    self.see(call.args.term);
                    let term = self.stable.current_term;
                    let success = call.args.term >= term || self.follows_old_leaders;
                    if success {
                        self.role = Role::Follower;
                        if self.waits_for_leader {
                            self.wait();
                        }
                    }
                    if self.answers_leaders {
                        call.reply(self.ctx, AppendReply { term, success });
                    }
                }
                Ok(Event::VoteReply(answer)) => {
                    self.see(answer.reply.term);
                    let current = answer.request.term == self.stable.current_term;
                    if current && self.role == Role::Candidate && answer.reply.vote_granted {
                        self.votes += 1;
                        if self.votes > self.ctx.cluster_size() / 2 {
                            self.role = Role::Leader;
                            self.show();
                            self.beat();
                        }
                    }
                }
                Ok(Event::AppendReply(answer)) => self.see(answer.reply.term),
                Ok(Event::Transfer(_)) => {}
                Err(RecvTimeoutError::Timeout) if self.role == Role::Leader => self.beat(),
                Err(RecvTimeoutError::Timeout) => self.campaign(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn show(&self) {
        if let Some(status) = (self.shows)(self) {
            self.ctx.publish(status);
        }
    }

    fn wait(&mut self) {
        self.deadline = self.ctx.now() + election_timeout(self.ctx);
    }

    fn see(&mut self, term: Term) {
        if term > self.stable.current_term {
            self.stable.current_term = term;
            self.stable.voted_for = None;
            self.ctx.persist(&self.stable);
            if self.role == Role::Leader {
                self.wait();
            }
            self.role = Role::Follower;
        }
    }

    fn campaign(&mut self) {
        self.stable.current_term += 1;
        self.stable.voted_for = Some(self.ctx.me());
        self.ctx.persist(&self.stable);
        self.role = Role::Candidate;
        self.votes = 1;
        self.wait();
        for peer in (self.peers)(self.ctx) {
            let request = RequestVote {
                term: self.stable.current_term,
                candidate_id: self.ctx.me(),
                last_log_index: 0,
                last_log_term: 0,
                pre_vote: false,
                leader_transfer: false,
            };
            self.ctx.call(peer, request);
        }
    }

    fn beat(&mut self) {
        for peer in self.ctx.peers() {
            let beat = heartbeat(self.ctx.me(), self.stable.current_term);
            self.ctx.call(peer, beat);
        }
        self.deadline = self.ctx.now() + Duration::from_millis(100);
    }
}

fn heartbeat(leader_id: ServerId, term: Term) -> AppendEntries {
    AppendEntries {
        term,
        leader_id,
        prev_log_index: 0,
        prev_log_term: 0,
        entries: Vec::new(),
        leader_commit: 0,
    }
}

fn election_timeout(ctx: &Context<'_>) -> Duration {
    use rand::RngExt;
    Duration::from_micros(ctx.rng().random_range(300_000..600_000))
}

/// Sends heartbeats of a term that it was never elected in, from the beginning.
pub fn crowns_itself() -> Server {
    server(|ctx| {
        ctx.publish(Status::new(1, Role::Leader));
        while ctx.recv().is_ok() {}
    })
}

/// Panics at the first request for its vote.
pub fn panics() -> Server {
    careless(|server| server.grants = |_, _| panic!("who are you?"))
}

/// Comes back after a second.
pub fn returns() -> Server {
    server(|ctx| {
        ctx.publish(Status::new(0, Role::Follower));
        let _ = ctx.recv_deadline(ctx.now() + Duration::from_secs(1));
    })
}

/// Waits until now, for ever.
pub fn spins() -> Server {
    let killed = |turn| matches!(turn, Err(RecvTimeoutError::Disconnected));
    server(move |ctx| while !killed(ctx.recv_deadline(ctx.now())) {})
}

/// Waits for a nanosecond, for ever.
pub fn waits_for_nanoseconds() -> Server {
    let killed = |turn| matches!(turn, Err(RecvTimeoutError::Disconnected));
    let soon = |ctx: &Context<'_>| ctx.now() + Duration::from_nanos(1);
    server(move |ctx| while !killed(ctx.recv_deadline(soon(ctx))) {})
}

/// Sends without ever waiting.
pub fn floods() -> Server {
    server(|ctx| {
        loop {
            let peer = ctx.peers().next().expect("there are several servers");
            ctx.call(peer, heartbeat(ctx.me(), 0));
        }
    })
}

/// Calls itself for ever.
pub fn overflows() -> Server {
    fn dig(depth: u64) -> u64 {
        let here = std::hint::black_box([depth; 64]);
        if depth == u64::MAX {
            0
        } else {
            dig(depth + 1) + here[7]
        }
    }
    server(|ctx| {
        let _ = ctx.recv_deadline(ctx.now() + Duration::from_secs(1));
        std::hint::black_box(dig(0));
    })
}

/// Never comes back to its inbox.
pub fn hangs() -> Server {
    server(|ctx| {
        let _ = ctx.recv_deadline(ctx.now() + Duration::from_secs(1));
        if ctx.me() == ServerId::new(1) {
            loop {
                std::thread::park();
            }
        }
        while ctx.recv().is_ok() {}
    })
}

/// Sleeps for a moment in each step.
pub fn sleeps() -> Server {
    careless(|server| {
        server.peers = |ctx| {
            std::thread::sleep(Duration::from_millis(50));
            ctx.peers().collect()
        };
        server.grants = |_, _| false;
    })
}

/// Waits, when it is killed, for a lock that nobody gives back.
pub fn hangs_when_killed() -> Server {
    server(|ctx| {
        while ctx.recv().is_ok() {}
        loop {
            std::thread::park();
        }
    })
}

/// Draws its first election timeout from a static, and grants every vote: two runs of one seed
/// differ, and now and then a term has two leaders.
pub fn remembers_earlier_runs() -> Server {
    static DRAWS: AtomicU64 = AtomicU64::new(0);
    careless(|server| {
        let draw = DRAWS.fetch_add(7919, Ordering::Relaxed) % 300_000;
        server.deadline = server.ctx.now() + Duration::from_micros(300_000 + draw);
        server.grants = |_, _| true;
    })
}

/// Asks for votes in the order of a HashMap.
pub fn iterates_a_hash_map() -> Server {
    careless(|server| {
        server.peers = |ctx| {
            let peers: HashMap<ServerId, ()> = ctx.peers().map(|id| (id, ())).collect();
            peers.into_keys().collect()
        };
    })
}

/// Reads the wall clock.
pub fn reads_the_wall_clock() -> Server {
    static BEGAN: Mutex<Option<Instant>> = Mutex::new(None);
    careless(|server| {
        let began = *BEGAN.lock().unwrap().get_or_insert_with(Instant::now);
        server.deadline += began.elapsed() / 10;
    })
}
