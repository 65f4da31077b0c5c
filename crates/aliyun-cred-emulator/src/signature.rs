//! Verifies the two signatures of Alibaba Cloud's RPC APIs, following the published descriptions:
//!
//! - version 1 (`HMAC-SHA1`, in the parameters):
//!   <https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism>
//! - version 3 (`ACS3-HMAC-SHA256`, in the headers):
//!   <https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature>
//!
//! Version 1 has a second form, `SHA256withRSA`: RSASSA-PKCS1-v1_5 with SHA-256 by the private key of a key pair, over
//! the same string.
//!
//! The signed text is always rebuilt from the decoded request, never copied from the wire, so that a client whose
//! encoding differs from the description fails.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::http::Call;
use crate::refusal::Refusal;
use crate::rsa::PublicKey;

/// Everything except letters, digits and `-_.~` is encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The parameters of a POST, as they are read from its query and its form; `None` unless the version 1 signature among
/// them was made with `secret`. For fuzzing.
#[doc(hidden)]
pub fn signed_parameters(query: &str, form: &str, secret: &str) -> Option<Vec<(String, String)>> {
    let call = Call::post(query, form)?;
    Signed::read(&call).is_ok_and(|signed| signed.is_by(secret)).then(|| call.params().cloned().collect())
}

/// The name of the algorithm, and the scheme of the `Authorization` header.
const V3: &str = "ACS3-HMAC-SHA256";
/// The `SignatureMethod` of a signature by a private key.
const RSA: &str = "SHA256withRSA";

/// The kind of a request's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// None.
    Unsigned,
    /// In the parameters.
    V1,
    /// In the headers.
    V3,
    /// In the parameters, made with a private key.
    Rsa,
}

impl Scheme {
    /// The signature of `call`, valid or not.
    pub(crate) fn of(call: &Call) -> Self {
        if call.header("authorization").is_some_and(|value| value.starts_with(V3)) {
            Self::V3
        } else if call.param("SignatureMethod") == Some(RSA) {
            Self::Rsa
        } else if call.param("Signature").is_some() || call.param("AccessKeyId").is_some() {
            Self::V1
        } else {
            Self::Unsigned
        }
    }

    /// The name in the request log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unsigned => "none",
            Self::V1 => "v1",
            Self::V3 => "v3",
            Self::Rsa => "rsa",
        }
    }

    /// The access key that `call` claims to be signed with, whether or not that is true.
    pub(crate) fn claimed_key(self, call: &Call) -> Option<&str> {
        match self {
            Self::Unsigned => None,
            Self::V1 | Self::Rsa => call.param("AccessKeyId"),
            Self::V3 => Authorization::parse(call.header("authorization")?)?.credential.into(),
        }
    }
}

/// The signed values of a request, and the signature, not yet verified.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    /// The claimed signer.
    pub(crate) access_key_id: String,
    /// The security token that belongs to the key.
    pub(crate) token: Option<String>,
    /// The time of signing, as sent.
    pub(crate) time: String,
    /// Can be used only once.
    pub(crate) nonce: String,
    /// The text that an error reply echoes.
    pub(crate) explanation: String,
    string_to_sign: String,
    scheme: Scheme,
    signature: Vec<u8>,
}

impl Signed {
    /// Reads the values of a signature by an AccessKey secret.
    pub(crate) fn read(call: &Call) -> Result<Self, Refusal> {
        match Scheme::of(call) {
            Scheme::Unsigned => Err(Refusal::missing("AccessKeyId")),
            Scheme::V1 | Scheme::Rsa => read_v1(call, Scheme::V1),
            Scheme::V3 => read_v3(call),
        }
    }

    /// Reads the values of a signature by a private key.
    pub(crate) fn read_rsa(call: &Call) -> Result<Self, Refusal> {
        read_v1(call, Scheme::Rsa)
    }

    /// Whether the signature was made with the private key of `key`.
    pub(crate) fn is_by_key(&self, key: &PublicKey) -> bool {
        self.scheme == Scheme::Rsa && key.verifies(self.string_to_sign.as_bytes(), &self.signature)
    }

    /// Whether the signature was made with `secret`; the comparison takes constant time.
    pub(crate) fn is_by(&self, secret: &str) -> bool {
        match self.scheme {
            Scheme::Unsigned | Scheme::Rsa => false,
            Scheme::V1 => Hmac::<Sha1>::new_from_slice(format!("{secret}&").as_bytes())
                .is_ok_and(|mac| mac.chain_update(&self.string_to_sign).verify_slice(&self.signature).is_ok()),
            Scheme::V3 => Hmac::<Sha256>::new_from_slice(secret.as_bytes())
                .is_ok_and(|mac| mac.chain_update(&self.string_to_sign).verify_slice(&self.signature).is_ok()),
        }
    }
}

