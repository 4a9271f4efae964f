//! What a model answered, read leniently: JSON as it was asked for, JSON of another shape, or plain lines.

use kos_shared::text::{count_words, sentences};
use serde_json::{Map, Value};

use super::material::neutralized;
use crate::extractive::join;

/// How many sentences are read: more than any that may pass.
const MAX_SENTENCES: usize = 12;

/// A first line without an end mark is a title up to this length, in words or characters.
const MAX_TITLE: usize = 40;

/// How long a citation may be behind its opening bracket, in bytes: what opens and doesn't close soon cites nothing.
const MAX_CITATION: usize = 26;

/// A summary that nobody has judged yet.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draft {
    /// The article's title in the summary's language.
    pub title: Option<String>,
    /// The sentences.
    pub sentences: Vec<DraftSentence>,
}

/// A sentence, and what the model says it rests on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DraftSentence {
    /// The sentence without its citations.
    pub text: String,
    /// Places of sentences in the article, the first one 0; a model may cite what isn't there.
    pub cited: Vec<usize>,
}

impl Draft {
    /// Reads an answer. `None` where there is no text in it.
    ///
    /// JSON is looked for first, also within a fence. What looks like JSON and is none is read as text, so that the
    /// gate sees what a reader would.
    pub fn read(answer: &str) -> Option<Self> {
        let mut draft = match json(answer) {
            Some(Value::Object(fields)) => Self::of_fields(&fields),
            Some(Value::Array(items)) => {
                Self { title: None, sentences: items.iter().filter_map(sentence).take(MAX_SENTENCES).collect() }
            }
            Some(Value::String(text)) => Self::of_lines(&text),
            _ => Self::of_lines(answer),
        };
        for text in draft.sentences.iter_mut().map(|s| &mut s.text).chain(&mut draft.title) {
            *text = text.replace(is_invisible, "").trim().to_owned();
        }
        draft.sentences.retain(|sentence| !sentence.text.is_empty());
        (!draft.sentences.is_empty()).then_some(draft)
    }

    /// The sentences in one text.
    pub fn text(&self) -> String {
        let sentences: Vec<&str> = self.sentences.iter().map(|s| s.text.as_str()).collect();
        join(&sentences)
    }

    fn of_fields(fields: &Map<String, Value>) -> Self {
        let title = fields.get("title").and_then(Value::as_str).map(str::trim).filter(|t| !t.is_empty());
        let body = ["sentences", "summary", "text"].into_iter().find_map(|name| fields.get(name));
        let sentences = match body {
            Some(Value::Array(items)) => items.iter().filter_map(sentence).take(MAX_SENTENCES).collect(),
            Some(Value::String(text)) => Self::of_lines(text).sentences,
            _ => Vec::new(),
        };
        Self { title: title.map(str::to_owned), sentences }
    }

    fn of_lines(text: &str) -> Self {
        let mut lines = text.lines().map(str::trim).filter(|l| !l.is_empty()).peekable();
        let mut draft = Self::default();
        if let Some(first) = lines.peek().copied()
            && text.trim().contains('\n')
            && count_words(first) <= MAX_TITLE
            && !first.ends_with(['.', '。', '!', '！', '?', '？', '…', '"', '”', ']', ':', '：'])
        {
            draft.title = Some(first.to_owned());
            lines.next();
        }
        for line in lines {
            for range in sentences(line) {
                // A citation behind the full stop belongs to the sentence before it.
                let (leading, sentence) = citation_in_front(&line[range]);
                if let Some(before) = draft.sentences.last_mut() {
                    before.cited.extend(leading);
                }
                let (text, cited) = without_citations(sentence);
                if text.is_empty() {
                    continue;
                }
                if draft.sentences.len() < MAX_SENTENCES {
                    draft.sentences.push(DraftSentence { text, cited });
                }
            }
        }
        draft
    }
}

/// Whether a character shows nothing and changes how others look: controls, marks of direction, zero widths.
fn is_invisible(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// The JSON in an answer: the whole of it, or what stands in a fence.
fn json(answer: &str) -> Option<Value> {
    let answer = answer.trim();
    let inner = answer.strip_prefix("```").and_then(|a| a.strip_suffix("```"));
    let inner = inner.map_or(answer, |a| a.strip_prefix("json").unwrap_or(a).trim());
    inner.starts_with(['{', '[', '"']).then(|| serde_json::from_str(inner).ok()).flatten()
}

fn sentence(item: &Value) -> Option<DraftSentence> {
    let (text, sources) = match item {
        Value::String(text) => (text.as_str(), None),
        Value::Object(fields) => {
            let text = ["text", "sentence"].into_iter().find_map(|name| fields.get(name)?.as_str())?;
            (text, fields.get("sources"))
        }
        _ => return None,
    };
    let (text, mut cited) = without_citations(text.trim());
    let numbers = match sources {
        Some(Value::Array(numbers)) => numbers.as_slice(),
        Some(number @ (Value::Number(_) | Value::String(_))) => std::slice::from_ref(number),
        _ => &[],
    };
    cited.extend(numbers.iter().filter_map(|n| place(n.as_u64().or_else(|| n.as_str()?.trim().parse().ok())?)));
    (!text.is_empty()).then_some(DraftSentence { text, cited })
}

/// The place of the sentence with that number; the title (0) is no sentence.
fn place(number: u64) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}

