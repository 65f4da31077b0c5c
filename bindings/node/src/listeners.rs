//! Delivers the events of a client to JavaScript.
//!
//! Invariant: neither the core nor JavaScript waits for the other. Events that an event loop has no time for are dropped,
//! and the next one that it gets says how many.

use std::sync::{Arc, Mutex};

use aliyun_cred::{Client, Event, binding};
use napi::bindgen_prelude::{Env, Function, JsValue, JsValuesTupleIntoVec, Result};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Status, sys};

use crate::{answer, lock};

/// How many events wait for an event loop that is blocked.
const CAPACITY: usize = 64;

/// Passes an event to JavaScript. Weak: listeners do not keep the process alive.
pub(crate) type Tell = ThreadsafeFunction<Happened, (), Happened, Status, false, true, CAPACITY>;

pub(crate) fn tell(function: Function<'_, Happened, ()>) -> Result<Tell> {
    let builder = function.build_threadsafe_function().weak::<true>().max_queue_size::<CAPACITY>();
    builder.build_callback(|call| Ok(call.value))
}

/// The listeners of all handles of one client. The core calls them only while there are any.
#[derive(Default)]
pub(crate) struct Listeners(Mutex<Vec<Listener>>);

struct Listener {
    /// The handle that it belongs to.
    owner: usize,
    tell: Tell,
    /// How many events it has missed since the last one that it got.
    missed: u64,
}

impl Listeners {
    // Under the lock, so that a handle that is freed on another thread does not remove the listener that is set here.
    pub(crate) fn add(self: &Arc<Self>, client: &Client, owner: usize, tell: Tell) {
        let mut listeners = lock(&self.0);
        if listeners.is_empty() {
            let all = self.clone();
            binding::set_event_listener(client, Some(move |event: &Event| all.tell(event)));
        }
        listeners.push(Listener { owner, tell, missed: 0 });
    }

    pub(crate) fn remove(&self, client: &Client, owner: usize) {
        let mut listeners = lock(&self.0);
        listeners.retain(|listener| listener.owner != owner);
        if listeners.is_empty() {
            binding::set_event_listener(client, None::<fn(&Event)>);
        }
    }

    fn tell(&self, event: &Event) {
        for listener in lock(&self.0).iter_mut() {
            let mut event = event.clone();
            event.dropped += listener.missed;
            let missed = event.dropped + 1;
            let status = listener.tell.call(Happened(event), ThreadsafeFunctionCallMode::NonBlocking);
            listener.missed = if status == Status::Ok { 0 } else { missed };
        }
    }
}

/// An event, on its way to the event loop.
pub struct Happened(Event);

impl JsValuesTupleIntoVec for Happened {
    fn into_vec(self, env: sys::napi_env) -> Result<Vec<sys::napi_value>> {
        let Happened(event) = self;
        let env = Env::from_raw(env);
        Ok(vec![answer::record(&env, &binding::event_json(&event), event.error.as_ref())?.raw()])
    }
}
