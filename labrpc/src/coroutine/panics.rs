//! A server's panic is a finding: its message is kept for the report, not printed.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::RefCell;
use std::panic;
use std::sync::Once;

use super::overflow::is_running;
use super::speaking;

thread_local! {
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Installs the hook, once for the process. Panics outside servers are printed as before.
pub(super) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !is_running() {
                return previous(info);
            }
            let message = text(info.payload());
            let place = info.location().map_or(String::new(), |l| format!(" ({l})"));
            // RUST_BACKTRACE=1 works for the run that is narrated, as the servers' log does.
            if let Some((server, _)) = speaking() {
                let backtrace = Backtrace::capture();
                if backtrace.status() == BacktraceStatus::Captured {
                    eprintln!("{server} panicked: {message}{place}\n{backtrace}");
                }
            }
            LAST.set(Some(format!("{message}{place}")));
        }));
    });
}

/// The message of the panic that has just been caught.
pub(super) fn message(payload: &(dyn Any + Send)) -> String {
    LAST.take().unwrap_or_else(|| text(payload).to_string())
}

fn text(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "a panic without a message"
    }
}
