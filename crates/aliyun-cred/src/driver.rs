//! The one background thread of a process, on which every request runs, and the helper threads of what blocks.
//!
//! Invariants: it starts with the first request, never before; a forked child starts its own and never touches, nor
//! drops, what its parent had (dropping its sockets would take them from the parent's event queue, which the kernel
//! shares); nothing here keeps a process from ending; what is not this library's own keeps no helper from what is.

use std::cell::Cell;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinSet;

use crate::error::{Error, ErrorKind, Result};
use crate::host::Clients;
use crate::per_process::{Own, PerProcess};
use crate::scope::Scope;

/// How many helper threads may block at once, in name resolution for example.
const MAX_HELPERS: usize = 4;
/// How many functions of the user's may be at work at once.
const MAX_TURNS: usize = 4;
/// How many of them may be at work, given up, or waiting for other clients.
const MAX_CALLERS: usize = 512;
/// How long an idle helper stays.
const HELPER_KEEP_ALIVE: Duration = Duration::from_secs(10);

static CURRENT: PerProcess<Driver> = PerProcess::new();

#[derive(Debug)]
pub(crate) struct Driver {
    handle: Handle,
    /// The helpers that call functions of the user's, which may hang for ever.
    callers: Handle,
    turns: Arc<Semaphore>,
    clients: Arc<Clients>,
    /// Dropped to end the thread of a driver that lost the race to be the first.
    _alive: oneshot::Sender<()>,
}

/// This process's driver, started if need be.
pub(crate) fn current() -> Result<Arc<Own<Driver>>> {
    CURRENT.try_get(Driver::start)
}

impl Driver {
    fn start() -> Result<Driver> {
        let failed =
            |what: &str, error: std::io::Error| Error::new(ErrorKind::Io, format!("cannot start {what}: {error}"));
        let helped_by = |name: &str, threads: usize| {
            let mut runtime = Builder::new_current_thread();
            runtime.thread_name(name).max_blocking_threads(threads).thread_keep_alive(HELPER_KEEP_ALIVE);
            runtime
        };
        let runtime = helped_by("aliyun-cred-help", MAX_HELPERS).enable_io().enable_time().build();
        let runtime = runtime.map_err(|error| failed("the event loop", error))?;
        // Nothing ever runs in this one: it is the threads that it keeps.
        let callers = helped_by("aliyun-cred-call", MAX_CALLERS).build();
        let callers = callers.map_err(|error| failed("the helpers", error))?;
        let driver = |alive| Driver {
            handle: runtime.handle().clone(),
            callers: callers.handle().clone(),
            turns: Arc::new(Semaphore::new(MAX_TURNS)),
            clients: Arc::default(),
            _alive: alive,
        };
        let (alive, ended) = oneshot::channel();
        let driver = driver(alive);
        std::thread::Builder::new()
            .name("aliyun-cred".to_owned())
            .spawn(move || run(runtime, callers, ended))
            .map_err(|error| failed("the background thread", error))?;
        Ok(driver)
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

    /// Calls a function of the user's on a helper thread, when it is its turn. If this is dropped before, it is not
    /// called; if it is dropped after, the turn is over, whenever the function returns.
    pub(crate) async fn call<T: Send + 'static>(&self, function: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        struct GivenUp(Arc<Turn>);
        impl Drop for GivenUp {
            fn drop(&mut self) {
                self.0.end();
            }
        }
        let permit = self.turns.clone().acquire_owned().await.ok();
        let turn = GivenUp(Arc::new(Turn { process: std::process::id(), permit: Mutex::new(permit) }));
        // What this thread is part of goes along.
        let scope = Scope::current().working(turn.0.clone());
        // A set, because dropping it takes back what has not begun.
        let mut calls = JoinSet::new();
        calls.spawn_blocking_on(move || scope.enter(function), &self.callers);
        match calls.join_next().await {
            Some(outcome) => finished(outcome),
            None => Err(Error::new(ErrorKind::Internal, "a call was lost; please report this as a bug")),
        }
    }
}

/// One of the places at which functions of the user's are at work.
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

/// To be called before a thread waits for a refresh: an error if that refresh could never come.
pub(crate) fn may_wait() -> Result<()> {
    if is_here() {
        let text = "a call that waits was made on the library's own background thread, which brings what it would wait \
                    for; callbacks must not wait";
        return Err(Error::new(ErrorKind::Recursion, text));
    }
    Scope::current().end_turns();
    Ok(())
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

fn run(runtime: Runtime, callers: Runtime, ended: oneshot::Receiver<()>) {
    HERE.set(true);
    // Ends only for a driver that lost the race to be the first; the process's own runs until the process ends.
    let _ = runtime.block_on(ended);
    drop(callers);
}
