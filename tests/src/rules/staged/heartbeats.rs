//! See [`Staged::Heartbeats`](super::Staged) and
//! [`Staged::TenHeartbeatsASecond`](super::Staged).

use std::collections::VecDeque;
use std::time::Duration;

use labrpc::{Happening, ServerId};
use raftapi::{Request, Role, Term, Time, Timing};

use super::{Broken, EARLY, LATE, Play, Scene, ms, tick};
use crate::task::Task;
use crate::view::View;

/// So many AppendEntries on a link are too many for a time in which ten are due.
const FLOOD: usize = 12;

/// Within which a new leader is to be heard from; sooner, if its interval is short.
const AT_ONCE: Duration = LATE;
const SHORT_INTERVAL: Duration = Duration::from_millis(60);
const AT_ONCE_IF_SHORT: Duration = Duration::from_millis(25);

#[derive(Debug)]
pub(super) struct Heartbeats {
    interval: Duration,
    /// How long a leader may leave another server without a heartbeat.
    patience: Duration,
    first: Duration,
    first_only: bool,
    leaders: Vec<Option<Lead>>,
    /// Nothing is overdue before this.
    looks: Time,
    flood: Flood,
}

/// A server that sends AppendEntries, or says that it leads.
#[derive(Clone, Debug)]
struct Lead {
    term: Term,
    /// Since when it says so.
    says_so: Option<Time>,
    /// When it last sent one to each server.
    last: Vec<Option<Time>>,
    /// Whether it was elected before the rule was turned on.
    old: bool,
}

impl Lead {
    fn new(term: Term, servers: usize) -> Lead {
        Lead {
            term,
            says_so: None,
            last: vec![None; servers],
            old: false,
        }
    }
}

impl Heartbeats {
    pub fn new(timing: Timing, servers: usize, view: &View, at: Time) -> Self {
        let interval = timing.heartbeat_interval();
        let leads = |server| {
            let status = view.status(server)?;
            (status.role == Role::Leader).then(|| Lead {
                says_so: Some(at),
                old: true,
                ..Lead::new(status.term, servers)
            })
        };
        Heartbeats {
            interval,
            patience: interval + LATE + tick(&timing),
            first: match interval < SHORT_INTERVAL {
                true => AT_ONCE_IF_SHORT,
                false => AT_ONCE,
            },
            first_only: false,
            leaders: ServerId::all(servers).map(leads).collect(),
            looks: at,
            flood: Flood::declared(&timing, servers),
        }
    }

    /// The first ones only.
    pub fn first(timing: Timing, servers: usize, view: &View, at: Time) -> Self {
        Heartbeats {
            first_only: true,
            ..Heartbeats::new(timing, servers, view, at)
        }
    }

    /// By when each server must have been sent the next one, and since when it waits.
    fn due<'a>(&self, leader: ServerId, lead: &'a Lead) -> impl Iterator<Item = Due> + use<'a> {
        let (patience, first) = (self.patience, self.first);
        let (says_so, first_only) = (lead.says_so, self.first_only);
        let peers = ServerId::all(lead.last.len()).filter(move |&peer| peer != leader);
        peers.filter_map(move |peer| {
            let (since, due, is_first) = match (lead.last[peer.index()], says_so?) {
                (Some(_), _) if first_only => return None,
                (None, _) if first_only && lead.old => return None,
                (Some(last), _) => (last, last + patience, false),
                (None, elected) if lead.old => (elected, elected + patience, false),
                (None, elected) => (elected, elected + first, true),
            };
            Some(Due {
                leader,
                peer,
                since,
                due,
                is_first,
            })
        })
    }

    fn check(&mut self, now: Time) -> Result<(), Broken> {
        if now <= self.looks {
            return Ok(());
        }
        let leads = self.leaders.iter().enumerate();
        let leads = leads.filter_map(|(index, lead)| Some((ServerId::new(index), lead.as_ref()?)));
        let next = leads
            .flat_map(|(leader, lead)| self.due(leader, lead))
            .min_by_key(|due| due.due);
        match next {
            Some(next) if now > next.due => Err(self.overdue(&next, now)),
            Some(next) => {
                self.looks = next.due;
                Ok(())
            }
            None => {
                self.looks = Time::NEVER;
                Ok(())
            }
        }
    }

    fn overdue(&self, next: &Due, now: Time) -> Broken {
        let Due {
            leader,
            peer,
            since,
            is_first,
            ..
        } = next;
        let interval = ms(self.interval);
        let waited = ms(now - *since);
        let sentence = match is_first {
            true => format!(
                "{leader} says since {since} that it leads, and {waited} later it has sent {peer} no \
                 AppendEntries: the first is due at once"
            ),
            false => format!(
                "{leader} sent {peer} no AppendEntries for {waited}, from {since} to {now}; it \
                 declares a heartbeat interval of {interval}"
            ),
        };
        Broken(sentence, Some(Task::Heartbeats))
    }
}

/// When a heartbeat is due.
struct Due {
    leader: ServerId,
    peer: ServerId,
    since: Time,
    due: Time,
    is_first: bool,
}

