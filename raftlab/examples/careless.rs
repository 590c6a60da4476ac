//! The laboratory around a server of one's own: a careless one, which does nothing but wait.
//!
//! `cargo run -p raftlab --example careless -- test --seeds 20`

use std::process::ExitCode;

use raftapi::{Role, Server, Status, Timing};
use raftlab::Lab;

fn main() -> ExitCode {
    let careless = Server::new(Timing::LAB, |ctx| {
        ctx.publish(Status::new(0, Role::Follower));
        log::debug!("let somebody else do it");
        while ctx.recv().is_ok() {}
    });
    raftlab::main(Lab {
        server: careless,
        invocation: "cargo run -p raftlab --example careless --",
        source: None,
    })
}
