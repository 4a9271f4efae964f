//! Signatures as Standard Webhooks has them: HMAC-SHA256 over `id.timestamp.body`, version `v1`.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use ring::hmac;

/// What a secret begins with.
const PREFIX: &str = "whsec_";

/// What signs.
#[derive(Clone)]
pub struct Signer(hmac::Key);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hidden)")
    }
}

/// A secret that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected whsec_ and 24 to 64 bytes in base64, such as whsec_$(openssl rand -base64 32)")]
pub struct InvalidSecret;

impl std::str::FromStr for Signer {
    type Err = InvalidSecret;

    fn from_str(secret: &str) -> Result<Self, InvalidSecret> {
        let key = secret.strip_prefix(PREFIX).and_then(|key| STANDARD.decode(key).ok());
        let key = key.filter(|key| (24..=64).contains(&key.len())).ok_or(InvalidSecret)?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }
}

impl Signer {
    /// The value of `webhook-signature`.
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(format!("{id}.{}.", at.as_second()).as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_of_the_standards_own_example() {
        let signer: Signer = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let signed = signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_weak_secret_is_refused() {
        for weak in ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!"] {
            assert_eq!(weak.parse::<Signer>().unwrap_err(), InvalidSecret, "{weak}");
        }
    }
}
