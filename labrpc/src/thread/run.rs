//! Directing a run in real time.

use super::threads::Threads;
use super::world::tell;
use crate::run::{CrashAfter, check_link, check_server, check_state, refuse};
use crate::{
    ActionKind, Ended, FaultsError, Happening, LinkFaults, Network, Observer, Protocol, Run,
    ServerFaults, ServerId, Time,
};

impl<P: Protocol, O> Threads<P, O> {
    fn count(&self) -> usize {
        self.world().machines.len()
    }

    fn check_on(&self, server: ServerId, on: bool, knob: &'static str) -> Result<(), FaultsError> {
        check_server(self.count(), server)?;
        check_state(knob, server, self.world().machines[server.index()].on, on)
    }
}

/// Refuses to play servers by hand: whoever directs a run in real time is too slow for that.
fn refuse_by_hand<T>(knob: &'static str, value: impl ToString) -> Result<T, FaultsError> {
    Err(FaultsError {
        knob,
        value: value.to_string(),
        why: "servers are played by hand in virtual time only",
    })
}

impl<P: Protocol, O: Observer<P> + Send + 'static> Run<P, O> for Threads<P, O> {
    fn servers(&self) -> usize {
        self.count()
    }

    fn now(&self) -> Time {
        self.true_time()
    }

    fn steps(&self) -> u64 {
        self.world().steps
    }

    fn observer(&self) -> &O {
        &self.world().observer
    }

    fn observer_mut(&mut self) -> &mut O {
        &mut self.world_mut().observer
    }

    fn network(&self) -> &Network {
        &self.world().network
    }

    fn is_up(&self, server: ServerId) -> bool {
        self.world().machines[server.index()].on
    }

    fn stable(&self, server: ServerId) -> &P::Stable {
        &self.world().machines[server.index()].stable
    }

    fn set_stable(&mut self, server: ServerId, stable: P::Stable) -> Result<(), FaultsError> {
        self.check_on(server, false, "set_stable")?;
        self.world_mut().machines[server.index()].stable = stable;
        Ok(())
    }

    fn start(&mut self, server: ServerId) -> Result<(), FaultsError> {
        self.check_on(server, false, "start")?;
        match self.switch_on(server) {
            Some(()) => Ok(()),
            None => refuse("start", server, "the system gives no further thread"),
        }
    }

    fn crash(&mut self, server: ServerId) -> Result<(), FaultsError> {
        self.check_on(server, true, "crash")?;
        let world = self.world_mut();
        let step = world.steps;
        world.kill(server, step);
        world.machines[server.index()].nudge();
        self.join(std::iter::once(server));
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
        self.world_mut().machines[server.index()].crash_after = Some(planned);
        Ok(())
    }

    fn cut(&mut self, from: ServerId, to: ServerId) -> Result<(), FaultsError> {
        check_link(self.count(), from, to)?;
        let world = self.world_mut();
        if world.network.set_cut(from, to, true) {
            tell!(world, world.steps, Happening::Cut { from, to });
        }
        Ok(())
    }

    fn heal(&mut self, from: ServerId, to: ServerId) -> Result<(), FaultsError> {
        check_link(self.count(), from, to)?;
        let world = self.world_mut();
        if world.network.set_cut(from, to, false) {
            tell!(world, world.steps, Happening::Healed { from, to });
        }
        Ok(())
    }

    fn isolate(&mut self, server: ServerId) -> Result<(), FaultsError> {
        check_server(self.count(), server)?;
        let world = self.world_mut();
        if world.network.set_isolated(server, true) {
            tell!(world, world.steps, Happening::Isolated { server });
        }
        Ok(())
    }

    fn rejoin(&mut self, server: ServerId) -> Result<(), FaultsError> {
        check_server(self.count(), server)?;
        let world = self.world_mut();
        if world.network.set_isolated(server, false) {
            tell!(world, world.steps, Happening::Rejoined { server });
        }
        Ok(())
    }

    fn set_link(
        &mut self,
        from: ServerId,
        to: ServerId,
        faults: LinkFaults,
    ) -> Result<(), FaultsError> {
        check_link(self.count(), from, to)?;
        faults.check()?;
        self.world_mut().network.set_link(from, to, faults);
        Ok(())
    }

    fn set_all_links(&mut self, faults: LinkFaults) -> Result<(), FaultsError> {
        faults.check()?;
        self.world_mut().network.set_all_links(faults);
        Ok(())
    }

    fn set_server(&mut self, server: ServerId, faults: ServerFaults) -> Result<(), FaultsError> {
        check_server(self.count(), server)?;
        faults.check()?;
        let world = self.world_mut();
        let now = world.now;
        let machine = &mut world.machines[server.index()];
        if machine.faults.clock_rate != faults.clock_rate {
            machine.clock = machine.clock.at_rate(faults.clock_rate, now);
            machine.nudge();
        }
        machine.faults = faults;
        Ok(())
    }

    fn play_by_hand(&mut self, server: ServerId) -> Result<(), FaultsError> {
        refuse_by_hand("play_by_hand", server)
    }

    fn send_as(&mut self, from: ServerId, _: ServerId, _: P::Request) -> Result<u64, FaultsError> {
        refuse_by_hand("send_as", from)
    }

    fn reply_as(&mut self, request: u64, _: P::Reply) -> Result<u64, FaultsError> {
        refuse_by_hand("reply_as", request)
    }

    fn advance_until(
        &mut self,
        limit: Time,
        done: &mut dyn FnMut(&O) -> bool,
    ) -> Result<bool, Ended> {
        self.advance(limit, done)
    }

    fn finish(&mut self) -> Result<(), Ended> {
        self.stop();
        match self.world_mut().ended.replace(Ended::Finished) {
            Some(Ended::Misstep(misstep)) => Err(Ended::Misstep(misstep)),
            _ => Ok(()),
        }
    }
}
