//! Asking for credentials without waiting for them: a callback, and a handle by which the caller can give up.
//!
//! Invariant: a callback runs once, or never if it was cancelled before; whoever cancels knows which of the two it is.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

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
    /// A forked child is never answered: what was to answer stayed with its parent, perhaps with the lock.
    process: u32,
    state: Mutex<State>,
    changed: Condvar,
    user_data: AtomicPtr<c_void>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Running(ThreadId),
    Done,
    Cancelled,
}

impl Question {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(
        &self,
        callback: extern "C" fn(*mut c_void, *mut Credentials, *mut Error),
        outcome: core::Result<Arc<Credentials>>,
    ) {
        {
            let mut state = self.lock();
            if *state == State::Cancelled {
                return;
            }
            *state = State::Running(std::thread::current().id());
        }
        let user_data = self.user_data.load(Ordering::Relaxed);
        match outcome {
            Ok(credentials) => callback(user_data, give(credentials), ptr::null_mut()),
            Err(error) => callback(user_data, ptr::null_mut(), Box::into_raw(Box::new(error.into()))),
        }
        *self.lock() = State::Done;
        self.changed.notify_all();
    }

    /// Whether the callback will never run.
    fn cancel(&self) -> bool {
        if self.process != std::process::id() {
            return true;
        }
        let mut state = self.lock();
        loop {
            match *state {
                State::Waiting => *state = State::Cancelled,
                State::Cancelled => return true,
                State::Done => return false,
                State::Running(thread) if thread == std::thread::current().id() => return false,
                State::Running(_) => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// Asks for the current credential, and has a callback called with it. Nothing waits: while the cached one is fresh the
/// callback runs inside this call, otherwise on the background thread, when the source has answered.
///
/// client: borrowed for the call. callback: called exactly once, unless it is cancelled before; it must not block, nor
/// throw a C++ exception, and may use this library but for calls that wait. user_data: handed to the callback as it is;
/// it belongs to the caller. request: written on success only, with a handle that the caller owns and frees with
/// aliyun_cred_request_free; NULL if nobody will want to cancel. Returns NULL on success;
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
        let question = Arc::new(Question {
            process: std::process::id(),
            state: Mutex::new(State::Waiting),
            changed: Condvar::new(),
            user_data: AtomicPtr::new(user_data),
        });
        // Before the callback, which may want it.
        if let Some(request) = request {
            request.write(Box::into_raw(Box::new(Request(question.clone()))));
        }
        client.client.credentials_then(move |outcome| question.answer(callback, outcome));
        Ok(())
    })
}

/// Gives up: the callback is not called any more. The refresh goes on for the others.
///
/// request: borrowed. Returns true if the callback has not been called and never will be; false if it has been, and has
/// returned, so that what it uses may be freed in either case. Only inside the callback itself false is returned while it
/// runs; and NULL gives false. Any number of threads may call it at once.
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
