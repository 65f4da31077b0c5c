//! Errors for C.

use std::ffi::{CStr, CString, c_char};
use std::ptr;

use aliyun_cred_core as core;

use crate::border::{guard, terminated};

/// The kind of a failure. Numbers and names are stable; later versions may add to them.
#[allow(non_camel_case_types, reason = "the names are C's")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub enum ErrorKind {
    /// No failure: what a NULL error stands for.
    ALIYUN_CRED_OK = 0,
    /// The configuration is invalid: a missing or contradictory option, an unknown profile, a circle of profiles.
    /// Unlike ALIYUN_CRED_ERROR_NOT_CONFIGURED, the source was configured.
    ALIYUN_CRED_ERROR_INVALID_CONFIG = 1,
    /// The source is not configured: no variable, no file.
    ALIYUN_CRED_ERROR_NOT_CONFIGURED = 2,
    /// The source is disabled, by a variable or in its file.
    ALIYUN_CRED_ERROR_DISABLED = 3,
    /// A file exists but cannot be read or written, or the operating system refused a thread or a socket.
    ALIYUN_CRED_ERROR_IO = 4,
    /// A file was read, but its content is invalid: not JSON, not UTF-8, a value of the wrong type.
    ALIYUN_CRED_ERROR_MALFORMED_FILE = 5,
    /// The service refused the request: wrong key, wrong signature, no permission, no such role.
    ALIYUN_CRED_ERROR_DENIED = 6,
    /// The service limited the request rate. Unlike ALIYUN_CRED_ERROR_DENIED, a retry may succeed later.
    ALIYUN_CRED_ERROR_THROTTLED = 7,
    /// The service could not be reached, or replied with a server error (5xx).
    ALIYUN_CRED_ERROR_UNAVAILABLE = 8,
    /// A time limit ran out: of a connection, a request, or the caller's own.
    ALIYUN_CRED_ERROR_TIMEOUT = 9,
    /// The service's certificate could not be verified.
    ALIYUN_CRED_ERROR_TLS = 10,
    /// The service replied with success, but the reply is invalid. Unlike ALIYUN_CRED_ERROR_MALFORMED_FILE, the fault
    /// is on the other side of the network.
    ALIYUN_CRED_ERROR_MALFORMED_REPLY = 11,
    /// The only available credential has expired.
    ALIYUN_CRED_ERROR_EXPIRED = 12,
    /// The user must log in again (CloudSSO, OAuth).
    ALIYUN_CRED_ERROR_LOGIN_REQUIRED = 13,
    /// An external command could not be run, failed, or did not print a credential.
    ALIYUN_CRED_ERROR_COMMAND = 14,
    /// The caller gave up; the refresh continues for the others.
    ALIYUN_CRED_ERROR_CANCELLED = 15,
    /// The call would deadlock: a provider asked the client that is asking it, or a callback on the background thread
    /// tried to wait.
    ALIYUN_CRED_ERROR_RECURSION = 16,
    /// A bug in this library; please report it.
    ALIYUN_CRED_ERROR_INTERNAL = 17,
    /// An argument of the call itself is invalid: a NULL pointer, or a string that is not UTF-8. Only C and C++ have
    /// this kind.
    ALIYUN_CRED_ERROR_INVALID_ARGUMENT = 18,
}

