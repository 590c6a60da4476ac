//! A cluster to direct: start it, break it, let time pass, look at it.
//!
//! A script is written against this and knows nothing of where the servers run. Every event of
//! the run is checked while time passes; the checks here are what a script expects besides.

use std::time::Duration;

use labrpc::{ActionKind, Counts, Draws, LinkFaults, Run, ServerFaults, ServerId};
use raftapi::{Raft, Stable, Status, Term, Time};

use crate::diagnosis;
use crate::finding::{Finding, Outcome, Stop};
use crate::task::Task;
use crate::watch::Watch;

/// A running cluster.
pub struct Cluster {
    run: Box<dyn Run<Raft, Watch>>,
    draws: Draws,
    limit: Time,
}

/// A leader that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leader {
    /// Which server.
    pub server: ServerId,
    /// Of which term.
    pub term: Term,
}

/// How often `check_one_leader` looks, as the Go lab does.
const POLLS: usize = 10;

impl Cluster {
    /// Directs a run whose servers are still down. `draws` is the script's own chance; `limit` is
    /// how much virtual time the script may take.
    pub fn new(run: Box<dyn Run<Raft, Watch>>, draws: Draws, limit: Duration) -> Cluster {
        Cluster {
            run,
            draws,
            limit: Time::ZERO + limit,
        }
    }

    // ---- Looking ----

    /// The time.
    pub fn now(&self) -> Time {
        self.run.now()
    }

    /// All servers.
    pub fn servers(&self) -> impl ExactSizeIterator<Item = ServerId> + Clone + use<> {
        ServerId::all(self.run.servers())
    }

    /// What a server last published since its start.
    pub fn status(&self, server: ServerId) -> Option<Status> {
        self.run.observer().view.status(server)
    }

    /// What a server's disk holds.
    pub fn stable(&self, server: ServerId) -> &Stable {
        self.run.stable(server)
    }

    /// What has been sent so far.
    pub fn counts(&self) -> Counts {
        self.run.counts()
    }

    /// Who watches the run, and what it has seen.
    pub fn watch(&self) -> &Watch {
        self.run.observer()
    }

    pub(crate) fn run_mut(&mut self) -> &mut dyn Run<Raft, Watch> {
        &mut *self.run
    }

    // ---- Breaking and mending ----

    /// Starts all servers that are down.
    pub fn start_all(&mut self) -> Outcome {
        for server in self.servers() {
            if !self.run.is_up(server) {
                self.run.start(server)?;
            }
        }
        Ok(())
    }

    /// Kills a server.
    pub fn crash(&mut self, server: ServerId) -> Outcome {
        Ok(self.run.crash(server)?)
    }

    /// Kills a server in the middle of a step, after its `count`-th action of a kind from now.
    pub fn crash_after(&mut self, server: ServerId, kind: ActionKind, count: u32) -> Outcome {
        Ok(self.run.crash_after(server, kind, count)?)
    }

    /// Starts a server again, from what its disk holds.
    pub fn restart(&mut self, server: ServerId) -> Outcome {
        Ok(self.run.start(server)?)
    }

    /// Puts something on the disk of a server that is down.
    pub fn preload(&mut self, server: ServerId, stable: Stable) -> Outcome {
        Ok(self.run.set_stable(server, stable)?)
    }

    /// Cuts a server off from all others: the Go lab's `disconnect`.
    pub fn isolate(&mut self, server: ServerId) -> Outcome {
        Ok(self.run.isolate(server)?)
    }

    /// Lets a server back in: the Go lab's `connect`.
    pub fn rejoin(&mut self, server: ServerId) -> Outcome {
        Ok(self.run.rejoin(server)?)
    }

    /// Cuts a directed link.
    pub fn cut(&mut self, from: ServerId, to: ServerId) -> Outcome {
        Ok(self.run.cut(from, to)?)
    }

    /// Heals a directed link.
    pub fn heal(&mut self, from: ServerId, to: ServerId) -> Outcome {
        Ok(self.run.heal(from, to)?)
    }

    /// Heals everything: all links work, and nobody is cut off.
    pub fn heal_all(&mut self) -> Outcome {
        self.set_links(|_, _| true)?;
        self.servers()
            .try_for_each(|server| self.run.rejoin(server))?;
        Ok(())
    }

    /// Splits the cluster: servers hear each other if they are in one of these groups together. A
    /// server that is in none hears nobody.
    pub fn partition(&mut self, groups: &[&[ServerId]]) -> Outcome {
        self.set_links(|from, to| {
            groups
                .iter()
                .any(|group| group.contains(&from) && group.contains(&to))
        })
    }

    fn set_links(&mut self, open: impl Fn(ServerId, ServerId) -> bool) -> Outcome {
        for from in self.servers() {
            for to in self.servers().filter(|&to| to != from) {
                if open(from, to) {
                    self.run.heal(from, to)?;
                } else {
                    self.run.cut(from, to)?;
                }
            }
        }
        Ok(())
    }

    /// Gives a directed link faults of its own.
    pub fn set_link(&mut self, from: ServerId, to: ServerId, faults: LinkFaults) -> Outcome {
        Ok(self.run.set_link(from, to, faults)?)
    }

