//! Calls from the core into Python: custom providers, update callbacks and event listeners.
//!
//! Invariant: they run on threads that Python started. When the interpreter ends, it kills every thread that returns to
//! it, and that must not unwind frames of Rust. A helper thread of the core only starts the Python thread, and waits for
//! its result. Each of the two has an [`InterpreterGuard`]: the first while it is attached, the second until it runs.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aliyun_cred::binding::{self, Scope};
use aliyun_cred::{Credentials, Error, ErrorKind, Event, Result, Update};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::errors;

/// A Python function that a client and its core share. Both hold the same reference, so that the garbage collector,
/// which sees only the client, counts correctly.
#[derive(Clone)]
pub(crate) struct Function(Arc<Py<PyAny>>);

impl Function {
    pub(crate) fn new(function: Py<PyAny>) -> Self {
        Function(Arc::new(function))
    }

    pub(crate) fn get(&self) -> &Py<PyAny> {
        &self.0
    }

    pub(crate) fn into_inner(self) -> Arc<Py<PyAny>> {
        self.0
    }
}

/// AccessKey ID, secret, security token, bearer token and provider name, unchecked. The core checks them.
type Fields = [Option<String>; 5];

/// Receives the outcome of one call.
#[pyclass(frozen, module = "aliyun_cred._native")]
pub(crate) struct Answer {
    sender: SyncSender<std::result::Result<Option<Fields>, Failure>>,
    /// What the new thread takes once it runs.
    start: Mutex<Option<(Scope, InterpreterGuard)>>,
}

/// An exception that the function raised.
struct Failure {
    kind: Option<String>,
    class: String,
    text: String,
}

#[pymethods]
impl Answer {
    /// Marks this thread, until it ends, as working for the caller. From here on, the interpreter may end.
    fn adopt(&self) {
        if let Some((scope, _guard)) = self.take_start() {
            scope.adopt();
        }
    }

    /// Passes on what the function returned: `None`, or AccessKey ID, secret, security token, bearer token and provider
    /// name.
    #[pyo3(signature = (given))]
    fn set_result(&self, given: Option<[Option<Bound<'_, PyString>>; 5]>) {
        // A surrogate becomes a character that no key has. Python's own error would carry the value.
        let text = |text: Bound<'_, PyString>| text.to_string_lossy().into_owned();
        let given = given.map(|fields| fields.map(|field| field.map(text)));
        // The core may have stopped waiting.
        let _ = self.sender.try_send(Ok(given));
    }

    /// Passes on what the function raised: the kind of a `CredentialException`, the class's name, the text.
    #[pyo3(signature = (kind, class_name, text))]
    fn set_exception(&self, kind: Option<String>, class_name: String, text: String) {
        let _ = self.sender.try_send(Err(Failure { kind, class: class_name, text }));
    }
}

impl Answer {
    fn take_start(&self) -> Option<(Scope, InterpreterGuard)> {
        self.start.lock().ok()?.take()
    }
}

/// Wraps `ask` as a provider of the core.
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
        let [id, secret, token, bearer, name] = given.unwrap_or_default();
        let mut credentials = match (id, secret, bearer) {
            (None, None, Some(bearer)) => Credentials::from_bearer_token(bearer),
            (id, secret, _) => Credentials::from_parts(id.unwrap_or_default(), secret.unwrap_or_default()),
        };
        if let Some(token) = token {
            credentials = credentials.with_security_token(token);
        }
        Ok(match name {
            Some(name) => credentials.with_provider_name(name),
            None => credentials,
        })
    })
}

