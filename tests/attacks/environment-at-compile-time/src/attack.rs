//! The environment of the compiler.

use raftapi::Context;

pub const HOME: &str = env!("HOME");
pub const USER: &str = env!("USER");
pub const MANIFEST: &str = env!("CARGO_MANIFEST_DIR");

pub fn begin(_: &Context<'_>) {}
