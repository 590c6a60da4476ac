//! The base, with timeouts by the order of the starts.

mod core;
mod options;
mod server;

use std::sync::atomic::{AtomicU32, Ordering};

pub use crate::core::{Core, Timer};
pub use crate::options::Options;
use raftapi::{Server, Timing};

static STARTS: AtomicU32 = AtomicU32::new(0);

/// The base, with another timeout.
pub fn server(timing: Timing) -> Server {
    server_with(timing, Options::default())
}

/// The base with these options, and another timeout.
pub fn server_with(timing: Timing, options: Options) -> Server {
    let base = server::server_with(timing, options);
    Server::new(timing, move |ctx| {
        let servers = ctx.cluster_size() as u32;
        let turn = STARTS.fetch_add(1, Ordering::SeqCst) % servers;
        let room = (timing.election_timeout_max() - timing.election_timeout_min()) / servers;
        let min = timing.election_timeout_min() + room * turn;
        let own = Timing::unchecked(timing.heartbeat_interval(), min, min + room);
        (server::server_with(own, options).run)(ctx);
    })
    .with_features(base.features)
}
