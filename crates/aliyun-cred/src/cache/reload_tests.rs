//! Files that change while a client is in use.
#![allow(clippy::disallowed_methods, reason = "these tests write real files")]

use std::fs;
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::single_flight::Flight;
use super::tests::issue;
use super::{Cache, LOOK_EVERY, Outcome};
use crate::config::Config;
use crate::host::fake::Fake;
use crate::host::{Host, Now, System, wall_time};
use crate::provider::{Extras, Provider};
use crate::source::Source;
use crate::text::rfc3339;
use crate::wording::Surface;

const FILE: &str = "/fake/config.json";
const INI: &str = "/fake/credentials.ini";

/// A configuration file with one profile; `base` is its AccessKey ID.
fn write(fake: &Fake, base: &str, mode: &str) {
    let text = format!(
        r#"{{"current": "p", "profiles": [{{"name": "p", "mode": "{mode}", "access_key_id": "{base}",
        "access_key_secret": "s", "ram_role_arn": "acs:ram::1:role/r"}}]}}"#
    );
    fake.write(FILE, &text);
}

fn client<S: System + 'static>(system: &Arc<S>, source: Source, config: &Config) -> Arc<Cache> {
    let host = Host::on(system.clone(), Surface::Rust);
    let provider = Provider::of(source, config, Extras::default(), &host).unwrap();
    Arc::new(Cache::new(provider, host, source.name()))
}

/// A client of that file, whose look is due as soon as so much time has passed.
fn of_file(fake: &Fake, mode: &str) -> (Arc<Cache>, Duration) {
    write(fake, "first", mode);
    fake.pass(Duration::from_secs(1));
    (client(&fake.system, Source::CliProfile, &Config::default().profile_file(FILE)), Duration::from_millis(LOOK_EVERY))
}

/// The AccessKey ID that a call gets.
fn asked(cache: &Arc<Cache>) -> String {
    let credentials = cache.fresh().unwrap_or_else(|| cache.begin().outcome().unwrap().unwrap());
    credentials.access_key_id().unwrap().to_owned()
}

#[test]
fn a_file_is_looked_at_once_in_five_seconds() {
    let fake = Fake::new();
    let (cache, interval) = of_file(&fake, "AK");
    assert_eq!((asked(&cache).as_str(), fake.reads()), ("first", 1));
    write(&fake, "second", "AK");
    fake.pass(interval - Duration::from_millis(1));
    assert_eq!(asked(&cache), "first");
    assert!(cache.fresh_for().unwrap().1 == Duration::from_millis(1));
    fake.pass(Duration::from_millis(1));
    assert!(cache.fresh().is_none());
    assert_eq!((asked(&cache).as_str(), fake.reads()), ("second", 2));
    // Nothing has changed: it is looked at, and not read.
    fake.pass(interval);
    assert_eq!((asked(&cache).as_str(), fake.reads()), ("second", 2));
}

