//! The reference: Raft's leader election, to be read in a lecture.
//!
//! | file | what |
//! |---|---|
//! | `core.rs` | the rules: state and transitions, without clock, thread or random numbers |
//! | `server.rs` | a server around them: one thread, one inbox, one deadline |
//!
//! Read `core.rs` beside Figure 2 of the Raft paper, then `server.rs` from top to bottom.

mod core;
mod server;

pub use crate::core::{Core, Timer};
pub use crate::server::{run, server};
