//! Parses configuration files into inert plans: data that says what to build, testable without I/O.

pub(crate) mod cli;
pub(crate) mod ini;
mod store;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use store::change;
pub(crate) use store::{ProfileStore, Store, Written};

use std::path::PathBuf;

use crate::config::Config;
use crate::error::Result;

/// A configuration file, and its profiles or sections.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProfileFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its profiles; or why it could not be read.
    pub profiles: Result<Vec<ListedProfile>>,
    /// The name of the profile that a client uses.
    pub chosen: Option<String>,
}

/// A profile or section of a file, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedProfile {
    /// Its name.
    pub name: String,
    /// Its mode, or the section's type.
    pub mode: Option<String>,
    /// The profile whose credential it uses.
    pub stands_on: Option<String>,
}

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
    KmsSecret(Box<Config>),
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
