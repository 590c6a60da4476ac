//! Ends well, at once.

use raftapi::Context;

pub fn begin(_: &Context<'_>) {
    std::process::exit(0);
}
