//! Configuration files, read into inert plans: data that says what to build, tested without any I/O.

pub(crate) mod cli;
pub(crate) mod ini;
mod store;

pub(crate) use store::{Learned, ProfileStore, Store};

use crate::config::Config;
use crate::credentials::Secret;

/// What a profile asks for. `Config` holds the options that it gives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    AccessKey(Box<Config>),
    StsToken(Box<Config>),
    BearerToken(Box<Config>),
    RamRoleArn {
        base: Box<Plan>,
        role: Box<Config>,
    },
    EcsRamRole(Box<Config>),
    OidcRoleArn(Box<Config>),
    RsaKeyPair {
        config: Box<Config>,
        /// The key itself, where the profile does not name a file.
        private_key: Option<Secret>,
    },
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
