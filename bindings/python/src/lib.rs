//! The native half of the Python package `aliyun_cred`; users see the Python classes in front of it.
//!
//! Invariant: only Python threads touch Python objects, and the core's helper threads while they start one to call a
//! custom provider, an update callback or an event listener ([`callback`]). The core's background thread hands its results to a
//! [`wake_queue::WakeQueue`], which holds no Python object, so the interpreter can end while a refresh is in flight.

mod callback;
mod client;
mod errors;
mod explain;
mod logs;
mod options;
mod text;
#[cfg(unix)]
mod wake_queue;

/// Wipes all memory before it is freed: secrets pass through buffers of the HTTP, TLS and JSON libraries.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// The native half of the package. Private: only its Python classes use it.
// gil_used: free-threaded interpreters have not been tested.
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
    use crate::explain::Explain;
    #[pymodule_export]
    use crate::text::{key, one_line, read_text, shown_path};
    #[cfg(unix)]
    #[pymodule_export]
    use crate::wake_queue::{Outcome, WakeQueue};

    /// The first interpreter that imported this module, by the address of its builtins; 0 before that.
    static INTERPRETER: AtomicUsize = AtomicUsize::new(0);

    /// Overrides an environment variable for this library; ``None`` counts as not set.
    #[pyfunction]
    #[pyo3(signature = (name, value))]
    fn assign_variable(name: &str, value: Option<&str>) {
        aliyun_cred::binding::assign_variable(name, Some(value));
    }

    /// Removes the override of a variable.
    #[pyfunction]
    fn release_variable(name: &str) {
        aliyun_cred::binding::assign_variable(name, None);
    }

    /// How far the services' clock is ahead of this machine's, in milliseconds.
    #[pyfunction]
    fn clock_offset() -> i64 {
        aliyun_cred::binding::clock_offset_ms()
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        // PyO3 keeps its classes per process. CPython itself refuses subinterpreters with their own lock, but not those
        // that share one.
        let here = py.import("builtins")?.as_ptr().addr();
        if INTERPRETER.compare_exchange(0, here, Ordering::Relaxed, Ordering::Relaxed).is_err_and(|first| first != here)
        {
            return Err(PyImportError::new_err(
                "aliyun_cred has been imported by another interpreter of this process, and supports only one; under \
                 mod_wsgi, set WSGIApplicationGroup %{GLOBAL}",
            ));
        }
        crate::logs::listen();
        aliyun_cred::binding::log_panics();
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        // Tests compare the package's own tables with these.
        module.add("OPTIONS", PyTuple::new(py, aliyun_cred::binding::options().collect::<Vec<_>>())?)?;
        module.add("KINDS", PyTuple::new(py, aliyun_cred::ErrorKind::ALL.iter().map(|kind| kind.name()))?)
    }
}
