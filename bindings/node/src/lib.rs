//! The native half of the Node package: it translates types, and nothing else.
//!
//! Everything here is synchronous. What has to be waited for runs on the core's own thread and comes back through a
//! thread-safe function, never through a future that borrows from a JavaScript object: a worker may be gone by then.
//! Invariant: nothing here throws for a failure of the resolver; a failure is an answer, and JavaScript makes the
//! `Error`, so that its stack is the caller's.

mod answer;
mod options;
mod warnings;

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aliyun_cred::{Credentials, ErrorKind, Surface};
use napi::bindgen_prelude::{Either, Env, Function, Object, Result};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{JsString, Status};
use napi_derive::napi;

use answer::{Answer, Reply, Source};
use options::Value;

type Outcome = aliyun_cred::Result<Arc<Credentials>>;

/// Tells JavaScript. Weak: whether the process has to stay for the answer is decided there, where it is known
/// whether anybody still waits for it.
type Tell = ThreadsafeFunction<Answer, (), Answer, Status, false, true>;

/// A client of the core, owned by one JavaScript object.
#[napi]
pub struct Client {
    source: Arc<Source>,
}

/// Makes a client: of the source that the options describe, or without names of the default chain. Answers with a
/// client or with `{ failure }`.
#[napi]
pub fn open<'env>(
    env: &'env Env,
    names: Option<Vec<String>>,
    values: Vec<Value<'env>>,
    node_version: String,
) -> Result<Either<Client, Object<'env>>> {
    let made = guard(|| {
        warnings::listen();
        let client = aliyun_cred::Client::builder().surface(Surface::Node(node_version));
        match names {
            Some(names) => client.config(&options::read(&names, values)?).build(),
            None => client.build(),
        }
    });
    match made {
        Some(Ok(client)) => Ok(Either::A(Client { source: Arc::new(Source::new(client)) })),
        Some(Err(error)) => Ok(Either::B(answer::failure(env, &error)?)),
        None => Ok(Either::B(answer::panicked(env)?)),
    }
}

#[napi]
impl Client {
    /// The type this client was made for.
    #[napi(getter, js_name = "type")]
    pub fn type_name(&self) -> &str {
        self.source.client.type_name()
    }

    /// The bearer token of the cached credential if that is fresh, without asking anybody; else `null`.
    #[napi(getter)]
    pub fn bearer_token<'env>(&self, env: &'env Env) -> Result<Option<JsString<'env>>> {
        let cached = self.source.client.cached();
        cached.as_ref().and_then(|cached| cached.bearer_token()).map(|token| env.create_string(token)).transpose()
    }

    /// Asks for the current credential. The answer (see [`answer`]) is returned if it needs no waiting; else `null` is,
    /// and `tell` is called with the answer, once, from the event loop.
    #[napi]
    pub fn ask<'env>(&self, env: &'env Env, tell: Function<'env, Answer, ()>) -> Result<Option<Reply<'env>>> {
        if let Some((credentials, left)) = self.source.client.cached_for() {
            return self.source.credential(env, credentials, left).map(Some);
        }
        let slot = Arc::new(Mutex::new(Slot::Asked));
        let (theirs, source) = (slot.clone(), self.source.clone());
        let done = move |outcome| Slot::answer(&theirs, Answer { source, outcome });
        if guard(|| self.source.client.credentials_then(done)).is_none() {
            return Ok(Some(Either::B(answer::panicked(env)?)));
        }
        let mut slot = lock(&slot);
        match mem::replace(&mut *slot, Slot::Asked) {
            Slot::Answered(answer) => answer.into_reply(env).map(Some),
            _ => {
                let builder = tell.build_threadsafe_function().weak::<true>();
                *slot = Slot::Waiting(builder.build_callback(|call| Ok(call.value))?);
                Ok(None)
            }
        }
    }

    /// Says that the service has refused the cached credential: the next call asks the source again.
    #[napi]
    pub fn invalidate(&self) {
        self.source.client.invalidate();
    }
}

/// The names of all kinds of failure, in the order of their numbers.
#[napi]
pub fn kinds() -> Vec<&'static str> {
    ErrorKind::ALL.iter().map(|kind| kind.name()).collect()
}

/// The warnings since the last call, at most one for each source in the life of the process; `null` if none.
#[napi]
pub fn take_warnings() -> Option<Vec<String>> {
    warnings::take()
}

/// Where the two sides of a question meet, whichever comes first.
enum Slot {
    Asked,
    Answered(Answer),
    Waiting(Tell),
}

impl Slot {
    fn answer(slot: &Mutex<Slot>, answer: Answer) {
        let mut slot = lock(slot);
        match mem::replace(&mut *slot, Slot::Asked) {
            Slot::Waiting(tell) => {
                drop(slot);
                // Refused only while the environment ends, when nobody is left to be told.
                tell.call(answer, ThreadsafeFunctionCallMode::NonBlocking);
            }
            Slot::Asked | Slot::Answered(_) => *slot = Slot::Answered(answer),
        }
    }
}

/// Runs what may reach any part of the core; `None` if it panicked, for a panic must not cross into the engine.
fn guard<T>(body: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(body)).ok()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
