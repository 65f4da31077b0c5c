//! A profile of the SDKs' configuration file, `~/.alibabacloud/credentials.ini`.
//!
//! The file is read on first use, again when it changes, and when the client is invalidated.

use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::filled;
use super::loaded::{FromFile, Loaded};
use super::watched::Watched;
use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result};
use crate::host::Host;
use crate::profile::{ProfileFile, ini};
use crate::text::{GivenPath, shown_path};

const NAME: &str = "profile";
const DEFAULT_PROFILE: &str = "default";

#[derive(Debug)]
pub(crate) struct IniProfile {
    profile: String,
    pub(super) loaded: Loaded,
    named_file: Option<GivenPath>,
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
            named_file: given.or_else(|| host.env_path("ALIBABA_CLOUD_CREDENTIALS_FILE")).map(GivenPath::from),
            home: host.home(),
        }
    }

    /// The file, its sections, and the name of the one to use; `None` if there is no home directory.
    pub(crate) async fn list(&self, host: &Host) -> Option<ProfileFile> {
        let (file, bytes) = self.read(host).await?;
        let profiles = bytes.and_then(|bytes| ini::list(&bytes, file.path()));
        Some(ProfileFile { path: file.path().to_owned(), profiles, chosen: Some(self.profile.clone()) })
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        self.loaded.fetch(NAME, self.load(host), host).await
    }

    pub(super) fn reload(&self, host: &Host) -> bool {
        self.loaded.reload(host, |path, bytes| ini::plan(&whole(path, bytes)?, path, &self.profile))
    }

    async fn load(&self, host: &Host) -> Result<FromFile> {
        let Some((file, bytes)) = self.read(host).await else {
            let text = "failed to get credential from credentials file: no home directory; set HOME or ALIBABA_CLOUD_CREDENTIALS_FILE";
            return Err(Error::new(ErrorKind::NotConfigured, text));
        };
        let (path, bytes) = (file.path(), bytes?);
        if host.reports() && ini::list(&bytes, path)?.iter().any(|section| section.name == self.profile) {
            host.note_profile(path, &self.profile);
        }
        FromFile::new(ini::plan(&bytes, path, &self.profile)?, file, None, host)
    }

    /// Reads `ALIBABA_CLOUD_CREDENTIALS_FILE`, else `credentials.ini`, else `credentials`, which some official packages
    /// read instead. `None` if there is no home directory.
    async fn read(&self, host: &Host) -> Option<(Watched, Result<Zeroizing<Vec<u8>>>)> {
        let read = async |path: GivenPath| {
            let file = Watched::new(path, host);
            let bytes = whole(file.path(), host.read_file(file.path()).await);
            (file, bytes)
        };
        if let Some(path) = &self.named_file {
            return Some(read(path.clone()).await);
        }
        let folder = self.home.as_ref()?.join(".alibabacloud");
        let is_missing =
            |bytes: &Result<_>| bytes.as_ref().is_err_and(|e: &Error| e.kind() == ErrorKind::NotConfigured);
        let first = read(folder.join("credentials.ini").into()).await;
        if is_missing(&first.1) {
            let other = read(folder.join("credentials").into()).await;
            // If neither exists, the first is reported, which is the one to create.
            if !is_missing(&other.1) {
                return Some(other);
            }
        }
        Some(first)
    }
}

fn whole(path: &Path, read: io::Result<Zeroizing<Vec<u8>>>) -> Result<Zeroizing<Vec<u8>>> {
    read.map_err(|error| {
        let (kind, hint) = match error.kind() {
            io::ErrorKind::NotFound => (ErrorKind::NotConfigured, "make one, or set ALIBABA_CLOUD_CREDENTIALS_FILE"),
            _ => (ErrorKind::Io, "make it a file that this user can read"),
        };
        // The dollar sign is in the official package's message, and callers match on it.
        let text = format!("failed to get credential from credentials file: ${}: {error}; {hint}", shown_path(path));
        Error::new(kind, text)
    })
}
