//! Your Raft server: leader election, in eight tasks. README.md says how to begin.
//!
//! | file | what | tasks |
//! |---|---|---|
//! | `core.rs` | the rules: state and transitions, without clock, thread or random numbers | 2, 3, 4, 7, 8 |
//! | `server.rs` | a server around them: one thread, one inbox, one deadline | 1, 5, 6 |
//! | `options.rs` | what goes beyond plain Raft | extra credit |

mod core;
mod options;
mod server;

pub use crate::core::{Core, Timer};
pub use crate::options::Options;
pub use crate::server::{server, server_with};
