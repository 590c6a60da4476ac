//! Telling servers that run elsewhere what they will be handed, before it is their turn.
//!
//! A server in a process of its own is waited for at each step, and two processes take turns slowly. So
//! before the next step is taken, whoever will be handed something soon is told already, and computes
//! while others do; when it is its turn, its answer is there. What it does takes effect in its turn, as
//! ever, so that nothing is different. That what was told is what comes is checked at each step: should
//! something have come in between, the run is given up, and played again without looking ahead.

use super::machine::{Foreseen, Told};
use super::post::Item;
use super::simulation::Simulation;
use crate::letter::{Body, State};
use crate::protocol::Ticket;
use crate::{Ahead, Observer, Protocol, ServerId, Time, Wake};

/// How many events are looked ahead.
const EVENTS: usize = 16;

/// How many steps of a server's are told ahead.
const STEPS: usize = 8;

impl<P: Protocol, O: Observer<P>> Simulation<P, O> {
    /// Tells the server whose turn it is what it is handed, unless it has been told; and others what they
    /// will be. False if the server has been told something else.
    pub(super) fn tell_ahead(&mut self, server: ServerId, wake: &Wake<P>, what: Foreseen) -> bool {
        let machine = &mut self.machines[server.index()];
        let now = machine.clock.own(self.now);
        let Some(foresight) = &machine.foresight else {
            return true;
        };
        let told = Told { now, what };
        match machine.told.pop_front() {
            Some(known) if known != told => return false,
            Some(_) => {}
            None => {
                if let Some(ahead) = wake.as_ahead() {
                    foresight.tell(now, ahead);
                }
            }
        }
        self.foresee(server, what);
        true
    }

    /// Looks ahead, while it is the turn of `current`, which is handed this.
    ///
    /// Each event that comes before may bring about others, no sooner than a message takes. Whoever is
    /// handed a request is expected to answer it, and whoever is handed anything else to call anybody. (One
    /// that does otherwise may have to be played again.)
    fn foresee(&mut self, current: ServerId, what: Foreseen) {
        let mut clear = std::mem::take(&mut self.clear_until);
        clear.clear();
        clear.resize(self.machines.len(), Time::NEVER);
        let caller = match what {
            Foreseen::Letter(ticket) => self.caller(ticket),
            Foreseen::Timer => None,
        };
        self.expect(&mut clear, current, self.now, caller);
        for nth in 0..EVENTS {
            let Some((due, &item)) = self.queue.upcoming(nth) else {
                break;
            };
            if due > self.horizon {
                break;
            }
            // Whom it concerns, whether it is told and so known, and who called.
            let (server, known, caller) = match item {
                Item::Letter(ticket) => {
                    let Some(letter) = self.letters.get_mut(ticket) else {
                        continue;
                    };
                    let (to, state) = (letter.to, letter.state);
                    if matches!(state, State::Lingering { late: false, .. }) {
                        continue; // it is dropped
                    }
                    let is_clear = due < clear[to.index()] && state == State::UnderWay;
                    let known = is_clear && self.tell_letter(due, ticket, to);
                    (to, known, self.caller(ticket))
                }
                Item::Timer { server, generation } => {
                    let machine = &self.machines[server.index()];
                    let valid = machine.timer.generation == generation
                        && machine.timer.deadline == Some(due)
                        && machine.told.is_empty()
                        && server != current;
                    if valid && due < clear[server.index()] {
                        self.tell_timer(due, server);
                    }
                    // What the server is handed before may put its deadline off.
                    (server, false, None)
                }
                Item::Start { server, .. } | Item::Part { server, .. } | Item::Ready(server) => {
                    (server, false, None)
                }
            };
            if !known {
                clear[server.index()] = clear[server.index()].min(due);
            }
            self.expect(&mut clear, server, due, caller);
        }
        self.clear_until = clear;
    }

    /// Who called, if this letter is a request.
    fn caller(&mut self, ticket: Ticket) -> Option<ServerId> {
        let letter = self.letters.get_mut(ticket)?;
        matches!(letter.body, Body::Request(_)).then_some(letter.from)
    }

    /// Until when it is clear what servers are handed, if one is handed something at this time: a request
    /// of this caller's, or else a reply, or nothing.
    fn expect(&self, clear: &mut [Time], server: ServerId, at: Time, caller: Option<ServerId>) {
        let soonest = at + self.shortest_delay;
        match caller {
            Some(caller) => clear[caller.index()] = clear[caller.index()].min(soonest),
            None => {
                for (index, clear) in clear.iter_mut().enumerate() {
                    // Its own calls come back after two messages.
                    *clear = (*clear).min(match index == server.index() {
                        true => soonest + self.shortest_delay,
                        false => soonest,
                    });
                }
            }
        }
    }

    /// Tells a server of a letter. False if it is not known whether it will be handed it, or when.
    fn tell_letter(&mut self, due: Time, ticket: Ticket, to: ServerId) -> bool {
        let machine = &mut self.machines[to.index()];
        let now = machine.clock.own(due);
        let told = Told {
            now,
            what: Foreseen::Letter(ticket),
        };
        if machine.told.contains(&told) {
            return true;
        }
        let (Some(foresight), true) = (&machine.foresight, machine.takes_things_as_they_come())
        else {
            return false;
        };
        let Some(letter) = self.letters.get_mut(ticket) else {
            return false;
        };
        if machine.told.len() >= STEPS {
            return false;
        }
        match &letter.body {
            Body::Request(request) => {
                foresight.tell(now, Ahead::Request(letter.from, ticket, request));
            }
            Body::Reply(..) if machine.lives != letter.caller_start => return true,
            Body::Reply(request, reply) => {
                foresight.tell(now, Ahead::Reply(letter.from, request, reply));
            }
        }
        machine.told.push_back(told);
        true
    }

    fn tell_timer(&mut self, due: Time, server: ServerId) {
        let machine = &mut self.machines[server.index()];
        if let Some(foresight) = &machine.foresight
            && machine.takes_things_as_they_come()
        {
            let now = machine.clock.own(due);
            foresight.tell(now, Ahead::Timeout);
            machine.told.push_back(Told {
                now,
                what: Foreseen::Timer,
            });
        }
    }
}
