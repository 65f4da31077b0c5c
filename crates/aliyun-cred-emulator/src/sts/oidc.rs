//! `AssumeRoleWithOIDC`: a role for the token of an external identity provider. Nothing is signed; the
//! token is the proof.
//! <https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerolewithoidc>

use serde_json::{Value, json};

use super::{assume, duration, invalid, no_such_role, policy, required, role, session_name};
use crate::clock;
use crate::http::Call;
use crate::jwt::{Claims, Fault};
use crate::service::Refusal;
use crate::settings::OidcSettings;
use crate::state::{Found, State};

/// The length of a token, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 4..=20_000;

pub(super) fn assume_role_with_oidc(state: &mut State, call: &Call) -> Result<Value, Refusal> {
    let (arn, role) = role(call)?;
    let provider = required(call, "OIDCProviderArn")?;
    let token = call.param("OIDCToken").unwrap_or_default();
    if token.is_empty() {
        return Err(invalid_token("Invalid", "The OIDCToken can not empty."));
    }
    if !LENGTH.contains(&token.chars().count()) {
        return Err(invalid("OIDCToken", "must be 4 to 20000 characters long"));
    }
    let session = session_name(call)?;
    policy(call)?;
    let info = verify(state, provider, token)?;
    let longest = match state.role(&role) {
        Found::Anything => super::DURATION.1,
        Found::Nothing => return Err(no_such_role()),
        Found::Listed(found) => {
            if found.trusts.as_ref().is_some_and(|trusted| !trusted.iter().any(|principal| principal == provider)) {
                return Err(no_permission("There is no permission"));
            }
            found.max_duration.unwrap_or(super::DURATION.1)
        }
    };
    let seconds = duration(call, longest)?;
    let mut document = assume(state, arn, role, session, seconds);
    if let Some(document) = document.as_object_mut() {
        document.insert("OIDCTokenInfo".to_owned(), info);
    }
    Ok(document)
}

/// What the token says, if one of the provider's settings accepts it.
fn verify(state: &State, provider: &str, token: &str) -> Result<Value, Refusal> {
    let mut refusal = no_permission("No such OIDC Provider registered.");
    for settings in state.oidc.iter().filter(|settings| settings.provider_arn == provider) {
        match accept(settings, token, state.now()) {
            Ok(info) => return Ok(info),
            Err(reason) => refusal = reason,
        }
    }
    Err(refusal)
}

fn accept(settings: &OidcSettings, token: &str, now: i64) -> Result<Value, Refusal> {
    let Some(key) = &settings.hs256_key else {
        if settings.token.as_deref() != Some(token) {
            return Err(invalid_token("Invalid", "The Jwt content is invalid that cannot be recognized."));
        }
        return Ok(json!({
            "Subject": "subject",
            "Issuer": settings.issuer.as_deref().unwrap_or("https://issuer.example"),
            "ClientIds": settings.audience.as_deref().unwrap_or("sts.aliyuncs.com"),
            "VerificationInfo": "Success",
        }));
    };
    let claims = Claims::verify(token, key.as_bytes(), now).map_err(|fault| match fault {
        Fault::Parts => invalid_token("Invalid", "The number of Jwt field should be divided into 3 parts with '.' ."),
        Fault::Encoding => invalid_token("Invalid", "Cannot decode base64 encoded response(format invalided)."),
        Fault::Algorithm => invalid_token("Invalid", "The algorithm that be specified in Jwt header is unknown."),
        Fault::Content => invalid_token("Invalid", "The Jwt content is invalid that cannot be recognized."),
        Fault::Early => invalid_token("Invalid", "This JsonWebToken is not valid yet."),
        Fault::Signature => invalid_token("InvalidSignature", "OIDC token validate failed: invalid signature."),
        Fault::Expired => invalid_token("Expired", "This JsonWebToken is expired."),
    })?;
    if settings.issuer.as_ref().is_some_and(|issuer| *issuer != claims.issuer) {
        let message = "The issuer in the OIDC Token doesn't match the issuer in the OIDC Provider.";
        return Err(invalid_token("IssuerNotMatch", message));
    }
    if settings.audience.as_ref().is_some_and(|audience| !claims.audience.contains(audience)) {
        return Err(invalid_token("AudienceNotMatch", "Invalid audience."));
    }
    let mut info = json!({
        "Subject": claims.subject,
        "Issuer": claims.issuer,
        "ClientIds": claims.audience.join(","),
        "ExpirationTime": clock::to_wire(claims.expires_at),
        "VerificationInfo": "Success",
    });
    if let (Some(info), Some(time)) = (info.as_object_mut(), claims.issued_at) {
        info.insert("IssuanceTime".to_owned(), clock::to_wire(time).into());
    }
    Ok(info)
}

/// <https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-errorcodes>
fn invalid_token(what: &str, message: &str) -> Refusal {
    Refusal::new(401, format!("AuthenticationFail.OIDCToken.{what}"), message)
}

fn no_permission(message: &str) -> Refusal {
    Refusal::new(401, "AuthenticationFail.NoPermission", message)
}
