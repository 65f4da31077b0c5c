//! A URI that returns credentials, as a local agent does.
//!
//! The URI is used verbatim: port, query and user info (sent as Basic authentication) are up to the user.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::config::Config;
use crate::credentials::Credentials;
use crate::credentials::Lead;
use crate::error::{Error, Result};
use crate::host::{Host, Limits, Method, Request, Route, Trust};
use crate::protocol::reply::{Service, Shape, no_hint, rejected};
use crate::protocol::{endpoint, limits, route};
use crate::secret::Secret;

use super::required;
use crate::wording::Words;

/// The longest path segment that messages show.
const LONGEST_PART: usize = 20;

// Singular, unlike the type `credentials_uri`: the official packages use this name, and callers compare with it.
const NAME: &str = "credential_uri";

#[derive(Debug)]
pub(crate) struct CredentialsUri {
    uri: Secret,
    /// The URI without the parts that may be secret.
    shown: String,
    /// The parts that may be secret: a service may echo them.
    secrets: Vec<Secret>,
    limits: Limits,
    route: Route,
}

impl CredentialsUri {
    pub(crate) fn new(config: &Config, host: &Host) -> Result<Self> {
        let empty = "uri or environment variable ALIBABA_CLOUD_CREDENTIALS_URI cannot be empty";
        let given = config.credentials_uri.as_ref().map(Secret::expose);
        let uri = required(given, "ALIBABA_CLOUD_CREDENTIALS_URI", host, Words::common(empty))?;
        let invalid = |why: &str| Error::invalid_config(format!("the credentials URI is not valid: {why}"));
        let parsed = url::Url::parse(uri.trim()).map_err(|error| invalid(&error.to_string()))?;
        if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() {
            return Err(invalid("it must begin with http:// or https:// and name a host"));
        }
        let (secrets, is_loopback) = (secrets_of(&parsed), endpoint::is_loopback(&parsed));
        let mut shown = parsed;
        shown.set_query(None);
        shown.set_fragment(None);
        // These fail only for URLs without a host.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        // Some agents put tokens into the path.
        let path: Vec<&str> =
            shown.path().split('/').map(|part| if part.len() > LONGEST_PART { "***" } else { part }).collect();
        let path = path.join("/");
        shown.set_path(&path);
        Ok(CredentialsUri {
            uri: uri.trim().into(),
            shown: shown.into(),
            secrets,
            limits: limits(config, 5_000, 10_000),
            // Plain HTTP is documented for this source, to any host. A proxy cannot reach this machine for us, and must not
            // see what is on it.
            route: route(config, if is_loopback { "http:" } else { "https:" }),
        })
    }

    /// For the default chain: `None` unless the environment configures it.
    pub(crate) fn from_environment(host: &Host) -> Option<Result<Self>> {
        host.env("ALIBABA_CLOUD_CREDENTIALS_URI").map(|_| CredentialsUri::new(&Config::default(), host))
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        let request = || {
            Ok(Request {
                method: Method::Get,
                url: self.uri.expose().to_owned(),
                headers: Vec::new(),
                body: Secret::new(""),
                limits: self.limits,
                route: self.route.clone(),
                tells_time: false,
                trust: Trust::Usual,
            })
        };
        let secrets: Vec<&str> = self.secrets.iter().map(Secret::expose).collect();
        let service = Service {
            label: &self.shown,
            refused: |uri, status| format!("error refreshing credentials from {uri},  http_code={status}"),
            rejected,
            secrets: &secrets,
            hint: no_hint,
        };
        let shape = Shape { checks_code: true, ..Shape::common(None) };
        let issued = service.fetch(host, request, &shape).await.map_err(|error| error.at_provider(NAME))?;
        Ok(Credentials::issued(issued, NAME, Lead::Sts))
    }
}

/// User and password, the header made from them, the query and its values, and the parts of the path that are not shown,
/// as they are written and decoded. Longest first, so that no secret is cut out of the middle of another.
fn secrets_of(uri: &url::Url) -> Vec<Secret> {
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (user, password, query) = (uri.username(), uri.password().unwrap_or_default(), uri.query().unwrap_or_default());
    let header = BASE64.encode(format!("{}:{}", decoded(user), decoded(password)));
    let mut secrets = vec![header, query.to_owned()];
    let path = uri.path().split('/').filter(|part| part.len() > LONGEST_PART);
    // A token may have no name.
    let values = query.split('&').flat_map(|pair| [pair, pair.split_once('=').map_or("", |(_, value)| value)]);
    for part in [user, password].into_iter().chain(path).chain(values) {
        secrets.extend([part.to_owned(), decoded(part)]);
    }
    // Here, a `+` is a blank.
    secrets.extend(uri.query_pairs().map(|(_, value)| value.into_owned()));
    // Very short values cannot be secrets, and removing them would garble every message.
    secrets.retain(|secret| secret.len() >= 4);
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.into_iter().map(Secret::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_proxy_sees_what_is_on_this_machine() {
        for (uri, route) in [
            ("http://127.0.0.1:7321/token/credentials", Route::Direct),
            ("http://[::1]:7321/token/credentials", Route::Direct),
            ("https://localhost/token/credentials", Route::Direct),
            ("http://agent.internal/credentials", Route::Environment),
            ("https://agent.internal/credentials", Route::Environment),
        ] {
            let config = Config::default().credentials_uri(uri);
            let provider = CredentialsUri::new(&config, &Host::new(crate::wording::Surface::Rust)).unwrap();
            assert_eq!(provider.route, route, "{uri}");
        }
    }

    #[test]
    fn possible_secrets_are_recognized() {
        for (uri, expected) in [
            (
                "http://user:canary%40pass@h/agent?token=canary%2Btoken&v=1",
                &[
                    "user",
                    "canary@pass",
                    "canary%40pass",
                    "canary+token",
                    "canary%2Btoken",
                    "token=canary%2Btoken&v=1",
                    "dXNlcjpjYW5hcnlAcGFzcw==",
                ][..],
            ),
            ("http://canary@h/", &["canary", "Y2FuYXJ5Og=="]),
            ("http://h/?token=canary+token", &["canary token", "canary+token"]),
            ("http://h/?v=1&canary=", &["canary="]),
            ("http://h/canary-in-the-path-of-it%2B/x", &["canary-in-the-path-of-it%2B", "canary-in-the-path-of-it+"]),
        ] {
            let secrets = secrets_of(&url::Url::parse(uri).unwrap());
            let secrets: Vec<&str> = secrets.iter().map(Secret::expose).collect();
            for expected in expected {
                assert!(secrets.contains(expected), "{uri}: {expected}");
            }
            assert!(!secrets.contains(&"1") && !secrets.contains(&"agent"));
        }
    }
}
