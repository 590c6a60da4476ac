//! Waits for itself.

use raftapi::Context;

pub fn begin(_: &Context<'_>) {
    let lock = std::sync::Mutex::new(());
    let _held = lock.lock();
    let _never = lock.lock();
}
