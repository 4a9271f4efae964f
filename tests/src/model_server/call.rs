//! What a model is asked, and a good answer to it.

use serde_json::{Value, json};

/// What a system prompt for Chinese says, and no other does.
const CHINESE: &str = "简体中文";

/// What says that an earlier answer was refused, in the two languages.
const RETRIES: [&str; 2] = ["An earlier answer of yours could not be published", "你之前的回答不能发表"];

/// A call as the model sees it.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its number at this server, the first one 1.
    pub number: usize,
    /// The language that is asked for: `zh` or `en`.
    pub language: &'static str,
    /// Whether it says that an earlier answer was refused.
    pub is_retry: bool,
    /// Whether a title is asked for.
    pub with_title: bool,
    /// The article's title.
    pub title: String,
    /// The article's sentences with their numbers.
    pub sentences: Vec<(u32, String)>,
    /// The system's message.
    pub system: String,
    /// The user's message.
    pub user: String,
    /// The whole request.
    pub body: Value,
}

impl Call {
    /// Reads a request; what it lacks stays empty.
    pub(super) fn read(body: &[u8], number: usize) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let said = |role: &str| {
            let messages = body["messages"].as_array().into_iter().flatten();
            let mut said = messages.filter(|m| m["role"] == role).filter_map(|m| m["content"].as_str());
            said.next().unwrap_or_default().to_owned()
        };
        let (system, user) = (said("system"), said("user"));
        let mut lines = user.lines().filter_map(numbered).collect::<Vec<_>>();
        let title = if lines.first().is_some_and(|(n, _)| *n == 0) { lines.remove(0).1 } else { String::new() };
        Self {
            number,
            language: if system.contains(CHINESE) { "zh" } else { "en" },
            is_retry: RETRIES.iter().any(|words| user.contains(words)),
            with_title: body.to_string().contains("\"title\":{"),
            title,
            sentences: lines,
            system,
            user,
            body,
        }
    }

    /// Whether the article is in the language that is asked for.
    pub fn is_own(&self) -> bool {
        has_chinese(&self.title) == (self.language == "zh")
    }

    /// An answer that the gate lets pass: two of the article's own sentences, or where another language is asked for,
    /// two that say of a generated article what its headline does, with its number and, in Chinese, its Latin name.
    pub fn good(&self) -> String {
        self.answer(&self.good_title(), &self.good_sentences())
    }

    /// The sentences of a good answer.
    pub fn good_sentences(&self) -> Vec<String> {
        if self.is_own() {
            let plain = self.sentences.iter().filter(|(_, s)| !s.contains(['"', '“', '”']));
            return plain.take(2).map(|(_, sentence)| sentence.clone()).collect();
        }
        self.foreign_sentences(self.language)
    }

    /// Two sentences about the article in `language`, which is not its own.
    pub fn foreign_sentences(&self, language: &str) -> Vec<String> {
        let number: String =
            self.title.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        if language == "zh" {
            let words: Vec<&str> = self.title.split_whitespace().collect();
            let at = words.iter().position(|word| *word == number).unwrap_or(1);
            let name = words.get(at.saturating_sub(1)).copied().unwrap_or_default();
            vec![format!("当地的{name}项目有了新进展，编号为{number}。"), "有关各方还将继续商议此事。".into()]
        } else {
            vec![
                format!("A local building project with the number {number} has moved forward."),
                "Those who are concerned will go on talking about it.".into(),
            ]
        }
    }

    /// A title of a good answer.
    pub fn good_title(&self) -> String {
        if self.language == "zh" {
            "当地项目有新进展".into()
        } else {
            "Local building project moves forward".into()
        }
    }

    /// An answer in the form that was asked for.
    pub fn answer(&self, title: &str, sentences: &[String]) -> String {
        let sources: Vec<u32> = self.sentences.iter().take(1).map(|(n, _)| *n).collect();
        let sentences: Vec<Value> = sentences.iter().map(|text| json!({"text": text, "sources": sources})).collect();
        let mut answer = json!({"sentences": sentences});
        if self.with_title {
            answer["title"] = json!(title);
        }
        answer.to_string()
    }
}

/// The number and the text of a line such as `[3] It rained.`
fn numbered(line: &str) -> Option<(u32, String)> {
    let (number, text) = line.strip_prefix('[')?.split_once("] ")?;
    Some((number.parse().ok()?, text.to_owned()))
}

/// Whether `text` has Chinese characters.
pub(super) fn has_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}
