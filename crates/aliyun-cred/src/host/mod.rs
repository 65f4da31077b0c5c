//! The only access to anything outside the process: environment, files, clock, HTTP.
//!
//! Invariant: nothing else in this crate reads a variable, a file or a clock, draws a random number, runs a command, or
//! opens a connection. Tests replace these with their own [`System`]; files that are locked and written are real.

mod clock;
mod command;
mod env;
#[cfg(all(test, not(feature = "model-check")))]
pub(crate) mod fake;
mod files;
mod http;
mod private_folder;
mod proxy;
mod system;
mod trust;

/// What fuzzing looks at by itself.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod parts {
    use std::time::SystemTime;

    use super::{Result, Route, http, proxy, trust};

    pub(crate) fn date(text: &str) -> Option<SystemTime> {
        http::parse_date(text)
    }

    pub(crate) fn proxy(text: &str) -> Result<()> {
        proxy::of(&Route::Through(text.into()), "").map(drop)
    }

    pub(crate) fn no_proxy(list: &str, url: &str) -> bool {
        proxy::excepts(list, url)
    }

    pub(crate) fn authorities(pem: &[u8]) -> Result<()> {
        trust::only(pem).map(drop)
    }
}

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use zeroize::Zeroizing;

pub(crate) use clock::{ClockOffset, Now, Stopwatch, here, wall_time};
pub use clock::{millis, unix_seconds, wall_millis};
pub(crate) use command::Failure as CommandFailure;
pub use env::assign_variable;
pub(crate) use env::variable_state;
pub(crate) use files::{FileStamp, LockedFile, open_to_all};
pub(crate) use http::{Connection, Failure, Limits, Method, Request, Response, Route, Trust, authority};
pub(crate) use private_folder::{LockedEntry, PrivateFolder};
pub(crate) use proxy::shown as shown_proxy;
pub(crate) use system::{Pending, Printed, System};

use system::ThisSystem;

use crate::error::{Error, ErrorKind, Result};
use crate::runtime::driver;
use crate::text::{decode_wiped, warn};
use crate::wording::Surface;

/// The longest time for file work on a helper, including the wait for a helper.
const FILE_LIMIT: Duration = Duration::from_secs(10);

/// See [`binding::read_text`](crate::binding::read_text).
pub(crate) fn read_text(path: PathBuf) -> io::Result<Zeroizing<String>> {
    let bytes = files::read_private(&env::home_path(path))?;
    let not_text = || io::Error::new(io::ErrorKind::InvalidData, "it is neither UTF-8 nor UTF-16");
    decode_wiped(&bytes).ok_or_else(not_text)
}

/// The outside world as one client sees it.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    surface: Surface,
    system: Arc<dyn System>,
    /// Whether a report is being made: nothing may be written, rotated or remembered.
    reports: bool,
    /// Where processes share sessions, if they do.
    shared_sessions: Option<Arc<PathBuf>>,
}

impl Host {
    pub(crate) fn new(surface: Surface) -> Self {
        Host::on(Arc::new(ThisSystem), surface)
    }

    /// Uses the given system: this one, or one that records or fakes it.
    pub(crate) fn on(system: Arc<dyn System>, surface: Surface) -> Self {
        Host { surface, system, reports: false, shared_sessions: None }
    }

    /// For a report: nothing is written, rotated or remembered.
    pub(crate) fn for_report(self) -> Self {
        Host { reports: true, shared_sessions: None, ..self }
    }

    /// With the folder where processes share sessions.
    pub(crate) fn sharing_sessions(self, folder: Option<PathBuf>) -> Self {
        Host { shared_sessions: folder.map(Arc::new), ..self }
    }

    pub(crate) fn shared_sessions(&self) -> Option<&Path> {
        self.shared_sessions.as_deref().map(PathBuf::as_path)
    }

    pub(crate) fn reports(&self) -> bool {
        self.reports
    }

    pub(crate) fn system(&self) -> &Arc<dyn System> {
        &self.system
    }

    /// See [`System::note_profile`].
    pub(crate) fn note_profile(&self, path: &Path, profile: &str) {
        self.system.note_profile(path, profile);
    }

    pub(crate) fn surface(&self) -> &Surface {
        &self.surface
    }

    /// An environment variable's value; `None` if it is unset or empty.
    pub(crate) fn env(&self, name: &str) -> Option<String> {
        self.system.variable(name).map(env::text)
    }

    /// The program's override of a variable; `None` if there is none.
    pub(crate) fn assigned(&self, name: &str) -> Option<Option<String>> {
        env::assigned(name)
    }

