//! The network between the servers: which links work, what becomes of a message, and the counts.

use std::time::Duration;

use crate::faults::happens;
use crate::streams::Streams;
use crate::trace::Lost;
use crate::{LinkFaults, ServerId};

/// The links of a cluster. It decides; carrying messages is a host's work.
#[derive(Debug)]
pub struct Network {
    servers: usize,
    streams: Streams,
    /// `links[from * servers + to]`
    links: Vec<Link>,
    isolated: Vec<bool>,
    /// Knobs by number; number 0 is everybody's who has none of their own.
    profiles: Vec<LinkFaults>,
    counts: Counts,
}

/// A directed link: all zeroes when nothing is wrong with it.
#[derive(Clone, Copy, Debug, Default)]
struct Link {
    /// Messages sent so far: where the link stands in its random stream.
    messages: u32,
    profile: u16,
    cut: bool,
}

/// What has been sent, counted as the classic labrpc counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls made, those to dead servers included.
    pub calls: u64,
    /// Bytes of all requests sent and of all replies delivered.
    pub bytes: u64,
    /// Requests handed to each server.
    pub requests: Vec<u64>,
}

/// Which way through a call a message goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    Request,
    Reply,
}

/// What becomes of a message that leaves a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// It is lost at once.
    Lost(Lost),
    /// It arrives, perhaps twice.
    Arrives(Arrival, Option<Arrival>),
    /// It cannot be delivered, for this reason. It lingers, and if `late`, is delivered at the end
    /// if by then it can be.
    Lingers {
        arrival: Arrival,
        why: Lost,
        late: bool,
    },
}

/// When a message arrives, and a draw that orders it among what happens at the same instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Arrival {
    pub delay_nanos: u64,
    pub tie: u64,
}

/// The draws of one message; `Delay::sample` takes two.
mod draw {
    pub const LOSS: u64 = 0;
    pub const DUPLICATION: u64 = 1;
    pub const REORDERING: u64 = 2;
    pub const LATE: u64 = 3;
    pub const TIE: u64 = 4;
    pub const DELAY: u64 = 5;
    pub const REORDERING_DELAY: u64 = 7;
    pub const LINGER: u64 = 9;
    pub const COPY_DELAY: u64 = 11;
    pub const COPY_TIE: u64 = 13;
}

impl Network {
    pub(crate) fn new(servers: usize, faults: &LinkFaults, streams: Streams) -> Network {
        Network {
            servers,
            streams,
            links: vec![Link::default(); servers * servers],
            isolated: vec![false; servers],
            profiles: vec![faults.clone()],
            counts: Counts {
                requests: vec![0; servers],
                ..Counts::default()
            },
        }
    }

    /// What has been sent so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Whether a message sent now from one server to another would get through, faults of the link
    /// and the receiver's health apart.
    #[inline]
    pub fn is_open(&self, from: ServerId, to: ServerId) -> bool {
        from == to
            || !(self.links[self.link(from, to)].cut
                || self.isolated[from.index()]
                || self.isolated[to.index()])
    }

    #[inline]
    fn link(&self, from: ServerId, to: ServerId) -> usize {
        from.index() * self.servers + to.index()
    }

    /// Cuts or heals a directed link. False if it was so already.
    pub(crate) fn set_cut(&mut self, from: ServerId, to: ServerId, cut: bool) -> bool {
        let link = self.link(from, to);
        std::mem::replace(&mut self.links[link].cut, cut) != cut
    }

    /// Cuts a server off from all others, or lets it back in. False if it was so already.
    pub(crate) fn set_isolated(&mut self, server: ServerId, isolated: bool) -> bool {
        std::mem::replace(&mut self.isolated[server.index()], isolated) != isolated
    }

    /// Gives one link knobs of its own.
    pub(crate) fn set_link(&mut self, from: ServerId, to: ServerId, faults: LinkFaults) {
        let known = self.profiles.iter().position(|p| *p == faults);
        let profile = known.unwrap_or_else(|| {
            self.profiles.push(faults);
            self.profiles.len() - 1
        });
        let link = self.link(from, to);
        self.links[link].profile =
            u16::try_from(profile).expect("65,535 kinds of links are enough");
    }

    /// Gives all links the same knobs, whatever they had before.
    pub(crate) fn set_all_links(&mut self, faults: LinkFaults) {
        self.profiles = vec![faults];
        for link in &mut self.links {
            link.profile = 0;
        }
    }

    pub(crate) fn count_call(&mut self, bytes: u64) {
        self.counts.calls += 1;
        self.counts.bytes += bytes;
    }

    pub(crate) fn count_request(&mut self, to: ServerId) {
        self.counts.requests[to.index()] += 1;
    }

    pub(crate) fn count_reply(&mut self, bytes: u64) {
        self.counts.bytes += bytes;
    }

    /// No message takes less, on any link.
    pub(crate) fn shortest_delay(&self) -> Duration {
        let profiles = self.profiles.iter();
        let delays = profiles.flat_map(|link| [link.request_delay, link.reply_delay]);
        delays
            .map(|delay| delay.shortest())
            .min()
            .unwrap_or_default()
    }

    /// Decides what becomes of a message that leaves now.
    pub(crate) fn fate(&mut self, way: Way, from: ServerId, to: ServerId, up: bool) -> Fate {
        let open = self.is_open(from, to);
        let index = self.link(from, to);
        let link = &mut self.links[index];
        let message = link.messages;
        link.messages = message.wrapping_add(1);
        let knobs = &self.profiles[link.profile as usize];
        let draws = self.streams.link(from, to, message);
        let tie = draws.nth(draw::TIE);
        if !open || !up {
            let arrival = Arrival {
                delay_nanos: knobs.unreachable_delay.sample(&draws, draw::LINGER),
                tie,
            };
            return Fate::Lingers {
                arrival,
                why: if open { Lost::Down } else { Lost::Cut },
                late: happens(knobs.late_delivery, &draws, draw::LATE),
            };
        }
        let (loss, delay) = match way {
            Way::Request => (knobs.request_loss, &knobs.request_delay),
            Way::Reply => (knobs.reply_loss, &knobs.reply_delay),
        };
        if happens(loss, &draws, draw::LOSS) {
            return Fate::Lost(Lost::Chance);
        }
        let mut first = Arrival {
            delay_nanos: delay.sample(&draws, draw::DELAY),
            tie,
        };
        if way == Way::Reply && happens(knobs.reordering, &draws, draw::REORDERING) {
            first.delay_nanos += knobs
                .reordering_delay
                .sample(&draws, draw::REORDERING_DELAY);
        }
        let second = happens(knobs.duplication, &draws, draw::DUPLICATION).then(|| Arrival {
            delay_nanos: delay.sample(&draws, draw::COPY_DELAY),
            tie: draws.nth(draw::COPY_TIE),
        });
        Fate::Arrives(first, second)
    }
}
