//! The public handle. Returns the current credential, fetching or refreshing it when needed.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::builder::ClientBuilder;
use crate::cache::single_flight::Flight;
use crate::cache::{Cache, Outcome};
use crate::config::{Config, Entries};
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result};
use crate::explain::Explain;
use crate::host::{Host, Stopwatch};
use crate::provider::{Custom, Provider};
use crate::report::Report;
use crate::runtime::driver;
use crate::source::Source;
use crate::status::Status;
use crate::wording::Surface;

/// How often an interruptible wait checks for an interrupt.
const TICK: Duration = Duration::from_millis(100);

/// A client for one source, or for the default chain.
///
/// Cheap to clone: clones share the cached credential and the refresh in flight. `Send + Sync`; works on any thread, in
/// any async executor, and in a forked child. Creating one opens no connection and starts no thread.
///
/// ```
/// use aliyun_cred::{Client, Config};
///
/// let config = Config::new("access_key").access_key_id("LTAI...").access_key_secret("...");
/// let client = Client::new(&config)?;
/// assert_eq!(client.clone().credentials_blocking()?.access_key_id(), Some("LTAI..."));
/// # Ok::<(), aliyun_cred::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    cache: Arc<Cache>,
    /// `None`: a custom provider.
    source: Option<Source>,
    /// The options that the source was built from. `None`: it has no state, so that a report can ask it as it is.
    options: Option<Entries>,
}

/// Prints the type name only. Options are left out, because a secret may have been put in the wrong one.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("type_name", &self.type_name()).finish_non_exhaustive()
    }
}

impl Client {
    /// Creates a client for the source that `config` names.
    ///
    /// ```
    /// use aliyun_cred::{Client, Config};
    ///
    /// let config = Config::new("ram_role_arn").role_arn("acs:ram::1234567890123456:role/reader");
    /// let config = config.access_key_id("LTAI...").access_key_secret("...");
    /// assert_eq!(Client::new(&config)?.type_name(), "ram_role_arn");
    /// # Ok::<(), aliyun_cred::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidConfig`](ErrorKind::InvalidConfig) if an option is missing, contradictory or out of range.
    pub fn new(config: &Config) -> Result<Self> {
        Client::builder().config(config).build()
    }

    /// Creates a client for the default chain; see the crate documentation for the order. Sources are searched at the
    /// first call, which also reports why none was found.
    ///
    /// ```
    /// use aliyun_cred::Client;
    ///
    /// assert_eq!(Client::from_default_chain()?.type_name(), "default");
    /// # Ok::<(), aliyun_cred::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidConfig`](ErrorKind::InvalidConfig) if a variable that only the chain reads has an invalid value.
    pub fn from_default_chain() -> Result<Self> {
        Client::builder().build()
    }

    /// Returns a builder for everything that [`Client::new`] cannot set: a source by name, the base of a role, an
    /// update callback.
    ///
    /// ```
    /// use aliyun_cred::{Client, Source};
    ///
    /// let client = Client::builder().source(Source::EcsRamRole).build()?;
    /// # Ok::<(), aliyun_cred::Error>(())
    /// ```
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Creates a client for a custom provider that may block. It runs on a worker thread, and a call times out after
    /// one minute. At most four such providers run at once; others queue for up to a minute. One that timed out, or is
    /// waiting for another client, does not count. A new call also waits, up to a minute, for a previous one that timed
    /// out to return. `name` becomes the client's type, and the provider name of its credentials.
    ///
    /// The provider is called for every request, unless its credential has an expiration
    /// ([`Credentials::with_expiration`]): then the credential is cached and refreshed in time. Concurrent callers
    /// share one call. A provider that asks its own client gets an error of kind [`Recursion`](ErrorKind::Recursion).
    ///
    /// ```
    /// use aliyun_cred::{Client, Credentials};
    ///
    /// let client = Client::from_blocking("vault", || Ok(Credentials::from_parts("LTAI...", "...")));
    /// assert_eq!(client.credentials_blocking()?.provider_name(), Some("vault"));
    /// # Ok::<(), aliyun_cred::Error>(())
    /// ```
    pub fn from_blocking(
        name: impl Into<String>,
        provider: impl Fn() -> Result<Credentials> + Send + Sync + 'static,
    ) -> Self {
        Client::of_custom(Custom::blocking(name.into(), provider), Surface::Rust)
    }