    /// Whether a variable is `true`, in any case; no other word counts.
    pub(crate) fn env_flag(&self, name: &str) -> bool {
        self.env(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The path in an environment variable; see [`Host::path`].
    pub(crate) fn env_path(&self, name: &str) -> Option<PathBuf> {
        self.system.variable(name).map(|value| self.path(value))
    }

    /// Expands a path from a variable, an option or a file: a leading `~/` is the home directory.
    pub(crate) fn path(&self, given: impl Into<PathBuf>) -> PathBuf {
        env::below_home(given.into(), || self.home())
    }

    /// The user's home directory.
    pub(crate) fn home(&self) -> Option<PathBuf> {
        env::home(|name| self.system.variable(name))
    }

    /// See [`System::read_file`]. On the background thread a helper reads it, because it may lie on a hanging disk; any
    /// other thread reads it itself.
    pub(crate) async fn read_file(&self, path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        let path = path.to_owned();
        self.reading(move |system| system.read_file(&path)).await
    }

    /// See [`System::read_shared_file`]; reads it like [`Host::read_file`].
    pub(crate) async fn read_shared_file(&self, path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        let path = path.to_owned();
        self.reading(move |system| system.read_shared_file(&path)).await
    }

    async fn reading<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn System) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let system = self.system.clone();
        if !driver::is_here() {
            return read(&*system);
        }
        self.block(move || read(&*system)).await.map_err(|error| io::Error::other(error.to_string()))?
    }

    /// Like [`Host::read_file`], always on the calling thread: for construction, which is synchronous.
    pub(crate) fn read_file_now(&self, path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        self.system.read_file(path)
    }

    /// See [`System::file_stamp`].
    pub(crate) fn file_stamp(&self, path: &Path) -> Option<FileStamp> {
        self.system.file_stamp(path)
    }

    /// Runs a command and returns its output.
    pub(crate) async fn run_command(&self, words: Vec<String>, limit: Duration) -> Printed {
        self.system.run_command(words, limit).await
    }

    /// Runs work that may hang on a disk, such as taking a file lock, on a helper thread, and waits for at most
    /// `FILE_LIMIT`.
    pub(crate) async fn block<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let driver = driver::current()?;
        let own = driver.clone();
        let done = driver.run(driver::within(FILE_LIMIT, async move { own.read(work).await })).await?;
        let slow = || Error::new(ErrorKind::Io, format!("the disk did not answer within {} s", FILE_LIMIT.as_secs()));
        done.ok_or_else(slow)?
    }

    /// Repeats `attempt` until it returns a value; `None` once `limit` has run out.
    pub(crate) async fn poll<T, F>(&self, limit: Duration, attempt: impl Fn() -> F) -> Result<Option<T>>
    where
        F: Future<Output = Result<Option<T>>>,
    {
        const INTERVAL: Duration = Duration::from_millis(10);
        let end = self.now().monotonic.saturating_add(millis(limit));
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

    /// The services' time, in milliseconds since the Unix epoch: what they accept in a signature, and compare with the
    /// expirations that they set.
    pub(crate) fn service_now(&self) -> u64 {
        self.now().wall.saturating_add_signed(self.clock_offset())
    }

    /// How far the services' clock is ahead of this machine's, in milliseconds; 0 while they agree.
    pub(crate) fn clock_offset(&self) -> i64 {
        self.system.clock_offset().get(self.now())
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

    /// Sends one request on the driver and reads the whole reply, whatever its status.
    ///
    /// The service may close a kept connection just as the request is sent. If none of the reply arrived, the request
    /// is built again, with a new nonce and timestamp, and sent on a new connection.
    pub(crate) async fn http(&self, make: impl Fn() -> Result<Request>) -> Result<Response, Failure> {
        match self.send(make()?, Connection::Any).await {
            Err(failure) if failure.connection_was_stale => self.send(make()?, Connection::New).await,
            outcome => outcome,
        }
    }

    /// Like [`Host::http`], but never retried: for requests that must not be repeated, such as a token rotation.
    pub(crate) async fn http_once(&self, request: Request) -> Result<Response, Failure> {
        self.send(request, Connection::Any).await
    }

    async fn send(&self, mut request: Request, connection: Connection) -> Result<Response, Failure> {
        let target = http::authority(&request.url).to_owned();
        request.headers.push(("User-Agent", self.surface.user_agent()));
        request.headers.push(("Accept-Encoding", "identity".to_owned()));
        // Without TLS, the `Date` may be anybody's.
        let tells_time = request.tells_time && request.url.starts_with("https:");
        match self.system.send(request, connection).await {
            Ok(response) => {
                if let Some(date) = response.date.filter(|_| tells_time) {
                    self.learn_time(date, &target);
                }
                Ok(response)
            }
            Err(failure) => Err(Failure { target, ..failure }),
        }
    }

    /// Learns the services' time from the `Date` of an authenticated reply, whatever its status.
    fn learn_time(&self, date: SystemTime, service: &str) {
        let Some(offset) = self.system.clock_offset().learn(wall_millis(date), self.now()) else { return };
        let text = match offset {
            0 => format!("this machine's clock agrees with that of {service} again"),
            _ => {
                let how = if offset > 0 { "behind" } else { "ahead of" };
                format!(
                    "this machine's clock is {} s {how} that of {service}; the service's time is used from now on; \
                     synchronise the clock",
                    offset.unsigned_abs() / 1000
                )
            }
        };
        warn("clock", &text);
    }
}
