//! Its module is a link.

use raftapi::Context;

#[path = "passwd.rs"]
mod passwd;

pub fn begin(_: &Context<'_>) {}
