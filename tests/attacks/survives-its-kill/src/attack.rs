//! Catches its own end.

use std::panic::{AssertUnwindSafe, catch_unwind};

use raftapi::{Context, Time};

pub fn begin(ctx: &Context<'_>) {
    loop {
        let _ = catch_unwind(AssertUnwindSafe(|| {
            while let Ok(event) = ctx.recv_deadline(Time::NEVER) {
                drop(event);
            }
        }));
    }
}
