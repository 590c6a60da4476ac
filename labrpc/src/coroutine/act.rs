//! What a server does in a step, and when it takes effect.

use std::time::Duration;

use super::machine::Part;
use super::post::Item;
use super::simulation::{Simulation, tell};
use crate::run::CrashAfter;
use crate::{Action, ActionKind, Cause, Delay, Happening, Observer, Protocol, ServerId, Time};

/// The draws of one step; `Delay::sample` takes two.
mod draw {
    pub const STEP_TIME: u64 = 1;
    pub const FIRST_WRITE: u64 = 3;

    /// A step has draws for six writes; one that writes more often sees the first again.
    pub fn next_write(write: u64) -> u64 {
        if write < 13 { write + 2 } else { FIRST_WRITE }
    }
}

impl<P: Protocol, O: Observer<P>> Simulation<P, O> {
    /// Does what the server did in the step that has just ended.
    pub(super) fn perform_step(&mut self, server: ServerId, cause: Cause) {
        let mut actions = self.shell.actions.take();
        let machine = &self.machines[server.index()];
        if machine.faults.is_instantaneous() && machine.outbox.is_empty() {
            let step = self.steps;
            for action in actions.drain(..) {
                if !self.perform(server, step, action) {
                    break;
                }
            }
        } else {
            self.schedule(server, cause, &mut actions);
        }
        actions.clear();
        self.shell.actions.replace(actions);
    }

    /// Does one thing that the server did in this step. False if that was the server's last.
    #[inline]
    fn perform(&mut self, server: ServerId, step: u64, action: Action<P>) -> bool {
        let kind = ActionKind::of(&action);
        let machine = &mut self.machines[server.index()];
        match action {
            Action::Call(to, request) => {
                let life = machine.lives;
                self.send_request(step, server, life, to, request);
            }
            Action::Reply(ticket, reply) => self.send_reply(step, server, ticket, reply),
            Action::Persist(stable) => {
                machine.stable = stable;
                let stable = &machine.stable;
                tell!(self, step, Happening::Persisted { server, stable });
            }
            Action::Publish(status) => {
                let status = &status;
                tell!(self, step, Happening::Published { server, status });
            }
        }
        if CrashAfter::is_due(&mut self.machines[server.index()].crash_after, kind) {
            self.kill(server);
            return false;
        }
        self.ended.is_none()
    }

    /// Puts off what a step did until the server and its disk have had their time. All of it takes
    /// effect in the order in which the server did it: to the server, `persist` is a call that
    /// returns when the write is done, so what comes after it, in this step or a later one, waits.
    /// Writes of different steps overlap, and are done in order; or else the newest that is done
    /// settles the older ones.
    fn schedule(&mut self, server: ServerId, cause: Cause, actions: &mut Vec<Action<P>>) {
        let machine = &mut self.machines[server.index()];
        machine.draws = machine.draws.wrapping_add(1);
        let draws = self.streams.machine(server, machine.draws);
        let (start, faults) = (machine.starts, &machine.faults);
        let (step_time, disk_write) = (faults.step_time, faults.write(cause));
        let overtaking = faults.disk_overtaking;
        let sample = |delay: &Delay, nth| Duration::from_nanos(delay.sample(&draws, nth));

        let end_of_step = self.now + sample(&step_time, draw::STEP_TIME);
        if end_of_step > self.now {
            machine.busy_until = end_of_step;
            let tie = self.tie(server);
            self.queue.push(end_of_step, tie, Item::Ready(server));
        }
        let mut written = end_of_step;
        let mut at = end_of_step.max(self.machines[server.index()].disk_free_at);
        let mut write = draw::FIRST_WRITE;
        let mut part = Vec::new();
        for action in actions.drain(..) {
            if matches!(action, Action::Persist(_)) {
                self.put_off(server, start, at, std::mem::take(&mut part));
                written += sample(&disk_write, write);
                write = draw::next_write(write);
                at = if overtaking { written } else { at.max(written) };
                self.machines[server.index()].disk_free_at = at;
                self.hasten(server, at);
            }
            part.push(action);
        }
        self.put_off(server, start, at, part);
    }

    /// Does a part of a step when it is due, and after everything that the server did before.
    fn put_off(&mut self, server: ServerId, start: u32, at: Time, actions: Vec<Action<P>>) {
        let step = self.steps;
        let machine = &mut self.machines[server.index()];
        if actions.is_empty() || machine.starts != start || !machine.on {
            return; // nothing to do, or killed by an earlier part
        }
        machine.outbox.push_back(Part {
            step,
            due: at,
            actions,
        });
        if at == self.now && machine.outbox.len() == 1 {
            self.perform_part(server);
        } else {
            let tie = self.tie(server);
            self.queue.push(at, tie, Item::Part { server, start });
        }
    }

    /// Does what waits for older writes at this time, if that is earlier.
    fn hasten(&mut self, server: ServerId, at: Time) {
        let machine = &mut self.machines[server.index()];
        let start = machine.starts;
        let late = |part: &&mut Part<P>| part.due > at;
        let hastened = machine.outbox.iter_mut().filter(late);
        let count = hastened.map(|part| part.due = at).count();
        for _ in 0..count {
            let tie = self.tie(server);
            self.queue.push(at, tie, Item::Part { server, start });
        }
    }

    /// Does the next part of what waits. An event that finds none due is one whose part was hastened,
    /// or whose server has crashed since.
    pub(super) fn perform_part(&mut self, server: ServerId) {
        let outbox = &mut self.machines[server.index()].outbox;
        if outbox.front().is_none_or(|part| part.due > self.now) {
            return;
        }
        let Some(Part { step, actions, .. }) = outbox.pop_front() else {
            return;
        };
        for action in actions {
            if !self.perform(server, step, action) {
                return;
            }
        }
    }
}
