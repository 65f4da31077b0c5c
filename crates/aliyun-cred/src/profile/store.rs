//! Writes a source's new values back to `~/.aliyun/config.json`: rotated tokens, fetched credentials.
//!
//! Invariants: everything else in the file stays as it was, in the same order; a failed write never costs the
//! credential.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use serde_json::ser::PrettyFormatter;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::cli::ConfigFile;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::host::{FileStamp, Host, LockedFile};
use crate::protocol::json::Wiped;
use crate::secret::Secret;
use crate::text::{self, GivenPath, decode_wiped};
use crate::update::NewValues;

/// How long to wait for the lock.
const PATIENCE: Duration = Duration::from_secs(10);

/// A configuration file that profiles write to.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    path: Arc<GivenPath>,
    /// What this process has written, until somebody takes notice.
    written: Arc<ArcSwapOption<Written>>,
}

/// The file before and after this process wrote it; `None` where it could not be looked at.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) before: Option<FileStamp>,
    pub(crate) after: Option<FileStamp>,
}

impl Store {
    pub(crate) fn new(path: impl Into<GivenPath>) -> Self {
        Store { path: Arc::new(path.into()), written: Arc::default() }
    }

    pub(crate) fn profile(&self, name: &str) -> ProfileStore {
        ProfileStore { store: self.clone(), profile: name.to_owned() }
    }

    /// What this process has written since the last call of this function.
    pub(crate) fn take_written(&self) -> Option<Arc<Written>> {
        self.written.swap(None)
    }

    /// Notes a write. What was there before an earlier one that nobody has taken notice of stays what was there before.
    fn note(&self, written: Written) {
        let earlier = self.written.load_full().filter(|earlier| earlier.after == written.before);
        let before = earlier.map_or(written.before, |earlier| earlier.before.clone());
        self.written.store(Some(Arc::new(Written { before, after: written.after })));
    }
}

/// One profile of a configuration file.
#[derive(Clone, Debug)]
pub(crate) struct ProfileStore {
    store: Store,
    profile: String,
}

impl ProfileStore {
    /// Locks the file and reads the current profile. Waits for the lock up to 10 s, without blocking a helper thread.
    pub(crate) async fn lock(&self, host: &Host) -> Result<LockedProfile> {
        let failed = |error: &std::io::Error| {
            let shown = self.store.path.display();
            Error::new(ErrorKind::Io, format!("unable to lock credentials file: {shown}: {error}"))
        };
        let acquire = || {
            let path = self.store.path.clone();
            async move { host.block(move || LockedFile::try_acquire(&path)).await?.map_err(|error| failed(&error)) }
        };
        let Some(file) = host.poll(PATIENCE, acquire).await? else {
            let shown = self.store.path.display();
            let text = format!(
                "unable to lock credentials file: {shown}: another process has held its lock for {} s",
                PATIENCE.as_secs()
            );
            return Err(Error::new(ErrorKind::Timeout, text));
        };
        let file = Arc::new(file);
        let reading = file.clone();
        let bytes = host.block(move || reading.read()).await?.map_err(|error| failed(&error))?;
        Ok(LockedProfile { file, bytes, store: self.store.clone(), profile: self.profile.clone() })
    }

    /// Writes the values if they changed; a failure is logged as a warning, and returns `false`.
    pub(crate) async fn record(&self, host: &Host, values: &NewValues) -> bool {
        if host.reports() {
            return false;
        }
        let recorded = async { self.lock(host).await?.write(host, values).await }.await;
        recorded.inspect_err(warn).is_ok()
    }
}

/// A profile in a locked file. The lock excludes other processes and other clients of this one.
pub(crate) struct LockedProfile {
    file: Arc<LockedFile>,
    bytes: Zeroizing<Vec<u8>>,
    store: Store,
    profile: String,
}

impl LockedProfile {
    /// The OAuth tokens and the credential now in the profile.
    pub(crate) fn oauth_tokens(&self) -> Result<Config> {
        ConfigFile::parse(&self.bytes, &self.store.path)?.profile(&self.profile)?.oauth_tokens()
    }

