//! A simulated, unreliable network for servers that are ordinary blocking threads.
//!
//! A server is a function ([`ServerFn`]) with one inbox and one deadline: it waits in
//! [`Context::recv_deadline`], does something, and waits again. Between two waits it is a function
//! of what it was handed and of the time: one *step*. Everything here is written against steps, so
//! the same unchanged server runs wherever a [`Host`] can be built.
//!
//! | module | what |
//! |---|---|
//! | [`protocol`](Protocol) | what the servers say to each other; this crate never looks inside |
//! | [`context`](Context) | what a server sees of the world, and the seam below it |
//! | [`faults`](Faults) | every fault there is, as knobs; the classic lab's networks as presets |
//! | [`delay`](Delay) | how long something takes |
//! | [`network`](Network) | links, the fate of messages, the counts |
//! | [`streams`](Streams) | all randomness, from one seed |
//! | [`run`](Run) | directing a run, whatever its host |
//! | [`trace`](Observer) | what happens, told to an observer or written down |
//! | [`coroutine`](Simulation) | the host in deterministic virtual time |
//! | [`thread`](Threads) | the host on threads, in real time |
//! | [`process`] | the host in which each server is a process of its own |
//! | [`misstep`](Misstep) | what a host finds wrong with any server: a panic, a spin, a hang |

#![deny(missing_docs)]

mod clock;
mod context;
mod coroutine;
mod delay;
mod faults;
mod letter;
mod misstep;
mod network;
mod panics;
#[cfg(unix)]
pub mod process;
mod protocol;
mod queue;
mod run;
mod setup;
mod slab;
mod speaking;
mod streams;
mod thread;
mod time;
mod trace;

pub use context::{Action, Ahead, Context, Foresight, Host, ServerFn, ServerRng, Wake};
pub use coroutine::{Pulse, Simulation};
pub use delay::Delay;
pub use faults::{Faults, FaultsError, LinkFaults, ServerFaults};
pub use misstep::{Cause, Misstep, What};
pub use network::{Counts, Network};
pub use protocol::{Answer, Call, Message, Protocol, Rpc, ServerId, Ticket};
pub use run::{ActionKind, Ended, Run};
pub use setup::Setup;
pub use speaking::speaking;
pub use streams::{Draws, Feed, ServerStream, Streams};
pub use thread::Threads;
pub use time::Time;
pub use trace::{Happening, Header, Lost, Observer, Record, Seen, Told, read_trace, write_trace};
