//! A server in another language: the model in `examples/python/`.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use labrpc::process;
use raftapi::{Features, Server, Timing};
use suite::part::Part;
use suite::play::{Mode, play};

/// Python itself: what is called python3 may be a script that looks for it, at each start.
fn python() -> Option<String> {
    let which = "import sys; print(sys.executable if sys.version_info >= (3, 9) else '')";
    let output = Command::new("python3").args(["-c", which]).output().ok()?;
    let path = String::from_utf8(output.stdout).ok()?.trim().to_string();
    (!path.is_empty()).then_some(path)
}

#[test]
fn a_server_in_python_passes_the_classic_part() {
    let Some(python) = python() else {
        eprintln!(
            "skipped: there is no python3, of version 3.9 or newer, to run examples/python with"
        );
        return;
    };
    let server = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/python/server.py");
    // -B: it leaves nothing behind in the sources.
    let line = format!("'{python}' -B -S -E '{}'", server.display());
    let server = Server::of_program(Arc::new(process::Command::new(line))).unwrap();
    assert_eq!(
        (server.timing, server.features),
        (Timing::LAB, Features::PLAIN)
    );
    for test in suite::all().iter().filter(|t| t.part == Part::Classic) {
        for seed in 0..3 {
            let played = play(&server, test, seed, Mode::default());
            assert_eq!(played.finding, None, "{} {seed}", test.path());
            assert!(played.counts.calls > 0);
        }
    }
}
