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
        models.push(model(settings, config.context_tokens, observer, "KOS_LLM_URL", first.url.as_str())?);
    }
    let Some(path) = &config.endpoints else { return Ok(models) };
    let shown = path.display().to_string();
    let error = |reason: String| ConfigError {
        variable: "KOS_LLM_ENDPOINTS".into(),
        value: shown.clone(),
        expected: format!("a file of endpoints, but {reason}"),
    };
    let text = std::fs::read_to_string(path).map_err(|e| error(e.to_string()))?;
    let file: File = toml::from_str(&text).map_err(|e| error(e.to_string()))?;
    for (number, entry) in file.endpoint.into_iter().enumerate() {
        let wrong = |reason: &str| error(format!("[[endpoint]] {} {reason}", number + 1));
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
        models.push(model(settings, context, observer, "KOS_LLM_ENDPOINTS", &shown)?);
    }
    Ok(models)
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

fn model(
    settings: Settings,
    context_tokens: u32,
    observer: &Observer,
    variable: &str,
    value: &str,
) -> Result<Model, ConfigError> {
    let settings = Settings { observer: Some(observer.clone()), ..settings };
    let endpoint = Endpoint::new(settings).map_err(|e| ConfigError {
        variable: variable.to_owned(),
        value: value.to_owned(),
        expected: format!("an endpoint that can be used, but {e}"),
    })?;
    Ok(Model { endpoint, context_tokens: context_tokens as usize })
}

fn key_of(file: &Path) -> std::io::Result<Secret> {
    Ok(Secret::new(std::fs::read_to_string(file)?.trim_end()))
}
