//! Waiting for a leader by events, and for a cluster to come to rest.

use std::time::Duration;

use raftapi::{Role, ServerId, Stable, Term};

use crate::chance::{Conditions, LATENESS};
use crate::cluster::{Cluster, Leader};
use crate::diagnosis;
use crate::finding::{Finding, Outcome};
use crate::task::Task;
use crate::wording::ranges;

/// How often one wait for a leader may be too short for a correct server.
pub(crate) const ALPHA: f64 = 1e-10;

/// A leader is elected within 5 s (6.824, lab 2A).
const FIVE_SECONDS: Duration = Duration::from_secs(5);

/// So many heartbeats, and a little lateness, and every server has heard from the leader.
const HEARD_BY_ALL: u32 = 3;
/// So many more, and nothing must have changed.
const AT_REST: u32 = 10;

impl Cluster {
    /// How long to wait for a leader: 5 s, or longer if chance may keep a correct server with the
    /// declared timing from electing one that fast. With a lease, old leaders are heeded for a
    /// while.
    pub fn patience(&self, conditions: &Conditions) -> Duration {
        let (timing, features) = (self.timing(), self.features());
        let elections = conditions.patience(&timing, &features, ALPHA);
        let silence = match features.lease || features.check_quorum || features.pre_vote.is_some() {
            true => 2 * timing.election_timeout_max() + timing.heartbeat_interval(),
            false => Duration::ZERO,
        };
        FIVE_SECONDS.max(elections + silence)
    }

    /// Waits for a leader that a majority can hear and answer; it is found at once.
    pub fn check_leader(&mut self, conditions: &Conditions) -> Outcome<Leader> {
        self.check_leader_within(self.patience(conditions))
    }

    /// The same, but no longer than this.
    pub fn check_leader_within(&mut self, time: Duration) -> Outcome<Leader> {
        let (began, before) = (self.now(), self.watch().activity);
        self.advance_until(time, |watch| watch.view.is_led())?;
        if let Some((server, term)) = self.watch().view.leader_of_majority() {
            return Ok(Leader { server, term });
        }
        let waited = (self.now() - began).as_secs_f32();
        let (seen, task) = diagnosis::no_leader(self.watch(), began, &before);
        self.unexpected(|at| Finding {
            rule: "a leader in time",
            at,
            sentence: format!("no leader for {waited:.1} s: {seen}"),
            hint: "a server that hears of no leader for an election timeout campaigns, again and \
                   again, with a fresh random timeout and a new term each time (Raft paper, 5.2)",
            task: Some(task),
        })
    }

    /// Waits until the cluster is at rest, which a healthy network brings about: one leader, all
    /// other connected servers are its followers, and so it stays.
    pub fn check_settled(&mut self, conditions: &Conditions) -> Outcome<Leader> {
        self.check_settled_within(conditions, self.patience(conditions))
    }

    /// The same, where that may take so long.
    pub fn check_settled_within(
        &mut self,
        conditions: &Conditions,
        patience: Duration,
    ) -> Outcome<Leader> {
        let until = self.now() + patience;
        let beat = self.timing().heartbeat_interval();
        let (began, before) = (self.now(), self.watch().activity);
        while self.now() < until {
            let left = until - self.now();
            self.advance_until(left, |watch| watch.view.undisputed_leader().is_some())?;
            let Some((server, term)) = self.watch().view.undisputed_leader() else {
                break;
            };
            let heard_by_all = HEARD_BY_ALL * beat + LATENESS + 2 * conditions.latency;
            let disputed = self.advance_until(heard_by_all, |watch| {
                watch.view.undisputed_leader() != Some((server, term))
            })?;
            if !disputed {
                let leader = Leader { server, term };
                self.check_undisturbed(leader, AT_REST * beat, "all others were its followers")?;
                return Ok(leader);
            }
        }
        if !self.watch().view.is_led() {
            let waited = (self.now() - began).as_secs_f32();
            let (seen, task) = diagnosis::no_leader(self.watch(), began, &before);
            let sentence = format!("no leader {waited:.1} s after the last fault: {seen}");
            return self.fail(AT_REST_RULE, task, sentence);
        }
        let waited = (self.now() - began).as_secs_f32();
        let sentence = format!(
            "{waited:.1} s after the last fault, {}",
            self.what_they_are()
        );
        self.fail(AT_REST_RULE, Task::NewerTerms, sentence)
    }

    /// What the connected servers say that they are.
    fn what_they_are(&self) -> String {
        let view = &self.watch().view;
        let mut groups: Vec<(_, Vec<ServerId>)> = Vec::new();
        for id in view.connected() {
            let is = view.status(id).map(|status| (status.role, status.term));
            match groups.iter_mut().find(|(of, _)| *of == is) {
                Some((_, group)) => group.push(id),
                None => groups.push((is, vec![id])),
            }
        }
        let said = groups.iter().map(|(is, group)| match (is, &group[..]) {
            (Some((role, term)), [id]) => format!("{id} is {role} of term {term}"),
            (Some((role, term)), ids) => format!("{} are {role}s of term {term}", ranges(ids)),
            (None, [id]) => format!("{id} has said nothing"),
            (None, ids) => format!("{} have said nothing", ranges(ids)),
        });
        said.collect::<Vec<_>>().join("; ")
    }

    /// The highest term that any server has shown since its start, or has on its disk.
    pub fn newest_term(&self) -> Term {
        let term = |id| {
            let shown = self.status(id).map_or(0, |status| status.term);
            shown.max(self.stable(id).current_term)
        };
        self.servers().map(term).max().unwrap_or(0)
    }

    /// Starts a server again whose disk is as a right server may have left it: in this term, with its
    /// vote cast. For tests that restart servers only to have their timers begin anew: what a server
    /// forgets in a crash is charged elsewhere.
    pub fn restart_in(&mut self, term: Term, server: ServerId) -> Outcome {
        let before = self.stable(server);
        let voted = before.voted_for.filter(|_| before.current_term >= term);
        let stable = Stable {
            current_term: before.current_term.max(term),
            voted_for: voted.or(Some(server)),
            log: before.log.clone(),
        };
        self.preload(server, stable)?;
        self.restart(server)
    }

    /// Lets time pass, and expects that none of these servers becomes leader of a term after this
    /// one: they are no majority.
    pub fn check_none_elected(
        &mut self,
        servers: &[ServerId],
        after: Term,
        time: Duration,
    ) -> Outcome {
        let elected = |view: &crate::view::View| {
            servers.iter().copied().find(|&id| {
                view.status(id)
                    .is_some_and(|s| s.role == Role::Leader && s.term > after)
            })
        };
        self.advance_until(time, |watch| elected(&watch.view).is_some())?;
        let Some(server) = elected(&self.watch().view) else {
            return Ok(());
        };
        let term = self.status(server).map_or(0, |status| status.term);
        let group: Vec<String> = servers.iter().map(ServerId::to_string).collect();
        let sentence = format!(
            "{server} became leader of term {term}, and hears only {} of {} servers: {}",
            servers.len(),
            self.servers().len(),
            group.join(", ")
        );
        self.fail("no leader without a majority", Task::CountVotes, sentence)
    }
}

const AT_REST_RULE: &str = "when nothing fails any more, there is one leader";
