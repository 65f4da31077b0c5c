//! What each thread was given last, so that its next call finds it with half the atomic operations, on memory of its own.
//!
//! Invariants: what is remembered is never older than the version says that it was remembered under; and it is remembered
//! weakly, so that a credential that is given up is wiped, whatever threads have ever asked for it.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

/// How many clients a thread remembers. A thread that goes round more of them takes the longer way.
const SLOTS: usize = 8;

struct Seen<T, U> {
    version: u64,
    value: Weak<T>,
    terms: U,
}

/// The place of one client in the memory of every thread.
#[derive(Debug)]
pub(crate) struct Memo {
    /// Changes after every change of what may be remembered; no two clients ever have the same.
    version: AtomicU64,
    slot: usize,
}

/// What one thread remembers: `T`, and in `U` until when it is good.
pub(crate) struct Memory<T, U>([RefCell<Option<Seen<T, U>>>; SLOTS]);

impl<T, U> Memory<T, U> {
    pub(crate) const fn new() -> Self {
        Memory([const { RefCell::new(None) }; SLOTS])
    }
}

impl Memo {
    pub(crate) fn new() -> Self {
        static CLIENTS: AtomicUsize = AtomicUsize::new(0);
        Memo { version: AtomicU64::new(next_version()), slot: CLIENTS.fetch_add(1, Ordering::Relaxed) % SLOTS }
    }

    /// To be read before what is remembered under it.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Has every thread look again; to be called after the change.
    pub(crate) fn changed(&self) {
        // Not a plain store: who reads this version has to see the changes before it, too, whichever thread made them.
        self.version.swap(next_version(), Ordering::AcqRel);
    }

    /// What this thread remembers of that version, if its terms are kept and somebody still has it.
    pub(crate) fn recall<T, U>(
        &self,
        memory: &Memory<T, U>,
        version: u64,
        kept: impl FnOnce(&U) -> bool,
    ) -> Option<Arc<T>> {
        let seen = memory.0.get(self.slot)?.borrow();
        let seen = seen.as_ref().filter(|seen| seen.version == version)?;
        if kept(&seen.terms) { seen.value.upgrade() } else { None }
    }

    pub(crate) fn remember<T, U>(&self, memory: &Memory<T, U>, version: u64, value: &Arc<T>, terms: U) {
        if let Some(slot) = memory.0.get(self.slot) {
            *slot.borrow_mut() = Some(Seen { version, value: Arc::downgrade(value), terms });
        }
    }
}

fn next_version() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_recalled_until_it_changes_or_is_given_up() {
        let (memory, memo) = (Memory::new(), Memo::new());
        let recall = |version| memo.recall(&memory, version, |good: &bool| *good);
        let value = Arc::new("credential");
        let version = memo.version();
        assert_eq!(recall(version), None);
        memo.remember(&memory, version, &value, true);
        assert_eq!(recall(version), Some(value.clone()));
        memo.remember(&memory, version, &value, false);
        assert_eq!(recall(version), None, "its terms are not kept");
        memo.remember(&memory, version, &value, true);
        memo.changed();
        assert_eq!(recall(memo.version()), None, "there is another by now");
        memo.remember(&memory, memo.version(), &value, true);
        drop(value);
        assert_eq!(recall(memo.version()), None, "nobody has it any more");
    }

    /// Two of them share a slot, and never what is in it.
    #[test]
    fn clients_never_recall_what_is_anothers() {
        let memory = Memory::new();
        let memos: Vec<Memo> = (0..=SLOTS).map(|_| Memo::new()).collect();
        let values: Vec<Arc<usize>> = (0..=SLOTS).map(Arc::new).collect();
        for (memo, value) in memos.iter().zip(&values) {
            memo.remember(&memory, memo.version(), value, ());
        }
        for (memo, value) in memos.iter().zip(&values) {
            let recalled = memo.recall(&memory, memo.version(), |()| true);
            assert!(recalled.is_none_or(|recalled| Arc::ptr_eq(&recalled, value)));
        }
    }
}
