//! The laboratory with the reference in it.

use std::process::ExitCode;

use raftlab::Lab;

fn main() -> ExitCode {
    raftlab::main(Lab {
        server: raft::server(raftapi::Timing::LAB),
        invocation: "cargo run --release --",
        source: None,
    })
}
