//! Delivers outcomes to an event loop without a thread per call: a list, and a socket that wakes the loop to read it.
//!
//! Invariants: the thread that delivers an outcome touches no Python object and never blocks; a forked child neither
//! reads nor drops an inherited queue.

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aliyun_cred::{Credentials, Report};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// What a call asked for, or its error.
pub(crate) enum Resolved {
    Credential(aliyun_cred::Result<Arc<Credentials>>),
    Report(aliyun_cred::Result<Arc<Report>>),
}

/// The queue of one event loop, which watches ``fileno()`` and calls ``drain()``.
#[pyclass(frozen, module = "aliyun_cred._native")]
pub(crate) struct WakeQueue {
    process: u32,
    /// `None` only while being dropped.
    inbox: Option<Arc<Inbox>>,
}

/// The part that calls in flight share with the queue, and that may outlive it.
pub(crate) struct Inbox {
    reader: UnixStream,
    // Beside the reader: a write to a socket whose reader is closed could raise SIGPIPE.
    writer: UnixStream,
    outcomes: Mutex<Vec<(u64, Resolved)>>,
}

/// The outcome of one call.
#[pyclass(frozen, module = "aliyun_cred._native")]
pub(crate) struct Outcome(pub(crate) Resolved);

#[pymethods]
impl WakeQueue {
    #[new]
    fn new() -> io::Result<Self> {
        let (reader, writer) = UnixStream::pair()?;
        reader.set_nonblocking(true)?;
        writer.set_nonblocking(true)?;
        let inbox = Inbox { reader, writer, outcomes: Mutex::default() };
        Ok(WakeQueue { process: std::process::id(), inbox: Some(Arc::new(inbox)) })
    }

    /// The descriptor that becomes readable when an outcome arrives.
    fn fileno(&self) -> PyResult<RawFd> {
        Ok(self.inbox()?.reader.as_raw_fd())
    }

    /// Returns whether this process made the queue; a forked child must make its own.
    fn is_own(&self) -> bool {
        self.process == std::process::id()
    }

    /// Takes the outcomes that have arrived, as pairs of ticket and outcome.
    fn drain(&self) -> Vec<(u64, Outcome)> {
        // A forked child may still run its parent's event loop; these outcomes are the parent's.
        match &self.inbox {
            Some(inbox) if self.is_own() => {
                inbox.drain().into_iter().map(|(ticket, outcome)| (ticket, Outcome(outcome))).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl WakeQueue {
    pub(crate) fn inbox(&self) -> PyResult<Arc<Inbox>> {
        let own = self.inbox.clone().filter(|_| self.is_own());
        own.ok_or_else(|| PyRuntimeError::new_err("this queue was made by the parent of this process"))
    }
}

impl Drop for WakeQueue {
    fn drop(&mut self) {
        if !self.is_own() {
            // Leaked: a thread of the parent may have been changing it during the fork.
            std::mem::forget(self.inbox.take());
        }
    }
}

impl Inbox {
    /// Adds an outcome and wakes the loop. Callable from any thread.
    pub(crate) fn deliver(&self, ticket: u64, outcome: Resolved) {
        let first = {
            let mut outcomes = self.lock();
            outcomes.push((ticket, outcome));
            outcomes.len() == 1
        };
        if first {
            // It fails only if the socket is full, and then the loop is about to wake anyway.
            let _ = (&self.writer).write(&[0]);
        }
    }

    /// Takes the outcome of one ticket, if it has arrived.
    pub(crate) fn take(&self, ticket: u64) -> Option<Resolved> {
        let mut outcomes = self.lock();
        let index = outcomes.iter().position(|(of, _)| *of == ticket)?;
        Some(outcomes.swap_remove(index).1)
    }

    fn drain(&self) -> Vec<(u64, Resolved)> {
        // The socket first: an outcome that arrives before the list is taken wakes the loop once more; none is missed.
        let mut bytes = [0; 64];
        while matches!((&self.reader).read(&mut bytes), Ok(read) if read > 0) {}
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(u64, Resolved)>> {
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
