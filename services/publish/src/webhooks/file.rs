//! The operator's file of webhooks, `KOS_WEBHOOKS`.

use std::{collections::HashSet, sync::Arc};

use kos_shared::{
    config::{Config, ConfigError},
    event::{HttpUrl, Language},
};
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::signature::Signer;

/// How many deliveries to one webhook are under way at once: one that hangs must leave room for the others.
const AT_ONCE: usize = 4;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    webhook: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Option<String>,
    url: HttpUrl,
    secret: Option<String>,
    secret_file: Option<String>,
    #[serde(default)]
    languages: Vec<Language>,
    #[serde(default)]
    sources: Vec<String>,
}

/// Who is told, and of what.
#[derive(Debug)]
pub struct Webhook {
    /// What events and logs call it.
    pub name: String,
    /// Where it is.
    pub url: HttpUrl,
    /// What signs for it.
    pub signer: Signer,
    /// Articles in one of these languages or with a summary in one; all where there is none.
    pub languages: Vec<Language>,
    /// Articles of these hosts; all where there is none.
    pub sources: Vec<String>,
    pub(super) turns: Arc<Semaphore>,
}

impl Webhook {
    /// Whether it wants to be told of an article from `host` that is there in `languages`.
    pub fn wants(&self, host: &str, languages: &[Language]) -> bool {
        let spoken = |wanted: &Language| languages.iter().any(|language| language.same_language(wanted));
        (self.sources.is_empty() || self.sources.iter().any(|source| source.eq_ignore_ascii_case(host)))
            && (self.languages.is_empty() || self.languages.iter().any(spoken))
    }
}

/// All webhooks.
#[derive(Debug, Default)]
pub struct Webhooks(Vec<Webhook>);

impl Webhooks {
    /// Each of them, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Webhook> {
        self.0.iter()
    }

    /// The one of that name.
    pub fn named(&self, name: &str) -> Option<&Webhook> {
        self.0.iter().find(|webhook| webhook.name == name)
    }
}

/// The webhooks of the file `KOS_WEBHOOKS`; none where it isn't set.
///
/// # Errors
/// [`ConfigError`] where the file can't be read or is wrong. It never shows a secret.
pub fn read(config: &Config) -> Result<Webhooks, ConfigError> {
    let Some(path) = &config.webhooks else { return Ok(Webhooks::default()) };
    let error = |reason: String| ConfigError {
        variable: "KOS_WEBHOOKS".into(),
        value: path.display().to_string(),
        expected: format!("a file of webhooks, but {reason}"),
    };
    let text = std::fs::read_to_string(path).map_err(|e| error(e.to_string()))?;
    parse(&text).map_err(error)
}

fn parse(text: &str) -> Result<Webhooks, String> {
    let file: File = toml::from_str(text).map_err(|e| without_the_line(&e, text))?;
    let mut webhooks = Vec::new();
    let mut names = HashSet::new();
    for (number, entry) in file.webhook.into_iter().enumerate() {
        let wrong = |reason: &str| format!("[[webhook]] {} {reason}", number + 1);
        let secret = match (&entry.secret, &entry.secret_file) {
            (Some(secret), None) => secret.clone(),
            (None, Some(file)) => {
                std::fs::read_to_string(file).map_err(|e| wrong(&format!("secret_file {file}: {e}")))?
            }
            _ => return Err(wrong("needs a secret or a secret_file, and not both")),
        };
        let signer = secret.trim().parse().map_err(|e| wrong(&format!("has no secret that can be used: {e}")))?;
        let name = entry.name.unwrap_or_else(|| entry.url.as_url().host_str().unwrap_or_default().to_owned());
        if !names.insert(name.clone()) {
            return Err(wrong(&format!("is called {name}, as another one is: give it a name of its own")));
        }
        webhooks.push(Webhook {
            name,
            url: entry.url,
            signer,
            languages: entry.languages,
            sources: entry.sources,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        });
    }
    Ok(Webhooks(webhooks))
}

/// What is wrong with a file and in which line, without the line: a secret may stand in it.
fn without_the_line(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().map(|span| text[..text.floor_char_boundary(span.start)].matches('\n').count() + 1);
    let place = line.map(|line| format!("in line {line}: ")).unwrap_or_default();
    format!("{place}{}", error.message().lines().next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'\n";

    #[test]
    fn a_webhook_is_told_of_what_it_asked_for() {
        let all = format!("[[webhook]]\nurl = 'https://a.example/hook'\n{SECRET}");
        let some = format!(
            "[[webhook]]\nname = 'b'\nurl = 'http://10.0.0.1/'\n{SECRET}languages = ['zh']\nsources = ['Paper.example']\n"
        );
        let webhooks = parse(&(all + &some)).unwrap();
        let (all, some) = (webhooks.named("a.example").unwrap(), webhooks.named("b").unwrap());
        assert!(all.wants("x.example", &[]));
        assert!(some.wants("paper.example", &["en".parse().unwrap(), "zh-Hans".parse().unwrap()]));
        assert!(!some.wants("paper.example", &[Language::ENGLISH]));
        assert!(!some.wants("x.example", &[Language::CHINESE]));
    }

    #[test]
    fn a_wrong_file_is_told_with_its_place_and_without_a_secret() {
        let webhook = "[[webhook]]\nurl = 'https://a.example/'\n";
        for (wrong, said) in [
            ("secret = whsec_abc", "line 3"),
            ("secret = 'whsec_abc'", "[[webhook]] 1 has no secret"),
            ("", "needs a secret"),
            ("secret = 'whsec_abc'\nsecret_file = '/nowhere'", "not both"),
            ("secret_file = '/nowhere/key'", "/nowhere/key"),
            ("url = 'ftp://a.example'", "line 3"),
        ] {
            let error = parse(&format!("{webhook}{wrong}\n")).unwrap_err();
            assert!(error.contains(said) && !error.contains("whsec_abc"), "{wrong}: {error}");
        }
        let twice = format!("{webhook}{SECRET}{webhook}{SECRET}");
        assert!(parse(&twice).unwrap_err().contains("name of its own"));
    }
}
