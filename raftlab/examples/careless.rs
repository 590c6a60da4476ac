//! The laboratory around a server of one's own: a careless one, which does nothing but wait.
//!
//! `cargo run -p raftlab --example careless -- test --seeds 20`

use std::process::ExitCode;

use raftapi::{Role, Server, Status, Timing};
use raftlab::Lab;

fn main() -> ExitCode {
    raftlab::main(Lab {
        name: "careless",
        server: careless(Timing::LAB),
        build: |timing, _| careless(timing),
        invocation: "cargo run -p raftlab --example careless --",
        source: None,
    })
}

fn careless(timing: Timing) -> Server {
    Server::new(timing, |ctx| {
        ctx.publish(Status::new(0, Role::Follower));
        log::debug!("let somebody else do it");
        while ctx.recv().is_ok() {}
    })
}
