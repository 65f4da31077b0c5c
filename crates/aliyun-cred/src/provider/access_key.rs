//! A long-lived AccessKey pair from the options. A missing field is taken from the environment.

use super::{Provider, access_key_pair};
use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::Result;
use crate::host::Host;

pub(super) fn new(config: &Config, host: &Host) -> Result<Provider> {
    let (id, secret) = access_key_pair(config, host)?;
    Ok(Provider::Static(Box::new(Credentials::access_key(id, secret, "static_ak"))))
}
