//! The Security Token Service, API version 2015-04-01.
//! <https://www.alibabacloud.com/help/en/ram/developer-reference/api-overview-sts>
//!
//! Every reply to a valid request is one that the real service could send.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::http::{Call, Content};
use crate::identity::Identity;
use crate::random;
use crate::refusal::Refusal;
use crate::rsa::PublicKey;
use crate::service::Service;
use crate::signature::Scheme;
use crate::state::State;
use crate::visitor::Visitor;

mod assume_role;
pub(crate) mod authentication;
mod jwt;
pub(crate) mod key_pair;
pub(crate) mod oidc;
mod parameters;
pub(crate) mod roles;

/// The name of the service.
pub(crate) const NAME: &str = "sts";
/// The only version of the API.
const VERSION: &str = "2015-04-01";
/// The supported actions.
const ACTIONS: [&str; 4] = ["AssumeRole", "AssumeRoleWithOIDC", "GenerateSessionAccessKey", "GetCallerIdentity"];

/// The service.
pub(crate) struct Sts {
    roles: roles::Roles,
    providers: Vec<oidc::Provider>,
    /// The public keys, by ID.
    key_pairs: HashMap<String, PublicKey>,
}

impl Service for Sts {
    fn name(&self) -> &'static str {
        NAME
    }

    fn action<'a>(&self, call: &'a Call) -> Option<&'a str> {
        call.header("x-acs-action").or_else(|| call.param("Action"))
    }

    fn admit(&self, state: &mut State, call: &Call) -> Visitor {
        let scheme = Scheme::of(call);
        let action = self.action(call);
        let caller = self.check(call).and_then(|()| match action {
            Some("AssumeRoleWithOIDC") => Ok(None),
            Some("GenerateSessionAccessKey") => {
                authentication::authenticate_key_pair(&self.key_pairs, state, call).map(Some)
            }
            _ => authentication::authenticate(state, call).map(Some),
        });
        let access_key_id = scheme.claimed_key(call).map(str::to_owned);
        let visitor = Visitor { access_key_id, signature: scheme.name(), caller, details: Map::new() };
        match (action, call.param("OIDCToken")) {
            // The token itself is masked; record whether it was sent without surrounding white space.
            (Some("AssumeRoleWithOIDC"), Some(token)) => visitor.with("token_trimmed", token == token.trim()),
            _ => visitor,
        }
    }

    fn perform(&mut self, state: &mut State, call: &Call, caller: Option<&Identity>) -> Result<Content, Refusal> {
        let mut document = json!({ "RequestId": random::request_id() });
        let result = match (self.action(call), caller) {
            (Some("AssumeRoleWithOIDC"), _) => {
                oidc::assume_role_with_oidc((&self.roles, &self.providers), state, call)?
            }
            (_, None) => return Err(Refusal::missing("AccessKeyId")),
            (Some("AssumeRole"), Some(caller)) => assume_role::assume_role(&self.roles, state, call, caller)?,
            (Some("GenerateSessionAccessKey"), Some(caller)) => {
                key_pair::generate_session_access_key(state, call, caller)?
            }
            (Some("GetCallerIdentity"), Some(caller)) => caller.describe(),
            _ => return Err(no_such_action()),
        };
        if let (Some(document), Value::Object(result)) = (document.as_object_mut(), result) {
            document.extend(result);
        }
        Ok(Content::Json(document))
    }

    fn refuse(&self, call: &Call, refusal: &Refusal) -> Content {
        let id = random::request_id();
        let Refusal { code, message, .. } = refusal;
        Content::Json(json!({
            "RequestId": id,
            "HostId": call.host,
            "Code": code,
            "Message": message,
            "Recommend":
                format!("https://api.alibabacloud.com/troubleshoot?q={code}&product=Sts&requestId={id}"),
        }))
    }

    fn credentials(&self, call: &Call) -> &'static str {
        match self.action(call) {
            Some("GenerateSessionAccessKey") => "/SessionAccessKey",
            _ => "/Credentials",
        }
    }
}

impl Sts {
    /// A service with these roles (`None`: all), OIDC providers and key pairs; the error text says what is wrong with
    /// them.
    pub(crate) fn new(
        roles: Option<Vec<roles::Role>>,
        providers: Vec<oidc::Provider>,
        key_pairs: Vec<key_pair::KeyPair>,
    ) -> Result<Self, String> {
        let roles = roles::Roles::new(roles)?;
        oidc::check(&providers)?;
        Ok(Self { roles, providers, key_pairs: key_pair::read(key_pairs)? })
    }

    /// The number of listed roles; `None` if every role exists.
    pub(crate) fn role_count(&self) -> Option<usize> {
        self.roles.count()
    }

    /// Checks that come before authentication.
    fn check(&self, call: &Call) -> Result<(), Refusal> {
        if !["GET", "POST"].contains(&call.method.as_str()) {
            let message = "This http method is not supported.";
            return Err(Refusal::new(400, "UnsupportedHTTPMethod", message));
        }
        if call.path != "/" {
            return Err(no_such_action());
        }
        match self.action(call) {
            None | Some("") => return Err(Refusal::missing("Action")),
            Some(action) if ACTIONS.contains(&action) => (),
            Some(_) => return Err(no_such_action()),
        }
        match call.header("x-acs-version").or_else(|| call.param("Version")) {
            None | Some("") => Err(Refusal::missing("Version")),
            Some(VERSION) => Ok(()),
            Some(_) => {
                let message = "Specified parameter Version is not valid.";
                Err(Refusal::new(400, "InvalidVersion", message))
            }
        }
    }
}

fn no_such_action() -> Refusal {
    let message = "Specified api is not found, please check your url and method.";
    Refusal::new(404, "InvalidAction.NotFound", message)
}
