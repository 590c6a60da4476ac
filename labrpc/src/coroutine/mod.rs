//! The host in virtual time: every server a coroutine, the future a heap, no thread and no lock.
//!
//! Deterministic: what happens is a function of the servers' code, the run's seed and name, and
//! what the director does.

mod act;
mod by_hand;
mod direct;
mod foresee;
mod machine;
pub(crate) mod overflow;
mod post;
pub(crate) mod process;
mod pulse;
mod simulation;

pub use pulse::Pulse;
pub use simulation::Simulation;
