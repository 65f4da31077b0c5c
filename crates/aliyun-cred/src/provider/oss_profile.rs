//! A section of `~/.oss/credentials`, the file of OSS's own tools, as other libraries read it.
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
use crate::profile::{Plan, ini};
use crate::text::{GivenPath, shown_path};

const NAME: &str = "oss_profile";
const DEFAULT_PROFILE: &str = "default";
const FILE: &str = "OSS_CREDENTIAL_PROFILES_FILE";

#[derive(Debug)]
pub(crate) struct OssProfile {
    /// `None`: `default`, which need not exist.
    profile: Option<String>,
    pub(super) loaded: Loaded,
    /// `None`: the usual file, which need not exist.
    named_file: Option<GivenPath>,
    home: Option<PathBuf>,
}

impl OssProfile {
    /// Uses the section named in the options, else `OSS_PROFILE`, else `default`.
    pub(crate) fn new(config: &Config, host: &Host) -> Self {
        let given = filled(config.profile_file.as_ref()).map(|path| host.path(path));
        OssProfile {
            profile: filled(config.profile_name.as_ref()).or_else(|| host.env("OSS_PROFILE")),
            loaded: Loaded::default(),
            named_file: given.or_else(|| host.env_path(FILE)).map(GivenPath::from),
            home: host.home(),
        }
    }

    /// Whether an option or a variable names the file or the section: then it has to be there.
    pub(super) fn is_set(&self) -> bool {
        self.profile.is_some() || self.named_file.is_some()
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        self.loaded.fetch(NAME, self.load(host), host).await
    }

    pub(super) fn reload(&self, host: &Host) -> bool {
        self.loaded.reload(host, |path, bytes| self.plan(path, bytes))
    }

    async fn load(&self, host: &Host) -> Result<FromFile> {
        let usual = || Some(self.home.as_ref()?.join(".oss/credentials").into());
        let Some(path) = self.named_file.clone().or_else(usual) else {
            return Err(Error::new(self.absent(), format!("no home directory; set HOME or {FILE}")));
        };
        let file = Watched::new(path, host);
        let plan = self.plan(file.path(), host.read_file(file.path()).await)?;
        host.note_profile(file.path(), self.section());
        FromFile::new(plan, file, None, host)
    }

    fn plan(&self, path: &Path, read: io::Result<Zeroizing<Vec<u8>>>) -> Result<Plan> {
        let bytes = read.map_err(|error| {
            let (kind, hint) = match error.kind() {
                io::ErrorKind::NotFound => (self.absent(), "make one"),
                _ => (ErrorKind::Io, "make it a file that this user can read"),
            };
            Error::new(kind, format!("unable to read {}: {error}; {hint}, or set {FILE}", shown_path(path)))
        })?;
        let plan = ini::oss_plan(&bytes, path, self.section())?;
        plan.ok_or_else(|| {
            // The file may be another program's, unless a section of it was asked for.
            let kind = if self.profile.is_some() { ErrorKind::InvalidConfig } else { ErrorKind::NotConfigured };
            Error::new(kind, ini::no_oss_section(path, self.section()))
        })
    }

    fn section(&self) -> &str {
        self.profile.as_deref().unwrap_or(DEFAULT_PROFILE)
    }

    /// What it means that the file is missing.
    fn absent(&self) -> ErrorKind {
        if self.is_set() { ErrorKind::InvalidConfig } else { ErrorKind::NotConfigured }
    }
}
