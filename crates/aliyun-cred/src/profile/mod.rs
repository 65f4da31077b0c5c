//! Configuration files, read into inert plans: data that says what to build, tested without any I/O.

pub(crate) mod cli;
pub(crate) mod ini;
mod store;

pub(crate) use store::{ProfileStore, Store};

use crate::config::Config;

/// What a profile asks for. `Config` holds the options that it gives.
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
    /// `profile` is where what is learned is written.
    OAuth {
        config: Box<Config>,
        profile: String,
    },
    External {
        config: Box<Config>,
        profile: String,
    },
}
