//! Traces that tests tell event by event.

use super::*;
use std::collections::BTreeMap;

pub const MS: u64 = 1_000_000;

/// A trace, put together event by event: messages get numbers of their own, so that what is
/// delivered is what was last sent between two servers.
#[derive(Default)]
pub struct Story {
    pub trace: Vec<Record<Raft>>,
    messages: u64,
    requests: BTreeMap<(ServerId, ServerId), u64>,
    replies: BTreeMap<(ServerId, ServerId), u64>,
}

impl Story {
    /// What happens at `at` ms, in this step.
    pub fn then(mut self, at: u64, step: u64, events: impl IntoIterator<Item = Event>) -> Story {
        for mut what in events {
            match &mut what {
                Happening::Sent {
                    message, from, to, ..
                } => {
                    *message = self.messages;
                    self.messages += 1;
                    self.requests.insert((*from, *to), *message);
                }
                Happening::Replied {
                    message,
                    answers,
                    from,
                    to,
                    ..
                } => {
                    *message = self.messages;
                    self.messages += 1;
                    *answers = self.requests.get(&(*to, *from)).copied().unwrap_or(999);
                    self.replies.insert((*from, *to), *message);
                }
                Happening::RequestDelivered {
                    message, from, to, ..
                } => {
                    // What was sent before the trace begins has a number as well.
                    let messages = &mut self.messages;
                    let number = self.requests.entry((*from, *to)).or_insert_with(|| {
                        *messages += 1;
                        *messages - 1
                    });
                    *message = *number;
                }
                Happening::ReplyDelivered {
                    message, from, to, ..
                } => *message = self.replies.get(&(*from, *to)).copied().unwrap_or(997),
                Happening::Dropped {
                    message, from, to, ..
                } => *message = self.requests.get(&(*from, *to)).copied().unwrap_or(996),
                _ => {}
            }
            let at = Time::from_millis(at);
            self.trace.push(Record { at, step, what });
        }
        self
    }

    pub fn read(&self) -> Timeline {
        read(&header(), &self.trace)
    }

    pub fn timers(&self, server: ServerId) -> Vec<Timer> {
        self.read().lanes[server.index()].timers.clone()
    }
}

pub fn header() -> Header {
    Header {
        trace: Header::VERSION,
        run: "a_story".to_string(),
        seed: 7,
        servers: 3,
        about: "heartbeat 100ms".to_string(),
    }
}

pub fn starts(server: ServerId) -> Event {
    Happening::Started {
        server,
        start: 0,
        stable: Stable::default(),
    }
}

pub fn waits(server: ServerId, until: u64) -> Event {
    Happening::DeadlineSet {
        server,
        deadline: Some(Time::from_millis(until)),
    }
}

pub fn times_out(server: ServerId) -> Event {
    Happening::TimedOut { server }
}

pub fn beaten(to: ServerId, from: ServerId, term: u64) -> Event {
    delivered(to, from, heartbeat(from, term))
}

pub fn acks(from: ServerId, to: ServerId, asked: u64, term: u64) -> Event {
    let reply = raftapi::AppendReply {
        term,
        success: asked >= term,
    };
    Happening::Replied {
        message: 0,
        answers: 0,
        from,
        to,
        request: heartbeat(to, asked).into(),
        reply: raftapi::Reply::AppendEntries(reply),
    }
}

/// S0 is elected with the vote of S1, at 303 ms; S2's RequestVote is lost.
pub fn elected() -> Story {
    Story::default()
        .then(
            0,
            0,
            [starts(S0), publishes(S0, 0, Role::Follower), waits(S0, 300)],
        )
        .then(
            0,
            1,
            [starts(S1), publishes(S1, 0, Role::Follower), waits(S1, 400)],
        )
        .then(
            0,
            2,
            [starts(S2), publishes(S2, 0, Role::Follower), waits(S2, 500)],
        )
        .then(300, 3, [times_out(S0)])
        .then(
            300,
            3,
            [persists(S0, 1, Some(S0)), publishes(S0, 1, Role::Candidate)],
        )
        .then(300, 3, [asks(S0, S1, 1), asks(S0, S2, 1), waits(S0, 700)])
        .then(301, 4, [reaches(S1, S0, 1), persists(S1, 1, Some(S0))])
        .then(301, 4, [publishes(S1, 1, Role::Follower)])
        .then(301, 4, [answers(S1, S0, 1, true), waits(S1, 650)])
        .then(302, 4, [lost(S0, S2)])
        .then(
            303,
            5,
            [hears(S0, S1, 1, true), publishes(S0, 1, Role::Leader)],
        )
        .then(303, 5, [beats(S0, S1, 1), beats(S0, S2, 1), waits(S0, 403)])
        .then(
            305,
            6,
            [beaten(S1, S0, 1), acks(S1, S0, 1, 1), waits(S1, 900)],
        )
        .then(306, 7, [beaten(S2, S0, 1), persists(S2, 1, None)])
        .then(
            306,
            7,
            [
                publishes(S2, 1, Role::Follower),
                acks(S2, S0, 1, 1),
                waits(S2, 800),
            ],
        )
}

pub fn lost(from: ServerId, to: ServerId) -> Event {
    Happening::Dropped {
        message: 0,
        from,
        to,
        why: Lost::Chance,
    }
}
