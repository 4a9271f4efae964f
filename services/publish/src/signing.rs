//! Signatures of what a browser keeps for us: HMAC-SHA256 (RFC 2104), as base64 for addresses.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use uuid::Uuid;

/// The signature of a text.
pub fn signed(key: &hmac::Key, text: &str) -> String {
    URL_SAFE_NO_PAD.encode(hmac::sign(key, text.as_bytes()))
}

/// Whether this is the signature of a text.
pub fn is_signed(key: &hmac::Key, text: &str, signature: &str) -> bool {
    URL_SAFE_NO_PAD.decode(signature).is_ok_and(|signature| hmac::verify(key, text.as_bytes(), &signature).is_ok())
}

/// Whether two secrets are the same, in a time that says nothing about where they differ: they are compared by their
/// signatures under a key that nobody knows.
pub fn is_same(given: &str, expected: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, Uuid::new_v4().as_bytes());
    hmac::verify(&key, given.as_bytes(), hmac::sign(&key, expected.as_bytes()).as_ref()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_compared_whole() {
        assert!(is_same("secret", "secret"));
        assert!(!is_same("secre", "secret") && !is_same("", "secret"));
    }
}
