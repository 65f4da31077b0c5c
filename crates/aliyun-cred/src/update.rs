//! What a source has learned and somebody may want to keep: rotated tokens, a credential that was issued.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::credentials::Secret;
use crate::host::Host;
use crate::profile::Learned;
use crate::scope::Scope;

/// How long a refresh waits for whoever is told.
const PATIENCE: Duration = Duration::from_secs(60);

/// What an OAuth session or an external command has learned; see [`ClientBuilder::on_update`](crate::ClientBuilder::on_update).
///
/// `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Update(Learned);

impl Update {
    /// The AccessKey ID; `None` if no credential has been issued yet.
    pub fn access_key_id(&self) -> Option<&str> {
        self.0.access_key_id.as_deref()
    }

    /// The AccessKey secret; `None` if no credential has been issued yet.
    pub fn access_key_secret(&self) -> Option<&str> {
        self.0.access_key_secret.as_ref().map(Secret::expose)
    }

    /// The security token; `None` for a long-lived pair, or if no credential has been issued yet.
    pub fn security_token(&self) -> Option<&str> {
        self.0.sts_token.as_ref().map(Secret::expose).filter(|token| !token.is_empty())
    }

    /// When the credential expires, in seconds since the Unix epoch; `None` if nobody said so.
    pub fn expiration(&self) -> Option<i64> {
        self.0.sts_expiration.filter(|seconds| *seconds > 0)
    }

    /// The OAuth refresh token; whatever was used before is no longer good.
    pub fn refresh_token(&self) -> Option<&str> {
        self.0.oauth_refresh_token.as_ref().map(Secret::expose)
    }

    /// The OAuth access token.
    pub fn access_token(&self) -> Option<&str> {
        self.0.oauth_access_token.as_ref().map(Secret::expose)
    }

    /// When the access token expires, in seconds since the Unix epoch.
    pub fn access_token_expire(&self) -> Option<i64> {
        self.0.oauth_access_token_expire
    }
}

impl fmt::Debug for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Update")
    }
}

/// Who is told what a source has learned.
#[derive(Clone)]
pub(crate) struct Listener(Arc<dyn Fn(&Update) + Send + Sync>);

impl Listener {
    pub(crate) fn new(tell: impl Fn(&Update) + Send + Sync + 'static) -> Self {
        Listener(Arc::new(tell))
    }

    /// Tells them, on a helper thread, and waits. Whatever becomes of it costs nobody the credential.
    pub(crate) async fn tell(&self, host: &Host, learned: &Learned) {
        let (tell, update) = (self.0.clone(), Update(learned.clone()));
        // On its own account: it may ask any client, this one excepted.
        let scope = Scope::current();
        if let Err(error) = host.block_within(PATIENCE, move || scope.enter(|| tell(&update))).await {
            log::warn!(target: "aliyun_cred", "what was learned could not be handed over: {error}");
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}
