//! Which language the interface speaks.

use kos_shared::event::Language;

use super::messages::Messages;
use crate::cookies::in_line;

/// The cookie that keeps a reader's choice.
const COOKIE: &str = "kos_lang";

/// What a request says about the language that its reader wants.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish<'a> {
    /// The value of `?lang=`.
    pub query: Option<&'a str>,
    /// The `Cookie` header.
    pub cookies: Option<&'a str>,
    /// The `Accept-Language` header (RFC 9110 section 12.5.4).
    pub accept_language: Option<&'a str>,
}

/// The interface for a request: as its address asks, else its cookie, else the browser, else `default`,
/// else English. What can't be read or isn't there is passed over.
pub fn choose(wish: Wish<'_>, default: &Language) -> &'static Messages {
    (wish.query.and_then(of_tag))
        .or_else(|| wish.cookies.and_then(cookie).and_then(of_tag))
        .or_else(|| wish.accept_language.and_then(accepted))
        .or_else(|| Messages::of(default))
        .unwrap_or_else(|| &super::messages::ENGLISH)
}

/// The `Set-Cookie` header that keeps the choice that `?lang=` made, if it made one. A site that is reached over TLS has it
/// sent over nothing else.
pub fn remember(query: Option<&str>, over_tls: bool) -> Option<String> {
    let chosen = query.and_then(of_tag)?;
    Some(format!(
        "{COOKIE}={}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{}",
        chosen.language,
        if over_tls { "; Secure" } else { "" }
    ))
}

fn of_tag(tag: &str) -> Option<&'static Messages> {
    Messages::of(&tag.parse().ok()?)
}

fn cookie(header: &str) -> Option<&str> {
    in_line(header, COOKIE).next()
}

/// The language with the highest weight that the interface speaks, the first among equals.
fn accepted(header: &str) -> Option<&'static Messages> {
    let mut best: Option<(&'static Messages, u16)> = None;
    // More than a browser sends; a header of nothing but commas costs no time.
    for item in header.split(',').take(32) {
        let (range, parameters) = item.split_once(';').unwrap_or((item, ""));
        let Some(thousandths) = weight(parameters) else { continue };
        let Some(messages) = of_tag(range) else { continue };
        if thousandths > best.map_or(0, |(_, highest)| highest) {
            best = Some((messages, thousandths));
        }
    }
    best.map(|(messages, _)| messages)
}

/// A weight (RFC 9110 section 12.4.2) in thousandths, 1000 where there is none.
fn weight(parameters: &str) -> Option<u16> {
    let parameters = parameters.trim();
    if parameters.is_empty() {
        return Some(1000);
    }
    let (name, value) = parameters.split_once('=')?;
    let weight: f32 = value.trim().parse().ok()?;
    (name.trim().eq_ignore_ascii_case("q") && (0.0..=1.0).contains(&weight)).then_some((weight * 1000.0) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(query: Option<&str>, cookies: Option<&str>, accept_language: Option<&str>) -> &'static str {
        choose(Wish { query, cookies, accept_language }, &Language::CHINESE).name
    }

    #[test]
    fn the_address_goes_before_the_cookie_before_the_browser_before_the_default() {
        assert_eq!(chosen(Some("en"), Some("kos_lang=zh"), Some("zh")), "English");
        assert_eq!(chosen(None, Some("a=b; kos_lang=en"), Some("zh")), "English");
        assert_eq!(chosen(None, None, Some("en-GB")), "English");
        assert_eq!(chosen(None, None, None), "中文");
    }

    #[test]
    fn what_cannot_be_had_is_passed_over() {
        assert_eq!(chosen(Some("fr"), Some("kos_lang="), Some("en")), "English");
        assert_eq!(chosen(Some("%00"), Some("kos_lang"), Some("fr, *;q=0.5")), "中文");
        let nobody = choose(Wish::default(), &"fr".parse().unwrap());
        assert_eq!(nobody.name, "English");
    }

    #[test]
    fn the_weights_of_accept_language_count() {
        for (header, name) in [
            ("en;q=0.8, zh;q=0.9", "中文"),
            ("en;q=0.9,zh-TW;q=0.8", "English"),
            ("en;q=0.5, zh;q=0.5", "English"),
            ("en;q=0", "中文"),
            ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "English"),
            ("en;q=7, zh;q=0.1", "中文"),
            ("en;q=NaN", "中文"),
            (" EN_us ; Q=0.4 ", "English"),
            (",,;q=,", "中文"),
        ] {
            assert_eq!(chosen(None, None, Some(header)), name, "{header}");
        }
    }

    #[test]
    fn only_a_choice_that_exists_is_kept() {
        assert!(remember(Some("zh-TW"), false).unwrap().starts_with("kos_lang=zh;"));
        assert!(remember(Some("en"), true).unwrap().ends_with("; HttpOnly; SameSite=Lax; Secure"));
        assert_eq!(remember(Some("x\r\nSet-Cookie: a=b"), true), None);
        assert_eq!(remember(None, true), None);
    }
}
