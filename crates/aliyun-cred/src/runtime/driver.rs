//! The one background thread of a process, on which every request runs, and the helper threads of what blocks.
//!
//! Invariants: it starts with the first request, never before; a forked child starts its own and never touches, nor
//! drops, what its parent had (dropping its sockets would take them from the parent's event queue, which the kernel
//! shares); nothing here keeps a process from ending; what is not this library's own keeps no helper from what is; and
//! none of these threads takes the program's signals.

use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{Semaphore, oneshot};

use super::call_scope::{Scope, TakenTurn};
use super::per_process::{Own, PerProcess};
use super::signals::Signals;
use crate::error::{Error, ErrorKind, Result};

/// How many helper threads may block at once, in name resolution for example.
const MAX_HELPERS: usize = 4;
/// How many of them may be busy with files: a disk that hangs leaves the others to names.
const MAX_READERS: usize = 2;
/// How many providers of the user's own may be at work at once.
pub(crate) const MAX_TURNS: usize = 4;

static CURRENT: PerProcess<Driver> = PerProcess::new();

#[derive(Debug)]
pub(crate) struct Driver {
    handle: Handle,
    helpers: Arc<Semaphore>,
    readers: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    /// What the thread blocked that started this: for what is not the library's own.
    signals: Signals,
    /// Dropped to end the thread of a driver that lost the race to be the first.
    _alive: oneshot::Sender<()>,
}

/// This process's driver, started if need be.
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
                // Not dropped: this may be a thread of another runtime, which must not be made to wait.
                runtime.shutdown_background();
                return Err(error);
            }
        };
        // It waits for nothing else.
        let _ = hand_over.send(runtime);
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Ok(Driver {
            handle,
            helpers: semaphore(MAX_HELPERS),
            readers: semaphore(MAX_READERS),
            turns: semaphore(MAX_TURNS),
            signals,
            _alive: alive,
        })
    }

    /// What the program's own threads block.
    pub(crate) fn signals(&self) -> &Signals {
        &self.signals
    }

    /// Runs `work` to its end, whatever becomes of the caller.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(work);
    }

    /// Runs `work` on the driver and waits for its result, in any executor or none.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Result<T> {
        self.handle.spawn(work).await.map_err(|error| broken(error.is_panic()))
    }

    /// Does what blocks on a helper thread. What has not begun when this is dropped is not done.
    pub(crate) async fn block<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let helper = self.helpers.clone().acquire_owned().await;
        let (tell, told) = oneshot::channel();
        let helping = move || {
            let done = work();
            drop(helper);
            // Nobody may be waiting any more.
            let _ = tell.send(done);
        };
        start_thread("aliyun-cred-help", helping)?;
        told.await.map_err(|_| broken(true))
    }

    /// As [`Driver::block`], for what may hang on a disk.
    pub(crate) async fn read<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let reader = self.readers.clone().acquire_owned().await;
        let reading = move || {
            let _reader = reader;
            work()
        };
        self.block(reading).await
    }

    /// Waits for a turn to call a provider of the user's own. It ends with what this gives, or before: when that
    /// provider waits for another client.
    pub(crate) async fn turn(&self) -> TakenTurn {
        let permit = self.turns.clone().acquire_owned().await.ok();
        TakenTurn::new(permit)
    }

    /// Calls a function on a thread of its own, which it may keep for ever, with the program's signals. Nothing comes if
    /// it panics.
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

/// Starts a thread that blocks signals from its first moment on, and gives what this one blocks.
fn start_thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<Signals> {
    // It takes over what blocks the thread that starts it.
    let signals = Signals::block();
    let started = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    signals.restore();
    started.map_err(|error| cannot_start("a thread", &error))?;
    Ok(signals)
}

fn cannot_start(what: &str, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot start {what}: {error}"))
}

/// Why work of the library's own has no result.
fn broken(panicked: bool) -> Error {
    let what = if panicked { "panicked" } else { "was abandoned" };
    Error::new(ErrorKind::Internal, format!("work {what} on the background thread; please report this as a bug"))
}

thread_local! {
    /// The process whose background thread this is; 0 if it is not. Not a flag: a callback may fork.
    static HERE: Cell<u32> = const { Cell::new(0) };
}

/// Whether this is the background thread, which must not be made to wait.
pub(crate) fn is_here() -> bool {
    let process = HERE.get();
    process != 0 && process == std::process::id()
}

/// Does what belongs to the program with the program's signals, if this is the background thread: it may start a process,
/// which takes them over. All but SIGPIPE, which may be waiting for this thread.
pub(crate) fn with_the_programs_signals<T>(work: impl FnOnce() -> T) -> T {
    let driver = if is_here() { current().ok() } else { None };
    match driver {
        Some(driver) => driver.signals.with_pipe().during(work),
        None => work(),
    }
}

/// The result of `work`, or `None` once `limit` has run out. On the driver only, whose timer it is.
pub(crate) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, work).await.ok()
}

/// Waits without keeping anybody from working. On the driver only, whose timer it is.
pub(crate) async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

fn run(runtime: Runtime, ended: oneshot::Receiver<()>) {
    HERE.set(std::process::id());
    // Ends only for a driver that lost the race to be the first; the process's own runs until the process ends.
    let _ = runtime.block_on(ended);
}
