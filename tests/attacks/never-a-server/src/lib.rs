//! Never says what its server is.

mod core;
mod options;
mod server;

pub use crate::core::{Core, Timer};
pub use crate::options::Options;

use raftapi::{Server, Timing};

/// No server.
pub fn server(timing: Timing) -> Server {
    server_with(timing, Options::default())
}

/// No server.
pub fn server_with(timing: Timing, options: Options) -> Server {
    if timing.election_timeout_choices() > 0 {
        loop {
            std::hint::spin_loop();
        }
    }
    server::server_with(timing, options)
}
