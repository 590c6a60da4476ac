//! The laboratory with the reference in it.

use std::process::ExitCode;

use raft::Options;
use raftapi::{Features, Server, Timing};
use raftlab::Lab;

fn main() -> ExitCode {
    raftlab::main(Lab {
        name: "reference",
        server: raft::server(Timing::LAB),
        build,
        invocation: "cargo run --release --",
        source: None,
    })
}

fn build(timing: Timing, features: Features) -> Server {
    let options = Options {
        pre_vote: features.pre_vote,
        check_quorum: features.check_quorum,
        transfer: features.transfer,
        redraw: features.redraw,
    };
    raft::server_with(timing, options)
}
