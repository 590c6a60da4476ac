//! A text without an end.

use raftapi::Context;

pub const MORE: u8 = include!("again.rs");

pub fn begin(_: &Context<'_>) {}
