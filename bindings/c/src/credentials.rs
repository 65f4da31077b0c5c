//! Credentials that C holds references to, and the strings that it borrows from them.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use aliyun_cred_core as core;
use core::Credentials;
use core::binding::{self, Field};

use crate::border::{fallible, given, guard};
use crate::error::Error;

/// Gives C a reference.
// C's pointer refers to the core's value itself, inside the `Arc` that the client's cache holds too. Passing it out
// costs one atomic addition, where a box around the `Arc` would need an allocation. The type is the core's, so cbindgen
// does not see it: `cbindgen.toml` declares it for C.
pub(crate) fn give(credentials: Arc<Credentials>) -> *mut Credentials {
    Arc::into_raw(credentials).cast_mut()
}

/// Takes one reference back from C.
fn take(credentials: *const Credentials) -> Option<Arc<Credentials>> {
    if credentials.is_null() {
        return None;
    }
    // SAFETY: not NULL, so by the header's rules it came from `give`, that is, from `Arc::into_raw`, and the caller
    // owns one reference or lends it for the call.
    Some(unsafe { Arc::from_raw(credentials) })
}

fn field(credentials: &Credentials, field: Field) -> StringView {
    // The core stores each string with a trailing NUL, which the length excludes.
    let borrowed = binding::nul_terminated(credentials, field);
    borrowed.map_or(StringView { data: ptr::null(), length: 0 }, |text| StringView {
        data: text.as_ptr().cast(),
        length: text.len().saturating_sub(1),
    })
}

fn expiration(credentials: &Credentials) -> i64 {
    let Some(at) = credentials.expiration() else { return NEVER };
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The expiration of a credential that never expires.
const NEVER: i64 = -1;

/// A borrowed string: UTF-8 with a trailing NUL.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct StringView {
    /// The first byte; NULL if the value is absent.
    pub data: *const c_char,
    /// The number of bytes before the NUL; 0 if the value is absent.
    pub length: usize,
}

/// All values of a credential, for reading them in one call. The strings belong to the credential, and are valid as
/// long as the reference they were read through.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct CredentialsView {
    /// The AccessKey ID; absent for a bearer token.
    pub access_key_id: StringView,
    /// The AccessKey secret; absent for a bearer token.
    pub access_key_secret: StringView,
    /// The STS security token; absent for a long-lived AccessKey pair.
    pub security_token: StringView,
    /// The bearer token; absent for anything else.
    pub bearer_token: StringView,
    /// The type that the client was created for, such as "sts" or "default"; never absent.
    pub r#type: StringView,
    /// The path of sources behind it, such as "default/cli_profile/static_ak"; absent for a bearer token that was
    /// configured directly.
    pub provider_name: StringView,
    /// The expiration, in milliseconds since the Unix epoch; -1 if it never expires.
    pub expiration: i64,
}

/// Releases one reference; the last release wipes and frees the credential.
///
/// credentials: a reference of the caller's, taken over. Neither it nor any string read through it may be used
/// afterwards; NULL does nothing. Any thread may call it, not only the one that got the credential.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_credentials_free(credentials: *mut Credentials) {
    guard(|| drop(take(credentials)));
}

/// Adds a reference to a credential, to be freed separately.
///
/// credentials: borrowed. Returns a reference that the caller owns and frees with aliyun_cred_credentials_free; NULL
/// only if credentials is NULL. Any number of threads may call it at once.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_credentials_retain(credentials: *const Credentials) -> *mut Credentials {
    guard(|| {
        let Some(borrowed) = take(credentials) else { return ptr::null_mut() };
        let second = borrowed.clone();
        // The caller keeps its own reference.
        let _ = give(borrowed);
        give(second)
    })
}

/// Reads all values of a credential in one call.
///
/// credentials: borrowed. view: written on success only, with strings that belong to the credential. Returns NULL on
/// success; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL. Any number of threads may read one credential.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_credentials_view(
    credentials: Option<&Credentials>,
    view: Option<&mut MaybeUninit<CredentialsView>>,
) -> Option<Box<Error>> {
    fallible(|| {
        let credentials = given(credentials, "credentials")?;
        given(view, "view")?.write(CredentialsView {
            access_key_id: field(credentials, Field::AccessKeyId),
            access_key_secret: field(credentials, Field::AccessKeySecret),
            security_token: field(credentials, Field::SecurityToken),
            bearer_token: field(credentials, Field::BearerToken),
            r#type: field(credentials, Field::Type),
            provider_name: field(credentials, Field::ProviderName),
            expiration: expiration(credentials),
        });
        Ok(())
    })
}

/// Returns the AccessKey ID.
///
/// credentials: borrowed. Returns a string that belongs to the credential; NULL for a bearer token or if credentials
/// is NULL. Any number of threads may read one credential.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_credentials_access_key_id(credentials: Option<&Credentials>) -> *const c_char {
    get(credentials, Field::AccessKeyId)
}

/// Returns the AccessKey secret. Keep it out of logs.
///
/// credentials: borrowed. Returns a string that belongs to the credential; NULL for a bearer token or if credentials
/// is NULL. Any number of threads may read one credential.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_credentials_access_key_secret(credentials: Option<&Credentials>) -> *const c_char {
    get(credentials, Field::AccessKeySecret)
}

/// Returns the STS security token. Keep it out of logs.
///
/// credentials: borrowed. Returns a string that belongs to the credential; NULL for a long-lived AccessKey pair or a
/// bearer token, or if credentials is NULL. Any number of threads may read one credential.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_credentials_security_token(credentials: Option<&Credentials>) -> *const c_char {
    get(credentials, Field::SecurityToken)
}

/// Returns the bearer token. Keep it out of logs.
///
/// credentials: borrowed. Returns a string that belongs to the credential; NULL for anything but a bearer token or if
/// credentials is NULL. Any number of threads may read one credential.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_credentials_bearer_token(credentials: Option<&Credentials>) -> *const c_char {
    get(credentials, Field::BearerToken)
}

/// Returns the type that the client was created for, such as "sts" or "default".
///
/// credentials: borrowed. Returns a string that belongs to the credential; NULL only if credentials is NULL. Any number
/// of threads may read one credential.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_credentials_type(credentials: Option<&Credentials>) -> *const c_char {
    get(credentials, Field::Type)
}

/// Returns the path of sources behind the credential, such as "default/cli_profile/static_ak".
///
/// credentials: borrowed. Returns a string that belongs to the credential; NULL for a bearer token that was configured
/// directly or if credentials is NULL. Any number of threads may read one credential.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_credentials_provider_name(credentials: Option<&Credentials>) -> *const c_char {
    get(credentials, Field::ProviderName)
}

/// Returns when the credential expires, by the wall clock.
///
/// credentials: borrowed. Returns milliseconds since the Unix epoch; -1 if it never expires or if credentials is NULL.
/// Any number of threads may read one credential.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_credentials_expiration(credentials: Option<&Credentials>) -> i64 {
    guard(|| credentials.map_or(NEVER, expiration))
}

fn get(credentials: Option<&Credentials>, which: Field) -> *const c_char {
    guard(|| credentials.map_or(ptr::null(), |credentials| field(credentials, which).data))
}
