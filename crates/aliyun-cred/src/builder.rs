//! Builds clients with every option there is.

use std::future::Future;

use crate::cache::Cache;
use crate::client::Client;
use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::explain::Anew;
use crate::host::Host;
use crate::provider::{Base, Custom, Extras, Fetch, Provider, shared_session};
use crate::runtime::event_queue::EventQueue;
use crate::runtime::user_code::Listener;
use crate::source::Source;
use crate::update::Update;
use crate::wording::Surface;

/// How many roles can be chained. Each one lengthens the provider name and the search for circular references; a longer
/// chain is taken for an endless loop.
const MAX_DEPTH: u32 = 1_000;

/// Builds a client. Without any setting, it is a client for the default chain.
///
/// ```
/// use aliyun_cred::{Client, Config, Source};
///
/// let config = Config::default().role_arn("acs:ram::1234567890123456:role/reader");
/// let chain = Client::from_default_chain()?;
/// let client = Client::builder().source(Source::RamRoleArn).config(&config).base(&chain).build()?;
/// # Ok::<(), aliyun_cred::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use]
pub struct ClientBuilder {
    surface: Surface,
    config: Option<Config>,
    source: Option<Source>,
    custom: Option<Custom>,
    extras: Extras,
    events: Option<EventQueue>,
    /// How many clients are chained below.
    depth: u32,
}

impl Base for Client {
    fn ask(&self) -> Fetch<'static> {
        let client = self.clone();
        Box::pin(async move { client.credentials().await.map(|credentials| (*credentials).clone()) })
    }

    fn forget_files(&self) -> bool {
        self.cache().forget_files()
    }

    fn watches_files(&self) -> bool {
        self.cache().provider().watches_files()
    }

    fn reload(&self) -> u32 {
        self.cache().reload();
        self.cache().changes()
    }

    fn anew(&self, host: &Host) -> Box<dyn Base> {
        Box::new(Anew { client: self.clone(), host: host.clone() })
    }
}

impl ClientBuilder {
    /// The language this client is for; Rust by default.
    pub(crate) fn surface(mut self, surface: Surface) -> Self {
        self.surface = surface;
        self
    }

    /// Sets the options. Their [`type`](Config::type) selects the source, unless [`source`](Self::source) does.
    pub fn config(mut self, config: &Config) -> Self {
        self.config = Some(config.clone());
        self
    }

    /// Selects the source. [`type`](Config::type) is then ignored, and the client's type is the source's name.
    ///
    /// ```
    /// use aliyun_cred::{Client, Config, Source};
    ///
    /// let config = Config::default().profile_name("staging");
    /// let client = Client::builder().source(Source::CliProfile).config(&config).build()?;
    /// assert_eq!(client.type_name(), "cli_profile");
    /// # Ok::<(), aliyun_cred::Error>(())
    /// ```
    pub fn source(mut self, source: Source) -> Self {
        self.source = Some(source);
        self
    }

    /// For the sources `ram_role_arn` and `kms_secret`: the client whose credential assumes the role, or reads the secret,
    /// instead of one in the options. It is asked at every refresh. At most 1,000 clients can be chained.
    ///
    /// ```
    /// use aliyun_cred::{Client, Config, Credentials, Source};
    ///
    /// let vault = Client::from_blocking("vault", || Ok(Credentials::from_parts("LTAI...", "...")));
    /// let config = Config::default().role_arn("acs:ram::1234567890123456:role/reader");
    /// let client = Client::builder().source(Source::RamRoleArn).config(&config).base(&vault).build()?;
    /// # Ok::<(), aliyun_cred::Error>(())
    /// ```
    pub fn base(mut self, base: &Client) -> Self {
        self.depth = base.cache().depth() + 1;
        self.extras.base =
            Some(Provider::Custom(Box::new(Custom::client(base.type_name().to_owned(), Box::new(base.clone())))));
        self
    }

    /// For the sources `oauth` and `external`: sets the update callback. An OAuth session calls it as soon as a token
    /// is rotated, because the old one is no longer valid, and again with the credential that the new token was
    /// exchanged for. An external command calls it with every new credential. `tell` runs on a worker thread, one call
    /// at a time, and may block. A refresh waits for it up to one minute, plus one more minute if the previous call is
    /// still running. A panic in it is logged.
    ///
    /// ```
    /// use aliyun_cred::{Client, Config, Source};
    ///
    /// # fn store(_refresh_token: &str) {}
    /// let config = Config::default().process_command("my-credential-helper --json");
    /// let client = Client::builder().source(Source::External).config(&config).on_update(|update| {
    ///     if let Some(token) = update.refresh_token() {
    ///         store(token);
    ///     }
    /// });
    /// client.build()?;
    /// # Ok::<(), aliyun_cred::Error>(())
    /// ```
    pub fn on_update(mut self, tell: impl Fn(&Update) + Send + Sync + 'static) -> Self {
        self.extras.listener = Some(Listener::new(tell));
        self
    }

