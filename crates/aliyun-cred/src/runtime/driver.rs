//! The background thread of a process, on which every request runs, and its helper threads for blocking work.
//!
//! Invariants: the thread starts with the first request, never before; a forked child starts its own and neither
//! touches nor drops the parent's (dropping its sockets would remove them from the parent's event queue, which the
//! kernel shares); nothing here keeps a process from exiting; custom code never occupies a helper thread; none of these
//! threads handles the program's signals.

use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{Semaphore, oneshot};

use super::call_scope::{HeldSlot, Scope};
use super::per_process::{Own, PerProcess};
use super::signals::Signals;
use crate::error::{Error, ErrorKind, Result};

/// How many helper threads may block at once, for example in name resolution.
const MAX_HELPERS: usize = 4;
/// How many of them may be busy with files. A hanging disk leaves the others free to resolve names.
pub(crate) const MAX_READERS: usize = 2;
/// How many custom providers may run at once.
pub(crate) const MAX_SLOTS: usize = 4;

static CURRENT: PerProcess<Driver> = PerProcess::new();

#[derive(Debug)]
pub(crate) struct Driver {
    handle: Handle,
    helpers: Arc<Semaphore>,
    readers: Arc<Semaphore>,
    slots: Arc<Semaphore>,
    /// The signal mask of the thread that started the driver; custom code runs with it.
    signals: Signals,
    /// Dropped to stop the thread of a driver that lost the race to be first.
    _alive: oneshot::Sender<()>,
}

/// This process's driver, started if necessary.
pub(crate) fn current() -> Result<Arc<Own<Driver>>> {
    CURRENT.try_get(Driver::start)
}

impl Driver {
    fn start() -> Result<Driver> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(|error| cannot_start("the event loop", &error))?;
        let handle = runtime.handle().clone();
        let (alive, ended) = oneshot::channel();
        let (hand_over, take) = sync_channel::<Runtime>(1);
        let driving = move || {
            if let Ok(runtime) = take.recv() {
                run(runtime, ended);
            }
        };
        let signals = match start_thread("aliyun-cred", driving) {
            Ok(signals) => signals,
            Err(error) => {
                // Not dropped: this may be a thread of another runtime, which must not block.
                runtime.shutdown_background();
                return Err(error);
            }
        };
        // The new thread waits for nothing else.
        let _ = hand_over.send(runtime);
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Ok(Driver {
            handle,
            helpers: semaphore(MAX_HELPERS),
            readers: semaphore(MAX_READERS),
            slots: semaphore(MAX_SLOTS),
            signals,
            _alive: alive,
        })
    }

    /// The signal mask of the program's own threads.
    pub(crate) fn signals(&self) -> &Signals {
        &self.signals
    }

    /// Runs `work` to completion, even if the caller goes away.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(work);
    }

    /// Runs `work` on the driver and waits for its result, in any executor or none.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Result<T> {
        self.handle.spawn(work).await.map_err(|error| broken(error.is_panic()))
    }

    /// Runs blocking work on a helper thread. Work that has not started when the future is dropped is skipped.
    pub(crate) async fn block<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let helper = self.helpers.clone().acquire_owned().await;
        let (tell, told) = oneshot::channel();
        let helping = move || {
            let done = work();
            drop(helper);
            // The receiver may be gone.
            let _ = tell.send(done);
        };
        start_thread("aliyun-cred-help", helping)?;
        told.await.map_err(|_| broken(true))
    }

    /// Like [`Driver::block`], for work that may hang on a disk.
    pub(crate) async fn read<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let reader = self.readers.clone().acquire_owned().await;
        let reading = move || {
            let _reader = reader;
            work()
        };
        self.block(reading).await
    }

    /// Waits for a concurrency slot for a custom provider. The slot is released when the returned value is dropped, or
    /// earlier, when that provider waits for another client.
    pub(crate) async fn slot(&self) -> HeldSlot {
        let permit = self.slots.clone().acquire_owned().await.ok();
        HeldSlot::new(permit)
    }

    /// Calls a function on a new thread, which it may block forever, with the program's signal mask. If it panics, the
    /// receiver gets an error.
    pub(crate) fn call<T: Send + 'static>(
        &self,
        scope: Scope,
        function: impl FnOnce() -> T + Send + 'static,
    ) -> Result<oneshot::Receiver<T>> {
        let (tell, told) = oneshot::channel();
        let signals = self.signals.clone();
        let calling = move || {
            signals.restore();
            let _ = tell.send(scope.enter(function));
        };
        start_thread("aliyun-cred-call", calling)?;
        Ok(told)
    }
}

/// Starts a thread that blocks signals from the start, and returns the signal mask of this one.
fn start_thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<Signals> {
    // A new thread inherits the signal mask of the thread that starts it.
    let signals = Signals::block();
    let started = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    signals.restore();
    started.map_err(|error| cannot_start("a thread", &error))?;
    Ok(signals)
}

fn cannot_start(what: &str, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot start {what}: {error}"))
}

/// The error for internal work that has no result.
fn broken(panicked: bool) -> Error {
    let what = if panicked { "panicked" } else { "was abandoned" };
    Error::new(ErrorKind::Internal, format!("work {what} on the background thread; please report this as a bug"))
}

thread_local! {
    /// The process whose background thread this is, or 0. Not a flag, because a callback may fork.
    static HERE: Cell<u32> = const { Cell::new(0) };
}

/// Whether this is the background thread, which must not block.
pub(crate) fn is_here() -> bool {
    let process = HERE.get();
    process != 0 && process == std::process::id()
}

/// Whether this thread may wait for the background thread.
pub(crate) fn may_wait() -> Result<()> {
    if is_here() {
        let text = "a call that waits was made on the library's own background thread, which brings what it would wait \
                    for; callbacks must not wait";
        return Err(Error::new(ErrorKind::Recursion, text));
    }
    Ok(())
}

/// Runs the program's own code with the program's signal mask if this is the background thread, because a process
/// started there inherits it. SIGPIPE stays blocked, since one may be pending for this thread.
pub(crate) fn with_the_programs_signals<T>(work: impl FnOnce() -> T) -> T {
    let driver = if is_here() { current().ok() } else { None };
    match driver {
        Some(driver) => driver.signals.with_pipe().during(work),
        None => work(),
    }
}

/// Runs `work` on the driver, and blocks this thread until it is done.
pub(crate) fn wait<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    may_wait()?;
    let (tell, told) = std::sync::mpsc::channel();
    current()?.spawn(async move {
        // The receiver waits below.
        let _ = tell.send(work.await);
    });
    told.recv().unwrap_or_else(|_| Err(broken(true)))
}

/// The result of `work`, or `None` once `limit` has run out. Driver only: uses its timer.
pub(crate) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, work).await.ok()
}

/// Sleeps without blocking the thread. Driver only: uses its timer.
pub(crate) async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

fn run(runtime: Runtime, ended: oneshot::Receiver<()>) {
    HERE.set(std::process::id());
    // Only a driver that lost the race to be first ends; the one in use runs until the process exits.
    let _ = runtime.block_on(ended);
}
