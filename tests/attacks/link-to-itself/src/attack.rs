//! Sources without end.

use raftapi::Context;

pub fn begin(_: &Context<'_>) {}
