//! The environment variables, read at every call.
//!
//! <https://www.alibabacloud.com/help/en/sdk/developer-reference/v2-manage-access-credentials>

use crate::credentials::{Credentials, Freshness};
use crate::error::{Error, ErrorKind, Result};
use crate::host::Host;

/// A pair of variables, and where they show in a provider name.
#[derive(Debug)]
pub(crate) struct Env {
    name: &'static str,
    id: &'static str,
    secret: &'static str,
    token: Option<&'static str>,
}

impl Env {
    pub(crate) const STANDARD: Env = Env {
        name: "env",
        id: "ALIBABA_CLOUD_ACCESS_KEY_ID",
        secret: "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        token: Some("ALIBABA_CLOUD_SECURITY_TOKEN"),
    };

    /// What the first generation of SDKs read.
    pub(crate) const LEGACY: Env =
        Env { name: "env_legacy", id: "ALIYUN_ACCESS_KEY_ID", secret: "ALIYUN_ACCESS_KEY_SECRET", token: None };

    /// Whether the variables still hold what `credentials` was made of: then there is no need to make it again.
    pub(crate) fn still_holds(&self, credentials: &Credentials, host: &Host) -> bool {
        let is = |name: &str, value: Option<&str>| host.env(name).as_deref() == value;
        is(self.id, credentials.access_key_id())
            && is(self.secret, credentials.access_key_secret())
            && self.token.is_none_or(|name| is(name, credentials.security_token()))
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        let missing = |kind, what: &str, variable: &str| {
            let text = format!("Environment variable {what} cannot be empty; set {variable}");
            Error::new(kind, text).at_provider(self.name)
        };
        let Some(id) = host.env(self.id) else {
            return Err(missing(ErrorKind::NotConfigured, "accessKeyId", self.id));
        };
        // Half a pair is a mistake that somebody made, not the absence of one.
        let Some(secret) = host.env(self.secret) else {
            return Err(missing(ErrorKind::InvalidConfig, "accessKeySecret", self.secret));
        };
        let token = self.token.and_then(|name| host.env(name));
        Ok(Credentials::access_key(id, secret, self.name)
            .with_token(token.map(Into::into))
            .with_freshness(Freshness::Uncached))
    }
}
