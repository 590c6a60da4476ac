//! Statics of zeros.

use std::sync::Mutex;

use raftapi::Context;

static ZEROS: Mutex<[u8; 80 << 20]> = Mutex::new([0; 80 << 20]);

pub fn begin(ctx: &Context<'_>) {
    ZEROS.lock().unwrap()[ctx.me().index()] += 1;
}
