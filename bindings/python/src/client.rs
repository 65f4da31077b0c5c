//! The native client: a core client, and the Python model of the last credential it returned.

use std::sync::Arc;
use std::time::Duration;

use aliyun_cred::Credentials;
use aliyun_cred::binding::{self, Surface};
use arc_swap::ArcSwapOption;
#[cfg(unix)]
use pyo3::exceptions::PyTypeError;
use pyo3::exceptions::PyValueError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use crate::callback::{self, Function};
use crate::errors::{self, detached};
use crate::explain::Explain;
use crate::logs;
use crate::options;
#[cfg(unix)]
use crate::wake_queue::{Outcome, Resolved, WakeQueue};

/// The native half of a client. Pickles hold what it was made from, never a credential that it resolved.
#[pyclass(frozen, module = "aliyun_cred._native")]
pub(crate) struct Client {
    core: aliyun_cred::Client,
    made_from: MadeFrom,
    /// The class of the returned models.
    model_class: Py<PyType>,
    // Lock-free: a forked child could inherit a locked lock, and a thread could wait for it while attached.
    last: ArcSwapOption<Model>,
    on_event: ArcSwapOption<Py<PyAny>>,
}

/// What a client was made from, for copies.
enum MadeFrom {
    Source {
        /// Without options and source it is the default chain.
        options: Option<Py<PyDict>>,
        source: Option<String>,
        base: Option<Py<Client>>,
        on_update: Option<Function>,
    },
    Provider {
        name: String,
        ask: Function,
    },
}

/// A credential and the one Python object made of it.
struct Model {
    credentials: Arc<Credentials>,
    object: Py<PyAny>,
}

#[pymethods]
impl Client {
    #[new]
    #[pyo3(signature = (options=None, source=None, base=None, on_update=None))]
    fn new(
        py: Python<'_>,
        options: Option<&Bound<'_, PyDict>>,
        source: Option<String>,
        base: Option<Py<Client>>,
        on_update: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let options = options.map(|options| options.copy()).transpose()?;
        let config = options.as_ref().map(options::read).transpose()?;
        let version = py.version_info();
        let surface = Surface::Python(format!("{}.{}.{}", version.major, version.minor, version.patch));
        let mut builder = binding::builder(surface);
        if let Some(config) = &config {
            builder = builder.config(config);
        }
        if let Some(name) = &source {
            let source = name.parse().map_err(|error| errors::construction(py, &error))?;
            builder = builder.source(source);
        }
        if let Some(base) = &base {
            builder = builder.base(&base.get().core);
        }
        let on_update = on_update.map(Function::new);
        if let Some(on_update) = &on_update {
            builder = builder.on_update(callback::listener(py, on_update.clone())?);
        }
        let core = detached(py, errors::construction, || builder.build())?;
        let options = options.map(Bound::unbind);
        Client::of(py, core, MadeFrom::Source { options, source, base, on_update })
    }

    /// Makes a client of a custom provider. Each call runs ``ask`` on a new thread. It returns AccessKey ID, secret,
    /// security token, bearer token and provider name, each of which may be ``None``; the core checks them.
    #[classmethod]
    fn from_provider(cls: &Bound<'_, PyType>, name: String, ask: Py<PyAny>) -> PyResult<Self> {
        let py = cls.py();
        let ask = Function::new(ask);
        let core = aliyun_cred::Client::from_blocking(name.clone(), callback::provider(py, ask.clone())?);
        Client::of(py, core, MadeFrom::Provider { name, ask })
    }

    /// The update callback, or ``None``.
    #[getter]
    fn on_update(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        match &self.made_from {
            MadeFrom::Source { on_update, .. } => on_update.as_ref().map(|function| function.get().clone_ref(py)),
            MadeFrom::Provider { .. } => None,
        }
    }

    /// The type that this client was made for; ``default`` for the default chain.
    #[getter]
    fn type_name(&self) -> &str {
        self.core.type_name()
    }

    /// Returns the cached credential if it is fresh, or the environment's if unchanged; else ``None``. Never waits.
    fn cached(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        self.core.cached().map(|credentials| self.model(py, credentials)).transpose()
    }

    /// Returns the current credential. Waits within the source's own limits.
    fn credential(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self.core.cached() {
            Some(credentials) => self.model(py, credentials),
            None => self.wait(py, None),
        }
    }

    /// Returns the current credential. Waits for at most this many seconds.
    fn credential_within(&self, py: Python<'_>, seconds: f64) -> PyResult<Py<PyAny>> {
        let limit = Duration::try_from_secs_f64(seconds)
            .map_err(|_| PyValueError::new_err("timeout must be a number of seconds, zero or more"))?;
        match self.core.cached() {
            Some(credentials) => self.model(py, credentials),
            None => self.wait(py, Some(limit)),
        }
    }

