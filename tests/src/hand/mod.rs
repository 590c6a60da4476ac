//! Peers played by hand: one server runs, [`S0`], and a script says what all others send it, and
//! when. What S0 does is written down, for the script to read.
//!
//! A peer that is played by hand answers what S0 sends it only when the script says so, but for its
//! manners: it grants pre-votes, as nobody leads who could object, and it acknowledges heartbeats, so
//! that a leader that counts its followers goes on leading. A script may tell it to do without.
//!
//! | module | what |
//! |---|---|
//! | `campaign` | S0 asks for votes: waiting for it, granting, refusing |
//! | `request` | S0 is asked: for its vote, or by a leader |
//! | `expect` | what a script expects of it |
//! | `extra` | pre-votes and transfers |

mod campaign;
mod expect;
mod extra;
mod request;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use labrpc::{Happening, Record, ServerId};
use raftapi::{
    AppendReply, PreVote, Raft, Reply, Request, RequestVote, Role, Term, Time, VoteReply,
};

pub use campaign::Campaign;
pub use request::Asked;

use crate::cluster::Cluster;
use crate::finding::{Finding, Outcome};
use crate::task::Task;
use crate::watch::Watch;

/// The server that runs.
pub const S0: ServerId = ServerId::new(0);

/// How long a server may take to act on a message: to persist, and to answer in a later step.
pub const PATIENCE: Duration = Duration::from_millis(100);

/// What the hands know.
#[derive(Debug, Default)]
pub(crate) struct Hands {
    /// How many records have been looked at.
    met: usize,
    /// The requests of S0 that no hand has answered yet.
    open: Vec<Open>,
    /// The newest term that S0 has told each hand, or that hand S0.
    terms: BTreeMap<ServerId, Term>,
    /// They do not acknowledge heartbeats.
    silent: bool,
    /// These of them do not, either.
    mute: Vec<ServerId>,
    /// These lack all entries, and refuse heartbeats that follow one.
    behind: Vec<ServerId>,
    /// They do not answer pre-votes.
    withhold: bool,
    /// How many records have been searched for campaigns.
    searched: usize,
    /// Up to here there is none, either: who looks after each event looks at each event once.
    without: Cell<usize>,
    /// The term of S0's last campaign that was found.
    campaigned: Term,
}

/// A request of S0 that waits for an answer.
#[derive(Clone, Debug)]
struct Open {
    message: u64,
    to: ServerId,
    request: Request,
}

impl Hands {
    fn note_term(&mut self, hand: ServerId, term: Term) {
        let known = self.terms.entry(hand).or_default();
        *known = term.max(*known);
    }
}

impl Watch {
    /// What has happened since a server is played by hand.
    pub(crate) fn story(&self) -> &[Record<Raft>] {
        self.story.as_deref().unwrap_or_default()
    }
}

impl Cluster {
    /// Plays a server by hand, which must be down.
    pub fn play_by_hand(&mut self, server: ServerId) -> Outcome {
        self.run_mut().play_by_hand(server)?;
        self.run_mut().observer_mut().by_hand(server);
        Ok(())
    }

    /// From now on, no rule is looked at in this run, but for terms that no script could count on from.
    pub fn judge_by_no_rule(&mut self) {
        self.run_mut().observer_mut().lenient = true;
    }

    /// Lets time pass while the hands mind their manners.
    pub fn pass(&mut self, time: Duration) -> Outcome {
        let until = self.now() + time;
        self.pass_until(until)
    }

    /// The same, until then.
    pub fn pass_until(&mut self, until: Time) -> Outcome {
        self.wait_for(until, |_| false).map(|_| ())
    }

    /// Lets time pass until `done`, but no longer than `until`. Whether it was done.
    pub fn wait_for(
        &mut self,
        until: Time,
        mut done: impl FnMut(&Cluster) -> bool,
    ) -> Outcome<bool> {
        loop {
            self.mind_manners()?;
            if done(self) {
                return Ok(true);
            }
            if self.now() >= until {
                return Ok(false);
            }
            let seen = self.watch().story().len();
            self.advance_until(until - self.now(), |watch| watch.story().len() > seen)?;
        }
    }

    /// The hands stop or begin to acknowledge heartbeats.
    pub fn acknowledge_heartbeats(&mut self, acknowledge: bool) {
        self.hands.silent = !acknowledge;
    }

