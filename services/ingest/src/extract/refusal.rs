//! Pages that stand where an article should: walls, challenges, errors that are served as if all were well.
//!
//! Told by the title, by what little text there is and by the page's structure, never by a phrase alone: an article
//! about cookies has more to say than a banner. What is in doubt is an article.

use std::fmt;

use super::{metadata::Metadata, title::fold, wall_phrases as phrases};

/// More words than these, or characters of Chinese, are an article whatever they say.
const MOST_WORDS: usize = 220;

/// So many words are no article any more where the title says so.
const FEW_WORDS: usize = 120;

/// So many words before an offer that stands outside of the text are no article.
const STUB_WORDS: usize = 60;

/// The least share of the text that a consent banner's lines make up, where that is what the page is.
const MOSTLY: f64 = 0.5;

/// What stands on a page instead of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wall {
    /// A request to accept cookies or the use of personal data.
    Consent,
    /// The beginning of an article and an offer to buy the rest.
    Paywall,
    /// A request to switch scripts on.
    Script,
    /// A form to sign in.
    Login,
    /// A check that the visitor is a person.
    Challenge,
    /// A message of the server, `404 Not Found`, served with a status that says otherwise.
    Error,
}

impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Consent => "a request for consent to cookies",
            Self::Paywall => "the beginning of an article that has to be paid for",
            Self::Script => "a request to enable JavaScript",
            Self::Login => "a form to sign in",
            Self::Challenge => "a check that the visitor is no robot",
            Self::Error => "an error message",
        })
    }
}

/// What the page is instead of an article, `text` of `words` words being the best that was found on it.
pub(super) fn wall(metadata: &Metadata, text: &str, words: usize) -> Option<Wall> {
    if words > MOST_WORDS {
        return None;
    }
    let text = text.to_lowercase();
    let says = |all: &[&str]| all.iter().any(|p| text.contains(p));
    let few = words <= FEW_WORDS;
    if few && (titled(metadata, &phrases::CHALLENGE_TITLES) || says(&phrases::CHALLENGE)) {
        return Some(Wall::Challenge);
    }
    if few && titled(metadata, &phrases::ERROR_TITLES) {
        return Some(Wall::Error);
    }
    if share(&text, &phrases::SCRIPT) >= MOSTLY {
        return Some(Wall::Script);
    }
    if few && metadata.asks_password && titled(metadata, &phrases::LOGIN_TITLES) {
        return Some(Wall::Login);
    }
    if share(&text, &phrases::CONSENT) >= MOSTLY {
        return Some(Wall::Consent);
    }
    // The offer stands behind the stub, often outside of what is the article's; before it stands `Already a subscriber?`.
    let offers = || {
        let begin = text.lines().next().unwrap_or_default();
        let lines =
            metadata.lines.iter().filter(|l| !l.marks.frame && !l.text.is_empty()).map(|l| l.text.to_lowercase());
        lines.skip_while(|l| l != begin).any(|l| phrases::PAYWALL.iter().any(|p| l.contains(p)))
    };
    let unfree = metadata.json_ld.article.free == Some(false);
    // A stub of some paragraphs that says nothing of it is worth reading.
    let stub = few && says(&phrases::PAYWALL) || words <= STUB_WORDS && (unfree || offers());
    stub.then_some(Wall::Paywall)
}

/// Whether the page's title, a part of it that is set off, or its first heading is one of these.
fn titled(metadata: &Metadata, titles: &[&str]) -> bool {
    let all = metadata.titles().into_iter().chain(metadata.headings.first().cloned());
    all.into_iter().any(|title| {
        let mut parts = title.split(['|', '–', '—', '_', '·', '…', '。', '!', '.']).flat_map(|p| p.split(" - "));
        titles.contains(&&*fold(&title)) || parts.any(|part| titles.contains(&&*fold(part)))
    })
}

