//! The native half of the Node package: it translates types, and nothing else.
//!
//! Everything here is synchronous. What has to be waited for runs on the core's own thread and comes back through a
//! thread-safe function, never through a future that borrows from a JavaScript object: a worker may be gone by then.
//! Invariant: nothing here throws for a failure of the resolver; a failure is an answer, and JavaScript makes the
//! `Error`, so that its stack is the caller's.

mod answer;
mod callback;
mod options;
mod warnings;

use std::cell::RefCell;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use aliyun_cred::binding::{self, Surface};
use aliyun_cred::{Credentials, Error, ErrorKind};
use napi::bindgen_prelude::{Either, Env, External, Function, Object, Result};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{JsString, Status};
use napi_derive::napi;

use answer::{Answer, Reply, Source};
use callback::{Callback, Question, Questioned};
use options::Value;

/// Everything that is freed is wiped first: a reply passes through buffers of the HTTP, TLS and JSON libraries.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

type Outcome = aliyun_cred::Result<Arc<Credentials>>;

/// Tells JavaScript. Weak: whether the process has to stay for the answer is decided there, where it is known
/// whether anybody still waits for it.
type Tell = ThreadsafeFunction<Answer, (), Answer, Status, false, true>;

/// A client of the core as one JavaScript object holds it.
// No class: what the engine and the binding keep of an instance takes more memory, and a call more time, than the rest.
pub struct Handle(RefCell<Arc<Source>>);

impl Handle {
    fn new(client: aliyun_cred::Client) -> Self {
        Handle(RefCell::new(Arc::new(Source::new(client))))
    }

    fn source(&self) -> Arc<Source> {
        self.0.borrow().clone()
    }
}

/// Makes a client: of the source called `source`, else of the one that the options' type names; with neither, of the
/// default chain. `base` is what a role is assumed with; `on_update` gets what is worth keeping, as
/// `{ accessKeyId, ..., refreshToken, ... }`, and a question that it lets go of when it is done. Answers with a handle
/// or with `{ failure }`.
#[napi]
pub fn open<'env>(
    env: &'env Env,
    node_version: String,
    source: Option<String>,
    names: Option<Vec<String>>,
    values: Vec<Value<'env>>,
    base: Option<&External<Handle>>,
    on_update: Option<Function<'env, Questioned, ()>>,
) -> Result<Either<External<Handle>, Object<'env>>> {
    let on_update = on_update.map(Callback::new).transpose()?;
    let made = guard(|| {
        warnings::listen();
        let mut client = binding::builder(Surface::Node(node_version));
        if let Some(source) = source {
            client = client.source(source);
        }
        if let Some(names) = names {
            client = client.config(&options::read(&names, values)?);
        }
        if let Some(base) = base {
            client = client.base(&base.source().client);
        }
        if let Some(on_update) = on_update {
            client = client.on_update(move |update| on_update.tell(update));
        }
        client.build()
    });
    match made {
        Some(Ok(client)) => Ok(Either::A(Handle::new(client).into())),
        Some(Err(error)) => Ok(Either::B(answer::failure(env, &error)?)),
        None => Ok(Either::B(answer::panicked(env)?)),
    }
}

/// Makes a client of a provider that is written in JavaScript: `ask` is called with a question, to be answered by
/// [`give`] or [`refuse`].
#[napi]
pub fn custom_provider(name: String, ask: Function<'_, Questioned, ()>) -> Result<External<Handle>> {
    let callback = Callback::new(ask)?;
    let lost =
        format!("the provider '{name}' cannot answer any more: its promise was let go of, or its thread has ended");
    let client = aliyun_cred::Client::from_async(name, move || {
        let (answer, lost) = (callback.ask(), lost.clone());
        async move { answer.await.unwrap_or_else(|_| Err(Error::from_provider(ErrorKind::Internal, lost))) }
    });
    Ok(Handle::new(client).into())
}

/// Another handle of the same client.
#[napi]
pub fn share(client: &External<Handle>) -> External<Handle> {
    Handle::new(client.source().client.clone()).into()
}

/// The provider's answer. What is no string is not passed; `expiration` is in milliseconds since the Unix epoch.
#[napi]
pub fn give(
    question: &External<Question>,
    access_key_id: Option<String>,
    access_key_secret: Option<String>,
    security_token: Option<String>,
    bearer_token: Option<String>,
    provider_name: Option<String>,
    expiration: Option<f64>,
) {
    let mut given = match bearer_token {
        Some(token) => Credentials::from_bearer_token(token),
        // What is missing is noticed where all providers' answers are looked at.
        None => Credentials::from_parts(access_key_id.unwrap_or_default(), access_key_secret.unwrap_or_default()),
    };
    if let Some(token) = security_token {
        given = given.with_security_token(token);
    }
    if let Some(name) = provider_name {
        given = given.with_provider_name(name);
    }
    let since_epoch = expiration.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
    if let Some(end) = since_epoch.and_then(|since_epoch| UNIX_EPOCH.checked_add(since_epoch)) {
        given = given.with_expiration(end);
    }
    question.answer(Ok(given));
}

