//! The cluster as it is at the moment, put together from the events of a run.

use labrpc::{Happening, Seen};
use raftapi::{Raft, Role, ServerId, Status, Term};

/// What is known of the cluster from outside.
#[derive(Debug)]
pub struct View {
    servers: Vec<Known>,
    cut: Vec<(ServerId, ServerId)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    up: bool,
    isolated: bool,
    status: Option<Status>,
}

impl View {
    /// A cluster of this many servers, none of which has been started.
    pub fn new(servers: usize) -> View {
        View {
            servers: vec![Known::default(); servers],
            cut: Vec::new(),
        }
    }

    /// Looks at the next event. Whether it changed who can lead.
    #[inline]
    pub fn observe(&mut self, seen: &Seen<'_, Raft>) -> bool {
        match *seen {
            Happening::Published { server, status } => {
                let known = &mut self.servers[server.index()].status;
                let led = known.is_some_and(|s| s.role == Role::Leader);
                *known = Some(*status);
                return led || status.role == Role::Leader;
            }
            Happening::Started { server, .. } => {
                self.servers[server.index()] = Known {
                    up: true,
                    status: None,
                    ..self.servers[server.index()]
                }
            }
            Happening::Crashed { server } => {
                self.servers[server.index()].up = false;
                self.servers[server.index()].status = None;
            }
            Happening::Isolated { server } => self.servers[server.index()].isolated = true,
            Happening::Rejoined { server } => self.servers[server.index()].isolated = false,
            Happening::Cut { from, to } => self.cut.push((from, to)),
            Happening::Healed { from, to } => self.cut.retain(|&link| link != (from, to)),
            _ => return false,
        }
        true
    }

    /// What a server last published since its start.
    pub fn status(&self, server: ServerId) -> Option<Status> {
        self.servers[server.index()].status
    }

    /// Whether a server is running.
    pub fn is_up(&self, server: ServerId) -> bool {
        self.servers[server.index()].up
    }

    /// Whether a server is running and not cut off.
    pub fn is_connected(&self, server: ServerId) -> bool {
        let known = self.servers[server.index()];
        known.up && !known.isolated
    }

    /// All servers that are running and not cut off.
    pub fn connected(&self) -> impl Iterator<Item = ServerId> + Clone + '_ {
        ServerId::all(self.servers.len()).filter(|&id| self.is_connected(id))
    }

    /// The connected server that says that it is leader; of several, that of the highest term.
    pub fn leader(&self) -> Option<(ServerId, Term)> {
        let leads = |id| {
            let status = self.status(id)?;
            (status.role == Role::Leader).then_some((id, status.term))
        };
        self.connected()
            .filter_map(leads)
            .max_by_key(|&(_, term)| term)
    }

    /// Whether some server leads that a majority can hear and answer.
    pub fn is_led(&self) -> bool {
        self.leader_of_majority().is_some()
    }

    /// The leader that a majority can hear and answer; of several, that of the highest term.
    pub fn leader_of_majority(&self) -> Option<(ServerId, Term)> {
        let leads = |id| {
            let status = self.status(id)?;
            let leads = status.role == Role::Leader && self.reaches_majority(id);
            leads.then_some((id, status.term))
        };
        self.connected()
            .filter_map(leads)
            .max_by_key(|&(_, term)| term)
    }

    /// The leader, if a majority can hear and answer it and all other connected servers are
    /// followers in its term.
    pub fn undisputed_leader(&self) -> Option<(ServerId, Term)> {
        let (leader, term) = self.leader_of_majority()?;
        let mut others = self.connected().filter(|&id| id != leader);
        let follows = |id| {
            self.status(id)
                .is_some_and(|s| (s.role, s.term) == (Role::Follower, term))
        };
        others.all(follows).then_some((leader, term))
    }

    /// Whether some server could be elected: a majority can hear and answer it.
    pub fn is_electable(&self) -> bool {
        self.connected().any(|id| self.reaches_majority(id))
    }

    /// Whether a majority, itself included, can hear and answer this server.
    pub fn reaches_majority(&self, server: ServerId) -> bool {
        if !self.is_connected(server) {
            return false;
        }
        let open = |from, to| !self.cut.contains(&(from, to));
        let reached = self
            .connected()
            .filter(|&id| id == server || (open(server, id) && open(id, server)));
        reached.count() > self.servers.len() / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::*;

    #[test]
    fn a_leader_is_undisputed_when_all_who_are_connected_follow_it() {
        let mut view = View::new(3);
        let mut see = |event: Event| {
            view.observe(&event.as_ref());
            (view.leader_of_majority(), view.undisputed_leader())
        };
        let start = |server| Happening::Started {
            server,
            start: 0,
            stable: raftapi::Stable::default(),
        };
        let led = Some((S0, 2));
        see(start(S0));
        see(start(S1));
        see(publishes(S1, 2, Role::Follower));
        assert_eq!(see(publishes(S0, 2, Role::Leader)), (led, led));
        assert_eq!(see(start(S2)), (led, None), "S2 has said nothing");
        assert_eq!(see(publishes(S2, 3, Role::Candidate)), (led, None));
        assert_eq!(see(Happening::Isolated { server: S2 }), (led, led));
        let cut = Happening::Cut { from: S1, to: S0 };
        assert_eq!(see(cut), (None, None), "S0 does not hear S1");
    }
}
