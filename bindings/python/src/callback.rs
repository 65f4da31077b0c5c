//! Functions written in Python that the core calls.
//!
//! Invariant: they run on threads that Python started, for an interpreter that ends does away with every thread that
//! comes back to it, and that must not happen below frames of ours. The core's helper threads only start those, which
//! [`InterpreterGuard`] makes safe, and wait.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use aliyun_cred::binding::Scope;
use aliyun_cred::{Credentials, Error, ErrorKind, Result, Update};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// A function that both a client and its core hold: as one reference, so that Python's garbage collector, which sees the
/// client only, knows of all there are.
#[derive(Clone)]
pub(crate) struct Function(Arc<Py<PyAny>>);

impl Function {
    pub(crate) fn new(function: Py<PyAny>) -> Self {
        Function(Arc::new(function))
    }

    pub(crate) fn get(&self) -> &Py<PyAny> {
        &self.0
    }
}

/// AccessKey ID, secret, security token, provider name.
type KeyParts = (String, String, Option<String>, Option<String>);

/// Where the outcome of one call goes to.
#[pyclass(frozen, module = "aliyun_cred._native")]
pub(crate) struct Answer {
    sender: SyncSender<std::result::Result<Option<KeyParts>, Failure>>,
    scope: Mutex<Option<Scope>>,
}

/// What was raised.
struct Failure {
    kind: Option<String>,
    class: String,
    text: String,
}

#[pymethods]
impl Answer {
    /// Makes this thread, until it ends, one that works for whoever asked.
    fn adopt(&self) {
        if let Some(scope) = self.scope.lock().ok().and_then(|mut scope| scope.take()) {
            scope.adopt();
        }
    }

    /// What the function returned.
    #[pyo3(signature = (given))]
    fn set_result(&self, given: Option<KeyParts>) {
        // Nobody may be waiting any more.
        let _ = self.sender.try_send(Ok(given));
    }

    /// What the function raised: the kind if it is an exception of this package's, the class's name, the text.
    #[pyo3(signature = (kind, class_name, text))]
    fn set_exception(&self, kind: Option<String>, class_name: String, text: String) {
        let _ = self.sender.try_send(Err(Failure { kind, class: class_name, text }));
    }
}

/// `ask` as a provider of the core's.
pub(crate) fn provider(
    py: Python<'_>,
    ask: Function,
) -> PyResult<impl Fn() -> Result<Credentials> + Send + Sync + 'static> {
    InterpreterGuard::prepare(py)?;
    Ok(move || {
        let given = call(ask.get(), |py| Ok(PyTuple::empty(py))).map_err(|Failure { kind, class, text }| {
            let named = ErrorKind::ALL.iter().copied().find(|one| Some(one.name()) == kind.as_deref());
            Error::from_provider(named.unwrap_or(ErrorKind::Internal), format!("{class}: {text}"))
        })?;
        let (id, secret, token, name) =
            given.ok_or_else(|| Error::from_provider(ErrorKind::Internal, "it gave no credential"))?;
        let mut credentials = Credentials::from_parts(id, secret);
        if let Some(token) = token {
            credentials = credentials.with_security_token(token);
        }
        Ok(match name {
            Some(name) => credentials.with_provider_name(name),
            None => credentials,
        })
    })
}

/// `tell` as a listener of the core's. It is called with refresh token, access token, AccessKey ID, secret, security
/// token, and when the access token and the credential expire, in seconds since 1970.
pub(crate) fn listener(py: Python<'_>, tell: Function) -> PyResult<impl Fn(&Update) + Send + Sync + 'static> {
    InterpreterGuard::prepare(py)?;
    Ok(move |update: &Update| {
        let arguments = (
            update.refresh_token(),
            update.access_token(),
            update.access_key_id(),
            update.access_key_secret(),
            update.security_token(),
            update.access_token_expire(),
            update.expiration(),
        );
        if let Err(failure) = call(tell.get(), |py| arguments.into_pyobject(py)) {
            let class = failure.class;
            // Its text may quote what it was given.
            #[allow(clippy::disallowed_macros, reason = "a class's name holds no line break")]
            {
                log::warn!(
                    target: "aliyun_cred",
                    "the callback for updates failed ({class}): what was learned may be lost"
                );
            }
        }
    })
}

/// Has a thread of Python's call `function`, and waits for it.
fn call(
    function: &Py<PyAny>,
    arguments: impl for<'py> FnOnce(Python<'py>) -> PyResult<Bound<'py, PyTuple>>,
) -> std::result::Result<Option<KeyParts>, Failure> {
    let failure = |text: &str| Failure {
        kind: Some(ErrorKind::Cancelled.name().to_owned()),
        class: "RuntimeError".to_owned(),
        text: text.to_owned(),
    };
    let (sender, outcome) = sync_channel(1);
    let guard = InterpreterGuard::begin().ok_or_else(|| failure("the interpreter is ending"))?;
    let started = Python::try_attach(|py| {
        let answer = Answer { sender, scope: Mutex::new(Some(Scope::current())) };
        let start = py.import("aliyun_cred._callback_thread")?.getattr("start")?;
        start.call1((function, arguments(py)?, answer)).map(drop)
    });
    drop(guard);
    match started {
        Some(Ok(())) => outcome.recv().unwrap_or_else(|_| Err(failure("it ended without an answer"))),
        Some(Err(_)) => Err(failure("no thread could be started")),
        None => Err(failure("the interpreter is ending")),
    }
}

/// A helper thread's short stay in the interpreter, which does not end meanwhile.
struct InterpreterGuard;

/// The process (upper half), and how many guards there are in it: a forked child inherits none.
static GUARDS: AtomicU64 = AtomicU64::new(0);
static ENDING: AtomicBool = AtomicBool::new(false);

impl InterpreterGuard {
    /// Has the end of the interpreter wait for guards.
    fn prepare(py: Python<'_>) -> PyResult<()> {
        static REGISTERED: AtomicBool = AtomicBool::new(false);
        if !REGISTERED.swap(true, Ordering::Relaxed) {
            let end = pyo3::wrap_pyfunction!(wait_for_guards, py)?;
            py.import("atexit")?.call_method1("register", (end,))?;
        }
        Ok(())
    }

    /// `None`: the interpreter is ending.
    fn begin() -> Option<Self> {
        let one_more = |guards| Some(if guards >> 32 == process() { guards + 1 } else { (process() << 32) + 1 });
        let _ = GUARDS.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more);
        let guard = InterpreterGuard;
        (!ENDING.load(Ordering::SeqCst)).then_some(guard)
    }
}

impl Drop for InterpreterGuard {
    fn drop(&mut self) {
        GUARDS.fetch_sub(1, Ordering::SeqCst);
    }
}

fn process() -> u64 {
    u64::from(std::process::id())
}

/// Lets no more guards begin, and waits for those that have.
#[pyfunction]
fn wait_for_guards(py: Python<'_>) {
    ENDING.store(true, Ordering::SeqCst);
    py.detach(|| {
        let is_guarded = || {
            let guards = GUARDS.load(Ordering::SeqCst);
            guards >> 32 == process() && guards & u64::from(u32::MAX) > 0
        };
        while is_guarded() {
            std::thread::yield_now();
        }
    });
}
