//! STS's RPC protocol: where it is, how a request is signed and sent, how an answer is read.
//!
//! The protocol: <https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism>.
//! Invariant: nothing of a request or of an answer reaches an error text but `Code`, `Message` and `RequestId`, and
//! of these every secret of the request is cut out.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;

use crate::config::Config;
use crate::credentials::{Credentials, Freshness, Lead, Secret};
use crate::error::{Error, ErrorKind, Result};
use crate::host::{Host, Limits, Method, Request, Response, Route};

const DEFAULT_HOST: &str = "sts.aliyuncs.com";
const VERSION: &str = "2015-04-01";

/// Everything but the unreserved characters of RFC 3986, as the signature demands.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Where STS is and how to reach it.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    url: String,
    limits: Limits,
    route: Route,
}

impl Service {
    /// From options and environment: `sts_endpoint`, `ALIBABA_CLOUD_STS_ENDPOINT`, the region of the options,
    /// `ALIBABA_CLOUD_STS_REGION`, then the default host.
    pub(crate) fn new(config: &Config, host: &Host) -> Result<Self> {
        let given = |option: &Option<String>| option.clone().filter(|value| !value.is_empty());
        let endpoint = given(&config.sts_endpoint).or_else(|| host.env("ALIBABA_CLOUD_STS_ENDPOINT"));
        let region = given(&config.sts_region_id).or_else(|| host.env("ALIBABA_CLOUD_STS_REGION"));
        let vpc = config.enable_vpc.unwrap_or_else(|| host.env_flag("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED"));
        let url = match (endpoint, region) {
            (Some(endpoint), _) => endpoint_url(&endpoint)?,
            (None, Some(region)) if vpc => endpoint_url(&format!("sts-vpc.{region}.aliyuncs.com"))?,
            (None, Some(region)) => endpoint_url(&format!("sts.{region}.aliyuncs.com"))?,
            (None, None) => endpoint_url(DEFAULT_HOST)?,
        };
        let route = given(&config.proxy).map_or(Route::Environment, Route::Through);
        Ok(Service { url, limits: config.limits(5_000, 10_000), route })
    }

    /// The host, for error texts.
    fn host(&self) -> &str {
        self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest.trim_end_matches('/'))
    }

    /// Sends `action` signed with `signer`, `form` in the body, and reads the credential out of the answer.
    pub(crate) async fn call(&self, host: &Host, call: Call<'_>) -> Result<Credentials> {
        let timestamp = iso8601(host.now().wall);
        let nonce = uuid::Uuid::new_v4().to_string();
        let query = signed_query(&call, &timestamp, &nonce);
        let mut headers = vec![("Content-Type", "application/x-www-form-urlencoded".to_owned())];
        if let Some(provider) = call.signer.provider_name() {
            headers.push(("x-acs-credentials-provider", provider.to_owned()));
        }
        let request = Request {
            method: Method::Post,
            url: format!("{}?{}", self.url, join(&query)),
            headers,
            body: join(&call.form),
            limits: self.limits,
            route: self.route.clone(),
        };
        let name = call.provider;
        let response = host.http(request).await.map_err(|failure| {
            let hint = match failure.kind {
                ErrorKind::Tls => "; set SSL_CERT_FILE if your network has its own certificate authority",
                ErrorKind::Unavailable | ErrorKind::Timeout => "; check the network, the proxy and the STS endpoint",
                _ => "",
            };
            let host = self.host();
            Error::new(
                failure.kind,
                format!("error refreshing credentials from {name}: {host}: {}{hint}", failure.text),
            )
        })?;
        read_answer(&call, &response, host.now().wall)
    }
}

/// One call of STS.
pub(crate) struct Call<'a> {
    /// The source on whose behalf, for texts.
    pub(crate) provider: &'static str,
    pub(crate) action: &'static str,
    pub(crate) form: BTreeMap<&'static str, String>,
    pub(crate) signer: &'a Credentials,
}

impl Call<'_> {
    /// Cuts every secret of this call out of what the service said; a refused signature echoes them.
    fn redact(&self, text: &str) -> String {
        let signer = self.signer;
        let mut text = text.to_owned();
        for secret in [signer.access_key_secret(), signer.security_token()].into_iter().flatten() {
            let mut form = secret.to_owned();
            for _ in 0..3 {
                if !form.is_empty() {
                    text = text.replace(&form, "***");
                }
                form = encode(&form);
            }
        }
        text.replace(['\n', '\r'], " ")
    }
}

