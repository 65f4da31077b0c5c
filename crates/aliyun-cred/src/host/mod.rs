//! The only door to what lies outside the process: environment, files, clock, HTTP.
//!
//! Invariant: nothing else in this crate reads a variable, a file or a clock, draws a number, runs a command, or opens a
//! connection. A test replaces any of these by a [`System`] of its own.

mod clock;
mod command;
mod env;
#[cfg(all(test, not(feature = "model-check")))]
pub(crate) mod fake;
mod files;
mod http;
mod proxy;
mod system;
mod trust;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

pub(crate) use clock::{Now, Stopwatch, wall_millis};
pub(crate) use command::Failure as CommandFailure;
pub use env::assign_variable;
pub(crate) use files::LockedFile;
pub(crate) use http::{Connection, Failure, Limits, Method, Request, Response, Route};
pub(crate) use system::System;

use system::{Printed, ThisSystem};

use crate::error::{Error, ErrorKind, Result};
use crate::runtime::driver;
use crate::text::decode_wiped;
use crate::wording::Surface;

/// The longest that a helper may take for a file, or have to be waited for.
const FILE_LIMIT: Duration = Duration::from_secs(10);

/// See [`binding::read_text`](crate::binding::read_text).
pub(crate) fn read_text(path: PathBuf) -> io::Result<Zeroizing<String>> {
    let bytes = files::read(&env::home_path(path))?;
    let not_text = || io::Error::new(io::ErrorKind::InvalidData, "it is neither UTF-8 nor UTF-16");
    decode_wiped(&bytes).ok_or_else(not_text)
}

/// The world as one client sees it.
#[derive(Debug)]
pub(crate) struct Host {
    surface: Surface,
    system: &'static dyn System,
}

impl Host {
    pub(crate) fn new(surface: Surface) -> Self {
        Host::on(&ThisSystem, surface)
    }

    /// On a system of a test's own, or on this one.
    pub(crate) fn on(system: &'static dyn System, surface: Surface) -> Self {
        Host { surface, system }
    }

    pub(crate) fn surface(&self) -> &Surface {
        &self.surface
    }

    /// An environment variable's value; `None` if it is unset or empty.
    pub(crate) fn env(&self, name: &str) -> Option<String> {
        self.system.variable(name).map(env::text)
    }

    /// What the program itself has said in place of a variable; `None` if nothing.
    pub(crate) fn assigned(&self, name: &str) -> Option<Option<String>> {
        env::assigned(name)
    }

    /// Whether a variable holds `true`, in any case; no other word switches anything on.
    pub(crate) fn env_flag(&self, name: &str) -> bool {
        self.env(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The path in an environment variable; see [`Host::path`].
    pub(crate) fn env_path(&self, name: &str) -> Option<PathBuf> {
        self.system.variable(name).map(|value| self.path(value))
    }

    /// A path as a variable, an option or a file gives it: `~/` at its beginning is the home directory.
    pub(crate) fn path(&self, given: impl Into<PathBuf>) -> PathBuf {
        env::below_home(given.into(), || self.home())
    }

    /// The user's home directory.
    pub(crate) fn home(&self) -> Option<PathBuf> {
        env::home(|name| self.system.variable(name))
    }

    /// A whole regular file of 1 MiB at most. On the background thread it is read by a helper, for it may lie on a disk
    /// that hangs; elsewhere it is the caller who asked for it that reads it.
    pub(crate) async fn read_file(&self, path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        let (system, owned) = (self.system, path.to_owned());
        if !driver::is_here() {
            return system.read_file(path);
        }
        self.block(move || system.read_file(&owned)).await.map_err(|error| io::Error::other(error.to_string()))?
    }

    /// As [`Host::read_file`], on the caller's thread whichever it is: for construction, which is synchronous.
    pub(crate) fn read_file_now(&self, path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        self.system.read_file(path)
    }

    /// Runs a command and returns what it printed.
    pub(crate) async fn run_command(&self, words: Vec<String>, limit: Duration) -> Printed {
        self.system.run_command(words, limit).await
    }

    /// Does what may hang on a disk (file locks, for example) on a helper thread, and waits for that no longer than
    /// `FILE_LIMIT`.
    pub(crate) async fn block<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let driver = driver::current()?;
        let own = driver.clone();
        let done = driver.run(driver::within(FILE_LIMIT, async move { own.read(work).await })).await?;
        let slow = || Error::new(ErrorKind::Io, format!("the disk did not answer within {} s", FILE_LIMIT.as_secs()));
        done.ok_or_else(slow)?
    }

    /// Asks `attempt` again and again until it gives something; `None` once `limit` has run out.
    pub(crate) async fn poll<T, F>(&self, limit: Duration, attempt: impl Fn() -> F) -> Result<Option<T>>
    where
        F: Future<Output = Result<Option<T>>>,
    {
        const INTERVAL: Duration = Duration::from_millis(10);
        let end = self.now().monotonic.saturating_add(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
        loop {
            match attempt().await? {
                None if self.now().monotonic < end => driver::current()?.run(self.system.sleep(INTERVAL)).await?,
                outcome => return Ok(outcome),
            }
        }
    }

    /// Both clocks, precise enough for a request's timestamp.
    pub(crate) fn now(&self) -> Now {
        self.system.now()
    }

    /// See [`System::coarse_now`].
    pub(crate) fn coarse_now(&self) -> Now {
        self.system.coarse_now()
    }

    /// See [`System::sleep`].
    pub(crate) fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + use<> {
        self.system.sleep(duration)
    }

    /// See [`System::draw`].
    pub(crate) fn draw(&self) -> f64 {
        self.system.draw()
    }

    /// See [`System::nonce`].
    pub(crate) fn nonce(&self) -> String {
        self.system.nonce()
    }

    /// Sends one request on the driver and reads the whole answer. Any status is an answer.
    ///
    /// A kept connection may have been closed by the service as the request was sent. Nothing of a reply has come then,
    /// and the request is made once more, for a connection of its own: with a nonce and a timestamp of its own, too.
    pub(crate) async fn http(&self, make: impl Fn() -> Result<Request>) -> Result<Response, Failure> {
        match self.send(make()?, Connection::Any).await {
            Err(failure) if failure.connection_was_stale => self.send(make()?, Connection::New).await,
            outcome => outcome,
        }
    }

    /// As [`Host::http`], never repeated: for what counts once only, such as a token that is rotated.
    pub(crate) async fn http_once(&self, request: Request) -> Result<Response, Failure> {
        self.send(request, Connection::Any).await
    }

    async fn send(&self, mut request: Request, connection: Connection) -> Result<Response, Failure> {
        let target = http::authority(&request.url).to_owned();
        request.headers.push(("User-Agent", self.surface.user_agent()));
        request.headers.push(("Accept-Encoding", "identity".to_owned()));
        self.system.send(request, connection).await.map_err(|failure| Failure { target, ..failure })
    }
}