    /// Gives all links the same faults.
    pub fn set_all_links(&mut self, faults: LinkFaults) -> Outcome {
        Ok(self.run.set_all_links(faults)?)
    }

    /// Gives a server's machine faults of its own.
    pub fn set_server(&mut self, server: ServerId, faults: ServerFaults) -> Outcome {
        Ok(self.run.set_server(server, faults)?)
    }

    // ---- Chance and time ----

    /// A number in `0..bound`, from the script's own stream.
    pub fn random(&mut self, bound: usize) -> usize {
        self.draws.below(bound as u64) as usize
    }

    /// Lets time pass.
    pub fn advance(&mut self, time: Duration) -> Outcome {
        self.advance_until(time, |_| false).map(|_| ())
    }

    /// Lets time pass until `done`, but no longer than `time`. Whether it was done.
    pub fn advance_until(
        &mut self,
        time: Duration,
        mut done: impl FnMut(&Watch) -> bool,
    ) -> Outcome<bool> {
        let until = self.now() + time;
        let reached = self
            .run
            .advance_until(until.min(self.limit), &mut |watch| done(watch))?;
        if !reached && until > self.limit {
            return self.unexpected(
                "a test ends",
                format!("the test is not over after {}", self.limit),
                "every test has a limit in virtual time, far beyond what it needs",
                None,
            );
        }
        Ok(reached)
    }

    // ---- Expecting ----

    /// What the script had not expected.
    pub fn unexpected<T>(
        &self,
        rule: &'static str,
        sentence: String,
        hint: &'static str,
        task: Option<Task>,
    ) -> Outcome<T> {
        Err(Stop::Unexpected(Finding {
            rule,
            at: self.now(),
            sentence,
            hint,
            task,
        }))
    }

    /// Waits for a leader among the connected servers, for about 5 s: up to ten times half a
    /// second, as the Go lab does. Returns the leader of the highest term.
    pub fn check_one_leader(&mut self) -> Outcome<Leader> {
        let (began, before) = (self.now(), self.watch().activity);
        for _ in 0..POLLS {
            let wait = Duration::from_millis(450 + self.draws.below(100));
            self.advance(wait)?;
            if let Some((server, term)) = self.watch().view.leader() {
                return Ok(Leader { server, term });
            }
        }
        let waited = (self.now() - began).as_secs_f32();
        let (seen, task) = diagnosis::no_leader(self.watch(), began, &before);
        self.unexpected(
            "a leader within 5 seconds",
            format!("no leader for {waited:.1} s: {seen}"),
            "a server that hears of no leader for an election timeout campaigns, with a fresh \
             random timeout each time, and with the votes of a majority it says at once that it is \
             leader (Raft paper, 5.2)",
            Some(task),
        )
    }

    /// Expects that no connected server is leader now.
    pub fn check_no_leader(&mut self) -> Outcome {
        let Some((server, term)) = self.watch().view.leader() else {
            return Ok(());
        };
        self.unexpected(
            "no leader without a majority",
            format!("{server} is leader of term {term}, and no majority can hear it"),
            "an election needs a majority of the whole cluster, not of those who answer (Raft \
             paper, 5.2)",
            Some(Task::CountVotes),
        )
    }

    /// Expects that all connected servers are in the same term, 1 or later. Returns it.
    pub fn check_terms(&mut self) -> Outcome<Term> {
        let view = &self.watch().view;
        let terms: Vec<(ServerId, Option<Term>)> = view
            .connected()
            .map(|id| (id, view.status(id).map(|s| s.term)))
            .collect();
        const RULE: &str = "connected servers agree on the term";
        const HINT: &str = "servers exchange their terms with every message, and the one behind \
                            takes over the newer one (Raft paper, 5.1)";
        for &(server, term) in &terms {
            match (terms[0], term) {
                (_, None) => {
                    let text = format!("{server} has never published its status");
                    let hint = "ctx.publish says term and role";
                    return self.unexpected("a server publishes its status", text, hint, None);
                }
                (_, Some(0)) => {
                    let text = format!("{server} is still in term 0, though there is a leader");
                    return self.unexpected(RULE, text, HINT, Some(Task::NewerTerms));
                }
                ((first, Some(common)), Some(term)) if common != term => {
                    let text = format!("{first} is in term {common}, {server} in term {term}");
                    return self.unexpected(RULE, text, HINT, Some(Task::NewerTerms));
                }
                _ => {}
            }
        }
        match terms[..] {
            [(_, Some(term)), ..] => Ok(term),
            _ => Err(Stop::Script(labrpc::FaultsError {
                knob: "check_terms",
                value: "no servers".to_string(),
                why: "nobody is connected",
            })),
        }
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
        self.unexpected(
            "a leader that nothing disturbs stays",
            format!("{server} was leader of term {term}, {why}, and {now}"),
            "a leader's heartbeats keep all others from campaigning (Raft paper, 5.2): they are \
             sent in time, each one resets the election timer, and nothing of an older term does \
             anything",
            Some(task),
        )
    }
}
