//! How the server is told to stop, or to read its configuration again, and how it tells systemd that it is there.

use crate::failure::Failure;

/// The signals, from the moment on when it was made.
#[cfg(unix)]
pub(super) struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(super) fn new() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for SIGTERM or SIGINT, and calls `reload` at each SIGHUP.
    pub(super) async fn stop(mut self, reload: impl AsyncFn()) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => break,
                _ = self.interrupt.recv() => break,
                _ = self.hangup.recv() => tokio::select! {
                    () = reload() => {}
                    _ = self.terminate.recv() => break,
                    _ = self.interrupt.recv() => break,
                },
            }
        }
        // Without systemd there is nobody to tell.
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    }
}

/// Tells systemd that connections are accepted.
#[cfg(unix)]
pub(super) fn ready() {
    // Without systemd there is nobody to tell.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
}

/// Ctrl-C, on systems without signals.
#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(super) fn new() -> Result<Self, Failure> {
        Ok(Signals)
    }

    /// Waits for Ctrl-C; nothing asks for the configuration to be read again.
    pub(super) async fn stop(self, _reload: impl AsyncFn()) {
        // Without a console there is no Ctrl-C, and the process ends when it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// There is no service manager to tell.
#[cfg(not(unix))]
pub(super) fn ready() {}
