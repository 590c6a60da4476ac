//! Sleeps.

use raftapi::Context;

pub fn begin(_: &Context<'_>) {
    std::thread::sleep(std::time::Duration::from_secs(86_400));
}
