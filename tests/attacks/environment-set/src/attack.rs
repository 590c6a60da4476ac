//! The environment as a channel.

use raftapi::Context;

pub fn begin(ctx: &Context<'_>) {
    unsafe { std::env::set_var("LEADER", ctx.me().to_string()) };
}