#[test]
fn a_file_that_cannot_be_used_keeps_what_it_had() {
    let fake = Fake::new();
    let (cache, interval) = of_file(&fake, "AK");
    assert_eq!(asked(&cache), "first");
    for broken in [Some("{"), Some("{}"), Some(r#"{"current": "other", "profiles": []}"#), None] {
        match broken {
            Some(text) => fake.write(FILE, text),
            None => fake.remove(FILE),
        }
        fake.pass(interval);
        assert_eq!(asked(&cache), "first", "{broken:?}");
    }
    write(&fake, "second", "AK");
    fake.pass(interval);
    assert_eq!(asked(&cache), "second");
}

#[test]
fn a_file_that_was_just_written_may_be_half() {
    let fake = Fake::new();
    let (cache, interval) = of_file(&fake, "AK");
    assert_eq!(asked(&cache), "first");
    fake.pass(interval);
    write(&fake, "second", "AK");
    assert_eq!(asked(&cache), "first");
    fake.pass(interval);
    assert_eq!(asked(&cache), "second");
    // Also one that was read right after it was written, and then again with the same time.
    write(&fake, "third", "AK");
    cache.invalidate();
    assert_eq!((asked(&cache).as_str(), fake.reads()), ("third", 3));
    fake.pass(interval);
    assert_eq!((asked(&cache).as_str(), fake.reads()), ("third", 4));
    fake.pass(interval);
    assert_eq!((asked(&cache).as_str(), fake.reads()), ("third", 4));
}

#[test]
fn a_changed_base_starts_a_refresh_and_the_session_stays() {
    let fake = Fake::new();
    let (cache, interval) = of_file(&fake, "RamRoleArn");
    let flight = cache.begin();
    issue(&fake, "one", Duration::from_secs(3_600));
    flight.wait(|| None);
    assert_eq!(asked(&cache), "one");
    // Another profile changed: the file is read, and nothing is asked.
    fake.write(FILE, &fake.text(FILE).replace("]}", r#", {"name": "q", "mode": "AK"}]}"#));
    fake.pass(interval);
    assert_eq!((asked(&cache).as_str(), fake.reads()), ("one", 2));
    assert!(fake.asked.try_recv().is_err());
    write(&fake, "second", "RamRoleArn");
    fake.pass(interval);
    assert_eq!(asked(&cache), "one");
    // The service refuses the first request of the new key; the next look repeats it.
    let refused = fake.asked.recv().unwrap();
    assert!(refused.request.url.contains("AccessKeyId=second"));
    let flight = cache.refresh_now();
    refused.reply(503, "");
    flight.wait(|| None);
    assert_eq!(asked(&cache), "one");
    fake.pass(interval);
    assert_eq!(asked(&cache), "one");
    let flight = cache.refresh_now();
    issue(&fake, "two", Duration::from_secs(3_600));
    flight.wait(|| None);
    assert_eq!(asked(&cache), "two");
}

#[test]
fn the_ini_file_is_watched_too() {
    let fake = Fake::new();
    let write = |key: &str| {
        let pair = format!("access_key_id = {key}\naccess_key_secret = s\n");
        fake.write(INI, &format!("[default]\ntype = access_key\n{pair}"));
    };
    write("first");
    fake.pass(Duration::from_secs(1));
    let cache = client(&fake.system, Source::Profile, &Config::default().profile_file(INI));
    assert_eq!(asked(&cache), "first");
    write("second");
    fake.pass(Duration::from_millis(LOOK_EVERY));
    assert_eq!(asked(&cache), "second");
}

#[test]
fn the_key_file_of_an_rsa_pair_is_watched_too() {
    let fake = Fake::new();
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/scenarios/fixtures/pair_key.pem");
    let key = fs::read_to_string(fixture).unwrap();
    fake.write("/fake/key.pem", &key);
    fake.pass(Duration::from_secs(1));
    let config = Config::default().public_key_id("p").private_key_file("/fake/key.pem");
    let cache = client(&fake.system, Source::RsaKeyPair, &config);
    let answer = |id: &str, flight: Arc<Flight<Outcome>>| {
        let expiration = rfc3339(wall_time(fake.now().wall) + Duration::from_secs(3_600));
        let pair = format!(r#""SessionAccessKeyId": "{id}", "SessionAccessKeySecret": "s""#);
        let body = format!(r#"{{"SessionAccessKey": {{{pair}, "Expiration": "{expiration}"}}}}"#);
        fake.asked.recv().unwrap().reply(200, &body);
        flight.wait(|| None);
    };
    answer("one", cache.begin());
    fake.write("/fake/key.pem", "not a key");
    fake.pass(Duration::from_millis(LOOK_EVERY));
    assert_eq!(asked(&cache), "one");
    fake.write("/fake/key.pem", &format!("{key}\n"));
    fake.pass(Duration::from_millis(LOOK_EVERY));
    assert_eq!(asked(&cache), "one");
    answer("two", cache.refresh_now());
    assert_eq!(asked(&cache), "two");
}

/// The real system, on which each look at the clock takes five seconds: every call looks at the file.
#[derive(Debug, Default)]
struct Hurried(AtomicU64);

impl System for Hurried {
    fn now(&self) -> Now {
        Now { monotonic: self.0.fetch_add(LOOK_EVERY, Ordering::Relaxed), ..Now::precise() }
    }

    fn coarse_now(&self) -> Now {
        self.now()
    }
}

/// The folder of a test, removed when it is dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A file whose ID and secret have the same number, and always the same length.
fn numbered(number: usize) -> String {
    let padding = " ".repeat(8_192);
    format!(
        r#"{{"current": "p", "profiles": [{{"name": "p", "mode": "AK", "access_key_id": "k{number:06}",{padding}
        "access_key_secret": "k{number:06}"}}]}}"#
    )
}

/// Asks in eight threads while `rewrite` replaces the file 10,000 times, and now and then waits until it was taken.
fn rewritten(name: &str, rewrite: impl Fn(&Path, &str)) {
    let folder = Folder(std::env::temp_dir().join(format!("aliyun-cred-{name}-{}", std::process::id())));
    fs::create_dir_all(&folder.0).unwrap();
    let path = folder.0.join("config.json");
    fs::write(&path, numbered(0)).unwrap();
    let config = Config::default().profile_file(path.to_str().unwrap());
    let cache = client(&Arc::new(Hurried::default()), Source::CliProfile, &config);
    assert_eq!(asked(&cache), "k000000");
    let (stop, begun) = (AtomicBool::new(false), std::time::Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let asked = std::time::Instant::now();
                    let credentials = cache.begin().wait(|| None).unwrap().expect("never an error");
                    assert_eq!(credentials.access_key_id(), credentials.access_key_secret(), "a mix of two files");
                    // All eight take the time of one processor at most, however slow it is: the one that writes needs some.
                    std::thread::sleep(asked.elapsed() * 8);
                }
            });
        }
        for number in 1..=10_000 {
            rewrite(&path, &numbered(number));
            let expected = format!("k{number:06}");
            while number % 2_500 == 0 && asked(&cache) != expected {
                assert!(begun.elapsed() < Duration::from_secs(60), "the file is not taken");
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn files_that_are_replaced_are_taken_whole() {
    rewritten("replaced", |path, text| {
        let temporary = path.with_extension("new");
        fs::write(&temporary, text).unwrap();
        fs::rename(&temporary, path).unwrap();
    });
}

#[test]
fn files_that_are_written_in_place_are_taken_whole() {
    let turn = AtomicU64::new(0);
    rewritten("written", |path, text| {
        let (first, second) = text.as_bytes().split_at(text.len() / 2);
        // Some programs empty the file first; others write over what is there, in steps.
        let emptied = turn.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
        let mut file = fs::OpenOptions::new().write(true).truncate(emptied).open(path).unwrap();
        file.rewind().unwrap();
        file.write_all(first).unwrap();
        file.write_all(second).unwrap();
    });
}
