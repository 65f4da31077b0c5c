//! What everyone holds: a handle that gives the current credential, however it has to be come by.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::builder::ClientBuilder;
use crate::cache::single_flight::Flight;
use crate::cache::{Cache, Outcome};
use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result};
use crate::host::{Host, Stopwatch};
use crate::provider::{Custom, Provider};
use crate::runtime::driver;
use crate::source::Source;
use crate::status::Status;
use crate::wording::Surface;

/// How often an interruptible wait asks whether it was interrupted.
const TICK: Duration = Duration::from_millis(100);

/// A client of one source, or of the default chain.
///
/// Cheap to clone; clones share the cached credential and the one refresh in flight. `Send + Sync`, and usable from
/// any thread, from any async executor, and in a forked child. Making one opens no connection and starts no thread.
#[derive(Clone)]
pub struct Client {
    cache: Arc<Cache>,
}

/// Its type, and nothing of its configuration: a secret may stand there in the place of something else.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("type_name", &self.type_name()).finish_non_exhaustive()
    }
}

impl Client {
    /// A client of the source that `config` names.
    ///
    /// # Errors
    /// [`InvalidConfig`](ErrorKind::InvalidConfig) if an option is missing, contradictory or out of range.
    pub fn new(config: &Config) -> Result<Self> {
        Client::builder().config(config).build()
    }

    /// A client of the default chain; see the crate's documentation for its order. What the chain finds, or why it
    /// finds nothing, shows at the first call.
    ///
    /// # Errors
    /// [`InvalidConfig`](ErrorKind::InvalidConfig) if a variable that only the chain reads makes no sense.
    pub fn from_default_chain() -> Result<Self> {
        Client::builder().build()
    }

    /// For everything else that can be said: a source by its name, the base of a role, who is told of new tokens.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// A client of a provider of your own that blocks the thread which calls it: it runs on a thread of its own, and is
    /// given up after a minute. Of such providers four are at work at once, those that were given up or have had to
    /// wait for another client not counted; the others wait for their turn, a minute at most, and so do all for a call of
    /// theirs before that was given up. `name` is the client's type, and the provider name of what it gives.
    ///
    /// It is asked at every call, unless what it gives says when it expires
    /// ([`Credentials::with_expiration`]): then that is cached, and refreshed in time. Callers that arrive together share
    /// one answer. If it asks the client that is asking it, it gets an error of kind
    /// [`Recursion`](ErrorKind::Recursion).
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
        let name = name.into();
        Client::of_custom(Custom::blocking(name.clone(), provider), &name)
    }

    /// As [`Client::from_blocking`], of a provider that gives a future. The future is polled on the background thread,
    /// and must not block it.
    pub fn from_async<F>(name: impl Into<String>, provider: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Credentials>> + Send + 'static,
    {
        let name = name.into();
        Client::of_custom(Custom::future(name.clone(), provider), &name)
    }

    /// A client of the role that `role` describes, assumed with what this client gives. Roles can be assumed one on top
    /// of another, each with a session name and an external ID of its own.
    ///
    /// # Errors
    /// [`InvalidConfig`](ErrorKind::InvalidConfig) if an option is missing or out of range.
    pub fn assume_role(&self, role: &Config) -> Result<Self> {
        Client::builder().source(Source::RamRoleArn).config(role).base(self).build()
    }

    pub(crate) fn of(cache: Cache) -> Self {
        Client { cache: Arc::new(cache) }
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.cache
    }

    fn of_custom(custom: Custom, name: &str) -> Self {
        Client::of(Cache::new(Provider::Custom(Box::new(custom)), Host::new(Surface::Rust), name))
    }

    /// The type this client was made for: `access_key`, `ram_role_arn`, ..., `default`.
    pub fn type_name(&self) -> &str {
        self.cache.type_name()
    }

    /// The cached credential if it is fresh, or what the environment's variables say if that is what they said before: what
    /// can be had without asking a source. Takes no lock.
    pub fn cached(&self) -> Option<Arc<Credentials>> {
        self.cache.fresh().or_else(|| self.cache.unchanged_variables())
    }

    /// The current credential. Callers that arrive together share one refresh, and a caller that is dropped never
    /// cancels it for the others. Configuration files are read by the thread that first polls this.
    ///
    /// # Errors
    /// What the source says, if it has no credential that is still valid.
    pub async fn credentials(&self) -> Result<Arc<Credentials>> {
        if let Some(cached) = self.cached() {
            return Ok(cached);
        }
        self.cache.begin().join().await
    }

    /// The current credential, waiting in this thread as long as the source's own limits allow.
    ///
    /// # Errors
    /// As [`Client::credentials`], and [`Recursion`](ErrorKind::Recursion) if it would have to wait on the library's own
    /// background thread: in a callback, or in a future given to [`Client::from_async`].
    pub fn credentials_blocking(&self) -> Result<Arc<Credentials>> {
        self.wait(None)
    }

    /// The current credential, waiting in this thread for `limit` at most. To read configuration files is not to wait: that
    /// is done by this thread, and takes as long as the disk does.
    ///
    /// # Errors
    /// As [`Client::credentials`], and [`Timeout`](ErrorKind::Timeout) if `limit` ran out; the refresh goes on.
    pub fn credentials_within(&self, limit: Duration) -> Result<Arc<Credentials>> {
        self.wait(Some(limit))
    }

    /// Calls `done` with the current credential: in this call if that needs no waiting, else on the thread that
    /// brings it, where `done` must not block.
    pub fn credentials_then(&self, done: impl FnOnce(Result<Arc<Credentials>>) + Send + 'static) {
        match self.cached() {
            Some(cached) => done(Ok(cached)),
            None => self.cache.begin().on_completion(done),
        }
    }

    /// Says that the service has refused the cached credential: the next call asks the source again, and reads the
    /// configuration file that it came from anew. So do the clients that this one stands on which have a configuration
    /// file; others keep their credential.
    pub fn invalidate(&self) {
        self.cache.invalidate();
    }

    /// What is known without asking the source or waiting for a refresh: for health checks and metrics.
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
    let flight = client.cache.begin();
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

/// Waits in this thread; `None` once `limit` has run out.
fn wait_for(flight: Arc<Flight<Outcome>>, limit: Option<Duration>) -> Option<Outcome> {
    let outcome = flight.outcome();
    if outcome.is_some() || limit == Some(Duration::ZERO) {
        return outcome;
    }
    if driver::is_here() {
        let text = "a call that waits was made on the library's own background thread, which brings what it would wait \
                    for; callbacks must not wait";
        return Some(Err(Error::new(ErrorKind::Recursion, text)));
    }
    let clock = Stopwatch::start();
    flight.wait(|| limit.map(|limit| limit.saturating_sub(clock.elapsed())))
}

fn too_late(limit: Duration) -> Error {
    let limit = limit.as_millis();
    Error::new(ErrorKind::Timeout, format!("no credential within {limit} ms; the refresh goes on"))
}
