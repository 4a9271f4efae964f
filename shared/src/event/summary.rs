//! Summaries: what `kos.article.summarized` says beside the article.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Language;

/// A summary in one language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// The one language that it is written in.
    pub language: Language,
    /// The article's title in that language.
    #[serde(default)]
    pub title: Option<String>,
    /// The summary.
    pub text: String,
    /// Its sentences, each with what carries it in the source.
    pub sentences: Vec<Sentence>,
    /// How it was made.
    pub method: Method,
    /// The model that wrote it.
    #[serde(default)]
    pub model: Option<String>,
    /// The prompt that the model was given.
    #[serde(default)]
    pub prompt_version: Option<String>,
    /// What was checked, and what came out.
    #[serde(default)]
    pub checks: Vec<Check>,
    /// Why no model wrote it, where one would have been asked or was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Fallback>,
}

/// Why an excerpt stands where a model's summary could have been.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fallback {
    /// Why, in English.
    pub reason: String,
    /// The same as one of a closed set.
    #[serde(default)]
    pub code: MissingCode,
    /// The checks that the models' answers failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
}

/// A sentence of a summary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sentence {
    /// The sentence.
    pub text: String,
    /// The parts of the article's text that support it.
    pub spans: Vec<Span>,
}

/// A part of an article's `text`, counted in Unicode code points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// The first code point.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

/// How a summary was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// A language model wrote it.
    Llm,
    /// Its sentences were taken from the article.
    Extractive,
}

/// One check of a summary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// What was checked.
    pub name: String,
    /// What came out.
    pub verdict: Verdict,
    /// The figure behind the verdict.
    #[serde(default)]
    pub figure: Option<f64>,
    /// What it stumbled over, a few words of what was checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing wrong was found.
    Pass,
    /// Something wrong was found.
    Fail,
    /// This text is none that the check can judge.
    CannotJudge,
}

/// A summary that could not be had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    /// The language that was asked for.
    pub language: Language,
    /// Why it isn't there, in English.
    pub reason: String,
    /// The same as one of a closed set, for who says it in another language.
    #[serde(default)]
    pub code: MissingCode,
    /// The checks that the models' answers failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
}

/// Why a summary could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingCode {
    /// The article has no text that could be summarized.
    NothingToSummarize,
    /// The publisher refuses machine use.
    RightsRefused,
    /// No model is there that could write it.
    NoModel,
    /// Models answered, and no answer passed the checks.
    ModelFailed,
    /// No model could be reached, or those that could refused.
    ModelUnavailable,
    /// No more may be spent on models today.
    BudgetSpent,
    /// Another reason; only `reason` tells.
    #[default]
    #[serde(other)]
    Other,
}

/// A model was asked for a summary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// The language that was asked for.
    pub language: Language,
    /// The endpoint that was asked, by name.
    pub endpoint: String,
    /// The model that was asked.
    pub model: String,
    /// The prompt that it was given.
    pub prompt_version: String,
    /// 1 for the first time; 2 named what the first answer had failed.
    pub number: u32,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// Why there was no answer, in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was checked of the answer, and what came out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// The answer was kept from before, and cost nothing now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub kept: bool,
    /// What the answer cost, in tokens of prompt and completion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u32>,
}

/// What came of asking a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// Its answer passed the checks.
    Passed,
    /// Its answer failed some.
    Failed,
    /// It could not be reached, or asked for patience.
    Unavailable,
    /// It refused, or answered with what is no answer.
    Refused,
    /// Nothing more may be spent today, so it was not asked.
    BudgetSpent,
}
