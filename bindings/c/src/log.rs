//! What the library has to say beside its results, for a callback of the program's.
//!
//! Invariant: once a callback has been replaced it is not running and never will, whoever was logging meanwhile; and no
//! lock that a forked child could inherit is waited for.

use std::cell::Cell;
use std::ffi::{c_char, c_void};
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use aliyun_cred_core::binding::PerProcess;
use arc_swap::ArcSwapOption;
use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::border::{guard, terminated};

/// How much a log line matters.
#[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "the names that C sees")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub enum LogLevel {
    /// Something failed for good.
    ALIYUN_CRED_LOG_ERROR = 1,
    /// Something failed and does not matter yet: a valid credential stays in use, what was learned could not be kept.
    ALIYUN_CRED_LOG_WARN = 2,
    /// What a person may want to know.
    ALIYUN_CRED_LOG_INFO = 3,
    /// What a developer may want to know.
    ALIYUN_CRED_LOG_DEBUG = 4,
}

/// Takes a log line. level: how much it matters. message: one line of NUL-terminated UTF-8, borrowed for the call; it
/// never holds a secret. user_data: what was given to aliyun_cred_set_log_callback.
pub type LogCallback = Option<extern "C" fn(level: LogLevel, message: *const c_char, user_data: *mut c_void)>;

struct Sink {
    function: extern "C" fn(LogLevel, *const c_char, *mut c_void),
    user_data: AtomicPtr<c_void>,
}

static CURRENT: ArcSwapOption<Sink> = ArcSwapOption::const_empty();

/// Held for reading by whoever runs a callback.
static RUNNING: PerProcess<RwLock<()>> = PerProcess::new();

thread_local! {
    /// Whether this thread is in a callback.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

struct Listener;

impl Log for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "aliyun_cred"
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) || CURRENT.load().is_none() {
            return;
        }
        let running = RUNNING.get(RwLock::default);
        // Not waited for: while a callback is being replaced a line may be lost, and a callback that makes the library
        // log something must not wait for whoever waits for it.
        let Ok(_running) = running.try_read() else { return };
        let Some(callback) = CURRENT.load_full() else { return };
        let level = match record.level() {
            Level::Error => LogLevel::ALIYUN_CRED_LOG_ERROR,
            Level::Warn => LogLevel::ALIYUN_CRED_LOG_WARN,
            Level::Info => LogLevel::ALIYUN_CRED_LOG_INFO,
            Level::Debug | Level::Trace => LogLevel::ALIYUN_CRED_LOG_DEBUG,
        };
        let message = terminated(&record.args().to_string());
        let before = INSIDE.replace(true);
        (callback.function)(level, message.as_ptr(), callback.user_data.load(Ordering::Relaxed));
        INSIDE.set(before);
    }

    fn flush(&self) {}
}

/// Has a callback called with every log line, in place of the one before; without one nothing is logged.
///
/// callback: called on whichever thread has something to say, the background thread among them, and on several at once;
/// it must not block, nor throw a C++ exception, and may use this library but for calls that wait. NULL: nothing is
/// logged any more. user_data: handed to the callback as it is; it belongs to the caller. When this returns, the callback
/// before is not running and will not be called again, so that what it uses may be freed: to that end this waits for calls
/// of it that are still running. Not so inside a callback, which it would wait for: then calls of the callback before, in
/// this thread and in others, may still be running, and what it uses must not be freed. A line that is logged while the
/// callback is being replaced may be lost. Any thread may call it, one at a time.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_set_log_callback(callback: LogCallback, user_data: *mut c_void) {
    guard(|| {
        // No `Once`: a child that is forked while another thread is in it would wait for ever.
        static LISTENING: AtomicBool = AtomicBool::new(false);
        // The facade is this library's own copy: no other library sees it.
        if !LISTENING.swap(true, Ordering::Relaxed) && log::set_logger(&Listener).is_ok() {
            log::set_max_level(LevelFilter::Debug);
        }
        let callback = callback.map(|function| Arc::new(Sink { function, user_data: AtomicPtr::new(user_data) }));
        CURRENT.store(callback);
        if !INSIDE.get() {
            drop(RUNNING.get(RwLock::default).write().unwrap_or_else(PoisonError::into_inner));
        }
    });
}
