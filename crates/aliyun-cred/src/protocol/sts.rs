//! STS and its RPC protocol, which other services speak, too: endpoints, and how to sign and send a request.
//!
//! The protocol: <https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism>.
//! Invariant: the signed parameters are exactly those sent.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::config::Config;
use crate::credentials::Credentials;
use crate::credentials::Lead;
use crate::error::{Error, Result};
use crate::host::{Host, Limits, Method, Request, Response, Route, Trust, wall_time};
use crate::protocol::reply::{self, Shape, encode};
use crate::protocol::rsa::PrivateKey;
use crate::protocol::{endpoint, limits, route};
use crate::secret::Secret;
use crate::text;

pub(crate) const DEFAULT_HOST: &str = "sts.aliyuncs.com";

/// A service that speaks this protocol, and how to reach it.
#[derive(Clone, Debug)]
pub(crate) struct Rpc {
    pub(crate) url: String,
    pub(crate) limits: Limits,
    pub(crate) route: Route,
}

/// What such a service has of its own.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) version: &'static str,
    /// What the user can do about a refusal with this status and code.
    pub(crate) hint: fn(status: u16, code: &str) -> &'static str,
}

pub(crate) const API: Api = Api { version: "2015-04-01", hint };

/// STS.
#[derive(Clone, Debug)]
pub(crate) struct Sts(Rpc);

/// Request parameters by name, sorted as the signature requires.
pub(crate) type Parameters = BTreeMap<&'static str, String>;

/// One call.
pub(crate) struct Call<'a> {
    pub(crate) api: &'static Api,
    /// The source that makes the call.
    pub(crate) provider: &'static str,
    pub(crate) action: &'static str,
    /// The body.
    pub(crate) form: Parameters,
    pub(crate) signer: Signer<'a>,
    /// The secrets in the form, which must not reach a message.
    pub(crate) secrets: &'a [&'a str],
    pub(crate) trust: Trust,
}

/// How a request is authenticated.
pub(crate) enum Signer<'a> {
    /// Unsigned: the form itself holds the proof.
    Nobody,
    /// An AccessKey pair, with its token if any: HMAC-SHA1.
    Credentials(&'a Credentials),
    /// An RSA key pair: RSASSA-PKCS1-v1_5 with SHA-256.
    KeyPair { public_key_id: &'a str, private_key: &'a PrivateKey },
}

impl Sts {
    /// Uses `sts_endpoint`, `ALIBABA_CLOUD_STS_ENDPOINT`, the region in the options, `ALIBABA_CLOUD_STS_REGION`, then
    /// the default host.
    pub(crate) fn new(config: &Config, host: &Host, default_host: &str) -> Result<Self> {
        let given = |option: &Option<String>| option.clone().filter(|value| !value.is_empty());
        let endpoint = given(&config.sts_endpoint).or_else(|| host.env("ALIBABA_CLOUD_STS_ENDPOINT"));
        let region = given(&config.sts_region_id).or_else(|| host.env("ALIBABA_CLOUD_STS_REGION"));
        let vpc = vpc(config, host);
        let endpoint = match (endpoint, region) {
            (Some(endpoint), _) => endpoint,
            (None, Some(region)) => regional("STS", if vpc { "sts-vpc" } else { "sts" }, &region)?,
            (None, None) => default_host.to_owned(),
        };
        let url = endpoint::service("STS endpoint", &endpoint)?;
        let (limits, route) = (limits(config, 5_000, 10_000), route(config, &url));
        Ok(Sts(Rpc { url, limits, route }))
    }

    pub(crate) fn url(&self) -> &str {
        &self.0.url
    }

    /// Makes a call and parses the credential in the reply.
    pub(crate) async fn call(&self, host: &Host, call: &Call<'_>, shape: &Shape) -> Result<Credentials> {
        let read = |service: &reply::Service<'_>, response: &Response| service.read(response, shape, host);
        let issued = self.0.exchange(host, call, read).await?;
        Ok(Credentials::issued(issued, call.provider, Lead::Sts))
    }

