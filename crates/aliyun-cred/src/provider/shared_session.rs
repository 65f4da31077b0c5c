//! Sessions that the processes of one user share, if they ask for it.
//!
//! Invariant: what is found is used only as if this process had fetched it when it was fetched; whatever is wrong with
//! the folder costs the sharing and nothing else.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwapOption;
use ring::digest;
use ring::hmac;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::credentials::{Credentials, Freshness, Issued, Lead};
use crate::error::Result;
use crate::host::{Host, LockedEntry, PrivateFolder, here, wall_millis};
use crate::protocol::json::Wiped;
use crate::protocol::sts::{Call, Signer, Sts};
use crate::secret::Secret;
use crate::text::{shown_path, warn};

/// The variable that turns sharing on: a folder, or `1` for the usual one.
const VARIABLE: &str = "ALIBABA_CLOUD_CREDENTIALS_CACHE";
/// The version of an entry's content.
const VERSION: u64 = 1;
/// How long to wait for another process that fetches the same session; about as long as a request may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The folder that is shared; `None` unless the user asks for it.
pub(crate) fn folder(option: Option<&str>, host: &Host) -> Option<PathBuf> {
    let given = option.filter(|given| !given.is_empty()).map(str::to_owned).or_else(|| host.env(VARIABLE))?;
    if given != "1" {
        return Some(host.path(given));
    }
    let caches = if cfg!(windows) {
        host.env_path("LOCALAPPDATA")
    } else if cfg!(target_vendor = "apple") {
        host.home().map(|home| home.join("Library/Caches"))
    } else {
        host.env_path("XDG_CACHE_HOME").filter(|path| path.is_absolute()).or_else(|| Some(host.home()?.join(".cache")))
    };
    Some(caches?.join("aliyun-cred"))
}

/// Everything that decides what the service answers. Two keys are equal only if all of it is.
pub(super) struct Key {
    source: &'static str,
    /// What a list of the entries shows.
    about: String,
    hash: digest::Context,
}

impl Key {
    pub(super) fn new(source: &'static str, endpoint: &str, about: &str) -> Self {
        let key = Key { source, about: about.to_owned(), hash: digest::Context::new(&digest::SHA256) };
        key.with("version", &VERSION.to_string()).with("source", source).with("endpoint", endpoint)
    }

    /// Of an STS call: its action, its parameters and who signs it. Without `names_session`, each process makes the
    /// session's name up for itself, and it does not count.
    pub(super) fn of_call(sts: &Sts, call: &Call<'_>, names_session: bool) -> Self {
        let about = call.form.get("RoleArn").map_or("", String::as_str);
        let mut key = Key::new(call.provider, sts.url(), about).with("action", call.action);
        for (name, value) in &call.form {
            let is_secret = call.secrets.contains(&value.as_str());
            key = match name {
                &"RoleSessionName" if !names_session => key,
                name if is_secret => key.with_secret(name, value),
                name => key.with(name, value),
            };
        }
        match call.signer {
            Signer::Nobody => key,
            Signer::Credentials(signer) => {
                let key = key.with("AccessKeyId", signer.access_key_id().unwrap_or_default());
                key.with_secret("AccessKeySecret", signer.access_key_secret().unwrap_or_default())
            }
            Signer::KeyPair { public_key_id, .. } => key.with("PublicKeyId", public_key_id),
        }
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        for part in [name, value] {
            // The length, so that no two lists of parts are the same text.
            self.hash.update(&(part.len() as u64).to_be_bytes());
            self.hash.update(part.as_bytes());
        }
        self
    }

    /// A secret counts by a keyed hash: the name of a file must not help to guess it, and one that is rotated must not
    /// find the session of the one before.
    pub(super) fn with_secret(self, name: &str, secret: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        self.with(name, &hex(hmac::sign(&key, b"aliyun-cred shared session").as_ref()))
    }

