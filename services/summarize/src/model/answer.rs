//! What a model answered, read as leniently as servers are different.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::complaint;

/// An answer. Its text is whatever the model wrote; nothing of it has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What the model wrote, without its reasoning where the server keeps that apart. Empty where it wrote nothing.
    pub text: String,
    /// Why it stopped.
    pub finish: Finish,
    /// What it cost.
    pub usage: Usage,
    /// The model as the server names it.
    pub model: Option<String>,
    /// Whether structured output was asked for and not refused. It may have been ignored all the same.
    pub structured: bool,
    /// How long the call took that brought it.
    pub took: Duration,
}

/// Why a model stopped writing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Option<String>", into = "Option<String>")]
pub enum Finish {
    /// It was done.
    Stop,
    /// It ran into the limit of tokens or of its window.
    Length,
    /// It wants a tool to be called, though none was offered.
    ToolCalls,
    /// The server withheld the answer, or the model refused.
    ContentFilter,
    /// Something else, as the server calls it.
    Other(String),
    /// The server doesn't say.
    Unknown,
}

impl From<Option<String>> for Finish {
    fn from(reason: Option<String>) -> Self {
        let Some(reason) = reason.filter(|r| !r.trim().is_empty()) else { return Self::Unknown };
        match reason.trim().to_ascii_lowercase().as_str() {
            // The second names are those of text-generation-inference and of gateways to other protocols.
            "stop" | "eos" | "eos_token" | "stop_sequence" | "end_turn" => Self::Stop,
            "length" | "max_tokens" => Self::Length,
            "tool_calls" | "function_call" | "tool_use" => Self::ToolCalls,
            "content_filter" | "refusal" | "safety" => Self::ContentFilter,
            _ => Self::Other(complaint::shortened(&reason)),
        }
    }
}

impl From<Finish> for Option<String> {
    fn from(finish: Finish) -> Self {
        match finish {
            Finish::Stop => Some("stop".into()),
            Finish::Length => Some("length".into()),
            Finish::ToolCalls => Some("tool_calls".into()),
            Finish::ContentFilter => Some("content_filter".into()),
            Finish::Other(reason) => Some(reason),
            Finish::Unknown => None,
        }
    }
}

/// How many tokens an answer cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens that were read.
    pub prompt_tokens: u32,
    /// Tokens that were written, those of the reasoning included where the server counts them.
    pub completion_tokens: u32,
    /// Whether one of the two is an estimate, as the server didn't tell.
    pub estimated: bool,
}

/// What the body of a 200 is.
#[derive(Debug, PartialEq)]
pub(super) enum Reading {
    /// A chat completion.
    Completion { text: String, finish: Finish, usage: Usage, model: Option<String> },
    /// An error, and the status code that it should have had, where it has one.
    Error { status: Option<u16>, message: String },
    /// Neither; what it is instead.
    Neither(String),
}

/// Reads the body of a 200 to a prompt of these texts. Time is linear in both.
pub(super) fn read(body: &[u8], prompt: [&str; 2]) -> Reading {
    let text = String::from_utf8_lossy(body);
    let Ok(value) = serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')) else {
        let start = complaint::shortened(&text);
        return Reading::Neither(if start.is_empty() { "nothing".into() } else { format!("no json: {start}") });
    };
    let choice = match value.get("choices") {
        Some(Value::Array(choices)) => choices.first(),
        _ => None,
    };
    let Some(choice) = choice else {
        let error = value.get("error").filter(|e| !e.is_null());
        return match error {
            Some(error) => Reading::Error { status: status_of(error), message: said(error) },
            None if value.get("choices").is_some() => Reading::Neither("no choices".into()),
            None => Reading::Neither(format!("other json: {}", complaint::shortened(&value.to_string()))),
        };
    };
    let (text, finish) = match choice.get("message") {
        Some(Value::Object(_)) => of_message(choice),
        // The older protocol of completions.
        _ => match choice.get("text").and_then(Value::as_str) {
            Some(text) => (text.to_owned(), finish_of(choice)),
            None => return Reading::Neither("a choice without a message".into()),
        },
    };
    let usage = usage_of(value.get("usage"), prompt, &text);
    let model = value.get("model").and_then(Value::as_str).filter(|m| !m.is_empty()).map(complaint::shortened);
    Reading::Completion { text, finish, usage, model }
}

fn of_message(choice: &Value) -> (String, Finish) {
    let message = &choice["message"];
    let text = content(&message["content"]);
    let finish = finish_of(choice);
    if !text.is_empty() {
        return (text, finish);
    }
    let calls = matches!(&message["tool_calls"], Value::Array(calls) if !calls.is_empty())
        || message["function_call"].is_object();
    let refusal = message["refusal"].as_str().is_some_and(|r| !r.is_empty());
    match finish {
        _ if calls => (text, Finish::ToolCalls),
        Finish::Stop | Finish::Unknown if refusal => (text, Finish::ContentFilter),
        other => (text, other),
    }
}

/// The text of a message's content: a text, nothing, or parts of which those are taken that are text.
fn content(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(content).collect(),
        // A part of another type has no text, or one that isn't the answer (`thinking`).
        Value::Object(part) => match part.get("type").and_then(Value::as_str) {
            None | Some("text" | "output_text") => part.get("text").map(content).unwrap_or_default(),
            Some(_) => String::new(),
        },
        _ => String::new(),
    }
}

fn finish_of(choice: &Value) -> Finish {
    choice.get("finish_reason").and_then(Value::as_str).map(str::to_owned).into()
}

fn said(error: &Value) -> String {
    complaint::shortened(&complaint::of_value(error))
}

/// The status code in an error; `code` is a number with some, a word with others.
fn status_of(error: &Value) -> Option<u16> {
    let status = ["code", "status", "status_code"].iter().find_map(|name| number(error.get(name)?))?;
    (400..600).contains(&status).then(|| u16::try_from(status).ok())?
}

/// What was told, or else an estimate. Some servers send zeros for what they don't count.
fn usage_of(usage: Option<&Value>, prompt: [&str; 2], text: &str) -> Usage {
    let told = |name| number(usage?.get(name)?).filter(|tokens| *tokens > 0);
    let (read, written) = (told("prompt_tokens"), told("completion_tokens"));
    let estimate = || prompt.iter().map(|part| estimated_tokens(part)).fold(0, u32::saturating_add);
    Usage {
        prompt_tokens: read.unwrap_or_else(estimate),
        completion_tokens: written.unwrap_or_else(|| estimated_tokens(text)),
        estimated: read.is_none() || (written.is_none() && !text.is_empty()),
    }
}

/// A number however it is written, without what is behind the point.
pub(super) fn number(value: &Value) -> Option<u32> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    // `as` saturates.
    (number >= 0.0).then_some(number as u32)
}

/// About how many tokens a text has: a rule of thumb, four ASCII characters or one other to a token. It is meant for
/// budgets, where too many is better than too few: tokenizers of Chinese models need less than one for a character.
pub(super) fn estimated_tokens(text: &str) -> u32 {
    let (ascii, other) =
        text.chars().fold(
            (0_usize, 0_usize),
            |(ascii, other), c| {
                if c.is_ascii() { (ascii + 1, other) } else { (ascii, other + 1) }
            },
        );
    u32::try_from(ascii.div_ceil(4) + other).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
