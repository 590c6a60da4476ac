//! The host in which each server is a process of its own, in deterministic virtual time.
//!
//! The judge's side owns network, clock, seeds and results; a server's side holds nothing but the
//! server. They speak JSON Lines, described in `PROTOCOL.md`, on two descriptors: a server reads its
//! standard input and writes descriptor 3, so that its standard output stays its log. The same seed
//! makes the same trace as on coroutines, byte for byte.
//!
//! | module | side | what |
//! |---|---|---|
//! | `wire` | both | the lines |
//! | [`serve`] | server | a server function behind the protocol |
//! | `pristine` | server | a process that never runs a server itself: each start is a fork of it |
//! | `privilege` | server | what that process may do and its forks may not |
//! | [`remote`] | judge | a stand-in that runs in a [`Simulation`](crate::Simulation) like any server |
//! | [`Program`] | judge | where processes come from: a command, or forks of a pristine process |
//! | `system` | both | the system calls |

mod command;
mod line;
mod pristine;
#[cfg_attr(
    not(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    )),
    path = "no_privilege.rs"
)]
mod privilege;
mod program;
mod remote;
mod serve;
mod system;
mod wire;

pub use command::Command;
pub use pristine::{Confinement, Instruction, PRIVILEGE, Pristine};
pub use program::{Link, Program};
pub use remote::{describe, remote};
pub use serve::{Serving, serve};
