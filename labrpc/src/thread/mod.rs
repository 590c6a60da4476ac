//! The host in real time: every server a thread, its inbox a channel, one lock around the world.
//!
//! A server's actions take effect at once: each is recorded with the observer, under the lock, and
//! then sent. So the observer sees causes before effects, and times that never fall. A message with
//! a delay goes into its receiver's inbox at once, with the time at which it is due; the receiver
//! puts it aside until then. What cannot be delivered lingers with the director.
//!
//! Nothing here is deterministic but the random draws.

mod host;
mod inbox;
mod run;
mod threads;
mod world;

pub use threads::Threads;
