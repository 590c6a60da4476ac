//! A gigabyte in the object file.

use raftapi::Context;

static HUGE: [u8; 1 << 30] = [7; 1 << 30];

pub fn begin(ctx: &Context<'_>) {
    assert_eq!(HUGE[ctx.me().index()], 7);
}
