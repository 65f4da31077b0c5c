//! Custom providers: a function of the program that returns a credential.
//!
//! Invariant: a provider's answer is checked before anything else is done with it.

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use aliyun_cred_core as core;
use core::{Credentials, Secret};

use crate::border::{fallible, given, text};
use crate::client::Client;
use crate::error::Error;

/// A custom provider. user_data: as passed with it. answer: borrowed for the call, to be filled in with
/// aliyun_cred_answer_set_access_key and related functions, or with aliyun_cred_answer_set_error.
pub type Provider = Option<extern "C" fn(user_data: *mut c_void, answer: &mut Answer)>;

/// Frees the user_data of a callback.
pub type Destructor = Option<extern "C" fn(user_data: *mut c_void)>;

/// The answer of a provider. It is valid for the length of the call that it is passed to, and only on that call's
/// thread.
#[derive(Debug, Default)]
pub struct Answer {
    pair: Option<(String, Secret)>,
    token: Option<Secret>,
    expiration_ms: Option<u64>,
    error: Option<core::Error>,
}

impl Answer {
    fn into_outcome(self, name: &str) -> core::Result<Credentials> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let (id, secret) = self.pair.ok_or_else(|| {
            let text = format!("the provider '{name}' filled in neither a credential nor an error");
            core::Error::from_provider(core::ErrorKind::Internal, text)
        })?;
        let mut credentials = Credentials::from_parts(id, secret);
        if let Some(token) = self.token {
            credentials = credentials.with_security_token(token);
        }
        Ok(match self.expiration_ms.and_then(|ms| UNIX_EPOCH.checked_add(Duration::from_millis(ms))) {
            Some(end) => credentials.with_expiration(end),
            None => credentials,
        })
    }
}

/// Data of the caller, kept until the last client that uses it is gone.
pub(crate) struct UserData {
    pointer: AtomicPtr<c_void>,
    destructor: Destructor,
}

impl UserData {
    pub(crate) fn new(pointer: *mut c_void, destructor: Destructor) -> Self {
        UserData { pointer: AtomicPtr::new(pointer), destructor }
    }

    pub(crate) fn get(&self) -> *mut c_void {
        self.pointer.load(Ordering::Relaxed)
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(destructor) = self.destructor {
            destructor(self.get());
        }
    }
}

/// Creates a client for a custom provider, which can also be the base of a role.
///
/// name: borrowed, NUL-terminated UTF-8: the client's type, and the provider name of its credentials. provider: called
/// on a worker thread, never twice at the same time for one client. It may block, but a call times out after one
/// minute; it must not throw a C++ exception. A new call waits, up to a minute, for a previous one that timed out to
/// return. At most four providers run at once; others queue for up to a minute. One that timed out, or is waiting for
/// another client, does not count. The provider is called for every request, unless its credential has an expiration:
/// then the credential is cached and refreshed in time. If it asks its own client, it gets ALIYUN_CRED_ERROR_RECURSION.
/// user_data: passed to the provider unchanged. destructor: called once with user_data when this client and every role
/// on top of it are freed and no call is running. It may be called on any thread, including the background thread, and
/// must not block; NULL if there is nothing to free. On failure it is not called. client: written on success only, with
/// a client that the caller owns and frees with aliyun_cred_client_free. Returns NULL on success;
/// ALIYUN_CRED_ERROR_INVALID_ARGUMENT if name, provider or client is NULL, or name is not UTF-8. Any thread may call
/// it.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_from_provider(
    name: *const c_char,
    provider: Provider,
    user_data: *mut c_void,
    destructor: Destructor,
    client: Option<&mut MaybeUninit<*mut Client>>,
) -> Option<Box<Error>> {
    fallible(|| {
        let name = text(name, "name")?.to_owned();
        let provider = given(provider, "provider")?;
        let client = given(client, "client")?;
        let user_data = UserData::new(user_data, destructor);
        let source = name.clone();
        let made = core::Client::from_blocking(name, move || {
            let mut answer = Answer::default();
            provider(user_data.get(), &mut answer);
            answer.into_outcome(&source)
        });
        client.write(Client::hand_out(made));
        Ok(())
    })
}

/// Sets the AccessKey pair.
///
/// answer: borrowed and changed. access_key_id, access_key_secret: borrowed, NUL-terminated UTF-8, and copied. Returns
/// NULL on success; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL or a string is not UTF-8. Only on the
/// thread of the provider's call.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_answer_set_access_key(
    answer: Option<&mut Answer>,
    access_key_id: *const c_char,
    access_key_secret: *const c_char,
) -> Option<Box<Error>> {
    fallible(|| {
        let answer = given(answer, "answer")?;
        let id = text(access_key_id, "access_key_id")?.to_owned();
        answer.pair = Some((id, text(access_key_secret, "access_key_secret")?.into()));
        Ok(())
    })
}

/// Sets the security token of an STS credential.
///
/// answer: borrowed and changed. security_token: borrowed, NUL-terminated UTF-8, and copied. Returns NULL on success;
/// ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL or the string is not UTF-8. Only on the thread of the
/// provider's call.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_answer_set_security_token(
    answer: Option<&mut Answer>,
    security_token: *const c_char,
) -> Option<Box<Error>> {
    fallible(|| {
        given(answer, "answer")?.token = Some(text(security_token, "security_token")?.into());
        Ok(())
    })
}

/// Sets the expiration: the credential is then cached, and refreshed in time.
///
/// answer: borrowed and changed. expiration_ms: milliseconds since the Unix epoch. Returns NULL on success;
/// ALIYUN_CRED_ERROR_INVALID_ARGUMENT if answer is NULL or the time is before the epoch. Only on the thread of the
/// provider's call.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_answer_set_expiration(
    answer: Option<&mut Answer>,
    expiration_ms: i64,
) -> Option<Box<Error>> {
    fallible(|| {
        let answer = given(answer, "answer")?;
        let end = u64::try_from(expiration_ms);
        answer.expiration_ms =
            Some(end.map_err(|_| Error::invalid_argument("'expiration_ms' is negative".to_owned()))?);
        Ok(())
    })
}

/// Sets the error of a provider that has no credential; it overrides all other values.
///
/// answer: borrowed and changed. kind: a number of aliyun_cred_error_kind_t, from 1 to 17; any other becomes
/// ALIYUN_CRED_ERROR_INTERNAL. message: borrowed, NUL-terminated UTF-8, and copied: one line for people, without a
/// secret. Returns NULL on success; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL or the string is not UTF-8.
/// Only on the thread of the provider's call.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_answer_set_error(
    answer: Option<&mut Answer>,
    kind: u32,
    message: *const c_char,
) -> Option<Box<Error>> {
    fallible(|| {
        let answer = given(answer, "answer")?;
        let found = core::ErrorKind::ALL.iter().find(|known| **known as u32 == kind);
        let kind = found.copied().unwrap_or(core::ErrorKind::Internal);
        answer.error = Some(core::Error::from_provider(kind, text(message, "message")?));
        Ok(())
    })
}
