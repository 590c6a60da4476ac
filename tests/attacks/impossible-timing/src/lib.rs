//! The base, which declares that its longest election timeout is shorter than the shortest.

mod core;
mod options;
mod server;

pub use crate::core::{Core, Timer};
pub use crate::options::Options;
use raftapi::{Server, Timing};

/// The base's server, with another declaration.
pub fn server(timing: Timing) -> Server {
    server_with(timing, Options::default())
}

/// The base's server, with another declaration.
pub fn server_with(timing: Timing, options: Options) -> Server {
    let base = server::server_with(timing, options);
    let run = base.run.clone();
    let declared = Timing::unchecked(
        timing.heartbeat_interval(),
        timing.election_timeout_max(),
        timing.election_timeout_min(),
    );
    Server::new(declared, move |ctx| run(ctx)).with_features(base.features)
}