impl ErrorKind {
    /// Every kind with its name, ordered by number.
    const NAMES: [(ErrorKind, &CStr); 19] = [
        (ErrorKind::ALIYUN_CRED_OK, c"ok"),
        (ErrorKind::ALIYUN_CRED_ERROR_INVALID_CONFIG, c"invalid_config"),
        (ErrorKind::ALIYUN_CRED_ERROR_NOT_CONFIGURED, c"not_configured"),
        (ErrorKind::ALIYUN_CRED_ERROR_DISABLED, c"disabled"),
        (ErrorKind::ALIYUN_CRED_ERROR_IO, c"io"),
        (ErrorKind::ALIYUN_CRED_ERROR_MALFORMED_FILE, c"malformed_file"),
        (ErrorKind::ALIYUN_CRED_ERROR_DENIED, c"denied"),
        (ErrorKind::ALIYUN_CRED_ERROR_THROTTLED, c"throttled"),
        (ErrorKind::ALIYUN_CRED_ERROR_UNAVAILABLE, c"unavailable"),
        (ErrorKind::ALIYUN_CRED_ERROR_TIMEOUT, c"timeout"),
        (ErrorKind::ALIYUN_CRED_ERROR_TLS, c"tls"),
        (ErrorKind::ALIYUN_CRED_ERROR_MALFORMED_REPLY, c"malformed_reply"),
        (ErrorKind::ALIYUN_CRED_ERROR_EXPIRED, c"expired"),
        (ErrorKind::ALIYUN_CRED_ERROR_LOGIN_REQUIRED, c"login_required"),
        (ErrorKind::ALIYUN_CRED_ERROR_COMMAND, c"command"),
        (ErrorKind::ALIYUN_CRED_ERROR_CANCELLED, c"cancelled"),
        (ErrorKind::ALIYUN_CRED_ERROR_RECURSION, c"recursion"),
        (ErrorKind::ALIYUN_CRED_ERROR_INTERNAL, c"internal"),
        (ErrorKind::ALIYUN_CRED_ERROR_INVALID_ARGUMENT, c"invalid_argument"),
    ];
}

impl From<core::ErrorKind> for ErrorKind {
    fn from(kind: core::ErrorKind) -> Self {
        // The core's numbers are the ABI's. A test compares the two tables, so the fallback is never used.
        let found = ErrorKind::NAMES.get(usize::from(kind as u8));
        found.map_or(ErrorKind::ALIYUN_CRED_ERROR_INTERNAL, |(kind, _)| *kind)
    }
}

/// Why a call failed. It never changes, and its messages hold no secret.
#[derive(Debug)]
pub struct Error {
    pub(crate) kind: ErrorKind,
    pub(crate) message: CString,
    provider: Option<CString>,
    code: Option<CString>,
    request_id: Option<CString>,
    http_status: i32,
    attempts: Vec<Attempt>,
}

#[derive(Debug)]
struct Attempt {
    kind: ErrorKind,
    provider: CString,
    message: CString,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: &str) -> Self {
        Error {
            kind,
            message: terminated(message),
            provider: None,
            code: None,
            request_id: None,
            http_status: 0,
            attempts: Vec::new(),
        }
    }

    pub(crate) fn invalid_argument(message: String) -> Self {
        Error::new(ErrorKind::ALIYUN_CRED_ERROR_INVALID_ARGUMENT, &message)
    }
}

impl From<core::Error> for Error {
    fn from(error: core::Error) -> Self {
        let attempt = |attempt: &core::Attempt| Attempt {
            kind: attempt.kind().into(),
            provider: terminated(attempt.provider()),
            message: terminated(attempt.message()),
        };
        Error {
            kind: error.kind().into(),
            message: terminated(error.message()),
            provider: error.provider().map(terminated),
            code: error.code().map(terminated),
            request_id: error.request_id().map(terminated),
            http_status: error.http_status().map_or(0, i32::from),
            attempts: error.attempts().iter().map(attempt).collect(),
        }
    }
}

fn borrowed(text: Option<&CString>) -> *const c_char {
    text.map_or(ptr::null(), |text| text.as_ptr())
}

/// Frees an error.
///
/// error: taken over. Neither it nor any string read from it may be used afterwards; NULL does nothing. No other thread
/// may be using it.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_error_free(error: Option<Box<Error>>) {
    guard(|| drop(error));
}

/// Returns the kind of failure.
///
/// error: borrowed; NULL, which is success, returns ALIYUN_CRED_OK. Any number of threads may read one error.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_error_kind(error: Option<&Error>) -> ErrorKind {
    guard(|| error.map_or(ErrorKind::ALIYUN_CRED_OK, |error| error.kind))
}

/// Returns the name of a kind, such as "not_configured", for logs and metrics.
///
/// kind: a number of aliyun_cred_error_kind_t. Returns a string that stays valid until the program ends, or NULL for
/// any other number. Any thread may call it.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_error_kind_name(kind: u32) -> *const c_char {
    guard(|| {
        let index = usize::try_from(kind).unwrap_or(usize::MAX);
        ErrorKind::NAMES.get(index).map_or(ptr::null(), |(_, name)| name.as_ptr())
    })
}

