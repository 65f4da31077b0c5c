//! Asking for credentials without waiting for them: a callback, and a handle by which the caller can give up.
//!
//! Invariant: a callback runs once, or never if it was cancelled before; whoever cancels knows which of the two it is.

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

/// Takes what was asked for. user_data: what was given with the callback. credentials: a reference that the callback
/// owns and frees with aliyun_cred_credentials_free; NULL if there is an error. error: one that the callback owns and
/// frees with aliyun_cred_error_free; NULL if there are credentials.
pub type Callback = Option<extern "C" fn(user_data: *mut c_void, credentials: *mut Credentials, error: *mut Error)>;

/// One question, from when it was asked until it is freed.
#[derive(Debug)]
pub struct Request(Arc<Question>);

#[derive(Debug)]
struct Question {
    /// A forked child is never answered: what was to answer stayed with its parent.
    process: u32,
    /// One of the four below. No lock, for a forked child may ask, and a lock may have stayed with its parent.
    state: AtomicU8,
    /// Held by whoever makes it done, so that nobody who waits for that misses it.
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
        // A callback may fork, and its child go on to the next.
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
        // A child of the callback's has a copy of the lock, and nobody who waits.
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

/// Asks for the current credential, and has a callback called with it. Nothing waits, but that configuration files are read
/// by the calling thread, which takes as long as the disk does. While the cached one is fresh, or if there is nothing to be
/// waited for (no service, provider, command or lock), the callback runs inside this call; otherwise on the background
/// thread when the source has answered, or inside another thread's call into the library that brought the answer.
///
/// client: borrowed for the call; the callback may free it. callback: called exactly once, unless it is cancelled before;
/// it must not block, nor throw a C++ exception, and may use this library, but a call of it that would have to wait gives
/// ALIYUN_CRED_ERROR_RECURSION on the background thread. user_data: handed to the callback as it is; it belongs to the
/// caller. request: written before the callback is called, on success only, with a handle that the caller owns and frees
/// with aliyun_cred_request_free; NULL if nobody will want to cancel. Returns NULL on success;
/// ALIYUN_CRED_ERROR_INVALID_ARGUMENT if client or callback is NULL, and then the callback is not called. In a forked
/// child the callbacks of its parent are not called. Any number of threads may call it at once.
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
        // Its own hold on it: the callback may free the client.
        let client = client.client.clone();
        let question = Question::new(user_data);
        // Before the callback, which may want it.
        if let Some(request) = request {
            request.write(Box::into_raw(Box::new(Request(question.clone()))));
        }
        client.credentials_then(move |outcome| question.answer(callback, outcome));
        Ok(())
    })
}

/// Gives up: the callback is not called any more. The refresh goes on for the others.
///
/// request: borrowed. Returns true if the callback has not been called and never will be; false if it has been, and has
/// returned, so that what it uses may be freed in either case: to that end this waits while the callback runs in another
/// thread. Not so inside a callback, this one or another, which could wait for one that waits for it: there false may mean
/// that it is running. NULL gives false. In a forked child it never waits either, and says how it stood when the child was
/// forked: true if the callback had not been called by then, and false if it had, though it may have been running. Any
/// number of threads may call it at once.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_request_cancel(request: Option<&Request>) -> bool {
    guard(|| request.is_some_and(|request| request.0.cancel()))
}

/// Frees a request. That cancels nothing.
///
/// request: taken over and no longer to be used; NULL does nothing. Any thread may call it, the callback's too, as long as
/// no other is using the request.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_request_free(request: Option<Box<Request>>) {
    guard(|| drop(request));
}