    /// Sets the event listener: it is called with each refresh, each failure, and each change of the source. On a worker
    /// thread, one call at a time, in order; it may block and ask any client. At most 64 events wait for it; then the
    /// oldest is dropped. A panic in it is logged.
    ///
    /// ```
    /// use aliyun_cred::Client;
    ///
    /// let client = Client::builder().on_event(|event| {
    ///     let error = event.error.as_ref().map(|error| error.message());
    ///     println!("{} after {:?}: {error:?}", event.kind.name(), event.took);
    /// });
    /// client.build()?;
    /// # Ok::<(), aliyun_cred::Error>(())
    /// ```
    pub fn on_event(mut self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.events = Some(EventQueue::new(listener));
        self
    }

    /// Uses a custom provider that may block, instead of a source; see [`Client::from_blocking`].
    ///
    /// ```
    /// use aliyun_cred::{Client, Credentials};
    ///
    /// let vault = || Ok(Credentials::from_parts("LTAI...", "..."));
    /// let client = Client::builder().blocking_provider("vault", vault).on_event(|event| println!("{event:?}")).build()?;
    /// assert_eq!(client.type_name(), "vault");
    /// # Ok::<(), aliyun_cred::Error>(())
    /// ```
    pub fn blocking_provider(
        mut self,
        name: impl Into<String>,
        provider: impl Fn() -> Result<Credentials> + Send + Sync + 'static,
    ) -> Self {
        self.custom = Some(Custom::blocking(name.into(), provider));
        self
    }

    /// Uses a custom provider that returns a future, instead of a source; see [`Client::from_async`].
    ///
    /// ```
    /// use aliyun_cred::{Client, Credentials};
    ///
    /// let vault = || async { Ok(Credentials::from_parts("LTAI...", "...")) };
    /// let client = Client::builder().async_provider("vault", vault).build()?;
    /// assert_eq!(client.credentials_blocking()?.provider_name(), Some("vault"));
    /// # Ok::<(), aliyun_cred::Error>(())
    /// ```
    pub fn async_provider<F>(
        mut self,
        name: impl Into<String>,
        provider: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Credentials>> + Send + 'static,
    {
        self.custom = Some(Custom::future(name.into(), provider));
        self
    }

    /// Creates the client. Opens no connection and starts no thread.
    ///
    /// # Errors
    /// [`InvalidConfig`](crate::ErrorKind::InvalidConfig) if an option is missing, contradictory or out of range, if
    /// the source does not use the base or the update callback, or if there is a custom provider besides a source.
    pub fn build(self) -> Result<Client> {
        if self.depth > MAX_DEPTH {
            return Err(Error::invalid_config(format!("more than {MAX_DEPTH} roles on top of one another")));
        }
        if let Some(custom) = self.custom {
            let Extras { base, listener } = self.extras;
            if self.source.is_some() || self.config.is_some() || base.is_some() || listener.is_some() {
                let text = "a custom provider takes no source, no options, no base and no listener for updates";
                return Err(Error::invalid_config(text));
            }
            let client = Client::of_custom(custom, self.surface);
            client.cache().set_events(self.events);
            return Ok(client);
        }
        let host = Host::new(self.surface);
        let (source, type_name) = match (self.source, &self.config) {
            (Some(source), _) => (source, source.name().to_owned()),
            (None, Some(config)) => {
                let type_name = config.r#type.clone().unwrap_or_default();
                (Provider::source_of(config, host.surface())?, type_name)
            }
            (None, None) => (Source::Default, Source::Default.name().to_owned()),
        };
        let config = self.config.unwrap_or_default();
        let folder = shared_session::folder(config.cache_dir.as_deref(), &host);
        let host = host.sharing_sessions(folder);
        let provider = Provider::of(source, &config, self.extras, &host)?;
        let options = provider.has_state().then(|| config.entries());
        let cache = Cache::new(provider, host, &type_name).at_depth(self.depth);
        cache.set_events(self.events);
        Ok(Client::of(cache, Some(source), options))
    }
}
