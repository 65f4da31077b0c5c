//! Keeps the core's log records until a Python thread writes them to the logger `aliyun_cred`.
//!
//! Invariant: never logs from the core's background thread or while the interpreter ends, and never sets a handler or a
//! level.

use std::collections::VecDeque;
use std::sync::Mutex;

use log::{Level, LevelFilter, Log, Metadata, Record};
use pyo3::prelude::*;

/// Beyond this, the oldest are dropped: a program that never asks again would let them pile up.
const CAPACITY: usize = 100;

static PENDING: Mutex<VecDeque<(Level, String)>> = Mutex::new(VecDeque::new());

struct Listener;

/// Installs the listener. This library has its own copy of the `log` facade: no other module sees it.
pub(crate) fn listen() {
    if log::set_logger(&Listener).is_ok() {
        log::set_max_level(LevelFilter::Debug);
    }
}

impl Log for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "aliyun_cred"
    }

    fn log(&self, record: &Record<'_>) {
        // Never waits for the lock: in a forked child it may stay locked for ever. Losing a record is better.
        if self.enabled(record.metadata())
            && let Ok(mut pending) = PENDING.try_lock()
        {
            if pending.len() >= CAPACITY {
                pending.pop_front();
            }
            pending.push_back((record.level(), record.args().to_string()));
        }
    }

    fn flush(&self) {}
}

/// Writes the kept records, on the calling thread.
pub(crate) fn write(py: Python<'_>) -> PyResult<()> {
    let Ok(pending) = PENDING.try_lock().map(|mut pending| std::mem::take(&mut *pending)) else { return Ok(()) };
    if pending.is_empty() {
        return Ok(());
    }
    // Imported late: most programs have nothing to log.
    let logger = py.import("logging")?.call_method1("getLogger", ("aliyun_cred",))?;
    for (level, text) in pending {
        let level = match level {
            Level::Error => 40,
            Level::Warn => 30,
            Level::Info => 20,
            Level::Debug | Level::Trace => 10,
        };
        // As an argument, since the text may hold percent signs.
        logger.call_method1("log", (level, "%s", text))?;
    }
    Ok(())
}
