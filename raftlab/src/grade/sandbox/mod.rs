//! Keeps a program that nobody trusts away from the machine.
//!
//! | module | what |
//! |---|---|
//! | `level` | which walls this machine can build, and which are to be used |
//! | `cell` | what a program may see and use, and the command that runs it so |
//! | `confine` | `raftlab confine`: the last step inside, before the program itself |
//! | `filter` | which system calls are left |
//!
//! Two programs run in cells: the compiler, on sources that may read files and never end; and the
//! servers. Servers are forked from a pristine process, and each is filtered once more before any of its
//! own code runs: `filter::of_servers` leaves it nothing but its two pipes, its memory and its end.

pub mod cell;
pub mod confine;
mod filter;
pub mod level;

pub use cell::{Cell, Limits};
pub use filter::{of_pristine, of_servers};
pub use level::Level;
