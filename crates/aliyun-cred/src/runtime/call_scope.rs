//! Tracks which clients a piece of work is done for, one on behalf of another, and which concurrency slots it holds. A
//! custom provider that asks its own client gets an error instead of a deadlock, and releases its slot while it waits
//! for another client.
//!
//! Invariant: the scope of a thread is that of the work running on it right now. A thread whose thread-locals are gone,
//! as at process exit, has none.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedSemaphorePermit;

/// A client's number in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id(u64);

impl Id {
    pub(crate) fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Id(LAST.fetch_add(1, Ordering::Relaxed))
    }
}

/// The clients and slots of the current work, innermost first.
#[derive(Clone, Debug, Default)]
pub struct Scope(Option<Arc<Link>>);

#[derive(Debug)]
struct Link {
    /// Compared with the current process: a child forked during the work is not part of it.
    process: u32,
    what: What,
    outer: Scope,
}

#[derive(Debug)]
enum What {
    /// A client is being asked.
    Asking(Id),
    /// A custom provider is running and holds a concurrency slot.
    Working(Arc<Slot>),
}

/// A concurrency slot of a custom provider.
#[derive(Debug)]
pub(crate) struct Slot {
    process: u32,
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Slot {
    /// Lets another provider use the slot.
    pub(crate) fn release(&self) {
        // A provider that forks copies its slot into the child, where it means nothing.
        if self.process == std::process::id() {
            drop(self.permit.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
    }
}

/// A slot that is released when this is dropped.
#[derive(Debug)]
pub(crate) struct HeldSlot(pub(crate) Arc<Slot>);

impl HeldSlot {
    pub(super) fn new(permit: Option<OwnedSemaphorePermit>) -> Self {
        HeldSlot(Arc::new(Slot { process: std::process::id(), permit: Mutex::new(permit) }))
    }
}

impl Drop for HeldSlot {
    fn drop(&mut self) {
        self.0.release();
    }
}

thread_local! {
    static CURRENT: RefCell<Scope> = const { RefCell::new(Scope(None)) };
}

impl Scope {
    /// The scope of this thread.
    pub fn current() -> Self {
        let scope = CURRENT.try_with(|current| current.borrow().clone()).unwrap_or_default();
        if scope.0.as_ref().is_some_and(|link| link.process != std::process::id()) { Scope::default() } else { scope }
    }

    /// Makes this the scope of the thread until the thread ends. For languages that run callbacks on their own threads.
    pub fn adopt(self) {
        self.replace();
    }

    /// Adds a client that is being asked.
    pub(crate) fn asking(self, id: Id) -> Self {
        self.with(What::Asking(id))
    }

    /// Adds a running custom provider and its concurrency slot.
    pub(crate) fn working(self, slot: Arc<Slot>) -> Self {
        self.with(What::Working(slot))
    }

    pub(crate) fn asks(&self, id: Id) -> bool {
        self.links().any(|what| matches!(what, What::Asking(asked) if *asked == id))
    }

    /// Releases the slots of every custom provider in this scope; nested providers could deadlock otherwise.
    pub(crate) fn release_slots(&self) {
        for what in self.links() {
            if let What::Working(slot) = what {
                slot.release();
            }
        }
    }

    /// Whether so many clients ask one another that the stack may run out.
    pub(crate) fn is_deep(&self) -> bool {
        const DEEP: usize = 8;
        self.links().nth(DEEP).is_some()
    }

    fn with(self, what: What) -> Self {
        Scope(Some(Arc::new(Link { process: std::process::id(), what, outer: self })))
    }

    fn links(&self) -> impl Iterator<Item = &What> {
        let links = std::iter::successors(self.0.as_deref(), |link| link.outer.0.as_deref());
        links.map(|link| &link.what)
    }

    /// Makes this the scope of the thread, and returns the previous one.
    fn replace(self) -> Self {
        let mut scope = self;
        let _ = CURRENT.try_with(|current| std::mem::swap(&mut *current.borrow_mut(), &mut scope));
        scope
    }

    /// Runs `work` in this scope.
    pub(crate) fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        /// Restores the previous scope, even if the work panics.
        struct Leave(Scope);
        impl Drop for Leave {
            fn drop(&mut self) {
                std::mem::take(&mut self.0).replace();
            }
        }
        let _leave = Leave(self.clone().replace());
        work()
    }

    /// Runs `work` in this scope, on whichever threads poll it.
    pub(crate) async fn run<T>(self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(move |context| self.enter(|| work.as_mut().poll(context))).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_ends_with_its_work() {
        let (outer, inner, other) = (Id::next(), Id::next(), Id::next());
        let scope = Scope::default().asking(outer).asking(inner);
        scope.enter(|| {
            let here = Scope::current();
            assert!(here.asks(outer) && here.asks(inner) && !here.asks(other));
            Scope::default().enter(|| assert!(!Scope::current().asks(outer)));
            let here = here.clone();
            let adopted = std::thread::spawn(move || {
                here.adopt();
                Scope::current().asks(outer)
            });
            assert!(adopted.join().unwrap());
            assert!(Scope::current().asks(outer));
        });
        assert!(!Scope::current().asks(outer));
        let panicked = std::panic::catch_unwind(|| scope.enter(|| panic!("on purpose")));
        assert!(panicked.is_err() && !Scope::current().asks(outer));
    }
}
