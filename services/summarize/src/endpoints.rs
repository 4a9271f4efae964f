//! From configuration to endpoints: the one that variables name, then those of the file `KOS_LLM_ENDPOINTS`.

use std::{path::Path, time::Duration};

use kos_shared::{
    config::{Config, ConfigError, MIN_CONTEXT_TOKENS, ModelConfig, Secret},
    event::HttpUrl,
};
use serde::Deserialize;

use crate::{
    model::{Endpoint, Observer, Settings},
    writing::{
        Model,
        prompt::{PromptError, Prompts},
    },
};

/// How long a connection may take: a server that is there answers at once.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The longest `Retry-After` that is sat out with the event in hand.
const MAX_WAIT: Duration = Duration::from_secs(10);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    endpoint: Vec<Entry>,
}

/// An endpoint in the file; what it doesn't say is as the variables have it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Option<String>,
    url: HttpUrl,
    model: String,
    api_key: Option<String>,
    api_key_file: Option<String>,
    context: Option<u32>,
    concurrency: Option<std::num::NonZeroU16>,
    timeout_seconds: Option<std::num::NonZeroU32>,
}

/// The endpoints, the preferred one first; none where none is configured. `observer` is told of each call.
///
/// # Errors
/// [`ConfigError`] where the file can't be read or is wrong, or an endpoint can't be set up.
pub fn models(config: &Config, observer: &Observer) -> Result<Vec<Model>, ConfigError> {
    let config = &config.models;
    let mut models = Vec::new();
    if let Some(first) = &config.endpoint {
        let settings = Settings { api_key: first.api_key.clone(), ..settings(config, first.url.clone(), &first.model) };
        let wrong = |reason: String| ConfigError {
            variable: if first.api_key.is_some() { "KOS_LLM_API_KEY" } else { "KOS_LLM_URL" }.into(),
            value: "(hidden)".into(),
            expected: format!("an endpoint that can be used, but {reason}"),
        };
        models.push(model(settings, config.context_tokens, observer).map_err(wrong)?);
    }
    let Some(path) = &config.endpoints else { return Ok(models) };
    let shown = path.display().to_string();
    let error = |reason: String| ConfigError {
        variable: "KOS_LLM_ENDPOINTS".into(),
        value: shown.clone(),
        expected: format!("a file of endpoints, but {reason}"),
    };
    let text = std::fs::read_to_string(path).map_err(|e| error(e.to_string()))?;
    let file: File = toml::from_str(&text).map_err(|e| error(without_the_line(&e, &text)))?;
    if file.endpoint.is_empty() {
        return Err(error("there is no [[endpoint]] in it".into()));
    }
    for (number, entry) in file.endpoint.into_iter().enumerate() {
        let wrong = |reason: &str| error(format!("[[endpoint]] {} {reason}", number + 1));
        if entry.model.trim().is_empty() {
            return Err(wrong("has an empty model; expected the name that the server knows it by"));
        }
        let api_key = match (&entry.api_key, &entry.api_key_file) {
            (Some(_), Some(_)) => return Err(wrong("has both api_key and api_key_file")),
            (Some(key), None) => Some(Secret::new(key)),
            (None, Some(file)) => {
                Some(key_of(Path::new(file)).map_err(|e| wrong(&format!("api_key_file {file}: {e}")))?)
            }
            (None, None) => None,
        };
        let context = entry.context.unwrap_or(config.context_tokens);
        if context < MIN_CONTEXT_TOKENS {
            return Err(wrong(&format!("has a context of {context} tokens; expected {MIN_CONTEXT_TOKENS} or more")));
        }
        let defaults = settings(config, entry.url.clone(), &entry.model);
        let timeout = entry.timeout_seconds.map(|s| Duration::from_secs(s.get().into()));
        let settings = Settings {
            name: entry.name.unwrap_or_else(|| defaults.name.clone()),
            api_key,
            concurrency: entry.concurrency.map_or(defaults.concurrency, |n| n.get().into()),
            first_byte_timeout: timeout.unwrap_or(defaults.first_byte_timeout),
            total_timeout: timeout.unwrap_or(defaults.total_timeout),
            ..defaults
        };
        let model = model(settings, context, observer).map_err(|reason| wrong(&format!("can't be used: {reason}")))?;
        // Breakers, metrics and attempts are told apart by both.
        let (name, asked) = (model.endpoint.name(), model.endpoint.model());
        if models.iter().any(|other| (other.endpoint.name(), other.endpoint.model()) == (name, asked)) {
            return Err(wrong(&format!("is the second {name} with the model {asked}; expected a name of its own")));
        }
        models.push(model);
    }
    Ok(models)
}

