//! The JSON Schema of an answer, for servers that make models follow one.

use serde_json::{Value, json};

/// `{"title": …, "sentences": [{"text": …, "sources": […]}]}`, within what strict servers take: every field required,
/// nothing else allowed.
pub(super) fn of_answer(with_title: bool) -> Value {
    let sentence = json!({
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "sources": {"type": "array", "items": {"type": "integer"}},
        },
        "required": ["text", "sources"],
        "additionalProperties": false,
    });
    let mut answer = json!({
        "type": "object",
        "properties": {"sentences": {"type": "array", "items": sentence}},
        "required": ["sentences"],
        "additionalProperties": false,
    });
    if with_title {
        answer["properties"]["title"] = json!({"type": "string"});
        answer["required"] = json!(["sentences", "title"]);
    }
    answer
}
