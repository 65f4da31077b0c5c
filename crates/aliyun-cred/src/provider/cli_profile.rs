//! A profile of the Alibaba Cloud CLI's configuration file, `~/.aliyun/config.json`.
//!
//! The file is read on first use, again when it changes, and when the client is invalidated.

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use super::filled;
use super::loaded::{FromFile, Loaded};
use super::watched::Watched;
use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result};
use crate::host::Host;
use crate::profile::cli::ConfigFile;
use crate::profile::{ProfileFile, Store};
use crate::text::{GivenPath, shown_path};

const NAME: &str = "cli_profile";

#[derive(Debug)]
pub(crate) struct CliProfile {
    /// `None`: there is no home directory.
    path: Option<GivenPath>,
    profile: Option<String>,
    disabled: bool,
    external_disabled: bool,
    pub(super) loaded: Loaded,
}

impl CliProfile {
    /// Uses the profile named in the options, else `ALIBABA_CLOUD_PROFILE`, else the file's current one.
    pub(crate) fn new(config: &Config, host: &Host) -> Self {
        let given = filled(config.profile_file.as_ref()).map(|path| host.path(path));
        let named = given.or_else(|| host.env_path("ALIBABA_CLOUD_CONFIG_FILE"));
        CliProfile {
            path: named
                .or_else(|| host.home().map(|home| home.join(".aliyun").join("config.json")))
                .map(GivenPath::from),
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
        let file = parsed(&path, host.read_file(&path).await);
        let chosen = file.as_ref().ok().and_then(|file| file.chosen(self.profile.as_deref()).map(str::to_owned));
        Some(ProfileFile { path: path.to_path_buf(), profiles: file.map(|file| file.list()), chosen })
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        self.loaded.fetch(NAME, self.load(host), host).await
    }

    pub(super) fn reload(&self, host: &Host) -> bool {
        self.loaded.reload(host, |path, bytes| self.file(path, bytes, host)?.plan(self.profile.as_deref()))
    }

    async fn load(&self, host: &Host) -> Result<FromFile> {
        if self.disabled {
            let text = "cli credentials file is disabled; unset ALIBABA_CLOUD_CLI_PROFILE_DISABLED to use it";
            return Err(Error::new(ErrorKind::Disabled, text));
        }
        let Some(path) = &self.path else {
            let text = "unable to open credentials file: no home directory; set HOME or ALIBABA_CLOUD_CONFIG_FILE";
            return Err(Error::new(ErrorKind::NotConfigured, text));
        };
        let watched = Watched::new(path.clone(), host);
        let file = self.file(path, host.read_file(path).await, host)?;
        if let Some(profile) = file.chosen(self.profile.as_deref()).filter(|name| file.profile(name).is_ok()) {
            host.note_profile(path, profile);
        }
        FromFile::new(file.plan(self.profile.as_deref())?, watched, Some(Store::new(path.clone())), host)
    }

    fn file(&self, path: &Path, read: io::Result<Zeroizing<Vec<u8>>>, host: &Host) -> Result<ConfigFile> {
        let mut file = parsed(path, read)?;
        file.external_disabled = self.external_disabled;
        file.surface = host.surface().clone();
        Ok(file)
    }
}

fn parsed(path: &Path, read: io::Result<Zeroizing<Vec<u8>>>) -> Result<ConfigFile> {
    let bytes = read.map_err(|error| {
        let (kind, hint) = match error.kind() {
            io::ErrorKind::NotFound => (ErrorKind::NotConfigured, "run `aliyun configure` to make one"),
            _ => (ErrorKind::Io, "make it a file that this user can read"),
        };
        Error::new(kind, format!("unable to open credentials file: {}: {error}; {hint}", shown_path(path)))
    })?;
    ConfigFile::parse(&bytes, path)
}
