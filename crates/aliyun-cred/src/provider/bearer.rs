//! A bearer token from the options.

use super::{Provider, filled_key};
use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::wording::Surface;

/// A missing token is an error only in Node, as in the official packages.
pub(super) fn new(config: &Config, host: &Host) -> Result<Provider> {
    let token = filled_key(config.bearer_token.as_ref(), "the option 'bearer_token'")?;
    if token.is_none() && matches!(host.surface(), Surface::Node(_)) {
        return Err(Error::invalid_config("Missing required bearerToken option in config for bearer"));
    }
    Ok(Provider::Static(Box::new(Credentials::bearer(token))))
}
