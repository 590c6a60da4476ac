//! Ctrl-C, and SIGTERM.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::files;

/// The first Ctrl-C sets this, so that what is known can be printed; a second one ends the program
/// at once.
pub fn on_ctrl_c(interrupt: Arc<AtomicBool>) {
    // A second laboratory in the same process would find a handler; then Ctrl-C just ends it.
    let _ = ctrlc::set_handler(move || {
        if interrupt.swap(true, Ordering::Relaxed) {
            files::remove_unfinished();
            std::process::exit(130);
        }
    });
}
