//! The soak of all correct servers but raft-rs.

use std::process::ExitCode;

use variants::soak::Soak;

fn main() -> ExitCode {
    let invocation = "cargo run --release -p variants --";
    Soak { invocation }.main(variants::all())
}
