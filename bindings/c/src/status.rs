//! What a client knows without asking its source.

use std::ffi::{CString, c_char};
use std::mem::offset_of;
use std::ptr;

use aliyun_cred_core as core;
use core::binding::{millis, millis_since_epoch};

use crate::border::{fallible, given, guard, terminated};
use crate::client::Client;
use crate::error::Error;

/// What a client knows without asking its source. Set size to sizeof(aliyun_cred_status_t), so that later versions of
/// the library may have more members; aliyun_cred_client_status fills in the others, and zeroes those that it does not
/// know. A time or duration that is unknown is -1.
#[derive(Debug)]
#[repr(C)]
pub struct Status {
    /// The size of this structure, set by the caller.
    pub size: usize,
    /// Whether there is a valid credential. Always false for a source that is asked at every call, except environment
    /// variables, whose last credential is kept.
    pub has_credentials: bool,
    /// Whether it is used past its expiration; only for the metadata service, while that is unreachable.
    pub is_past_expiration: bool,
    /// Whether the last attempt to fetch a credential succeeded; false if there was none.
    pub last_refresh_succeeded: bool,
    /// How many attempts in a row have failed.
    pub failures: u32,
    /// When the credential expires, in milliseconds since the Unix epoch; -1 if it never does.
    pub expiration_ms: i64,
    /// How long ago it was fetched, in milliseconds; -1 if it is never refreshed.
    pub age_ms: i64,
    /// The time until a call starts its refresh, in milliseconds; 0 if it is due, -1 if it is never refreshed.
    pub refresh_in_ms: i64,
    /// When the last attempt to fetch a credential ended, in milliseconds since the Unix epoch; -1 if there was none.
    pub last_refresh_ms: i64,
    /// How long it took, in milliseconds; -1 if there was none.
    pub last_refresh_took_ms: i64,
    /// The sources behind the credential, such as "cli_profile/ram_role_arn/static_ak"; NULL if there is none.
    pub provider_name: *mut c_char,
    /// Why the last attempt failed; NULL if it did not.
    pub last_error: *mut Error,
    /// How far the services' clock is ahead of this machine's, in milliseconds, as far as this process has learned from
    /// HTTPS services of Alibaba Cloud; negative if it is behind, 0 while they agree.
    pub clock_offset_ms: i64,
}

/// The size of the first version of the structure, which some programs were compiled with.
const SMALLEST: usize = offset_of!(Status, clock_offset_ms);

/// A number for C; -1 if it is absent or too large.
fn number(value: Option<u64>) -> i64 {
    value.and_then(|value| i64::try_from(value).ok()).unwrap_or(-1)
}

/// The caller's structure and its size, which is checked: it may lack the members behind the first version's.
fn sized(status: *mut Status) -> Result<(*mut Status, usize), Error> {
    let status = given(ptr::NonNull::new(status), "status")?.as_ptr();
    // SAFETY: not NULL, and the header requires a structure that begins with its size.
    let size = unsafe { (&raw const (*status).size).read() };
    if size < SMALLEST {
        return Err(Error::invalid_argument("'size' of 'status' is not sizeof(aliyun_cred_status_t)".to_owned()));
    }
    Ok((status, size))
}

/// Returns what a client knows without asking its source or waiting for a refresh: for health checks and metrics.
///
/// client: borrowed. status: its size must be set; the other members are overwritten, not freed, on success only: zero
/// them first if aliyun_cred_status_clear may see them after a failure. The
/// caller frees what it then holds with aliyun_cred_status_clear. Returns NULL on success;
/// ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL or the size is too small. Any number of threads may call it
/// at once, each with a status of its own.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_status(client: Option<&Client>, status: *mut Status) -> Option<Box<Error>> {
    fallible(|| {
        let client = given(client, "client")?;
        let (status, size) = sized(status)?;
        let known = client.client.status();
        let name = known.provider_name.as_deref().map(terminated);
        let error = known.last_error.map(|error| Box::into_raw(Box::new(Error::from(error))));
        let filled = Status {
            size,
            has_credentials: known.has_credentials,
            is_past_expiration: known.is_past_expiration,
            last_refresh_succeeded: known.last_refresh.is_some_and(|refresh| refresh.succeeded),
            failures: known.failures,
            expiration_ms: number(known.expiration.map(millis_since_epoch)),
            age_ms: number(known.age.map(millis)),
            refresh_in_ms: number(known.refresh_in.map(millis)),
            last_refresh_ms: number(known.last_refresh.map(|refresh| millis_since_epoch(refresh.ended))),
            last_refresh_took_ms: number(known.last_refresh.map(|refresh| millis(refresh.took))),
            provider_name: name.map_or(ptr::null_mut(), CString::into_raw),
            last_error: error.unwrap_or(ptr::null_mut()),
            clock_offset_ms: known.clock_offset_ms,
        };
        let common = size.min(size_of::<Status>());
        let target = status.cast::<u8>();
        // SAFETY: the size says how long the caller's structure is, and the header requires that no other thread uses it.
        unsafe {
            ptr::copy_nonoverlapping((&raw const filled).cast(), target, common);
            target.add(common).write_bytes(0, size - common);
        }
        Ok(())
    })
}

/// Frees what a status holds: its provider name and its last error, which become NULL.
///
/// status: as filled in by aliyun_cred_client_status, changed; NULL, or a status whose size is too small, does nothing.
/// Any thread may call it, as long as no other is using the status.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_status_clear(status: *mut Status) {
    guard(|| {
        let Ok((status, _)) = sized(status) else { return };
        // SAFETY: every size that is accepted has both members, and the header requires that no other thread uses them.
        let (name, error) = unsafe {
            let (name, error) = (&raw mut (*status).provider_name, &raw mut (*status).last_error);
            (name.replace(ptr::null_mut()), error.replace(ptr::null_mut()))
        };
        if !name.is_null() {
            // SAFETY: made by `CString::into_raw` above, and not freed before, since it is NULL afterwards.
            drop(unsafe { CString::from_raw(name) });
        }
        if !error.is_null() {
            // SAFETY: made by `Box::into_raw` above, and not freed before, since it is NULL afterwards.
            drop(unsafe { Box::from_raw(error) });
        }
    });
}