    /// Returns the current credential if that needs no waiting. Else returns ``None`` and delivers the outcome to
    /// ``queue`` later, under ``ticket``.
    #[cfg(unix)]
    fn begin(&self, py: Python<'_>, queue: &WakeQueue, ticket: u64) -> PyResult<Option<Py<PyAny>>> {
        let inbox = queue.inbox()?;
        let at_once = detached(py, errors::resolution, || {
            let sender = inbox.clone();
            self.core.credentials_then(move |outcome| sender.deliver(ticket, Resolved::Credential(outcome)));
            // That call may have delivered it already.
            match inbox.take(ticket) {
                Some(Resolved::Credential(outcome)) => outcome.map(Some),
                _ => Ok(None),
            }
        });
        logs::write(py)?;
        let at_once = at_once?;
        at_once.map(|credentials| self.model(py, credentials)).transpose()
    }

    /// Returns the credential of an outcome from a queue, or raises its exception.
    #[cfg(unix)]
    fn finish(&self, py: Python<'_>, outcome: &Outcome) -> PyResult<Py<PyAny>> {
        logs::write(py)?;
        match &outcome.0 {
            Resolved::Credential(Ok(credentials)) => self.model(py, credentials.clone()),
            Resolved::Credential(Err(error)) | Resolved::Report(Err(error)) => Err(errors::resolution(py, error)),
            Resolved::Report(Ok(_)) => Err(PyTypeError::new_err("the outcome is a report")),
        }
    }

    /// Returns a request for a report.
    fn explain(&self, all: bool, rotate: bool) -> Explain {
        Explain(binding::explain(&self.core, all, rotate))
    }

    /// Returns what is known without asking the source: a status as JSON, with times in milliseconds, and the last
    /// error.
    fn status(&self, py: Python<'_>) -> PyResult<(String, Option<PyErr>)> {
        let status = detached(py, errors::resolution, || Ok(self.core.status()))?;
        let error = status.last_error.as_ref().map(|error| errors::resolution(py, error));
        Ok((binding::status_json(&status), error))
    }

    /// Sets the event listener, or removes it. Each call runs it on a new thread, with the event as JSON and its error.
    #[pyo3(signature = (tell))]
    fn listen(&self, py: Python<'_>, tell: Option<Py<PyAny>>) -> PyResult<()> {
        let tell = tell.map(Function::new);
        let listener = tell.clone().map(|tell| callback::event_listener(py, tell)).transpose()?;
        detached(py, errors::resolution, || {
            binding::set_event_listener(&self.core, listener);
            Ok(())
        })?;
        self.on_event.store(tell.map(Function::into_inner));
        Ok(())
    }

    /// Drops the cached credential after a service refused it: the next call asks the source again.
    fn invalidate(&self) {
        self.core.invalidate();
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let class = slf.get_type();
        match &slf.get().made_from {
            MadeFrom::Source { options, source, base, on_update } => {
                let on_update = on_update.as_ref().map(Function::get);
                Ok((class.into_any(), (options, source, base, on_update).into_pyobject(slf.py())?))
            }
            MadeFrom::Provider { name, ask } => {
                Ok((class.getattr("from_provider")?, (name, ask.get()).into_pyobject(slf.py())?))
            }
        }
    }

    /// A callback may refer back to its client. There is no `__clear__`: the Python objects of the cycle break it.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(self.on_event.load().as_deref())?;
        match &self.made_from {
            MadeFrom::Source { options, base, on_update, .. } => {
                visit.call(options)?;
                visit.call(base)?;
                visit.call(on_update.as_ref().map(Function::get))
            }
            MadeFrom::Provider { ask, .. } => visit.call(ask.get()),
        }
    }
}

impl Client {
    fn of(py: Python<'_>, core: aliyun_cred::Client, made_from: MadeFrom) -> PyResult<Self> {
        let model_class = py.import("aliyun_cred.models")?.getattr("_SharedCredentialModel")?.cast_into()?;
        Ok(Client {
            core,
            made_from,
            model_class: model_class.unbind(),
            last: ArcSwapOption::empty(),
            on_event: ArcSwapOption::empty(),
        })
    }

    fn wait(&self, py: Python<'_>, limit: Option<Duration>) -> PyResult<Py<PyAny>> {
        let wait = |interrupted: &mut dyn FnMut() -> bool| binding::credentials_unless(&self.core, limit, interrupted);
        self.model(py, errors::interruptible(py, wait)?)
    }

    /// Returns the model of `credentials`: the same object while the credential is the same.
    fn model(&self, py: Python<'_>, credentials: Arc<Credentials>) -> PyResult<Py<PyAny>> {
        if let Some(last) = &*self.last.load()
            && Arc::ptr_eq(&last.credentials, &credentials)
        {
            return Ok(last.object.clone_ref(py));
        }
        let object = self.model_class.call1(
            py,
            (
                credentials.access_key_id(),
                credentials.access_key_secret(),
                credentials.security_token(),
                credentials.bearer_token(),
                // Interned: all clients share the same few words.
                PyString::intern(py, credentials.type_name()),
                credentials.provider_name().map(|name| PyString::intern(py, name)),
                credentials.expiration().and_then(binding::unix_seconds),
            ),
        )?;
        self.last.store(Some(Arc::new(Model { credentials, object: object.clone_ref(py) })));
        Ok(object)
    }
}
