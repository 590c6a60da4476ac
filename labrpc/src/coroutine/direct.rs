//! Directing a run in virtual time.

use super::simulation::{Simulation, tell};
use crate::run::{CrashAfter, check_link, check_server, check_state, refuse};
use crate::{
    ActionKind, Ended, FaultsError, Happening, LinkFaults, Network, Observer, Protocol, Run,
    ServerFaults, ServerId, Time,
};

impl<P: Protocol, O: Observer<P>> Simulation<P, O> {
    fn check(&self, server: ServerId) -> Result<(), FaultsError> {
        check_server(self.machines.len(), server)
    }

    fn check_link(&self, from: ServerId, to: ServerId) -> Result<(), FaultsError> {
        check_link(self.machines.len(), from, to)
    }

    fn check_on(&self, server: ServerId, on: bool, knob: &'static str) -> Result<(), FaultsError> {
        self.check(server)?;
        check_state(knob, server, self.machines[server.index()].on, on)
    }
}

impl<P: Protocol, O: Observer<P>> Run<P, O> for Simulation<P, O> {
    fn servers(&self) -> usize {
        self.machines.len()
    }

    fn now(&self) -> Time {
        self.now
    }

    fn steps(&self) -> u64 {
        self.steps
    }

    fn observer(&self) -> &O {
        &self.observer
    }

    fn observer_mut(&mut self) -> &mut O {
        &mut self.observer
    }

    fn network(&self) -> &Network {
        &self.network
    }

    fn is_up(&self, server: ServerId) -> bool {
        self.machines[server.index()].on
    }

    fn stable(&self, server: ServerId) -> &P::Stable {
        &self.machines[server.index()].stable
    }

    fn set_stable(&mut self, server: ServerId, stable: P::Stable) -> Result<(), FaultsError> {
        self.check_on(server, false, "set_stable")?;
        self.machines[server.index()].stable = stable;
        Ok(())
    }

    fn start(&mut self, server: ServerId) -> Result<(), FaultsError> {
        self.check_on(server, false, "start")?;
        self.release(server);
        self.switch_on(server);
        Ok(())
    }

    fn crash(&mut self, server: ServerId) -> Result<(), FaultsError> {
        self.check(server)?;
        if !self.release(server) {
            self.check_on(server, true, "crash")?;
            self.kill(server);
        }
        Ok(())
    }

    fn crash_after(
        &mut self,
        server: ServerId,
        kind: ActionKind,
        count: u32,
    ) -> Result<(), FaultsError> {
        self.check_on(server, true, "crash_after")?;
        let planned = CrashAfter::new(server, kind, count)?;
        self.machines[server.index()].crash_after = Some(planned);
        Ok(())
    }

    fn cut(&mut self, from: ServerId, to: ServerId) -> Result<(), FaultsError> {
        self.check_link(from, to)?;
        if self.network.set_cut(from, to, true) {
            tell!(self, Happening::Cut { from, to });
        }
        Ok(())
    }

    fn heal(&mut self, from: ServerId, to: ServerId) -> Result<(), FaultsError> {
        self.check_link(from, to)?;
        if self.network.set_cut(from, to, false) {
            tell!(self, Happening::Healed { from, to });
        }
        Ok(())
    }

    fn isolate(&mut self, server: ServerId) -> Result<(), FaultsError> {
        self.check(server)?;
        if self.network.set_isolated(server, true) {
            tell!(self, Happening::Isolated { server });
        }
        Ok(())
    }

    fn rejoin(&mut self, server: ServerId) -> Result<(), FaultsError> {
        self.check(server)?;
        if self.network.set_isolated(server, false) {
            tell!(self, Happening::Rejoined { server });
        }
        Ok(())
    }

    fn set_link(
        &mut self,
        from: ServerId,
        to: ServerId,
        faults: LinkFaults,
    ) -> Result<(), FaultsError> {
        self.check_link(from, to)?;
        faults.check()?;
        self.network.set_link(from, to, faults);
        Ok(())
    }

    fn set_all_links(&mut self, faults: LinkFaults) -> Result<(), FaultsError> {
        faults.check()?;
        self.network.set_all_links(faults);
        Ok(())
    }

    fn set_server(&mut self, server: ServerId, faults: ServerFaults) -> Result<(), FaultsError> {
        self.check(server)?;
        faults.check()?;
        let (rate, now) = (faults.clock_rate, self.now);
        let machine = &mut self.machines[server.index()];
        if machine.faults.clock_rate != rate {
            let own = machine.timer.deadline.map(|d| machine.clock.own(d));
            machine.clock = machine.clock.at_rate(rate, now);
            self.machines[server.index()].faults = faults;
            self.set_deadline(server, own);
        } else {
            machine.faults = faults;
        }
        Ok(())
    }

    fn play_by_hand(&mut self, server: ServerId) -> Result<(), FaultsError> {
        self.check_on(server, false, "play_by_hand")?;
        if self.machines[server.index()].hand.is_some() {
            return refuse("play_by_hand", server, "it is played by hand already");
        }
        self.take_in_hand(server);
        Ok(())
    }

    fn send_as(
        &mut self,
        from: ServerId,
        to: ServerId,
        request: P::Request,
    ) -> Result<u64, FaultsError> {
        self.check_link(from, to)?;
        Ok(self.send_by_hand(from, to, request))
    }

    fn reply_as(&mut self, request: u64, reply: P::Reply) -> Result<u64, FaultsError> {
        self.reply_by_hand(request, reply).ok_or(FaultsError {
            knob: "reply_as",
            value: request.to_string(),
            why: "no such request waits for an answer by hand",
        })
    }

    fn advance_until(
        &mut self,
        limit: Time,
        done: &mut dyn FnMut(&O) -> bool,
    ) -> Result<bool, Ended> {
        self.advance(limit, done)
    }

    fn finish(&mut self) -> Result<(), Ended> {
        let before = self.ended.replace(Ended::Finished);
        for server in ServerId::all(self.machines.len()) {
            let machine = &mut self.machines[server.index()];
            machine.on = false;
            let Some(process) = machine.process.take() else {
                continue;
            };
            match &self.ended {
                // One hangs: the others may, too.
                Some(Ended::Misstep(_)) if self.steps == self.hangs_at => {
                    std::mem::forget(process);
                }
                _ => self.end(server, process),
            }
        }
        let ended = self.ended.replace(Ended::Finished);
        match (before, ended) {
            (Some(Ended::Misstep(misstep)), _) | (_, Some(Ended::Misstep(misstep))) => {
                Err(Ended::Misstep(misstep))
            }
            _ => Ok(()),
        }
    }
}