/// The share of a text, by characters, that stands in lines with one of these phrases.
fn share(text: &str, phrases: &[&str]) -> f64 {
    let (mut with, mut all) = (0_usize, 0_usize);
    for line in text.lines() {
        all += line.len();
        with += if phrases.iter().any(|p| line.contains(p)) { line.len() } else { 0 };
    }
    with as f64 / all.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(head: &str, text: &str) -> Option<Wall> {
        let url = "https://example.com/a".parse().unwrap();
        let lines: String = text.lines().map(|l| format!("<p>{l}</p>")).collect();
        let document = dom_query::Document::from(format!("<html><head>{head}</head><body>{lines}"));
        wall(&Metadata::of(&document, &url), text, kos_shared::text::count_words(text))
    }

    #[test]
    fn walls_are_told_in_the_languages_they_are_written_in() {
        for (head, text, kind) in [
            (
                "<title>Just a moment...</title>",
                "example.com needs to review the security of your connection.",
                Wall::Challenge,
            ),
            ("<title>安全验证</title>", "请完成下方的验证后继续访问本网站。", Wall::Challenge),
            ("", "Checking your browser before accessing example.com. This process is automatic.", Wall::Challenge),
            ("<title>404 Not Found</title>", "The page that you asked for is not here. Try the search.", Wall::Error),
            ("<title>Seite nicht gefunden | Beispiel</title>", "Die gesuchte Seite gibt es nicht mehr.", Wall::Error),
            ("<title>Page introuvable - Exemple</title>", "La page que vous cherchez n'existe plus.", Wall::Error),
            ("<title>页面不存在_示例网</title>", "您访问的页面不存在或已被删除，请返回首页。", Wall::Error),
            ("<title>Example</title>", "You need to enable JavaScript to run this app.", Wall::Script),
            ("<title>Beispiel</title>", "Bitte aktivieren Sie JavaScript, um diese Seite zu sehen.", Wall::Script),
            ("<title>例</title>", "このサイトを表示するにはJavaScriptを有効にしてください。", Wall::Script),
            (
                "<title>Log in | Example</title><input type=password>",
                "Log in to your account to go on. Forgot password?",
                Wall::Login,
            ),
            ("<title>登录 - 示例网</title><input type=password>", "请输入用户名和密码登录后继续访问。", Wall::Login),
            ("", "We and our partners use cookies to store information on your device.\nAccept all", Wall::Consent),
            ("", "Wir verwenden Cookies, um Inhalte zu personalisieren.\nAlle akzeptieren", Wall::Consent),
            ("", "Nous utilisons des cookies pour mesurer l'audience de ce site.", Wall::Consent),
            ("", "Utilizamos cookies propias y de terceros para mejorar la navegación.", Wall::Consent),
            ("", "The bridge closes on Monday, as the council said.\nSubscribe to continue reading", Wall::Paywall),
            ("", "大桥周一起关闭，市民需绕行。\n订阅后继续阅读全文", Wall::Paywall),
        ] {
            assert_eq!(of(head, text), Some(kind), "{head} {text}");
        }
    }

    #[test]
    fn articles_pass_whatever_they_are_about() {
        let paragraph =
            "The law says when a site may use cookies, and what it must ask its visitors before it does so. ";
        for (head, text) in [
            (
                "<title>404 Not Found: a history of the error</title>",
                "The bridge closes on Monday, the council said.".to_owned(),
            ),
            ("<title>Just a moment</title>", paragraph.repeat(20)),
            ("", format!("We use cookies.\n{}", "The bridge closes on Monday, the council said. ".repeat(5))),
            ("", format!("{}\nSubscribe to continue reading", paragraph.repeat(20))),
            (
                r#"<script type=application/ld+json>{"@type":"Article","isAccessibleForFree":false}</script>"#,
                paragraph.repeat(5),
            ),
            (
                "<header>Already a subscriber? Sign in</header>",
                "The bridge closes on Monday, the council said.".to_owned(),
            ),
            ("<title>Log in</title>", "The council has a new form to log in with, which opens on Monday.".to_owned()),
            ("", "The bridge closes on Monday, the council said.".to_owned()),
        ] {
            assert_eq!(of(head, &text), None, "{head} {text}");
        }
    }
}
