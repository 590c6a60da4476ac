//! Keeps a program that nobody trusts away from the machine.
//!
//! | module | what |
//! |---|---|
//! | `level` | which walls this machine can build, and which are to be used |
//! | `cell` | what a program may see and use, and the command that runs it so |
//! | `confine` | `raftlab confine`: the last step inside, before the program itself |
//! | `filter` | which system calls are left |
//! | `hostile` | the test of that, with a server that is not held to safe Rust |
//!
//! Two programs run in cells: the compiler, on sources that may read files and never end; and the
//! servers. Servers are forked from a pristine process, which is filtered once more before the first of
//! them: `filter::of_servers` leaves them nothing but their two pipes, their memory and their end. What
//! the pristine process must do besides, it may by a secret that servers are not told. Code that runs
//! before `main` would be its own; safe Rust has none, and unsafe code is not compiled.

pub mod cell;
pub mod confine;
mod filter;
#[cfg(test)]
mod hostile;
pub mod level;

pub use cell::{Cell, Limits};
pub use filter::of_servers;
pub use level::Level;
