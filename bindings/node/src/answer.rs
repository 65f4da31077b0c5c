//! Answers in the engine's own values:
//! - `{ accessKeyId, ..., expiration, freshFor }`: a credential. Absent strings are missing; `expiration` is in
//!   milliseconds since the Unix epoch; `freshFor` is for how many milliseconds it may be handed out without asking
//!   again (0: not at all, `Infinity`: for ever);
//! - a number: the same credential as the last time, and its `freshFor`. JavaScript has the model of it still, and
//!   making another costs more than everything else here;
//! - `{ failure }`.
//!
//! Strings go from the core's memory straight into the engine's: no copy of a secret is left behind here.

use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use aliyun_cred::binding;
use aliyun_cred::{Attempt, Client, Credentials, Error, ErrorKind};
use napi::bindgen_prelude::{Either, Env, JsValue, JsValuesTupleIntoVec, Object, Result};
use napi::sys;

use crate::{Outcome, lock};

/// An answer, once it is on its thread.
pub(crate) type Reply<'env> = Either<f64, Object<'env>>;

/// A client of the core, and what JavaScript knows of it.
pub(crate) struct Source {
    pub(crate) client: Client,
    /// What the last credential that JavaScript was told was made of.
    told: Mutex<Option<Arc<Credentials>>>,
}

impl Source {
    pub(crate) fn new(client: Client) -> Self {
        Source { client, told: Mutex::default() }
    }

    /// The answer that holds this credential, which is fresh for as long as `left` says.
    pub(crate) fn credential<'env>(
        &self,
        env: &'env Env,
        credentials: Arc<Credentials>,
        left: Duration,
    ) -> Result<Reply<'env>> {
        let fresh_for = if left == Duration::MAX { f64::INFINITY } else { millis(left) };
        let mut told = lock(&self.told);
        if told.as_ref() == Some(&credentials) {
            return Ok(Either::A(fresh_for));
        }
        let mut object = credential(env, &credentials)?;
        object.set("freshFor", fresh_for)?;
        *told = Some(credentials);
        Ok(Either::B(object))
    }
}

/// What a question brought, on its way to the event loop.
pub struct Answer {
    pub(crate) source: Arc<Source>,
    pub(crate) outcome: Outcome,
}

impl Answer {
    pub(crate) fn into_reply(self, env: &Env) -> Result<Reply<'_>> {
        match self.outcome {
            // Between the refresh and this moment there may have been another, or an invalidation: what may be kept,
            // and for how long, only the cache can say.
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

fn credential<'env>(env: &'env Env, credentials: &Credentials) -> Result<Object<'env>> {
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

/// `{ failure: { kind, message, serviceCode, requestId, statusCode, attempts } }`: what is absent is missing.
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

/// The failure to answer with after a panic. The panic's own text is not passed on: it may quote anything.
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
