//! What a server was, and when it was down, cut off, and what it had saved.

use labrpc::{Happening, Record};
use raftapi::{Raft, Reply, Request, ServerId, Term};

use super::model::{Cut, InRole, Lane, Role, Saved, Span};

/// The lanes of a run, without their timers, and the links that were cut.
pub(super) struct Lanes {
    all: Vec<Lane>,
    cuts: Vec<Cut>,
    open: Vec<Open>,
    open_cuts: Vec<Cut>,
    begin: u64,
}

/// What goes on in a lane.
#[derive(Clone, Copy, Default)]
struct Open {
    role: Option<InRole>,
    /// Since when it is down; nobody has started before the first start.
    down: Option<u64>,
    isolated: Option<u64>,
    /// It has been seen to live in this trace.
    lived: bool,
}

impl Lanes {
    pub fn new(servers: usize, begin: u64) -> Lanes {
        Lanes {
            all: vec![Lane::default(); servers],
            cuts: Vec::new(),
            open: vec![Open::default(); servers],
            open_cuts: Vec::new(),
            begin,
        }
    }

    pub fn observe(&mut self, record: &Record<Raft>) {
        let at = record.at.as_nanos();
        match &record.what {
            Happening::Started { server, start, .. } => {
                let (lane, open) = self.lane(*server);
                let since = open.down.take();
                open.lived = true;
                if *start > 0 {
                    lane.restarts.push(at);
                }
                let since = match since {
                    // Nothing was seen of it before: it was down since the beginning.
                    None if lane.roles.is_empty() && lane.down.is_empty() => Some(self.begin),
                    since => since,
                };
                if let Some(begin) = since.filter(|&since| since < at) {
                    self.all[server.index()].down.push(Span { begin, end: at });
                }
            }
            Happening::Crashed { server } => {
                self.end_role(*server, at);
                let (lane, open) = self.lane(*server);
                lane.crashes.push(at);
                open.down = Some(at);
                open.lived = true;
            }
            Happening::Published { server, status } => {
                self.is_now(*server, at, role(status.role), status.term);
            }
            Happening::Persisted { server, stable } => {
                let (lane, open) = self.lane(*server);
                open.lived = true;
                let saved = Saved {
                    at,
                    term: stable.current_term,
                    vote: stable.voted_for.map(|id| id.index() as u32),
                };
                let last = lane.saved.last();
                if last.is_none_or(|last| (last.term, last.vote) != (saved.term, saved.vote)) {
                    lane.saved.push(saved);
                }
            }
            Happening::Isolated { server } => {
                self.lane(*server).1.isolated.get_or_insert(at);
            }
            Happening::Rejoined { server } => {
                let (lane, open) = self.lane(*server);
                if let Some(begin) = open.isolated.take() {
                    lane.isolated.push(Span { begin, end: at });
                }
            }
            Happening::Cut { from, to } => {
                let link = (from.index() as u32, to.index() as u32);
                let known = |cut: &Cut| (cut.from, cut.to) == link;
                if !self.open_cuts.iter().any(known) {
                    let (from, to) = link;
                    let (begin, end) = (at, at);
                    self.open_cuts.push(Cut {
                        from,
                        to,
                        begin,
                        end,
                    });
                }
            }
            Happening::Healed { from, to } => {
                let link = (from.index() as u32, to.index() as u32);
                let is_it = |cut: &Cut| (cut.from, cut.to) == link;
                if let Some(index) = self.open_cuts.iter().position(is_it) {
                    let cut = self.open_cuts.remove(index);
                    self.cuts.push(Cut { end: at, ..cut });
                }
            }
            _ => self.conclude_role(record),
        }
    }

    /// A trace that is the end of a run may not say what a server is; then what it does says it.
    fn conclude_role(&mut self, record: &Record<Raft>) {
        let (server, is, term) = match &record.what {
            Happening::Sent {
                from,
                request: Request::AppendEntries(args),
                ..
            } => (from, Role::Leader, args.term),
            Happening::Replied {
                from,
                request: Request::AppendEntries(_),
                reply: Reply::AppendEntries(reply),
                ..
            } => (from, Role::Follower, reply.term),
            _ => return,
        };
        let begin = self.begin;
        let (lane, open) = self.lane(*server);
        if !open.lived && open.role.is_none() && lane.roles.is_empty() {
            open.role = Some(InRole {
                begin,
                end: begin,
                role: is,
                term,
            });
        }
    }

    fn lane(&mut self, server: ServerId) -> (&mut Lane, &mut Open) {
        let index = server.index();
        (&mut self.all[index], &mut self.open[index])
    }

    fn is_now(&mut self, server: ServerId, at: u64, role: Role, term: Term) {
        let open = self.open[server.index()].role;
        if open.is_some_and(|open| (open.role, open.term) == (role, term)) {
            return;
        }
        self.end_role(server, at);
        self.lane(server).1.lived = true;
        self.lane(server).1.role = Some(InRole {
            begin: at,
            end: at,
            role,
            term,
        });
    }

    fn end_role(&mut self, server: ServerId, at: u64) {
        let (lane, open) = self.lane(server);
        if let Some(role) = open.role.take() {
            lane.roles.push(InRole { end: at, ..role });
        }
    }

    /// The lanes and the cut links, when the trace has ended.
    pub fn end(mut self, at: u64) -> (Vec<Lane>, Vec<Cut>) {
        for server in ServerId::all(self.all.len()) {
            self.end_role(server, at);
            let (lane, open) = self.lane(server);
            if let Some(begin) = open.down.take() {
                lane.down.push(Span { begin, end: at });
            }
            if let Some(begin) = open.isolated.take() {
                lane.isolated.push(Span { begin, end: at });
            }
        }
        let open = self.open_cuts.drain(..);
        self.cuts.extend(open.map(|cut| Cut { end: at, ..cut }));
        self.cuts.sort_by_key(|cut| (cut.begin, cut.from, cut.to));
        (self.all, self.cuts)
    }
}

fn role(role: raftapi::Role) -> Role {
    match role {
        raftapi::Role::Follower => Role::Follower,
        raftapi::Role::PreCandidate => Role::PreCandidate,
        raftapi::Role::Candidate => Role::Candidate,
        raftapi::Role::Leader => Role::Leader,
    }
}