impl Play for Heartbeats {
    fn observe(&mut self, scene: &Scene<'_>) -> Result<(), Broken> {
        self.check(scene.at)?;
        if !self.first_only {
            self.flood.observe(scene)?;
        }
        let servers = self.leaders.len();
        match *scene.seen {
            Happening::Published { server, status } => {
                let lead = &mut self.leaders[server.index()];
                if status.role != Role::Leader {
                    *lead = None;
                    return Ok(());
                }
                if lead.as_ref().is_none_or(|lead| lead.term != status.term) {
                    *lead = Some(Lead::new(status.term, servers));
                }
                if let Some(lead) = lead {
                    lead.says_so.get_or_insert(scene.at);
                }
                self.looks = scene.at;
            }
            Happening::Crashed { server } => self.leaders[server.index()] = None,
            Happening::Sent {
                from,
                to,
                request: Request::AppendEntries(args),
                ..
            } => {
                let lead = &mut self.leaders[from.index()];
                if lead.as_ref().is_none_or(|lead| lead.term < args.term) {
                    *lead = Some(Lead::new(args.term, servers));
                }
                if let Some(lead) = lead {
                    lead.last[to.index()] = Some(scene.at);
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

/// Not too many AppendEntries.
#[derive(Debug)]
pub(super) struct Flood {
    /// The least time that [`FLOOD`] of them may take.
    least: Duration,
    /// The last of each link, and their term.
    sent: Vec<(Term, VecDeque<Time>)>,
    servers: usize,
}

impl Flood {
    /// At most ten a second: the twelfth is never there within a second.
    pub fn of_the_lab(servers: usize) -> Flood {
        Flood {
            least: Duration::from_secs(1) - EARLY,
            sent: vec![(0, VecDeque::new()); servers * servers],
            servers,
        }
    }

    /// As many as the server declares, if that is more.
    fn declared(timing: &Timing, servers: usize) -> Flood {
        let intervals = timing.heartbeat_interval() * (FLOOD as u32 - 1);
        let flood = Flood::of_the_lab(servers);
        Flood {
            least: flood
                .least
                .min(intervals.saturating_sub(LATE + EARLY + tick(timing))),
            ..flood
        }
    }
}

impl Play for Flood {
    fn observe(&mut self, scene: &Scene<'_>) -> Result<(), Broken> {
        let Happening::Sent {
            from,
            to,
            request: Request::AppendEntries(args),
            ..
        } = *scene.seen
        else {
            return Ok(());
        };
        let (term, sent) = &mut self.sent[from.index() * self.servers + to.index()];
        if *term != args.term {
            *term = args.term;
            sent.clear();
        }
        sent.push_back(scene.at);
        if sent.len() < FLOOD {
            return Ok(());
        }
        let first = sent.pop_front().unwrap_or(scene.at);
        let took = scene.at - first;
        if took >= self.least {
            return Ok(());
        }
        let sentence = format!(
            "{from} sent {to} {FLOOD} AppendEntries within {}, from {first} to {}; so many take {} \
             at least",
            ms(took),
            scene.at,
            ms(self.least)
        );
        Err(Broken(sentence, Some(Task::Heartbeats)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Staged;
    use super::super::testing::*;
    use super::*;

    /// S0 sends both others a heartbeat at these times.
    fn beats_at(times: impl IntoIterator<Item = u64>) -> Vec<Timed> {
        let both = |at| [(at, beats(S0, S1, 1)), (at, beats(S0, S2, 1))];
        times.into_iter().flat_map(both).collect()
    }

    #[test]
    fn a_heartbeat_per_interval_keeps_it_also_a_little_late() {
        for interval in [91, 100, 110, 150] {
            let events = beats_at((0..20).map(|round| round * interval));
            let until = 19 * interval + 150;
            assert_eq!(play(Staged::Heartbeats, &events, until), Ok(()));
            assert_eq!(play(Staged::TenHeartbeatsASecond, &events, until), Ok(()));
        }
    }

    #[test]
    fn too_few_break_it_as_soon_as_anything_happens_or_at_the_end() {
        let sentence = "S0 sent S1 no AppendEntries for 151 ms, from 0.100 s to 0.251 s; it declares \
                        a heartbeat interval of 100 ms";
        let slow = beats_at([0, 100, 251]);
        let none = beats_at([0, 100]);
        for events in [slow, none] {
            let found = play(Staged::Heartbeats, &events, 251);
            assert_eq!(found, Err(sentence.to_string()));
        }
    }

    #[test]
    fn too_many_break_it() {
        let events = beats_at((0..20).map(|round| round * 90));
        let sentence = "S0 sent S1 12 AppendEntries within 990 ms, from 0.000 s to 0.990 s; so many \
                        take 999 ms at least";
        for rule in [Staged::Heartbeats, Staged::TenHeartbeatsASecond] {
            assert_eq!(play(rule, &events, 1), Err(sentence.to_string()));
        }
    }

    #[test]
    fn the_first_one_comes_at_once() {
        let elected = |first: u64| {
            let mut events = beats_at([0, 100]);
            events.push((120, publishes(S0, 1, Role::Follower)));
            events.push((400, publishes(S2, 2, Role::Leader)));
            events.push((400, beats(S2, S0, 2)));
            events.push((400 + first, beats(S2, S1, 2)));
            play(Staged::Heartbeats, &events, 400 + first)
        };
        assert_eq!(elected(50), Ok(()));
        let sentence = "S2 says since 0.400 s that it leads, and 100 ms later it has sent S1 no \
                        AppendEntries: the first is due at once";
        assert_eq!(elected(100), Err(sentence.to_string()));
    }
}
