//! The native half of the Python package `aliyun_cred`; users meet the Python classes in front of it.
//!
//! Invariant: Python objects are touched by threads of Python only, and by the core's helper threads while they start
//! one for a function of the user's ([`callback`]). The core's background thread hands its results to a [`wake_queue::WakeQueue`], which
//! holds none, so an interpreter that ends while a refresh is in flight ends in peace.

mod callback;
mod client;
mod errors;
mod logs;
mod options;
mod text;
#[cfg(unix)]
mod wake_queue;

/// Everything that is freed is wiped first: a reply passes through buffers of the HTTP, TLS and JSON libraries.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// The native half of the package: private, and used by its Python classes alone.
// A free-threaded interpreter is told to lock: it has not been tested.
#[pyo3::pymodule(gil_used = true)]
mod _native {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use pyo3::exceptions::PyImportError;
    use pyo3::prelude::*;
    use pyo3::types::PyTuple;

    #[pymodule_export]
    use crate::callback::Answer;
    #[pymodule_export]
    use crate::client::Client;
    #[pymodule_export]
    use crate::text::{key, one_line, read_text, shown_path};
    #[cfg(unix)]
    #[pymodule_export]
    use crate::wake_queue::{Outcome, WakeQueue};

    /// The interpreter that imported this first, by the address of its builtins; 0 before.
    static INTERPRETER: AtomicUsize = AtomicUsize::new(0);

    /// Has a value count for an environment variable, whatever the environment holds; ``None`` counts as not set.
    #[pyfunction]
    #[pyo3(signature = (name, value))]
    fn assign_variable(name: &str, value: Option<&str>) {
        aliyun_cred::binding::assign_variable(name, Some(value));
    }

    /// Takes back what was said of a variable.
    #[pyfunction]
    fn release_variable(name: &str) {
        aliyun_cred::binding::assign_variable(name, None);
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        // PyO3 keeps its classes per process. CPython refuses interpreters with a lock of their own by itself, but
        // would let those through that share one.
        let here = py.import("builtins")?.as_ptr().addr();
        if INTERPRETER.compare_exchange(0, here, Ordering::Relaxed, Ordering::Relaxed).is_err_and(|first| first != here)
        {
            return Err(PyImportError::new_err(
                "aliyun_cred has been imported by another interpreter of this process, and supports only one; under \
                 mod_wsgi, set WSGIApplicationGroup %{GLOBAL}",
            ));
        }
        crate::logs::listen();
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        // What the core knows, so that the package's own tables can be held against it.
        module.add("OPTIONS", PyTuple::new(py, aliyun_cred::Config::options().collect::<Vec<_>>())?)?;
        module.add("KINDS", PyTuple::new(py, aliyun_cred::ErrorKind::ALL.iter().map(|kind| kind.name()))?)
    }
}
