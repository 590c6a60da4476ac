//! See [`Staged::TimelyCampaigns`](super::Staged).

use labrpc::{Happening, ServerId};
use raftapi::{Features, Redraw, Reply, Request, Role, Status, Term, Time, Timing};

use super::{Broken, EARLY, LATE, Play, Scene, ms, tick};
use crate::task::Task;
use crate::view::View;

#[derive(Debug)]
pub(super) struct TimelyCampaigns {
    timing: Timing,
    features: Features,
    servers: Vec<Timer>,
}

/// What is known of a server's election timer.
#[derive(Clone, Debug, Default)]
struct Timer {
    /// The last thing that must have reset it.
    must: Option<(Time, Reset)>,
    /// The last thing that may have reset it; none while it leads or is down.
    may: Option<Time>,
    /// It was told to campaign at once.
    told: bool,
    status: Option<Status>,
    /// The highest term that it may be in.
    told_of: Term,
    /// The last term in which it granted its vote.
    granted: Term,
    /// When the RequestVotes came that it has not answered yet.
    open: Vec<(u64, Time)>,
}

/// What resets an election timer (Figure 2).
#[derive(Clone, Copy, Debug)]
enum Reset {
    Heard(ServerId),
    Granted(ServerId),
    Campaigned,
}

impl Timer {
    fn term(&self) -> Term {
        self.status.map_or(0, |status| status.term)
    }

    fn leads(&self) -> bool {
        self.status
            .is_some_and(|status| status.role == Role::Leader)
    }
}

impl TimelyCampaigns {
    pub fn new(timing: Timing, features: Features, servers: usize, view: &View, at: Time) -> Self {
        let timer = |server| {
            let status = view.status(server);
            let waits = status.filter(|status| status.role != Role::Leader);
            Timer {
                may: waits.map(|_| at),
                told_of: status.map_or(0, |status| status.term),
                status,
                ..Timer::default()
            }
        };
        TimelyCampaigns {
            timing,
            features,
            servers: ServerId::all(servers).map(timer).collect(),
        }
    }

    /// Something may reset a server's timer, or it campaigns: is it too late for that?
    fn may_reset(&mut self, server: ServerId, now: Time, campaigns: bool) -> Result<(), Broken> {
        let max = self.timing.election_timeout_max();
        let patience = max + LATE + tick(&self.timing);
        let may = &mut self.servers[server.index()].may;
        match may.replace(now) {
            Some(since) if now > since + patience => {
                let what = match campaigns {
                    true => format!("campaigned at {now}, {} after", ms(now - since)),
                    false => format!("did not campaign until {now}, {} after", ms(now - since)),
                };
                let sentence = format!(
                    "{server} {what} the last thing that resets its timer, at {since}; it declares \
                     election timeouts of at most {}",
                    ms(max)
                );
                Err(Broken(sentence, Some(Task::ElectionTimer)))
            }
            _ => Ok(()),
        }
    }

    fn campaign(&mut self, server: ServerId, now: Time) -> Result<(), Broken> {
        self.may_reset(server, now, true)?;
        let min = self.timing.election_timeout_min();
        let timer = &mut self.servers[server.index()];
        let told = std::mem::take(&mut timer.told);
        match timer.must.replace((now, Reset::Campaigned)) {
            Some((since, reset)) if !told && now + EARLY + tick(&self.timing) < since + min => {
                let (after, task) = match reset {
                    Reset::Heard(leader) => {
                        (format!("it heard from {leader}"), Task::ElectionTimer)
                    }
                    Reset::Granted(candidate) => (
                        format!("it granted {candidate} its vote"),
                        Task::AnswerRequestVote,
                    ),
                    Reset::Campaigned => ("it last campaigned".to_string(), Task::Campaign),
                };
                let sentence = format!(
                    "{server} campaigned at {now}, {} after {after}; it declares election timeouts \
                     of at least {}",
                    ms(now - since),
                    ms(min)
                );
                Err(Broken(sentence, Some(task)))
            }
            _ => Ok(()),
        }
    }

    fn published(&mut self, server: ServerId, status: Status, now: Time) -> Result<(), Broken> {
        let timer = &mut self.servers[server.index()];
        let before = timer.status.replace(status);
        timer.told_of = timer.told_of.max(status.term);
        if status.role == Role::Leader {
            (timer.may, timer.must) = (None, None);
            return Ok(());
        }
        let was = |role| before.is_some_and(|before| before.role == role);
        let changed = before.map(|b| (b.term, b.role)) != Some((status.term, status.role));
        let by_custom = self.features.redraw == Redraw::OnStateChange && changed;
        let of_pre_vote = was(Role::PreCandidate) && (changed && status.role != Role::PreCandidate);
        match was(Role::Leader) || by_custom || of_pre_vote {
            true => self.may_reset(server, now, false),
            false => Ok(()),
        }
    }

    /// Only the leader of the current term, or of a newer one, is waited for.
    fn heard(
        &mut self,
        server: ServerId,
        leader: ServerId,
        term: Term,
        now: Time,
    ) -> Result<(), Broken> {
        let timer = &mut self.servers[server.index()];
        let known = timer.told_of;
        timer.told_of = known.max(term);
        if term < timer.term() || (term == timer.term() && timer.leads()) {
            return Ok(());
        }
        if term >= known {
            timer.must = Some((now, Reset::Heard(leader)));
        }
        self.may_reset(server, now, false)
    }

