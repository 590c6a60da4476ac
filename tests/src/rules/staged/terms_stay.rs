//! See [`Staged::TermsStay`](super::Staged).

use labrpc::{Happening, ServerId};
use raftapi::{Reply, Request, Term};

use super::{Broken, Play, Scene};
use crate::view::View;

#[derive(Debug)]
pub(super) struct TermsStay {
    /// The newest term that each server may be in; any, once a majority could hear it.
    newest: Vec<Option<Term>>,
}

impl TermsStay {
    pub fn new(servers: usize, view: &View) -> Self {
        let newest = |server| {
            let cut_off = !view.reaches_majority(server);
            view.status(server)
                .map(|status| status.term)
                .filter(|_| cut_off)
        };
        TermsStay {
            newest: ServerId::all(servers).map(newest).collect(),
        }
    }

    fn check(
        &self,
        server: ServerId,
        term: Term,
        how: &str,
        scene: &Scene<'_>,
    ) -> Result<(), Broken> {
        match self.newest[server.index()] {
            Some(newest) if term > newest => {
                let sentence = format!(
                    "{server} {how} term {term} at {}: it was cut off in term {newest}, and no \
                     majority could promise it a vote since",
                    scene.at
                );
                Err(Broken(sentence, None))
            }
            _ => Ok(()),
        }
    }

    fn told(&mut self, server: ServerId, term: Term) {
        let newest = &mut self.newest[server.index()];
        *newest = newest.map(|newest| newest.max(term));
    }
}

impl Play for TermsStay {
    fn observe(&mut self, scene: &Scene<'_>) -> Result<(), Broken> {
        match *scene.seen {
            Happening::Healed { .. } | Happening::Rejoined { .. } | Happening::Started { .. } => {
                for server in ServerId::all(self.newest.len()) {
                    if scene.view.reaches_majority(server) {
                        self.newest[server.index()] = None;
                    }
                }
                Ok(())
            }
            Happening::Published { server, status } => {
                self.check(server, status.term, "says that it is in", scene)
            }
            Happening::Sent {
                from,
                request: Request::RequestVote(args),
                ..
            } if !args.pre_vote => self.check(from, args.term, "asked for votes in", scene),
            Happening::RequestDelivered { to, request, .. } => {
                let asks = matches!(request, Request::RequestVote(args) if args.pre_vote);
                if !asks {
                    self.told(to, request.term());
                }
                Ok(())
            }
            Happening::ReplyDelivered { to, reply, .. } => {
                let promise = matches!(reply, Reply::RequestVote(reply) if reply.vote_granted);
                if !promise {
                    self.told(to, reply.term());
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::*;
    use super::super::{Scene, View};
    use super::*;
    use raftapi::{Role, Time};

    /// S1 is cut off in term 1; then this happens.
    fn cut_off(events: &[Event]) -> Result<(), Broken> {
        let mut view = View::new(3);
        let before = [
            starts_with_log(S0, &[]),
            starts_with_log(S1, &[]),
            starts_with_log(S2, &[]),
            publishes(S1, 1, Role::Follower),
            labrpc::Happening::Isolated { server: S1 },
        ];
        for event in &before {
            view.observe(&event.as_ref());
        }
        let mut rule = TermsStay::new(3, &view);
        for event in events {
            view.observe(&event.as_ref());
            rule.observe(&Scene {
                at: Time::ZERO,
                seen: &event.as_ref(),
                view: &view,
                attempt: None,
            })?;
        }
        Ok(())
    }

    #[test]
    fn asking_for_promises_keeps_it_and_so_does_a_term_that_others_tell() {
        let events = [
            sent(S1, S0, pre_vote_request(S1, 2)),
            reaches(S1, S0, 3),
            publishes(S1, 3, Role::Follower),
            labrpc::Happening::Rejoined { server: S1 },
            asks(S1, S0, 4),
        ];
        assert_eq!(cut_off(&events), Ok(()));
    }

    #[test]
    fn a_campaign_breaks_it() {
        let Broken(sentence, _) = cut_off(&[asks(S1, S0, 2)]).unwrap_err();
        assert!(sentence.starts_with("S1 asked for votes in term 2 at 0.000 s: it was cut off"));
        assert!(cut_off(&[publishes(S1, 2, Role::Candidate)]).is_err());
    }
}