/// An endpoint as users write it (a host, a host with port, or a URL) as the URL that requests go to.
///
/// Plain HTTP is for loopback addresses only, so that an emulator can stand in.
fn endpoint_url(endpoint: &str) -> Result<String> {
    let invalid = |why: &str| {
        Error::invalid_config(format!(
            "invalid STS endpoint '{endpoint}': {why}; give a host such as {DEFAULT_HOST}, a host with port, or an https:// URL"
        ))
    };
    let text = endpoint.trim();
    let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = url::Url::parse(&full).map_err(|error| invalid(&error.to_string()))?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && matches!(url.path(), "" | "/");
    if !bare {
        return Err(Error::invalid_config(
            "invalid STS endpoint: it has more than a host and a port; leave out user, path and query",
        ));
    }
    let loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => return Err(invalid("it has no host")),
    };
    match url.scheme() {
        "https" => Ok(url.into()),
        "http" if loopback => Ok(url.into()),
        "http" => {
            Err(invalid("plain http would show the signed request to the network; it is for loopback addresses only"))
        }
        _ => Err(invalid("STS is spoken over https")),
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

fn join(parameters: &BTreeMap<&'static str, String>) -> String {
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

/// Signature version 1.0: the query to send, signature included.
fn signed_query(call: &Call<'_>, timestamp: &str, nonce: &str) -> BTreeMap<&'static str, String> {
    let mut query: BTreeMap<&'static str, String> = BTreeMap::from([
        ("Action", call.action.to_owned()),
        ("Format", "JSON".to_owned()),
        ("Version", VERSION.to_owned()),
        ("Timestamp", timestamp.to_owned()),
        ("SignatureNonce", nonce.to_owned()),
        ("SignatureMethod", "HMAC-SHA1".to_owned()),
        ("SignatureVersion", "1.0".to_owned()),
        ("AccessKeyId", call.signer.access_key_id().unwrap_or_default().to_owned()),
    ]);
    if let Some(token) = call.signer.security_token() {
        query.insert("SecurityToken", token.to_owned());
    }
    let mut signed = query.clone();
    signed.extend(call.form.iter().map(|(name, value)| (*name, value.clone())));
    let text = string_to_sign("POST", &signed);
    query.insert("Signature", hmac_sha1(call.signer.access_key_secret().unwrap_or_default(), &text));
    query
}

fn string_to_sign(method: &str, parameters: &BTreeMap<&'static str, String>) -> String {
    format!("{method}&%2F&{}", encode(&join(parameters)))
}

/// HMAC-SHA1 under the secret with `&` behind it, in Base64.
fn hmac_sha1(secret: &str, text: &str) -> String {
    let key = Secret::new(format!("{secret}&"));
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key.expose().as_bytes()) else { return String::new() };
    mac.update(text.as_bytes());
    BASE64.encode(mac.finalize().into_bytes())
}

fn iso8601(unix_ms: u64) -> String {
    let seconds = i64::try_from(unix_ms / 1000).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX).to_string()
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    credentials: Option<Issued>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Issued {
    access_key_id: Option<String>,
    access_key_secret: Option<String>,
    security_token: Option<String>,
    expiration: Option<String>,
}

fn read_answer(call: &Call<'_>, response: &Response, now: u64) -> Result<Credentials> {
    let name = call.provider;
    if response.status != 200 {
        return Err(refused(call, response));
    }
    let malformed = |why: &str| {
        Error::new(
            ErrorKind::MalformedReply,
            format!(
                "error retrieving credentials from {name} result: {why}; is something else answering in place of STS?"
            ),
        )
        .with_service(response.status, None, None)
    };
    let answer: Answer =
        serde_json::from_slice(&response.body).map_err(|_| malformed("the answer is not the JSON of a credential"))?;
    let issued = answer.credentials.ok_or_else(|| malformed("the answer has no Credentials"))?;
    let missing = |field: &str| malformed(&format!("Credentials.{field} is missing or empty"));
    let filled = |text: &String| !text.is_empty() && !text.contains('\0');
    let id = issued.access_key_id.filter(filled).ok_or_else(|| missing("AccessKeyId"))?;
    let secret = issued.access_key_secret.filter(filled).ok_or_else(|| missing("AccessKeySecret"))?;
    let token = issued.security_token.filter(filled).ok_or_else(|| missing("SecurityToken"))?;
    let expiration = issued.expiration.filter(filled).ok_or_else(|| missing("Expiration"))?;
    let at = parse_time(&expiration).ok_or_else(|| malformed("Credentials.Expiration is not a point of time"))?;
    if crate::host::wall_millis(at) <= now {
        return Err(Error::new(
            ErrorKind::Expired,
            format!(
                "error retrieving credentials from {name} result: the credential has already expired; is this machine's clock right?"
            ),
        ));
    }
    Ok(Credentials::access_key(id, secret, name)
        .with_token(Some(token.into()))
        .with_freshness(Freshness::Expires { at, lead: Lead::Sts }))
}