    fn name(self) -> Entry {
        Entry { source: self.source, about: self.about, name: hex(self.hash.finish().as_ref()) }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An entry of the folder.
struct Entry {
    source: &'static str,
    about: String,
    name: String,
}

/// Remembers which session its provider handed out last: a refresh wants another one.
#[derive(Debug, Default)]
pub(crate) struct SharedSession {
    last: ArcSwapOption<String>,
}

impl SharedSession {
    /// Takes over from the provider that this one replaces which session was handed out last.
    pub(super) fn inherit(&self, before: &SharedSession) {
        self.last.store(before.last.load_full());
    }

    /// A session that another process has fetched, or the one that `fetch` returns, which the others then find.
    pub(super) async fn or_fetch(
        &self,
        host: &Host,
        lead: Lead,
        key: impl FnOnce() -> Key,
        fetch: impl Future<Output = Result<Credentials>>,
    ) -> Result<Credentials> {
        let Some(folder) = open(host).await else { return fetch.await };
        let entry = key().name();
        let session = match self.find(host, &folder, &entry, lead).await {
            Some(found) => found,
            None => self.find_or_fetch(host, folder, &entry, lead, fetch).await?,
        };
        self.last.store(session.access_key_id().map(|id| Arc::new(id.to_owned())));
        Ok(session)
    }

    /// Waits for the entry's lock, and fetches unless another process has done so meanwhile.
    async fn find_or_fetch(
        &self,
        host: &Host,
        folder: PrivateFolder,
        entry: &Entry,
        lead: Lead,
        fetch: impl Future<Output = Result<Credentials>>,
    ) -> Result<Credentials> {
        let Some(lock) = lock(host, &folder, &entry.name).await else { return fetch.await };
        if let Some(found) = self.find(host, &folder, entry, lead).await {
            return Ok(found);
        }
        let credentials = fetch.await?;
        write(host, folder, lock, entry, &credentials).await;
        Ok(credentials)
    }

    async fn find(&self, host: &Host, folder: &PrivateFolder, entry: &Entry, lead: Lead) -> Option<Credentials> {
        let (folder, name) = (folder.clone(), entry.name.clone());
        let bytes = host.block(move || folder.read(&name)).await.ok()?.ok()?;
        self.read(&bytes, entry.source, lead, host.now().wall)
    }

    /// The session in an entry's content, if it can be used. `now` in milliseconds since the Unix epoch.
    pub(crate) fn read(&self, bytes: &[u8], source: &str, lead: Lead, now: u64) -> Option<Credentials> {
        let session = Session::parse(bytes)?;
        let is_news = self.last.load().as_deref() != Some(&session.issued.access_key_id);
        let usable = is_news && session.is_fresh(lead, now);
        usable.then(|| Credentials::issued(session.issued, source, lead).fetched_before(now - session.fetched))
    }
}

/// The content of an entry.
struct Session {
    source: String,
    about: String,
    /// In milliseconds since the Unix epoch.
    fetched: u64,
    issued: Issued,
}

impl Session {
    /// `None` for anything that this version did not write.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let document = Wiped(serde_json::from_slice(bytes).ok()?);
        let text = |name: &str| document.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let millis = |name: &str| document.0.get(name).and_then(Value::as_u64);
        if millis("version") != Some(VERSION) {
            return None;
        }
        let key = |name: &str| crate::text::key(text(name)?, name).ok();
        // As far as a credential's clock can be off; see `Freshness`.
        let is_offset = |millis: &i64| i32::try_from(millis / 1000).is_ok();
        let issued = Issued {
            access_key_id: key("access_key_id")?.to_owned(),
            access_key_secret: key("access_key_secret")?.into(),
            security_token: key("security_token").map(Secret::from),
            // Some systems have no such time.
            expiration: SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis("expiration")?))?,
            clock_offset: document.0.get("clock_offset").and_then(Value::as_i64).filter(is_offset)?,
        };
        let about = text("about").unwrap_or_default().to_owned();
        Some(Session { source: text("source")?.to_owned(), about, fetched: millis("fetched")?, issued })
    }

    /// Whether it is not stale yet by its own times.
    fn is_fresh(&self, lead: Lead, now: u64) -> bool {
        let end = here(wall_millis(self.issued.expiration), self.issued.clock_offset);
        let lifetime = end.saturating_sub(self.fetched);
        self.fetched <= now && now - self.fetched < lead.stale(lifetime)
    }
}

/// The folder, if sharing is on and the folder can be trusted; says so once if it cannot.
async fn open(host: &Host) -> Option<PrivateFolder> {
    let path = host.shared_sessions()?.to_owned();
    let opened = {
        let path = path.clone();
        host.block(move || PrivateFolder::open(&path)).await
    };
    match opened {
        Ok(Ok(folder)) => Some(folder),
        Ok(Err(error)) => refused(&path, &error),
        Err(error) => refused(&path, &io::Error::other(error.to_string())),
    }
}

