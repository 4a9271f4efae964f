//! `kos retract`: withdraw an article.

use anstream::println;
use jiff::Timestamp;
use kos_shared::{
    config::Config,
    event::{ArticleId, ArticleRetracted, Attributes, EventId, HttpUrl, Outgoing},
    operator::Operator,
};
use serde_json::json;

use crate::{Ended, WrongUsage, arguments::Retract, output::print_json};

pub async fn run(arguments: Retract, config: &Config, as_json: bool) -> anyhow::Result<Ended> {
    let article_id: Option<ArticleId> = arguments.article.parse().ok();
    let url: Option<HttpUrl> = if article_id.is_none() { arguments.article.parse().ok() } else { None };
    if article_id.is_none() && url.is_none() {
        return Err(WrongUsage(format!(
            "{:?}: expected an article's id or an absolute http or https address",
            arguments.article
        ))
        .into());
    }
    if arguments.reason.trim().is_empty() {
        return Err(WrongUsage("--reason: expected a reason that readers can read, got none".into()).into());
    }
    let retraction = ArticleRetracted { article_id, url, reason: arguments.reason };
    let attributes = Attributes::original(EventId::new(), "/kos/command", &retraction, Timestamp::now());
    Operator::connect(&config.nats).await?.publish(&Outgoing::new(&attributes, &retraction)).await?;
    if as_json {
        print_json(&json!({"event_id": attributes.id.as_str()}))?;
    } else {
        println!("retraction published: event {}", attributes.id);
    }
    Ok(Ended::Done)
}
