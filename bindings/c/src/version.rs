//! Which library this is.

use std::ffi::{CStr, c_char};

/// The version of the interface that this header describes. It changes whenever a program that was built against the
/// header before would no longer work; compare it with aliyun_cred_abi_version after loading the library by hand.
pub const ALIYUN_CRED_ABI_VERSION: u32 = 0;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => panic!("a version has no NUL inside"),
};

/// Gives the version of the library, such as "1.2.3", in a string that lives as long as the program. Any thread may
/// call it.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_version() -> *const c_char {
    VERSION.as_ptr()
}

/// Gives the version of the interface that the library speaks; see ALIYUN_CRED_ABI_VERSION. It is the number in the
/// name of the shared library, libaliyun_cred.so.0. Any thread may call it.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_abi_version() -> u32 {
    ALIYUN_CRED_ABI_VERSION
}