fn refused<T>(path: &Path, error: &io::Error) -> Option<T> {
    let path = shown_path(path);
    if crate::text::is_news(&path) {
        warn(&path, &format!("{path} is not used to share sessions: {error}"));
    }
    None
}

/// Waits until no other process fetches the same session; `None` if that takes too long, or cannot be told.
async fn lock(host: &Host, folder: &PrivateFolder, name: &str) -> Option<LockedEntry> {
    let attempt = || {
        let (folder, name) = (folder.clone(), name.to_owned());
        async move { Ok(host.block(move || folder.try_lock(&name)).await?.transpose()) }
    };
    host.poll(PATIENCE, attempt).await.ok()??.ok()
}

/// Writes what was fetched, and removes what has expired.
async fn write(host: &Host, folder: PrivateFolder, lock: LockedEntry, entry: &Entry, credentials: &Credentials) {
    let (Some(id), Some(secret), Freshness::Expires { at, .. }) =
        (credentials.access_key_id(), credentials.access_key_secret(), credentials.freshness())
    else {
        return;
    };
    let now = host.now().wall;
    let document = Wiped(json!({
        "version": VERSION,
        "source": entry.source,
        "about": entry.about,
        "fetched": now,
        "expiration": wall_millis(at),
        "clock_offset": credentials.clock_offset(),
        "access_key_id": id,
        "access_key_secret": secret,
        "security_token": credentials.security_token(),
    }));
    let mut bytes = Zeroizing::new(Vec::with_capacity(16 * 1024));
    if serde_json::to_writer(&mut *bytes, &document.0).is_err() {
        return;
    }
    let there = host.service_now();
    let written = host.block(move || {
        // A full disk costs the sharing.
        let written = lock.write(&bytes);
        for (name, session) in listed(&folder).unwrap_or_default() {
            if session.is_some_and(|session| wall_millis(session.issued.expiration) <= there) {
                // Another process may have removed it.
                let _ = folder.remove(&name);
            }
        }
        drop(lock);
        written
    });
    if let Ok(Err(error)) = written.await
        && let Some(path) = host.shared_sessions()
    {
        refused::<()>(path, &error);
    }
}

fn listed(folder: &PrivateFolder) -> io::Result<Vec<(String, Option<Session>)>> {
    let read = |name: String| {
        let session = folder.read(&name).ok().and_then(|bytes| Session::parse(&bytes));
        (name, session)
    };
    Ok(folder.names()?.into_iter().map(read).collect())
}

/// A session that processes share, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedSession {
    /// The source that fetched it.
    pub source: String,
    /// The role, or what else it is of.
    pub about: String,
    /// Its AccessKey ID.
    pub access_key_id: String,
    /// When it expires.
    pub expiration: SystemTime,
}

/// The sessions in the folder.
pub(crate) fn list(path: &Path) -> io::Result<Vec<ListedSession>> {
    let sessions = listed(&PrivateFolder::open(path)?)?.into_iter().filter_map(|(_, session)| session);
    let shown = |session: Session| ListedSession {
        source: session.source.clone(),
        about: session.about.clone(),
        access_key_id: session.issued.access_key_id.clone(),
        expiration: session.issued.expiration,
    };
    Ok(sessions.map(shown).collect())
}

/// Removes the sessions in the folder. Returns how many there were.
pub(crate) fn clear(path: &Path) -> io::Result<usize> {
    let folder = PrivateFolder::open(path)?;
    let names = folder.names()?;
    names.iter().try_for_each(|name| folder.remove(name))?;
    Ok(names.len())
}

