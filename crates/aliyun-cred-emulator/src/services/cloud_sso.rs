//! CloudSSO's portal after a completed sign-in: exchanges an access token for credentials of an access configuration in
//! an account. The protocol is that of the public command-line clients,
//! <https://github.com/aliyun/alibabacloud-sso-cli>; its error codes are not published, so those here are made up.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::http::{Call, Content};
use crate::identity::{Identity, Kind};
use crate::random;
use crate::refusal::Refusal;
use crate::service::Service;
use crate::state::State;
use crate::visitor::Visitor;

/// The name of the service.
pub(crate) const NAME: &str = "cloud_sso";
/// The lifetime of credentials in seconds, unless the settings override it.
const LIFETIME: i64 = 3600;

/// A sign-in known to CloudSSO, for one configuration in one account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// The user's access token.
    pub(crate) access_token: String,
    /// The account.
    pub(crate) account_id: String,
    /// The access configuration.
    pub(crate) access_configuration_id: String,
}

/// The service.
pub(crate) struct CloudSso(Vec<SignIn>);

impl CloudSso {
    /// A service with these sign-ins.
    pub(crate) fn new(sign_ins: Vec<SignIn>) -> Self {
        Self(sign_ins)
    }
}

impl Service for CloudSso {
    fn name(&self) -> &'static str {
        NAME
    }

    fn action<'a>(&self, _: &'a Call) -> Option<&'a str> {
        Some("CreateCloudCredential")
    }

    fn admit(&self, _: &mut State, call: &Call) -> Visitor {
        let body = body(call).unwrap_or_default();
        let field = |name: &str| text(&body, name).map_or(Value::Null, Value::from);
        Visitor::anybody(call, None)
            .with("account_id", field("AccountId"))
            .with("access_configuration_id", field("AccessConfigurationId"))
    }

    fn perform(&mut self, state: &mut State, call: &Call, _: Option<&Identity>) -> Result<Content, Refusal> {
        if call.method != "POST" {
            return Err(Refusal::new(405, "MethodNotAllowed", "This http method is not supported."));
        }
        let token = call.authorization("Bearer").unwrap_or_default();
        let mut grants = self.0.iter().filter(|grant| grant.access_token == token).peekable();
        if grants.peek().is_none() {
            return Err(Refusal::new(401, "InvalidAccessToken", "The access token is invalid or expired."));
        }
        let body = body(call).ok_or_else(|| Refusal::new(400, "InvalidParameter", "The body is not a JSON object."))?;
        let account = text(&body, "AccountId").ok_or_else(|| Refusal::missing("AccountId"))?;
        let configuration =
            text(&body, "AccessConfigurationId").ok_or_else(|| Refusal::missing("AccessConfigurationId"))?;
        let mut in_account = grants.filter(|grant| grant.account_id == account).peekable();
        if in_account.peek().is_none() {
            return Err(Refusal::new(403, "NoPermission", "The user has no access to this account."));
        }
        if !in_account.any(|grant| grant.access_configuration_id == configuration) {
            let message = "The access configuration does not exist.";
            return Err(Refusal::new(404, "EntityNotExists.AccessConfiguration", message));
        }
        let kind = Kind::Role { name: format!("AliyunReservedSSO-{configuration}"), session: "user".to_owned() };
        let identity = Identity { account: account.to_owned(), kind };
        let lifetime = state.lifetime.unwrap_or(LIFETIME);
        let issued = state.issue_session(identity, lifetime);
        Ok(Content::Json(json!({ "CloudCredential": issued.document(), "RequestId": random::request_id() })))
    }

    fn refuse(&self, _: &Call, refusal: &Refusal) -> Content {
        Content::Json(json!({
            "ErrorCode": refusal.code,
            "ErrorMessage": refusal.message,
            "RequestId": random::request_id(),
        }))
    }

    fn credentials(&self, _: &Call) -> &'static str {
        "/CloudCredential"
    }
}

fn body(call: &Call) -> Option<Map<String, Value>> {
    serde_json::from_slice(&call.body).ok()
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name)?.as_str().filter(|value| !value.is_empty())
}
