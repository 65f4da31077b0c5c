//! The open connections: how many there are, which one has to go, and how they end.
//!
//! Invariant: there are never more than [`MOST`], and one that does nothing gives way to one that comes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// How many there may be.
const MOST: usize = 1024;

/// The connections, and what they are told.
pub(crate) struct Connections {
    free: Arc<Semaphore>,
    open: Mutex<HashMap<u64, Arc<Connection>>>,
    /// Counts what happens, to tell which connection did nothing for the longest time.
    clock: AtomicU64,
}

/// One of them.
#[derive(Default)]
pub(crate) struct Connection {
    /// When it was last used.
    used: AtomicU64,
    /// Whether it waits for a reply.
    busy: AtomicBool,
    /// It has to close at once.
    pub(crate) leave: Notify,
    /// It has to close after its current request.
    pub(crate) finish: Notify,
}

/// A place among the connections, free again when dropped.
pub(crate) struct Place {
    all: Arc<Connections>,
    number: u64,
    pub(crate) connection: Arc<Connection>,
    _permit: OwnedSemaphorePermit,
}

impl Connections {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Connections {
            free: Arc::new(Semaphore::new(MOST)),
            open: Mutex::default(),
            clock: AtomicU64::default(),
        })
    }

    /// Finds a place for one more, if need be that of the connection that has been idle for the longest time.
    pub(crate) async fn place(self: &Arc<Self>) -> Option<Place> {
        let permit = match Arc::clone(&self.free).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                self.evict();
                Arc::clone(&self.free).acquire_owned().await.ok()?
            }
        };
        let number = self.tick();
        let connection = Arc::new(Connection { used: AtomicU64::new(number), ..Connection::default() });
        self.open().insert(number, Arc::clone(&connection));
        Some(Place { all: Arc::clone(self), number, connection, _permit: permit })
    }

    /// Closes every connection, one that waits for a reply once it has it, but at most so long from now. One that is
    /// in the middle of sending a request has a second to do so.
    pub(crate) async fn drain(&self, limit: Duration) {
        let all_left =
            |limit| tokio::time::timeout(limit, self.free.acquire_many(u32::try_from(MOST).unwrap_or(u32::MAX)));
        for connection in self.open().values() {
            connection.finish.notify_one();
        }
        if all_left(Duration::from_secs(1)).await.is_ok() {
            return;
        }
        for connection in self.open().values().filter(|connection| !connection.busy.load(Relaxed)) {
            connection.leave.notify_one();
        }
        // An error means that the limit ran out; the process ends either way.
        let _ = all_left(limit).await;
    }

    /// Closes the connection that has been idle for the longest time.
    pub(crate) fn evict(&self) {
        if let Some(idlest) = self.idlest() {
            idlest.leave.notify_one();
        }
    }

    fn idlest(&self) -> Option<Arc<Connection>> {
        let open = self.open();
        open.values().min_by_key(|one| (one.busy.load(Relaxed), one.used.load(Relaxed))).cloned()
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Relaxed)
    }

    fn open(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Notes that a request is answered while `work` runs.
    pub(crate) async fn busy<T>(&self, work: impl Future<Output = T>) -> T {
        self.connection.busy.store(true, Relaxed);
        let done = work.await;
        self.connection.busy.store(false, Relaxed);
        self.connection.used.store(self.all.tick(), Relaxed);
        done
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.all.open().remove(&self.number);
    }
}

/// Permits as many open files as the connections need, and some for what the process opens besides.
#[cfg(unix)]
pub(crate) fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let needed = MOST as u64 + 256;
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < needed) {
        limit.current = Some(limit.maximum.map_or(needed, |most| most.min(needed)));
        // Without it, connections beyond the limit wait to be accepted.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}
