//! `GenerateSessionAccessKey`: issues an AccessKey without a token to the holder of a key pair's private key. The
//! action is not in the public reference; its parameters are those of the older core SDKs (`aliyun-java-sdk-core`,
//! `aliyun-python-sdk-core`).

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::parameters::duration;
use crate::http::Call;
use crate::identity::Identity;
use crate::refusal::Refusal;
use crate::rsa::PublicKey;
use crate::state::{Key, State};
use crate::{clock, random};

/// The longest session, in seconds.
const LONGEST: i64 = 3600;

/// A key pair.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyPair {
    /// The ID of the public key.
    pub(crate) id: String,
    /// `BEGIN PUBLIC KEY`.
    pub(crate) public_key_pem: String,
}

/// The public keys, by ID; the error text names the wrong key pair.
pub(super) fn read(settings: Vec<KeyPair>) -> Result<HashMap<String, PublicKey>, String> {
    let mut pairs = HashMap::new();
    for KeyPair { id, public_key_pem } in settings {
        if pairs.contains_key(&id) {
            return Err(format!("`key_pairs` has `{id}` twice"));
        }
        let key = PublicKey::from_pem(&public_key_pem)
            .ok_or_else(|| format!("`public_key_pem` is not an RSA public key of 2048 bits or more: {id}"))?;
        pairs.insert(id, key);
    }
    Ok(pairs)
}

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
