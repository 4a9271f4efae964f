//! Pages that stand where an article should: walls, challenges, errors that are served as if all were well.
//!
//! Told by the title, by how much of the text speaks of it, by where an offer stands and by the page's structure,
//! never by a phrase alone: an article about cookies has more to say than a banner. What is in doubt is an article.

use std::{collections::HashSet, fmt};

use kos_shared::text::count_words;

use super::{
    metadata::Metadata,
    title::{SiteNames, fold, parts},
    wall_phrases as phrases,
};

/// More words than these, or characters of Chinese, are an article whatever they say, unless it calls itself unfree.
const MOST_WORDS: usize = 220;

/// Requests for consent are wordier, in words.
const MOST_WORDS_OF_CONSENT: usize = 600;

/// So many words are no article any more where the title says so.
const FEW_WORDS: usize = 120;

/// So many words before an offer that stands outside of the text are no article.
const STUB_WORDS: usize = 60;

/// The least share of the text that speaks of scripts or consent, where that is what the page is.
const MOSTLY: f64 = 0.5;

/// How many words around a phrase speak of what it does; a report has more to each.
const WORDS_OF_SCRIPT: f64 = 12.0;
const WORDS_OF_CONSENT: f64 = 25.0;

/// An offer is one of the last lines, and has no more words than these: a report on offers has more to say.
const LINES_OF_OFFER: usize = 2;
const WORDS_OF_OFFER: usize = 35;

/// How many lines behind the text an offer of the rest may stand.
const LINES_TO_OFFER: usize = 10;

/// Names of sites that aren't known as such have no more words.
const WORDS_OF_SITE: usize = 3;

/// What stands on a page instead of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wall {
    /// A request to accept cookies or the use of personal data.
    Consent,
    /// The beginning of an article and an offer to buy the rest.
    Paywall,
    /// A request to switch scripts on.
    Script,
    /// A request to switch a blocker of advertisements off.
    AdBlocker,
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
            Self::AdBlocker => "a request to disable an ad blocker",
            Self::Login => "a form to sign in",
            Self::Challenge => "a check that the visitor is no robot",
            Self::Error => "an error message",
        })
    }
}

/// What the page is instead of an article, `text` of `words` words being the best that was found on it.
pub(super) fn wall(metadata: &Metadata, site: &SiteNames, text: &str, words: usize) -> Option<Wall> {
    let unfree = metadata.json_ld.article.free == Some(false);
    if words > MOST_WORDS_OF_CONSENT && !unfree {
        return None;
    }
    let text = text.to_lowercase();
    let offer_follows = |phrases: &[&str]| offers_rest(metadata, &text, phrases);
    if words > MOST_WORDS {
        let consent = words <= MOST_WORDS_OF_CONSENT && share(&text, phrases::CONSENT, WORDS_OF_CONSENT) >= MOSTLY;
        let unpaid = || unfree && (ends_in_offer(&text) || offer_follows(&[phrases::PAYWALL]));
        return consent.then_some(Wall::Consent).or_else(|| unpaid().then_some(Wall::Paywall));
    }
    let few = words <= FEW_WORDS;
    let titled = |titles: &str| few && is_titled(metadata, site, titles);
    if titled(phrases::CHALLENGE_TITLES) || few && says(&text, phrases::CHALLENGE) {
        return Some(Wall::Challenge);
    }
    if titled(phrases::ERROR_TITLES) {
        return Some(Wall::Error);
    }
    if share(&text, phrases::SCRIPT, WORDS_OF_SCRIPT) >= MOSTLY {
        return Some(Wall::Script);
    }
    if share(&text, phrases::ADBLOCK, WORDS_OF_CONSENT) >= MOSTLY {
        return Some(Wall::AdBlocker);
    }
    if metadata.asks_to_sign_in && titled(phrases::LOGIN_TITLES) {
        return Some(Wall::Login);
    }
    if share(&text, phrases::CONSENT, WORDS_OF_CONSENT) >= MOSTLY {
        return Some(Wall::Consent);
    }
    // A stub of some paragraphs that says nothing of it is worth reading.
    let brief = words <= STUB_WORDS && (unfree || offer_follows(&[phrases::PAYWALL, phrases::OFFER_HEADINGS]));
    let stub = brief || ends_in_offer(&text) || unfree && offer_follows(&[phrases::PAYWALL]);
    stub.then_some(Wall::Paywall)
}

