//! Fills the disk.

use std::fs::File;
use std::io::Write;

use raftapi::Context;

pub fn begin(_: &Context<'_>) {
    let block = vec![7; 1 << 20];
    for path in [
        "raftlab-attack-disk",
        "/tmp/raftlab-attack-disk",
        "/dev/shm/raftlab-attack-disk",
    ] {
        let Ok(mut file) = File::create(path) else {
            continue;
        };
        while file.write_all(&block).is_ok() {}
    }
}
