//! What a hub signs its words with (WebSub section 7.1), and the token in its callback's address.

use ring::hmac::{self, Algorithm, Key};

/// What a callback's token is the code of, beside the feed's id.
const PURPOSE: &str = "websub callback";

/// The token of a feed's callback: it tells nothing about the secret, and comes from nobody who doesn't have it.
pub fn token(secret: &str, feed_id: &str) -> String {
    let tag = hmac::sign(&Key::new(hmac::HMAC_SHA256, secret.as_bytes()), called(feed_id).as_bytes());
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether `token` is that of a feed's callback.
pub fn is_token(secret: &str, feed_id: &str, token: &str) -> bool {
    let key = Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    bytes(token).is_some_and(|tag| hmac::verify(&key, called(feed_id).as_bytes(), &tag).is_ok())
}

/// Whether `header`, the value of `X-Hub-Signature`, is the signature of `body` with `secret`.
pub fn is_signed(secret: &str, header: &str, body: &[u8]) -> bool {
    let Some((method, digits)) = header.trim().split_once('=') else { return false };
    let Some(algorithm) = algorithm(method) else { return false };
    let key = Key::new(algorithm, secret.as_bytes());
    bytes(digits).is_some_and(|tag| hmac::verify(&key, body, &tag).is_ok())
}

/// The methods of the specification, SHA-1 among them: most hubs have no other, and in an HMAC it holds.
fn algorithm(method: &str) -> Option<Algorithm> {
    Some(match method.to_ascii_lowercase().as_str() {
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => hmac::HMAC_SHA256,
        "sha384" => hmac::HMAC_SHA384,
        "sha512" => hmac::HMAC_SHA512,
        _ => return None,
    })
}

fn called(feed_id: &str) -> String {
    format!("{PURPOSE} {feed_id}")
}

/// The bytes that hexadecimal digits stand for.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let pairs = digits.trim().as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2202 section 3 and RFC 4231 section 4.3, test case 2.
    #[test]
    fn signatures_of_all_methods_are_known() {
        let body = b"what do ya want for nothing?";
        for header in [
            "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            "SHA256=5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843",
            "sha384=af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            "sha512=164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaea\
             b1a34d4a6b4b636e070a38bce737",
        ] {
            assert!(is_signed("Jefe", header, body), "{header}");
            assert!(!is_signed("Jefe", header, b"what do ya want for nothing!"), "{header}");
            assert!(!is_signed("jefe", header, body), "{header}");
        }
    }

    #[test]
    fn what_is_no_signature_is_none() {
        for header in ["", "=", "sha1", "sha1=", "sha1=zz", "sha1=eff", "md5=00", "sha256=é", "sha1=\u{ff11}\u{ff11}"]
        {
            assert!(!is_signed("secret", header, b""), "{header}");
        }
    }
}
