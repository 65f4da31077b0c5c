//! A section of `~/.oss/credentials`, the file of OSS's own tools, as other libraries read it.
//!
//! The file is read on first use; the resulting credential is kept until the client is invalidated.

use std::io;
use std::path::PathBuf;

use super::{Loaded, Provider, filled};
use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result};
use crate::host::Host;
use crate::profile::ini;
use crate::text::shown_path;

const NAME: &str = "oss_profile";
const DEFAULT_PROFILE: &str = "default";
const FILE: &str = "OSS_CREDENTIAL_PROFILES_FILE";

#[derive(Debug)]
pub(crate) struct OssProfile {
    /// `None`: `default`, which need not exist.
    profile: Option<String>,
    loaded: Loaded,
    /// `None`: the usual file, which need not exist.
    named_file: Option<PathBuf>,
    home: Option<PathBuf>,
}

impl OssProfile {
    /// Uses the section named in the options, else `OSS_PROFILE`, else `default`.
    pub(crate) fn new(config: &Config, host: &Host) -> Self {
        let given = filled(config.profile_file.as_ref()).map(|path| host.path(path));
        OssProfile {
            profile: filled(config.profile_name.as_ref()).or_else(|| host.env("OSS_PROFILE")),
            loaded: Loaded::default(),
            named_file: given.or_else(|| host.env_path(FILE)),
            home: host.home(),
        }
    }

    pub(super) fn is_set(&self) -> bool {
        self.profile.is_some() || self.named_file.is_some()
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        let provider = self.loaded.or_load(self.load(host)).await.map_err(|error| error.at_provider(NAME))?;
        Ok(provider.fetch(host).await?.within(NAME))
    }

    /// Makes the next fetch reread the file. Returns whether it was read before.
    pub(super) fn forget(&self) -> bool {
        self.loaded.forget()
    }

    async fn load(&self, host: &Host) -> Result<Provider> {
        // What a variable or an option names has to be there.
        let absent = if self.is_set() { ErrorKind::InvalidConfig } else { ErrorKind::NotConfigured };
        let usual = || Some(self.home.as_ref()?.join(".oss/credentials"));
        let Some(path) = self.named_file.clone().or_else(usual) else {
            return Err(Error::new(absent, format!("no home directory; set HOME or {FILE}")));
        };
        let bytes = host.read_file(&path).await.map_err(|error| {
            let is_absent = error.kind() == io::ErrorKind::NotFound;
            let (kind, hint) =
                if is_absent { (absent, "make one, or set") } else { (ErrorKind::Io, "permit that, or set") };
            Error::new(kind, format!("unable to read {}: {error}; {hint} {FILE}", shown_path(&path)))
        })?;
        let name = self.profile.as_deref().unwrap_or(DEFAULT_PROFILE);
        match ini::oss_plan(&bytes, &path, name)? {
            Some(plan) => {
                host.note_profile(&path, name);
                Provider::from_plan(&plan, None, host)
            }
            None => {
                let kind = if self.profile.is_some() { ErrorKind::InvalidConfig } else { ErrorKind::NotConfigured };
                Err(Error::new(kind, ini::no_oss_section(&path, name)))
            }
        }
    }
}