#[cfg(all(test, not(feature = "model-check")))]
#[allow(clippy::disallowed_methods, reason = "looks at what was written, and breaks it")]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::Config;
    use crate::host::{Trust, wall_time};
    use crate::protocol::sts::{API, Parameters};
    use crate::wording::Surface;

    fn host() -> Host {
        Host::new(Surface::Rust)
    }

    fn name(endpoint: &str, parameters: &[(&'static str, &str)], signer: (&str, &str), names_session: bool) -> String {
        let sts = Sts::new(&Config::default().sts_endpoint(endpoint), &host(), "").unwrap();
        let signer = Credentials::access_key(signer.0, signer.1, "static_ak");
        let call = Call {
            api: &API,
            provider: "ram_role_arn",
            action: "AssumeRole",
            form: parameters.iter().map(|(name, value)| (*name, (*value).to_owned())).collect::<Parameters>(),
            signer: Signer::Credentials(&signer),
            secrets: &[],
            trust: Trust::Usual,
        };
        Key::of_call(&sts, &call, names_session).name().name
    }

    #[test]
    fn everything_that_decides_the_answer_is_in_the_key() {
        const GIVEN: [(&str, &str); 5] = [
            ("RoleArn", "acs:ram::1:role/r"),
            ("RoleSessionName", "me"),
            ("DurationSeconds", "3600"),
            ("Policy", "{}"),
            ("ExternalId", "e"),
        ];
        const BASE: (&str, &str) = ("LTAIbase", "canary-base-secret");
        let of = |changed: Option<(&'static str, &'static str)>| {
            let parameters: Vec<_> =
                GIVEN.iter().map(|given| changed.filter(|changed| changed.0 == given.0).unwrap_or(*given)).collect();
            name("sts.aliyuncs.com", &parameters, BASE, true)
        };
        let first = of(None);
        assert!(first.len() == 64 && first == of(None), "the same of everything is the same key");
        let mut others = vec![
            name("sts.cn-hangzhou.aliyuncs.com", &GIVEN, BASE, true),
            name("sts.aliyuncs.com", &GIVEN, ("LTAIother", BASE.1), true),
            name("sts.aliyuncs.com", &GIVEN, (BASE.0, "canary-rotated"), true),
            name("sts.aliyuncs.com", &GIVEN[..4], BASE, true),
        ];
        others.extend(GIVEN.map(|(name, _)| of(Some((name, "other")))));
        assert!(!others.contains(&first));
        others.sort();
        let count = others.len();
        others.dedup();
        assert_eq!(others.len(), count);
        // A name that each process makes up for itself does not count.
        let mut made_up = GIVEN;
        made_up[1].1 = "rust-123";
        assert_eq!(
            name("sts.aliyuncs.com", &made_up, BASE, false),
            name("sts.aliyuncs.com", &[&made_up[..1], &made_up[2..]].concat(), BASE, true)
        );
    }

    /// A folder of a test, removed when it is dropped.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            Folder(std::env::temp_dir().join(format!("aliyun-cred-test-{}", uuid::Uuid::new_v4())))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// The AccessKey ID that a provider gets whose service would issue `fetched`, and whether it asked.
    fn asked(folder: &Folder, shared: &SharedSession, fetched: &str) -> (String, bool) {
        let host = host().sharing_sessions(Some(folder.0.clone()));
        let issued = Issued {
            access_key_id: fetched.to_owned(),
            access_key_secret: "s".into(),
            security_token: Some("t".into()),
            expiration: wall_time(host.now().wall + 3_600_000),
            clock_offset: 0,
        };
        let asks = std::cell::Cell::new(false);
        let fetch = async {
            asks.set(true);
            Ok(Credentials::issued(issued, "source", Lead::Sts))
        };
        let got = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(shared.or_fetch(
            &host,
            Lead::Sts,
            || Key::new("source", "endpoint", "about"),
            fetch,
        ));
        (got.unwrap().access_key_id().unwrap().to_owned(), asks.get())
    }

    fn entry(folder: &Folder) -> PathBuf {
        let mut paths = fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().path());
        paths.find(|path| path.extension().is_some_and(|ending| ending == "json")).unwrap()
    }

    #[test]
    fn one_process_fetches_for_all() {
        let (folder, first, second) = (Folder::new(), SharedSession::default(), SharedSession::default());
        assert_eq!(asked(&folder, &first, "one"), ("one".to_owned(), true));
        assert_eq!(asked(&folder, &second, "two"), ("one".to_owned(), false));
        // A refresh wants another one than it had; the other process then finds it.
        assert_eq!(asked(&folder, &first, "three"), ("three".to_owned(), true));
        assert_eq!(asked(&folder, &second, "four"), ("three".to_owned(), false));
        assert_eq!(list(&folder.0).unwrap().len(), 1);
        assert_eq!(clear(&folder.0).unwrap(), 1);
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0, "locks are removed, too");
    }

    #[test]
    fn files_of_others_are_left_alone() {
        let folder = Folder::new();
        fs::create_dir(&folder.0).unwrap();
        #[cfg(unix)]
        fs::set_permissions(&folder.0, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        for name in ["config.json", "package.json", "a.lock"] {
            fs::write(folder.0.join(name), "{}").unwrap();
        }
        assert!(asked(&folder, &SharedSession::default(), "one").1);
        assert_eq!((list(&folder.0).unwrap().len(), clear(&folder.0).unwrap()), (1, 1));
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 3);
    }

    #[cfg(unix)]
    #[test]
    fn a_fetch_that_fails_leaves_nothing_behind() {
        let folder = Folder::new();
        let host = host().sharing_sessions(Some(folder.0.clone()));
        let fetch = std::future::ready(Err(crate::error::Error::invalid_config("refused")));
        let key = || Key::new("source", "endpoint", "about");
        let shared = SharedSession::default();
        let asking = shared.or_fetch(&host, Lead::Sts, key, fetch);
        assert!(tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(asking).is_err());
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
    }

    /// A new provider, as of a profile that is read again after a rejection, wants another session, too.
    #[test]
    fn a_provider_that_replaces_another_knows_its_session() {
        let (folder, first, second) = (Folder::new(), SharedSession::default(), SharedSession::default());
        assert_eq!(asked(&folder, &first, "one"), ("one".to_owned(), true));
        second.inherit(&first);
        assert_eq!(asked(&folder, &second, "two"), ("two".to_owned(), true));
    }

    #[test]
    fn a_wrong_file_is_a_miss() {
        let folder = Folder::new();
        assert_eq!(asked(&folder, &SharedSession::default(), "good"), ("good".to_owned(), true));
        let path = entry(&folder);
        let good = fs::read_to_string(&path).unwrap();
        /// The entry as it would be, had it been fetched so much earlier; later if negative.
        fn earlier(good: &str, millis: i64) -> String {
            let mut entry: Value = serde_json::from_str(good).unwrap();
            for time in ["fetched", "expiration"] {
                entry[time] = entry[time].as_u64().unwrap().saturating_add_signed(-millis).into();
            }
            entry.to_string()
        }
        for wrong in [
            String::new(),
            "null".to_owned(),
            "[".repeat(100_000),
            good.replace("\"version\":1", "\"version\":2"),
            good.replace("\"access_key_id\":\"good\",", ""),
            good.replace("\"good\"", "\"go od\""),
            good.replace("\"access_key_secret\":\"s\"", "\"access_key_secret\":\"\""),
            // Stale by its own times, and from the future.
            earlier(&good, 2_700_000),
            earlier(&good, -60_000),
            // No clock is so far off, and no time so far away.
            good.replace("\"clock_offset\":0", "\"clock_offset\":-9223372036854775808"),
        ] {
            assert_ne!(wrong, good);
            fs::write(&path, &wrong).unwrap();
            let shown: String = wrong.chars().take(200).collect();
            assert_eq!(asked(&folder, &SharedSession::default(), "new"), ("new".to_owned(), true), "{shown}");
            fs::write(&path, earlier(&good, 2_690_000)).unwrap();
            assert_eq!(asked(&folder, &SharedSession::default(), "new"), ("good".to_owned(), false));
        }
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_shared_with_other_users() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let (folder, elsewhere) = (Folder::new(), Folder::new());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let set_mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let new = |name| asked(&folder, &SharedSession::default(), name);
        assert_eq!(new("one"), ("one".to_owned(), true));
        assert_eq!((mode(&folder.0), mode(&entry(&folder))), (0o700, 0o600));
        set_mode(&entry(&folder), 0o640);
        assert_eq!(new("two"), ("two".to_owned(), true), "others could read it");
        assert_eq!(mode(&entry(&folder)), 0o600);
        set_mode(&folder.0, 0o770);
        assert_eq!(new("three"), ("three".to_owned(), true), "others could write to the folder");
        set_mode(&folder.0, 0o700);
        assert_eq!(new("four"), ("two".to_owned(), false));
        // A link is neither followed nor written through.
        let (path, target) = (entry(&folder), elsewhere.0.join("target"));
        fs::create_dir(&elsewhere.0).unwrap();
        fs::rename(&path, &target).unwrap();
        symlink(&target, &path).unwrap();
        assert_eq!(new("five"), ("five".to_owned(), true));
        assert!(fs::symlink_metadata(&path).unwrap().is_file() && fs::read_to_string(&target).unwrap().contains("two"));
        let link = Folder::new();
        symlink(&folder.0, &link.0).unwrap();
        assert_eq!(asked(&link, &SharedSession::default(), "six"), ("six".to_owned(), true));
        fs::remove_file(&link.0).unwrap();
    }
}
