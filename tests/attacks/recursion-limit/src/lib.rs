//! The base, and what the compiler is asked for besides.

#![recursion_limit = "1000000000"]

mod core;
mod options;
mod server;

macro_rules! deeper {
    ($($x:tt)*) => {
        (deeper!($($x)* x))
    };
}

/// Deeper and deeper.
pub const DEEP: u8 = deeper!();

pub use crate::core::{Core, Timer};
pub use crate::options::Options;
pub use crate::server::{server, server_with};