    /// All servers that are played by hand, in any order.
    pub fn peers_in_any_order(&mut self) -> Vec<ServerId> {
        let mut peers: Vec<ServerId> = self.servers().skip(1).collect();
        for last in (1..peers.len()).rev() {
            let other = self.random(last + 1);
            peers.swap(last, other);
        }
        peers
    }

    /// Two different ones of them.
    pub fn two_peers(&mut self) -> [ServerId; 2] {
        let peers = self.peers_in_any_order();
        [peers[0], peers[1]]
    }

    /// A time from nothing to `longest`.
    pub fn random_time(&mut self, longest: Duration) -> Duration {
        let micros = longest.as_micros() as usize;
        Duration::from_micros(self.random(micros + 1) as u64)
    }

    /// What S0 last said of itself: its term and role; nothing, before it has said anything.
    pub fn said(&self) -> Option<(Term, Role)> {
        self.status(S0).map(|status| (status.term, status.role))
    }

    /// The same in words.
    pub(crate) fn said_in_words(&self) -> String {
        match self.said() {
            Some((term, role)) => format!("{S0} says that it is {role} of term {term}"),
            None => format!("{S0} has not published what it is"),
        }
    }

    /// Stops the script: this is not what any script would expect, whatever its test is about.
    pub(crate) fn fail_anywhere<T>(
        &self,
        rule: &'static str,
        hint: &'static str,
        task: Task,
        sentence: String,
    ) -> Outcome<T> {
        self.unexpected(|at| Finding {
            rule,
            at,
            sentence,
            hint,
            task: Some(task),
        })
    }

    /// Answers what politeness demands of all that has been delivered meanwhile.
    fn mind_manners(&mut self) -> Outcome {
        while let Some(record) = self.watch().story().get(self.hands.met) {
            let delivered = match &record.what {
                &Happening::RequestDelivered {
                    message,
                    to,
                    ref request,
                    ..
                } if to != S0 => Some(Open {
                    message,
                    to,
                    request: request.clone(),
                }),
                _ => None,
            };
            self.hands.met += 1;
            if let Some(open) = delivered {
                self.receive(open)?;
            }
        }
        Ok(())
    }

    fn receive(&mut self, open: Open) -> Outcome {
        let reply: Reply = match &open.request {
            Request::RequestVote(args) if args.pre_vote && !self.hands.withhold => {
                let (term, vote_granted) = (self.term_of_grant(args), true);
                VoteReply { term, vote_granted }.into()
            }
            Request::AppendEntries(args) if self.acknowledges(open.to, args.term) => {
                let behind = self.hands.behind.contains(&open.to);
                let (term, success) = (args.term, !behind || args.prev_log_index == 0);
                AppendReply { term, success }.into()
            }
            request => {
                self.hands.note_term(open.to, certain_term(request));
                self.hands.open.push(open);
                return Ok(());
            }
        };
        self.run_mut().reply_as(open.message, reply)?;
        Ok(())
    }

    fn acknowledges(&self, peer: ServerId, term: Term) -> bool {
        let hands = &self.hands;
        let current = hands.terms.get(&peer).copied().unwrap_or(0);
        !hands.silent && !hands.mute.contains(&peer) && term >= current
    }

    /// The term that a grant carries: of a pre-vote, what it was asked for (etcd), or the voter's
    /// own.
    fn term_of_grant(&self, args: &RequestVote) -> Term {
        let echoes = !args.pre_vote || self.features().pre_vote == Some(PreVote::Etcd);
        args.term.saturating_sub(u64::from(!echoes))
    }

    /// Answers a request of S0 as the peer that it was sent to.
    fn reply(&mut self, message: u64, reply: impl Into<Reply>) -> Outcome {
        let reply = reply.into();
        let open = &mut self.hands.open;
        if let Some(place) = open.iter().position(|open| open.message == message) {
            let Open { to, request, .. } = open.remove(place);
            let pre_vote = matches!(request, Request::RequestVote(args) if args.pre_vote);
            if !(pre_vote && is_grant(&reply)) {
                self.hands.note_term(to, reply.term());
            }
        }
        self.run_mut().reply_as(message, reply)?;
        Ok(())
    }
}

fn is_grant(reply: &Reply) -> bool {
    matches!(reply, Reply::RequestVote(reply) if reply.vote_granted)
}

/// The term that a request's sender is in: one that asks for a pre-vote is not there yet.
fn certain_term(request: &Request) -> Term {
    match request {
        Request::RequestVote(args) if args.pre_vote => args.term.saturating_sub(1),
        request => request.term(),
    }
}
