//! The native half of the Node package. Translates types, and nothing else.
//!
//! Everything here is synchronous. A refresh runs on the core's own thread, and its result returns through a
//! thread-safe function, never through a future that borrows from a JavaScript object: that object's worker may have
//! ended. Invariant: nothing here throws for a failure of the resolver. A failure is an answer, and JavaScript makes
//! the `Error`, so that its stack is the caller's.

mod answer;
mod callback;
mod listeners;
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

use answer::{Answer, Explained, Reply, Source};
use callback::{Callback, Question, Questioned};
use listeners::Happened;
use options::Value;

/// Wipes all memory before it is freed: a reply passes through buffers of the HTTP, TLS and JSON libraries.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

type Outcome = aliyun_cred::Result<Arc<Credentials>>;

/// Passes an answer to JavaScript. Weak: JavaScript keeps the process alive while a caller waits (`keep_alive.js`).
type Tell = ThreadsafeFunction<Answer, (), Answer, Status, false, true>;

/// A client of the core, as one JavaScript object holds it.
// Not a class: its instances would take more memory, and its calls more time, than everything else here.
pub struct Handle(RefCell<Arc<Source>>);

impl Handle {
    fn new(source: Source) -> Self {
        Handle(RefCell::new(Arc::new(source)))
    }

    fn source(&self) -> Arc<Source> {
        self.0.borrow().clone()
    }
}

/// Creates a client of the source called `source`; else of the one that the options' type names; else of the default
/// chain. `base` assumes the role. `on_update` is the update callback: it receives a question, which it drops with
/// [`let_go`] when it is done, and the update as `{ accessKeyId, ..., refreshToken, ... }`. Returns a handle or
/// `{ failure }`.
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
            client = client.source(source.parse()?);
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
        Some(Ok(client)) => Ok(Either::A(Handle::new(Source::new(client)).into())),
        Some(Err(error)) => Ok(Either::B(answer::failure(env, &error)?)),
        None => Ok(Either::B(answer::panicked(env)?)),
    }
}

/// Creates a client of a custom provider. `ask` is called with a question, which it answers by [`give`] or [`refuse`].
#[napi]
pub fn custom_provider(name: String, ask: Function<'_, Questioned, ()>) -> Result<External<Handle>> {
    warnings::listen();
    let callback = Callback::new(ask)?;
    let lost =
        format!("the provider '{name}' cannot answer any more: its promise was let go of, or its thread has ended");
    let client = aliyun_cred::Client::from_async(name, move || {
        let (answer, lost) = (callback.ask(), lost.clone());
        async move { answer.await.unwrap_or_else(|_| Err(Error::from_provider(ErrorKind::Internal, lost))) }
    });
    Ok(Handle::new(Source::new(client)).into())
}

/// Returns another handle of the same client.
#[napi]
pub fn share(client: &External<Handle>) -> External<Handle> {
    Handle::new(client.source().share()).into()
}

/// Answers a question with the custom provider's credential. `expiration` is in milliseconds since the Unix epoch.
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
    let pair = (access_key_id, access_key_secret);
    question.answer(Ok(given(pair, security_token, bearer_token, provider_name, expiration)));
}

/// Checks the credential of the custom provider called `name`. Returns it, as [`answer`] says, or `{ failure }`.
#[napi]
#[allow(clippy::too_many_arguments, reason = "each is a native string; an object would be read field by field")]
pub fn check<'env>(
    env: &'env Env,
    name: String,
    access_key_id: Option<String>,
    access_key_secret: Option<String>,
    security_token: Option<String>,
    bearer_token: Option<String>,
    provider_name: Option<String>,
    expiration: Option<f64>,
) -> Result<Object<'env>> {
    // No client may have been created yet.
    warnings::listen();
    let pair = (access_key_id, access_key_secret);
    match binding::check_custom(&name, given(pair, security_token, bearer_token, provider_name, expiration)) {
        Ok(credentials) => answer::credential(env, &credentials),
        Err(error) => answer::failure(env, &error),
    }
}

/// Converts the credential that a custom provider returned. The core checks it, and reports missing parts.
fn given(
    (access_key_id, access_key_secret): (Option<String>, Option<String>),
    security_token: Option<String>,
    bearer_token: Option<String>,
    provider_name: Option<String>,
    expiration: Option<f64>,
) -> Credentials {
    let mut given = match bearer_token.filter(|token| !token.trim().is_empty()) {
        Some(token) => Credentials::from_bearer_token(token),
        None => Credentials::from_parts(access_key_id.unwrap_or_default(), access_key_secret.unwrap_or_default()),
    };
    if let Some(token) = security_token {
        given = given.with_security_token(token);
    }
    if let Some(name) = provider_name {
        given = given.with_provider_name(name);
    }
    // The cast makes 0 of a time before the epoch, which has passed, too.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a date has whole milliseconds")]
    let since_epoch = expiration.filter(|ms| !ms.is_nan()).map(|ms| Duration::from_millis(ms as u64));
    if let Some(end) = since_epoch.and_then(|since_epoch| UNIX_EPOCH.checked_add(since_epoch)) {
        given = given.with_expiration(end);
    }
    given
}

/// Answers a question with the custom provider's failure. A `kind` that is not the name of a kind means `internal`.
#[napi]
pub fn refuse(question: &External<Question>, kind: String, message: String) {
    let kind = ErrorKind::ALL.iter().copied().find(|known| known.name() == kind).unwrap_or(ErrorKind::Internal);
    question.answer(Err(Error::from_provider(kind, message)));
}