/// The places that a sentence begins with, and the rest of it.
fn citation_in_front(sentence: &str) -> (Vec<usize>, &str) {
    let (mut cited, mut rest) = (Vec::new(), sentence);
    while let Some(end) = rest.find([']', '】']).filter(|_| rest.starts_with(['[', '【'])) {
        let bracket = rest[end..].chars().next().map_or(1, char::len_utf8);
        let (text, places) = without_citations(&rest[..end + bracket]);
        if !text.is_empty() {
            break;
        }
        cited.extend(places);
        rest = rest[end + bracket..].trim_start();
    }
    (cited, rest)
}

/// A sentence without its `[1]`, `[2, 5]`, `【3】`, and the places that they name.
fn without_citations(sentence: &str) -> (String, Vec<usize>) {
    let (mut text, mut cited, mut rest) = (String::new(), Vec::new(), sentence);
    while let Some(open) = rest.find(['[', '【']) {
        let bracket = rest[open..].chars().next().map_or(1, char::len_utf8);
        let inner = &rest[open + bracket..];
        let near = &inner[..inner.floor_char_boundary(MAX_CITATION)];
        let numbers = near.find([']', '】']).map(|close| (close, &near[..close])).filter(|(_, numbers)| {
            let listed = |c: char| c.is_ascii_digit() || matches!(c, ',' | '，' | '、' | ' ' | '-');
            !numbers.is_empty() && numbers.chars().all(listed)
        });
        let Some((close, numbers)) = numbers else {
            text.push_str(&rest[..open + bracket]);
            rest = inner;
            continue;
        };
        cited.extend(numbers.split(|c: char| !c.is_ascii_digit()).filter_map(|n| place(n.parse().ok()?)));
        text.push_str(rest[..open].trim_end());
        rest = inner[close..].strip_prefix([']', '】']).unwrap_or_default();
    }
    text.push_str(rest);
    (text.trim().to_owned(), cited)
}

/// What an answer looked like, for the log: its start in one line.
pub(super) fn shortened(answer: &str) -> String {
    let start: String = answer.chars().take(120).collect();
    neutralized(&start.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: &str) -> (Option<String>, Vec<(String, Vec<usize>)>) {
        let draft = Draft::read(answer).unwrap();
        (draft.title, draft.sentences.into_iter().map(|s| (s.text, s.cited)).collect())
    }

    fn of(text: &str, cited: &[usize]) -> (String, Vec<usize>) {
        (text.to_owned(), cited.to_vec())
    }

    #[test]
    fn json_is_read_as_it_was_asked_for_and_in_the_shapes_that_models_prefer() {
        let expected = (Some("渡船停运".to_owned()), vec![of("渡船五月停运。", &[0, 2])]);
        for answer in [
            r#"{"title":"渡船停运","sentences":[{"text":"渡船五月停运。","sources":[1,3]}]}"#,
            "```json\n{\"title\":\"渡船停运\",\"sentences\":[{\"text\":\"渡船五月停运。\",\"sources\":[\"1\",3]}]}\n```",
            r#"{"title":" 渡船停运 ","summary":"渡船五月停运。[1, 3]"}"#,
            r#"{"sentences":["渡船五月停运[1][3]。"],"title":"渡船停运"}"#,
        ] {
            assert_eq!(read(answer), expected, "{answer}");
        }
        assert_eq!(read(r#"[{"sentence":"It stops."}]"#), (None, vec![of("It stops.", &[])]));
    }

    #[test]
    fn plain_text_is_read_by_lines_and_sentences() {
        assert_eq!(
            read("A ferry stops\n\nThe ferry stops in May [1]. It is old. [2, 3]\n"),
            (Some("A ferry stops".into()), vec![of("The ferry stops in May.", &[0]), of("It is old.", &[1, 2])])
        );
        assert_eq!(
            read("渡船五月停运。【1】镇上将投票。"),
            (None, vec![of("渡船五月停运。", &[0]), of("镇上将投票。", &[])])
        );
        assert_eq!(read("The ferry stops in May."), (None, vec![of("The ferry stops in May.", &[])]));
    }

    #[test]
    fn what_nobody_sees_is_left_out() {
        assert_eq!(read("The \u{202E}ferry\u{0} st\u{200B}ops."), (None, vec![of("The ferry stops.", &[])]));
        assert_eq!(read(r#"{"sentences":["It \u0007stops."]}"#), (None, vec![of("It stops.", &[])]));
    }

    #[test]
    fn brackets_that_cite_nothing_stay() {
        assert_eq!(
            read("“We [the council] will vote,” she said."),
            (None, vec![of("“We [the council] will vote,” she said.", &[])])
        );
        assert_eq!(without_citations("open [1"), ("open [1".to_owned(), vec![]));
        assert_eq!(without_citations("zero [0]."), ("zero.".to_owned(), vec![]));
    }

    /// An answer may have a megabyte: read in the square of its length, it would keep a core busy for minutes.
    #[test]
    fn the_longest_answer_of_brackets_is_read_at_once() {
        for bracket in ["[", "【", "[1 ", "[]", "[1]"] {
            let began = std::time::Instant::now();
            Draft::read(&bracket.repeat((1 << 20) / bracket.len()));
            assert!(began.elapsed().as_secs() < 20, "{bracket}: {:?}", began.elapsed());
        }
    }

    #[test]
    fn what_is_no_json_is_text_that_the_gate_can_see() {
        let (_, sentences) = read(r#"{"title": "Broken, "sentences": [}"#);
        assert!(sentences[0].0.contains('{'));
        for nothing in ["", " \n", "{}", r#"{"title":"Only a title"}"#, "[]", "null", r#"{"sentences":[{"text":""}]}"#]
        {
            let draft = Draft::read(nothing);
            assert!(draft.is_none() || nothing == "null", "{nothing}: {draft:?}");
        }
    }
}
