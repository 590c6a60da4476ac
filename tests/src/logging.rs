//! The servers' log, of the run that failed only.
//!
//! `RUST_LOG` works as everywhere, with the virtual time and the server before each line. A test
//! plays hundreds of seeds: bulk runs are muted, and the replay of a failure is not.

use std::cell::Cell;
use std::io::Write;
use std::sync::Once;

use log::{Log, Metadata, Record};

thread_local! {
    static MUTED: Cell<bool> = const { Cell::new(false) };
}

/// Mutes this thread, or lets it be heard.
pub fn mute(muted: bool) {
    MUTED.set(muted);
}

struct Quiet(env_logger::Logger);

impl Log for Quiet {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        !MUTED.get() && self.0.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if !MUTED.get() {
            self.0.log(record);
        }
    }

    fn flush(&self) {
        self.0.flush();
    }
}

/// Installs the logger, once; a logger that is there already stays.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let logger = env_logger::Builder::from_default_env()
            .is_test(true) // to the test's own output, not past it
            .format(|to, record| {
                let level = record.level();
                let style = to.default_level_style(level);
                match labrpc::speaking() {
                    Some((server, time)) => write!(to, "{time:>10} {server:<3} ")?,
                    None => write!(to, "{:>14} ", "")?,
                }
                writeln!(
                    to,
                    "{style}{level:<5}{style:#} {}: {}",
                    record.target(),
                    record.args()
                )
            })
            .build();
        let level = logger.filter();
        if log::set_boxed_logger(Box::new(Quiet(logger))).is_ok() {
            log::set_max_level(level);
        }
    });
}