    /// Asks who the signer is.
    pub(crate) async fn caller_identity(&self, host: &Host, signer: &Credentials) -> Result<CallerIdentity> {
        if signer.access_key_id().is_none() {
            return Err(Error::invalid_config("STS does not know who a bearer token belongs to"));
        }
        let call = Call {
            api: &API,
            provider: "caller_identity",
            action: "GetCallerIdentity",
            form: Parameters::new(),
            signer: Signer::Credentials(signer),
            secrets: &[],
            trust: Trust::Usual,
        };
        let read = |service: &reply::Service<'_>, response: &Response| {
            let answer = service.json(response)?;
            let said = |name: &str| {
                answer.get(name).and_then(|value| value.as_str()).map(|said| text::one_line(said.to_owned()))
            };
            match (said("AccountId"), said("Arn")) {
                (Some(account_id), Some(arn)) => {
                    let principal_id = said("PrincipalId").unwrap_or_default();
                    let identity_type = said("IdentityType").unwrap_or_default();
                    Ok(CallerIdentity { account_id, arn, principal_id, identity_type })
                }
                _ => Err(service.malformed(response, "AccountId or Arn is missing")),
            }
        };
        self.0.exchange(host, &call, read).await
    }
}

/// Whether regions stand for their VPC endpoints.
pub(crate) fn vpc(config: &Config, host: &Host) -> bool {
    config.enable_vpc.unwrap_or_else(|| host.env_flag("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED"))
}

/// The host of a service in a region. `service` is what messages call it.
pub(crate) fn regional(service: &str, prefix: &str, region: &str) -> Result<String> {
    // The region becomes part of a host name, which messages show.
    let is_region = region.contains('-')
        && region.len() <= 32
        && region.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if !is_region {
        let length = text::length(region);
        return Err(Error::invalid_config(format!(
            "the {service} region {length} is no region's name, such as cn-hangzhou"
        )));
    }
    Ok(format!("{prefix}.{region}.aliyuncs.com"))
}

impl Rpc {
    /// Makes a call, and reads the reply with `read`. A request that is refused for its time is repeated once with the
    /// service's time, if that is known from an authenticated reply.
    pub(crate) async fn exchange<T>(
        &self,
        host: &Host,
        call: &Call<'_>,
        read: impl FnOnce(&reply::Service<'_>, &Response) -> Result<T>,
    ) -> Result<T> {
        let mut headers = vec![("Content-Type", "application/x-www-form-urlencoded".to_owned())];
        let mut secrets = call.secrets.to_vec();
        if let Signer::Credentials(signer) = call.signer {
            headers.extend(signer.provider_name().map(|name| ("x-acs-credentials-provider", name.to_owned())));
            secrets.extend([signer.access_key_secret(), signer.security_token()].into_iter().flatten());
        }
        let request = || {
            let query = query(call, call.api.version, &text::rfc3339(wall_time(host.service_now())), &host.nonce())?;
            Ok(Request {
                method: Method::Post,
                url: format!("{}?{}", self.url, join(&query)),
                headers: headers.clone(),
                body: join(&call.form).into(),
                limits: self.limits,
                route: self.route.clone(),
                tells_time: true,
                trust: call.trust.clone(),
            })
        };
        let service = reply::Service {
            label: call.provider,
            refused: reply::refused,
            rejected: reply::rejected,
            secrets: &secrets,
            hint: call.api.hint,
        };
        let expected = host.clock_offset();
        let response = match service.ask(host, request).await {
            Err(error) if self.is_secure() && is_refused_for_time(&error, host.clock_offset() != expected) => {
                service.ask(host, request).await?
            }
            answer => answer?,
        };
        read(&service, &response)
    }

    fn is_secure(&self) -> bool {
        self.url.starts_with("https:")
    }
}

/// Who a credential belongs to, as STS says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallerIdentity {
    /// The Alibaba Cloud account.
    pub account_id: String,
    /// The ARN of the user, role or account.
    pub arn: String,
    /// The user or role session; empty if STS did not say.
    pub principal_id: String,
    /// `Account`, `RAMUser` or `AssumedRoleUser`; empty if STS did not say.
    pub identity_type: String,
}

