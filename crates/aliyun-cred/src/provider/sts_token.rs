//! An STS triple from the options. A missing field is taken from the environment. Its expiration is unknown, so it is
//! returned unchanged.

use super::{Provider, access_key_pair, required_key};
use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::Result;
use crate::host::Host;
use crate::secret::Secret;

pub(super) fn new(config: &Config, host: &Host) -> Result<Provider> {
    let (id, secret) = access_key_pair(config, host)?;
    let token = config.security_token.as_ref().map(Secret::expose);
    let empty = "the security token is empty";
    let token = required_key(token, "security_token", "ALIBABA_CLOUD_SECURITY_TOKEN", host, empty)?;
    let credentials = Credentials::access_key(id, secret, "static_sts").with_token(Some(token.into()));
    Ok(Provider::Static(Box::new(credentials)))
}
