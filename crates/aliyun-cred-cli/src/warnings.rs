//! Prints what the library warns of to standard error.

use crate::say;

struct Warnings;

/// From now on, until the program ends.
pub(crate) fn print() {
    // Fails only if there is a logger, which there is not.
    let _ = log::set_logger(&Warnings).map(|()| log::set_max_level(log::LevelFilter::Warn));
}

impl log::Log for Warnings {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target() == "aliyun_cred"
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            say(&format!("warning: {}", record.args()));
        }
    }

    fn flush(&self) {}
}
