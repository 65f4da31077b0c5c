//! The core's warnings, kept until JavaScript fetches them for `process.emitWarning`.
//!
//! Invariant: each source warns once in the life of the process, so that a service that is down for a day fills no
//! log, and this list stays as short as the list of sources.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use log::kv::Key;
use log::{Level, LevelFilter, Log, Metadata, Record};

static WARNINGS: Mutex<Warnings> = Mutex::new(Warnings { reported: BTreeSet::new(), waiting: Vec::new() });
/// Spares the lock to a call that has nothing to fetch.
static SOME: AtomicBool = AtomicBool::new(false);

struct Warnings {
    reported: BTreeSet<String>,
    waiting: Vec<String>,
}

/// Starts to listen, once in the life of the process. The facade is this library's own copy: no other addon sees it.
pub(crate) fn listen() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        if log::set_logger(&Listener).is_ok() {
            log::set_max_level(LevelFilter::Warn);
        }
    });
}

/// What has been heard since the last call; `None` if nothing.
pub(crate) fn take() -> Option<Vec<String>> {
    if !SOME.swap(false, Ordering::Acquire) {
        return None;
    }
    let waiting = std::mem::take(&mut WARNINGS.lock().unwrap_or_else(PoisonError::into_inner).waiting);
    (!waiting.is_empty()).then_some(waiting)
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
            warnings.waiting.push(record.args().to_string());
            SOME.store(true, Ordering::Release);
        }
    }

    fn flush(&self) {}
}
