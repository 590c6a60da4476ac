//! The base, and what the compiler is asked for besides.

#![feature(allow_internal_unsafe)]

mod core;
mod options;
mod server;

pub use crate::core::{Core, Timer};
pub use crate::options::Options;
pub use crate::server::{server, server_with};
