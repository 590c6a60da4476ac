//! Servers played by hand: to the network they are up, and whoever directs the run says what they
//! send.

use super::simulation::Simulation;
use crate::protocol::Ticket;
use crate::{Observer, Protocol, ServerId, Wake};

/// The life of a server that never hears an answer.
const NO_LIFE: u32 = u32::MAX;

/// The requests that have been delivered to a server played by hand and not been answered yet, by
/// their messages' numbers, in order.
#[derive(Debug, Default)]
pub(super) struct Hand {
    waiting: Vec<(u64, Ticket)>,
}

impl Hand {
    /// Takes a request out, the first if it was delivered several times.
    fn take(&mut self, message: u64) -> Option<Ticket> {
        let place = self.waiting.iter().position(|&(m, _)| m == message)?;
        Some(self.waiting.remove(place).1)
    }
}

impl<P: Protocol, O: Observer<P>> Simulation<P, O> {
    pub(super) fn take_in_hand(&mut self, server: ServerId) {
        let machine = &mut self.machines[server.index()];
        machine.lives += 1;
        machine.hand = Some(Hand::default());
    }

    /// Ends that a server is played by hand. False if it is not.
    pub(super) fn release(&mut self, server: ServerId) -> bool {
        let Some(hand) = self.machines[server.index()].hand.take() else {
            return false;
        };
        for (_, ticket) in hand.waiting {
            self.letters.remove(ticket);
        }
        true
    }

    /// Hands something to a server played by hand.
    #[cold]
    pub(super) fn step_by_hand(&mut self, server: ServerId, wake: &Wake<P>) {
        let machine = &mut self.machines[server.index()];
        let Some(hand) = &mut machine.hand else {
            return;
        };
        machine.steps_now = 0; // a hand never spins
        if let Wake::Request(call) = wake
            && let Some(letter) = self.letters.get_mut(call.ticket())
        {
            hand.waiting.push((letter.message, call.ticket()));
        }
        self.steps += 1;
    }

    /// Sends a request in the name of a server. The message's number.
    pub(super) fn send_by_hand(
        &mut self,
        from: ServerId,
        to: ServerId,
        request: P::Request,
    ) -> u64 {
        let message = self.messages;
        let machine = &self.machines[from.index()];
        let life = match machine.hand {
            Some(_) => machine.lives,
            None => NO_LIFE,
        };
        self.send_request(self.steps, from, life, to, request);
        self.steps += 1;
        message
    }

    /// Answers a request that waits at a server played by hand. The reply's message number.
    pub(super) fn reply_by_hand(&mut self, request: u64, reply: P::Reply) -> Option<u64> {
        let (from, ticket) = self.take_waiting(request)?;
        let message = self.messages;
        self.send_reply(self.steps, from, ticket, reply);
        self.steps += 1;
        Some(message)
    }

    fn take_waiting(&mut self, request: u64) -> Option<(ServerId, Ticket)> {
        let mut machines = ServerId::all(self.machines.len()).zip(&mut self.machines);
        machines.find_map(|(id, machine)| Some((id, machine.hand.as_mut()?.take(request)?)))
    }
}
