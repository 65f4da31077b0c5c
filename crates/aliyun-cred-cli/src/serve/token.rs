//! What shows that a request comes from a program that was told the way.
//!
//! Invariant: a token has 256 random bits, and is compared in constant time.

use std::io::{self, Write as _};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use aliyun_cred::binding;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// How many characters 256 bits take in Base64.
const LENGTH: usize = 43;

/// The token in the path of each request.
pub(crate) struct Token(Zeroizing<String>);

impl Token {
    /// Draws a new one.
    pub(crate) fn random() -> Result<Self, Failure> {
        Ok(Token(Zeroizing::new(BASE64.encode(*random_bytes()?))))
    }

    /// Reads the one in a file, which is made if it is missing.
    pub(crate) fn in_file(path: &Path) -> Result<Self, Failure> {
        let token = Token::random()?;
        let shown = binding::shown_path(path);
        match create(path, &token.0) {
            Ok(()) => return Ok(token),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Failure::new(format!("cannot write {shown}: {error}"))),
        }
        let read = binding::read_text(path.to_owned());
        let text = read.map_err(|error| Failure::new(format!("cannot read {shown}: {error}")))?;
        let text = text.trim();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if text.len() < LENGTH || !text.bytes().all(plain) {
            let text =
                format!("{shown} has no token: at least {LENGTH} letters, digits, - and _ (remove it for a new one)");
            return Err(Failure::new(text));
        }
        Ok(Token(Zeroizing::new(text.to_owned())))
    }

    /// Whether this is it.
    pub(crate) fn is(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }

    /// For those who are to know it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

fn create(path: &Path, token: &str) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path)?.write_all(format!("{token}\n").as_bytes());
    // The next start would take what there is of it for the token.
    written.inspect_err(|_| _ = std::fs::remove_file(path))
}

fn random_bytes() -> Result<Zeroizing<[u8; 32]>, Failure> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|error| Failure::new(format!("no randomness: {error}")))?;
    Ok(bytes)
}

/// The tokens of the metadata protocol. They carry their end and a keyed hash, so that none has to be remembered.
pub(crate) struct SessionTokens {
    key: Zeroizing<[u8; 32]>,
}

/// The bytes of a token's end, and of the hash of it.
const END: usize = 8;

impl SessionTokens {
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(SessionTokens { key: random_bytes()? })
    }

    /// A token for so many seconds.
    pub(crate) fn issue(&self, seconds: u64) -> Option<String> {
        let end = (now().saturating_add(seconds)).to_be_bytes();
        let hash = self.hash(&end)?.finalize().into_bytes();
        Some(BASE64.encode([&end[..], &hash[..]].concat()))
    }

    /// Whether it was issued here, and has not ended.
    pub(crate) fn admit(&self, token: &str) -> bool {
        let Ok(bytes) = BASE64.decode(token) else { return false };
        let Some((end, hash)) = bytes.split_first_chunk::<END>() else { return false };
        self.hash(end).is_some_and(|expected| expected.verify_slice(hash).is_ok()) && now() < u64::from_be_bytes(*end)
    }

    fn hash(&self, end: &[u8; END]) -> Option<Hmac<Sha256>> {
        Some(Hmac::new_from_slice(self.key.as_slice()).ok()?.chain_update(end))
    }
}

/// Whole seconds since the Unix epoch.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_token_is_admitted_until_its_end() {
        let Ok(tokens) = SessionTokens::new() else { panic!("no randomness") };
        let token = tokens.issue(60).unwrap_or_default();
        assert!(tokens.admit(&token));
        assert!(!tokens.admit(&tokens.issue(0).unwrap_or_default()), "it has ended");
        assert!(!tokens.admit("") && !tokens.admit(&token[1..]) && !tokens.admit(&format!("{token}AAAA")));
        let other = SessionTokens::new().ok().and_then(|tokens| tokens.issue(60)).unwrap_or_default();
        assert!(!tokens.admit(&other), "another server's");
    }

    #[test]
    fn a_token_is_compared_whole() {
        let Ok(token) = Token::random() else { panic!("no randomness") };
        assert_eq!(token.expose().len(), LENGTH);
        assert!(token.is(token.expose()));
        assert!(!token.is("") && !token.is(&token.expose()[1..]) && !token.is(&format!("{}A", token.expose())));
    }
}
