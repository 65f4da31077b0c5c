//! Authenticates a request: every check from claim to [`Identity`], in one place and order.
//!
//! Only a valid signature uses up a nonce, so that one client cannot use up another's.

use std::collections::HashMap;

use crate::clock;
use crate::http::Call;
use crate::identity::{Identity, Kind};
use crate::refusal::Refusal;
use crate::rsa::PublicKey;
use crate::settings::default_account;
use crate::signature::Signed;
use crate::state::{Key, State};

/// How far a request's time may differ from the service's, in seconds, either way.
const MAX_SKEW: u64 = 900;

/// The caller that signed `call`, or the reason it is rejected.
pub(crate) fn authenticate(state: &mut State, call: &Call) -> Result<Identity, Refusal> {
    let signed = Signed::read(call)?;
    check_time(state, &signed)?;
    let key = state.key(&signed.access_key_id).ok_or_else(not_found)?;
    check_token(state, key, signed.token.as_deref())?;
    if !signed.is_by(&key.secret) {
        return Err(mismatch(&signed));
    }
    if key.expires_at.is_some_and(|end| end <= state.now()) {
        return Err(security_token("Expired", "Specified SecurityToken is expired."));
    }
    let identity = key.identity.clone();
    use_nonce(state, &signed)?;
    Ok(identity)
}

/// The owner of the one of `key_pairs` that signed `call`, or the reason it is rejected.
pub(super) fn authenticate_key_pair(
    key_pairs: &HashMap<String, PublicKey>,
    state: &mut State,
    call: &Call,
) -> Result<Identity, Refusal> {
    let signed = Signed::read_rsa(call)?;
    check_time(state, &signed)?;
    let key = key_pairs.get(&signed.access_key_id).ok_or_else(not_found)?;
    if !signed.is_by_key(key) {
        return Err(mismatch(&signed));
    }
    use_nonce(state, &signed)?;
    Ok(Identity { account: default_account(), kind: Kind::Account })
}

fn use_nonce(state: &mut State, signed: &Signed) -> Result<(), Refusal> {
    if state.use_nonce(&signed.access_key_id, &signed.nonce) {
        return Ok(());
    }
    let message = "Specified signature nonce was used already.";
    Err(Refusal::new(400, "SignatureNonceUsed", message))
}

fn not_found() -> Refusal {
    Refusal::new(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
}

fn mismatch(signed: &Signed) -> Refusal {
    let message = "Specified signature is not matched with our calculation. server string to sign is:";
    Refusal::new(400, "SignatureDoesNotMatch", format!("{message}{}", signed.explanation))
}

fn check_time(state: &State, signed: &Signed) -> Result<(), Refusal> {
    let Some(time) = clock::from_wire(&signed.time) else {
        let message = "Specified time stamp or date value is not well formatted.";
        return Err(Refusal::new(400, "InvalidTimeStamp.Format", message));
    };
    if time.abs_diff(state.now()) > MAX_SKEW {
        let message = "Specified time stamp or date value is expired.";
        return Err(Refusal::new(400, "InvalidTimeStamp.Expired", message));
    }
    Ok(())
}

fn check_token(state: &State, key: &Key, token: Option<&str>) -> Result<(), Refusal> {
    match (key.token.as_deref(), token) {
        (None, None) => Ok(()),
        (Some(expected), Some(token)) if expected == token => Ok(()),
        (Some(_), None) => Err(Refusal::missing("SecurityToken")),
        (_, Some(token)) if state.knows_token(token) => {
            Err(security_token("MismatchWithAccessKey", "Specified SecurityToken mismatch with the AccessKey."))
        }
        (_, Some(_)) => Err(security_token("Malformed", "Specified SecurityToken is malformed.")),
    }
}

fn security_token(what: &str, message: &str) -> Refusal {
    Refusal::new(400, format!("InvalidSecurityToken.{what}"), message)
}
