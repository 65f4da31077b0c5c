//! The version of the library.

use std::ffi::{CStr, c_char};

/// The version of the ABI that this header describes. It changes whenever a program built against the previous header
/// would no longer work; after loading the library by hand, compare it with aliyun_cred_abi_version.
pub const ALIYUN_CRED_ABI_VERSION: u32 = 0;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => panic!("a version has no NUL inside"),
};

/// Returns the version of the library, such as "1.2.3", in a string that stays valid until the program ends. Any thread
/// may call it.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_version() -> *const c_char {
    VERSION.as_ptr()
}

/// Returns the version of the ABI that the library implements; see ALIYUN_CRED_ABI_VERSION. It is the number in the
/// name of the shared library, libaliyun_cred.so.0. Any thread may call it.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_abi_version() -> u32 {
    ALIYUN_CRED_ABI_VERSION
}