fn says(text: &str, phrases: &str) -> bool {
    phrases.split('|').any(|p| text.contains(p))
}

/// Whether a text comes to an end in an offer of the rest.
fn ends_in_offer(text: &str) -> bool {
    let last = text.lines().rev().take(LINES_OF_OFFER);
    last.into_iter()
        .any(|l| length(l) <= WORDS_OF_OFFER && [phrases::PAYWALL, phrases::OFFER_HEADINGS].iter().any(|p| says(l, p)))
}

/// Whether an offer of the rest stands behind the text; before it stands `Already a subscriber?`.
fn offers_rest(metadata: &Metadata, text: &str, phrases: &[&str]) -> bool {
    let shown = || metadata.lines.iter().filter(|l| !l.marks.frame);
    // Long lines have no text, so the text ends behind the last that has one.
    let known: HashSet<&str> = text.lines().collect();
    let place = shown().enumerate().filter(|(_, l)| {
        let line = l.text.to_lowercase();
        !line.is_empty() && known.contains(line.as_str())
    });
    let Some((last, _)) = place.last() else { return false };
    let behind = shown().skip(last + 1).filter(|l| !l.text.is_empty()).take(LINES_TO_OFFER);
    behind.map(|l| l.text.to_lowercase()).any(|l| length(&l) <= WORDS_OF_OFFER && phrases.iter().any(|p| says(&l, p)))
}

/// Whether the page's title is one of these, the site's name aside; where it has no other title, its first heading.
fn is_titled(metadata: &Metadata, site: &SiteNames, titles: &str) -> bool {
    let is = |title: &str| titles.split('|').any(|t| t == fold(title));
    let claimed: Vec<String> = metadata.titles().into_iter().filter(|t| !site.is_name(t)).collect();
    let whole = |title: &String| {
        let cut = site.cut(title);
        let parts = parts(cut);
        // A name that isn't known to be the site's is short, and all that stands beside.
        let beside = |i: usize| count_words(parts[i].text) <= WORDS_OF_SITE;
        is(cut)
            || cut.len() == title.len()
                && parts.len() == 2
                && (is(parts[0].text) && beside(1) || is(parts[1].text) && beside(0))
    };
    if claimed.is_empty() { metadata.headings.first().is_some_and(|h| is(h)) } else { claimed.iter().any(whole) }
}

/// How long a line is, in words; a word of Chinese has two characters.
fn length(line: &str) -> usize {
    let (words, spaced) = (count_words(line), line.split_whitespace().count());
    if words > spaced + spaced / 2 { words / 2 } else { words }
}

