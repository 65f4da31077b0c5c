//! RSA private keys in users' formats, and their signatures.
//!
//! Invariant: a key's content reaches no message and no `Debug`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};

pub(crate) struct PrivateKey(RsaKeyPair);

impl PrivateKey {
    /// Parses PEM, PKCS#8 (`PRIVATE KEY`) or PKCS#1 (`RSA PRIVATE KEY`), or the bare Base64 of either.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        if text.contains("ENCRYPTED") {
            return Err(Error::invalid_config(
                "the private key is encrypted; store it decrypted: openssl pkcs8 -topk8 -nocrypt",
            ));
        }
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("----"));
        let base64 = Zeroizing::new(lines.collect::<String>());
        let not_a_key = "the private key is not an RSA key in PEM, PKCS#8 or PKCS#1";
        let der = BASE64.decode(base64.as_bytes()).map_err(|_| Error::invalid_config(not_a_key))?;
        let der = Zeroizing::new(der);
        let pair =
            RsaKeyPair::from_pkcs8(&der).or_else(|pkcs8| RsaKeyPair::from_der(&der).map_err(|pkcs1| (pkcs8, pkcs1)));
        pair.map(PrivateKey).map_err(|(pkcs8, pkcs1)| {
            let reasons = format!("{pkcs8} {pkcs1}");
            if reasons.contains("TooSmall") {
                Error::invalid_config("the RSA key has fewer than 2048 bits; make a longer one")
            } else if reasons.contains("TooLarge") {
                Error::invalid_config("the RSA key has more bits than are supported (4096)")
            } else {
                Error::invalid_config(not_a_key)
            }
        })
    }

    /// Signs with RSASSA-PKCS1-v1_5 and SHA-256.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| Error::new(ErrorKind::Internal, "the system has no randomness to sign with"))?;
        Ok(signature)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PKCS8: &str = include_str!("../../../../tests/scenarios/fixtures/pair_key.pem");
    const PKCS1: &str = include_str!("../../../../tests/scenarios/rsa_key_pair/rsa_key_pair_pkcs1/home/key.pem");

    /// The expected value is the output of `printf 'GET&%%2F&a%%3Db' | openssl dgst -sha256 -sign key.pem | base64`.
    #[test]
    fn signatures_are_those_of_openssl() {
        let expected = "fGWTqKfgwRNArcMXLHXA0LyHUIDntleTQ0XXE1XqwMtwJyzwPHMoTxCNBrKTBhIQL8T83x+UBEN9eWTJqltpUkZqvZ+jlvkunilwZOI0NrapYkGNyG+FjMjxHM7JLvwjrpsk6QOcou/UbxrqWHX0iGlSUmlJVvq5WAj9369PAn5qYFZVmrDpkCRe4PY1zP2Bt6rkOIo+jBeznNOdo23HM2tABnpqJIyrakNOh2avy8cXrvQYBFLqKG4vKBDdWJ2o4d8f2Ay5BJctrlhKQB0eUZQYVkIEV49JuBxZEuAIKxtlQvSDu8o0zMY3f4HswxKaaHhcQcpwZRqClOK3Ose9Ww==";
        for key in [PKCS8, PKCS1] {
            let signature = PrivateKey::parse(key).unwrap().sign(b"GET&%2F&a%3Db").unwrap();
            assert_eq!(BASE64.encode(signature), expected);
        }
    }
}
