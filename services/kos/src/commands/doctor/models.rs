//! Whether models can be asked.

use kos_shared::{
    control::{AskError, ask},
    event::Verdict,
    operator::Operator,
};
use kos_summarize::{
    control::{self, Tried, Try},
    model::StructuredOutput,
};

use super::{Finding, bad, good};

/// Has a summarize worker try its endpoints: it is the one that has to reach them, and that has the keys.
pub async fn models(operator: &Operator) -> Vec<Finding> {
    let asked = ask::<Vec<Tried>>(operator.client(), "summarize", control::PROBE, &Try {}, control::PATIENCE).await;
    let tried = match asked {
        Ok(tried) => tried,
        // That none runs is a finding of its own.
        Err(AskError::NoWorker { .. }) => return Vec::new(),
        Err(error) => return vec![bad("model", error.to_string(), "see the log of the summarize worker")],
    };
    if tried.is_empty() {
        return vec![good(
            "model",
            "none is configured (KOS_LLM_URL): summaries are excerpts, in the article's language",
        )];
    }
    tried.into_iter().map(model).collect()
}

fn model(tried: Tried) -> Finding {
    let Tried { endpoint, model, context_tokens, probe, budget, records } = tried;
    let check = format!("model {model} at {endpoint}");
    if let Some(error) = &probe.error {
        let listed = probe.models.as_deref().filter(|models| !models.is_empty());
        let remedy = match listed.filter(|_| probe.lists(&model) == Some(false)) {
            Some(models) => format!("set KOS_LLM_MODEL to one that is there: {}", models.join(", ")),
            None => "see that the server runs (`curl $KOS_LLM_URL/models`), and that KOS_LLM_URL, KOS_LLM_MODEL and \
                 KOS_LLM_API_KEY are right; until then summaries are excerpts"
                .into(),
        };
        return bad(check, error.clone(), remedy);
    }
    let structured = match probe.structured {
        Some(StructuredOutput::Works) => "structured output works",
        Some(StructuredOutput::Ignored) => "structured output is ignored",
        Some(StructuredOutput::Refused) | None => "no structured output",
    };
    let mut found = vec![structured.to_owned()];
    found.extend(probe.tokens_per_second.map(|speed| format!("{speed:.0} tokens/s")));
    found.extend(probe.window.as_ref().map(|window| format!("window of {} tokens", window.tokens)));
    found.extend(budget.map(|(daily, spent)| format!("{spent} of {daily} tokens spent today")));
    found.extend(records.iter().filter_map(|record| record.detail.clone()));
    let found = found.join(", ");
    let is_withheld = records.iter().any(|record| record.verdict == Verdict::Fail);
    match (&probe.window, budget) {
        (Some(window), _) if (window.tokens as usize) < context_tokens => {
            bad(check, found, format!("set KOS_LLM_CONTEXT to {} or less: articles may not fit", window.tokens))
        }
        (_, Some((daily, spent))) if spent >= daily => {
            bad(check, found, "raise KOS_LLM_DAILY_TOKENS, or wait for the next day (UTC)")
        }
        _ if is_withheld => {
            bad(check, found, "what it writes is withheld until more of it passes: set KOS_LLM_MODEL to a better model")
        }
        _ => good(check, found),
    }
}
