//! A loop.

use raftapi::Context;

pub fn begin(_: &Context<'_>) {
    loop {
        std::hint::spin_loop();
    }
}
