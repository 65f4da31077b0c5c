//! The sources of credentials, one file each.
//!
//! Invariant: a provider only fetches. It knows neither caching nor threads nor languages, and reaches the world
//! through [`Host`] alone. To add one: write its file, add its variant here, and its type or profile mode to
//! [`Provider::from_config`] or [`Provider::from_plan`].

mod access_key;
mod bearer;
mod cli_profile;
mod env;
mod ram_role_arn;
mod sts_token;

use std::future::Future;
use std::pin::Pin;

pub(crate) use cli_profile::CliProfile;
pub(crate) use env::Env;
use ram_role_arn::RamRoleArn;

use crate::chain::Chain;
use crate::config::Config;
use crate::credentials::{Credentials, Secret};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::profile::cli::Plan;
use crate::surface::Surface;

/// A future that any executor can run, or the driver.
pub(crate) type Fetch<'a> = Pin<Box<dyn Future<Output = Result<Credentials>> + Send + 'a>>;

#[derive(Debug)]
pub(crate) enum Provider {
    /// An AccessKey pair, an STS triple or a bearer token that somebody typed in.
    Static(Box<Credentials>),
    Env(Env),
    RamRoleArn(Box<RamRoleArn>),
    CliProfile(CliProfile),
    Default(Chain),
}

impl Provider {
    /// The provider that `config` names, its options checked.
    pub(crate) fn from_config(config: &Config, host: &Host) -> Result<Provider> {
        match config.r#type.as_deref() {
            Some("access_key") => access_key::new(config, host),
            Some("sts") => sts_token::new(config, host),
            Some("bearer") => bearer::new(config, host),
            Some("ram_role_arn") => {
                let has_token = config.security_token.as_ref().is_some_and(|token| !token.is_empty());
                let base = if has_token { sts_token::new(config, host) } else { access_key::new(config, host) }?;
                RamRoleArn::assume(base, config, host)
            }
            Some(_) => Err(unknown_type(host.surface())),
            None => Err(missing_type(host.surface())),
        }
    }

    /// The provider that a profile's plan describes.
    pub(crate) fn from_plan(plan: &Plan, host: &Host) -> Result<Provider> {
        match plan {
            Plan::AccessKey(config) => access_key::new(config, host),
            Plan::StsToken(config) => sts_token::new(config, host),
            Plan::RamRoleArn { base, role } => RamRoleArn::assume(Provider::from_plan(base, host)?, role, host),
        }
    }

    /// Asks the source. It may take as long as the source's limits allow.
    pub(crate) fn fetch<'a>(&'a self, host: &'a Host) -> Fetch<'a> {
        match self {
            Provider::Static(credentials) => {
                let credentials = Credentials::clone(credentials);
                Box::pin(std::future::ready(Ok(credentials)))
            }
            Provider::Env(env) => Box::pin(env.fetch(host)),
            Provider::RamRoleArn(role) => Box::pin(role.fetch(host)),
            Provider::CliProfile(profile) => Box::pin(profile.fetch(host)),
            Provider::Default(chain) => Box::pin(chain.fetch(host)),
        }
    }
}

/// A required option, or the environment variable that stands in for it.
fn required(given: Option<&str>, variable: &str, host: &Host, text: impl FnOnce() -> String) -> Result<String> {
    let found = given.filter(|value| !value.is_empty()).map(str::to_owned).or_else(|| host.env(variable));
    found.ok_or_else(|| Error::invalid_config(text()))
}

/// The pair that static sources share.
fn access_key_pair(config: &Config, host: &Host) -> Result<(String, Secret)> {
    let empty = |what: &str| format!("the access key {what} is empty");
    let id = required(config.access_key_id.as_deref(), "ALIBABA_CLOUD_ACCESS_KEY_ID", host, || empty("id"))?;
    let secret = config.access_key_secret.as_ref().map(Secret::expose);
    let secret = required(secret, "ALIBABA_CLOUD_ACCESS_KEY_SECRET", host, || empty("secret"))?;
    Ok((id, secret.into()))
}

fn unknown_type(surface: &Surface) -> Error {
    Error::unknown_type(surface.text(
        "invalid type option, support: access_key, sts, bearer, ecs_ram_role, ram_role_arn, rsa_key_pair, oidc_role_arn, credentials_uri",
        "Invalid type option, support: access_key, sts, ecs_ram_role, ram_role_arn, rsa_key_pair, credentials_uri",
    ))
}

fn missing_type(surface: &Surface) -> Error {
    Error::unknown_type(surface.text(unknown_type(&Surface::Rust).message(), "Missing required type option"))
}
