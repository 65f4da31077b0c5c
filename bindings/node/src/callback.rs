//! Questions to JavaScript, which it answers later, from its own event loop.
//!
//! Invariant: whoever has asked gets an answer or learns that none will come: when JavaScript lets go of the question,
//! and when its environment ends, be the question delivered by then or not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aliyun_cred::{Credentials, Update};
use napi::Status;
use napi::bindgen_prelude::{Env, External, Function, JsValue, JsValuesTupleIntoVec, Object, Result};
use napi::sys;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use tokio::sync::oneshot::{Receiver, Sender, channel};

use crate::lock;

type Said = aliyun_cred::Result<Credentials>;

/// A function of JavaScript's, for other threads. Weak: only those who wait for what comes of it keep the process.
pub(crate) struct Callback {
    function: ThreadsafeFunction<Questioned, (), Questioned, Status, false, true>,
    open: Arc<Open>,
}

impl Callback {
    pub(crate) fn new(function: Function<'_, Questioned, ()>) -> Result<Self> {
        let open = Arc::<Open>::default();
        // Dropped with the function, when its environment ends at the latest.
        let end = End(open.clone());
        let function = function.build_threadsafe_function().weak::<true>().build_callback(move |call| {
            let End(_) = &end;
            Ok(call.value)
        })?;
        Ok(Callback { function, open })
    }

    /// Asks for a credential. An error: there will be no answer.
    pub(crate) fn ask(&self) -> Receiver<Said> {
        self.call(None)
    }

    /// Tells what was learned, and waits in this thread until that has been dealt with.
    pub(crate) fn tell(&self, update: &Update) {
        // Letting go of the question is the answer.
        let _ = self.call(Some(update.clone())).blocking_recv();
    }

    fn call(&self, update: Option<Update>) -> Receiver<Said> {
        let (question, answer) = Open::question(&self.open);
        // Refused only while the environment ends, which ends all questions.
        self.function.call(Questioned { question, update }, ThreadsafeFunctionCallMode::NonBlocking);
        answer
    }
}

/// The questions that have no answer yet. Kept here and not in the questions themselves: those that an ending environment
/// did not get to see are never dropped.
#[derive(Default)]
struct Open(Mutex<Questions>);

#[derive(Default)]
struct Questions {
    last: u64,
    senders: HashMap<u64, Sender<Said>>,
    ended: bool,
}

impl Open {
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
struct End(Arc<Open>);

impl Drop for End {
    fn drop(&mut self) {
        let mut questions = lock(&self.0.0);
        questions.ended = true;
        let senders = std::mem::take(&mut questions.senders);
        drop(questions);
        drop(senders);
    }
}

/// A question, as JavaScript holds it. The first answer counts.
pub struct Question {
    id: u64,
    open: Arc<Open>,
}

impl Question {
    pub(crate) fn answer(&self, said: Said) {
        if let Some(sender) = self.open.take(self.id) {
            // Refused if nobody waits any more.
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

/// A question on its way to the event loop, and what it tells.
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

/// What was learned; what is not known is missing. Points of time are in seconds since the Unix epoch.
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
    for (name, value) in [("expiration", update.expiration()), ("accessTokenExpire", update.access_token_expire())] {
        if let Some(value) = value {
            object.set(name, value)?;
        }
    }
    Ok(object)
}
