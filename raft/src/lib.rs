//! The reference: Raft's leader election, to be read in a lecture.
//!
//! | file | what |
//! |---|---|
//! | `core.rs` | the rules: state and transitions, without clock, thread or random numbers |
//! | `server.rs` | a server around them: one thread, one inbox, one deadline |
//! | `options.rs` | what goes beyond plain Raft |
//! | `core/pre_vote.rs` | asking first whether it would be elected (thesis 9.6) |
//! | `core/check_quorum.rs` | a leader that is not heard from by a majority steps down (thesis 6.2) |
//! | `core/lease.rs` | whoever hears a leader ignores candidates (thesis 4.2.3) |
//! | `core/transfer.rs` | handing the leadership over (thesis 3.10) |
//! | `server/options.rs` | what the server does for these |
//!
//! Read `core.rs` beside Figure 2 of the Raft paper, then `server.rs` from top to bottom.

mod core;
mod options;
mod server;

pub use crate::core::{Core, Timer};
pub use crate::options::Options;
pub use crate::server::{server, server_with};
