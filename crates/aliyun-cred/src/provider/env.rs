//! The environment variables, read at every call.
//!
//! <https://www.alibabacloud.com/help/en/sdk/developer-reference/v2-manage-access-credentials>

use crate::credentials::{Credentials, Freshness};
use crate::error::{Error, ErrorKind, Result};
use crate::host::Host;

#[derive(Debug)]
pub(crate) struct Env;

impl Env {
    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        let id = host.env("ALIBABA_CLOUD_ACCESS_KEY_ID");
        let secret = host.env("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
        let missing = |kind, what: &str, variable: &str| {
            let text = format!("Environment variable {what} cannot be empty; set {variable}");
            Error::new(kind, text).at_provider("env")
        };
        let Some(id) = id else {
            return Err(missing(ErrorKind::NotConfigured, "accessKeyId", "ALIBABA_CLOUD_ACCESS_KEY_ID"));
        };
        // Half a pair is a mistake that somebody made, not the absence of one.
        let Some(secret) = secret else {
            return Err(missing(ErrorKind::InvalidConfig, "accessKeySecret", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"));
        };
        let token = host.env("ALIBABA_CLOUD_SECURITY_TOKEN");
        Ok(Credentials::access_key(id, secret, "env")
            .with_token(token.map(Into::into))
            .with_freshness(Freshness::Uncached))
    }
}
