//! Clients that need more than options: custom providers, chained roles, sources by name, update callbacks.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![allow(clippy::disallowed_methods, reason = "a test is not the core")]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use aliyun_cred::{Client, Config, Credentials, Error, ErrorKind, Source};
use aliyun_cred_emulator::{DEFAULT_ACCESS_KEYS, Emulator};

const ROLE: &str = "acs:ram::1000000000000001:role/";

/// Sends a document to the emulator's control interface.
fn control(emulator: &Emulator, method: &str, path: &str, document: &str) -> String {
    let mut stream = TcpStream::connect(emulator.addresses().control.split("://").nth(1).unwrap()).unwrap();
    let length = document.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{document}"
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    reply
}

fn role(emulator: &Emulator, name: &str) -> Config {
    Config::default().role_arn(format!("{ROLE}{name}")).sts_endpoint(emulator.addresses().sts_http.as_str())
}

fn key() -> Credentials {
    Credentials::from_parts(DEFAULT_ACCESS_KEYS[0].id, DEFAULT_ACCESS_KEYS[0].secret)
}

/// A provider that counts its calls, and whose credential lasts for an hour.
fn counted(lasting: bool) -> (Arc<AtomicUsize>, impl Fn() -> aliyun_cred::Result<Credentials>) {
    let count = Arc::new(AtomicUsize::new(0));
    let asked = count.clone();
    let ask = move || {
        asked.fetch_add(1, Ordering::SeqCst);
        let hour = SystemTime::now() + Duration::from_secs(3600);
        Ok(if lasting { key().with_expiration(hour) } else { key() })
    };
    (count, ask)
}

#[test]
fn a_provider_is_called_every_time_unless_its_credential_expires() {
    for (lasting, asked) in [(false, 3), (true, 1)] {
        let (count, ask) = counted(lasting);
        let client = Client::from_blocking("vault", ask);
        for _ in 0..3 {
            let credentials = client.credentials_blocking().unwrap();
            assert_eq!((credentials.type_name(), credentials.provider_name()), ("vault", Some("vault")));
        }
        assert_eq!(count.load(Ordering::SeqCst), asked);
        assert_eq!(client.cached().is_some(), lasting);
    }
}

#[test]
fn callers_that_arrive_together_ask_a_provider_once() {
    const THREADS: usize = 16;
    let (count, ask) = counted(true);
    let client = Client::from_blocking("vault", ask);
    let barrier = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                barrier.wait();
                assert!(client.credentials_blocking().is_ok());
            });
        }
    });
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn a_providers_own_error_comes_through() {
    let down = || Err(Error::from_provider(ErrorKind::Unavailable, "the vault is sealed; unseal it"));
    let error = Client::from_blocking("vault", down).credentials_blocking().unwrap_err();
    assert_eq!((error.kind(), error.provider()), (ErrorKind::Unavailable, Some("vault")));
    assert_eq!(error.message(), "the vault is sealed; unseal it");
}

#[test]
fn roles_are_assumed_one_on_top_of_another() {
    let emulator = Emulator::start(None).unwrap();
    let document = format!(
        r#"{{"roles": [{{"arn": "{ROLE}first", "external_id": "one"}}, {{"arn": "{ROLE}second", "external_id": "two"}}]}}"#
    );
    control(&emulator, "POST", "/reset", &document);
    let (count, ask) = counted(false);
    let base = Client::from_blocking("vault", ask);
    let first = base.assume_role(&role(&emulator, "first").external_id("one")).unwrap();
    let second = first.assume_role(&role(&emulator, "second").external_id("two")).unwrap();
    let credentials = second.credentials_blocking().unwrap();
    assert_eq!(credentials.provider_name(), Some("ram_role_arn/ram_role_arn/vault"));
    assert_eq!(second.type_name(), "ram_role_arn");
    // The base was asked on behalf of the role, and is cached as usual.
    assert!(first.cached().is_some());
    assert!(second.credentials_blocking().is_ok() && first.credentials_blocking().is_ok());
    assert_eq!(count.load(Ordering::SeqCst), 1);
    let refused = first.assume_role(&role(&emulator, "second").external_id("one")).unwrap().credentials_blocking();
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Denied);
}

