//! The knobs of all links and machines, as a scenario has turned them.

use std::time::Duration;

use labrpc::{Delay, LinkFaults, ServerFaults, ServerId};

use super::statement::LinkChange;

/// What links and machines are like at the moment. Slowness comes on top of what they were given,
/// and is taken away again by another.
#[derive(Clone, Debug)]
pub struct Knobs {
    servers: usize,
    all: LinkFaults,
    /// Links that were given knobs of their own: `[from * servers + to]`.
    own: Vec<Option<LinkFaults>>,
    machines: Vec<ServerFaults>,
    /// In thousandths.
    slow: Vec<u64>,
}

/// As fast as ever, in thousandths.
const USUAL: u64 = 1000;

impl Knobs {
    pub fn new(servers: usize) -> Knobs {
        Knobs {
            servers,
            all: LinkFaults::RELIABLE,
            own: vec![None; servers * servers],
            machines: vec![ServerFaults::IDEAL; servers],
            slow: vec![USUAL; servers],
        }
    }

    /// Turns knobs of all links; none has its own any longer.
    pub fn turn_all(&mut self, changes: &[LinkChange]) {
        for change in changes {
            change.apply(&mut self.all);
        }
        self.own.fill(None);
    }

    /// Turns knobs of one link.
    pub fn turn(&mut self, from: ServerId, to: ServerId, changes: &[LinkChange]) {
        let own = &mut self.own[from.index() * self.servers + to.index()];
        let link = own.get_or_insert_with(|| self.all.clone());
        for change in changes {
            change.apply(link);
        }
    }

    pub fn machine_mut(&mut self, server: ServerId) -> &mut ServerFaults {
        &mut self.machines[server.index()]
    }

    /// Makes a server so many times as slow, in thousandths. False if that changes nothing, since
    /// nothing that it does takes time.
    pub fn slow_down(&mut self, server: ServerId, thousandths: u64) -> bool {
        let before = (self.links_from(server), self.machine(server));
        let was = std::mem::replace(&mut self.slow[server.index()], thousandths);
        was == thousandths || before != (self.links_from(server), self.machine(server))
    }

    fn links_from(&self, from: ServerId) -> Vec<LinkFaults> {
        let others = ServerId::all(self.servers).filter(|&to| to != from);
        others.map(|to| self.link(from, to)).collect()
    }

    /// What all links are like that are not special.
    pub fn net(&self) -> &LinkFaults {
        &self.all
    }

    /// What a link is like, if it has knobs of its own or its sender is slow.
    pub fn special_link(&self, from: ServerId, to: ServerId) -> Option<LinkFaults> {
        let is_own = self.own[from.index() * self.servers + to.index()].is_some();
        let is_slow = self.slow[from.index()] != USUAL;
        (is_own || is_slow).then(|| self.link(from, to))
    }

    fn link(&self, from: ServerId, to: ServerId) -> LinkFaults {
        let own = self.own[from.index() * self.servers + to.index()].as_ref();
        let mut link = own.unwrap_or(&self.all).clone();
        let slow = self.slow[from.index()];
        link.request_delay = scaled(link.request_delay, slow);
        link.reply_delay = scaled(link.reply_delay, slow);
        link
    }

    /// What a server's machine is like.
    pub fn machine(&self, server: ServerId) -> ServerFaults {
        let machine = &self.machines[server.index()];
        let slow = self.slow[server.index()];
        ServerFaults {
            disk_write: scaled(machine.disk_write, slow),
            disk_write_answering: machine
                .disk_write_answering
                .map(|write| scaled(write, slow)),
            step_time: scaled(machine.step_time, slow),
            ..machine.clone()
        }
    }
}

/// A delay, so many thousandths of it.
fn scaled(delay: Delay, thousandths: u64) -> Delay {
    if thousandths == USUAL {
        return delay;
    }
    let scale = |duration: Duration| {
        let nanos = duration.as_nanos() * u128::from(thousandths) / u128::from(USUAL);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    };
    match delay {
        Delay::Constant(delay) => Delay::Constant(scale(delay)),
        Delay::Uniform { min, max } => Delay::Uniform {
            min: scale(min),
            max: scale(max),
        },
        Delay::Steps { min, max, step } => Delay::Steps {
            min: scale(min),
            max: scale(max),
            step: scale(step),
        },
        Delay::Nested { min, spread } => Delay::Nested {
            min: scale(min),
            spread: scale(spread),
        },
        Delay::Exponential { min, mean } => Delay::Exponential {
            min: scale(min),
            mean: scale(mean),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S0: ServerId = ServerId::new(0);
    const S1: ServerId = ServerId::new(1);

    #[test]
    fn slowness_comes_on_top_and_goes_again() {
        let mut knobs = Knobs::new(2);
        assert!(!knobs.slow_down(S0, 3000), "nothing takes time");
        knobs.turn_all(&[LinkChange::RequestDelay(Delay::uniform_millis(1, 5))]);
        let usual = knobs.link(S1, S0);
        assert_eq!(
            knobs.link(S0, S1).request_delay,
            Delay::uniform_millis(3, 15)
        );
        assert_eq!(usual.request_delay, Delay::uniform_millis(1, 5));
        assert!(knobs.slow_down(S0, 1000));
        assert_eq!(knobs.link(S0, S1), usual);
    }

    #[test]
    fn the_net_takes_a_links_own_knobs_away() {
        let mut knobs = Knobs::new(2);
        knobs.turn(S0, S1, &[LinkChange::RequestLoss(0.5)]);
        assert_eq!(knobs.link(S0, S1).request_loss, 0.5);
        assert_eq!(knobs.link(S1, S0).request_loss, 0.0);
        knobs.turn_all(&[LinkChange::ReplyLoss(0.1)]);
        assert_eq!(knobs.link(S0, S1), knobs.link(S1, S0));
    }
}
