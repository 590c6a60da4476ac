//! A cluster to direct: start it, break it, let time pass, look at it.
//!
//! A script is written against this and knows nothing of where the servers run. Every event of
//! the run is checked while time passes; the checks here are what a script expects besides.

use std::time::Duration;

use labrpc::{ActionKind, Counts, Draws, LinkFaults, Run, ServerFaults, ServerId};
use raftapi::{Features, Raft, Request, Server, Stable, Status, Term, Time, Timing};

use crate::finding::{Finding, Outcome, Stop};
use crate::hand::{Hands, S0};
use crate::part::Part;
use crate::rules::staged::Staged;
use crate::task::Task;
use crate::test::{Cast, Test};
use crate::watch::Watch;

/// A running cluster.
pub struct Cluster {
    run: Box<dyn Run<Raft, Watch>>,
    draws: Draws,
    limit: Time,
    time: TimeKind,
    hint: &'static str,
    part: Part,
    timing: Timing,
    features: Features,
    remarks: Vec<String>,
    pub(crate) hands: Hands,
}

/// Whose time a cluster lives in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeKind {
    /// Virtual time: whatever happens is the servers' doing.
    #[default]
    Virtual,
    /// The wall clock's: a loaded machine may hold up a heartbeat for longer than an election
    /// timeout. What that may disturb is remarked, and no failure.
    Real,
}

/// A leader that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leader {
    /// Which server.
    pub server: ServerId,
    /// Of which term.
    pub term: Term,
}

impl Cluster {
    /// Directs a run of this test on this server, all of whose servers are still down. `draws` is
    /// the script's own chance.
    pub fn new(
        run: Box<dyn Run<Raft, Watch>>,
        test: &Test,
        server: &Server,
        draws: Draws,
    ) -> Cluster {
        Cluster {
            run,
            draws,
            limit: Time::ZERO + test.limit,
            time: test.time,
            hint: test.hint,
            part: test.part,
            timing: server.timing,
            features: server.features,
            remarks: Vec::new(),
            hands: Hands::default(),
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

    /// The timing that the servers declare.
    pub fn timing(&self) -> Timing {
        self.timing
    }

    /// What the servers declare beyond plain Raft.
    pub fn features(&self) -> Features {
        self.features
    }

    /// What was out of the ordinary, and no failure.
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    pub(crate) fn run_mut(&mut self) -> &mut dyn Run<Raft, Watch> {
        &mut *self.run
    }

    // ---- Breaking and mending ----

    /// Prepares the servers for the script.
    pub(crate) fn take_places(&mut self, cast: Cast) -> Outcome {
        let others: Vec<ServerId> = self.servers().skip(1).collect();
        match cast {
            Cast::All => self.start_all(),
            Cast::None => Ok(()),
            Cast::Alone | Cast::AloneLater => {
                for server in others {
                    self.play_by_hand(server)?;
                }
                match cast {
                    Cast::Alone => self.restart(S0),
                    _ => Ok(()),
                }
            }
        }
    }

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
        if server == S0 {
            self.forget_campaigns();
        }
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

    /// Sends a request in the name of a server that runs, which will not hear the answer.
    pub fn send_as(
        &mut self,
        from: ServerId,
        to: ServerId,
        request: impl Into<Request>,
    ) -> Outcome<u64> {
        Ok(self.run.send_as(from, to, request.into())?)
    }

    // ---- Rules of a stage ----

    /// Holds the servers to this rule from now on, until it is released or the script ends.
    pub fn hold_to(&mut self, rule: Staged) {
        let now = self.now();
        self.run.observer_mut().hold_to(rule, now);
    }

    /// Holds them to it no longer. What is overdue by then is found.
    pub fn release(&mut self, rule: Staged) -> Outcome {
        let now = self.now();
        let verdict = self.run.observer_mut().release(rule, now);
        verdict.or_else(|broken| self.unexpected(|at| Finding::of_violation(&broken, at)))
    }

    /// The end of a script.
    pub(crate) fn release_all(&mut self) -> Outcome {
        let now = self.now();
        let verdict = self.run.observer_mut().release_all(now);
        verdict.or_else(|broken| self.unexpected(|at| Finding::of_violation(&broken, at)))
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
            let sentence = format!("the test is not over after {}", self.limit);
            return self.unexpected(|at| Finding {
                rule: "a test ends",
                at,
                sentence,
                hint: "every test has a limit in virtual time, far beyond what it needs",
                task: None,
            });
        }
        Ok(reached)
    }

    /// Stops the script: this is not what it expected.
    ///
    /// An extra is none of the lab's tasks, and whatever fails there is due to what is declared: the
    /// test's own hint says where that stands.
    pub fn unexpected<T>(&self, finding: impl FnOnce(Time) -> Finding) -> Outcome<T> {
        let finding = finding(self.now());
        Err(Stop::Unexpected(match self.part {
            Part::Extra => Finding {
                hint: self.hint,
                task: None,
                ..finding
            },
            _ => finding,
        }))
    }

    /// Stops the script: this is not what it expected, with the test's own hint.
    pub fn fail<T>(
        &self,
        rule: &'static str,
        task: impl Into<Option<Task>>,
        sentence: String,
    ) -> Outcome<T> {
        let (hint, task) = (self.hint, task.into());
        self.unexpected(|at| Finding {
            rule,
            at,
            sentence,
            hint,
            task,
        })
    }

    /// Adds something out of the ordinary that is no failure.
    pub fn remark(&mut self, remark: String) {
        self.remarks.push(remark);
    }

    /// The same as [`unexpected`](Cluster::unexpected), but in real time only a remark: a loaded machine may have done it.
    pub fn disturbed(&mut self, finding: impl FnOnce(Time) -> Finding) -> Outcome {
        match self.time {
            TimeKind::Virtual => self.unexpected(finding),
            TimeKind::Real => {
                let at = self.now();
                let sentence = finding(at).sentence;
                self.remarks.push(format!("at {at}, {sentence}"));
                Ok(())
            }
        }
    }
}
