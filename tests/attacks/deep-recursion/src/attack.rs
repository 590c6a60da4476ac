//! Deeper and deeper.

use raftapi::Context;

pub fn begin(ctx: &Context<'_>) {
    if ctx.me().index() == 0 {
        return; // S0 plays the basics alone, and passes them, so that all else is tried
    }
    let depth = deeper(ctx, 1);
    assert!(depth > 0);
}

#[allow(unconditional_recursion)]
fn deeper(ctx: &Context<'_>, depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 1000]);
    deeper(ctx, depth + 1) + room[ctx.me().index()]
}
