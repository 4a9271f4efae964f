//! What an endpoint can do, found out by trying.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{Answer, Endpoint, Finish, Request, answer::number, wire::Received};

/// How long what a server tells of itself may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is asked for; long enough to tell the speed by.
const QUESTION: &str = "Describe the weather on a fine day in spring in one sentence of about thirty words. \
                        Answer with a JSON object that has the sentence under \"sentence\".";

/// The most tokens that the answer may have.
const MAX_TOKENS: u32 = 96;

/// What the answer is to look like.
const SCHEMA: &str = r#"{"type":"object","properties":{"sentence":{"type":"string"}},"required":["sentence"],"additionalProperties":false}"#;

/// What an endpoint can do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// The models that it lists; `None` where it has no list.
    pub models: Option<Vec<String>>,
    /// How long a text the model can read.
    pub window: Option<Window>,
    /// Whether it keeps to a JSON Schema; `None` where it didn't answer.
    pub structured: Option<StructuredOutput>,
    /// How fast it writes, the reading of a short prompt included; `None` where it didn't answer.
    pub tokens_per_second: Option<f64>,
    /// How long the call took that was answered.
    pub took: Option<Duration>,
    /// Why it can't be used; `None` where it answered.
    pub error: Option<String>,
}

impl Probe {
    /// Of an endpoint that can't be used, for this reason.
    pub fn failed(reason: String) -> Self {
        let error = Some(reason);
        Self { models: None, window: None, structured: None, tokens_per_second: None, took: None, error }
    }

    /// Whether the list of models has this one; `None` where there is no list.
    pub fn lists(&self, model: &str) -> Option<bool> {
        // Ollama leaves out the tag `latest`.
        let same = |listed: &String| listed == model || listed.strip_suffix(":latest") == Some(model);
        self.models.as_ref().map(|models| models.iter().any(same))
    }
}

/// A model's window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its size in tokens, prompt and answer together.
    pub tokens: u32,
    /// The route and the field that told.
    pub told_by: String,
    /// Whether it is what the model was trained for: the server may run it with less.
    pub at_most: bool,
}

/// What a server does with a JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StructuredOutput {
    /// It answers with what the schema describes.
    Works,
    /// It takes the schema and answers as it likes.
    Ignored,
    /// It says that it doesn't take it.
    Refused,
}

impl Endpoint {
    /// Finds out what the endpoint can do: one real, small call, and what the server tells of itself. The call waits for
    /// its turn as any other, and its time limits hold.
    pub async fn probe(&self) -> Probe {
        let parts = self.parts();
        parts.unlearn();
        let system = "You answer in JSON.";
        let request =
            Request { system, user: QUESTION, schema: Some(SCHEMA), max_tokens: MAX_TOKENS, temperature: 0.0 };
        let models = self.told(&parts.addresses.models).await;
        let asked = self.ask(&request).await;
        // Some load a model when it is asked, and know its window only then.
        let window = self.window(models.as_ref()).await;
        let models = models.as_ref().and_then(list).map(|list| list.iter().filter_map(id).collect());
        match asked {
            Ok(answer) => Probe {
                models,
                window,
                structured: Some(structured(&answer)),
                tokens_per_second: Some(f64::from(answer.usage.completion_tokens) / answer.took.as_secs_f64()),
                took: Some(answer.took),
                error: None,
            },
            Err(error) => {
                let error = Some(error.to_string());
                Probe { models, window, structured: None, tokens_per_second: None, took: None, error }
            }
        }
    }

    async fn window(&self, models: Option<&Value>) -> Option<Window> {
        let addresses = &self.parts().addresses;
        let model = self.model();
        let listed = models.and_then(|models| of_models(models, model));
        if listed.as_ref().is_some_and(|window| !window.at_most) {
            return listed;
        }
        if let Some(window) = self.told(&addresses.beside("props")).await.as_ref().and_then(of_props) {
            return Some(window);
        }
        let running = self.told(&addresses.beside("api/ps")).await;
        running.and_then(|running| of_running(&running, model)).or(listed)
    }

