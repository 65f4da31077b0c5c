//! Providers of the program's own: a function that is asked for a credential.
//!
//! Invariant: what a provider fills in is checked before anything is done with it.

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use aliyun_cred_core as core;
use core::{Credentials, Secret};

use crate::border::{fallible, given, text};
use crate::client::Client;
use crate::error::Error;

/// Asks a provider. user_data: what was given with it. answer: borrowed for the call, to be filled in with
/// aliyun_cred_answer_set_access_key and its like, or with aliyun_cred_answer_set_error.
pub type Provider = Option<extern "C" fn(user_data: *mut c_void, answer: &mut Answer)>;

/// Frees what a callback was given as its user_data.
pub type Destructor = Option<extern "C" fn(user_data: *mut c_void)>;

/// What a provider fills in. It lives as long as the call that it was passed to, and is for the thread of that call.
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

/// What belongs to the caller, until the last client that may ask for it is gone.
struct UserData {
    pointer: AtomicPtr<c_void>,
    destructor: Destructor,
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(destructor) = self.destructor {
            destructor(self.pointer.load(Ordering::Relaxed));
        }
    }
}

/// Makes a client of a provider of the program's own, which can be the base of a role as well.
///
/// name: borrowed, NUL-terminated UTF-8: the client's type, and the provider name of what it gives. provider: asked on
/// a thread of its own, never twice at the same time for one client, and given up after a minute; it may block, and
/// must not throw a C++ exception. While a call that was given up is still running the client gets no other, and waits
/// for that a minute at most. Of all providers four are at work at once, those that were given up or have had to wait
/// for another client not counted; the others wait for their turn, a minute at most. It is asked at every call, unless
/// it says when its credential expires: that is then cached, and refreshed in time. If it asks the client that is
/// asking it, it gets ALIYUN_CRED_ERROR_RECURSION. user_data: handed to it as it is. destructor: called with user_data,
/// once, on any thread, the background thread among them, when this client and every role on top of it are freed and no
/// call runs any more: it must not block; NULL if there is nothing to free. On failure it is not called. client:
/// written on success only, with a client that the caller owns and frees with aliyun_cred_client_free. Returns NULL on
/// success; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if name, provider or client is NULL, or name is not UTF-8. Any thread
/// may call it.
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
        let user_data = UserData { pointer: AtomicPtr::new(user_data), destructor };
        let source = name.clone();
        let made = core::Client::from_blocking(name, move || {
            let mut answer = Answer::default();
            provider(user_data.pointer.load(Ordering::Relaxed), &mut answer);
            answer.into_outcome(&source)
        });
        client.write(Client::hand_out(made));
        Ok(())
    })
}

/// Fills in an AccessKey pair.
///
/// answer: borrowed and changed. access_key_id, access_key_secret: borrowed, NUL-terminated UTF-8, and copied. Returns
/// NULL on success; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL or a string is not UTF-8. For the thread of the
/// provider's call.
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

/// Fills in the security token of an STS credential.
///
/// answer: borrowed and changed. security_token: borrowed, NUL-terminated UTF-8, and copied. Returns NULL on success;
/// ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL or the string is not UTF-8. For the thread of the provider's
/// call.
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

/// Fills in when the credential expires: it is then cached, and refreshed before that.
///
/// answer: borrowed and changed. expiration_ms: milliseconds since the Unix epoch. Returns NULL on success;
/// ALIYUN_CRED_ERROR_INVALID_ARGUMENT if answer is NULL or the time is before the epoch. For the thread of the provider's
/// call.
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

/// Fills in why there is no credential; it counts whatever else was filled in.
///
/// answer: borrowed and changed. kind: a number of aliyun_cred_error_kind_t, from 1 to 17; any other stands for
/// ALIYUN_CRED_ERROR_INTERNAL. message: borrowed, NUL-terminated UTF-8, and copied: one line for people, without a secret.
/// Returns NULL on success; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL or the string is not UTF-8. For the
/// thread of the provider's call.
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
