//! Public RSA keys in their usual form (PEM, `BEGIN PUBLIC KEY`: RFC 5280's SubjectPublicKeyInfo), and verification of
//! RSASSA-PKCS1-v1_5 with SHA-256.
//!
//! Parses only the DER that this needs: a complete parser would be the larger risk.

use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;

/// DER tags.
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;
/// `rsaEncryption` with its empty parameters.
const RSA_ENCRYPTION: [u8; 13] = [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 0x05, 0];
/// The shortest modulus, in bytes.
const MIN_MODULUS: usize = 2048 / 8;

/// A public key of 2048 bits or more.
#[derive(Clone, Debug)]
pub(crate) struct PublicKey {
    /// PKCS #1's RSAPublicKey.
    der: Vec<u8>,
}

impl PublicKey {
    /// Parses a key; `None` if it is not an RSA key of 2048 bits or more.
    pub(crate) fn from_pem(pem: &str) -> Option<Self> {
        let info = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).ok()?;
        let (info, []) = element(SEQUENCE, &info)? else { return None };
        let (algorithm, rest) = element(SEQUENCE, info)?;
        let (key, []) = element(BIT_STRING, rest)? else { return None };
        // The first octet counts the unused bits at the end.
        let key = key.strip_prefix(&[0])?;
        let (numbers, []) = element(SEQUENCE, key)? else { return None };
        let (modulus, _) = element(INTEGER, numbers)?;
        let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
        (algorithm == RSA_ENCRYPTION && modulus.len() >= MIN_MODULUS).then(|| Self { der: key.to_vec() })
    }

    /// Whether `signature` of `message` was made with the matching private key.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.der).verify(message, signature).is_ok()
    }
}

/// The contents of the first element of `der`, which must have `tag`, and the rest.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = match *head {
        [found, _] if found != tag => return None,
        [_, length @ 0..=0x7f] => (usize::from(length), rest),
        [_, 0x81] => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        [_, 0x82] => rest.split_first_chunk().map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest))?,
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    const GOOD: &str = include_str!("../tests/emulator/rsa_public.pem");
    /// 1024 bits.
    const SHORT: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDYIJxM8d7dPfz49t5bdmmfBKup
+8Ugoqgoapnp0CC71ADuT+znzhFkf8SLCHd1NtoM74nlOxKdH/JNeKmSmOceNcMU
H8gRHL3kCAabicfRt1VE/t65K3smDqVFA2jKg0s5YVJGTVeRcGTxJE2jXg8IKGMx
WSCsCoRx/DOhqEVjCwIDAQAB
-----END PUBLIC KEY-----
";

    /// The signature was made with OpenSSL: `openssl dgst -sha256 -sign rsa_private.pem`.
    #[test]
    fn a_signature_of_somebody_else() {
        let signature = "yTqV9blyyTJDHLSimW36hcxcsJJGWC9/13EUArCCaaVhlq+lD//SPsLl5zoOAhIP/rqteLrQ3n8uPt0QJI0ypx1P0TkhUMJuIRlm\
             cWAMeh/BAZhOHqmbKcJx18aNvUpav2t+pefqXObInA+6paDMn8aw8UeKrsxytpV+s310o9PsCz5SdtTYnwoiflZZj6EXQJ2aJnaP\
             2IaTTdx+mFke6sa3KmVR5f1doCKrCcKs6ak2Z88fMCsCe6oSuNxVEzIn/PJxPrIY9nZ55ALkjs9d/lYAHFgdcPluD7M1UDa3CfsD\
             Nw30Psjkmo3xdgbyeoStkC3vVHlopSTer5laMrN99A==";
        let signature = STANDARD.decode(signature).unwrap();
        let key = PublicKey::from_pem(GOOD).unwrap();
        assert!(key.verifies(b"GET&%2F&a%3Db", &signature));
        assert!(!key.verifies(b"GET&%2F&a%3Dc", &signature));
        assert!(!key.verifies(b"GET&%2F&a%3Db", &signature[1..]));
    }

    #[test]
    fn only_whole_rsa_keys_are_read() {
        assert!(PublicKey::from_pem(GOOD).is_some());
        assert!(PublicKey::from_pem(SHORT).is_none());
        assert!(PublicKey::from_pem("").is_none());
        assert!(PublicKey::from_pem(&GOOD.replace("PUBLIC", "PRIVATE")).is_none());
        // Truncated anywhere, in whole quads of Base64.
        let body: String = GOOD.lines().filter(|line| !line.starts_with('-')).collect();
        for end in (0..body.len()).step_by(4) {
            let cut = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", &body[..end]);
            assert!(PublicKey::from_pem(&cut).is_none(), "{end}");
        }
    }
}
