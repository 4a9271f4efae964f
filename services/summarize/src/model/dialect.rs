//! How a server wants to be asked. Servers that call themselves compatible differ in what they take, and say so with a
//! 400: then the question is put more simply.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::value::RawValue;

use super::Request;

/// How long a server's dialect is remembered. Then it is asked in the full one again: it may have been updated.
const MEMORY: Duration = Duration::from_secs(10 * 60);

/// The name that a schema goes by; the server wants one.
const SCHEMA_NAME: &str = "answer";

/// Words that say that structured output is what isn't taken.
const ABOUT_STRUCTURE: [&str; 5] = ["response_format", "json_schema", "json schema", "grammar", "structured output"];

/// Words that say that something else is wrong, which asking without a schema doesn't mend.
const ABOUT_LENGTH: [&str; 5] = ["context length", "context size", "context window", "too long", "too many tokens"];

/// What may be said to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    /// `response_format` with a JSON Schema. Ollama, vLLM, llama.cpp and most vendors take it.
    pub structure: bool,
    /// `max_completion_tokens` instead of `max_tokens`, as the reasoning models of OpenAI want it.
    pub completion_tokens: bool,
    /// `temperature`, which the same models don't take.
    pub temperature: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { structure: true, completion_tokens: false, temperature: true }
    }
}

impl Dialect {
    /// The next simpler one after the server refused this one; `None` where it doesn't look as if that would help.
    pub fn after(self, request: &Request<'_>, status: u16, message: &str) -> Option<Self> {
        let message = message.to_lowercase();
        let mentions = |words: &[&str]| words.iter().any(|word| message.contains(word));
        let bad_request = matches!(status, 400 | 404 | 415 | 422);
        let structured = self.structure && request.schema.is_some();
        if bad_request && !self.completion_tokens && message.contains("max_completion_tokens") {
            return Some(Self { completion_tokens: true, ..self });
        }
        if structured && mentions(&ABOUT_STRUCTURE) && (bad_request || matches!(status, 500 | 501)) {
            return Some(Self { structure: false, ..self });
        }
        if bad_request && self.temperature && message.contains("temperature") {
            return Some(Self { temperature: false, ..self });
        }
        let elsewhere = mentions(&ABOUT_LENGTH) || is_about_model(&message);
        (structured && bad_request && !elsewhere).then_some(Self { structure: false, ..self })
    }

    /// The body of the HTTP request.
    pub fn body(self, model: &str, request: &Request<'_>) -> Vec<u8> {
        let message = |role, content| (!str::is_empty(content)).then_some(Message { role, content });
        let schema = request.schema.filter(|_| self.structure).and_then(|schema| serde_json::from_str(schema).ok());
        let body = Body {
            model,
            messages: [message("system", request.system), message("user", request.user)]
                .into_iter()
                .flatten()
                .collect(),
            stream: false,
            max_tokens: (!self.completion_tokens).then_some(request.max_tokens),
            max_completion_tokens: self.completion_tokens.then_some(request.max_tokens),
            temperature: self.temperature.then_some(request.temperature),
            response_format: schema.map(|schema| Format {
                kind: "json_schema",
                json_schema: Schema { name: SCHEMA_NAME, strict: true, schema },
            }),
        };
        // Texts, numbers and a JSON value can always be written as JSON.
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

/// Whether a message says that the model isn't there.
pub(super) fn is_about_model(message: &str) -> bool {
    let message = message.to_lowercase();
    message.contains("model") && ["not found", "not exist", "unknown model"].iter().any(|word| message.contains(word))
}

/// What a server was found to speak, for ten minutes.
#[derive(Debug, Default)]
pub(super) struct Memory(Option<(Dialect, Instant)>);

impl Memory {
    /// The dialect to try.
    pub fn recall(&self, now: Instant) -> Dialect {
        match self.0 {
            Some((dialect, learnt)) if now.saturating_duration_since(learnt) < MEMORY => dialect,
            _ => Dialect::default(),
        }
    }

    /// An answer came to this one.
    pub fn learn(&mut self, dialect: Dialect, now: Instant) {
        if dialect != self.recall(now) {
            self.0 = Some((dialect, now));
        }
    }

    /// Forgets it.
    pub fn clear(&mut self) {
        self.0 = None;
    }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Format<'a>>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Serialize)]
struct Format<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    json_schema: Schema<'a>,
}

#[derive(Serialize)]
struct Schema<'a> {
    name: &'static str,
    strict: bool,
    schema: &'a RawValue,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const PLAIN: Dialect = Dialect { structure: false, completion_tokens: false, temperature: true };

    fn request(schema: Option<&str>) -> Request<'_> {
        Request { system: "s", user: "u", schema, max_tokens: 64, temperature: 0.3 }
    }

