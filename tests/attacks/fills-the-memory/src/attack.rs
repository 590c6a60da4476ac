//! Takes all memory.

use raftapi::Context;

pub fn begin(_: &Context<'_>) {
    let mut all: Vec<Vec<u8>> = Vec::new();
    loop {
        all.push(std::hint::black_box(vec![7; 1 << 26]));
    }
}
