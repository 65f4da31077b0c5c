//! `AssumeRoleWithOIDC`: assumes a role with a token of an external identity provider. Requests are not signed; the
//! token is the proof.
//! <https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerolewithoidc>

use serde::Deserialize;
use serde_json::{Value, json};

use super::assume_role::assume;
use super::jwt::{Claims, Fault};
use super::parameters::{duration, invalid, policy, required, role, session_name};
use super::roles::Roles;
use crate::clock;
use crate::http::Call;
use crate::refusal::Refusal;
use crate::state::State;

/// The length of a token, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 4..=20_000;

/// An OIDC provider and one kind of its tokens that is accepted. A provider may be listed several times.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provider {
    /// `acs:ram::<account>:oidc-provider/<name>`.
    pub(crate) provider_arn: String,
    /// The `iss` that a token must have.
    pub(crate) issuer: Option<String>,
    /// An `aud` that a token must have.
    pub(crate) audience: Option<String>,
    /// The one accepted token, regardless of its content.
    pub(crate) token: Option<String>,
    /// The key that signs accepted tokens.
    pub(crate) hs256_key: Option<String>,
}

/// Checks beyond the types.
pub(super) fn check(providers: &[Provider]) -> Result<(), String> {
    for provider in providers {
        if provider.token.is_some() == provider.hs256_key.is_some() {
            return Err(format!("`oidc` needs `token` or `hs256_key`, not both: {}", provider.provider_arn));
        }
    }
    Ok(())
}

pub(super) fn assume_role_with_oidc(
    (roles, providers): (&Roles, &[Provider]),
    state: &mut State,
    call: &Call,
) -> Result<Value, Refusal> {
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
    let info = verify(providers, (provider, token), state.now())?;
    let longest = roles.longest(&role, |role| {
        let trusts = |trusted: &Vec<String>| trusted.iter().any(|principal| principal == provider);
        if role.trusts.as_ref().is_none_or(trusts) { Ok(()) } else { Err(no_permission("There is no permission")) }
    })?;
    let seconds = duration(call, longest)?;
    let mut document = assume(state, arn, role, session, seconds);
    if let Some(document) = document.as_object_mut() {
        document.insert("OIDCTokenInfo".to_owned(), info);
    }
    Ok(document)
}

/// The token's claims, if one of the provider's settings accepts it.
fn verify(providers: &[Provider], (provider, token): (&str, &str), now: i64) -> Result<Value, Refusal> {
    let mut refusal = no_permission("No such OIDC Provider registered.");
    for settings in providers.iter().filter(|settings| settings.provider_arn == provider) {
        match accept(settings, token, now) {
            Ok(info) => return Ok(info),
            Err(reason) => refusal = reason,
        }
    }
    Err(refusal)
}

fn accept(settings: &Provider, token: &str, now: i64) -> Result<Value, Refusal> {
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