    #[test]
    fn a_refused_schema_is_left_out() {
        let schema = r#"{"type":"object"}"#;
        let request = request(Some(schema));
        for (status, message) in [
            (400, "'response_format.type' must be 'text'"),
            (400, ""),
            (422, "extra fields not permitted"),
            (404, "No endpoints found that support the requested parameters"),
            (500, "failed to parse grammar"),
            (400, "the grammar is too long"),
        ] {
            assert_eq!(Dialect::default().after(&request, status, message), Some(PLAIN), "{status} {message}");
        }
    }

    #[test]
    fn what_leaving_out_the_schema_does_not_mend_is_final() {
        let schema = r#"{"type":"object"}"#;
        let with_schema = request(Some(schema));
        for (status, message) in [
            (400, "This model's maximum context length is 2048 tokens"),
            (400, "the request exceeds the available context size"),
            (404, "model \"qwen\" not found, try pulling it first"),
            (401, "response_format"),
            (500, "internal error"),
        ] {
            assert_eq!(Dialect::default().after(&with_schema, status, message), None, "{status} {message}");
        }
        assert_eq!(PLAIN.after(&with_schema, 400, "response_format"), None);
        assert_eq!(Dialect::default().after(&request(None), 400, "bad"), None);
    }

    #[test]
    fn the_dialect_of_reasoning_models_is_learnt_step_by_step() {
        let schema = "{}";
        let request = request(Some(schema));
        let message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.";
        let first = Dialect::default().after(&request, 400, message).unwrap();
        assert_eq!(first, Dialect { completion_tokens: true, ..Dialect::default() });
        let second = first.after(&request, 400, "Unsupported value: 'temperature' does not support 0.3").unwrap();
        assert_eq!(second, Dialect { temperature: false, ..first });
        let body: Value = serde_json::from_slice(&second.body("m", &request)).unwrap();
        assert_eq!(body["max_completion_tokens"], 64);
        assert!(body.get("max_tokens").is_none() && body.get("temperature").is_none(), "{body}");
    }

    #[test]
    fn the_body_is_what_the_protocol_wants() {
        let schema = r#"{"type":"object"}"#;
        let body = Dialect::default().body("m", &request(Some(schema)));
        let expected = r#"{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"u"}],"stream":false,"max_tokens":64,"temperature":0.3,"response_format":{"type":"json_schema","json_schema":{"name":"answer","strict":true,"schema":{"type":"object"}}}}"#;
        assert_eq!(String::from_utf8(body).unwrap(), expected);
        let plain = PLAIN.body("m", &Request { system: "", ..request(Some(schema)) });
        let plain: Value = serde_json::from_slice(&plain).unwrap();
        assert!(plain.get("response_format").is_none());
        assert_eq!(plain["messages"], json!([{"role": "user", "content": "u"}]));
    }

    #[test]
    fn a_dialect_is_forgotten_after_a_while() {
        let now = Instant::now();
        let mut memory = Memory::default();
        memory.learn(PLAIN, now);
        memory.learn(PLAIN, now + MEMORY / 2);
        assert_eq!(memory.recall(now + MEMORY - Duration::from_secs(1)), PLAIN);
        assert_eq!(memory.recall(now + MEMORY), Dialect::default());
    }
}
