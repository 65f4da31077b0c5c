//! A profile of the SDKs' own configuration file, `~/.alibabacloud/credentials.ini`.
//!
//! The file is read when first needed; what it describes is kept from the first success on.

use std::path::{Path, PathBuf};

use once_cell::race::OnceBox;

use super::Provider;
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result};
use crate::host::Host;
use crate::profile::ini;

const NAME: &str = "profile";
const DEFAULT_PROFILE: &str = "default";

#[derive(Debug)]
pub(crate) struct IniProfile {
    profile: String,
    // A racing cell: a lock could be inherited locked by a forked child.
    loaded: OnceBox<Provider>,
    named_file: Option<PathBuf>,
    home: Option<PathBuf>,
}

impl IniProfile {
    /// The profile called `profile`, else the one that `ALIBABA_CLOUD_PROFILE` names, else `default`.
    pub(crate) fn new(profile: Option<String>, host: &Host) -> Self {
        let profile = profile.filter(|name| !name.is_empty()).or_else(|| host.env("ALIBABA_CLOUD_PROFILE"));
        IniProfile {
            profile: profile.unwrap_or_else(|| DEFAULT_PROFILE.to_owned()),
            loaded: OnceBox::new(),
            named_file: host.env("ALIBABA_CLOUD_CREDENTIALS_FILE").map(PathBuf::from),
            home: host.home(),
        }
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        let provider =
            self.loaded.get_or_try_init(|| self.load(host).map(Box::new)).map_err(|error| error.at_provider(NAME))?;
        Ok(provider.fetch(host).await?.within(NAME))
    }

    fn load(&self, host: &Host) -> Result<Provider> {
        let (path, bytes) = self.read(host)?;
        let plan = ini::plan(&bytes, &path, &self.profile)?;
        Provider::from_plan(&plan, None, host)
    }

    /// `ALIBABA_CLOUD_CREDENTIALS_FILE`, else `credentials.ini`, else `credentials`, which some of the official
    /// packages read in its place.
    fn read(&self, host: &Host) -> Result<(PathBuf, Vec<u8>)> {
        let read = |path: PathBuf| match host.read_file(&path) {
            Ok(bytes) => Ok((path, bytes)),
            Err(error) => Err((path, error)),
        };
        let found = match (&self.named_file, &self.home) {
            (Some(path), _) => read(path.clone()),
            (None, Some(home)) => {
                let folder = home.join(".alibabacloud");
                match read(folder.join("credentials.ini")) {
                    Err((path, error)) if error.kind() == std::io::ErrorKind::NotFound => {
                        read(folder.join("credentials")).map_err(|(other, second)| {
                            if second.kind() == std::io::ErrorKind::NotFound { (path, error) } else { (other, second) }
                        })
                    }
                    outcome => outcome,
                }
            }
            (None, None) => {
                let text = "failed to get credential from credentials file: no home directory; set HOME or ALIBABA_CLOUD_CREDENTIALS_FILE";
                return Err(Error::new(ErrorKind::NotConfigured, text));
            }
        };
        found.map_err(|(path, error)| unreadable(&path, &error))
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    let (kind, hint) = match error.kind() {
        std::io::ErrorKind::NotFound => (ErrorKind::NotConfigured, "make one, or set ALIBABA_CLOUD_CREDENTIALS_FILE"),
        _ => (ErrorKind::Io, "make it a file that this user can read"),
    };
    // The dollar sign is the official package's, and callers match on it.
    let text = format!("failed to get credential from credentials file: ${}: {error}; {hint}", path.display());
    Error::new(kind, text)
}
