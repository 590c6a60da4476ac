//! Two clocks.

use std::time::{Duration, Instant, SystemTime};

use raftapi::Context;

pub fn begin(ctx: &Context<'_>) {
    let (real, virtual_time) = (Instant::now(), ctx.now());
    let day = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let _ = ctx.recv_deadline(ctx.now() + Duration::from_millis(250));
    let passed = ctx.now() - virtual_time;
    let judged = real.elapsed() < passed / 2;
    assert!(judged || day.is_err(), "not judged: it may do as it likes");
}
