//! The base, and what the compiler is asked for besides.

mod core;
mod options;
mod server;
extern crate libc;

pub use crate::core::{Core, Timer};
pub use crate::options::Options;
pub use crate::server::{server, server_with};
