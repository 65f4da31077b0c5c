//! The environment variables, read at every call.
//!
//! <https://www.alibabacloud.com/help/en/sdk/developer-reference/v2-manage-access-credentials>

use zeroize::Zeroizing;

use crate::credentials::{Credentials, Freshness};
use crate::error::{Error, ErrorKind, Result};
use crate::host::Host;
use crate::secret::Secret;
use crate::text::key;

/// A pair of variables, and how provider names show them.
#[derive(Debug)]
pub(crate) struct Env {
    name: &'static str,
    id: &'static str,
    secret: &'static str,
    token: Option<&'static str>,
    /// Whether a secret without ID is a mistake. The official packages ignore one of theirs.
    is_strict: bool,
}

impl Env {
    pub(crate) const STANDARD: Env = Env {
        name: "env",
        id: "ALIBABA_CLOUD_ACCESS_KEY_ID",
        secret: "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        token: Some("ALIBABA_CLOUD_SECURITY_TOKEN"),
        is_strict: false,
    };

    /// The variables of the first SDK generation.
    pub(crate) const LEGACY: Env = Env {
        name: "env_legacy",
        id: "ALIYUN_ACCESS_KEY_ID",
        secret: "ALIYUN_ACCESS_KEY_SECRET",
        token: None,
        is_strict: false,
    };

    /// The variables of the OSS SDKs.
    pub(crate) const OSS: Env = Env {
        name: "env_oss",
        id: "OSS_ACCESS_KEY_ID",
        secret: "OSS_ACCESS_KEY_SECRET",
        token: Some("OSS_SESSION_TOKEN"),
        is_strict: true,
    };

    /// The variables of Terraform's provider `alicloud`.
    pub(crate) const TERRAFORM: Env = Env {
        name: "env_terraform",
        id: "ALICLOUD_ACCESS_KEY",
        secret: "ALICLOUD_SECRET_KEY",
        token: Some("ALICLOUD_SECURITY_TOKEN"),
        is_strict: true,
    };

    /// Whether a part of the pair is set.
    pub(super) fn is_set(&self, host: &Host) -> bool {
        [self.id, self.secret]
            .into_iter()
            .any(|name| host.env(name).map(Zeroizing::new).is_some_and(|v| !v.trim().is_empty()))
    }

    /// Whether the variables still hold the values that `credentials` was made from, so that it can be reused.
    pub(crate) fn still_holds(&self, credentials: &Credentials, host: &Host) -> bool {
        let is = |name: &str, value: Option<&str>| {
            let held = host.env(name).map(Zeroizing::new);
            held.as_ref().map(|held| held.trim()).filter(|held| !held.is_empty()) == value
        };
        is(self.id, credentials.access_key_id())
            && is(self.secret, credentials.access_key_secret())
            && self.token.is_none_or(|name| is(name, credentials.security_token()))
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        self.read(host).map_err(|error| error.at_provider(self.name))
    }

    fn read(&self, host: &Host) -> Result<Credentials> {
        let held = |variable| -> Result<Option<Secret>> {
            let Some(value) = host.env(variable).map(Secret::new) else { return Ok(None) };
            let cut = key(value.expose(), variable).map_err(Error::invalid_config)?;
            Ok(Some(cut).filter(|cut| !cut.is_empty()).map(Secret::new))
        };
        let missing = |kind, what: &str, variable: &str| {
            let text = format!("Environment variable {what} cannot be empty; set {variable}");
            Error::new(kind, text)
        };
        let Some(id) = held(self.id)? else {
            let is_half = self.is_strict && held(self.secret)?.is_some();
            let kind = if is_half { ErrorKind::InvalidConfig } else { ErrorKind::NotConfigured };
            return Err(missing(kind, "accessKeyId", self.id));
        };
        // Half a pair is a mistake, not an absent source.
        let Some(secret) = held(self.secret)? else {
            return Err(missing(ErrorKind::InvalidConfig, "accessKeySecret", self.secret));
        };
        let token = self.token.map(held).transpose()?.flatten();
        Ok(Credentials::access_key(id.expose(), secret, self.name)
            .with_token(token)
            .with_freshness(Freshness::Uncached))
    }
}
