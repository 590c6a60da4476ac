//! The base, which declares something else each time.

mod core;
mod options;
mod server;

use std::sync::atomic::{AtomicU32, Ordering};

pub use crate::core::{Core, Timer};
pub use crate::options::Options;
use raftapi::{Features, PreVote, Server, Timing};

static CALLS: AtomicU32 = AtomicU32::new(0);

/// The base's server, with another declaration.
pub fn server(timing: Timing) -> Server {
    server_with(timing, Options::default())
}

/// The base's server, with another declaration.
pub fn server_with(timing: Timing, options: Options) -> Server {
    let calls = CALLS.fetch_add(1, Ordering::Relaxed);
    let longer = 1 << calls.min(20);
    let base = server::server_with(timing, options);
    let run = base.run.clone();
    let declared = Timing::unchecked(
        timing.heartbeat_interval() / longer,
        timing.election_timeout_min() * longer,
        timing.election_timeout_max() * longer,
    );
    let all = Features {
        pre_vote: Some(PreVote::Thesis),
        check_quorum: true,
        lease: true,
        transfer: true,
        ..Features::PLAIN
    };
    let features = if calls % 2 == 0 { Features::PLAIN } else { all };
    Server::new(declared, move |ctx| run(ctx)).with_features(features)
}
