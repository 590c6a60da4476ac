//! The soak of raft-rs.

use std::process::ExitCode;

fn main() -> ExitCode {
    variant_raft_rs::SOAK.main(variant_raft_rs::all())
}
