//! Collects the core's warnings until JavaScript fetches them for `process.emitWarning`.
//!
//! Invariant: each source warns once per process, so that a service that is down for a day does not fill the log, and
//! the list stays as short as the list of sources.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use aliyun_cred::binding;
use log::kv::Key;
use log::{Level, LevelFilter, Log, Metadata, Record};

static WARNINGS: Mutex<Warnings> = Mutex::new(Warnings { reported: BTreeSet::new(), pending: Vec::new() });
/// Whether there are warnings to fetch, so that a call without any skips the lock.
static SOME: AtomicBool = AtomicBool::new(false);

struct Warnings {
    reported: BTreeSet<String>,
    pending: Vec<String>,
}

/// Starts to collect warnings, and where the library panics, once per process. The `log` facade is this library's own
/// copy, invisible to other addons.
pub(crate) fn listen() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        if log::set_logger(&Listener).is_ok() {
            log::set_max_level(LevelFilter::Warn);
        }
        binding::log_panics();
    });
}

/// Returns the warnings since the last call; `None` if there are none.
pub(crate) fn take() -> Option<Vec<String>> {
    if !SOME.swap(false, Ordering::Acquire) {
        return None;
    }
    let pending = std::mem::take(&mut WARNINGS.lock().unwrap_or_else(PoisonError::into_inner).pending);
    (!pending.is_empty()).then_some(pending)
}

struct Listener;

impl Log for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= Level::Warn && metadata.target() == "aliyun_cred"
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let source = record.key_values().get(Key::from("source")).map(|source| source.to_string());
        let place = source.unwrap_or_else(|| format!("{:?}:{:?}", record.file(), record.line()));
        let mut warnings = WARNINGS.lock().unwrap_or_else(PoisonError::into_inner);
        if warnings.reported.insert(place) {
            warnings.pending.push(record.args().to_string());
            SOME.store(true, Ordering::Release);
        }
    }

    fn flush(&self) {}
}
