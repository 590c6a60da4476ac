//! The base, and what the compiler is asked for besides.

#![crate_name = "suite"]

mod core;
mod options;
mod server;

pub use crate::core::{Core, Timer};
pub use crate::options::Options;
pub use crate::server::{server, server_with};
