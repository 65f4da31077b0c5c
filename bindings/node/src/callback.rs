//! Calls custom providers and update callbacks: sends a question to JavaScript, which answers it from its event loop.
//!
//! Invariant: every question ends, by an answer or without one. It ends without one when JavaScript drops it, and when
//! the JavaScript environment ends, whether or not the question has been delivered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aliyun_cred::{Credentials, Update, binding};
use napi::Status;
use napi::bindgen_prelude::{Env, External, Function, JsValue, JsValuesTupleIntoVec, Object, Result};
use napi::sys;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use tokio::sync::oneshot::{Receiver, Sender, channel};

use crate::lock;

type Said = aliyun_cred::Result<Credentials>;

/// A JavaScript function that other threads can call. Weak: it does not keep the process alive.
pub(crate) struct Callback {
    function: ThreadsafeFunction<Questioned, (), Questioned, Status, false, true>,
    open: Arc<OpenQuestions>,
}

impl Callback {
    pub(crate) fn new(function: Function<'_, Questioned, ()>) -> Result<Self> {
        let open = Arc::<OpenQuestions>::default();
        // Dropped with the function, at the latest when the environment ends.
        let end = End(open.clone());
        let function = function.build_threadsafe_function().weak::<true>().build_callback(move |call| {
            let End(_) = &end;
            Ok(call.value)
        })?;
        Ok(Callback { function, open })
    }

    /// Asks the custom provider for a credential. The receiver fails if the question ends without an answer.
    pub(crate) fn ask(&self) -> Receiver<Said> {
        self.call(None)
    }

    /// Calls the update callback, and blocks this thread until the callback is done.
    pub(crate) fn tell(&self, update: &Update) {
        // JavaScript drops the question when the callback is done.
        let _ = self.call(Some(update.clone())).blocking_recv();
    }

    fn call(&self, update: Option<Update>) -> Receiver<Said> {
        let (question, answer) = OpenQuestions::question(&self.open);
        // Fails only while the environment ends, which ends all questions.
        self.function.call(Questioned { question, update }, ThreadsafeFunctionCallMode::NonBlocking);
        answer
    }
}

/// The questions without an answer. Kept apart from the questions themselves, because those that an ending environment
/// never receives are never dropped.
#[derive(Default)]
struct OpenQuestions(Mutex<Questions>);

#[derive(Default)]
struct Questions {
    last: u64,
    senders: HashMap<u64, Sender<Said>>,
    ended: bool,
}

impl OpenQuestions {
    fn question(open: &Arc<Self>) -> (Question, Receiver<Said>) {
        let (sender, receiver) = channel();
        let mut questions = lock(&open.0);
        questions.last += 1;
        let id = questions.last;
        if !questions.ended {
            questions.senders.insert(id, sender);
        }
        (Question { id, open: open.clone() }, receiver)
    }

    fn take(&self, id: u64) -> Option<Sender<Said>> {
        lock(&self.0).senders.remove(&id)
    }
}

/// Ends all questions when it is dropped.
struct End(Arc<OpenQuestions>);

impl Drop for End {
    fn drop(&mut self) {
        let mut questions = lock(&self.0.0);
        questions.ended = true;
        let senders = std::mem::take(&mut questions.senders);
        drop(questions);
        drop(senders);
    }
}

/// A question, as JavaScript holds it. Only the first answer counts.
pub struct Question {
    id: u64,
    open: Arc<OpenQuestions>,
}

impl Question {
    pub(crate) fn answer(&self, said: Said) {
        if let Some(sender) = self.open.take(self.id) {
            // Fails if the caller no longer waits.
            let _ = sender.send(said);
        }
    }

    pub(crate) fn let_go(&self) {
        drop(self.open.take(self.id));
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// The arguments of a call: the question and, for an update callback, the update.
pub struct Questioned {
    question: Question,
    update: Option<Update>,
}

impl JsValuesTupleIntoVec for Questioned {
    fn into_vec(self, env: sys::napi_env) -> Result<Vec<sys::napi_value>> {
        let env = Env::from_raw(env);
        let mut arguments = vec![External::new(self.question).into_js_external(&env)?.raw()];
        if let Some(update) = &self.update {
            arguments.push(object(&env, update)?.raw());
        }
        Ok(arguments)
    }
}

/// Converts an update to an object. Absent values are missing. Times are in seconds since the Unix epoch.
fn object<'env>(env: &'env Env, update: &Update) -> Result<Object<'env>> {
    let mut object = Object::new(env)?;
    let texts = [
        ("accessKeyId", update.access_key_id()),
        ("accessKeySecret", update.access_key_secret()),
        ("securityToken", update.security_token()),
        ("refreshToken", update.refresh_token()),
        ("accessToken", update.access_token()),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            object.set(name, value)?;
        }
    }
    for (name, value) in [("expiration", update.expiration()), ("accessTokenExpire", update.access_token_expiration())]
    {
        if let Some(value) = value.and_then(binding::unix_seconds) {
            object.set(name, value)?;
        }
    }
    Ok(object)
}
