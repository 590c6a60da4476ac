//! The only test in its process: it watches what is printed of panics.

mod common;

use std::sync::atomic::{AtomicU32, Ordering};

use common::*;
use labrpc::{Faults, Run};

static PRINTED: AtomicU32 = AtomicU32::new(0);

#[test]
fn a_panic_is_printed_unless_it_is_a_server_s() {
    std::panic::set_hook(Box::new(|_| {
        PRINTED.fetch_add(1, Ordering::Relaxed);
    }));
    let bad = planned([5], |_, _| panic!("boom"));
    // One panics, one is unwound when it is killed, one panics when it is killed.
    let stubborn = server(|ctx| {
        loop {
            let _ = ctx.recv();
        }
    });
    let mourning = server(|ctx| ctx.recv().map(drop).unwrap());
    let mut sim = sim(vec![bad, stubborn, mourning], Faults::RELIABLE);
    misstep(&mut sim);
    let _ = sim.finish();
    assert_eq!(PRINTED.load(Ordering::Relaxed), 0);
    assert!(std::panic::catch_unwind(|| panic!("boom")).is_err());
    assert_eq!(PRINTED.load(Ordering::Relaxed), 1);
}