/// The share of a text, by characters, that speaks of what the phrases do, each of them for so many words of its line.
fn share(text: &str, phrases: &str, words_each: f64) -> f64 {
    let (mut with, mut all) = (0.0, 0_usize);
    for line in text.lines() {
        all += line.len();
        let found: Vec<&str> = phrases.split('|').filter(|p| line.contains(p)).collect();
        // `accept all` says nothing beside `accept all cookies`.
        let distinct = found.iter().filter(|p| !found.iter().any(|q| q != *p && q.contains(**p))).count();
        if distinct > 0 {
            with += line.len() as f64 * (distinct as f64 * words_each / length(line).max(1) as f64).min(1.0);
        }
    }
    with / all.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(head: &str, text: &str) -> Option<Wall> {
        let url = "https://example.com/a".parse().unwrap();
        let lines: String = text.lines().map(|l| format!("<p>{l}</p>")).collect();
        let document = dom_query::Document::from(format!("<html><head>{head}</head><body>{lines}"));
        let metadata = Metadata::of(&document, &url);
        wall(&metadata, &metadata.site_names(&url), text, count_words(text))
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
            ("", "Der Rat hat es am Montag beschlossen.\nDieser Artikel ist Abonnenten vorbehalten.", Wall::Paywall),
            ("", "El ayuntamiento votó el lunes.\nSolo para suscriptores.", Wall::Paywall),
            ("", "Le conseil a voté lundi.\nIl vous reste 85 % de cet article à lire.", Wall::Paywall),
            ("", "Il consiglio ha votato.\nAbbonati per continuare a leggere.", Wall::Paywall),
            ("", "Rada miasta zdecydowała.\nAby czytać dalej, wykup prenumeratę.", Wall::Paywall),
            ("", "Городской совет проголосовал.\nМатериал доступен только по подписке.", Wall::Paywall),
            ("", "市议会周一投票决定。\n本文为付费内容，成为会员即可阅读全文。", Wall::Paywall),
            ("", "이 사이트를 이용하려면 자바스크립트를 활성화해 주세요.", Wall::Script),
            ("", "Для работы сайта необходимо включить JavaScript в настройках.", Wall::Script),
            ("", "您的瀏覽器未啟用 JavaScript，請啟用 JavaScript 後重新整理本頁面，謝謝。", Wall::Script),
            ("", "Wij gebruiken cookies om onze website beter te laten werken.", Wall::Consent),
            ("", "Este site usa cookies para melhorar a sua experiência.", Wall::Consent),
            ("", "Mit Werbung weiterlesen: Besuchen Sie uns wie gewohnt.", Wall::Consent),
            ("<title>Logga in</title><input type=password>", "Ange din e-postadress.", Wall::Login),
            ("<title>Sign in | The Example</title><input type=email>", "Enter your e-mail address.", Wall::Login),
            ("<title>Making sure you're not a bot!</title>", "Please wait a moment.", Wall::Challenge),
            ("<title>451: Unavailable due to legal reasons</title>", "You are in the wrong country.", Wall::Error),
            ("", "Please disable your ad blocker to go on.", Wall::AdBlocker),
        ] {
            assert_eq!(of(head, text), Some(kind), "{head} {text}");
        }
    }

    #[test]
    fn an_article_that_calls_itself_unfree_and_ends_in_an_offer_is_a_beginning_of_any_length() {
        let unfree = r#"<script type=application/ld+json>{"@type":"Article","isAccessibleForFree":false}</script>"#;
        let paragraphs = "The bridge closes on Monday, the council said after a debate.\n".repeat(40);
        assert_eq!(of(unfree, &format!("{paragraphs}This post is for paid subscribers")), Some(Wall::Paywall));
        assert_eq!(of(unfree, &paragraphs), None);

        let url = "https://example.com/a".parse().unwrap();
        let body = paragraphs.lines().map(|l| format!("<p>{l}")).collect::<String>();
        let behind = |offer: &str| {
            let document =
                dom_query::Document::from(format!("{unfree}<nav>Subscribe to continue reading</nav>{body}{offer}"));
            let metadata = Metadata::of(&document, &url);
            wall(&metadata, &metadata.site_names(&url), &paragraphs, count_words(&paragraphs))
        };
        assert_eq!(behind("<div><h3>Subscribe to continue reading</h3></div>"), Some(Wall::Paywall));
        assert_eq!(behind("<footer>Subscribe to continue reading</footer>"), None);
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
                "<title>Access denied – journalists kept out of courtroom | Example</title>",
                "Reporters were kept out of the courtroom on Monday.".to_owned(),
            ),
            (
                "<title>Forbidden - Film review - Example</title>",
                "A quiet film about two sisters who may not cross a river.".to_owned(),
            ),
            (
                "",
                "The authority fined an online shop on Monday because its banner offered visitors only a button to accept \
                 all cookies and hid the other choice behind three further clicks, which the authority called a trick. The \
                 shop said that it would appeal against the decision, which it thinks is out of proportion."
                    .to_owned(),
            ),
            (
                "",
                "To enable JavaScript in the browser, open the menu, choose Settings, then Privacy and security, then Site \
                 settings, and move the switch beside the word to the right."
                    .to_owned(),
            ),
            (
                "",
                "The oldest paper of the valley drops its paywall in May: stories that were for subscribers only until now \
                 can be read by everybody, its publisher said on Monday, and the paper will live on donations instead of \
                 subscriptions from then on.\nAbout 4,000 readers had paid."
                    .to_owned(),
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
