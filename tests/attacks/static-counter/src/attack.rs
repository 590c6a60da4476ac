//! A static that counts.

use std::sync::atomic::{AtomicUsize, Ordering};

use raftapi::Context;

static STARTS: AtomicUsize = AtomicUsize::new(0);

pub fn begin(_: &Context<'_>) {
    let before = STARTS.fetch_add(1, Ordering::SeqCst);
    assert_eq!(
        before, 0,
        "a channel is open: a static counts {before} starts"
    );
}
