//! How a client is made, with everything that can be said about it.

use crate::cache::Cache;
use crate::client::Client;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::provider::{Base, Custom, Fetch, Given, Provider};
use crate::runtime::user_code::Listener;
use crate::source::Source;
use crate::update::Update;
use crate::wording::Surface;

/// How many roles may be assumed one on top of another. Each adds to the provider name of those above it, and to what is
/// looked through for a circle: more are a loop that does not end.
const MAX_DEPTH: usize = 1_000;

/// What a client is made of. With nothing said it becomes a client of the default chain.
#[derive(Debug, Default)]
#[must_use]
pub struct ClientBuilder {
    surface: Surface,
    config: Option<Config>,
    source: Option<Source>,
    given: Given,
    /// How many clients there are below.
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
    /// The language on whose behalf; Rust if nothing is said.
    pub(crate) fn surface(mut self, surface: Surface) -> Self {
        self.surface = surface;
        self
    }

    /// The options. Their [`type`](Config::type) names the source, unless [`source`](Self::source) does.
    pub fn config(mut self, config: &Config) -> Self {
        self.config = Some(config.clone());
        self
    }

    /// The source. The options' [`type`](Config::type) is then not looked at, and the client's type is the source's name.
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

    /// For the source `ram_role_arn`: the client whose credential assumes the role, in place of one among the options. It
    /// is asked at each refresh. At most 1,000 stand on top of one another.
    pub fn base(mut self, base: &Client) -> Self {
        self.depth = base.cache().depth() + 1;
        self.given.base =
            Some(Provider::Custom(Box::new(Custom::client(base.type_name().to_owned(), Box::new(base.clone())))));
        self
    }

    /// For the sources `oauth` and `external`: who is told what was learned. An OAuth session tells as soon as a token
    /// was rotated, for the old one is no longer good, and once more with the credential that the new one was exchanged
    /// for; an external command tells of every new credential. `tell` is called on a thread of its own, one call after
    /// another, and may block; the refresh waits for it, a minute at most, and another while its call before is still
    /// running. A panic in it is logged.
    pub fn on_update(mut self, tell: impl Fn(&Update) + Send + Sync + 'static) -> Self {
        self.given.listener = Some(Listener::new(tell));
        self
    }

    /// Makes the client. That opens no connection and starts no thread.
    ///
    /// # Errors
    /// [`InvalidConfig`](crate::ErrorKind::InvalidConfig) if an option is missing, contradictory or out of range, and for
    /// a base or a listener that the source has no use for.
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
        let provider = Provider::of(source, &self.config.unwrap_or_default(), self.given, &host)?;
        Ok(Client::of(Cache::new(provider, host, &type_name).at_depth(self.depth)))
    }
}