/// ISO 8601, with or without a fraction, in any offset.
fn parse_time(text: &str) -> Option<SystemTime> {
    let time: jiff::Timestamp = text.parse().ok()?;
    let millis = u64::try_from(time.as_millisecond()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis))
}

#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Refusal {
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
}

fn refused(call: &Call<'_>, response: &Response) -> Error {
    let refusal: Refusal = serde_json::from_slice(&response.body).unwrap_or_default();
    let code = refusal.code.map(|code| call.redact(&code));
    let request_id = refusal.request_id.map(|id| call.redact(&id));
    let kind = match (response.status, code.as_deref()) {
        (429, _) => ErrorKind::Throttled,
        (_, Some(code)) if code.starts_with("Throttling") => ErrorKind::Throttled,
        (500.., _) => ErrorKind::Unavailable,
        (400..500, _) => ErrorKind::Denied,
        // A redirect is never followed: a signed request must not travel.
        _ => ErrorKind::MalformedReply,
    };
    let mut said = Vec::new();
    if let Some(code) = &code {
        said.push(format!("Code={code}"));
    }
    if let Some(message) = refusal.message {
        said.push(format!("Message={}", call.redact(&message)));
    }
    if let Some(request_id) = &request_id {
        said.push(format!("RequestId={request_id}"));
    }
    if said.is_empty() {
        said.push("the answer is not the service's own".to_owned());
    }
    let hint = hint(code.as_deref().unwrap_or_default(), kind);
    let text = format!(
        "error refreshing credentials from {}, http_code: {}, result: {}{hint}",
        call.provider,
        response.status,
        said.join(" "),
    );
    Error::new(kind, text).with_service(response.status, code, request_id)
}

