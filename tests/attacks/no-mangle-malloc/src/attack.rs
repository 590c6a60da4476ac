//! A `malloc` of its own.

use raftapi::Context;

#[unsafe(no_mangle)]
pub extern "C" fn malloc(_: usize) -> *mut u8 {
    std::process::exit(0)
}

pub fn begin(_: &Context<'_>) {}
