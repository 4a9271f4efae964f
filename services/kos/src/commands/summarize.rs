//! `kos summarize`: the summarize stage alone, on standard input. No answer is kept, no budget
//! holds, and nothing is known of what models wrote before.

use std::sync::Arc;

use anstream::println;
use kos_shared::{
    config::Config,
    event::{Article, Attempt, AttemptOutcome, Check, Summary},
};
use kos_summarize::{metrics::SummaryMetrics, service::summarizer, summaries::Outcome};
use serde_json::json;

use super::article;
use crate::{
    Ended, WrongUsage,
    arguments::Summarize,
    output::{cut, print_json, verdict},
};

/// How much of a source is shown beside the sentence that it carries, in characters.
const QUOTED: usize = 160;

pub async fn run(arguments: Summarize, config: Config, as_json: bool) -> anyhow::Result<Ended> {
    let article = Arc::new(article::from_stdin()?);
    let languages = if arguments.languages.is_empty() { config.languages.clone() } else { arguments.languages };
    let config = Config { languages, ..config };
    let summarizer = summarizer(&config, SummaryMetrics::default()).map_err(|e| WrongUsage(e.to_string()))?;
    let outcome = summarizer.summarize(&article).await?;
    if as_json {
        let Outcome { summaries, missing, attempts, .. } = &outcome;
        print_json(&json!({"summaries": summaries, "missing": missing, "attempts": attempts}))?;
    } else if arguments.explain {
        explain(&article, &outcome);
    } else {
        for summary in &outcome.summaries {
            println!("[{}] {}", summary.language, summary.text);
        }
        for missing in &outcome.missing {
            println!("[{}] missing: {}", missing.language, missing.reason);
        }
    }
    Ok(if outcome.summaries.is_empty() { Ended::Failed } else { Ended::Done })
}

/// Each attempt with what was checked, then each sentence with what carries it.
fn explain(article: &Article, outcome: &Outcome) {
    for attempt in &outcome.attempts {
        println!("{}", told(attempt));
        checks(&attempt.checks);
    }
    for summary in &outcome.summaries {
        println!("[{}] {}", summary.language, made(summary));
        if let Some(title) = &summary.title {
            println!("  {title}");
        }
        for sentence in &summary.sentences {
            println!("  {}", sentence.text);
            for span in &sentence.spans {
                let words = article.text.chars().skip(span.start as usize).take((span.end - span.start) as usize);
                println!("    {}-{}: {}", span.start, span.end, cut(&words.collect::<String>(), QUOTED));
            }
            if sentence.spans.is_empty() {
                println!("    no words of the article could be told to carry this");
            }
        }
        checks(&summary.checks);
    }
    for missing in &outcome.missing {
        println!("[{}] missing: {}", missing.language, missing.reason);
    }
}

fn told(attempt: &Attempt) -> String {
    let outcome = match attempt.outcome {
        AttemptOutcome::Passed => "passed",
        AttemptOutcome::Failed => "failed",
        AttemptOutcome::Unavailable => "unavailable",
        AttemptOutcome::Refused => "refused",
        AttemptOutcome::BudgetSpent => "not asked",
    };
    let Attempt { language, number, endpoint, model, prompt_version, .. } = attempt;
    let reason = attempt.reason.as_deref().map(|r| format!(": {r}")).unwrap_or_default();
    let tokens = attempt.tokens.map(|t| format!(", {t} tokens")).unwrap_or_default();
    format!("[{language}] attempt {number}, {model} at {endpoint}, prompt {prompt_version}{tokens}: {outcome}{reason}")
}

fn made(summary: &Summary) -> String {
    match (&summary.model, &summary.fallback) {
        (Some(model), _) => format!("written by {model}"),
        (None, Some(fallback)) => format!("excerpt: {}", fallback.reason),
        (None, None) => "excerpt".to_owned(),
    }
}

fn checks(checks: &[Check]) {
    for check in checks {
        let verdict = verdict(check.verdict);
        let figure = check.figure.map(|f| format!(" {f:.2}")).unwrap_or_default();
        let detail = check.detail.as_deref().map(|d| format!("  {d}")).unwrap_or_default();
        println!("  {:<10} {verdict}{figure}{detail}", check.name);
    }
}
