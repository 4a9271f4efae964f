//! What is signed: forms, so that they can't be made up, and the cookie that knows an author again.
//!
//! All of it is HMAC-SHA256 (RFC 2104) under one key that the first replica makes and keeps in the database.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use kos_shared::store::Store;
use ring::{
    hmac,
    rand::{SecureRandom, SystemRandom},
};
use uuid::Uuid;

use super::draft::Refusal;
use crate::{
    client_address::network,
    cookies,
    signing::{is_signed, signed},
};

/// How long writing takes at least, in milliseconds.
pub const FASTEST_MS: i64 = 3_000;

/// How long a form is good, in milliseconds.
pub const OLDEST_MS: i64 = 24 * 60 * 60 * 1_000;

/// The cookie that knows an author again.
pub const COOKIE: &str = "kos_author";

/// How long the cookie is kept, in seconds: as long as what waits is shown to its author.
const COOKIE_SECONDS: u32 = 7 * 24 * 60 * 60;

/// No key could be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The database fails.
    #[error("the key for comments could not be read: {0}")]
    Database(#[from] sqlx::Error),
    /// The system gives no random bytes, or the database holds what is no key.
    #[error("the key for comments can't be used: {0}")]
    Unusable(&'static str),
}

/// The keys. Their values are in no log.
#[derive(Debug, Clone)]
pub struct Keys {
    form: hmac::Key,
    author: hmac::Key,
    text: hmac::Key,
    address: hmac::Key,
}

impl Keys {
    /// The keys that all replicas share.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn load(store: &Store) -> Result<Self, KeyError> {
        let mut fresh = [0; 32];
        SystemRandom::new().fill(&mut fresh).map_err(|_| KeyError::Unusable("the system gives no random bytes"))?;
        let mut tx = store.begin().await?;
        let sql = "insert into comment_keys (name, key) values ('root', $1) on conflict (name) do nothing";
        sqlx::query(sql).bind(URL_SAFE_NO_PAD.encode(fresh)).execute(&mut *tx).await?;
        let sql = "select key from comment_keys where name = 'root'";
        let kept: String = sqlx::query_scalar(sql).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        let root = URL_SAFE_NO_PAD.decode(kept).ok().filter(|key| key.len() == 32);
        Ok(Self::of_root(&root.ok_or(KeyError::Unusable("the database holds what is no key"))?))
    }

    /// A key for each use, so that nothing signed for one holds for another.
    pub fn of_root(root: &[u8]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, root);
        let key = |usage: &str| hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&root, usage.as_bytes()).as_ref());
        Self { form: key("form"), author: key("author"), text: key("text"), address: key("address") }
    }

    /// The token of a form about `subject` that is shown at `now`.
    pub fn form_token(&self, subject: &str, now: Timestamp) -> String {
        let made = now.as_millisecond();
        format!("{made:x}.{}", signed(&self.form, &format!("{subject} {made}")))
    }

    /// Whether a token is of a form about `subject` that somebody had the time to fill in.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check_form(&self, subject: &str, token: &str, now: Timestamp) -> Result<(), Refusal> {
        let (made, signature) = token.split_once('.').ok_or(Refusal::FormUnknown)?;
        let made = i64::from_str_radix(made, 16).map_err(|_| Refusal::FormUnknown)?;
        if !is_signed(&self.form, &format!("{subject} {made}"), signature) {
            return Err(Refusal::FormUnknown);
        }
        match now.as_millisecond().saturating_sub(made) {
            age if age > OLDEST_MS => Err(Refusal::FormTooOld),
            age if age < FASTEST_MS => Err(Refusal::TooFast),
            _ => Ok(()),
        }
    }

    /// The author that a `Cookie` header names.
    pub fn author(&self, cookies: &str) -> Option<Uuid> {
        let (id, signature) = cookies::in_line(cookies, COOKIE).find_map(|value| value.split_once('.'))?;
        let id: Uuid = id.parse().ok()?;
        is_signed(&self.author, &id.to_string(), signature).then_some(id)
    }

    /// The `Set-Cookie` header that knows `author` again.
    pub fn cookie(&self, author: Uuid, is_secure: bool) -> String {
        let secure = if is_secure { "; Secure" } else { "" };
        let signature = signed(&self.author, &author.to_string());
        format!("{COOKIE}={author}.{signature}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax{secure}")
    }

    /// What the same words on one article have in common.
    pub fn digest(&self, normalized: &str) -> String {
        signed(&self.text, normalized)
    }

    /// What stands for an address, or for the network that counts as one.
    pub fn address(&self, address: IpAddr) -> String {
        signed(&self.address, &network(address).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + ms).unwrap()
    }

    #[test]
    fn a_form_holds_for_one_thing_and_for_a_while() {
        let keys = Keys::of_root(&[7; 32]);
        let token = keys.form_token("article 1", at(0));
        assert_eq!(keys.check_form("article 1", &token, at(FASTEST_MS)), Ok(()));
        assert_eq!(keys.check_form("article 1", &token, at(FASTEST_MS - 1)), Err(Refusal::TooFast));
        assert_eq!(keys.check_form("article 1", &token, at(OLDEST_MS + 1)), Err(Refusal::FormTooOld));
        assert_eq!(keys.check_form("article 2", &token, at(FASTEST_MS)), Err(Refusal::FormUnknown));
        let (made, signature) = token.split_once('.').unwrap();
        let earlier = i64::from_str_radix(made, 16).unwrap() - 60_000;
        let forged = [format!("{earlier:x}.{signature}"), String::new(), ".".into(), "x.y".into(), format!("{made}.")];
        for forged in forged {
            assert_eq!(keys.check_form("article 1", &forged, at(FASTEST_MS)), Err(Refusal::FormUnknown), "{forged}");
        }
        let other = Keys::of_root(&[8; 32]);
        assert_eq!(other.check_form("article 1", &token, at(FASTEST_MS)), Err(Refusal::FormUnknown));
    }

    #[test]
    fn only_a_signed_cookie_names_an_author() {
        let keys = Keys::of_root(&[7; 32]);
        let author = Uuid::from_u128(5);
        let cookie = keys.cookie(author, true);
        assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
        let pair = cookie.split(';').next().unwrap();
        assert_eq!(keys.author(&format!("a=b; {pair}; c=d")), Some(author));
        for bad in
            ["", "kos_author=", &pair.replace('5', "6"), &format!("kos_author={author}."), &pair[..pair.len() - 2]]
        {
            assert_eq!(keys.author(bad), None, "{bad}");
        }
    }

    #[test]
    fn neighbours_in_a_network_of_version_6_are_one_address() {
        let keys = Keys::of_root(&[7; 32]);
        let of = |address: &str| keys.address(address.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert!(!of("192.0.2.1").contains("192"));
    }
}
