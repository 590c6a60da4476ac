//! Messages on their way.

use std::time::Duration;

use super::machine::Foreseen;
use super::simulation::{Simulation, tell};
use crate::letter::{Body, Letter, State};
use crate::network::{Fate, Way};
use crate::protocol::Ticket;
use crate::{Answer, Call, Cause, Happening, Lost, Observer, Protocol, ServerId, Wake};

/// What the event queue holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item {
    /// A letter is due.
    Letter(Ticket),
    /// A server's timer, if this is still the valid event for it.
    Timer { server: ServerId, generation: u32 },
    /// A server's start.
    Start { server: ServerId, start: u32 },
    /// The next part of what a server did is due, if this start of it still runs.
    Part { server: ServerId, start: u32 },
    /// A slow server is ready for the next message.
    Ready(ServerId),
}

impl<P: Protocol, O: Observer<P>> Simulation<P, O> {
    /// Sends a request that its sender decided on in this step. Only this life of the sender hears
    /// the answer.
    pub(super) fn send_request(
        &mut self,
        step: u64,
        from: ServerId,
        life: u32,
        to: ServerId,
        request: P::Request,
    ) {
        self.network.count_call(P::request_bytes(&request));
        let message = self.messages;
        self.messages += 1;
        tell!(
            self,
            step,
            Happening::Sent {
                message,
                from,
                to,
                request: &request
            }
        );
        self.post(
            Way::Request,
            Letter {
                message,
                from,
                to,
                caller_start: life,
                state: State::UnderWay,
                body: Body::Request(request),
            },
        );
    }

    /// Sends a reply that its sender decided on in this step, if its request is still to be answered
    /// by this server.
    pub(super) fn send_reply(
        &mut self,
        step: u64,
        from: ServerId,
        ticket: Ticket,
        reply: P::Reply,
    ) {
        let answered = match self.letters.get_mut(ticket) {
            Some(letter) if letter.to == from && letter.state == State::Delivered => {
                self.letters.remove(ticket)
            }
            _ => None, // a request of a life before the crash
        };
        let Some(Letter {
            message: answers,
            from: to,
            caller_start,
            body: Body::Request(request),
            ..
        }) = answered
        else {
            return;
        };
        let message = self.messages;
        self.messages += 1;
        tell!(
            self,
            step,
            Happening::Replied {
                message,
                answers,
                from,
                to,
                request: &request,
                reply: &reply
            }
        );
        self.post(
            Way::Reply,
            Letter {
                message,
                from,
                to,
                caller_start,
                state: State::UnderWay,
                body: Body::Reply(request, reply),
            },
        );
    }

    fn post(&mut self, way: Way, mut letter: Letter<P>) {
        let (from, to) = (letter.from, letter.to);
        let up = self.machines[to.index()].is_reachable();
        let arrival = match self.network.fate(way, from, to, up) {
            Fate::Lost(why) => return self.drop_letter(letter, why),
            Fate::Arrives(first, None) => first,
            Fate::Arrives(first, Some(second)) => {
                let due = self.now + Duration::from_nanos(second.delay_nanos);
                let copy = self.letters.insert(letter.copy());
                self.queue.push(due, second.tie, Item::Letter(copy));
                first
            }
            Fate::Lingers { arrival, why, late } => {
                letter.state = State::Lingering { why, late };
                arrival
            }
        };
        let ticket = self.letters.insert(letter);
        let due = self.now + Duration::from_nanos(arrival.delay_nanos);
        self.queue.push(due, arrival.tie, Item::Letter(ticket));
    }

    pub(super) fn drop_letter(&mut self, letter: Letter<P>, why: Lost) {
        let Letter {
            message, from, to, ..
        } = letter;
        tell!(
            self,
            Happening::Dropped {
                message,
                from,
                to,
                why
            }
        );
    }

    pub(super) fn letter_due(&mut self, ticket: Ticket) {
        let Some(letter) = self.letters.get_mut(ticket) else {
            return;
        };
        let machine = &mut self.machines[letter.to.index()];
        let lost = match letter.state {
            State::Lingering { why, late }
                if !late || !self.network.is_open(letter.from, letter.to) =>
            {
                Some(why)
            }
            _ if !machine.is_reachable() => Some(Lost::Down),
            _ if matches!(letter.body, Body::Reply(..)) && machine.lives != letter.caller_start => {
                Some(Lost::CallerGone)
            }
            _ => None,
        };
        if let Some(why) = lost {
            if let Some(letter) = self.letters.remove(ticket) {
                self.drop_letter(letter, why);
            }
        } else if machine.busy_until > self.now || !machine.inbox.is_empty() {
            machine.inbox.push_back(ticket);
        } else {
            self.deliver(ticket);
        }
    }

    pub(super) fn take_from_inbox(&mut self, server: ServerId) {
        let machine = &mut self.machines[server.index()];
        let Some(ticket) = machine.inbox.pop_front() else {
            return;
        };
        self.deliver(ticket);
        let machine = &self.machines[server.index()];
        if !machine.inbox.is_empty() && machine.busy_until <= self.now {
            let tie = self.tie(server);
            self.queue.push(self.now, tie, Item::Ready(server));
        }
    }

    /// Hands a letter to its receiver.
    fn deliver(&mut self, ticket: Ticket) {
        let Some(letter) = self.letters.get_mut(ticket) else {
            return;
        };
        let (message, from, to) = (letter.message, letter.from, letter.to);
        if let Body::Request(request) = &letter.body {
            letter.state = State::Delivered;
            self.network.count_request(to);
            tell!(
                self,
                Happening::RequestDelivered {
                    message,
                    from,
                    to,
                    request
                }
            );
            let cause = Cause::Request(P::request_name(request), from);
            let call = Call::new(from, request.clone(), ticket);
            let machine = &mut self.machines[to.index()];
            // A hand answers what it likes, when it likes.
            if machine.is_up()
                && let Some(oldest) = machine.answerable.came(ticket)
            {
                self.letters.remove(oldest);
            }
            if self.ended.is_none() {
                let event = Some(Foreseen::Letter(ticket));
                self.step(to, Wake::Request(call), cause, event);
            }
        } else if let Some(Letter {
            body: Body::Reply(request, reply),
            ..
        }) = self.letters.remove(ticket)
        {
            self.network.count_reply(P::reply_bytes(&reply));
            tell!(
                self,
                Happening::ReplyDelivered {
                    message,
                    from,
                    to,
                    request: &request,
                    reply: &reply
                }
            );
            let cause = Cause::Reply(P::request_name(&request), from);
            let answer = Answer {
                from,
                request,
                reply,
            };
            if self.ended.is_none() {
                let event = Some(Foreseen::Letter(ticket));
                self.step(to, Wake::Reply(answer), cause, event);
            }
        }
    }
}
