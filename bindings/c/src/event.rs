//! Events, for a callback of the program.

use std::ffi::{c_char, c_void};
use std::ptr;

use aliyun_cred_core as core;
use core::binding::{self, millis, millis_since_epoch};

use crate::border::{fallible, given, terminated};
use crate::client::Client;
use crate::error::Error;
use crate::provider::{Destructor, UserData};

/// What happened to a client's credential.
#[allow(non_camel_case_types, reason = "the names are C's")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub enum EventKind {
    /// A credential was fetched.
    ALIYUN_CRED_EVENT_REFRESHED = 1,
    /// An attempt to fetch one failed; one that is still valid stays in use.
    ALIYUN_CRED_EVENT_REFRESH_FAILED = 2,
    /// An expired credential stays in use, because the metadata service is unreachable. Follows the
    /// ALIYUN_CRED_EVENT_REFRESH_FAILED of each failed attempt.
    ALIYUN_CRED_EVENT_SERVING_EXPIRED = 3,
    /// The credential that was just fetched comes from other sources than the one before.
    ALIYUN_CRED_EVENT_SOURCE_CHANGED = 4,
}

/// What happened to a client's credential. Later versions of the library may add members. A time or duration that is
/// unknown is -1.
#[derive(Debug)]
#[repr(C)]
pub struct Event {
    /// What happened. Later versions may add kinds.
    pub kind: EventKind,
    /// How many attempts in a row have failed.
    pub failures: u32,
    /// When it happened, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// How long the attempt to fetch a credential took, in milliseconds.
    pub took_ms: i64,
    /// When the credential in use expires, in milliseconds since the Unix epoch; -1 if it never does, or if there is
    /// none.
    pub expiration_ms: i64,
    /// How many events were dropped before this one, because the callback was too slow.
    pub dropped: u64,
    /// The sources behind the credential in use; NULL if there is none.
    pub provider_name: *const c_char,
    /// For ALIYUN_CRED_EVENT_SOURCE_CHANGED, those of the credential before; else NULL.
    pub previous_provider_name: *const c_char,
    /// Why the attempt failed; NULL if it did not.
    pub error: *const Error,
}

/// Receives an event. user_data: as passed with the callback. event: borrowed for the call, with everything in it.
pub type EventCallback = Option<extern "C" fn(user_data: *mut c_void, event: *const Event)>;

fn kind(kind: core::EventKind) -> Option<EventKind> {
    match kind {
        core::EventKind::Refreshed => Some(EventKind::ALIYUN_CRED_EVENT_REFRESHED),
        core::EventKind::RefreshFailed => Some(EventKind::ALIYUN_CRED_EVENT_REFRESH_FAILED),
        core::EventKind::ServingExpired => Some(EventKind::ALIYUN_CRED_EVENT_SERVING_EXPIRED),
        core::EventKind::SourceChanged => Some(EventKind::ALIYUN_CRED_EVENT_SOURCE_CHANGED),
        _ => None,
    }
}

/// Sets the callback for what happens to a client's credential, and replaces the previous one. Set it before the client
/// is used, so that no event is missed.
///
/// client: borrowed. callback: called on a worker thread, one call at a time and in order for one client. It may block
/// and call this library, and must not throw a C++ exception. At most 64 events wait for it; then the oldest is
/// dropped. A call of the previous callback may still be running; it gets no further event. NULL: no events any more, and
/// the other arguments are ignored. user_data: passed to the callback unchanged. destructor: called once with
/// user_data when the callback has been replaced or the client freed, and no call is running. It may be called on any
/// thread, and must not block; NULL if there is nothing to free. On failure it is not called. Returns NULL on success;
/// ALIYUN_CRED_ERROR_INVALID_ARGUMENT if client is NULL. Any thread may call it. A forked child does not get the events
/// of its parent.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_set_event_callback(
    client: Option<&Client>,
    callback: EventCallback,
    user_data: *mut c_void,
    destructor: Destructor,
) -> Option<Box<Error>> {
    fallible(|| {
        let client = given(client, "client")?;
        let listener = callback.map(|callback| {
            let user_data = UserData::new(user_data, destructor);
            move |event: &core::Event| {
                let Some(kind) = kind(event.kind) else { return };
                let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
                let provider_name = event.provider_name.as_deref().map(terminated);
                let previous = event.previous_provider_name.as_deref().map(terminated);
                let error = event.error.clone().map(Error::from);
                let event = Event {
                    kind,
                    failures: event.failures,
                    at_ms: number(millis_since_epoch(event.at)),
                    took_ms: number(millis(event.took)),
                    expiration_ms: event.expiration.map_or(-1, |at| number(millis_since_epoch(at))),
                    dropped: event.dropped,
                    provider_name: provider_name.as_ref().map_or(ptr::null(), |name| name.as_ptr()),
                    previous_provider_name: previous.as_ref().map_or(ptr::null(), |name| name.as_ptr()),
                    error: error.as_ref().map_or(ptr::null(), ptr::from_ref),
                };
                callback(user_data.get(), &raw const event);
            }
        });
        binding::set_event_listener(&client.client, listener);
        Ok(())
    })
}
