//! The request log's entries. No secret gets into one: tests print them when they fail.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::Call;
use crate::service::{Service, Visitor};

/// Parameters whose value is a secret.
const SECRET_PARAMS: [&str; 1] = ["SecurityToken"];
/// Headers whose value is a secret.
const SECRET_HEADERS: [&str; 2] = ["x-acs-security-token", "cookie"];
/// Headers of which the scheme is kept.
const CREDENTIAL_HEADERS: [&str; 2] = ["authorization", "proxy-authorization"];
/// What stands in for a secret.
const MASK: &str = "***";

/// One request and how it was answered.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Record {
    service: &'static str,
    action: Option<String>,
    method: String,
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
}

impl Record {
    /// Describes `call` to `service` by `visitor`, answered with `status` (`None`: with nothing)
    /// and the service's error `code`.
    pub(crate) fn new(
        service: &dyn Service,
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
                value.split(' ').next().unwrap_or_default()
            } else {
                value
            };
            (name.clone(), text(value))
        });
        Self {
            service: service.name(),
            action: service.action(call).map(str::to_owned),
            method: call.method.clone(),
            host: call.host.clone(),
            access_key_id: visitor.access_key_id.clone(),
            role_arn: call.param("RoleArn").map(str::to_owned),
            params: params.collect(),
            form: call.form.iter().map(|(name, _)| name.clone()).collect(),
            headers: headers.collect(),
            signature: visitor.signature,
            via: call.via.name(),
            identity: visitor.caller.as_ref().ok().map(|identity| identity.arn()),
            status,
            code,
        }
    }
}