/// The provider's failure. `kind` is the name of a kind, or anything else for none of them.
#[napi]
pub fn refuse(question: &External<Question>, kind: String, message: String) {
    let kind = ErrorKind::ALL.iter().copied().find(|known| known.name() == kind).unwrap_or(ErrorKind::Internal);
    question.answer(Err(Error::from_provider(kind, message)));
}

/// Nothing more is to be said to this question.
#[napi]
pub fn let_go(question: &External<Question>) {
    question.let_go();
}

/// The type that the client was made for.
#[napi]
pub fn type_of<'env>(env: &'env Env, client: &External<Handle>) -> Result<JsString<'env>> {
    env.create_string(client.source().client.type_name())
}

/// The bearer token of the cached credential if that is fresh, without asking anybody; else `null`.
#[napi]
pub fn bearer_token<'env>(env: &'env Env, client: &External<Handle>) -> Result<Option<JsString<'env>>> {
    let cached = client.source().client.cached();
    cached.as_ref().and_then(|cached| cached.bearer_token()).map(|token| env.create_string(token)).transpose()
}

/// Asks for the current credential. The answer (see [`answer`]) is returned if it needs no waiting; else `null` is, and
/// `tell` is called with the answer, once, from the event loop.
#[napi]
pub fn ask<'env>(
    env: &'env Env,
    client: &External<Handle>,
    tell: Function<'env, Answer, ()>,
) -> Result<Option<Reply<'env>>> {
    let source = client.source();
    if let Some((credentials, left)) = binding::cached_for(&source.client) {
        return source.credential(env, credentials, left).map(Some);
    }
    let slot = Arc::new(Mutex::new(Slot::Asked));
    let (theirs, asked) = (slot.clone(), source.clone());
    let done = move |outcome| Slot::answer(&theirs, Answer { source: asked, outcome });
    if guard(|| source.client.credentials_then(done)).is_none() {
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

/// The answer that needs no asking; `null` if there is none.
#[napi]
pub fn cached<'env>(env: &'env Env, client: &External<Handle>) -> Result<Option<Reply<'env>>> {
    let source = client.source();
    let cached = binding::cached_for(&source.client);
    cached.map(|(credentials, left)| source.credential(env, credentials, left)).transpose()
}

/// As [`ask`], waiting in this thread: for a source that needs nothing of this thread's event loop.
#[napi]
pub fn wait<'env>(env: &'env Env, client: &External<Handle>) -> Result<Reply<'env>> {
    let source = client.source();
    match guard(|| source.client.credentials_blocking()) {
        Some(outcome) => Answer { source, outcome }.into_reply(env),
        None => Ok(Either::B(answer::panicked(env)?)),
    }
}

/// Says that the service has refused the cached credential: the next call asks the source again.
#[napi]
pub fn invalidate(client: &External<Handle>) {
    client.source().client.invalidate();
}

/// Lets go of a client, with whatever it does in the background; from now on its handle is one of `other`.
#[napi]
pub fn replace(client: &External<Handle>, other: &External<Handle>) {
    let source = other.source();
    client.0.replace(source);
}

/// The names of all kinds of failure, in the order of their numbers.
#[napi]
pub fn kinds() -> Vec<&'static str> {
    ErrorKind::ALL.iter().map(|kind| kind.name()).collect()
}

/// A key, secret or token that did not come through a client, as `{ key }`; or `{ why }` it cannot be one, as a sentence
/// that begins with `name`.
#[napi]
pub fn key<'env>(env: &'env Env, value: String, name: String) -> Result<Object<'env>> {
    // Perhaps no client has been made yet.
    warnings::listen();
    let mut checked = Object::new(env)?;
    match binding::key(&value, &binding::one_line(name)) {
        Ok(key) => checked.set("key", key)?,
        Err(why) => checked.set("why", why)?,
    }
    Ok(checked)
}

/// A text without line breaks and whatever else could make it look like another one.
#[napi]
pub fn one_line(text: String) -> String {
    binding::one_line(text)
}

/// A path as a text may show it: one that does not look like a path is shown by its length.
#[napi]
pub fn shown_path(path: String) -> String {
    binding::one_line(binding::shown_path(path.as_ref()))
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
