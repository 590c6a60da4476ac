//! Whom a line means: servers, and links between them.

use labrpc::{Run, ServerId, Simulation};
use raftapi::{Raft, Role, Term};

use super::{Director, Done, Stopped, Watcher};
use crate::scenario::statement::{Link, Step, Who, Whom};

impl<O: Watcher> Director<'_, O> {
    pub(super) fn leader(&mut self, step: &Step) -> Result<(ServerId, Term), Stopped> {
        let eyes = self.run.observer().eyes();
        let Some((server, term)) = eyes.watch.view.leader() else {
            let cast = eyes.cast(self.scenario.servers);
            return Err(self.nonsense(step, format!("there is no leader: {cast}")));
        };
        self.leader = Some(server);
        Ok((server, term))
    }

    pub(super) fn who(&mut self, step: &Step, who: Who) -> Result<ServerId, Stopped> {
        match who {
            Who::Server(server) => Ok(server),
            Who::Leader => Ok(self.leader(step)?.0),
            Who::OldLeader => {
                let old = self.memory.old_leader;
                old.ok_or_else(|| self.nonsense(step, "nothing was done to a leader so far"))
            }
            Who::Follower => {
                let eyes = self.run.observer().eyes();
                let view = &eyes.watch.view;
                let follows =
                    |&id: &ServerId| view.status(id).is_some_and(|s| s.role == Role::Follower);
                let follower = view.connected().find(follows);
                follower.ok_or_else(|| {
                    let cast = eyes.cast(self.scenario.servers);
                    self.nonsense(step, format!("there is no follower: {cast}"))
                })
            }
        }
    }

    /// 'leader' and 'follower' mean nobody who is isolated, and so nobody who could rejoin.
    pub(super) fn is_who_may_rejoin(&self, step: &Step, whom: &Whom) -> Done {
        let Whom::Each(each) = whom else {
            return Ok(());
        };
        let meant = { each.iter() }.find_map(|who| match who {
            Who::Leader => Some("leader"),
            Who::Follower => Some("follower"),
            _ => None,
        });
        let Some(meant) = meant else {
            return Ok(());
        };
        let view = &self.run.observer().eyes().watch.view;
        let isolated: Vec<String> = ServerId::all(self.scenario.servers)
            .filter(|&id| view.is_up(id) && !view.is_connected(id))
            .map(|id| id.to_string())
            .collect();
        let old = self.memory.old_leader.map(|old| old.to_string());
        let who = match isolated.first() {
            None => return Err(self.nonsense(step, "no server is isolated")),
            Some(_) if old.is_some_and(|old| isolated.contains(&old)) => "old leader",
            Some(first) => first,
        };
        let isolated = isolated.join(", ");
        let what = format!(
            "'{meant}' is a server that is not isolated, and isolated is {isolated}: say 'rejoin {who}'"
        );
        Err(self.nonsense(step, what))
    }

    pub(super) fn each(&mut self, step: &Step, each: &[Who]) -> Result<Vec<ServerId>, Stopped> {
        each.iter().map(|&who| self.who(step, who)).collect()
    }

    pub(super) fn whom(&mut self, step: &Step, whom: &Whom) -> Result<Vec<ServerId>, Stopped> {
        match whom {
            Whom::All => Ok(ServerId::all(self.scenario.servers).collect()),
            Whom::Each(each) => self.each(step, each),
        }
    }

    /// The same, where 'all' means those of whom this is so, and there is one.
    pub(super) fn those(
        &mut self,
        step: &Step,
        whom: &Whom,
        is_so: impl Fn(&Simulation<Raft, O>, ServerId) -> bool,
        so: &str,
    ) -> Result<Vec<ServerId>, Stopped> {
        let mut servers = self.whom(step, whom)?;
        if *whom == Whom::All {
            servers.retain(|&server| is_so(&self.run, server));
            if servers.is_empty() {
                return Err(self.nonsense(step, format!("no server {so}")));
            }
        }
        Ok(servers)
    }

    pub(super) fn links(
        &mut self,
        step: &Step,
        links: &[Link],
    ) -> Result<Vec<(ServerId, ServerId)>, Stopped> {
        let mut all = Vec::new();
        for link in links {
            let (from, to) = (self.whom(step, &link.from)?, self.whom(step, &link.to)?);
            let before = all.len();
            for &from in &from {
                for &to in to.iter().filter(|&&to| to != from) {
                    all.push((from, to));
                    if link.both_ways {
                        all.push((to, from));
                    }
                }
            }
            if all.len() == before {
                return Err(self.nonsense(step, "a server has no link to itself"));
            }
        }
        Ok(all)
    }

    pub(super) fn open_links(
        &mut self,
        step: &Step,
        open: impl Fn(ServerId, ServerId) -> bool,
    ) -> Done {
        for from in ServerId::all(self.scenario.servers) {
            for to in ServerId::all(self.scenario.servers).filter(|&to| to != from) {
                self.can(step, |run| match open(from, to) {
                    true => run.heal(from, to),
                    false => run.cut(from, to),
                })?;
            }
        }
        Ok(())
    }
}
