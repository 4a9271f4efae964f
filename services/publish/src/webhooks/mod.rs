//! Webhooks: addresses that the operator names, which are told of each article that is published.
//!
//! A published article causes one `kos.webhook.due` a webhook ([`due`]), in the transaction that puts its page there, and
//! [`stage`] delivers each by itself: the worker loop tries it again and in the end makes it a dead letter, so that one receiver that is down holds back no other.
//! Requests are signed as Standard Webhooks has it (<https://www.standardwebhooks.com>, [`signature`]). Where they are is the
//! operator's word, as that of a model is, and is trusted: private addresses are what webhooks often have. What the receiver
//! answers is not: no redirect is followed and no body is read.

mod file;
pub mod signature;
pub mod stage;

pub use file::{Webhook, Webhooks, read};
pub use stage::Delivering;

use kos_shared::event::{Article, ArticlePublished, WebhookDue};

/// Whom a published article is to be told.
pub fn due(webhooks: &Webhooks, article: &Article, published: &ArticlePublished) -> Vec<WebhookDue> {
    let mut languages = published.languages.clone();
    languages.push(article.language.clone());
    let wanted = webhooks.iter().filter(|webhook| webhook.wants(&article.site.host, &languages));
    wanted.map(|webhook| WebhookDue { webhook: webhook.name.clone(), published: published.clone() }).collect()
}
