//! How an outcome reaches an event loop without a thread per call: a list, and a socket that wakes the loop to read it.
//!
//! Invariants: the thread that lands an outcome touches no Python object and never blocks; a forked child neither reads
//! nor drops what it inherited.

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aliyun_cred::Credentials;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

type Resolved = aliyun_cred::Result<Arc<Credentials>>;

/// The queue of one event loop, whose reader watches ``fileno()`` and calls ``drain()``.
#[pyclass(frozen, module = "aliyun_cred._native")]
pub(crate) struct WakeQueue {
    process: u32,
    /// `None` only while being dropped.
    inbox: Option<Arc<Inbox>>,
}

/// The half that outlives the queue while calls are in flight.
pub(crate) struct Inbox {
    reader: UnixStream,
    // In the same struct as the reader, so that no write meets a closed socket, which could raise SIGPIPE.
    writer: UnixStream,
    outcomes: Mutex<Vec<(u64, Resolved)>>,
}

/// What became of one call.
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

    /// The descriptor that becomes readable when an outcome has arrived.
    fn fileno(&self) -> PyResult<RawFd> {
        Ok(self.inbox()?.reader.as_raw_fd())
    }

    /// Whether this process made the queue; a forked child must make its own.
    fn is_own(&self) -> bool {
        self.process == std::process::id()
    }

    /// Takes the outcomes that have arrived, as pairs of a ticket and what became of it.
    fn drain(&self) -> Vec<(u64, Outcome)> {
        // An event loop that was inherited by a fork may still watch: what it would read is for the parent.
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
            // A thread of the parent may have been half-way through a change.
            std::mem::forget(self.inbox.take());
        }
    }
}

impl Inbox {
    /// Adds an outcome and wakes the loop. Called on any thread.
    pub(crate) fn deliver(&self, ticket: u64, outcome: Resolved) {
        let first = {
            let mut outcomes = self.lock();
            outcomes.push((ticket, outcome));
            outcomes.len() == 1
        };
        if first {
            // The only failure there can be is a full socket, and then the loop has been woken often enough.
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
        // First the socket, then the list: what lands in between wakes the loop once more, and nothing is missed.
        let mut bytes = [0; 64];
        while matches!((&self.reader).read(&mut bytes), Ok(read) if read > 0) {}
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(u64, Resolved)>> {
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
