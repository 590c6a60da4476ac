//! The working folder as a channel.

use raftapi::Context;

pub fn begin(_: &Context<'_>) {
    let heard = std::env::current_dir().is_ok_and(|folder| folder.ends_with("proc/self"));
    assert!(!heard, "a channel is open: the working folder");
    let _ = std::env::set_current_dir("/proc/self");
}
