//! See [`Staged::NoElections`](super::Staged).

use labrpc::{Happening, ServerId};
use raftapi::{Request, Time, Timing};

use super::{Broken, Play, Scene, ms};
use crate::task::Task;

#[derive(Debug)]
pub(super) struct NoElections {
    timing: Timing,
    /// When each server last heard from a leader, and from whom.
    heard: Vec<Option<(Time, ServerId)>>,
}

impl NoElections {
    pub fn new(timing: Timing, servers: usize) -> Self {
        NoElections {
            timing,
            heard: vec![None; servers],
        }
    }
}

impl Play for NoElections {
    fn observe(&mut self, scene: &Scene<'_>) -> Result<(), Broken> {
        match *scene.seen {
            Happening::RequestDelivered {
                from,
                to,
                request: Request::AppendEntries(_),
                ..
            } => self.heard[to.index()] = Some((scene.at, from)),
            Happening::Sent {
                from,
                request: Request::RequestVote(args),
                ..
            } => {
                let (heard, task) = match self.heard[from.index()] {
                    Some((when, leader)) => {
                        let ago = scene.at - when;
                        let task = match ago < self.timing.election_timeout_min() {
                            true => Task::ElectionTimer,
                            false => Task::Heartbeats,
                        };
                        let text = format!("it had heard from {leader} {} before", ms(ago));
                        (text, task)
                    }
                    None => ("it had heard from no leader".to_string(), Task::Heartbeats),
                };
                let sentence = format!(
                    "{from} asked for votes in term {} at {}, and nothing was wrong; {heard}, and \
                     its timeout is at least {}",
                    args.term,
                    scene.at,
                    ms(self.timing.election_timeout_min())
                );
                return Err(Broken(sentence, Some(task)));
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Staged;
    use super::super::testing::*;

    #[test]
    fn heartbeats_and_their_answers_keep_it() {
        let events = [(1, hears_leader(S1, 1)), (101, hears_leader(S1, 1))];
        assert_eq!(play(Staged::NoElections, &events, 200), Ok(()));
    }

    #[test]
    fn asking_for_a_vote_breaks_it() {
        let events = [(1, hears_leader(S1, 1)), (101, asks(S1, S2, 2))];
        assert_eq!(
            play(Staged::NoElections, &events, 200),
            Err(
                "S1 asked for votes in term 2 at 0.101 s, and nothing was wrong; it had heard from \
                 S0 100 ms before, and its timeout is at least 300 ms"
                    .to_string()
            )
        );
    }
}
