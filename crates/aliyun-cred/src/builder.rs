//! Builds clients with every option there is.

use crate::cache::Cache;
use crate::client::Client;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::provider::{Base, Custom, Extras, Fetch, Provider};
use crate::runtime::user_code::Listener;
use crate::source::Source;
use crate::update::Update;
use crate::wording::Surface;

/// How many roles can be chained. Each one lengthens the provider name and the search for circular references; a longer
/// chain is taken for an endless loop.
const MAX_DEPTH: usize = 1_000;

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
    extras: Extras,
    /// How many clients are chained below.
    depth: usize,
}

impl Base for Client {
    fn ask(&self) -> Fetch<'static> {
        let client = self.clone();
        Box::pin(async move { client.credentials().await.map(|credentials| (*credentials).clone()) })
    }

    fn forget_files(&self) -> bool {
        self.cache().forget_files()
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

    /// For the source `ram_role_arn`: the client whose credential assumes the role, instead of one in the options. It
    /// is asked at every refresh. At most 1,000 clients can be chained.
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

    /// Creates the client. Opens no connection and starts no thread.
    ///
    /// # Errors
    /// [`InvalidConfig`](crate::ErrorKind::InvalidConfig) if an option is missing, contradictory or out of range, or if
    /// the source does not use the base or the update callback.
    pub fn build(self) -> Result<Client> {
        if self.depth > MAX_DEPTH {
            return Err(Error::invalid_config(format!("more than {MAX_DEPTH} roles on top of one another")));
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
        let provider = Provider::of(source, &self.config.unwrap_or_default(), self.extras, &host)?;
        Ok(Client::of(Cache::new(provider, host, &type_name).at_depth(self.depth)))
    }
}