    /// Like [`Client::from_blocking`], for a provider that returns a future. The future is polled on the background
    /// thread and must not block it.
    ///
    /// ```
    /// use aliyun_cred::{Client, Credentials};
    ///
    /// let client = Client::from_async("vault", || async { Ok(Credentials::from_parts("LTAI...", "...")) });
    /// assert_eq!(client.credentials_blocking()?.access_key_id(), Some("LTAI..."));
    /// # Ok::<(), aliyun_cred::Error>(())
    /// ```
    pub fn from_async<F>(name: impl Into<String>, provider: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Credentials>> + Send + 'static,
    {
        Client::of_custom(Custom::future(name.into(), provider), Surface::Rust)
    }

    /// Creates a client that assumes the role described by `role`, with this client's credential. Roles can be chained,
    /// each with its own session name and external ID.
    ///
    /// ```
    /// use aliyun_cred::{Client, Config};
    ///
    /// let client = Client::from_default_chain()?;
    /// let reader = client.assume_role(&Config::default().role_arn("acs:ram::1234567890123456:role/reader"))?;
    /// assert_eq!(reader.type_name(), "ram_role_arn");
    /// # Ok::<(), aliyun_cred::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidConfig`](ErrorKind::InvalidConfig) if an option is missing or out of range.
    pub fn assume_role(&self, role: &Config) -> Result<Self> {
        Client::builder().source(Source::RamRoleArn).config(role).base(self).build()
    }

    pub(crate) fn of(cache: Cache, source: Option<Source>, options: Option<Entries>) -> Self {
        Client { cache: Arc::new(cache), source, options }
    }

    pub(crate) fn source(&self) -> Option<Source> {
        self.source
    }

    pub(crate) fn cache(&self) -> &Arc<Cache> {
        &self.cache
    }

    /// What the provider can be built from once more.
    pub(crate) fn recipe(&self) -> Option<(Source, Entries)> {
        self.source.zip(self.options.clone())
    }

    pub(crate) fn of_custom(custom: Custom, surface: Surface) -> Self {
        let name = custom.name().to_owned();
        Client::of(Cache::new(Provider::Custom(Box::new(custom)), Host::new(surface), &name), None, None)
    }

    /// The type this client was created for: `access_key`, `ram_role_arn`, ..., `default`.
    pub fn type_name(&self) -> &str {
        self.cache.type_name()
    }

    /// Returns the cached credential if it is fresh, or the one made from environment variables if they have not
    /// changed. Never asks a source and takes no lock.
    ///
    /// ```
    /// use aliyun_cred::{Client, Config};
    ///
    /// let config = Config::new("access_key").access_key_id("LTAI...").access_key_secret("...");
    /// assert!(Client::new(&config)?.cached().is_some());
    /// assert!(Client::from_default_chain()?.cached().is_none(), "nothing was asked for yet");
    /// # Ok::<(), aliyun_cred::Error>(())
    /// ```
    pub fn cached(&self) -> Option<Arc<Credentials>> {
        self.cache.fresh().or_else(|| self.cache.unchanged_variables())
    }

    /// Returns the current credential. Concurrent callers share one refresh, and dropping one caller never cancels it
    /// for the others. Configuration files are read on the thread that first polls this future.
    ///
    /// ```
    /// use aliyun_cred::{Client, Config};
    ///
    /// # async fn run() -> aliyun_cred::Result<()> {
    /// let config = Config::new("access_key").access_key_id("LTAI...").access_key_secret("...");
    /// let credentials = Client::new(&config)?.credentials().await?;
    /// assert_eq!(credentials.provider_name(), Some("static_ak"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The source's error, if no valid credential is left.
    pub async fn credentials(&self) -> Result<Arc<Credentials>> {
        if let Some(cached) = self.cached() {
            return Ok(cached);
        }
        self.cache.begin().join().await
    }

    /// Returns the current credential, blocking this thread for as long as the source's own time limits allow.
    ///
    /// ```
    /// use aliyun_cred::{Client, Config};
    ///
    /// let config = Config::new("access_key").access_key_id("LTAI...").access_key_secret("...");
    /// assert_eq!(Client::new(&config)?.credentials_blocking()?.access_key_secret(), Some("..."));
    /// # Ok::<(), aliyun_cred::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Client::credentials`], and [`Recursion`](ErrorKind::Recursion) if it would block the library's background
    /// thread: in a callback, or in a future passed to [`Client::from_async`].
    pub fn credentials_blocking(&self) -> Result<Arc<Credentials>> {
        self.wait(None)
    }

    /// Returns the current credential, blocking this thread for at most `limit`. Configuration files are read on the
    /// calling thread; that time does not count against `limit`.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use aliyun_cred::{Client, Config};
    ///
    /// let config = Config::new("access_key").access_key_id("LTAI...").access_key_secret("...");
    /// Client::new(&config)?.credentials_within(Duration::from_secs(3))?;
    /// # Ok::<(), aliyun_cred::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Client::credentials`], and [`Timeout`](ErrorKind::Timeout) if `limit` ran out; the refresh continues.
    pub fn credentials_within(&self, limit: Duration) -> Result<Arc<Credentials>> {
        self.wait(Some(limit))
    }

    /// Calls `done` with the current credential: right away if no wait is needed, else on the thread that completes the
    /// refresh, where `done` must not block.
    ///
    /// ```
    /// use aliyun_cred::{Client, Config};
    ///
    /// let config = Config::new("access_key").access_key_id("LTAI...").access_key_secret("...");
    /// Client::new(&config)?.credentials_then(|outcome| assert!(outcome.is_ok()));
    /// # Ok::<(), aliyun_cred::Error>(())
    /// ```
    pub fn credentials_then(&self, done: impl FnOnce(Result<Arc<Credentials>>) + Send + 'static) {
        match self.cached() {
            Some(cached) => done(Ok(cached)),
            None => self.cache.begin().on_completion(done),
        }
    }

    /// Reports that a service rejected the cached credential. The next call asks the source again and rereads its
    /// configuration file. Base clients that use a configuration file are invalidated too; others keep their
    /// credential.
    ///
    /// ```
    /// use aliyun_cred::Client;
    ///
    /// let client = Client::from_default_chain()?;
    /// // A service has answered InvalidSecurityToken.Expired:
    /// client.invalidate();
    /// # Ok::<(), aliyun_cred::Error>(())
    /// ```
    pub fn invalidate(&self) {
        self.cache.invalidate();
    }

    /// Returns what is known without asking the source or waiting for a refresh, for health checks and metrics.
    ///
    /// ```
    /// use aliyun_cred::{Client, Config};
    ///
    /// let config = Config::new("access_key").access_key_id("LTAI...").access_key_secret("...");
    /// let status = Client::new(&config)?.status();
    /// assert!(status.has_credentials && status.failures == 0);
    /// # Ok::<(), aliyun_cred::Error>(())
    /// ```
    pub fn status(&self) -> Status {
        self.cache.status()
    }

    /// Asks the sources anew, and reports what each of them found: which one answers, why the others do not, and what to
    /// change. For people: a request for a credential costs less.
    ///
    /// Sends the requests and runs the commands of a call by a new client, but touches nothing that is cached and
    /// writes nothing. Takes at most 30 s. A source that would have to rotate a refresh token is left alone, unless that
    /// is [permitted](Explain::rotate).
    ///
    /// ```
    /// use aliyun_cred::{Client, Config, State};
    ///
    /// let config = Config::new("access_key").access_key_id("LTAI5tExampleExampleAbcd").access_key_secret("...");
    /// let report = Client::new(&config)?.explain_blocking()?;
    /// println!("{report}");
    /// assert_eq!(report.sources[0].state, State::Answered);
    /// # Ok::<(), aliyun_cred::Error>(())
    /// ```
    pub fn explain(&self) -> Explain {
        Explain::new(self.clone(), false, false)
    }

    /// Like [`Client::explain`], blocking this thread.
    ///
    /// # Errors
    /// As [`Explain::blocking`].
    pub fn explain_blocking(&self) -> Result<Report> {
        self.explain().blocking()
    }

    fn wait(&self, limit: Option<Duration>) -> Result<Arc<Credentials>> {
        if let Some(cached) = self.cached() {
            return Ok(cached);
        }
        wait_for(self.cache.begin(), limit).unwrap_or_else(|| Err(too_late(limit.unwrap_or_default())))
    }
}

/// See [`binding::credentials_unless`](crate::binding::credentials_unless).
pub(crate) fn credentials_unless(
    client: &Client,
    limit: Option<Duration>,
    mut interrupted: impl FnMut() -> bool,
) -> Outcome {
    if let Some(cached) = client.cached() {
        return Ok(cached);
    }
    unless_interrupted(client.cache.begin(), limit, &mut interrupted)
}

/// Blocks this thread for at most `limit`, or until `interrupted`, which is called ten times a second, returns true.
pub(crate) fn unless_interrupted<T: Clone>(
    flight: Arc<Flight<Result<T>>>,
    limit: Option<Duration>,
    interrupted: &mut dyn FnMut() -> bool,
) -> Result<T> {
    let clock = Stopwatch::start();
    loop {
        let left = limit.map_or(TICK, |limit| limit.saturating_sub(clock.elapsed()));
        if let Some(outcome) = wait_for(flight.clone(), Some(left.min(TICK))) {
            return outcome;
        }
        if interrupted() {
            return Err(Error::new(ErrorKind::Cancelled, "the caller gave up; the refresh goes on"));
        }
        if let Some(limit) = limit.filter(|limit| *limit <= clock.elapsed()) {
            return Err(too_late(limit));
        }
    }
}

/// Blocks this thread; `None` once `limit` has run out.
pub(crate) fn wait_for<T: Clone>(flight: Arc<Flight<Result<T>>>, limit: Option<Duration>) -> Option<Result<T>> {
    let outcome = flight.outcome();
    if outcome.is_some() || limit == Some(Duration::ZERO) {
        return outcome;
    }
    if let Err(error) = driver::may_wait() {
        return Some(Err(error));
    }
    let clock = Stopwatch::start();
    flight.wait(|| limit.map(|limit| limit.saturating_sub(clock.elapsed())))
}

fn too_late(limit: Duration) -> Error {
    let limit = limit.as_millis();
    Error::new(ErrorKind::Timeout, format!("no credential within {limit} ms; the refresh goes on"))
}
