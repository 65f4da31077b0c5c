//! A request for a report, which can be waited for in every way in which a credential can.

use aliyun_cred::{Report, binding};
#[cfg(unix)]
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::errors::{self, detached};
use crate::logs;
#[cfg(unix)]
use crate::wake_queue::{Outcome, Resolved, WakeQueue};

/// A request for a report on a client. A report is its text and its JSON.
#[pyclass(frozen, module = "aliyun_cred._native")]
pub(crate) struct Explain(pub(crate) aliyun_cred::Explain);

type Texts = (String, String);

fn texts(report: &Report) -> Texts {
    (report.to_string(), report.to_json())
}

#[pymethods]
impl Explain {
    /// Returns the report. Blocks this thread.
    fn wait(&self, py: Python<'_>) -> PyResult<Texts> {
        let report = errors::interruptible(py, |interrupted| binding::explain_unless(self.0.clone(), interrupted))?;
        Ok(texts(&report))
    }

    /// Returns ``None``, and delivers the outcome to ``queue`` later, under ``ticket``.
    #[cfg(unix)]
    fn begin(&self, py: Python<'_>, queue: &WakeQueue, ticket: u64) -> PyResult<Option<Texts>> {
        let inbox = queue.inbox()?;
        detached(py, errors::resolution, || {
            let deliver = move |outcome| inbox.deliver(ticket, Resolved::Report(outcome));
            binding::explain_then(self.0.clone(), deliver);
            Ok(())
        })?;
        Ok(None)
    }

    /// Returns the report of an outcome from a queue, or raises its exception.
    #[cfg(unix)]
    fn finish(&self, py: Python<'_>, outcome: &Outcome) -> PyResult<Texts> {
        logs::write(py)?;
        match &outcome.0 {
            Resolved::Report(Ok(report)) => Ok(texts(report)),
            Resolved::Report(Err(error)) | Resolved::Credential(Err(error)) => Err(errors::resolution(py, error)),
            Resolved::Credential(Ok(_)) => Err(PyTypeError::new_err("the outcome is a credential")),
        }
    }
}