/// It would wait for itself until a time limit ran out.
#[test]
fn a_provider_that_asks_its_own_client_gets_an_error() {
    let client: Arc<OnceLock<Client>> = Arc::default();
    let blocking = client.clone();
    client
        .set(Client::from_blocking("vault", move || {
            blocking.get().unwrap().credentials_blocking().map(|credentials| (*credentials).clone())
        }))
        .unwrap();
    assert_eq!(client.get().unwrap().credentials_blocking().unwrap_err().kind(), ErrorKind::Recursion);

    let client: Arc<OnceLock<Client>> = Arc::default();
    let future = client.clone();
    client
        .set(Client::from_async("vault", move || {
            let client = future.get().unwrap().clone();
            async move { client.credentials().await.map(|credentials| (*credentials).clone()) }
        }))
        .unwrap();
    assert_eq!(client.get().unwrap().credentials_blocking().unwrap_err().kind(), ErrorKind::Recursion);
}

#[test]
fn a_provider_that_asks_a_role_on_top_of_itself_gets_an_error() {
    let emulator = Emulator::start(None).unwrap();
    let on_top: Arc<OnceLock<Client>> = Arc::default();
    let asked = on_top.clone();
    let base = Client::from_blocking("vault", move || {
        asked.get().unwrap().credentials_blocking().map(|credentials| (*credentials).clone())
    });
    on_top.set(base.assume_role(&role(&emulator, "reader")).unwrap()).unwrap();
    assert_eq!(on_top.get().unwrap().credentials_blocking().unwrap_err().kind(), ErrorKind::Recursion);
    assert_eq!(base.credentials_blocking().unwrap_err().kind(), ErrorKind::Recursion);
}

/// A callback is not part of the refresh that completes it.
#[test]
fn a_callback_may_ask_the_client_again() {
    let client = Client::from_blocking("vault", || Ok(key()));
    let (tell, told) = std::sync::mpsc::channel();
    let again = client.clone();
    client.credentials_then(move |_| again.credentials_then(move |outcome| tell.send(outcome.is_ok()).unwrap()));
    assert!(told.recv().unwrap());
}

/// The refresh would complete on the thread that the call blocks.
#[test]
fn a_callback_that_would_wait_gets_an_error() {
    let client = Client::from_blocking("vault", || Ok(key()));
    let (held, asked_meanwhile) = (Arc::new(Barrier::new(2)), Client::from_blocking("vault", || Ok(key())));
    let (tell, told) = std::sync::mpsc::channel();
    let hold = held.clone();
    let slow = Client::from_blocking("slow", move || {
        hold.wait();
        Ok(key())
    });
    slow.credentials_then(move |_| {
        let waiting = client.credentials_blocking().unwrap_err();
        let limited = client.credentials_within(Duration::from_secs(1)).unwrap_err();
        let not_waiting = asked_meanwhile.credentials_within(Duration::ZERO).unwrap_err();
        tell.send([waiting.kind(), limited.kind(), not_waiting.kind()]).unwrap();
    });
    held.wait();
    assert_eq!(told.recv().unwrap(), [ErrorKind::Recursion, ErrorKind::Recursion, ErrorKind::Timeout]);
}

/// Held by tests that need every concurrency slot.
static ALL_SLOTS: Mutex<()> = Mutex::new(());

/// Even if the library cannot see that the provider blocks.
#[test]
fn providers_that_wait_for_a_callback_release_their_slots() {
    let _all = ALL_SLOTS.lock();
    let all_here = Arc::new(Barrier::new(4));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (all_here, inner) = (all_here.clone(), Client::from_blocking("inner", || Ok(key())));
            let outer = Client::from_blocking("outer", move || {
                all_here.wait();
                let (tell, told) = std::sync::mpsc::channel();
                inner.credentials_then(move |outcome| tell.send(outcome).unwrap());
                told.recv().unwrap().map(|given| (*given).clone())
            });
            std::thread::spawn(move || {
                outer.credentials_blocking().map(|given| given.provider_name().map(str::to_owned))
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap().unwrap().as_deref(), Some("inner"));
    }
}

