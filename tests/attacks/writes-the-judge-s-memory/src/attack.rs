//! Memory as a file.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;

use raftapi::Context;

pub fn begin(ctx: &Context<'_>) {
    let parent = std::os::unix::process::parent_id();
    for path in [format!("/proc/{parent}/mem"), "/proc/self/mem".to_string()] {
        let Ok(memory) = OpenOptions::new().read(true).write(true).open(path) else {
            continue;
        };
        let here = ctx as *const Context<'_> as usize as u64;
        let written = memory.write_at(&[0; 8], here).is_ok();
        assert!(!written, "a channel is open: memory can be written");
    }
}
