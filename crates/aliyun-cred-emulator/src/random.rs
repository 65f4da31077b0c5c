//! Unpredictable identifiers and secrets, from the operating system's randomness.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `count` random bytes. A version 4 UUID holds 122 random bits and panics only if the operating system has no
/// randomness, so no other source is needed.
pub(crate) fn bytes(count: usize) -> Vec<u8> {
    std::iter::repeat_with(|| Uuid::new_v4().into_bytes()).flatten().take(count).collect()
}

/// A request ID in the services' format: an upper-case UUID.
pub(crate) fn request_id() -> String {
    format!("{:X}", Uuid::new_v4().hyphenated())
}

/// The ID of an issued AccessKey.
pub(crate) fn access_key_id() -> String {
    format!("STS.N{}", alphanumeric(24))
}

/// The ID of an AccessKey of a RAM user.
pub(crate) fn long_lived_id() -> String {
    format!("LTAI5t{}", alphanumeric(18))
}

/// The secret of an issued AccessKey.
pub(crate) fn access_key_secret() -> String {
    alphanumeric(44)
}

/// A security token: long, and with `+`, `/` and often `=` in it, like real ones, to expose clients that encode it
/// wrongly.
pub(crate) fn security_token() -> String {
    format!("CAIS+/{}", STANDARD.encode(bytes(478)))
}

/// An opaque token.
pub(crate) fn bearer_token() -> String {
    alphanumeric(64)
}

fn alphanumeric(count: usize) -> String {
    bytes(count)
        .into_iter()
        .filter_map(|byte| ALPHANUMERIC.get(usize::from(byte) % ALPHANUMERIC.len()))
        .map(|byte| char::from(*byte))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert_eq!(access_key_id().len(), 29);
        assert_eq!(access_key_secret().len(), 44);
        assert!(security_token().ends_with("=="));
        assert_ne!(security_token(), security_token());
        let id = request_id();
        assert_eq!((id.len(), id.to_uppercase()), (36, id));
    }
}
