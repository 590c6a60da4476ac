//! The laboratory with your server in it: `cargo lab test --seeds 1000`.

use std::path::Path;
use std::process::ExitCode;

use raftapi::{Features, Server, Timing};
use raftlab::Lab;
use starter::Options;

fn main() -> ExitCode {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR"));
    raftlab::main(Lab {
        name: "starter",
        server: starter::server(Timing::LAB),
        build,
        invocation: "cargo lab",
        source: lab.parent().and_then(Path::to_str), // the starter's folder
    })
}

fn build(timing: Timing, features: Features) -> Server {
    let options = Options {
        pre_vote: features.pre_vote,
        check_quorum: features.check_quorum,
        transfer: features.transfer,
        redraw: features.redraw,
    };
    starter::server_with(timing, options)
}
