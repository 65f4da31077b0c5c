//! What `invalidate` drops: the credential, and the configuration file that it came from.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and writes files"
)]

use std::fs;
use std::path::PathBuf;

use aliyun_cred::{Client, Config, Source};

/// A configuration file, removed when dropped.
struct File(PathBuf);

impl File {
    fn new(content: &str) -> Self {
        let file = File(std::env::temp_dir().join(format!("aliyun-cred-test-{}", uuid::Uuid::new_v4())));
        file.write(content);
        file
    }

    fn write(&self, content: &str) {
        fs::write(&self.0, content).unwrap();
    }

    fn client(&self, source: Source) -> Client {
        let config = Config::default().profile_file(self.0.display().to_string());
        Client::builder().source(source).config(&config).build().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn cli(id: &str) -> String {
    let profile = format!(r#"{{"name":"d","mode":"AK","access_key_id":"{id}","access_key_secret":"s"}}"#);
    format!(r#"{{"current":"d","profiles":[{profile}]}}"#)
}

fn ini(id: &str) -> String {
    format!("[default]\ntype = access_key\naccess_key_id = {id}\naccess_key_secret = s\n")
}

fn id(client: &Client) -> String {
    client.credentials_blocking().unwrap().access_key_id().unwrap().to_owned()
}

#[test]
fn a_key_rotated_in_a_file_is_used_after_it() {
    for (source, content) in [(Source::CliProfile, cli as fn(&str) -> String), (Source::Profile, ini)] {
        let file = File::new(&content("old"));
        let client = file.client(source);
        assert_eq!(id(&client), "old");
        file.write(&content("new"));
        assert_eq!(id(&client), "old", "{source}");
        client.invalidate();
        assert_eq!(id(&client), "new", "{source}");
        // An unreadable file is an error: nothing else is left.
        file.write("{");
        client.invalidate();
        assert!(client.credentials_blocking().is_err(), "{source}");
        file.write(&content("newest"));
        assert_eq!(id(&client), "newest", "{source}");
    }
}

/// A role on top of a profile is rejected because the profile's key was rotated.
#[test]
fn files_of_base_clients_are_reread_and_other_clients_are_unaffected() {
    let file = File::new(&cli("old"));
    let base = file.client(Source::CliProfile);
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = asked.clone();
    let custom = Client::from_blocking("custom", move || {
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let later = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1 << 36);
        Ok(aliyun_cred::Credentials::from_parts("custom", "s").with_expiration(later))
    });
    let role = Config::default().role_arn("acs:ram::1:role/r").sts_endpoint("http://127.0.0.1:9");
    let (on_file, on_custom) = (base.assume_role(&role).unwrap(), custom.assume_role(&role).unwrap());
    assert_eq!((id(&base), id(&custom)), ("old".to_owned(), "custom".to_owned()));
    file.write(&cli("new"));
    on_file.invalidate();
    on_custom.invalidate();
    assert_eq!((id(&base), id(&custom)), ("new".to_owned(), "custom".to_owned()));
    assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 1);
}

/// A refresh that started before `invalidate` may return a credential that is no longer valid. Only its existing
/// waiters get that; the provider is called again once it has returned.
#[test]
fn a_running_refresh_answers_only_its_existing_waiters() {
    use std::sync::mpsc::channel;
    use std::sync::{Arc, Mutex};
    let ((entered, enters), (go_on, wait)) = (channel(), channel::<&'static str>());
    let (wait, alone) = (Mutex::new(wait), Mutex::new(()));
    let client = Client::from_blocking("custom", move || {
        let _alone = alone.try_lock().expect("asked twice at once");
        entered.send(()).unwrap();
        let id = wait.lock().unwrap().recv().unwrap();
        let later = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1 << 36);
        Ok(aliyun_cred::Credentials::from_parts(id, "s").with_expiration(later))
    });
    let (first, firsts) = channel();
    client.credentials_then(move |outcome| first.send(outcome).unwrap());
    enters.recv().unwrap();
    client.invalidate();
    let (second, seconds) = channel();
    client.credentials_then(move |outcome| second.send(outcome).unwrap());
    assert!(enters.try_recv().is_err() && seconds.try_recv().is_err());
    let id = |outcome: aliyun_cred::Result<Arc<aliyun_cred::Credentials>>| {
        outcome.unwrap().access_key_id().unwrap().to_owned()
    };
    go_on.send("old").unwrap();
    assert_eq!(id(firsts.recv().unwrap()), "old");
    enters.recv().unwrap();
    assert!(client.cached().is_none(), "what is no longer good is kept");
    go_on.send("new").unwrap();
    assert_eq!(id(seconds.recv().unwrap()), "new");
    assert_eq!(client.cached().unwrap().access_key_id(), Some("new"));
}
