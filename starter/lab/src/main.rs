//! The laboratory with your server in it: `cargo lab test --seeds 1000`.

use std::path::Path;
use std::process::ExitCode;

use raftlab::Lab;

fn main() -> ExitCode {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR"));
    raftlab::main(Lab {
        server: starter::server(raftapi::Timing::LAB),
        invocation: "cargo lab",
        source: lab.parent().and_then(Path::to_str), // the starter's folder
    })
}
