//! Words without end.

use raftapi::Context;

pub fn begin(_: &Context<'_>) {
    let line = "words ".repeat(100_000);
    for _ in 0..2_000 {
        println!("{line}");
        eprintln!("{line}");
        log::error!("{line}");
    }
}
