//! Parameters shared by several actions, with their checks.

use serde_json::Value;

use crate::http::Call;
use crate::identity::RoleArn;
use crate::refusal::Refusal;

/// The shortest session, and the default, in seconds.
const SHORTEST: i64 = 900;
const USUAL: i64 = 3600;
/// The longest session policy, in characters.
const MAX_POLICY: usize = 2048;

/// The requested role, as sent and parsed.
pub(super) fn role(call: &Call) -> Result<(&str, RoleArn), Refusal> {
    let arn = required(call, "RoleArn")?;
    let role = RoleArn::parse(arn).ok_or_else(|| invalid("RoleArn", "is wrongly formed"))?;
    Ok((arn, role))
}

/// The session name.
pub(super) fn session_name(call: &Call) -> Result<&str, Refusal> {
    let session = required(call, "RoleSessionName")?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".@-_".contains(&byte);
    if !(2..=64).contains(&session.len()) || !session.bytes().all(allowed) {
        return Err(invalid("RoleSessionName", "is wrongly formed"));
    }
    Ok(session)
}

/// Checks the session policy, if there is one.
pub(super) fn policy(call: &Call) -> Result<(), Refusal> {
    let Some(policy) = call.param("Policy").filter(|policy| !policy.is_empty()) else { return Ok(()) };
    if policy.chars().count() > MAX_POLICY {
        return Err(invalid("PolicySize", "is too long: the limit is 2048 characters"));
    }
    if !serde_json::from_str::<Value>(policy).is_ok_and(|policy| policy.is_object()) {
        return Err(invalid("PolicyGrammar", "has not passed the grammar check"));
    }
    Ok(())
}

/// The session's lifetime in seconds.
pub(super) fn duration(call: &Call, longest: i64) -> Result<i64, Refusal> {
    let Some(text) = call.param("DurationSeconds") else { return Ok(USUAL.min(longest)) };
    match text.parse::<i64>() {
        Ok(seconds) if (SHORTEST..=longest).contains(&seconds) => Ok(seconds),
        _ => Err(Refusal::new(
            400,
            "InvalidParameter.DurationSeconds",
            format!("The Min/Max value of DurationSeconds is {SHORTEST}/{longest} seconds."),
        )),
    }
}

/// A required parameter.
pub(super) fn required<'a>(call: &'a Call, name: &str) -> Result<&'a str, Refusal> {
    call.param(name).filter(|value| !value.is_empty()).ok_or_else(|| Refusal::missing(name))
}

/// The error for an invalid parameter.
pub(super) fn invalid(name: &str, what: &str) -> Refusal {
    let message = format!("The parameter {name} {what}.");
    Refusal::new(400, format!("InvalidParameter.{name}"), message)
}
