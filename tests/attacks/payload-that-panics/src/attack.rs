//! A panic that panics.

use raftapi::Context;

pub fn begin(_: &Context<'_>) {
    std::panic::panic_any(Again);
}

struct Again;

impl Drop for Again {
    fn drop(&mut self) {
        std::panic::panic_any(Again);
    }
}
