//! The C library, as safe functions.

use raftapi::Context;

unsafe extern "C" {
    safe fn fork() -> i32;
    safe fn _exit(code: i32) -> !;
}

pub fn begin(_: &Context<'_>) {
    if fork() == 0 {
        _exit(0);
    }
}