fn join(parameters: &Parameters) -> String {
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

/// The query to send, including its version 1.0 signature.
fn query(call: &Call<'_>, version: &str, timestamp: &str, nonce: &str) -> Result<Parameters> {
    let mut query = Parameters::from([
        ("Action", call.action.to_owned()),
        ("Format", "JSON".to_owned()),
        ("Version", version.to_owned()),
        ("Timestamp", timestamp.to_owned()),
    ]);
    let (id, method) = match call.signer {
        Signer::Nobody => return Ok(query),
        Signer::Credentials(signer) => (signer.access_key_id().unwrap_or_default(), "HMAC-SHA1"),
        Signer::KeyPair { public_key_id, .. } => (public_key_id, "SHA256withRSA"),
    };
    query.extend([
        ("AccessKeyId", id.to_owned()),
        ("SignatureMethod", method.to_owned()),
        ("SignatureNonce", nonce.to_owned()),
        ("SignatureVersion", "1.0".to_owned()),
    ]);
    match call.signer {
        Signer::Credentials(signer) => {
            query.extend(signer.security_token().map(|token| ("SecurityToken", token.to_owned())));
        }
        Signer::KeyPair { .. } => {
            query.insert("SignatureType", "PRIVATEKEY".to_owned());
        }
        Signer::Nobody => {}
    }
    let mut signed = query.clone();
    signed.extend(call.form.iter().map(|(name, value)| (*name, value.clone())));
    let text = string_to_sign("POST", &signed);
    let signature = match call.signer {
        Signer::Credentials(signer) => hmac_sha1(signer.access_key_secret().unwrap_or_default(), &text),
        Signer::KeyPair { private_key, .. } => BASE64.encode(private_key.sign(text.as_bytes())?),
        Signer::Nobody => String::new(),
    };
    query.insert("Signature", signature);
    Ok(query)
}

fn string_to_sign(method: &str, parameters: &Parameters) -> String {
    format!("{method}&%2F&{}", encode(&join(parameters)))
}

/// HMAC-SHA1 with the secret plus `&` as the key, in Base64.
fn hmac_sha1(secret: &str, text: &str) -> String {
    let key = Secret::new(format!("{secret}&"));
    // HMAC accepts keys of any length.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key.expose().as_bytes()) else { return String::new() };
    mac.update(text.as_bytes());
    BASE64.encode(mac.finalize().into_bytes())
}

/// Whether a request may succeed with the service's time: the service says so, or refuses a request that had another
/// time. Some services check the time first, and name another cause.
fn is_refused_for_time(error: &Error, had_other_time: bool) -> bool {
    let is_refused = error.http_status().is_some_and(|status| (400..500).contains(&status));
    is_refused && (had_other_time || error.code().is_some_and(is_about_time))
}

fn is_about_time(code: &str) -> bool {
    matches!(code, "InvalidTimeStamp.Expired" | "IllegalTimestamp")
}

/// What the user can do, for error codes that do not explain themselves.
pub(super) fn hint(_: u16, code: &str) -> &'static str {
    match code {
        "SignatureDoesNotMatch" => "; check the AccessKey secret",
        "InvalidAccessKeyId.NotFound" | "InvalidAccessKeyId.Inactive" => "; check the AccessKey ID",
        code if is_about_time(code) => "; this machine's clock is wrong: synchronise it",
        "NoPermission" => "; the caller needs sts:AssumeRole, and the role's trust policy must name the caller",
        "EntityNotExist.Role" => "; check the role ARN",
        code if code.starts_with("AuthenticationFail.OIDCToken") => "; check the OIDC token and the OIDC provider",
        code if code.starts_with("InvalidSecurityToken") => {
            "; the base credential has expired or belongs to another AccessKey"
        }
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

    /// The expected value was computed from the documented rules with another program.
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
        let call = Call {
            api: &API,
            provider: "ram_role_arn",
            action: "AssumeRole",
            form,
            signer: Signer::Credentials(&signer),
            secrets: &[],
            trust: Trust::Usual,
        };
        let query = query(&call, API.version, "2026-01-02T03:04:05Z", "nonce").unwrap();
        assert!(!query.contains_key("RoleArn"), "the body's fields stay out of the URL");
        assert_eq!(query.get("SecurityToken").map(String::as_str), Some("token"));
        let mut signed = query.clone();
        let signature = signed.remove("Signature").unwrap();
        signed.extend(call.form.clone());
        assert_eq!(signature, hmac_sha1("secret", &string_to_sign("POST", &signed)));
    }
}