/// Returns one line that says what was tried, what came back and what to change.
///
/// error: borrowed. Returns a string that belongs to the error; NULL only if error is NULL. Any number of threads may
/// read one error.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_error_message(error: Option<&Error>) -> *const c_char {
    guard(|| borrowed(error.map(|error| &error.message)))
}

/// Returns the source that failed, as in a credential's provider name.
///
/// error: borrowed. Returns a string that belongs to the error; NULL if no single source failed or if error is NULL.
/// Any number of threads may read one error.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_error_provider(error: Option<&Error>) -> *const c_char {
    guard(|| borrowed(error.and_then(|error| error.provider.as_ref())))
}

/// Returns the service's error code, such as "NoPermission".
///
/// error: borrowed. Returns a string that belongs to the error; NULL if the service sent no code or if error is NULL.
/// Any number of threads may read one error.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_error_code(error: Option<&Error>) -> *const c_char {
    guard(|| borrowed(error.and_then(|error| error.code.as_ref())))
}

/// Returns the service's request ID, for its support.
///
/// error: borrowed. Returns a string that belongs to the error; NULL if the service sent no ID or if error is NULL. Any
/// number of threads may read one error.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_error_request_id(error: Option<&Error>) -> *const c_char {
    guard(|| borrowed(error.and_then(|error| error.request_id.as_ref())))
}

/// Returns the HTTP status of the service's reply.
///
/// error: borrowed. Returns 0 if no service replied or if error is NULL. Any number of threads may read one error.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_error_http_status(error: Option<&Error>) -> i32 {
    guard(|| error.map_or(0, |error| error.http_status))
}

/// Returns how many sources a chain tried without success, in order.
///
/// error: borrowed. Returns 0 if no chain failed or if error is NULL. Any number of threads may read one error.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_error_attempts(error: Option<&Error>) -> usize {
    guard(|| error.map_or(0, |error| error.attempts.len()))
}

/// Returns why one source of a chain failed.
///
/// error: borrowed. index: from 0, less than aliyun_cred_error_attempts. Returns ALIYUN_CRED_OK if there is no such
/// attempt or if error is NULL. Any number of threads may read one error.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_error_attempt_kind(error: Option<&Error>, index: usize) -> ErrorKind {
    guard(|| attempt(error, index).map_or(ErrorKind::ALIYUN_CRED_OK, |attempt| attempt.kind))
}

/// Returns the name of one source of a chain, such as "env".
///
/// error: borrowed. index: from 0, less than aliyun_cred_error_attempts. Returns a string that belongs to the error;
/// NULL if there is no such attempt or if error is NULL. Any number of threads may read one error.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_error_attempt_provider(error: Option<&Error>, index: usize) -> *const c_char {
    guard(|| borrowed(attempt(error, index).map(|attempt| &attempt.provider)))
}

/// Returns one line that says why one source of a chain failed, and what to change.
///
/// error: borrowed. index: from 0, less than aliyun_cred_error_attempts. Returns a string that belongs to the error;
/// NULL if there is no such attempt or if error is NULL. Any number of threads may read one error.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_error_attempt_message(error: Option<&Error>, index: usize) -> *const c_char {
    guard(|| borrowed(attempt(error, index).map(|attempt| &attempt.message)))
}

fn attempt(error: Option<&Error>, index: usize) -> Option<&Attempt> {
    error.and_then(|error| error.attempts.get(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_those_of_the_core_and_one_more() {
        for (number, (kind, name)) in ErrorKind::NAMES.iter().enumerate() {
            assert_eq!(*kind as usize, number, "{name:?}");
        }
        assert_eq!(ErrorKind::NAMES.len(), core::ErrorKind::ALL.len() + 2);
        for kind in core::ErrorKind::ALL {
            let (mine, name) = ErrorKind::NAMES[*kind as usize];
            assert_eq!(ErrorKind::from(*kind), mine);
            assert_eq!(name.to_str().unwrap(), kind.name());
            let constant = format!("ALIYUN_CRED_ERROR_{}", kind.name().to_uppercase());
            assert_eq!(format!("{mine:?}"), constant);
        }
    }
}