/// What is wrong with a file and in which line, without the line: a key may stand in it.
fn without_the_line(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().map(|span| text[..text.floor_char_boundary(span.start)].matches('\n').count() + 1);
    let place = line.map(|line| format!("in line {line}: ")).unwrap_or_default();
    // Of what stands in backquotes only names of fields are ours.
    let message = error.message().lines().next().unwrap_or_default();
    format!("{place}{message}")
}

/// The prompts: those in the folder `KOS_LLM_PROMPTS` before the built-in ones.
///
/// # Errors
/// [`ConfigError`] names the file that is wrong.
pub fn prompts(config: &Config) -> Result<Prompts, ConfigError> {
    let error = |value: String, e: PromptError| ConfigError {
        variable: "KOS_LLM_PROMPTS".into(),
        value,
        expected: format!("a folder of prompts, but {e}"),
    };
    match &config.models.prompts {
        Some(folder) => Prompts::with_folder(folder).map_err(|e| error(folder.display().to_string(), e)),
        None => Prompts::built_in().map_err(|e| error(String::new(), e)),
    }
}

fn settings(config: &ModelConfig, url: HttpUrl, model: &str) -> Settings {
    Settings {
        concurrency: config.concurrency,
        connect_timeout: CONNECT_TIMEOUT.min(config.timeout),
        first_byte_timeout: config.timeout,
        total_timeout: config.timeout,
        max_wait: MAX_WAIT.min(config.patience),
        ..Settings::new(url, model)
    }
}

fn model(settings: Settings, context_tokens: u32, observer: &Observer) -> Result<Model, String> {
    let settings = Settings { observer: Some(observer.clone()), ..settings };
    let endpoint = Endpoint::new(settings).map_err(|e| e.to_string())?;
    Ok(Model { endpoint, context_tokens: context_tokens as usize })
}

fn key_of(file: &Path) -> std::io::Result<Secret> {
    Ok(Secret::new(std::fs::read_to_string(file)?.trim_end()))
}

#[cfg(test)]
mod tests {
    use kos_shared::config::Environment;

    use super::*;
    use crate::metrics::SummaryMetrics;

    fn read(file: &str) -> Result<Vec<Model>, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("endpoints.toml");
        std::fs::write(&path, file).unwrap();
        let set = [("KOS_LLM_ENDPOINTS".to_owned(), path.display().to_string())];
        let config = Config::read(&Environment::of(set.into_iter()).unwrap(), "summarize").unwrap();
        models(&config, &SummaryMetrics::default().observer())
    }

    #[test]
    fn endpoints_are_read_in_their_order() {
        let models = read(
            "[[endpoint]]\nurl = 'http://127.0.0.1:1/v1'\nmodel = 'a'\nname = 'near'\n\
             [[endpoint]]\nurl = 'https://llm.example'\nmodel = 'b'\napi_key = 'sk-1'\ncontext = 32768\n",
        )
        .unwrap();
        let told: Vec<_> = models.iter().map(|m| (m.endpoint.name(), m.endpoint.model(), m.context_tokens)).collect();
        assert_eq!(told, [("near", "a", 8_192), ("llm.example:443", "b", 32_768)]);
    }

    #[test]
    fn a_wrong_file_is_told_with_its_place_and_without_a_key() {
        let endpoint = "[[endpoint]]\nurl = 'http://127.0.0.1:1'\nmodel = 'a'\n";
        for (wrong, said) in [
            ("api_key = sk-secret", "line 4"),
            ("apikey = 'sk-secret'", "line 4"),
            ("api_key = 'sk-secret'\napi_key_file = '/nowhere'", "both api_key and api_key_file"),
            ("api_key = \"sk-secret\\u0007x\"", "[[endpoint]] 1"),
            ("context = 100", "context of 100 tokens"),
            ("api_key_file = '/nowhere/sk'", "/nowhere/sk"),
            ("[[endpoint]]\nurl = 'http://127.0.0.1:2'\nmodel = ' '", "[[endpoint]] 2 has an empty model"),
            ("[[endpoint]]\nurl = 'http://127.0.0.1:1/v1'\nmodel = 'a'", "expected a name of its own"),
        ] {
            let error = read(&format!("{endpoint}{wrong}\n")).unwrap_err().to_string();
            assert!(error.contains("KOS_LLM_ENDPOINTS") && error.contains(said), "{wrong}: {error}");
            assert!(!error.contains("sk-secret"), "{error}");
        }
        assert!(read("").unwrap_err().to_string().contains("no [[endpoint]]"));
    }
}
