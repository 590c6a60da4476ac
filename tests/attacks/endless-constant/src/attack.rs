//! A loop in the compiler.

use raftapi::Context;

#[allow(long_running_const_eval)]
pub const NEVER: u64 = {
    let mut rounds = 0_u64;
    while rounds < u64::MAX {
        rounds += 1;
    }
    rounds
};

pub fn begin(_: &Context<'_>) {}