    /// Like [`LockedProfile::write`], but a failure is logged as a warning, and returns `false`.
    pub(crate) async fn record(self, host: &Host, values: &NewValues) -> bool {
        self.write(host, values).await.inspect_err(warn).is_ok()
    }

    /// Writes the values to the profile if they changed, and releases the lock. Reads the file once more first: a
    /// program that ignores the lock may have changed it during a request.
    async fn write(self, host: &Host, values: &NewValues) -> Result<()> {
        let LockedProfile { file, store, profile, .. } = self;
        let (own, values) = (host.clone(), values.clone());
        host.block(move || {
            let path = &**store.path;
            let failed = |error: &std::io::Error| {
                let text = format!("unable to write credentials file: {}: {error}", path.display());
                Error::new(ErrorKind::Io, text)
            };
            let before = own.file_stamp(path);
            let bytes = file.read().map_err(|error| failed(&error))?;
            if let Some(changed) = change(&bytes, path, &profile, &values)? {
                file.replace(&changed).map_err(|error| failed(&error))?;
                // Still locked: a program that takes the lock has not written it since.
                store.note(Written { before, after: own.file_stamp(path) });
            }
            Ok(())
        })
        .await?
    }
}

fn warn(error: &Error) {
    text::warn("profile", &format!("what was learned could not be kept for the next process: {error}"));
}

/// The file's content with the profile updated; `None` if nothing changed.
pub(crate) fn change(
    bytes: &[u8],
    path: &Path,
    profile: &str,
    values: &NewValues,
) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let malformed = |why: &str| {
        Error::new(ErrorKind::MalformedFile, format!("unable to write credentials file: {}: {why}", path.display()))
    };
    let text = decode_wiped(bytes).ok_or_else(|| malformed("it is neither UTF-8 nor UTF-16"))?;
    let mut root = Wiped(serde_json::from_str(&text).map_err(|_| malformed("it is not JSON"))?);
    let entries = entries_of(&mut root.0, profile).ok_or_else(|| malformed("the profile is gone"))?;
    let mut changed = false;
    for (key, value) in entries_of_values(values) {
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

/// The new values by their key in the file.
fn entries_of_values(values: &NewValues) -> impl Iterator<Item = (&'static str, Value)> + '_ {
    let secret = |value: &Option<Secret>| value.as_ref().map(|value| Value::from(value.expose()));
    [
        ("oauth_refresh_token", secret(&values.oauth_refresh_token)),
        ("oauth_access_token", secret(&values.oauth_access_token)),
        ("oauth_access_token_expire", values.oauth_access_token_expire.map(Value::from)),
        ("access_key_id", values.access_key_id.clone().map(Value::from)),
        ("access_key_secret", secret(&values.access_key_secret)),
        ("sts_token", secret(&values.sts_token)),
        ("sts_expiration", values.sts_expiration.map(Value::from)),
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

    fn changed(values: &NewValues) -> Option<String> {
        let bytes = change(FILE.as_bytes(), Path::new("/h/config.json"), "o", values).unwrap();
        bytes.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[test]
    fn everything_else_stays_as_it_was() {
        let values =
            NewValues { sts_expiration: Some(6), oauth_refresh_token: Some("r".into()), ..NewValues::default() };
        let expected = FILE
            .replace("\\u4e2d", "中")
            .replace("\"sts_expiration\": 5", "\"sts_expiration\": 6")
            .replace("\"site\": null", "\"site\": null,\n            \"oauth_refresh_token\": \"r\"");
        assert_eq!(changed(&values), Some(expected));
    }

    #[test]
    fn unchanged_values_are_not_written() {
        assert_eq!(changed(&NewValues { sts_expiration: Some(5), ..NewValues::default() }), None);
    }

    #[test]
    fn a_profile_that_is_gone_is_an_error() {
        let values = NewValues { access_key_secret: Some("canary".into()), ..NewValues::default() };
        let error = change(FILE.as_bytes(), Path::new("/h/config.json"), "gone", &values).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MalformedFile);
        assert!(!error.message().contains("canary"), "a secret shows");
    }
}
