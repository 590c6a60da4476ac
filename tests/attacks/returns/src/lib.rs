//! A server that is not there.

mod core;
mod options;
mod server;

pub use crate::core::{Core, Timer};
pub use crate::options::Options;
use raftapi::{Server, Timing};

/// A server that is not there.
pub fn server(timing: Timing) -> Server {
    server_with(timing, Options::default())
}

/// A server that is not there.
pub fn server_with(timing: Timing, options: Options) -> Server {
    let base = server::server_with(timing, options);
    Server::new(timing, |_| {}).with_features(base.features)
}
