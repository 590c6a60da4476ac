//! See [`Staged::LeadersResign`](super::Staged). That nobody is elected in a minority needs no
//! rule of its own: a leader has the votes of a majority.

use std::time::Duration;

use labrpc::{Happening, ServerId};
use raftapi::{Role, Term, Time, Timing};

use super::{Broken, LATE, Play, Scene, ms, tick};
use crate::view::View;

#[derive(Debug)]
pub(super) struct Resignation {
    /// It looks once in an election timeout who has answered since it last looked: two timeouts, a
    /// round of heartbeats, and what a server may always be late.
    patience: Duration,
    leaders: Vec<Option<Lead>>,
}

/// A server that says that it leads.
#[derive(Clone, Debug)]
struct Lead {
    term: Term,
    /// When it last heard from each server; from itself, now.
    heard: Vec<Time>,
}

impl Resignation {
    pub fn new(timing: Timing, servers: usize, view: &View, at: Time) -> Self {
        let leads = |server| {
            let status = view.status(server)?;
            (status.role == Role::Leader).then(|| Lead {
                term: status.term,
                heard: vec![at; servers],
            })
        };
        Resignation {
            patience: timing.election_timeout_min() * 2
                + timing.heartbeat_interval()
                + LATE
                + tick(&timing),
            leaders: ServerId::all(servers).map(leads).collect(),
        }
    }

    /// Since when this leader has heard from less than a majority.
    fn unheard_since(&self, server: ServerId) -> Option<(Time, Term)> {
        let lead = self.leaders[server.index()].as_ref()?;
        let mut heard = lead.heard.clone();
        heard[server.index()] = Time::NEVER;
        heard.sort_unstable();
        // The majority's last: of five servers, the third from the end.
        let since = heard[heard.len() - (heard.len() / 2 + 1)];
        Some((since, lead.term))
    }

    fn check(&self, now: Time) -> Result<(), Broken> {
        for server in ServerId::all(self.leaders.len()) {
            let Some((since, term)) = self.unheard_since(server) else {
                continue;
            };
            if since != Time::NEVER && now > since + self.patience {
                let sentence = format!(
                    "{server} says at {now} that it leads term {term}, and has heard from no \
                     majority since {since}; it is to resign within {}",
                    ms(self.patience)
                );
                return Err(Broken(sentence, None));
            }
        }
        Ok(())
    }
}

impl Play for Resignation {
    fn observe(&mut self, scene: &Scene<'_>) -> Result<(), Broken> {
        self.check(scene.at)?;
        match *scene.seen {
            Happening::Published { server, status } => {
                let servers = self.leaders.len();
                let lead = &mut self.leaders[server.index()];
                if status.role != Role::Leader {
                    *lead = None;
                } else if lead.as_ref().is_none_or(|lead| lead.term != status.term) {
                    *lead = Some(Lead {
                        term: status.term,
                        heard: vec![scene.at; servers],
                    });
                }
            }
            Happening::Crashed { server } => self.leaders[server.index()] = None,
            Happening::RequestDelivered { from, to, .. }
            | Happening::ReplyDelivered { from, to, .. } => {
                if let Some(lead) = &mut self.leaders[to.index()] {
                    lead.heard[from.index()] = scene.at;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, now: Time) -> Result<(), Broken> {
        self.check(now)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Staged;
    use super::super::testing::*;
    use raftapi::Role;

    #[test]
    fn a_leader_that_resigns_in_time_or_hears_a_majority_keeps_it() {
        let resigns = [(700, publishes(S0, 1, Role::Follower))];
        assert_eq!(play(Staged::LeadersResign, &resigns, 2000), Ok(()));
        let hears: Vec<_> = (1..20)
            .map(|round| (round * 100, hears(S0, S1, 1, true)))
            .collect();
        assert_eq!(play(Staged::LeadersResign, &hears, 2000), Ok(()));
    }

    #[test]
    fn a_leader_that_stays_breaks_it() {
        let sentence = "S0 says at 0.751 s that it leads term 1, and has heard from no majority since \
                        0.000 s; it is to resign within 750 ms";
        let stays = play(Staged::LeadersResign, &[], 751);
        assert_eq!(stays, Err(sentence.to_string()));
        assert_eq!(play(Staged::LeadersResign, &[], 750), Ok(()));
    }
}
