//! Converts answers into JavaScript values:
//! - `{ accessKeyId, ..., expiration, freshFor }`: a credential. Absent strings are missing. `expiration` is in
//!   milliseconds since the Unix epoch. `freshFor` is the number of milliseconds for which it may be used without asking
//!   again (0: not at all, `Infinity`: for ever);
//! - a number: the `freshFor` of the same credential as last time. JavaScript still has its model, and making another
//!   costs more than everything else here;
//! - `{ failure }`.
//!
//! Reports, statuses and events come as JSON: `{ json, text }` or `{ failure }`, and `{ json }` with the `failure` that
//! they tell of.
//!
//! Invariant: strings are copied from the core's memory straight into the engine's, so no copy of a secret stays here.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, UNIX_EPOCH};

use aliyun_cred::binding;
use aliyun_cred::{Attempt, Client, Credentials, Error, ErrorKind, Report};
use napi::bindgen_prelude::{Either, Env, JsValue, JsValuesTupleIntoVec, Object, Result};
use napi::sys;

use crate::listeners::{Listeners, Tell};
use crate::{Outcome, lock};

/// An answer as JavaScript values.
pub(crate) type Reply<'env> = Either<f64, Object<'env>>;

/// A client of the core, and the last credential that JavaScript received from it.
pub(crate) struct Source {
    pub(crate) client: Client,
    /// The last credential that JavaScript received.
    last: Mutex<Option<Arc<Credentials>>>,
    /// Made when there is a listener, or another source of the same client.
    listeners: OnceLock<Arc<Listeners>>,
}

impl Source {
    pub(crate) fn new(client: Client) -> Self {
        Source { client, last: Mutex::default(), listeners: OnceLock::new() }
    }

    /// Another source of the same client. The core knows one listener per client, so they share theirs.
    pub(crate) fn share(&self) -> Self {
        let listeners = OnceLock::from(self.listeners().clone());
        Source { client: self.client.clone(), last: Mutex::default(), listeners }
    }

    /// Adds the listener of this source.
    pub(crate) fn listen(self: &Arc<Self>, tell: Tell) {
        self.listeners().add(&self.client, Arc::as_ptr(self).addr(), tell);
    }

    /// Removes the listener of this source.
    pub(crate) fn unlisten(&self) {
        if let Some(listeners) = self.listeners.get() {
            listeners.remove(&self.client, std::ptr::from_ref(self).addr());
        }
    }

    fn listeners(&self) -> &Arc<Listeners> {
        self.listeners.get_or_init(Arc::default)
    }

    /// The answer with this credential, which stays fresh for `left`.
    pub(crate) fn credential<'env>(
        &self,
        env: &'env Env,
        credentials: Arc<Credentials>,
        left: Duration,
    ) -> Result<Reply<'env>> {
        let fresh_for = if left == Duration::MAX { f64::INFINITY } else { millis(left) };
        let mut last = lock(&self.last);
        if last.as_ref() == Some(&credentials) {
            return Ok(Either::A(fresh_for));
        }
        let mut object = credential(env, &credentials)?;
        object.set("freshFor", fresh_for)?;
        *last = Some(credentials);
        Ok(Either::B(object))
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.unlisten();
    }
}

/// The outcome of a question, on its way to the event loop.
pub struct Answer {
    pub(crate) source: Arc<Source>,
    pub(crate) outcome: Outcome,
}

impl Answer {
    pub(crate) fn into_reply(self, env: &Env) -> Result<Reply<'_>> {
        match self.outcome {
            // Another refresh or an invalidation may have happened since. Only the cache knows what may be kept, and
            // for how long.
            Ok(credentials) => {
                let (credentials, left) =
                    binding::cached_for(&self.source.client).unwrap_or((credentials, Duration::ZERO));
                self.source.credential(env, credentials, left)
            }
            Err(error) => Ok(Either::B(failure(env, &error)?)),
        }
    }
}

