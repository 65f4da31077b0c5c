//! What every function does at the border: catches panics, rejects NULL, reads strings.

use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use aliyun_cred_core::binding;

use crate::error::{Error, ErrorKind};

/// The value that a function returns after a panic.
pub(crate) trait Answer {
    fn after_panic() -> Self;
}

impl Answer for Result<(), Error> {
    fn after_panic() -> Self {
        // The panic's message is left out, because it has not been checked for secrets.
        Err(Error::new(ErrorKind::ALIYUN_CRED_ERROR_INTERNAL, "a fault inside aliyun_cred; please report it as a bug"))
    }
}

/// A neutral value, where no error can be returned.
macro_rules! neutral {
    ($($type:ty => $value:expr;)*) => {
        $( impl Answer for $type {
            fn after_panic() -> Self {
                $value
            }
        } )*
    };
}

neutral! {
    () => ();
    bool => false;
    i32 => 0;
    i64 => -1;
    usize => 0;
    *const c_char => std::ptr::null();
    ErrorKind => ErrorKind::ALIYUN_CRED_ERROR_INTERNAL;
}

impl<T> Answer for *mut T {
    fn after_panic() -> Self {
        std::ptr::null_mut()
    }
}

impl<T> Answer for Option<Box<T>> {
    fn after_panic() -> Self {
        None
    }
}

/// Runs a function's body, and catches its panic.
pub(crate) fn guard<T: Answer>(body: impl FnOnce() -> T) -> T {
    static SILENT: AtomicBool = AtomicBool::new(false);
    // This crate's own tests keep the default hook.
    if !cfg!(test) && !SILENT.load(Ordering::Relaxed) {
        SILENT.store(true, Ordering::Relaxed);
        binding::log_panics();
    }
    // Handles never change, except for a configuration, whose setters replace one value by another: a panic leaves
    // nothing half done.
    let body = || {
        if cfg!(feature = "inject-panic") {
            binding::inject_panic();
        }
        body()
    };
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        // Dropping the payload may panic again.
        std::mem::forget(payload);
        T::after_panic()
    })
}

/// Like [`guard`], for a body that can fail. NULL means success.
pub(crate) fn fallible(body: impl FnOnce() -> Result<(), Error>) -> Option<Box<Error>> {
    guard(body).err().map(Box::new)
}

/// A pointer argument that must not be NULL.
pub(crate) fn given<T>(argument: Option<T>, name: &str) -> Result<T, Error> {
    argument.ok_or_else(|| Error::invalid_argument(format!("'{name}' is NULL")))
}

/// A string argument. It is valid for the length of the call.
pub(crate) fn text<'call>(argument: *const c_char, name: &str) -> Result<&'call str, Error> {
    if argument.is_null() {
        return Err(Error::invalid_argument(format!("'{name}' is NULL")));
    }
    // SAFETY: not NULL; the header requires a NUL-terminated string that does not change during the call, and no caller
    // in this crate keeps the result longer.
    let bytes = unsafe { CStr::from_ptr(argument) };
    bytes.to_str().map_err(|_| Error::invalid_argument(format!("'{name}' is not UTF-8")))
}

/// A copy for C to read. An embedded NUL, which only a service's message could contain, becomes U+FFFD.
pub(crate) fn terminated(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_or_a_neutral_value() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("canary");
            }
        }
        let error = fallible(|| std::panic::panic_any(Bomb)).unwrap();
        assert_eq!(error.kind, ErrorKind::ALIYUN_CRED_ERROR_INTERNAL);
        assert!(!error.message.to_str().unwrap().contains("canary"), "a panic's text shows");
        assert!(guard(|| -> *const c_char { panic!() }).is_null());
        assert!(guard(|| -> *mut Error { panic!() }).is_null());
        assert!(guard(|| -> Option<Box<Error>> { panic!() }).is_none());
        assert_eq!(guard(|| -> i64 { panic!() }), -1);
        assert_eq!(guard(|| -> usize { panic!() }), 0);
    }

    #[test]
    fn strings_are_checked() {
        assert_eq!(text(c"凭证".as_ptr(), "x").unwrap(), "凭证");
        for (argument, words) in [(std::ptr::null(), "'x' is NULL"), (c"\xff".as_ptr(), "'x' is not UTF-8")] {
            let error = text(argument, "x").unwrap_err();
            assert_eq!(error.kind, ErrorKind::ALIYUN_CRED_ERROR_INVALID_ARGUMENT);
            assert_eq!(error.message.to_str().unwrap(), words);
        }
        assert_eq!(terminated("a\0b").to_str().unwrap(), "a\u{fffd}b");
    }
}
