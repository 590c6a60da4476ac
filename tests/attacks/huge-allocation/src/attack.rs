//! All memory at once.

use raftapi::Context;

pub fn begin(_: &Context<'_>) {
    let all: Vec<u8> = Vec::with_capacity(isize::MAX as usize);
    std::hint::black_box(all);
}
