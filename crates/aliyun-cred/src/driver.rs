//! The one background thread of a process, on which every request runs, and the helper threads of what blocks.
//!
//! Invariants: it starts with the first request, never before; a forked child starts its own and never touches, nor
//! drops, what its parent had (dropping its sockets would take them from the parent's event queue, which the kernel
//! shares); nothing here keeps a process from ending; what is not this library's own keeps no helper from what is; and
//! none of these threads takes the program's signals.

use std::cell::Cell;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinSet;

use crate::error::{Error, ErrorKind, Result};
use crate::host::{Clients, Signals};
use crate::per_process::{Own, PerProcess};
use crate::scope::Scope;

/// How many helper threads may block at once, in name resolution for example.
const MAX_HELPERS: usize = 4;
/// How many of them may be busy with files: a disk that hangs leaves the others to names.
const MAX_READERS: usize = 2;
/// How many providers of the user's own may be at work at once.
pub(crate) const MAX_TURNS: usize = 4;
/// How long an idle helper stays.
const HELPER_KEEP_ALIVE: Duration = Duration::from_secs(10);

static CURRENT: PerProcess<Driver> = PerProcess::new();

#[derive(Debug)]
pub(crate) struct Driver {
    handle: Handle,
    readers: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    /// What the thread blocked that started this: for what is not the library's own.
    signals: Signals,
    clients: Arc<Clients>,
    /// Dropped to end the thread of a driver that lost the race to be the first.
    _alive: oneshot::Sender<()>,
}

/// This process's driver, started if need be.
pub(crate) fn current() -> Result<Arc<Own<Driver>>> {
    CURRENT.try_get(Driver::start)
}

fn cannot_start(what: &str, error: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::Io, format!("cannot start {what}: {error}"))
}

impl Driver {
    fn start() -> Result<Driver> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(MAX_HELPERS)
            .thread_keep_alive(HELPER_KEEP_ALIVE)
            .thread_name("aliyun-cred-help")
            .on_thread_start(|| {
                Signals::block();
            })
            .build()
            .map_err(|error| cannot_start("the event loop", &error))?;
        let handle = runtime.handle().clone();
        let (alive, ended) = oneshot::channel();
        // A new thread blocks what blocks the one that starts it, from its first moment on.
        let signals = Signals::block();
        let started = std::thread::Builder::new().name("aliyun-cred".to_owned()).spawn(move || run(runtime, ended));
        signals.restore();
        started.map_err(|error| cannot_start("the background thread", &error))?;
        Ok(Driver {
            handle,
            readers: Arc::new(Semaphore::new(MAX_READERS)),
            turns: Arc::new(Semaphore::new(MAX_TURNS)),
            signals,
            clients: Arc::default(),
            _alive: alive,
        })
    }

    pub(crate) fn clients(&self) -> Arc<Clients> {
        self.clients.clone()
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
        finished(self.handle.spawn(work).await)
    }

    /// Does what blocks on a helper thread. What has not begun when this is dropped is not done.
    pub(crate) async fn block<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let wanted = Arc::new(Mutex::new(Some(work)));
        let taken = wanted.clone();
        let take = |wanted: &Mutex<Option<_>>| wanted.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A set, because dropping it takes back what has not begun.
        let mut helping = JoinSet::new();
        // It panics if there is no helper and the system refuses another; the work stays with it.
        let started = std::panic::catch_unwind(AssertUnwindSafe(|| {
            helping.spawn_blocking_on(move || take(&taken).map(|work| work()), &self.handle);
        }));
        if started.is_err() {
            drop(take(&wanted));
        }
        match helping.join_next().await {
            Some(outcome) => finished(outcome)?.ok_or_else(abandoned),
            None => Err(cannot_start("a helper thread", &"the system refused it")),
        }
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
        TakenTurn(Arc::new(Turn { process: std::process::id(), permit: Mutex::new(permit) }))
    }

    /// Calls a function of the user's on a thread of its own, which it may keep for ever. Nothing comes if it panics.
    pub(crate) fn call<T: Send + 'static>(
        &self,
        scope: Scope,
        function: impl FnOnce() -> T + Send + 'static,
    ) -> Result<oneshot::Receiver<T>> {
        let (tell, told) = oneshot::channel();
        let signals = self.signals.clone();
        let calling = move || {
            signals.restore();
            // Nobody may be waiting any more.
            let _ = tell.send(scope.enter(function));
        };
        let started = std::thread::Builder::new().name("aliyun-cred-call".to_owned()).spawn(calling);
        started.map_err(|error| cannot_start("a thread for it", &error))?;
        Ok(told)
    }
}

/// One of the places at which providers of the user's own are at work.
#[derive(Debug)]
pub(crate) struct Turn {
    process: u32,
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Turn {
    /// Lets another have it.
    pub(crate) fn end(&self) {
        // A function that forks takes its turn along into the child, where it is nobody's.
        if self.process == std::process::id() {
            drop(self.permit.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
    }
}

/// A turn that ends when this is dropped.
#[derive(Debug)]
pub(crate) struct TakenTurn(pub(crate) Arc<Turn>);

impl Drop for TakenTurn {
    fn drop(&mut self) {
        self.0.end();
    }
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
        if !error.is_panic() {
            return abandoned();
        }
        Error::new(ErrorKind::Internal, "work panicked on the background thread; please report this as a bug")
    })
}

fn abandoned() -> Error {
    Error::new(ErrorKind::Internal, "work was abandoned on the background thread; please report this as a bug")
}

fn run(runtime: Runtime, ended: oneshot::Receiver<()>) {
    HERE.set(std::process::id());
    // Ends only for a driver that lost the race to be the first; the process's own runs until the process ends.
    let _ = runtime.block_on(ended);
}
