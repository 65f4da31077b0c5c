//! The entries of the request log. They hold no secret: tests print them when they fail.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::Call;
use crate::identity::Identity;
use crate::visitor::Visitor;

/// Parameters whose value is a secret.
const SECRET_PARAMS: [&str; 8] = [
    "SecurityToken",
    "OIDCToken",
    "refresh_token",
    "access_token",
    "Signature",
    "security-token",
    "x-oss-security-token",
    "x-oss-signature",
];
/// Headers whose value is a secret.
const SECRET_HEADERS: [&str; 4] =
    ["x-acs-security-token", "x-oss-security-token", "x-aliyun-ecs-metadata-token", "cookie"];
/// Headers whose scheme is kept, if it is one of [`SCHEMES`].
const CREDENTIAL_HEADERS: [&str; 2] = ["authorization", "proxy-authorization"];
/// The schemes that may precede a secret in such a header.
const SCHEMES: [&str; 5] = ["ACS3-HMAC-SHA256", "OSS4-HMAC-SHA256", "OSS", "Bearer", "Basic"];
/// Replaces a secret.
const MASK: &str = "***";

/// One request and its answer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Record {
    service: &'static str,
    action: Option<String>,
    method: String,
    path: String,
    host: String,
    access_key_id: Option<String>,
    role_arn: Option<String>,
    params: Map<String, Value>,
    form: Vec<String>,
    headers: Map<String, Value>,
    signature: &'static str,
    via: &'static str,
    identity: Option<String>,
    status: Option<u16>,
    code: Option<String>,
    #[serde(flatten)]
    details: Map<String, Value>,
}

impl Record {
    /// Describes `call` to `action` of `service` by `visitor`, answered with `status` (`None`: not at all) and the
    /// service's error `code`.
    pub(crate) fn new(
        (service, action): (&'static str, Option<&str>),
        call: &Call,
        visitor: &Visitor,
        (status, code): (Option<u16>, Option<String>),
    ) -> Self {
        let text = |value: &str| Value::String(value.to_owned());
        let params = call.params().filter(|(name, _)| name != "Signature").map(|(name, value)| {
            let is_secret = SECRET_PARAMS.contains(&name.as_str());
            (name.clone(), text(if is_secret { MASK } else { value }))
        });
        let headers = call.headers.iter().map(|(name, value)| {
            let value = if SECRET_HEADERS.contains(&name.as_str()) {
                MASK
            } else if CREDENTIAL_HEADERS.contains(&name.as_str()) {
                let scheme = value.split(' ').next().unwrap_or_default();
                if SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme)) { scheme } else { MASK }
            } else {
                value
            };
            (name.clone(), text(value))
        });
        Self {
            service,
            action: action.map(str::to_owned),
            method: call.method.clone(),
            path: masked(&call.target),
            host: call.host.clone(),
            access_key_id: visitor.access_key_id.clone(),
            role_arn: call.param("RoleArn").map(str::to_owned),
            params: params.collect(),
            form: call.form.iter().map(|(name, _)| name.clone()).collect(),
            headers: headers.collect(),
            signature: visitor.signature,
            via: call.via.name(),
            identity: visitor.caller.as_ref().ok().and_then(Option::as_ref).map(Identity::arn),
            status,
            code,
            details: visitor.details.clone(),
        }
    }
}

/// A request target with the values of secret parameters masked, otherwise as sent.
fn masked(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    let pairs: Vec<Cow<'_, str>> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if is_secret(name) => Cow::Owned(format!("{name}={MASK}")),
            _ => Cow::Borrowed(pair),
        })
        .collect();
    format!("{path}?{}", pairs.join("&"))
}

fn is_secret(encoded: &str) -> bool {
    let name = percent_decode_str(encoded).decode_utf8_lossy();
    SECRET_PARAMS.contains(&name.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_keep_their_form_and_lose_their_secrets() {
        for same in ["/", "/a%2fb?x=1&x=2&&y&z=", "/p?a=b=c"] {
            assert_eq!(masked(same), same);
        }
        assert_eq!(masked("/?a=1&OIDCToken=x%20&%4fIDCToken=y"), "/?a=1&OIDCToken=***&%4fIDCToken=***");
    }
}
