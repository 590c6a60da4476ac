//! Correct servers that are written differently.
//!
//! The suite judges what can be seen from outside, so it must pass each of these. Each is right by
//! the Raft paper or the thesis, and declares what it does beyond plain Raft; why it is right stands
//! beside it.
//!
//! | module | what |
//! |---|---|
//! | [`reference`] | the reference, with all its presets and options |
//! | [`ticks`] | driven by ticks, in etcd's manner; PreVote, CheckQuorum, lease, transfer |
//! | [`poller`] | polls its clock |
//! | [`mutex`] | written as the Go labs are: a lock, a helper for each peer, a ticker that sleeps |
//! | [`oddities`] | plain Raft with habits |
//! | [`soak`] | plays all of them very often |
//!
//! `raft-rs/` is the Rust port of etcd's own library, in a workspace of its own.

pub mod logs;
pub mod mutex;
pub mod oddities;
pub mod poller;
pub mod reference;
pub mod soak;
pub mod ticks;

use raftapi::Server;
use suite::part::Part;
use suite::test::Test;

use crate::soak::Soak;

/// The soak of these.
pub const SOAK: Soak = Soak {
    invocation: "cargo run --release -p variants --",
};

/// A correct server.
#[derive(Clone)]
pub struct Variant {
    /// Its name, in a word.
    pub name: String,
    /// What is different about it, and why that is right.
    pub description: &'static str,
    /// The server, with what it declares.
    pub server: Server,
    /// Parts of the suite that are not for it: the assignment forbids what it declares.
    pub exempt: &'static [Part],
}

impl Variant {
    /// A server that the whole suite is for.
    pub fn new(name: impl Into<String>, server: Server, description: &'static str) -> Variant {
        Variant {
            name: name.into(),
            description,
            server,
            exempt: &[],
        }
    }

    /// The same, but these parts are not for it.
    #[must_use]
    pub fn but_for(self, exempt: &'static [Part]) -> Variant {
        Variant { exempt, ..self }
    }

    /// Whether this test is for it.
    pub fn takes(&self, test: &Test) -> bool {
        test.is_for(&self.server.features) && !self.exempt.contains(&test.part)
    }
}

/// All correct servers but raft-rs.
pub fn all() -> Vec<Variant> {
    [
        reference::variants(),
        ticks::variants(),
        poller::variants(),
        mutex::variants(),
        oddities::variants(),
    ]
    .concat()
}
