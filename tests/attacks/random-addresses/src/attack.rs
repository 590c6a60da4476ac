//! Randomness that no seed governs.

use raftapi::Context;

pub fn begin(_: &Context<'_>) {
    let local = 0_u8;
    let address = std::ptr::from_ref(&local) as usize ^ begin as *const () as usize;
    assert_ne!((address >> 12) % 16, 7, "the address was {address:#x}");
}
