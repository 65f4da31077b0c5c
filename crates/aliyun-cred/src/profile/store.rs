//! Writing back to `~/.aliyun/config.json` what a source has learned: rotated tokens, fetched credentials.
//!
//! Invariants: everything in the file that is not ours stays as it was, in its order; a write that fails never costs
//! the credential.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::ser::PrettyFormatter;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::cli::ConfigFile;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::host::{Host, LockedFile};
use crate::protocol::json::Wiped;
use crate::secret::Secret;
use crate::text::{self, decode_wiped};
use crate::update::Learned;

/// How long to wait for others to let go of the lock.
const PATIENCE: Duration = Duration::from_secs(10);

/// A configuration file that profiles write to.
#[derive(Clone, Debug)]
pub(crate) struct Store(Arc<PathBuf>);

impl Store {
    pub(crate) fn new(path: PathBuf) -> Self {
        Store(Arc::new(path))
    }

    pub(crate) fn profile(&self, name: &str) -> ProfileStore {
        ProfileStore { path: self.0.clone(), profile: name.to_owned() }
    }
}

/// One profile of a configuration file.
#[derive(Clone, Debug)]
pub(crate) struct ProfileStore {
    path: Arc<PathBuf>,
    profile: String,
}

impl ProfileStore {
    /// Locks the file and reads the profile as it is now. Others are waited for 10 s at most, and no helper is kept from
    /// its work meanwhile.
    pub(crate) async fn lock(&self, host: &Host) -> Result<LockedProfile> {
        let failed = |error: &std::io::Error| {
            let shown = self.path.display();
            Error::new(ErrorKind::Io, format!("unable to lock credentials file: {shown}: {error}"))
        };
        let acquire = || {
            let path = self.path.clone();
            async move { host.block(move || LockedFile::try_acquire(&path)).await?.map_err(|error| failed(&error)) }
        };
        let Some(file) = host.poll(PATIENCE, acquire).await? else {
            let shown = self.path.display();
            let text = format!(
                "unable to lock credentials file: {shown}: another process has held its lock for {} s",
                PATIENCE.as_secs()
            );
            return Err(Error::new(ErrorKind::Timeout, text));
        };
        let file = Arc::new(file);
        let reading = file.clone();
        let bytes = host.block(move || reading.read()).await?.map_err(|error| failed(&error))?;
        Ok(LockedProfile { file, bytes, path: self.path.clone(), profile: self.profile.clone() })
    }

    /// Writes down what was learned, if it is new; a failure is a warning, and `false`.
    pub(crate) async fn record(&self, host: &Host, learned: &Learned) -> bool {
        let recorded = async { self.lock(host).await?.write(host, learned).await }.await;
        recorded.inspect_err(warn).is_ok()
    }
}

/// A profile whose file is locked, against other processes and other clients of this one.
pub(crate) struct LockedProfile {
    file: Arc<LockedFile>,
    bytes: Zeroizing<Vec<u8>>,
    path: Arc<PathBuf>,
    profile: String,
}

impl LockedProfile {
    /// The OAuth tokens and the credential that the profile holds now.
    pub(crate) fn oauth_tokens(&self) -> Result<Config> {
        ConfigFile::parse(&self.bytes, &self.path)?.profile(&self.profile)?.oauth_tokens()
    }

    /// As [`LockedProfile::write`], but a failure is a warning, and `false`.
    pub(crate) async fn record(self, host: &Host, learned: &Learned) -> bool {
        self.write(host, learned).await.inspect_err(warn).is_ok()
    }

    /// Writes the profile with what was learned, if it is new, and lets go of the lock. The file is read once more: who
    /// knows no lock may have changed it during a request.
    async fn write(self, host: &Host, learned: &Learned) -> Result<()> {
        let LockedProfile { file, path, profile, .. } = self;
        let learned = learned.clone();
        host.block(move || {
            let failed = |error: &std::io::Error| {
                let text = format!("unable to write credentials file: {}: {error}", path.display());
                Error::new(ErrorKind::Io, text)
            };
            let bytes = file.read().map_err(|error| failed(&error))?;
            match change(&bytes, &path, &profile, &learned)? {
                Some(changed) => file.replace(&changed).map_err(|error| failed(&error)),
                None => Ok(()),
            }
        })
        .await?
    }
}

