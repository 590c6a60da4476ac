//! The laboratory with the reference in it.

use std::process::ExitCode;

fn main() -> ExitCode {
    raftlab::main(raft::server(raftapi::Timing::LAB), "cargo run --release --")
}
