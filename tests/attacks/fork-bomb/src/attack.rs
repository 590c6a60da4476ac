//! Processes without end.

use std::process::Command;

use raftapi::Context;

const BOMB: &str = "exec -a raftlab-attack-bomb sleep 600 & exec -a raftlab-attack-bomb sleep 600";

pub fn begin(_: &Context<'_>) {
    while let Ok(child) = Command::new("/bin/sh").args(["-c", BOMB]).spawn() {
        std::mem::forget(child);
    }
}
