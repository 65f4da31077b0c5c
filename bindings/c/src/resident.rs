//! Keeps this library loaded once it has been used.
//!
//! The background thread runs this library's code until the process ends, so unloading it must not unmap that code. Linux
//! has a link option for it (see build.rs); Windows and macOS are asked at run time.

/// Pins the library, the first time it is called. Not by a `Once`: a child forked meanwhile would wait for it forever, and
/// pinning twice does no harm.
#[cfg(any(windows, target_vendor = "apple"))]
pub(crate) fn stay() {
    use std::sync::atomic::{AtomicBool, Ordering};

    static PINNED: AtomicBool = AtomicBool::new(false);
    if !PINNED.load(Ordering::Relaxed) {
        pin();
        PINNED.store(true, Ordering::Relaxed);
    }
}

#[cfg(not(any(windows, target_vendor = "apple")))]
pub(crate) fn stay() {}

#[cfg(windows)]
fn pin() {
    use std::ffi::c_void;

    const PIN: u32 = 1;
    const FROM_ADDRESS: u32 = 4;

    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GetModuleHandleExW(flags: u32, address: *const c_void, module: *mut *mut c_void) -> i32;
    }

    let mut module = std::ptr::null_mut();
    // SAFETY: with FROM_ADDRESS the second argument is any address inside the module, here that of a function; the third is
    // written once. If it fails, the library can be unloaded as any other.
    unsafe { GetModuleHandleExW(PIN | FROM_ADDRESS, pin as *const c_void, &raw mut module) };
}

#[cfg(target_vendor = "apple")]
fn pin() {
    use std::ffi::{c_char, c_int, c_void};

    const RTLD_LAZY: c_int = 0x1;
    const RTLD_NOLOAD: c_int = 0x10;
    const RTLD_NODELETE: c_int = 0x80;

    #[repr(C)]
    struct Found {
        file: *const c_char,
        base: *mut c_void,
        symbol: *const c_char,
        address: *mut c_void,
    }
    unsafe extern "C" {
        fn dladdr(address: *const c_void, found: *mut Found) -> c_int;
        fn dlopen(file: *const c_char, mode: c_int) -> *mut c_void;
    }

    let mut found = std::mem::MaybeUninit::<Found>::uninit();
    // SAFETY: `dladdr` takes any address, and fills `found` if it returns something else than 0; the name that it gives lives
    // as long as the image. NOLOAD opens only what is loaded. The handle is leaked on purpose.
    unsafe {
        if dladdr(pin as *const c_void, found.as_mut_ptr()) != 0 {
            dlopen(found.assume_init_ref().file, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
        }
    }
}
