//! The Security Token Service, API version 2015-04-01.
//! <https://www.alibabacloud.com/help/en/ram/developer-reference/api-overview-sts>
//!
//! Every answer that it gives to a right request is one that the real service could give.

use serde_json::{Map, Value, json};

use crate::authentication::{authenticate, authenticate_key_pair};
use crate::http::{Call, Content};
use crate::identity::{Identity, Kind, RoleArn};
use crate::random;
use crate::service::{Refusal, Service, Visitor};
use crate::signature::Scheme;
use crate::state::{Found, State};

mod key_pair;
mod oidc;

/// The only version of the API.
const VERSION: &str = "2015-04-01";
/// What it can do.
const ACTIONS: [&str; 4] = ["AssumeRole", "AssumeRoleWithOIDC", "GenerateSessionAccessKey", "GetCallerIdentity"];
/// The shortest and the longest session, and the one of a request that does not say, in seconds.
const DURATION: (i64, i64, i64) = (900, 43_200, 3600);
/// The longest session policy, in characters.
const MAX_POLICY: usize = 2048;

/// The service.
pub(crate) struct Sts;

impl Service for Sts {
    fn name(&self) -> &'static str {
        "sts"
    }

    fn action<'a>(&self, call: &'a Call) -> Option<&'a str> {
        call.header("x-acs-action").or_else(|| call.param("Action"))
    }

    fn admit(&self, state: &mut State, call: &Call) -> Visitor {
        let scheme = Scheme::of(call);
        let action = self.action(call);
        let caller = self.check(call).and_then(|()| match action {
            Some("AssumeRoleWithOIDC") => Ok(None),
            Some("GenerateSessionAccessKey") => authenticate_key_pair(state, call).map(Some),
            _ => authenticate(state, call).map(Some),
        });
        let access_key_id = scheme.claimed_key(call).map(str::to_owned);
        let visitor = Visitor { access_key_id, signature: scheme.name(), caller, details: Map::new() };
        match (action, call.param("OIDCToken")) {
            // The token itself is masked; whether it came as it was in its file is worth knowing.
            (Some("AssumeRoleWithOIDC"), Some(token)) => visitor.with("token_trimmed", token == token.trim()),
            _ => visitor,
        }
    }

    fn perform(&self, state: &mut State, call: &Call, caller: Option<&Identity>) -> Result<Content, Refusal> {
        let mut document = json!({ "RequestId": random::request_id() });
        let result = match (self.action(call), caller) {
            (Some("AssumeRoleWithOIDC"), _) => oidc::assume_role_with_oidc(state, call)?,
            (_, None) => return Err(Refusal::missing("AccessKeyId")),
            (Some("AssumeRole"), Some(caller)) => assume_role(state, call, caller)?,
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
    /// What is refused before anybody asks who signed.
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

/// <https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole>
fn assume_role(state: &mut State, call: &Call, caller: &Identity) -> Result<Value, Refusal> {
    let (arn, role) = role(call)?;
    let session = session_name(call)?;
    policy(call)?;
    let longest = check_role(state.role(&role), call, caller)?;
    let seconds = duration(call, longest)?;
    Ok(assume(state, arn, role, session, seconds))
}

/// Issues a session of `role`, and says so.
fn assume(state: &mut State, arn: &str, role: RoleArn, session: &str, seconds: i64) -> Value {
    let id = role.id();
    let kind = Kind::Role { name: role.name, session: session.to_owned() };
    let lifetime = state.lifetime.unwrap_or(seconds);
    let issued = state.issue_session(Identity { account: role.account, kind }, lifetime);
    json!({
        "AssumedRoleUser": { "Arn": format!("{arn}/{session}"), "AssumedRoleId": format!("{id}:{session}") },
        "Credentials": issued.document(),
    })
}

/// The role that is asked for, as sent and taken apart.
fn role(call: &Call) -> Result<(&str, RoleArn), Refusal> {
    let arn = required(call, "RoleArn")?;
    let role = RoleArn::parse(arn).ok_or_else(|| invalid("RoleArn", "is wrongly formed"))?;
    Ok((arn, role))
}

fn session_name(call: &Call) -> Result<&str, Refusal> {
    let session = required(call, "RoleSessionName")?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".@-_".contains(&byte);
    if !(2..=64).contains(&session.len()) || !session.bytes().all(allowed) {
        return Err(invalid("RoleSessionName", "is wrongly formed"));
    }
    Ok(session)
}

/// Checks the session policy, if there is one.
fn policy(call: &Call) -> Result<(), Refusal> {
    let Some(policy) = call.param("Policy").filter(|policy| !policy.is_empty()) else { return Ok(()) };
    if policy.chars().count() > MAX_POLICY {
        return Err(invalid("PolicySize", "is too long: the limit is 2048 characters"));
    }
    if !serde_json::from_str::<Value>(policy).is_ok_and(|policy| policy.is_object()) {
        return Err(invalid("PolicyGrammar", "has not passed the grammar check"));
    }
    Ok(())
}

/// The role's longest session, if `caller` may assume it.
fn check_role(role: Found<'_>, call: &Call, caller: &Identity) -> Result<i64, Refusal> {
    let role = match role {
        Found::Anything => return Ok(DURATION.1),
        Found::Nothing => return Err(no_such_role()),
        Found::Listed(role) => role,
    };
    let is_trusted =
        role.trusts.as_ref().is_none_or(|principals| principals.iter().any(|principal| caller.is(principal)));
    let knows_id = role.external_id.as_deref().is_none_or(|id| call.param("ExternalId") == Some(id));
    if !is_trusted || !knows_id {
        let message = "You are not authorized to do this action. You should be authorized by RAM.";
        return Err(Refusal::new(403, "NoPermission", message));
    }
    Ok(role.max_duration.unwrap_or(DURATION.1))
}

fn no_such_role() -> Refusal {
    Refusal::new(404, "EntityNotExist.Role", "The role not exists.")
}

fn duration(call: &Call, longest: i64) -> Result<i64, Refusal> {
    let (shortest, _, usual) = DURATION;
    let Some(text) = call.param("DurationSeconds") else { return Ok(usual.min(longest)) };
    match text.parse::<i64>() {
        Ok(seconds) if (shortest..=longest).contains(&seconds) => Ok(seconds),
        _ => Err(Refusal::new(
            400,
            "InvalidParameter.DurationSeconds",
            format!("The Min/Max value of DurationSeconds is {shortest}/{longest} seconds."),
        )),
    }
}

fn required<'a>(call: &'a Call, name: &str) -> Result<&'a str, Refusal> {
    call.param(name).filter(|value| !value.is_empty()).ok_or_else(|| Refusal::missing(name))
}

fn invalid(name: &str, what: &str) -> Refusal {
    let message = format!("The parameter {name} {what}.");
    Refusal::new(400, format!("InvalidParameter.{name}"), message)
}
