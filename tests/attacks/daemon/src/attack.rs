//! A process that stays.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use raftapi::Context;

const STAYS: &str = "trap '' HUP TERM INT; exec -a raftlab-attack-daemon sleep 600";

pub fn begin(_: &Context<'_>) {
    for _ in 0..2 {
        let mut daemon = Command::new("setsid");
        daemon.args(["bash", "-c", STAYS]).process_group(0);
        daemon
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let _ = daemon.spawn();
    }
}
