//! The base, with a secret that was drawn before the servers were forked.

mod core;
mod options;
mod server;

use std::hash::{BuildHasher, RandomState};

pub use crate::core::{Core, Timer};
pub use crate::options::Options;
use raftapi::{Server, Timing};

/// The base's server.
pub fn server(timing: Timing) -> Server {
    server_with(timing, Options::default())
}

/// The base's server, which draws when it is made.
pub fn server_with(timing: Timing, options: Options) -> Server {
    let base = server::server_with(timing, options);
    let run = base.run.clone();
    let drawn = RandomState::new().hash_one(1);
    Server::new(timing, move |ctx| {
        let again = RandomState::new().hash_one(1);
        assert_ne!(
            (drawn ^ again) % 256,
            7,
            "the machine's randomness is not the run's"
        );
        run(ctx);
    })
    .with_features(base.features)
}
