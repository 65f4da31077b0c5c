//! The one background thread of a process, on which every request runs.
//!
//! Invariants: it starts with the first request, never before; a forked child starts its own and never touches, nor
//! drops, what its parent had; nothing here keeps a process from ending.

use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

use crate::error::{Error, ErrorKind, Result};
use crate::host::Clients;

/// How many helper threads may block at once, in name resolution for example.
const MAX_HELPERS: usize = 4;
/// How long an idle helper stays.
const HELPER_KEEP_ALIVE: Duration = Duration::from_secs(10);

static CURRENT: ArcSwapOption<Driver> = ArcSwapOption::const_empty();

#[derive(Debug)]
pub(crate) struct Driver {
    process: u32,
    handle: Handle,
    clients: Arc<Clients>,
    /// Dropped to end the thread of a driver that lost the race to be the first.
    _alive: oneshot::Sender<()>,
}

/// This process's driver, started if need be.
pub(crate) fn current() -> Result<Arc<Driver>> {
    loop {
        let found = CURRENT.load_full();
        match &found {
            Some(driver) if driver.process == std::process::id() => return Ok(driver.clone()),
            _ => {}
        }
        let started = Arc::new(Driver::start()?);
        let previous = CURRENT.compare_and_swap(&found, Some(started.clone()));
        let won = match (&*previous, &found) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            _ => false,
        };
        if won {
            // A parent's driver is left alone for ever: dropping its sockets would take them from the parent's
            // event queue, which the kernel shares.
            std::mem::forget(found);
            return Ok(started);
        }
    }
}

impl Driver {
    fn start() -> Result<Driver> {
        let failed =
            |what: &str, error: std::io::Error| Error::new(ErrorKind::Io, format!("cannot start {what}: {error}"));
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(MAX_HELPERS)
            .thread_keep_alive(HELPER_KEEP_ALIVE)
            .thread_name("aliyun-cred-help")
            .build()
            .map_err(|error| failed("the event loop", error))?;
        let handle = runtime.handle().clone();
        let (alive, ended) = oneshot::channel();
        std::thread::Builder::new()
            .name("aliyun-cred".to_owned())
            .spawn(move || run(runtime, ended))
            .map_err(|error| failed("the background thread", error))?;
        Ok(Driver { process: std::process::id(), handle, clients: Arc::default(), _alive: alive })
    }

    pub(crate) fn clients(&self) -> Arc<Clients> {
        self.clients.clone()
    }

    /// Runs `work` to its end, whatever becomes of the caller.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(work);
    }

    /// Runs `work` on the driver and waits for its result, in any executor or none.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Result<T> {
        finished(self.handle.spawn(work).await)
    }

    /// Does what blocks on a helper thread.
    pub(crate) async fn block<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        finished(self.handle.spawn_blocking(work).await)
    }
}

thread_local! {
    static HERE: Cell<bool> = const { Cell::new(false) };
}

/// Whether this is the background thread, which must not be made to wait.
pub(crate) fn is_here() -> bool {
    HERE.get()
}

/// The result of `work`, or `None` once `limit` has run out. On the driver only, whose timer it is.
pub(crate) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, work).await.ok()
}

/// Waits without keeping anybody from working. On the driver only, whose timer it is.
pub(crate) async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// A task's result, or why it has none.
fn finished<T>(outcome: Result<T, tokio::task::JoinError>) -> Result<T> {
    outcome.map_err(|error| {
        let what = if error.is_panic() { "panicked" } else { "was abandoned" };
        Error::new(ErrorKind::Internal, format!("work {what} on the background thread; please report this as a bug"))
    })
}

fn run(runtime: Runtime, ended: oneshot::Receiver<()>) {
    HERE.set(true);
    // Ends only for a driver that lost the race to be the first; the process's own runs until the process ends.
    let _ = runtime.block_on(ended);
}
