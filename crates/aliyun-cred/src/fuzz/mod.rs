//! What `fuzz/` calls with made-up input, and the replay of what it has found. Compiled for tests and with the feature
//! `fuzzing` only.
//!
//! Invariant: a target panics if there is a fault below it: an error that holds a secret, a result that contradicts
//! another, or a panic. Nothing leaves the process.

mod script;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use script::{NOW, SEPARATOR, Script, run};

use crate::cache::refresh_window;
use crate::config::Config;
use crate::credentials::{Credentials, Lead};
use crate::error::{Error, ErrorKind, Result};
use crate::host::{Host, Trust, here, parts as host_parts, unix_seconds, wall_millis};
use crate::profile::cli::ConfigFile;
use crate::profile::{Plan, Store, change, ini as ini_file};
use crate::protocol::endpoint;
use crate::protocol::kms::Kms;
use crate::protocol::reply::{encode, parse_time};
use crate::protocol::rsa::PrivateKey;
use crate::protocol::sts::{API, Call, Parameters, Signer, Sts, regional};
use crate::provider::shared_session::SharedSession;
use crate::provider::{Extras, Provider, parts};
use crate::source::Source;
use crate::text::{decode, key, rfc3339};
use crate::update::NewValues;
use crate::wording::Surface;

/// A name, and what it stands for.
pub type Target = (&'static str, fn(&[u8]));

/// The targets that need nothing but their input.
pub const TARGETS: &[Target] = &[
    ("address", address),
    ("cli_config", cli_config),
    ("cloud_sso", cloud_sso),
    ("command_line", command_line),
    ("command_output", command_output),
    ("credentials_uri", credentials_uri),
    ("ini", ini),
    ("kms", kms),
    ("metadata", metadata),
    ("oauth", oauth),
    ("options", options),
    ("pem", pem),
    ("shared_session", shared_session),
    ("sts", sts),
    ("time", time),
];

/// The secret that no text may hold: in the credential that a request is made with, or in the input.
pub const CANARY: &str = "Kq7ZcanaryVx3nB8mT2pLw9sRf6HdY+/=";

/// In all forms that a service may say it back in.
static CANARIES: LazyLock<[String; 3]> = LazyLock::new(|| {
    let once = encode(CANARY);
    [CANARY.to_owned(), encode(&once), once]
});

fn is_hidden_in(text: &str) -> bool {
    !CANARIES.iter().any(|canary| text.contains(canary))
}

/// The result, once its error has been looked at.
fn hiding<T>(result: Result<T>) -> Option<T> {
    result.inspect_err(assert_hides).ok()
}

fn assert_hides(error: &Error) {
    assert!(is_hidden_in(&error.to_string()) && is_hidden_in(&format!("{error:?}")), "an error shows a secret");
}

/// Checks a credential that was issued, and its schedule.
fn check(credentials: &Credentials, host: &Host) {
    let id = credentials.access_key_id().unwrap_or_default();
    assert!(!id.is_empty() && key(id, "it") == Ok(id), "no key");
    let secret = credentials.access_key_secret().unwrap_or_default();
    assert!(!secret.is_empty() && key(secret, "it") == Ok(secret), "no key");
    assert!(!is_hidden_in(id) || is_hidden_in(&format!("{credentials:?}")), "a credential shows a secret");
    if let Some(end) = credentials.expiration() {
        // The offset is kept in seconds.
        assert!(here(wall_millis(end), credentials.clock_offset()).saturating_add(1_000) > NOW, "it has expired");
    }
    if let Some((from, until)) = refresh_window(credentials, host.now()) {
        assert!(from <= until, "the schedule runs backwards");
    }
}

/// The outcome of a call that was made with the canary as its secret.
fn settle(fetched: Result<Credentials>, host: &Host) {
    if let Some(credentials) = hiding(fetched) {
        check(&credentials, host);
    }
}

fn text(data: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(data)
}

/// The host of a script without any reply.
fn quiet() -> Host {
    Script::of_content(b"").host()
}

fn provider(source: Source, config: &Config) -> Provider {
    Provider::of(source, config, Extras::default(), &quiet()).unwrap_or_else(|error| panic!("{error}"))
}

/// Creates the provider that a file describes.
fn build(plan: &Plan) {
    let store = Store::new(PathBuf::from("/home/user/.aliyun/config.json"));
    if let Some(provider) = hiding(Provider::from_plan(plan, Some(&store), &quiet())) {
        assert!(
            is_hidden_in(&format!("{provider:?}")) || !is_hidden_in(&format!("{plan:?}")),
            "a provider shows a secret"
        );
    }
}

/// `~/.alibabacloud/credentials.ini`, and `~/.oss/credentials`.
pub fn ini(data: &[u8]) {
    let path = Path::new("/home/user/.alibabacloud/credentials.ini");
    let list = hiding(ini_file::list(data, path));
    let plan = hiding(ini_file::plan(data, path, "default"));
    let oss = hiding(ini_file::oss_plan(data, path, "default"));
    assert!(list.is_some() || (plan.is_none() && oss.is_none()), "a file that cannot be listed has a section");
    plan.iter().chain(oss.iter().flatten()).for_each(build);
}

/// `~/.aliyun/config.json`: its profiles, and writing to it.
pub fn cli_config(data: &[u8]) {
    let path = Path::new("/home/user/.aliyun/config.json");
    let values = NewValues {
        sts_token: Some("token".into()),
        sts_expiration: Some(1_800_000_000),
        oauth_refresh_token: Some("refresh".into()),
        ..NewValues::default()
    };
    let changed = hiding(change(data, path, "p", &values));
    let Some(file) = hiding(ConfigFile::parse(data, path)) else { return };
    // A name that another profile refers to is shown.
    let names_canary = file.list().iter().any(|profile| !is_hidden_in(&profile.name));
    for name in [None, Some("p")] {
        match file.plan(name) {
            Ok(plan) => build(&plan),
            Err(error) if !names_canary => assert_hides(&error),
            Err(_) => {}
        }
    }
    let Some(Some(changed)) = changed else { return };
    let tokens = ConfigFile::parse(&changed, path).and_then(|file| file.profile("p")?.oauth_tokens());
    // The other values may be invalid.
    if let Ok(tokens) = tokens {
        assert!(
            tokens.security_token == values.sts_token && tokens.refresh_token == values.oauth_refresh_token,
            "lost"
        );
    }
    assert!(matches!(change(&changed, path, "p", &values), Ok(None)), "it is not what was written");
    let without = |bytes: &[u8]| {
        let mut root: Value = serde_json::from_str(&decode(bytes)?).ok()?;
        for profile in root.get_mut("profiles")?.as_array_mut()? {
            let Some(entries) = profile.as_object_mut() else { continue };
            for name in ["sts_token", "sts_expiration", "oauth_refresh_token"] {
                entries.shift_remove(name);
            }
        }
        // As text: order counts.
        Some(root.to_string())
    };
    assert!(without(data) == without(&changed), "other values have changed");
}

/// Options as JSON, as the C library and the command take them.
pub fn options(data: &[u8]) {
    let text = text(data);
    let is_clean = is_hidden_in(&text);
    let mut config = match Config::from_json(&text) {
        Ok(config) => config,
        // An unknown name is shown.
        Err(error) => {
            let named = matches!(serde_json::from_str(&text), Ok(Value::Object(entries)) if entries.keys().any(|key| !is_hidden_in(key)));
            assert!(named || is_hidden_in(&format!("{error} {error:?}")), "an error shows a secret");
            return;
        }
    };
    if is_clean {
        for secret in [
            &mut config.access_key_secret,
            &mut config.security_token,
            &mut config.bearer_token,
            &mut config.access_token,
            &mut config.refresh_token,
            &mut config.process_command,
            &mut config.proxy,
        ] {
            *secret = secret.take().map(|_| CANARY.into());
        }
        assert!(is_hidden_in(&format!("{config:?}")), "options show a secret");
    }
    let any = Source::ALL.get(data.len() % Source::ALL.len()).copied().unwrap_or(Source::Default);
    let source = Provider::source_of(&config, &Surface::C).unwrap_or(any);
    match Provider::of(source, &config, Extras::default(), &quiet()) {
        Ok(provider) => assert!(!is_clean || is_hidden_in(&format!("{provider:?}")), "a provider shows a secret"),
        Err(error) if is_clean => assert_hides(&error),
        Err(_) => {}
    }
}

/// An external command, by the rules of both kinds of systems.
pub fn command_line(data: &[u8]) {
    let line = text(data);
    for split in [parts::posix, parts::windows] {
        if let Ok(words) = split(&line) {
            let length: usize = words.iter().map(String::len).sum();
            assert!(length <= line.len(), "words from nowhere");
        }
    }
    // What is quoted is one word.
    let quoted = line.split('\'').collect::<Vec<_>>().join("'\\''");
    assert!(parts::posix(&format!("'{quoted}'")).is_ok_and(|words| words == [&*line]), "quotes do not quote");
    if !line.ends_with('\\') && !line.contains("\\\"") {
        let quoted = line.replace('"', "\\\"");
        assert!(parts::windows(&format!("\"{quoted}\"")).is_ok_and(|words| words == [&*line]), "quotes do not quote");
    }
    if let Ok(provider) =
        Provider::of(Source::External, &Config::default().process_command(&*line), Extras::default(), &quiet())
    {
        let host = Script::of_content(br#"{"access_key_id": "id", "access_key_secret": "secret"}"#).host();
        assert!(is_hidden_in(&format!("{provider:?}")), "a provider shows a secret");
        settle(run(provider.fetch(&host)), &host);
    }
}

/// What an external command prints.
pub fn command_output(data: &[u8]) {
    static EXTERNAL: LazyLock<Provider> =
        LazyLock::new(|| provider(Source::External, &Config::default().process_command("command")));
    let host = Script::of_content(data).host();
    settle(run(EXTERNAL.fetch(&host)), &host);
}

fn pair() -> Config {
    Config::default().access_key_id("LTAI").access_key_secret(CANARY).security_token(CANARY)
}

/// Replies of STS. The first byte says to which request.
pub fn sts(data: &[u8]) {
    static ROLE: LazyLock<Provider> =
        LazyLock::new(|| provider(Source::RamRoleArn, &pair().role_arn("acs:ram::1:role/r")));
    static OIDC: LazyLock<Provider> = LazyLock::new(|| {
        let config = Config::default().role_arn("acs:ram::1:role/r").oidc_provider_arn("acs:ram::1:oidc-provider/p");
        provider(Source::OidcRoleArn, &config.oidc_token_file_path("/token"))
    });
    static STS: LazyLock<Option<Sts>> =
        LazyLock::new(|| Sts::new(&Config::default(), &quiet(), "sts.aliyuncs.com").ok());
    let Some((request, replies)) = data.split_first() else { return };
    let host = Script::of_replies(replies).host();
    let Some(service) = &*STS else { return };
    match request {
        b'o' => settle(run(OIDC.fetch(&host)), &host),
        // Without the signature, which takes a millisecond.
        b'k' => {
            let call = Call {
                api: &API,
                provider: "rsa_key_pair",
                action: "GenerateSessionAccessKey",
                form: Parameters::new(),
                signer: Signer::Nobody,
                secrets: &[CANARY],
                trust: Trust::Usual,
            };
            settle(run(service.call(&host, &call, &parts::RSA_SHAPE)), &host);
        }
        b'i' => {
            let signer = Credentials::access_key("LTAI", CANARY, "static_ak");
            if let Some(identity) = hiding(run(service.caller_identity(&host, &signer))) {
                let line = format!("{identity:?}");
                assert!(!line.contains('\n'), "it is more than a line");
            }
        }
        _ => settle(run(ROLE.fetch(&host)), &host),
    }
}

/// Replies of KMS, and the data in its secrets.
pub fn kms(data: &[u8]) {
    static SECRET: LazyLock<Option<Kms>> =
        LazyLock::new(|| Kms::new(&Config::default().secret_name("name").kms_region_id("cn-hangzhou"), &quiet()).ok());
    let signer = Credentials::access_key("LTAI", CANARY, "static_ak").with_token(Some(CANARY.into()));
    let host = Script::of_replies(data).host();
    if let Some(kms) = &*SECRET {
        settle(run(kms.secret_value(&host, &signer, Trust::Usual)), &host);
    }
}

/// Replies of CloudSSO.
pub fn cloud_sso(data: &[u8]) {
    static SESSION: LazyLock<Provider> = LazyLock::new(|| {
        let config = Config::default().sign_in_url("https://signin.example.com/start").account_id("1");
        let config = config.access_config("ac-1").access_token(CANARY).access_token_expire(4_000_000_000_i64);
        provider(Source::CloudSso, &config)
    });
    let host = Script::of_replies(data).host();
    settle(run(SESSION.fetch(&host)), &host);
}

/// Replies of OAuth: a token, and what it is exchanged for. With a `t` in front, the token is refreshed first.
pub fn oauth(data: &[u8]) {
    let Some((request, replies)) = data.split_first() else { return };
    let config = Config::default().sign_in_url("https://oauth.aliyun.com").client_id("1");
    let config = match request {
        b't' => config.refresh_token(CANARY),
        _ => config.access_token(CANARY).access_token_expire(4_000_000_000_i64),
    };
    let script = Script::of_replies(replies);
    let host = script.host();
    let fetched = run(provider(Source::OAuth, &config).fetch(&host));
    // A request with the refresh token has no other secret, and the one after it does not have that.
    match fetched {
        Err(_) if *request == b't' && script.sent().iter().any(|sent| sent.url.ends_with("exchange")) => {}
        fetched => settle(fetched, &host),
    }
}

/// Replies of the metadata service: a token, a role's name, a credential.
pub fn metadata(data: &[u8]) {
    let host = Script::of_replies(data).host();
    match run(provider(Source::EcsRamRole, &Config::default()).fetch(&host)) {
        // A refusal is shown; it holds what the service says, which has no secret of ours but its own token.
        Err(error) => {
            let replies = data.split(|byte| *byte == SEPARATOR).next().unwrap_or_default();
            let token = replies.splitn(2, |byte| *byte == b'\n').nth(1).unwrap_or_default();
            let is_ours = decode(token).is_some_and(|token| token.trim() == CANARY);
            // A redirect is a refusal, too.
            let is_malformed = error.kind() == ErrorKind::MalformedReply && error.http_status() == Some(200);
            if is_ours || is_malformed || error.kind() == ErrorKind::Expired {
                assert_hides(&error);
            }
        }
        Ok(credentials) => check(&credentials, &host),
    }
}

/// A credentials URI in the first line, and replies to it.
pub fn credentials_uri(data: &[u8]) {
    let mut lines = data.splitn(2, |byte| *byte == b'\n');
    let (uri, replies) = (text(lines.next().unwrap_or_default()), lines.next().unwrap_or_default());
    let config = Config::default().credentials_uri(&*uri);
    let Some(provider) = hiding(Provider::of(Source::CredentialUri, &config, Extras::default(), &quiet())) else {
        return;
    };
    assert!(is_hidden_in(&format!("{provider:?}")), "a provider shows a secret");
    let host = Script::of_replies(replies).host();
    let fetched = run(provider.fetch(&host));
    // What the URI does not send as a secret, the service may say, and a part of a longer secret.
    let url = Url::parse(uri.trim()).ok();
    let is_hidden = url.is_some_and(|url| {
        let pairs = url.query().unwrap_or_default().split('&');
        let values = pairs.flat_map(|pair| [pair, pair.split_once('=').map_or("", |(_, value)| value)]);
        let parts = [url.username(), url.password().unwrap_or_default()].into_iter().chain(url.path().split('/'));
        let [plain, _, once] = &*CANARIES;
        let names_canary = url.host_str().is_some_and(|host| host.to_ascii_lowercase().contains("canary"));
        !names_canary && url.fragment().is_none() && parts.chain(values).any(|part| part == plain || part == once)
    });
    match fetched {
        Err(_) if !is_hidden => {}
        fetched => settle(fetched, &host),
    }
}

/// An entry of the shared folder.
pub fn shared_session(data: &[u8]) {
    let host = quiet();
    for lead in [Lead::Sts, Lead::Short] {
        if let Some(credentials) = SharedSession::default().read(data, "ram_role_arn", lead, NOW) {
            check(&credentials, &host);
            assert!(credentials.expiration().is_some(), "it has no end");
        }
    }
}

/// What a private key and certificate authorities may be read from.
pub fn pem(data: &[u8]) {
    hiding(PrivateKey::parse(&text(data)));
    hiding(host_parts::authorities(data));
}

/// Endpoints, proxies and regions; and, in two lines, the proxy's exceptions and a URL.
pub fn address(data: &[u8]) {
    let given = text(data);
    for url in [endpoint::service("STS endpoint", &given), endpoint::origin("sign-in URL", &given)] {
        if let Some(url) = hiding(url) {
            assert!(url.ends_with('/') && !url.contains(['?', '#', '@']), "it has more than a host and a port");
            assert!(endpoint::service("STS endpoint", &url) == Ok(url), "it is another one when it is read again");
        }
    }
    hiding(host_parts::proxy(&given));
    if let Some(host) = hiding(regional("STS", "sts", &given)) {
        hiding(endpoint::service("STS endpoint", &host));
    }
    let (list, url) = given.split_once('\n').unwrap_or((&*given, "https://sts.aliyuncs.com/"));
    host_parts::no_proxy(list, url);
}

/// Points of time: in replies, in the `Date` of a reply, and as we write them.
pub fn time(data: &[u8]) {
    let given = text(data);
    if let Some(time) = parse_time(&given) {
        if let Ok(other) = given.trim().parse::<Timestamp>() {
            let seconds = other.as_second().max(0);
            assert_eq!(unix_seconds(time), Some(seconds), "another library reads another time");
        }
        // The last year that can be written has four digits.
        let written = rfc3339(time);
        let again = parse_time(&written).and_then(unix_seconds);
        assert!(again == unix_seconds(time) || time > SystemTime::from(Timestamp::MAX), "differs: {written}");
    }
    if let Some(date) = host_parts::date(&given) {
        let written = rfc3339(date);
        assert!(parse_time(&written).and_then(unix_seconds) == Some(unix_seconds(date).unwrap_or(0)), "{written}");
    }
}

/// Reads the parameters of a POST from its query and its form, if they are signed with a secret.
pub type Read = fn(query: &str, form: &str, secret: &str) -> Option<Vec<(String, String)>>;

/// A signed request for a role, whose options and AccessKey are in the input, separated by NUL characters. `read` is
/// another implementation of the protocol.
pub fn signature(data: &[u8], read: Read) {
    let input = text(data);
    let mut fields = input.split('\0').map(str::to_owned);
    let mut field = || fields.next().unwrap_or_default();
    let (id, secret, token) = (field(), field(), field());
    let (role, policy, external_id, name) = (field(), field(), field(), field());
    let config = Config::default().access_key_id(&*id).access_key_secret(&*secret).security_token(&*token);
    let config = config.role_arn(&*role).policy(&*policy).external_id(&*external_id).role_session_name(&*name);
    let Ok(provider) = Provider::of(Source::RamRoleArn, &config, Extras::default(), &quiet()) else { return };
    let script = Script::of_replies(b"");
    assert!(run(provider.fetch(&script.host())).is_err(), "a credential from nowhere");
    let Some(sent) = script.sent().pop() else { return };
    let (_, query) = sent.url.split_once('?').unwrap_or_default();
    let read = read(query, sent.body.expose(), secret.trim());
    let read = read.unwrap_or_else(|| panic!("another implementation computes another signature"));
    for (name, given) in [
        ("AccessKeyId", id.trim()),
        ("SecurityToken", token.trim()),
        ("RoleArn", role.as_str()),
        ("Policy", policy.as_str()),
        ("ExternalId", external_id.as_str()),
        ("RoleSessionName", name.as_str()),
    ] {
        let is_there = read.iter().any(|(known, value)| known == name && value == given);
        assert!(given.is_empty() || is_there, "{name} differs");
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "reads the corpora")]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::panic::catch_unwind;
    use std::path::PathBuf;

    use super::*;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
    }

    fn names(folder: &str) -> BTreeSet<String> {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn every_input_that_was_found_passes() {
        fn signature(data: &[u8]) {
            super::signature(data, aliyun_cred_emulator::signed_parameters);
        }
        let own: &[Target] = &[("signature", signature)];
        let mut replayed = 0;
        for (name, target) in TARGETS.iter().chain(own) {
            for entry in fs::read_dir(root().join("corpus").join(name)).unwrap() {
                let path = entry.unwrap().path();
                let input = fs::read(&path).unwrap();
                assert!(catch_unwind(|| target(&input)).is_ok(), "{} fails", path.display());
                replayed += 1;
            }
        }
        assert!(replayed > 100, "the corpora are not where they are looked for");
    }

    #[test]
    fn every_target_has_a_program_and_a_corpus() {
        let mut expected: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
        // The one needs the emulator, the other is the command's.
        expected.extend(["signature", "serve"].map(str::to_owned));
        assert_eq!((names("fuzz_targets"), names("corpus")), (expected.clone(), expected));
    }
}