/// Whatever else hangs: a rotated token that is not stored is lost.
#[test]
fn an_update_callback_needs_no_slot() {
    let _all = ALL_SLOTS.lock();
    let emulator = Emulator::start(None).unwrap();
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let (wait, all_here) = (Arc::new(Mutex::new(wait)), Arc::new(Barrier::new(5)));
    for _ in 0..4 {
        let (wait, all_here) = (wait.clone(), all_here.clone());
        let hanging = Client::from_blocking("hanging", move || {
            all_here.wait();
            let _ = wait.lock().unwrap().recv();
            Ok(key())
        });
        hanging.credentials_then(|_| {});
    }
    all_here.wait();
    let (client, told) = oauth(&emulator);
    client.credentials_blocking().unwrap();
    assert_eq!(told.lock().unwrap().len(), 2);
    drop(go_on);
}

#[test]
fn roles_stand_on_one_another_up_to_a_thousand() {
    let emulator = Emulator::start(None).unwrap();
    let reader = role(&emulator, "reader");
    let mut client = Client::from_blocking("vault", || Ok(key()));
    for _ in 0..1_000 {
        client = client.assume_role(&reader).unwrap();
    }
    assert_eq!(client.assume_role(&reader).unwrap_err().kind(), ErrorKind::InvalidConfig);
    let name = client.credentials_blocking().unwrap().provider_name().unwrap().to_owned();
    assert_eq!(name.matches("ram_role_arn/").count(), 1_000);
    // A refresh in the background must not exhaust a stack either.
    client.invalidate();
    let (tell, told) = std::sync::mpsc::channel();
    client.credentials_then(move |outcome| tell.send(outcome.is_ok()).unwrap());
    assert!(told.recv().unwrap());
    // Nor freeing the clients.
    let little = std::thread::Builder::new().stack_size(128 << 10);
    little.spawn(move || drop(client)).unwrap().join().unwrap();
}

/// The earlier credential has been replaced, although the new one is not cached.
#[test]
fn a_provider_may_stop_setting_an_expiration() {
    let count = AtomicUsize::new(0);
    let client = Client::from_blocking("vault", move || {
        let hour = SystemTime::now() + Duration::from_secs(3600);
        Ok(if count.fetch_add(1, Ordering::SeqCst) == 0 { key().with_expiration(hour) } else { key() })
    });
    assert!(client.credentials_blocking().unwrap().expiration().is_some() && client.cached().is_some());
    client.invalidate();
    for _ in 0..2 {
        assert!(client.credentials_blocking().unwrap().expiration().is_none() && client.cached().is_none());
    }
}

#[test]
fn a_panic_before_the_future_is_an_error() {
    async fn never() -> aliyun_cred::Result<Credentials> {
        Ok(key())
    }
    let here = std::thread::current().id();
    let client = Client::from_async("mine", move || {
        assert_eq!(std::thread::current().id(), here, "it is not called where it is asked");
        never()
    });
    let error = client.credentials_blocking().unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Internal, "the provider 'mine' panicked"));
}

/// As at program exit: calls still work after the thread-locals are gone.
#[test]
fn a_thread_that_is_ending_may_ask() {
    struct Last(std::cell::RefCell<Option<Box<dyn FnOnce() + Send>>>);
    impl Drop for Last {
        fn drop(&mut self) {
            self.0.take().into_iter().for_each(|ask| ask());
        }
    }
    // One is created before the library's own and one after, so that both destruction orders are tested.
    thread_local! {
        static BEFORE: Last = const { Last(std::cell::RefCell::new(None)) };
        static AFTER: Last = const { Last(std::cell::RefCell::new(None)) };
    }
    let (_, ask) = counted(true);
    let cached = Client::from_blocking("vault", ask);
    cached.credentials_blocking().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let asking = |tell: std::sync::mpsc::Sender<_>| {
        let cached = cached.clone();
        move || {
            let nested = Client::from_blocking("inner", || Ok(key()));
            let cold =
                Client::from_blocking("outer", move || nested.credentials_blocking().map(|given| (*given).clone()));
            let (callback, called) = std::sync::mpsc::channel();
            cold.credentials_then(move |outcome| callback.send(outcome.is_ok()).unwrap());
            let given = [cached.cached().is_some(), cold.credentials_blocking().is_ok(), called.recv().unwrap()];
            tell.send(given).unwrap();
        }
    };
    let (before, after) = (asking(tell.clone()), asking(tell));
    let thread = std::thread::spawn({
        let cached = cached.clone();
        move || {
            BEFORE.with(|last| last.0.replace(Some(Box::new(before))));
            cached.credentials_blocking().unwrap();
            AFTER.with(|last| last.0.replace(Some(Box::new(after))));
        }
    });
    thread.join().unwrap();
    assert_eq!(told.iter().collect::<Vec<_>>(), [[true; 3]; 2]);
}