/// Wraps `tell` as an update callback of the core. Calls it with refresh token, access token, AccessKey ID, secret,
/// security token, and the expiration of access token and credential in seconds since 1970.
pub(crate) fn listener(py: Python<'_>, tell: Function) -> PyResult<impl Fn(&Update) + Send + Sync + 'static> {
    InterpreterGuard::prepare(py)?;
    Ok(move |update: &Update| {
        let arguments = (
            update.refresh_token(),
            update.access_token(),
            update.access_key_id(),
            update.access_key_secret(),
            update.security_token(),
            update.access_token_expiration().and_then(binding::unix_seconds),
            update.expiration().and_then(binding::unix_seconds),
        );
        if let Err(failure) = call(tell.get(), |py| arguments.into_pyobject(py)) {
            warn(&format!("the callback for updates failed ({}): what was learned may be lost", failure.class));
        }
    })
}

/// Wraps `tell` as an event listener of the core. Calls it with the event as JSON and its error.
pub(crate) fn event_listener(py: Python<'_>, tell: Function) -> PyResult<impl Fn(&Event) + Send + Sync + 'static> {
    InterpreterGuard::prepare(py)?;
    Ok(move |event: &Event| {
        let told = call(tell.get(), |py| {
            let error = event.error.as_ref().map(|error| errors::resolution(py, error));
            (binding::event_json(event), error).into_pyobject(py)
        });
        if let Err(failure) = told {
            warn(&format!("the event listener failed ({})", failure.class));
        }
    })
}

/// Logs a warning that names the class of an exception. Its text is left out: it may quote the arguments.
#[allow(clippy::disallowed_macros, reason = "a class's name holds no line break")]
fn warn(text: &str) {
    log::warn!(target: "aliyun_cred", "{text}");
}

/// Calls `function` on a new Python thread, and waits for it.
fn call(
    function: &Py<PyAny>,
    arguments: impl for<'py> FnOnce(Python<'py>) -> PyResult<Bound<'py, PyTuple>>,
) -> std::result::Result<Option<Fields>, Failure> {
    let failure = |text: &str| Failure {
        kind: Some(ErrorKind::Cancelled.name().to_owned()),
        class: "RuntimeError".to_owned(),
        text: text.to_owned(),
    };
    let (sender, outcome) = sync_channel(1);
    let guards = InterpreterGuard::begin().zip(InterpreterGuard::begin());
    let (guard, until_it_runs) = guards.ok_or_else(|| failure("the interpreter is ending"))?;
    let start = |py: Python<'_>| -> PyResult<()> {
        let start = Mutex::new(Some((Scope::current(), until_it_runs)));
        let answer = Py::new(py, Answer { sender, start })?;
        let module = py.import("aliyun_cred._callback_thread")?;
        let started = module.call_method1("start", (function, arguments(py)?, &answer));
        // Taken back if it fails: the exception, of which Python may keep a copy, leads to the answer.
        started.inspect_err(|_| drop(answer.get().take_start())).map(drop)
    };
    // Of an exception no more than that it was one: it is freed while this thread is attached.
    let started = Python::try_attach(|py| start(py).is_ok());
    drop(guard);
    match started {
        Some(true) => outcome.recv().unwrap_or_else(|_| Err(failure("it ended without an answer"))),
        Some(false) => Err(failure("no thread could be started")),
        None => Err(failure("the interpreter is ending")),
    }
}

/// Keeps the interpreter from ending: it would kill a helper thread of the core that is attached to it, and free the state
/// with which a new Python thread begins.
struct InterpreterGuard {
    process: u64,
}

/// The process ID (upper half) and the number of guards in that process: a forked child inherits none.
static GUARDS: AtomicU64 = AtomicU64::new(0);
/// The process whose interpreter is ending; 0 for none.
static ENDING: AtomicU64 = AtomicU64::new(0);

/// How the interpreter waits for guards when it ends: for 10 s at most.
const PAUSE: Duration = Duration::from_millis(1);
const MOST_PAUSES: usize = 10_000;

impl InterpreterGuard {
    /// Registers the wait for guards with `atexit`, once, and imports what calls need.
    fn prepare(py: Python<'_>) -> PyResult<()> {
        static REGISTERED: AtomicBool = AtomicBool::new(false);
        // Now, not on a helper thread: a child forked during the import would wait for its lock for ever.
        py.import("aliyun_cred._callback_thread")?;
        if !REGISTERED.swap(true, Ordering::Relaxed) {
            let end = pyo3::wrap_pyfunction!(wait_for_guards, py)?;
            py.import("atexit")?.call_method1("register", (end,))?;
        }
        Ok(())
    }

    /// Returns `None` if the interpreter is ending.
    fn begin() -> Option<Self> {
        let process = process();
        let one_more = |guards| Some(if guards >> 32 == process { guards + 1 } else { (process << 32) + 1 });
        let _ = GUARDS.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more);
        // Counted before the check: either this sees the end, or the end waits for this.
        let guard = InterpreterGuard { process };
        (ENDING.load(Ordering::SeqCst) != process).then_some(guard)
    }
}

impl Drop for InterpreterGuard {
    fn drop(&mut self) {
        // A forked child frees what its parent's threads held.
        let one_less = |guards| (guards >> 32 == self.process).then(|| guards - 1);
        let _ = GUARDS.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
    }
}

fn process() -> u64 {
    u64::from(std::process::id())
}

/// Refuses new guards, and waits until the existing ones are dropped, which takes microseconds. One that is there for longer
/// is lost, and must not keep the program from ending.
#[pyfunction]
fn wait_for_guards(py: Python<'_>) {
    ENDING.store(process(), Ordering::SeqCst);
    py.detach(|| {
        let is_guarded = || {
            let guards = GUARDS.load(Ordering::SeqCst);
            guards >> 32 == process() && guards & u64::from(u32::MAX) > 0
        };
        for _ in 0..MOST_PAUSES {
            if !is_guarded() {
                break;
            }
            std::thread::sleep(PAUSE);
        }
    });
}
