//! A source that never ends.

use raftapi::Context;

pub fn begin(_: &Context<'_>) {}