/// The updates: refresh tokens, and the AccessKey IDs that came with them.
type Told = Arc<Mutex<Vec<(String, Option<String>)>>>;

/// A session of the emulator's OAuth service, and its updates.
fn oauth(emulator: &Emulator) -> (Client, Told) {
    let settings = r#"{"oauth": {"client_ids": ["app"], "refresh_token": "canary-first"}}"#;
    control(emulator, "POST", "/reset", settings);
    let told: Told = Arc::default();
    let heard = told.clone();
    let config = Config::default()
        .sign_in_url(emulator.addresses().sts_http.as_str())
        .client_id("app")
        .refresh_token("canary-first");
    let client = Client::builder()
        .source(Source::OAuth)
        .config(&config)
        .on_update(move |update| {
            assert!(update.access_token().is_some() && update.access_token_expiration() > Some(std::time::UNIX_EPOCH));
            assert!(!format!("{update:?}").contains("canary"), "a secret shows");
            let id = update.access_key_id().map(str::to_owned);
            assert_eq!(id.is_some(), update.security_token().is_some() && update.expiration().is_some());
            heard.lock().unwrap().push((update.refresh_token().unwrap().to_owned(), id));
        })
        .build()
        .unwrap();
    (client, told)
}

#[test]
fn updates_come_with_the_rotation_and_with_the_exchange() {
    let emulator = Emulator::start(None).unwrap();
    let (client, told) = oauth(&emulator);
    let credentials = client.credentials_blocking().unwrap();
    assert_eq!((credentials.type_name(), credentials.provider_name()), ("oauth", Some("oauth")));
    let told = told.lock().unwrap();
    assert!(told.len() == 2 && told[0].0 == told[1].0 && told[0].0 != "canary-first", "differs");
    assert_eq!((told[0].1.as_deref(), told[1].1.as_deref()), (None, credentials.access_key_id()));
}

#[test]
fn rotated_tokens_are_delivered_although_the_exchange_fails() {
    let emulator = Emulator::start(None).unwrap();
    let (client, told) = oauth(&emulator);
    control(
        &emulator,
        "PATCH",
        "/state",
        r#"{"faults": [{"service": "oauth", "action": "exchange", "status": 500, "code": "x"}]}"#,
    );
    assert_eq!(client.credentials_blocking().unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(told.lock().unwrap().len(), 1);
}

#[test]
fn a_panic_in_the_update_callback_does_not_cost_the_credential() {
    let emulator = Emulator::start(None).unwrap();
    control(&emulator, "POST", "/reset", r#"{"oauth": {"client_ids": ["app"], "refresh_token": "canary-first"}}"#);
    let url = emulator.addresses().sts_http.as_str();
    let config = Config::default().sign_in_url(url).client_id("app").refresh_token("canary-first");
    let client =
        Client::builder().source(Source::OAuth).config(&config).on_update(|_| panic!("on purpose")).build().unwrap();
    assert!(client.credentials_blocking().is_ok());
}

#[cfg(unix)]
#[test]
fn a_command_delivers_every_new_credential() {
    let count = Arc::new(AtomicUsize::new(0));
    let told = count.clone();
    let command = r#"sh -c 'printf "{\"mode\":\"AK\",\"access_key_id\":\"id\",\"access_key_secret\":\"s\"}"'"#;
    let client = Client::builder()
        .source(Source::External)
        .config(&Config::default().process_command(command))
        .on_update(move |update| {
            assert_eq!(
                (update.access_key_id(), update.security_token(), update.expiration()),
                (Some("id"), None, None)
            );
            told.fetch_add(1, Ordering::SeqCst);
        })
        .build()
        .unwrap();
    for _ in 0..3 {
        assert_eq!(client.credentials_blocking().unwrap().provider_name(), Some("external"));
    }
    assert_eq!(count.load(Ordering::SeqCst), 1, "it printed the same every time");
}

#[test]
fn sources_go_by_their_names() {
    let config = Config::default()
        .access_key_id("id")
        .access_key_secret("s")
        .security_token("t")
        .bearer_token("b")
        .role_arn("acs:ram::1:role/r")
        .oidc_provider_arn("acs:ram::1:oidc-provider/p")
        .oidc_token_file_path("/nowhere")
        .credentials_uri("http://127.0.0.1:1/")
        .sign_in_url("https://example.com")
        .account_id("1")
        .access_config("c")
        .access_token("a")
        .access_token_expire(1_i64 << 40)
        .client_id("app")
        .process_command("true")
        .secret_name("app/key")
        .kms_region_id("cn-hangzhou");
    let needs_a_key_pair = Source::RsaKeyPair;
    for source in Source::ALL.iter().filter(|source| **source != needs_a_key_pair) {
        let client = Client::builder().source(*source).config(&config).build().unwrap();
        assert_eq!(client.type_name(), source.name());
    }
    let error = Client::builder().source(needs_a_key_pair).config(&config).build().unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::InvalidConfig, "public_key_id cannot be empty"));
}

