//! Log lines, for a callback of the program.
//!
//! Invariant: once a callback has been replaced, it is not running and never runs again, whichever threads are logging;
//! and no code waits for a lock that a forked child could inherit.

use std::cell::Cell;
use std::ffi::{c_char, c_void};
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use aliyun_cred_core::binding::PerProcess;
use arc_swap::ArcSwapOption;
use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::border::{guard, terminated};

/// The severity of a log line.
#[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "the names that C sees")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub enum LogLevel {
    /// A final failure.
    ALIYUN_CRED_LOG_ERROR = 1,
    /// A failure without effect so far: a valid credential stays in use, or new tokens could not be stored.
    ALIYUN_CRED_LOG_WARN = 2,
    /// Information for users.
    ALIYUN_CRED_LOG_INFO = 3,
    /// Information for developers.
    ALIYUN_CRED_LOG_DEBUG = 4,
}

/// Receives a log line. level: its severity. message: one line of NUL-terminated UTF-8, borrowed for the call; it never
/// holds a secret. user_data: as passed to aliyun_cred_set_log_callback.
pub type LogCallback = Option<extern "C" fn(level: LogLevel, message: *const c_char, user_data: *mut c_void)>;

struct Sink {
    function: extern "C" fn(LogLevel, *const c_char, *mut c_void),
    user_data: AtomicPtr<c_void>,
}

static CURRENT: ArcSwapOption<Sink> = ArcSwapOption::const_empty();

/// Read-locked while a callback runs.
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
        // Never waits. A line may be lost while a callback is being replaced; and a callback that logs must not wait
        // for a thread that waits for it.
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

/// Sets the callback for log lines, and replaces the previous one; without one, nothing is logged.
///
/// callback: called on whichever thread logs, including the background thread, and on several at once. It must not
/// block or throw a C++ exception, and may call this library, except for calls that wait. NULL: nothing is logged any
/// more. user_data: passed to the callback unchanged; it belongs to the caller. When this function returns, the
/// previous callback is not running and will not be called again, so that its data may be freed; to ensure this, it
/// waits for running calls. Inside a callback it never waits, since that would deadlock; there, the previous callback
/// may still be running, and its data must not be freed. A line logged while the callback is being replaced may be
/// lost. Any thread may call it, one at a time.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_set_log_callback(callback: LogCallback, user_data: *mut c_void) {
    guard(|| {
        // No `Once`: a child forked while another thread is in it would wait forever.
        static LISTENING: AtomicBool = AtomicBool::new(false);
        // The logging facade is this library's own copy, which no other library sees.
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