/// Version 1, by an AccessKey secret or a private key: the string to sign is the same.
fn read_v1(call: &Call, scheme: Scheme) -> Result<Signed, Refusal> {
    let required = |name: &'static str| match call.param(name) {
        Some(value) if !value.is_empty() => Ok(value.to_owned()),
        _ => Err(Refusal::missing(name)),
    };
    let access_key_id = required("AccessKeyId")?;
    let signature = required("Signature")?;
    let fixed: &[(&'static str, &str)] = match scheme {
        Scheme::Rsa => &[("SignatureMethod", RSA), ("SignatureType", "PRIVATEKEY"), ("SignatureVersion", "1.0")],
        _ => &[("SignatureMethod", "HMAC-SHA1"), ("SignatureVersion", "1.0")],
    };
    for &(name, only) in fixed {
        if required(name)? != only {
            return Err(Refusal::new(400, format!("Invalid{name}"), format!("The parameter {name} must be {only}.")));
        }
    }
    let time = required("Timestamp")?;
    let nonce = required("SignatureNonce")?;
    let signed = call.params().filter(|(name, _)| name != "Signature");
    let string_to_sign = format!("{}&%2F&{}", call.method, encode(&canonical_query(signed)));
    Ok(Signed {
        access_key_id,
        token: call.param("SecurityToken").filter(|token| !token.is_empty()).map(str::to_owned),
        time,
        nonce,
        explanation: string_to_sign.clone(),
        string_to_sign,
        scheme,
        // Invalid Base64 counts as a wrong signature.
        signature: STANDARD.decode(signature).unwrap_or_default(),
    })
}

fn read_v3(call: &Call) -> Result<Signed, Refusal> {
    let incomplete = |message: String| Refusal::new(400, "IncompleteSignature", message);
    let authorization = call
        .header("authorization")
        .and_then(Authorization::parse)
        .ok_or_else(|| incomplete("The header Authorization is wrongly formed.".to_owned()))?;
    let required = |name: &str| {
        call.header(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| Refusal::new(400, "MissingParameter", format!("The header {name} is mandatory.")))
    };
    let time = required("x-acs-date")?.to_owned();
    let nonce = required("x-acs-signature-nonce")?.to_owned();
    let declared = required("x-acs-content-sha256")?;

    let names: Vec<&str> = authorization.signed_headers.split(';').collect();
    if !names.is_sorted() || names.iter().any(|name| *name != name.to_ascii_lowercase()) {
        let message = "SignedHeaders must be lower-case names in ascending order.";
        return Err(incomplete(message.to_owned()));
    }
    // The common headers and the host must be signed; the content type is optional.
    let unsigned = call
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .find(|name| (name.starts_with("x-acs-") || *name == "host") && !names.contains(name));
    if let Some(name) = unsigned {
        return Err(incomplete(format!("The header {name} must be one of SignedHeaders.")));
    }
    let mut headers = String::new();
    for name in &names {
        let value = call.header(name).ok_or_else(|| incomplete(format!("The signed header {name} was not sent.")))?;
        headers.push_str(&format!("{name}:{}\n", value.trim()));
    }
    let hash = hex(&Sha256::digest(&call.body));
    if declared != hash {
        return Err(Refusal::new(
            400,
            "SignatureDoesNotMatch",
            format!("The header x-acs-content-sha256 does not match the body, which has {hash}."),
        ));
    }
    let canonical_request = format!(
        "{}\n{}\n{}\n{headers}\n{}\n{hash}",
        call.method,
        call.path,
        canonical_query(call.query.iter()),
        authorization.signed_headers,
    );
    let string_to_sign = format!("{V3}\n{}", hex(&Sha256::digest(&canonical_request)));
    Ok(Signed {
        access_key_id: authorization.credential.to_owned(),
        token: call.header("x-acs-security-token").filter(|token| !token.is_empty()).map(str::to_owned),
        time,
        nonce,
        explanation: format!("{string_to_sign}, server canonical request is:{canonical_request}"),
        string_to_sign,
        scheme: Scheme::V3,
        signature: unhex(authorization.signature).unwrap_or_default(),
    })
}

/// A parsed `ACS3-HMAC-SHA256 Credential=<id>,SignedHeaders=<a;b>,Signature=<hex>`.
struct Authorization<'a> {
    credential: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let fields = header.strip_prefix(V3)?.strip_prefix(' ')?;
        let field = |name: &str| {
            fields
                .split(',')
                .find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='))
                .filter(|value| !value.is_empty())
        };
        Some(Self {
            credential: field("Credential")?,
            signed_headers: field("SignedHeaders")?,
            signature: field("Signature")?,
        })
    }
}

/// Encoded names and values, sorted by name, as `name=value` joined by `&`.
fn canonical_query<'a>(pairs: impl Iterator<Item = &'a (String, String)>) -> String {
    let mut pairs: Vec<&(String, String)> = pairs.collect();
    pairs.sort();
    let pairs: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests;
