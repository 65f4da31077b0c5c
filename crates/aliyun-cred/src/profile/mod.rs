//! Parses configuration files into inert plans: data that says what to build, testable without I/O.

pub(crate) mod cli;
pub(crate) mod ini;
mod store;

pub(crate) use store::{ProfileStore, Store};

use crate::config::Config;

/// What a profile configures. `Config` holds its options.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    AccessKey(Box<Config>),
    StsToken(Box<Config>),
    BearerToken(Box<Config>),
    RamRoleArn {
        base: Box<Plan>,
        /// Assumed one after another, the first with the base.
        roles: Vec<Config>,
    },
    EcsRamRole(Box<Config>),
    OidcRoleArn(Box<Config>),
    RsaKeyPair(Box<Config>),
    CredentialsUri(Box<Config>),
    CloudSso(Box<Config>),
    /// `profile` is where new values are written.
    OAuth {
        config: Box<Config>,
        profile: String,
    },
    External {
        config: Box<Config>,
        profile: String,
    },
}