/// What the user can do, for the refusals whose code alone does not say it.
fn hint(code: &str, kind: ErrorKind) -> &'static str {
    match code {
        "SignatureDoesNotMatch" => "; check the AccessKey secret",
        "InvalidAccessKeyId.NotFound" | "InvalidAccessKeyId.Inactive" => "; check the AccessKey ID",
        "InvalidTimeStamp.Expired" => "; check this machine's clock",
        "NoPermission" => "; the caller needs sts:AssumeRole, and the role's trust policy must name the caller",
        "EntityNotExist.Role" => "; check the role ARN",
        code if code.starts_with("InvalidSecurityToken") => {
            "; the base credential has expired or belongs to another AccessKey"
        }
        _ if kind == ErrorKind::Unavailable => "; the service has a fault, try again later",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector() -> BTreeMap<&'static str, String> {
        [
            ("AccessKeyId", "testid"),
            ("Action", "AssumeRole"),
            ("DurationSeconds", "3600"),
            ("Format", "JSON"),
            ("Policy", r#"{"a": ["*~"]}"#),
            ("RoleArn", "acs:ram::1:role/x"),
            ("RoleSessionName", "n m"),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureNonce", "nonce"),
            ("SignatureVersion", "1.0"),
            ("Timestamp", "2026-01-02T03:04:05Z"),
            ("Version", "2015-04-01"),
        ]
        .map(|(name, value)| (name, value.to_owned()))
        .into()
    }

    /// Computed from the documented rules with another program.
    #[test]
    fn signatures_match_the_documented_rules() {
        let mut parameters = vector();
        let sign = |method, parameters: &_| hmac_sha1("testsecret", &string_to_sign(method, parameters));
        assert_eq!(sign("GET", &parameters), "zQxDk/D0nFlz0B67XJNHUKcDQM8=");
        assert_eq!(sign("POST", &parameters), "wgG23I2Aq2KlIKRYFfKmhczFvSE=");
        parameters.insert("Policy", r#"{"a":["*~"]}"#.into());
        parameters.insert("RoleSessionName", "nm".into());
        assert_eq!(sign("GET", &parameters), "wVjcWKCJ827+1tnVFAQGx1/0d0I=");
    }

    #[test]
    fn only_unreserved_characters_stay() {
        assert_eq!(encode("a b*c~d-e_f.g/h+i%"), "a%20b%2Ac~d-e_f.g%2Fh%2Bi%25");
        assert_eq!(encode("é"), "%C3%A9");
    }

    #[test]
    fn what_is_signed_is_what_is_sent() {
        let signer = Credentials::access_key("id", "secret", "static_sts").with_token(Some("token".into()));
        let form = BTreeMap::from([("RoleArn", "arn".to_owned())]);
        let call = Call { provider: "ram_role_arn", action: "AssumeRole", form, signer: &signer };
        let query = signed_query(&call, "2026-01-02T03:04:05Z", "nonce");
        assert!(!query.contains_key("RoleArn"), "the body's fields stay out of the URL");
        assert_eq!(query.get("SecurityToken").map(String::as_str), Some("token"));
        let mut signed = query.clone();
        let signature = signed.remove("Signature").unwrap();
        signed.extend(call.form.clone());
        assert_eq!(signature, hmac_sha1("secret", &string_to_sign("POST", &signed)));
    }

    #[test]
    fn endpoints_are_hosts_or_urls_and_plain_http_stays_at_home() {
        for (given, url) in [
            ("sts.aliyuncs.com", "https://sts.aliyuncs.com/"),
            (" sts.aliyuncs.com:8443 ", "https://sts.aliyuncs.com:8443/"),
            ("https://sts.cn-beijing.aliyuncs.com/", "https://sts.cn-beijing.aliyuncs.com/"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("http://127.9.9.9", "http://127.9.9.9/"),
            ("http://[::1]:8080/", "http://[::1]:8080/"),
            ("http://localhost:1", "http://localhost:1/"),
        ] {
            assert_eq!(endpoint_url(given).unwrap(), url);
        }
        for given in [
            "http://sts.aliyuncs.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://127.0.0.1@sts.example.com",
            "ftp://127.0.0.1",
            "https://",
            "https://user:canary@sts.aliyuncs.com",
            "sts.aliyuncs.com/path",
            "sts.aliyuncs.com?query",
            "a b",
        ] {
            let error = endpoint_url(given).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{given}");
            assert!(!error.message().contains("canary"), "a secret shows");
        }
    }

    #[test]
    fn times_are_read_with_fraction_and_offset() {
        let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_323_045);
        for text in ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z", "2026-01-02T11:04:05+08:00"] {
            assert_eq!(parse_time(text), Some(expected), "{text}");
        }
        for text in ["", "tomorrow", "2026-01-02", "2026-01-02T03:04:05", "1960-01-02T03:04:05Z"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
        assert_eq!(iso8601(1_767_323_045_999), "2026-01-02T03:04:05Z");
    }

    fn answer(status: u16, body: &str) -> Result<Credentials> {
        let signer =
            Credentials::access_key("id", "canary+secret", "static_sts").with_token(Some("canary/token=".into()));
        let call = Call { provider: "ram_role_arn", action: "AssumeRole", form: BTreeMap::new(), signer: &signer };
        let body = body.as_bytes().to_vec().into();
        let read = read_answer(&call, &Response { status, body }, 1_767_323_045_000);
        if let Err(error) = &read {
            assert!(!format!("{error} {error:?}").contains("canary"), "a secret shows");
        }
        read
    }

    #[test]
    fn refusals_are_sorted_and_quoted_without_secrets() {
        for (status, body, kind) in [
            (403, r#"{"Code":"NoPermission","Message":"no","RequestId":"r"}"#, ErrorKind::Denied),
            (400, r#"{"Code":"Throttling.User","Message":"slow down"}"#, ErrorKind::Throttled),
            (429, "", ErrorKind::Throttled),
            (500, "<html>canary+secret</html>", ErrorKind::Unavailable),
            (302, "", ErrorKind::MalformedReply),
        ] {
            assert_eq!(answer(status, body).unwrap_err().kind(), kind, "{status} {body}");
        }
        let echo = format!(
            r#"{{"Code":"SignatureDoesNotMatch","Message":"string to sign is: {} {} {} canary+secret","RequestId":"r-1"}}"#,
            "canary/token=",
            encode("canary/token="),
            encode(&encode("canary/token=")),
        );
        let error = answer(400, &echo).unwrap_err();
        assert_eq!(
            error.message(),
            "error refreshing credentials from ram_role_arn, http_code: 400, result: Code=SignatureDoesNotMatch \
             Message=string to sign is: *** *** *** *** RequestId=r-1; check the AccessKey secret"
        );
        assert_eq!((error.code(), error.request_id()), (Some("SignatureDoesNotMatch"), Some("r-1")));
        assert_eq!(error.http_status(), Some(400));
    }

    #[test]
    fn an_answer_needs_all_four_fields() {
        let full = r#"{"Credentials":{"AccessKeyId":"STS.x","AccessKeySecret":"canary","SecurityToken":"canary","Expiration":"2026-01-02T04:04:05Z"}}"#;
        assert!(answer(200, full).is_ok());
        for field in ["AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration"] {
            let error = answer(200, &full.replace(field, "Other")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::MalformedReply);
            assert!(error.message().contains(field), "{error}");
        }
        for body in ["", "null", "{}", "[1]", r#"{"Credentials":3}"#, "\u{feff}{"] {
            assert_eq!(answer(200, body).unwrap_err().kind(), ErrorKind::MalformedReply, "{body}");
        }
        let expired = full.replace("04:04:05", "03:04:05");
        assert_eq!(answer(200, &expired).unwrap_err().kind(), ErrorKind::Expired);
    }
}
