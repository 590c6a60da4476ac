//! What all experiments need of a run: a cluster in virtual time, and how it ended.

use std::sync::Arc;
use std::time::Duration;

use labrpc::{Ended, Faults, Misstep, Observer, Pulse, Setup, Simulation};
use raftapi::{Raft, Server, Time};

/// A cluster to be run many times.
#[derive(Clone)]
pub struct Cluster {
    pub servers: usize,
    pub server: Server,
    pub faults: Faults,
    /// With the trial's number, it chooses all randomness.
    pub name: String,
}

impl Cluster {
    /// A run in which nobody has been started yet.
    pub fn run<O: Observer<Raft>>(
        &self,
        trial: u64,
        pulse: &Arc<Pulse>,
        observer: O,
    ) -> Simulation<Raft, O> {
        let mut setup = Setup::new(self.servers, self.server.run.clone(), &self.name, trial);
        setup.faults = self.faults.clone();
        setup.pulse = Some(pulse.clone());
        Simulation::new(setup, observer).expect("the experiment's faults make sense")
    }
}

/// Lets time pass until a limit. Whether the observer has seen enough by then.
///
/// # Errors
///
/// When a server did what no server may do.
pub fn pass<O: Observer<Raft>>(
    run: &mut Simulation<Raft, O>,
    limit: Time,
) -> Result<bool, Misstep> {
    use labrpc::Run;
    match run.advance_until(limit, &mut |_| false) {
        Ok(_) => Ok(false),
        Err(Ended::Misstep(misstep)) => Err(*misstep),
        Err(Ended::ByObserver | Ended::Finished) => Ok(true),
    }
}

/// Milliseconds, fractions included.
pub fn millis(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e6
}