fn warn(error: &Error) {
    text::warn("profile", &format!("what was learned could not be kept for the next process: {error}"));
}

/// The file's content with the profile changed; `None` if nothing is new.
fn change(bytes: &[u8], path: &Path, profile: &str, learned: &Learned) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let malformed = |why: &str| {
        Error::new(ErrorKind::MalformedFile, format!("unable to write credentials file: {}: {why}", path.display()))
    };
    let text = decode_wiped(bytes).ok_or_else(|| malformed("it is neither UTF-8 nor UTF-16"))?;
    let mut root = Wiped(serde_json::from_str(&text).map_err(|_| malformed("it is not JSON"))?);
    let entries = entries_of(&mut root.0, profile).ok_or_else(|| malformed("the profile is gone"))?;
    let mut changed = false;
    for (key, value) in entries_of_learned(learned) {
        if entries.get(key) != Some(&value) {
            entries.insert(key.to_owned(), value);
            changed = true;
        }
    }
    if !changed {
        return Ok(None);
    }
    let mut written = Zeroizing::new(Vec::with_capacity(bytes.len() + 4096));
    let mut writer = serde_json::Serializer::with_formatter(&mut *written, PrettyFormatter::with_indent(b"    "));
    serde::Serialize::serialize(&root.0, &mut writer).map_err(|_| malformed("it cannot be written as JSON"))?;
    if text.ends_with('\n') {
        written.push(b'\n');
    }
    Ok(Some(written))
}

/// What was learned, by its key in the file.
fn entries_of_learned(learned: &Learned) -> impl Iterator<Item = (&'static str, Value)> + '_ {
    let secret = |value: &Option<Secret>| value.as_ref().map(|value| Value::from(value.expose()));
    [
        ("oauth_refresh_token", secret(&learned.oauth_refresh_token)),
        ("oauth_access_token", secret(&learned.oauth_access_token)),
        ("oauth_access_token_expire", learned.oauth_access_token_expire.map(Value::from)),
        ("access_key_id", learned.access_key_id.clone().map(Value::from)),
        ("access_key_secret", secret(&learned.access_key_secret)),
        ("sts_token", secret(&learned.sts_token)),
        ("sts_expiration", learned.sts_expiration.map(Value::from)),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key, value?)))
}

fn entries_of<'a>(root: &'a mut Value, profile: &str) -> Option<&'a mut Map<String, Value>> {
    let profiles = root.get_mut("profiles")?.as_array_mut()?;
    let named = |entry: &&mut Value| entry.get("name").and_then(Value::as_str) == Some(profile);
    profiles.iter_mut().find(named)?.as_object_mut()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{
    "current": "o",
    "meta_path": "x",
    "profiles": [
        {
            "name": "other",
            "big": 12345678901234567890123,
            "ratio": 1.10
        },
        {
            "zone": "\u4e2d",
            "name": "o",
            "sts_expiration": 5,
            "site": null
        }
    ]
}
"#;

    fn changed(learned: &Learned) -> Option<String> {
        let bytes = change(FILE.as_bytes(), Path::new("/h/config.json"), "o", learned).unwrap();
        bytes.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[test]
    fn everything_else_stays_as_it_was() {
        let learned = Learned { sts_expiration: Some(6), oauth_refresh_token: Some("r".into()), ..Learned::default() };
        let expected = FILE
            .replace("\\u4e2d", "中")
            .replace("\"sts_expiration\": 5", "\"sts_expiration\": 6")
            .replace("\"site\": null", "\"site\": null,\n            \"oauth_refresh_token\": \"r\"");
        assert_eq!(changed(&learned), Some(expected));
    }

    #[test]
    fn what_is_known_is_not_written_again() {
        assert_eq!(changed(&Learned { sts_expiration: Some(5), ..Learned::default() }), None);
    }

    #[test]
    fn a_profile_that_is_gone_is_an_error() {
        let learned = Learned { access_key_secret: Some("canary".into()), ..Learned::default() };
        let error = change(FILE.as_bytes(), Path::new("/h/config.json"), "gone", &learned).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MalformedFile);
        assert!(!error.message().contains("canary"), "a secret shows");
    }
}