impl JsValuesTupleIntoVec for Answer {
    fn into_vec(self, env: sys::napi_env) -> Result<Vec<sys::napi_value>> {
        let env = Env::from_raw(env);
        let value = match self.into_reply(&env)? {
            Either::A(fresh_for) => env.create_double(fresh_for)?.raw(),
            Either::B(object) => object.raw(),
        };
        Ok(vec![value])
    }
}

/// A report, on its way to the event loop.
pub struct Explained(pub(crate) aliyun_cred::Result<Arc<Report>>);

impl JsValuesTupleIntoVec for Explained {
    fn into_vec(self, env: sys::napi_env) -> Result<Vec<sys::napi_value>> {
        let env = Env::from_raw(env);
        let object = match self.0 {
            Ok(report) => {
                let mut object = record(&env, &report.to_json(), None)?;
                object.set("text", report.to_string())?;
                object
            }
            Err(error) => failure(&env, &error)?,
        };
        Ok(vec![object.raw()])
    }
}

/// Makes `{ json }`, and adds the `failure` that it tells of, if any.
pub(crate) fn record<'env>(env: &'env Env, json: &str, error: Option<&Error>) -> Result<Object<'env>> {
    let mut object = match error {
        Some(error) => failure(env, error)?,
        None => Object::new(env)?,
    };
    object.set("json", json)?;
    Ok(object)
}

pub(crate) fn credential<'env>(env: &'env Env, credentials: &Credentials) -> Result<Object<'env>> {
    let mut object = Object::new(env)?;
    let fields = [
        ("accessKeyId", credentials.access_key_id()),
        ("accessKeySecret", credentials.access_key_secret()),
        ("securityToken", credentials.security_token()),
        ("bearerToken", credentials.bearer_token()),
        ("type", Some(credentials.type_name())),
        ("providerName", credentials.provider_name()),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            object.set(name, value)?;
        }
    }
    if let Some(end) = credentials.expiration().and_then(|end| end.duration_since(UNIX_EPOCH).ok()) {
        object.set("expiration", millis(end))?;
    }
    Ok(object)
}

/// Makes `{ failure: { kind, message, serviceCode, requestId, statusCode, attempts } }`. Absent values are missing.
pub(crate) fn failure<'env>(env: &'env Env, error: &Error) -> Result<Object<'env>> {
    let attempts = error.attempts().iter().map(|attempt| self::attempt(env, attempt)).collect::<Result<Vec<_>>>()?;
    let mut failure = base(env, error.kind(), error.message(), attempts)?;
    if let Some(code) = error.code() {
        failure.set("serviceCode", code)?;
    }
    if let Some(id) = error.request_id() {
        failure.set("requestId", id)?;
    }
    if let Some(status) = error.http_status() {
        failure.set("statusCode", u32::from(status))?;
    }
    wrap(env, failure)
}

/// Makes the failure for a panic. Omits the panic's own message, which may quote a secret.
pub(crate) fn panicked(env: &Env) -> Result<Object<'_>> {
    let text = "the native library panicked; please report this as a bug";
    wrap(env, base(env, ErrorKind::Internal, text, Vec::new())?)
}

fn base<'env>(env: &'env Env, kind: ErrorKind, text: &str, attempts: Vec<Object<'env>>) -> Result<Object<'env>> {
    let mut failure = Object::new(env)?;
    failure.set("kind", kind.name())?;
    failure.set("message", text)?;
    failure.set("attempts", attempts)?;
    Ok(failure)
}

fn wrap<'env>(env: &'env Env, failure: Object<'env>) -> Result<Object<'env>> {
    let mut object = Object::new(env)?;
    object.set("failure", failure)?;
    Ok(object)
}

fn attempt<'env>(env: &'env Env, attempt: &Attempt) -> Result<Object<'env>> {
    let mut object = Object::new(env)?;
    object.set("provider", attempt.provider())?;
    object.set("kind", attempt.kind().name())?;
    object.set("message", attempt.message())?;
    Ok(object)
}

#[allow(clippy::cast_precision_loss, reason = "a millisecond more or less in 285,000 years")]
fn millis(duration: Duration) -> f64 {
    duration.as_millis() as f64
}