#[test]
fn unused_extras_are_rejected() {
    let base = Client::from_blocking("vault", || Ok(key()));
    let with_base = Client::builder().source(Source::StaticAk).base(&base).build().unwrap_err();
    assert_eq!(
        with_base.message(),
        "the source 'static_ak' was given a base, which only ram_role_arn and kms_secret have"
    );
    let with_listener = Client::builder().on_update(|_| ()).build().unwrap_err();
    assert_eq!(
        with_listener.message(),
        "the source 'default' was given a listener for updates, which only oauth and external have"
    );
    let custom = || Client::builder().blocking_provider("vault", || Ok(key()));
    let config = Config::default();
    for builder in
        [custom().source(Source::StaticAk), custom().config(&config), custom().base(&base), custom().on_update(|_| ())]
    {
        assert_eq!(
            builder.build().unwrap_err().message(),
            "a custom provider takes no source, no options, no base and no listener for updates"
        );
    }
    assert!(custom().on_event(|_| ()).build().is_ok());
}

#[test]
fn a_failed_base_of_a_secret_has_a_path() {
    let vault = Client::from_blocking("vault", || Err(Error::from_provider(ErrorKind::Denied, "sealed")));
    let config = Config::default().secret_name("app/key").kms_region_id("cn-hangzhou");
    let client = Client::builder().source(Source::KmsSecret).config(&config).base(&vault).build().unwrap();
    let error = client.credentials_blocking().unwrap_err();
    assert_eq!((error.kind(), error.provider()), (ErrorKind::Denied, Some("kms_secret/vault")));
    let report = client.explain_blocking().unwrap();
    assert_eq!(report.sources[0].failed_at.as_deref(), Some("kms_secret/vault"));
}

#[test]
fn profiles_are_found_by_name_in_the_file_that_is_named() {
    let folder = std::env::temp_dir().join(format!("aliyun-cred-test-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let profile =
        |name: &str| format!(r#"{{"name":"{name}","mode":"AK","access_key_id":"{name}-id","access_key_secret":"s"}}"#);
    let cli = folder.join("config.json");
    std::fs::write(&cli, format!(r#"{{"current":"one","profiles":[{},{}]}}"#, profile("one"), profile("two"))).unwrap();
    let ini = folder.join("credentials.ini");
    std::fs::write(&ini, "[two]\ntype = access_key\naccess_key_id = two-id\naccess_key_secret = s\n").unwrap();
    for (source, file, name) in
        [(Source::CliProfile, &cli, "cli_profile/static_ak"), (Source::Profile, &ini, "profile/static_ak")]
    {
        let config = Config::default().profile_file(file.display().to_string()).profile_name("two");
        let client = Client::builder().source(source).config(&config).build().unwrap();
        let credentials = client.credentials_blocking().unwrap();
        assert_eq!((credentials.access_key_id(), credentials.provider_name()), (Some("two-id"), Some(name)));
    }
    std::fs::remove_dir_all(folder).unwrap();
}