/// Drops a question: it ends without an answer.
#[napi]
pub fn let_go(question: &External<Question>) {
    question.let_go();
}

/// Returns the type that the client was created for.
#[napi]
pub fn type_of<'env>(env: &'env Env, client: &External<Handle>) -> Result<JsString<'env>> {
    env.create_string(client.source().client.type_name())
}

/// Returns the bearer token of a fresh cached credential, without asking the source; else `null`.
#[napi]
pub fn bearer_token<'env>(env: &'env Env, client: &External<Handle>) -> Result<Option<JsString<'env>>> {
    let cached = client.source().client.cached();
    cached.as_ref().and_then(|cached| cached.bearer_token()).map(|token| env.create_string(token)).transpose()
}

/// Asks for the current credential. Returns the answer (see [`answer`]) if it needs no waiting. Else returns `null`,
/// and calls `tell` with the answer, once, from the event loop.
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

/// Returns the answer from the cache; `null` if no fresh credential is cached.
#[napi]
pub fn cached<'env>(env: &'env Env, client: &External<Handle>) -> Result<Option<Reply<'env>>> {
    let source = client.source();
    let cached = binding::cached_for(&source.client);
    cached.map(|(credentials, left)| source.credential(env, credentials, left)).transpose()
}

/// Like [`ask`], but blocks this thread. For a source that does not need this thread's event loop.
#[napi]
pub fn wait<'env>(env: &'env Env, client: &External<Handle>) -> Result<Reply<'env>> {
    let source = client.source();
    match guard(|| source.client.credentials_blocking()) {
        Some(outcome) => Answer { source, outcome }.into_reply(env),
        None => Ok(Either::B(answer::panicked(env)?)),
    }
}

/// Asks the sources anew for a report, and calls `tell` with it, once, from the event loop. Returns `{ failure }` instead
/// if there can be none, else `null`.
#[napi]
pub fn explain<'env>(
    env: &'env Env,
    client: &External<Handle>,
    all: bool,
    rotate: bool,
    tell: Function<'env, Explained, ()>,
) -> Result<Option<Object<'env>>> {
    let tell = tell.build_threadsafe_function().weak::<true>().build_callback(|call| Ok(call.value))?;
    let source = client.source();
    let begun = guard(|| {
        let explain = binding::explain(&source.client, all, rotate);
        // The call fails only while the environment ends, when no caller is left.
        binding::explain_then(explain, move |report| {
            tell.call(Explained(report), ThreadsafeFunctionCallMode::NonBlocking);
        });
    });
    if begun.is_none() { answer::panicked(env).map(Some) } else { Ok(None) }
}

/// Returns what is known without asking the source: `{ json }`, and the last `failure`.
#[napi]
pub fn status<'env>(env: &'env Env, client: &External<Handle>) -> Result<Object<'env>> {
    let status = client.source().client.status();
    answer::record(env, &binding::status_json(&status), status.last_error.as_ref())
}

/// Calls `tell` with each event of the client, from the event loop, until [`unlisten`]: `{ json }`, and its `failure`.
#[napi]
pub fn listen(client: &External<Handle>, tell: Function<'_, Happened, ()>) -> Result<()> {
    client.source().listen(listeners::tell(tell)?);
    Ok(())
}

/// Ends what [`listen`] has begun.
#[napi]
pub fn unlisten(client: &External<Handle>) {
    client.source().unlisten();
}

/// Drops the cached credential. The next call asks the source again.
#[napi]
pub fn invalidate(client: &External<Handle>) {
    client.source().client.invalidate();
}

/// Replaces a handle's client by that of `other`. The old client's background work ends with it.
#[napi]
pub fn replace(client: &External<Handle>, other: &External<Handle>) {
    let source = other.source();
    client.0.replace(source);
}

/// Returns the names of all kinds of failure, in the order of their numbers.
#[napi]
pub fn kinds() -> Vec<&'static str> {
    ErrorKind::ALL.iter().map(|kind| kind.name()).collect()
}

/// Returns how far the services' clock is ahead of this machine's, in milliseconds.
#[napi]
pub fn clock_offset() -> i64 {
    binding::clock_offset_ms()
}

/// Replaces line breaks, and other characters that could disguise a text, by spaces.
#[napi]
pub fn one_line(text: String) -> String {
    binding::one_line(text)
}

/// Returns a path as a message may show it. A value that does not look like a path is replaced by its length.
#[napi]
pub fn shown_path(path: String) -> String {
    binding::one_line(binding::shown_path(path.as_ref()))
}

/// Returns the warnings since the last call, at most one per source and process; `null` if there are none.
#[napi]
pub fn take_warnings() -> Option<Vec<String>> {
    warnings::take()
}

/// Joins a caller and its answer, whichever comes first.
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
                // Fails only while the environment ends, when no caller is left.
                tell.call(answer, ThreadsafeFunctionCallMode::NonBlocking);
            }
            Slot::Asked | Slot::Answered(_) => *slot = Slot::Answered(answer),
        }
    }
}

/// Runs code of the core. Returns `None` if it panicked, because a panic must not cross into the engine.
fn guard<T>(body: impl FnOnce() -> T) -> Option<T> {
    let body = || {
        if cfg!(feature = "inject-panic") {
            binding::inject_panic();
        }
        body()
    };
    catch_unwind(AssertUnwindSafe(body)).ok()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
