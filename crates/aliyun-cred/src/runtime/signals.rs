//! The signal mask of the library's threads. They handle none of the program's signals, whose handlers run on the
//! program's own threads, and block SIGPIPE, which would kill the process when a service hangs up.

#[cfg(unix)]
mod unix {
    use nix::sys::signal::{SigSet, SigmaskHow, Signal};

    /// Never blocked: faults of the thread itself, and profilers.
    const TAKEN: [Signal; 8] = [
        Signal::SIGSEGV,
        Signal::SIGBUS,
        Signal::SIGFPE,
        Signal::SIGILL,
        Signal::SIGTRAP,
        Signal::SIGABRT,
        Signal::SIGSYS,
        Signal::SIGPROF,
    ];

    /// A thread's signal mask.
    #[derive(Clone, Debug)]
    pub(crate) struct Signals(Option<SigSet>);

    impl Signals {
        /// Blocks signals on this thread, and returns the previous mask.
        pub(crate) fn block() -> Self {
            let mut blocked = SigSet::all();
            TAKEN.iter().for_each(|signal| blocked.remove(*signal));
            Signals(blocked.thread_swap_mask(SigmaskHow::SIG_SETMASK).ok())
        }

        /// Adds SIGPIPE, for a thread that may have one pending since a service hung up.
        pub(crate) fn with_pipe(&self) -> Self {
            let mut signals = self.clone();
            signals.0.iter_mut().for_each(|set| set.add(Signal::SIGPIPE));
            signals
        }

        /// Sets exactly this mask on this thread.
        pub(crate) fn restore(&self) {
            // Fails only for an invalid argument.
            let _ = self.0.as_ref().map(SigSet::thread_set_mask);
        }

        /// Runs `work`, such as starting a process, which inherits the signal mask of its thread.
        pub(crate) fn during<T>(&self, work: impl FnOnce() -> T) -> T {
            /// Restores the previous mask, even if the work panics.
            struct Back(Signals);
            impl Drop for Back {
                fn drop(&mut self) {
                    self.0.restore();
                }
            }
            let _back = Back(Signals(SigSet::thread_get_mask().ok()));
            self.restore();
            work()
        }
    }
}

#[cfg(not(unix))]
mod other {
    /// There are no signal masks here.
    #[derive(Clone, Debug)]
    pub(crate) struct Signals;

    impl Signals {
        pub(crate) fn block() -> Self {
            Signals
        }

        pub(crate) fn with_pipe(&self) -> Self {
            Signals
        }

        pub(crate) fn restore(&self) {}

        pub(crate) fn during<T>(&self, work: impl FnOnce() -> T) -> T {
            work()
        }
    }
}

#[cfg(not(unix))]
pub(crate) use other::Signals;
#[cfg(unix)]
pub(crate) use unix::Signals;
