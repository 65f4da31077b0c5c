//! The core's log records, kept until a thread of Python comes by and writes them to the logger `aliyun_cred`.
//!
//! Invariant: nothing is logged from the core's background thread or while the interpreter ends, and neither a handler
//! nor a level is ever set.

use std::collections::VecDeque;
use std::sync::Mutex;

use log::{Level, LevelFilter, Log, Metadata, Record};
use pyo3::prelude::*;

/// Beyond this many the oldest are dropped: a program that never asks again needs none.
const CAPACITY: usize = 100;

static PENDING: Mutex<VecDeque<(Level, String)>> = Mutex::new(VecDeque::new());

struct Listener;

/// Starts to listen. The facade is this library's own copy: no other module sees it.
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
        // A lock that somebody else has is not waited for: in a forked child it may be nobody's for ever, and a record
        // is worth less than a refresh.
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

/// Writes what has been kept, on the thread of whoever asked for a credential.
pub(crate) fn write(py: Python<'_>) -> PyResult<()> {
    let Ok(pending) = PENDING.try_lock().map(|mut pending| std::mem::take(&mut *pending)) else { return Ok(()) };
    if pending.is_empty() {
        return Ok(());
    }
    // Imported only now: most programs never have anything to log.
    let logger = py.import("logging")?.call_method1("getLogger", ("aliyun_cred",))?;
    for (level, text) in pending {
        let level = match level {
            Level::Error => 40,
            Level::Warn => 30,
            Level::Info => 20,
            Level::Debug | Level::Trace => 10,
        };
        // As an argument: a percent sign in the text is no format.
        logger.call_method1("log", (level, "%s", text))?;
    }
    Ok(())
}
