//! `GenerateSessionAccessKey`: an access key without a token, for whoever has the private half of a
//! key pair. The action is not in the public reference; its parameters are those of the older core
//! SDKs (`aliyun-java-sdk-core`, `aliyun-python-sdk-core`).

use serde_json::{Value, json};

use super::duration;
use crate::http::Call;
use crate::identity::Identity;
use crate::service::Refusal;
use crate::state::{Key, State};
use crate::{clock, random};

/// The longest session, in seconds.
const LONGEST: i64 = 3600;

pub(super) fn generate_session_access_key(state: &mut State, call: &Call, caller: &Identity) -> Result<Value, Refusal> {
    let seconds = duration(call, LONGEST)?;
    let expires_at = state.now() + state.lifetime.unwrap_or(seconds);
    let (id, secret) = (random::access_key_id(), random::access_key_secret());
    let document = json!({
        "SessionAccessKey": {
            "SessionAccessKeyId": id,
            "SessionAccessKeySecret": secret,
            "Expiration": clock::to_wire(expires_at),
        },
    });
    state.issue(id, Key { secret, token: None, expires_at: Some(expires_at), identity: caller.clone() });
    Ok(document)
}
