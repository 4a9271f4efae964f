//! What a server says is wrong, in short and without the key.

use serde_json::Value;

/// How many characters of a server's words are kept.
const LONGEST: usize = 300;

/// How many characters of the key in a row give it away. OpenAI's own message about a wrong key shows its first eight.
const TELLING: usize = 8;

/// The message in the body of an error: those of OpenAI (`error.message`), Ollama (`error`), FastAPI (`detail`) and the
/// like, or the text itself. Empty where there is none.
pub(super) fn of_body(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match serde_json::from_str(&text) {
        Ok(value) => shortened(&of_value(&value)),
        Err(_) => shortened(&text),
    }
}

/// The message in a JSON value.
pub(super) fn of_value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(of_value).collect::<Vec<_>>().join("; "),
        Value::Object(fields) => {
            let found = ["error", "message", "detail", "msg"].iter().find_map(|&name| match fields.get(name) {
                None | Some(Value::Null) => None,
                Some(inner) => Some(of_value(inner)),
            });
            found.unwrap_or_else(|| value.to_string())
        }
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// One line of at most 300 characters.
pub(super) fn shortened(text: &str) -> String {
    let mut line = String::new();
    let mut length = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        let space = usize::from(!line.is_empty());
        let left = LONGEST.saturating_sub(length + space);
        if space == 1 {
            line.push(' ');
        }
        if let Some((end, _)) = word.char_indices().nth(left) {
            line.push_str(&word[..end]);
            return format!("{}…", line.trim_end());
        }
        line.push_str(word);
        length += space + word.chars().count();
    }
    line
}

/// The text without words that show a part of the key.
pub(super) fn without_key(text: &str, key: &str) -> String {
    let key: Vec<char> = key.trim().chars().collect();
    if key.is_empty() {
        return text.to_owned();
    }
    let parts: Vec<String> = key.windows(TELLING.min(key.len())).map(|part| part.iter().collect()).collect();
    let hidden = |word: &str| parts.iter().any(|part| word.contains(part.as_str()));
    // A short key, or one with a space in it, may stand across words.
    let words: Vec<&str> = text.split(' ').map(|word| if hidden(word) { "(hidden)" } else { word }).collect();
    let text = words.join(" ");
    if parts.iter().any(|part| text.contains(part.as_str())) { "(hidden)".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_found_in_the_ways_that_servers_have() {
        for (body, message) in [
            (r#"{"error":{"message":"no such model","type":"x","code":404}}"#, "no such model"),
            (r#"{"error":"model 'x' not found"}"#, "model 'x' not found"),
            (r#"{"object":"error","message":"too long","code":400}"#, "too long"),
            (r#"{"detail":[{"loc":["body"],"msg":"field required"},{"msg":"and more"}]}"#, "field required; and more"),
            (r#"{"error":null,"message":"busy"}"#, "busy"),
            (r#"{"code":7}"#, r#"{"code":7}"#),
            ("<h1>502\r\n  Bad   Gateway</h1>\0", "<h1>502 Bad Gateway</h1>"),
            ("", ""),
        ] {
            assert_eq!(of_body(body.as_bytes()), message, "{body}");
        }
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        for text in ["长".repeat(5_000), "ab ".repeat(5_000), format!("{} 字字", "x".repeat(LONGEST))] {
            let short = shortened(&text);
            assert!(short.ends_with('…') && short.chars().count() <= LONGEST + 1, "{short}");
        }
        assert_eq!(shortened(&"x".repeat(LONGEST)).chars().count(), LONGEST);
    }

    #[test]
    fn no_telling_part_of_the_key_is_left() {
        let key = "sk-abcdefghijklmnop";
        for (text, clean) in [
            ("Incorrect API key provided: sk-abcde*********mnop.", "Incorrect API key provided: (hidden)"),
            ("wrong key sk-abcdefghijklmnop", "wrong key (hidden)"),
            ("wrong key 'fghijklm', sorry", "wrong key (hidden) sorry"),
            ("the model is not there", "the model is not there"),
        ] {
            assert_eq!(without_key(text, key), clean);
        }
        assert_eq!(without_key("key is abc", "abc"), "key is (hidden)");
        assert_eq!(without_key("two words here", "o wor"), "(hidden)");
        assert_eq!(without_key("as it was", ""), "as it was");
    }
}
