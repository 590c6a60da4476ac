//! What a script expects of a cluster. A finding is a rule, a sentence with the evidence, a hint.

use std::time::Duration;

use labrpc::ServerId;
use raftapi::Term;

use crate::cluster::{Cluster, Leader};
use crate::diagnosis::{self, Activity};
use crate::finding::{Finding, Outcome};
use crate::task::Task;

/// How often `check_one_leader` looks, as the Go lab does: for about 5 s.
const POLLS: usize = 10;
/// How long it looks at least, in longest election timeouts: for a declared timing under which 5 s
/// are too short for bad luck.
const ELECTIONS: u32 = 8;

impl Cluster {
    /// Waits for a leader among the connected servers, for about 5 s: up to ten times half a
    /// second, as the Go lab does; longer, if less than eight elections fit in. (Whether a server
    /// declares a timing that elects a leader within 5 s is for part `numbers` to say.) Returns the
    /// leader of the highest term.
    pub fn check_one_leader(&mut self) -> Outcome<Leader> {
        let (began, before) = (self.now(), self.watch().activity);
        let timing = self.timing();
        let election = timing.election_timeout_max() + timing.election_timeout_step();
        let polls = (ELECTIONS * election).as_millis().div_ceil(500) as usize;
        for _ in 0..polls.max(POLLS) {
            let wait = Duration::from_millis(450 + self.random(100) as u64);
            self.advance(wait)?;
            if let Some((server, term)) = self.watch().view.leader() {
                return Ok(Leader { server, term });
            }
        }
        let waited = (self.now() - began).as_secs_f32();
        let (seen, task) = diagnosis::no_leader(self.watch(), began, &before);
        self.unexpected(|at| Finding {
            rule: "a leader within 5 seconds",
            at,
            sentence: format!("no leader for {waited:.1} s: {seen}"),
            hint: "a server that hears of no leader for an election timeout campaigns, with a fresh \
                   random timeout each time, and with the votes of a majority it says at once that \
                   it is leader (Raft paper, 5.2)",
            task: Some(task),
        })
    }

    /// Expects that no connected server is leader now.
    pub fn check_no_leader(&mut self) -> Outcome {
        let view = &self.watch().view;
        let Some((server, term)) = view.leader() else {
            return Ok(());
        };
        let known = view
            .connected()
            .filter_map(|id| Some(view.status(id)?.term));
        let newest = known.max().unwrap_or(term);
        let (and, task) = match newest > term {
            true => (
                format!(", though there is a term {newest}"),
                Task::NewerTerms,
            ),
            false => (String::new(), Task::CountVotes),
        };
        self.unexpected(|at| Finding {
            rule: "no leader without a majority",
            at,
            sentence: format!("{server} is leader of term {term}, and no majority can hear it{and}"),
            hint: "an election needs a majority of the whole cluster, not of those who answer (Raft \
                   paper, 5.2)",
            task: Some(task),
        })
    }

    /// Expects that of the AppendEntries that were delivered since `before`, some were answered.
    pub fn check_answered(&mut self, before: &Activity) -> Outcome {
        let now = &self.watch().activity;
        let delivered = now.heartbeats_delivered - before.heartbeats_delivered;
        if delivered < 10 || now.heartbeats_answered > before.heartbeats_answered {
            return Ok(());
        }
        self.unexpected(|at| Finding {
            rule: "requests are answered",
            at,
            sentence: format!("of {delivered} AppendEntries that were delivered, none was answered"),
            hint: "a receiver answers each AppendEntries with its current term, so that an old leader \
                   learns of a newer one (Raft paper, Figure 2 and 5.1): call.reply",
            task: Some(Task::Heartbeats),
        })
    }

    /// Expects that all connected servers are in the same term, 1 or later.
    pub fn check_terms(&mut self) -> Outcome {
        let view = &self.watch().view;
        let term = |id: ServerId| view.status(id).map(|status| status.term);
        let servers: Vec<ServerId> = view.connected().collect();
        if let Some(silent) = servers.iter().find(|&&id| term(id).is_none()) {
            return self.unexpected(|at| Finding {
                rule: "a server publishes its status",
                at,
                sentence: format!("{silent} has never published its status"),
                hint: "ctx.publish says term and role",
                task: None,
            });
        }
        let terms: Vec<(ServerId, Term)> = servers
            .into_iter()
            .filter_map(|id| Some((id, term(id)?)))
            .collect();
        let newest = terms.iter().max_by_key(|(_, term)| *term);
        let oldest = terms.iter().min_by_key(|(_, term)| *term);
        let sentence = match (newest, oldest) {
            (Some((ahead, newer)), Some((behind, older))) if newer != older => {
                format!("{ahead} is in term {newer}, {behind} still in term {older}")
            }
            (_, Some((behind, 0))) => {
                format!("{behind} is still in term 0, though there is a leader")
            }
            _ => return Ok(()),
        };
        self.disturbed(|at| Finding {
            rule: "connected servers agree on the term",
            at,
            sentence,
            hint: "servers exchange their terms with every message, and the one behind takes over \
                   the newer one (Raft paper, 5.1)",
            task: Some(Task::NewerTerms),
        })
    }

    /// Lets time pass, and expects that the leader stays leader of its term throughout.
    pub fn check_undisturbed(&mut self, leader: Leader, time: Duration, why: &str) -> Outcome {
        let before = self.watch().activity;
        let disturbed = self.advance_until(time, |watch| {
            watch.view.leader() != Some((leader.server, leader.term))
        })?;
        if !disturbed {
            return Ok(());
        }
        let Leader { server, term } = leader;
        let (now, task) = diagnosis::unseated(self.watch(), leader, &before);
        self.disturbed(|at| Finding {
            rule: "a leader that nothing disturbs stays",
            at,
            sentence: format!("{server} was leader of term {term}, {why}, and {now}"),
            hint: "a leader's heartbeats keep all others from campaigning (Raft paper, 5.2): they \
                   are sent in time, each one resets the election timer, and nothing of an older \
                   term does anything",
            task: Some(task),
        })
    }
}
