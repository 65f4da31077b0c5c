//! A profile of the Alibaba Cloud CLI's configuration file, `~/.aliyun/config.json`.
//!
//! The file is read on first use; the resulting provider is kept until the client is invalidated.

use std::io;
use std::path::{Path, PathBuf};

use super::{Loaded, Provider, filled};
use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result};
use crate::host::Host;
use crate::profile::cli::ConfigFile;
use crate::profile::{ProfileFile, Store};
use crate::text::shown_path;

const NAME: &str = "cli_profile";

#[derive(Debug)]
pub(crate) struct CliProfile {
    /// `None`: there is no home directory.
    path: Option<PathBuf>,
    profile: Option<String>,
    disabled: bool,
    external_disabled: bool,
    loaded: Loaded,
}

impl CliProfile {
    /// Uses the profile named in the options, else `ALIBABA_CLOUD_PROFILE`, else the file's current one.
    pub(crate) fn new(config: &Config, host: &Host) -> Self {
        let given = filled(config.profile_file.as_ref()).map(|path| host.path(path));
        let named = given.or_else(|| host.env_path("ALIBABA_CLOUD_CONFIG_FILE"));
        CliProfile {
            path: named.or_else(|| host.home().map(|home| home.join(".aliyun").join("config.json"))),
            profile: filled(config.profile_name.as_ref()).or_else(|| host.env("ALIBABA_CLOUD_PROFILE")),
            disabled: host.env_flag("ALIBABA_CLOUD_CLI_PROFILE_DISABLED"),
            external_disabled: host
                .env("ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS")
                .is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true")),
            loaded: Loaded::default(),
        }
    }

    /// The file, its profiles, and the name of the one to use; `None` if there is no home directory.
    pub(crate) async fn list(&self, host: &Host) -> Option<ProfileFile> {
        let path = self.path.clone()?;
        let file = read(&path, host).await;
        let chosen = file.as_ref().ok().and_then(|file| file.chosen(self.profile.as_deref()).map(str::to_owned));
        Some(ProfileFile { path, profiles: file.map(|file| file.list()), chosen })
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
        if self.disabled {
            let text = "cli credentials file is disabled; unset ALIBABA_CLOUD_CLI_PROFILE_DISABLED to use it";
            return Err(Error::new(ErrorKind::Disabled, text));
        }
        let Some(path) = &self.path else {
            let text = "unable to open credentials file: no home directory; set HOME or ALIBABA_CLOUD_CONFIG_FILE";
            return Err(Error::new(ErrorKind::NotConfigured, text));
        };
        let mut file = read(path, host).await?;
        file.external_disabled = self.external_disabled;
        file.surface = host.surface().clone();
        if let Some(profile) = file.chosen(self.profile.as_deref()).filter(|name| file.profile(name).is_ok()) {
            host.note_profile(path, profile);
        }
        let plan = file.plan(self.profile.as_deref())?;
        Provider::from_plan(&plan, Some(&Store::new(path.clone())), host)
    }
}

async fn read(path: &Path, host: &Host) -> Result<ConfigFile> {
    let bytes = host.read_file(path).await.map_err(|error| {
        let (kind, hint) = match error.kind() {
            io::ErrorKind::NotFound => (ErrorKind::NotConfigured, "run `aliyun configure` to make one"),
            _ => (ErrorKind::Io, "make it a file that this user can read"),
        };
        Error::new(kind, format!("unable to open credentials file: {}: {error}; {hint}", shown_path(path)))
    })?;
    ConfigFile::parse(&bytes, path)
}
