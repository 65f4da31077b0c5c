//! Asynchronous requests for credentials: a callback, and a handle for cancelling.
//!
//! Invariant: a callback runs exactly once, or never if it was cancelled first; cancelling reports which of the two.

use std::cell::Cell;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use aliyun_cred_core as core;
use core::Credentials;

use crate::border::{fallible, given, guard};
use crate::client::Client;
use crate::credentials::give;
use crate::error::Error;

/// Receives the result of a request. user_data: as passed with the callback. credentials: a reference that the callback
/// owns and frees with aliyun_cred_credentials_free; NULL if there is an error. error: owned by the callback, which
/// frees it with aliyun_cred_error_free; NULL if there are credentials.
pub type Callback = Option<extern "C" fn(user_data: *mut c_void, credentials: *mut Credentials, error: *mut Error)>;

/// A request for credentials, valid until it is freed.
#[derive(Debug)]
pub struct Request(Arc<Question>);

#[derive(Debug)]
struct Question {
    /// A forked child gets no answer: the thread that would give it exists only in the parent.
    process: u32,
    /// One of the four below. Not a lock: a forked child may cancel, and a lock could be held by a thread that does not
    /// exist there.
    state: AtomicU8,
    /// Held while the state becomes done, so that a waiting thread does not miss it.
    done: Mutex<()>,
    changed: Condvar,
    user_data: AtomicPtr<c_void>,
}

const WAITING: u8 = 0;
const RUNNING: u8 = 1;
const DONE: u8 = 2;
const CANCELLED: u8 = 3;

impl Question {
    fn new(user_data: *mut c_void) -> Arc<Self> {
        Arc::new(Question {
            process: std::process::id(),
            state: AtomicU8::new(WAITING),
            done: Mutex::new(()),
            changed: Condvar::new(),
            user_data: AtomicPtr::new(user_data),
        })
    }

    fn answer(
        &self,
        callback: extern "C" fn(*mut c_void, *mut Credentials, *mut Error),
        outcome: core::Result<Arc<Credentials>>,
    ) {
        // A callback may fork, and its child continue with the next one.
        if self.process != std::process::id() {
            return;
        }
        if self.state.compare_exchange(WAITING, RUNNING, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            return;
        }
        let user_data = self.user_data.load(Ordering::Relaxed);
        let outer = INSIDE.replace(true);
        match outcome {
            Ok(credentials) => callback(user_data, give(credentials), ptr::null_mut()),
            Err(error) => callback(user_data, ptr::null_mut(), Box::into_raw(Box::new(error.into()))),
        }
        INSIDE.set(outer);
        // A callback's forked child has a copy of the lock, and no waiting threads.
        let _done =
            (self.process == std::process::id()).then(|| self.done.lock().unwrap_or_else(PoisonError::into_inner));
        self.state.store(DONE, Ordering::Release);
        self.changed.notify_all();
    }

    /// Whether the callback will never run.
    fn cancel(&self) -> bool {
        match self.state.compare_exchange(WAITING, CANCELLED, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) | Err(CANCELLED) => true,
            Err(RUNNING) if self.process == std::process::id() && !INSIDE.get() => {
                let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
                let running = |_: &mut ()| self.state.load(Ordering::Acquire) == RUNNING;
                drop(self.changed.wait_while(done, running));
                false
            }
            Err(_) => false,
        }
    }
}

thread_local! {
    /// Whether this thread is in a callback.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Requests the current credential, and calls a callback with it. This call never waits, except that configuration
/// files are read on the calling thread. The callback runs inside this call if the cached credential is fresh, or if no
/// wait is needed (for a service, provider, command or lock). Otherwise it runs on the background thread, or inside the
/// call of another thread that completes the refresh.
///
/// client: borrowed for the call; the callback may free it. callback: called exactly once, unless cancelled before. It
/// must not block or throw a C++ exception. It may call this library; on the background thread, a call that would wait
/// returns ALIYUN_CRED_ERROR_RECURSION. user_data: passed to the callback unchanged; it belongs to the caller. request:
/// written on success only, before the callback is called, with a handle that the caller owns and frees with
/// aliyun_cred_request_free; may be NULL if cancelling is not needed. Returns NULL on success;
/// ALIYUN_CRED_ERROR_INVALID_ARGUMENT if client or callback is NULL, and then the callback is not called. A forked
/// child does not call its parent's callbacks. Any number of threads may call it at once.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_get_credentials_async(
    client: Option<&Client>,
    callback: Callback,
    user_data: *mut c_void,
    request: Option<&mut MaybeUninit<*mut Request>>,
) -> Option<Box<Error>> {
    fallible(|| {
        let client = given(client, "client")?;
        let callback = given(callback, "callback")?;
        // Clone the handle, because the callback may free the client.
        let client = client.client.clone();
        let question = Question::new(user_data);
        // Written before the callback runs, which may use it.
        if let Some(request) = request {
            request.write(Box::into_raw(Box::new(Request(question.clone()))));
        }
        client.credentials_then(move |outcome| question.answer(callback, outcome));
        Ok(())
    })
}

/// Cancels a request: the callback is not called any more. The refresh continues for the others.
///
/// request: borrowed. Returns true if the callback has not been called and never will be; false if it has been called
/// and has returned. Either way its data may be freed; to ensure this, it waits while the callback is running on
/// another thread. Inside a callback it never waits, since two callbacks could deadlock; there, false may mean that the
/// callback is still running. NULL returns false. In a forked child it never waits either, and reports the state at the
/// fork: true if the callback had not been called, false if it had, although it may have been running. Any number of
/// threads may call it at once.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_request_cancel(request: Option<&Request>) -> bool {
    guard(|| request.is_some_and(|request| request.0.cancel()))
}

/// Frees a request without cancelling it.
///
/// request: taken over, and must not be used afterwards; NULL does nothing. Any thread may call it, including the
/// callback's, as long as no other is using the request.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_request_free(request: Option<Box<Request>>) {
    guard(|| drop(request));
}
