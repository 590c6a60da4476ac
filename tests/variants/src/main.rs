//! The soak of all correct servers but raft-rs.

use std::process::ExitCode;

fn main() -> ExitCode {
    variants::SOAK.main(variants::all())
}
