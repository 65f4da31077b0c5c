//! JSON Web Tokens (RFC 7519) with an HMAC (`HS256`), as far as OIDC needs them.
//!
//! The real service verifies signatures with a public key that it fetches from the provider. Here there is no provider,
//! so a shared key replaces it. Everything else is checked the same way.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Map, Value};
use sha2::Sha256;

/// Why a token is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Not three parts.
    Parts,
    /// A part is not Base64.
    Encoding,
    /// Not JSON, or a claim is missing or of the wrong kind.
    Content,
    /// The algorithm is not `HS256`.
    Algorithm,
    /// The signature is wrong.
    Signature,
    /// `exp` has passed.
    Expired,
    /// `nbf` has not been reached.
    Early,
}

/// The claims of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claims {
    /// `sub`
    pub(super) subject: String,
    /// `iss`
    pub(super) issuer: String,
    /// `aud`
    pub(super) audience: Vec<String>,
    /// `exp`
    pub(super) expires_at: i64,
    /// `iat`
    pub(super) issued_at: Option<i64>,
}

impl Claims {
    /// Verifies a token as of `now`.
    pub(super) fn verify(token: &str, key: &[u8], now: i64) -> Result<Self, Fault> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Fault::Parts)?;
        let (head, claims) = signed.split_once('.').ok_or(Fault::Parts)?;
        if claims.contains('.') {
            return Err(Fault::Parts);
        }
        if object(head)?.get("alg").and_then(Value::as_str) != Some("HS256") {
            return Err(Fault::Algorithm);
        }
        let claims = object(claims)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Fault::Encoding)?;
        let mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| Fault::Signature)?;
        mac.chain_update(signed).verify_slice(&signature).map_err(|_| Fault::Signature)?;

        let expires_at = time(&claims, "exp")?.ok_or(Fault::Content)?;
        if expires_at <= now {
            return Err(Fault::Expired);
        }
        if time(&claims, "nbf")?.is_some_and(|start| start > now) {
            return Err(Fault::Early);
        }
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            subject: text("sub").ok_or(Fault::Content)?,
            issuer: text("iss").ok_or(Fault::Content)?,
            audience: audience(claims.get("aud"))?,
            expires_at,
            issued_at: time(&claims, "iat")?,
        })
    }
}

fn object(part: &str) -> Result<Map<String, Value>, Fault> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Fault::Encoding)?;
    serde_json::from_slice(&bytes).map_err(|_| Fault::Content)
}

/// Whole seconds; a fraction is allowed on the wire.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, Fault> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_i64().or_else(|| {
        // A number out of range is clamped.
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        value.as_f64().map(|seconds| seconds as i64)
    });
    seconds.map(Some).ok_or(Fault::Content)
}

fn audience(value: Option<&Value>) -> Result<Vec<String>, Fault> {
    match value {
        Some(Value::String(one)) => Ok(vec![one.clone()]),
        Some(Value::Array(many)) => {
            many.iter().map(|one| one.as_str().map(str::to_owned).ok_or(Fault::Content)).collect()
        }
        _ => Err(Fault::Content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(head: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims));
        let mac = Hmac::<Sha256>::new_from_slice(b"key").unwrap().chain_update(&signed);
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    const HEAD: &str = r#"{"alg":"HS256"}"#;

    /// The example of RFC 7515, appendix A.1.
    #[test]
    fn the_published_vector() {
        let key = URL_SAFE_NO_PAD
            .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
            .unwrap();
        let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0d\
                     HA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        // The signature is valid; the token is rejected for a later check.
        assert_eq!(Claims::verify(token, &key, 1_300_819_380), Err(Fault::Expired));
        assert_eq!(Claims::verify(token, &key, 1_300_819_379), Err(Fault::Content));
        assert_eq!(Claims::verify(token, b"other", 0), Err(Fault::Signature));
    }

    #[test]
    fn claims_are_checked() {
        let claims = |text: &str| Claims::verify(&sign(HEAD, text), b"key", 100);
        let good = claims(r#"{"sub":"s","iss":"i","aud":["a","b"],"exp":101.5,"nbf":100,"iat":7}"#).unwrap();
        assert_eq!((good.expires_at, good.issued_at, good.audience.len()), (101, Some(7), 2));
        for (text, fault) in [
            (r#"{"sub":"s","iss":"i","aud":"a","exp":100}"#, Fault::Expired),
            (r#"{"sub":"s","iss":"i","aud":"a","exp":101,"nbf":101}"#, Fault::Early),
            (r#"{"sub":"s","iss":"i","aud":"a"}"#, Fault::Content),
            (r#"{"sub":"s","iss":"i","aud":[1],"exp":101}"#, Fault::Content),
            (r#"{"sub":"s","aud":"a","exp":101}"#, Fault::Content),
            (r#"{"sub":"s","iss":"i","aud":"a","exp":"101"}"#, Fault::Content),
            ("[]", Fault::Content),
        ] {
            assert_eq!(claims(text), Err(fault), "{text}");
        }
        let good = r#"{"sub":"s","iss":"i","aud":"a","exp":101}"#;
        assert_eq!(Claims::verify(&sign(r#"{"alg":"none"}"#, good), b"key", 100), Err(Fault::Algorithm));
        let token = sign(HEAD, good);
        assert!(Claims::verify(&token, b"key", 100).is_ok());
        for (wrong, fault) in [
            (format!("{token}\n"), Fault::Encoding),
            (format!("{token}="), Fault::Encoding),
            (format!("{token}.x"), Fault::Parts),
            (format!("{}.AAAA", token.rsplit_once('.').unwrap().0), Fault::Signature),
            ("a.b".to_owned(), Fault::Parts),
            (String::new(), Fault::Parts),
        ] {
            assert_eq!(Claims::verify(&wrong, b"key", 100), Err(fault), "{wrong:?}");
        }
    }
}
