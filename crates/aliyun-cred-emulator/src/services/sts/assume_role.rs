//! `AssumeRole`: issues a session of a role to the signer.
//! <https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole>

use serde_json::{Value, json};

use super::parameters::{duration, policy, role, session_name};
use super::roles::{Role, Roles};
use crate::http::Call;
use crate::identity::{Identity, Kind, RoleArn};
use crate::refusal::Refusal;
use crate::state::State;

pub(super) fn assume_role(roles: &Roles, state: &mut State, call: &Call, caller: &Identity) -> Result<Value, Refusal> {
    let (arn, role) = role(call)?;
    let session = session_name(call)?;
    policy(call)?;
    let longest = roles.longest(&role, |role| check(role, call, caller))?;
    let seconds = duration(call, longest)?;
    Ok(assume(state, arn, role, session, seconds))
}

/// Whether `caller` may assume `role`.
fn check(role: &Role, call: &Call, caller: &Identity) -> Result<(), Refusal> {
    let is_trusted =
        role.trusts.as_ref().is_none_or(|principals| principals.iter().any(|principal| caller.is(principal)));
    let knows_id = role.external_id.as_deref().is_none_or(|id| call.param("ExternalId") == Some(id));
    if is_trusted && knows_id {
        return Ok(());
    }
    let message = "You are not authorized to do this action. You should be authorized by RAM.";
    Err(Refusal::new(403, "NoPermission", message))
}

/// Issues a session of `role`, and describes it.
pub(super) fn assume(state: &mut State, arn: &str, role: RoleArn, session: &str, seconds: i64) -> Value {
    let id = role.id();
    let kind = Kind::Role { name: role.name, session: session.to_owned() };
    let lifetime = state.lifetime.unwrap_or(seconds);
    let issued = state.issue_session(Identity { account: role.account, kind }, lifetime);
    json!({
        "AssumedRoleUser": { "Arn": format!("{arn}/{session}"), "AssumedRoleId": format!("{id}:{session}") },
        "Credentials": issued.document(),
    })
}
