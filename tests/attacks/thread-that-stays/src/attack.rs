//! A thread that stays.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::Builder;

use raftapi::Context;

static TICKS: AtomicU64 = AtomicU64::new(0);

pub fn begin(_: &Context<'_>) {
    let thread = Builder::new().spawn(|| {
        loop {
            TICKS.fetch_add(1, Ordering::SeqCst);
            std::thread::yield_now();
        }
    });
    let before = TICKS.load(Ordering::SeqCst);
    assert!(
        thread.is_err() && before == 0,
        "a channel is open: a thread runs"
    );
}
