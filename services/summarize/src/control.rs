//! What a worker answers about its models on the bus: the operator's command can't reach them, and has no keys.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use kos_shared::{control::Question, event::Check};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::{
    model::Probe,
    writing::{Writer, check},
};

/// The question that has a worker try each of its endpoints with one real call ([`Try`] → a list of [`Tried`]).
pub const PROBE: &str = "models";

/// How long one endpoint is tried: a call, behind those that are under way, and a model that is loaded first.
const PROBE_LIMIT: Duration = Duration::from_secs(40);

/// How long an answer to that may take; all endpoints are tried at once.
pub const PATIENCE: Duration = Duration::from_secs(50);

/// Try the endpoints.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {}

/// An endpoint that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// Its name.
    pub endpoint: String,
    /// The model that is asked for.
    pub model: String,
    /// How many tokens it is given at most, prompt and answer together.
    pub context_tokens: usize,
    /// What was found.
    pub probe: Probe,
    /// How many tokens all workers may spend a day, where there is a limit, and how many of today's are spent.
    pub budget: Option<(u64, u64)>,
    /// What its recent summaries say of it.
    #[serde(default)]
    pub records: Vec<Check>,
}

/// Tries the endpoints of a writer.
pub async fn tried(writer: &Writer) -> Result<Vec<Tried>, String> {
    let budget = match &writer.budget {
        Some(budget) => {
            let spent = budget.spent(Timestamp::now()).await.map_err(|e| e.to_string())?;
            Some((budget.daily_tokens(), spent))
        }
        None => None,
    };
    let probes = writer.models.iter().map(|model| async move {
        let standing = match &writer.track_record {
            Some(record) => record.standing(model.endpoint.model()).await.map_err(|e| e.to_string())?,
            None => Vec::new(),
        };
        let probe = timeout(PROBE_LIMIT, model.endpoint.probe()).await;
        let silent = || Probe::failed(format!("no answer within {} s: it is busy, or slow", PROBE_LIMIT.as_secs()));
        Ok(Tried {
            endpoint: model.endpoint.name().to_owned(),
            model: model.endpoint.model().to_owned(),
            context_tokens: model.context_tokens,
            probe: probe.unwrap_or_else(|_| silent()),
            budget,
            records: standing.iter().map(check).collect(),
        })
    });
    join_all(probes).await.into_iter().collect()
}

/// The question, as a worker with this writer answers it. A worker without endpoints answers with none.
pub fn probe(writer: Option<&Writer>) -> Question {
    let writer = writer.cloned();
    Question::new(PROBE, move |_: Try| {
        let writer = writer.clone();
        async move {
            match &writer {
                Some(writer) => tried(writer).await,
                None => Ok(Vec::new()),
            }
        }
    })
}