    /// The JSON at an address, where there is any.
    async fn told(&self, url: &Url) -> Option<Value> {
        match self.parts().wire.get(url, PATIENCE).await {
            Received::Whole { status: 200, body, .. } => serde_json::from_slice(&body).ok(),
            _ => None,
        }
    }
}

fn structured(answer: &Answer) -> StructuredOutput {
    let text = answer.text.trim();
    let whole = serde_json::from_str::<Value>(text).is_ok_and(|value| value["sentence"].is_string());
    let begun = answer.finish == Finish::Length && text.starts_with('{');
    match answer.structured {
        false => StructuredOutput::Refused,
        true if whole || begun => StructuredOutput::Works,
        true => StructuredOutput::Ignored,
    }
}

/// The models in a list of OpenAI's form.
fn list(models: &Value) -> Option<&Vec<Value>> {
    models.get("data").or_else(|| models.get("models")).unwrap_or(models).as_array()
}

fn id(model: &Value) -> Option<String> {
    ["id", "model", "name"].iter().find_map(|name| model.get(name)?.as_str()).map(str::to_owned)
}

/// The window of a model in the list: vLLM, OpenRouter, Groq, Mistral and LM Studio tell it, llama.cpp tells what the
/// model was trained for.
fn of_models(models: &Value, model: &str) -> Option<Window> {
    let models = list(models)?;
    let entry = match models.as_slice() {
        [only] => only,
        many => many.iter().find(|entry| id(entry).as_deref() == Some(model))?,
    };
    let told = |from: &Value, field| number(from.get(field)?).filter(|tokens| *tokens > 0);
    for (field, told_by) in [
        ("max_model_len", "models: max_model_len"),
        ("context_length", "models: context_length"),
        ("context_window", "models: context_window"),
        ("max_context_length", "models: max_context_length"),
    ] {
        if let Some(tokens) = told(entry, field) {
            return Some(Window { tokens, told_by: told_by.to_owned(), at_most: false });
        }
    }
    let tokens = told(entry.get("meta")?, "n_ctx_train")?;
    Some(Window { tokens, told_by: "models: meta.n_ctx_train".to_owned(), at_most: true })
}

/// The window of one slot of llama.cpp.
fn of_props(props: &Value) -> Option<Window> {
    let tokens = number(props.get("default_generation_settings")?.get("n_ctx")?).filter(|tokens| *tokens > 0)?;
    Some(Window { tokens, told_by: "props: default_generation_settings.n_ctx".to_owned(), at_most: false })
}

/// The window that Ollama runs a model with.
fn of_running(running: &Value, model: &str) -> Option<Window> {
    let same = |entry: &&Value| id(entry).is_some_and(|id| id == model || id.strip_suffix(":latest") == Some(model));
    let entry = list(running)?.iter().find(same)?;
    let tokens = number(entry.get("context_length")?).filter(|tokens| *tokens > 0)?;
    Some(Window { tokens, told_by: "api/ps: context_length".to_owned(), at_most: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_window_is_found_where_servers_tell_it() {
        let listed = |entry: Value| of_models(&json!({"data": [entry, {"id": "other"}]}), "m");
        let window = listed(json!({"id": "m", "max_model_len": 32768.0})).unwrap();
        assert_eq!((window.tokens, window.at_most), (32_768, false));
        let window = listed(json!({"id": "m", "meta": {"n_ctx_train": 8192}})).unwrap();
        assert_eq!((window.tokens, window.at_most), (8_192, true));
        assert_eq!(listed(json!({"id": "m"})), None);
        assert_eq!(listed(json!({"id": "x", "max_model_len": 5})), None);
        // llama.cpp serves one model, whatever it is asked for.
        assert!(of_models(&json!({"data": [{"id": "/models/x.gguf", "meta": {"n_ctx_train": 1}}]}), "m").is_some());
        assert_eq!(of_props(&json!({"default_generation_settings": {"n_ctx": 2048}})).unwrap().tokens, 2_048);
        assert_eq!(of_props(&json!({"default_generation_settings": {"n_ctx": 0}})), None);
        let running = json!({"models": [{"name": "q:latest", "model": "q:latest", "context_length": 4096}]});
        assert_eq!(of_running(&running, "q").unwrap().tokens, 4_096);
        assert_eq!(of_running(&running, "r"), None);
    }
}
