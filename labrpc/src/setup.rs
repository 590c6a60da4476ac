//! What a run is made of, whatever hosts it.

use std::sync::Arc;

use crate::{Faults, Protocol, Pulse, ServerFn};

/// What a run is made of.
pub struct Setup<P: Protocol> {
    /// The servers, S0 first.
    pub servers: Vec<ServerFn<P>>,
    /// What is wrong with the network and the machines.
    pub faults: Faults,
    /// The run's name and seed: together they choose all randomness.
    pub name: String,
    /// See `name`.
    pub seed: u64,
    /// Tells [`speaking`](crate::speaking) which server is being run.
    pub narrate: bool,
    /// Whether stand-ins for servers that run elsewhere are told ahead what these will be handed: it saves
    /// them waiting for one another.
    pub foresight: bool,
    /// Shows a watchdog which step the run is in. For virtual time only: in real time each server
    /// runs by itself.
    pub pulse: Option<Arc<Pulse>>,
    /// Ends the run instead of taking this step, which is known not to come back. For virtual time
    /// only.
    pub hangs_at: Option<u64>,
}

impl<P: Protocol> Setup<P> {
    /// `servers` times the same server, nothing wrong, nothing special.
    pub fn new(servers: usize, server: ServerFn<P>, name: &str, seed: u64) -> Self {
        Setup {
            servers: vec![server; servers],
            faults: Faults::RELIABLE,
            name: name.to_string(),
            seed,
            narrate: false,
            foresight: true,
            pulse: None,
            hangs_at: None,
        }
    }
}
