//! Reads the judge's lines.

use raftapi::Context;

pub fn begin(_: &Context<'_>) {
    for line in std::io::stdin().lines() {
        log::info!("{line:?}");
    }
}