    fn granted(
        &mut self,
        server: ServerId,
        candidate: ServerId,
        term: Term,
        came: Time,
        now: Time,
    ) -> Result<(), Broken> {
        let timer = &mut self.servers[server.index()];
        if timer.granted < term {
            timer.granted = term;
            timer.must = Some((came, Reset::Granted(candidate)));
        }
        self.may_reset(server, now, false)
    }
}

impl Play for TimelyCampaigns {
    fn observe(&mut self, scene: &Scene<'_>) -> Result<(), Broken> {
        let now = scene.at;
        if let Some(server) = scene.attempt {
            return self.campaign(server, now);
        }
        match *scene.seen {
            Happening::Started { server, .. } => {
                self.servers[server.index()] = Timer {
                    may: Some(now),
                    ..Timer::default()
                };
                Ok(())
            }
            Happening::Crashed { server } => {
                self.servers[server.index()] = Timer::default();
                Ok(())
            }
            Happening::Published { server, status } => self.published(server, *status, now),
            Happening::RequestDelivered {
                message,
                from,
                to,
                request,
            } => {
                let timer = &mut self.servers[to.index()];
                match request {
                    Request::AppendEntries(args) => return self.heard(to, from, args.term, now),
                    Request::RequestVote(args) if !args.pre_vote => {
                        timer.told_of = timer.told_of.max(args.term);
                        timer.open.push((message, now));
                    }
                    Request::TimeoutNow(_) => timer.told |= self.features.transfer,
                    _ => {}
                }
                Ok(())
            }
            Happening::Replied {
                answers,
                from,
                to,
                request: Request::RequestVote(args),
                reply: Reply::RequestVote(reply),
                ..
            } if !args.pre_vote => {
                let open = &mut self.servers[from.index()].open;
                let index = open.iter().rposition(|&(message, _)| message == answers);
                let came = index.map_or(now, |index| open.swap_remove(index).1);
                match reply.vote_granted {
                    true => self.granted(from, to, args.term, came, now),
                    false => Ok(()),
                }
            }
            // The promises of a pre-vote are there, and the timer may start again.
            Happening::Sent {
                from,
                request: Request::RequestVote(args),
                ..
            } if !args.pre_vote && self.features.pre_vote.is_some() => {
                self.may_reset(from, now, true)
            }
            Happening::ReplyDelivered { to, reply, .. } => {
                let timer = &mut self.servers[to.index()];
                timer.told_of = timer.told_of.max(reply.term());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn finish(&mut self, now: Time) -> Result<(), Broken> {
        ServerId::all(self.servers.len()).try_for_each(|server| {
            match self.servers[server.index()].may {
                Some(_) => self.may_reset(server, now, false),
                None => Ok(()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Staged;
    use super::super::testing::*;
    use super::*;

    const RULE: Staged = Staged::TimelyCampaigns;

    #[test]
    fn a_campaign_between_minimum_and_maximum_keeps_it() {
        for at in [300, 500, 600, 650] {
            let events = [
                (200, hears_leader(S1, 1)),
                (200, hears_leader(S2, 1)),
                (200 + at, asks(S1, S2, 2)),
                (200 + at, asks(S2, S1, 2)),
                (500 + at, asks(S1, S2, 3)),
            ];
            assert_eq!(play(RULE, &events, 500 + at), Ok(()));
        }
    }

    #[test]
    fn an_early_campaign_breaks_it() {
        let after = |reset: Event| play(RULE, &[(200, reset), (498, asks(S1, S2, 9))], 500);
        let found = |after: &str| {
            Err(format!(
                "S1 campaigned at 0.498 s, 298 ms after {after}; it declares election timeouts of at \
                 least 300 ms"
            ))
        };
        assert_eq!(after(hears_leader(S1, 1)), found("it heard from S0"));
        assert_eq!(
            after(answers(S1, S2, 2, true)),
            found("it granted S2 its vote")
        );
        assert_eq!(after(asks(S1, S2, 8)), found("it last campaigned"));
    }

    #[test]
    fn a_stale_leader_or_a_refused_vote_keeps_nobody_waiting() {
        for nothing in [hears_leader(S1, 0), answers(S1, S2, 2, false)] {
            let early = [(200, nothing.clone()), (498, asks(S1, S2, 9))];
            assert_eq!(play(RULE, &early, 500), Ok(()));
            let late = [(200, nothing), (651, asks(S1, S2, 9))];
            assert_eq!(
                play(RULE, &late, 700),
                Err(
                    "S1 campaigned at 0.651 s, 651 ms after the last thing that resets its timer, at \
                     0.000 s; it declares election timeouts of at most 600 ms"
                        .to_string()
                )
            );
        }
    }

    #[test]
    fn who_never_campaigns_is_found_at_the_end() {
        let sentence = "S1 did not campaign until 0.651 s, 651 ms after the last thing that resets its \
                        timer, at 0.000 s; it declares election timeouts of at most 600 ms";
        assert_eq!(play(RULE, &[], 651), Err(sentence.to_string()));
        let crashed = [(100, crashes(S1)), (100, crashes(S2))];
        assert_eq!(play(RULE, &crashed, 2000), Ok(()));
    }

    #[test]
    fn a_change_of_state_restarts_the_timer_of_whoever_declares_it() {
        let features = Features {
            redraw: Redraw::OnStateChange,
            ..Features::PLAIN
        };
        let events = [
            (300, publishes(S1, 2, Role::Follower)),
            (300, publishes(S2, 2, Role::Follower)),
        ];
        let plain = raftapi::Server::new(Timing::LAB, |_| ());
        assert!(play_for(&plain, RULE, &events, 700).is_err());
        let etcd = plain.with_features(features);
        assert_eq!(play_for(&etcd, RULE, &events, 700), Ok(()));
    }
}
