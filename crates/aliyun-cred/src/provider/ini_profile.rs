//! A profile of the SDKs' configuration file, `~/.alibabacloud/credentials.ini`.
//!
//! The file is read on first use; the resulting provider is kept until the client is invalidated.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{Loaded, Provider, filled};
use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result};
use crate::host::Host;
use crate::profile::{ProfileFile, ini};
use crate::text::shown_path;

const NAME: &str = "profile";
const DEFAULT_PROFILE: &str = "default";

#[derive(Debug)]
pub(crate) struct IniProfile {
    profile: String,
    loaded: Loaded,
    named_file: Option<PathBuf>,
    home: Option<PathBuf>,
}

impl IniProfile {
    /// Uses the profile named in the options, else `ALIBABA_CLOUD_PROFILE`, else `default`.
    pub(crate) fn new(config: &Config, host: &Host) -> Self {
        // In Python, `auth_util.client_type` also selects the section.
        let assigned = || host.assigned("client_type").flatten().filter(|name| !name.is_empty());
        let profile = filled(config.profile_name.as_ref()).or_else(assigned);
        let profile = profile.or_else(|| host.env("ALIBABA_CLOUD_PROFILE"));
        let given = filled(config.profile_file.as_ref()).map(|path| host.path(path));
        IniProfile {
            profile: profile.unwrap_or_else(|| DEFAULT_PROFILE.to_owned()),
            loaded: Loaded::default(),
            named_file: given.or_else(|| host.env_path("ALIBABA_CLOUD_CREDENTIALS_FILE")),
            home: host.home(),
        }
    }

    /// The file, its sections, and the name of the one to use; `None` if there is no home directory.
    pub(crate) fn list(&self, host: &Host) -> Option<ProfileFile> {
        let (path, other) = self.paths()?;
        let missing = |read: &std::io::Result<_>| {
            read.as_ref().is_err_and(|error: &std::io::Error| error.kind() == std::io::ErrorKind::NotFound)
        };
        let (first, mut found) = (path.clone(), (path.clone(), host.read_file_now(&path)));
        if let Some(other) = other.filter(|_| missing(&found.1)) {
            let second = host.read_file_now(&other);
            if !missing(&second) {
                found = (other, second);
            }
        }
        let (path, bytes) = found;
        let profiles = bytes.map_err(|error| unreadable(&first, &error)).and_then(|bytes| ini::list(&bytes, &path));
        Some(ProfileFile { path, profiles, chosen: Some(self.profile.clone()) })
    }

    /// The file, and the one that is read if it does not exist.
    fn paths(&self) -> Option<(PathBuf, Option<PathBuf>)> {
        match (&self.named_file, &self.home) {
            (Some(path), _) => Some((path.clone(), None)),
            (None, home) => {
                let folder = home.as_ref()?.join(".alibabacloud");
                Some((folder.join("credentials.ini"), Some(folder.join("credentials"))))
            }
        }
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
        let (path, bytes) = self.read(host).await?;
        if host.reports() && ini::list(&bytes, &path)?.iter().any(|section| section.name == self.profile) {
            host.note_profile(&path, &self.profile);
        }
        let plan = ini::plan(&bytes, &path, &self.profile)?;
        Provider::from_plan(&plan, None, host)
    }

    /// Reads `ALIBABA_CLOUD_CREDENTIALS_FILE`, else `credentials.ini`, else `credentials`, which some official packages
    /// read instead.
    async fn read(&self, host: &Host) -> Result<(PathBuf, Zeroizing<Vec<u8>>)> {
        let Some((path, other)) = self.paths() else {
            let text = "failed to get credential from credentials file: no home directory; set HOME or ALIBABA_CLOUD_CREDENTIALS_FILE";
            return Err(Error::new(ErrorKind::NotConfigured, text));
        };
        match (host.read_file(&path).await, other) {
            (Ok(bytes), _) => Ok((path, bytes)),
            (Err(error), Some(other)) if error.kind() == std::io::ErrorKind::NotFound => {
                match host.read_file(&other).await {
                    Ok(bytes) => Ok((other, bytes)),
                    // Neither exists: report the first, which is the one to create.
                    Err(second) if second.kind() == std::io::ErrorKind::NotFound => Err(unreadable(&path, &error)),
                    Err(second) => Err(unreadable(&other, &second)),
                }
            }
            (Err(error), _) => Err(unreadable(&path, &error)),
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    let (kind, hint) = match error.kind() {
        std::io::ErrorKind::NotFound => (ErrorKind::NotConfigured, "make one, or set ALIBABA_CLOUD_CREDENTIALS_FILE"),
        _ => (ErrorKind::Io, "make it a file that this user can read"),
    };
    // The dollar sign is in the official package's message, and callers match on it.
    let text = format!("failed to get credential from credentials file: ${}: {error}; {hint}", shown_path(path));
    Error::new(kind, text)
}
