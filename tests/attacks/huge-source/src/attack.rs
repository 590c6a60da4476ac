//! See huge.rs.

use raftapi::Context;

mod huge;

pub fn begin(_: &Context<'_>) {}
