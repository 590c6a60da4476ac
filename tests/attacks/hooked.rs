//! The `lib.rs` of an attack that has none: its base, with `attack::begin` called at each start of a
//! server, before the base's own code.

mod attack;
mod core;
mod options;
mod server;

pub use crate::core::{Core, Timer};
pub use crate::options::Options;

use raftapi::{Server, Timing};

/// The base's server, with the attack before it.
pub fn server(timing: Timing) -> Server {
    server_with(timing, Options::default())
}

/// The base's server with these options, with the attack before it.
pub fn server_with(timing: Timing, options: Options) -> Server {
    let base = server::server_with(timing, options);
    let run = base.run.clone();
    Server::new(timing, move |ctx| {
        attack::begin(ctx);
        run(ctx);
    })
    .with_features(base.features)
}
