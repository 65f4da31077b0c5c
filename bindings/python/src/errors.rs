//! Translates the core's errors into the package's exceptions.

use std::panic::{AssertUnwindSafe, catch_unwind};

use aliyun_cred::binding;
use aliyun_cred::{Error, ErrorKind, Result};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::logs;

const BASE: &str = "CredentialException";

/// Makes the exception for a failure to resolve a credential.
pub(crate) fn resolution(py: Python<'_>, error: &Error) -> PyErr {
    raise(py, BASE, error)
}

/// Makes the exception for a failure to make a client: a `ValueError` as well, except for an unknown type.
pub(crate) fn construction(py: Python<'_>, error: &Error) -> PyErr {
    let class = if binding::is_unknown_type(error) {
        BASE
    } else if binding::is_file_not_found(error) {
        "CredentialFileNotFoundError"
    } else {
        "CredentialConfigError"
    };
    raise(py, class, error)
}

/// Runs `work` detached from the interpreter. A panic becomes an exception of kind `internal`; PyO3's own would escape
/// `except Exception`.
pub(crate) fn detached<T: Send>(
    py: Python<'_>,
    describe: fn(Python<'_>, &Error) -> PyErr,
    work: impl FnOnce() -> Result<T> + Send,
) -> PyResult<T> {
    let work = || {
        if cfg!(feature = "inject-panic") {
            binding::inject_panic();
        }
        work()
    };
    match py.detach(|| catch_unwind(AssertUnwindSafe(work))) {
        Ok(outcome) => outcome.map_err(|error| describe(py, &error)),
        Err(_) => Err(internal(py)),
    }
}

/// Waits detached from the interpreter, and writes what was logged meanwhile. `wait` gives up when the function that it
/// gets returns true: a handler of a signal has raised an exception, which is raised here.
pub(crate) fn interruptible<T: Send>(
    py: Python<'_>,
    wait: impl FnOnce(&mut dyn FnMut() -> bool) -> Result<T> + Send,
) -> PyResult<T> {
    let mut signal = None;
    let outcome = detached(py, resolution, || {
        wait(&mut || {
            // `None`: the interpreter is ending, and kills this thread.
            signal = Python::try_attach(|py| py.check_signals().err()).flatten();
            signal.is_some()
        })
    });
    logs::write(py)?;
    signal.map_or(outcome, Err)
}

fn internal(py: Python<'_>) -> PyErr {
    let text = "the native core of aliyun_cred panicked; please report this as a bug";
    make(py, BASE, (text, None, None), ErrorKind::Internal, None, &[])
}

fn raise(py: Python<'_>, class: &str, error: &Error) -> PyErr {
    let arguments = (error.message(), error.code(), error.request_id());
    make(py, class, arguments, error.kind(), error.http_status(), error.attempts())
}

fn make(
    py: Python<'_>,
    class: &str,
    arguments: (&str, Option<&str>, Option<&str>),
    kind: ErrorKind,
    http_status: Option<u16>,
    attempts: &[aliyun_cred::Attempt],
) -> PyErr {
    let made = || {
        let exceptions = py.import("aliyun_cred.exceptions")?;
        let attempt = exceptions.getattr("Attempt")?;
        let attempts = attempts
            .iter()
            .map(|tried| attempt.call1((tried.provider(), tried.kind().name(), tried.message())))
            .collect::<PyResult<Vec<_>>>()?;
        let exception = exceptions.getattr(class)?.call1(arguments)?;
        exception.setattr("kind", kind.name())?;
        exception.setattr("http_status", http_status)?;
        exception.setattr("attempts", PyTuple::new(py, attempts)?)?;
        Ok(exception)
    };
    made().map_or_else(|failure: PyErr| failure, PyErr::from_value)
}
