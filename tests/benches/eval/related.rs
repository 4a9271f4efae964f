//! Whether what the site calls related is: on texts of the project's own in two languages, twelve topics of six. The
//! threshold was chosen on half of the topics; what counts is the other half.

use std::{collections::HashMap, sync::Arc};

use anyhow::Context;
use comfy_table::Table;
use jiff::Timestamp;
use kos_publish::{related, site::SiteInfo, stage::Publishing, state::MIGRATIONS};
use kos_shared::{
    event::{ArticleId, Attributes, Event, EventId, Language},
    stage::Stage,
    store::Store,
};
use kos_tests::{Database, TopicText, related_news};

/// How many related articles a page names.
const SHOWN: usize = 5;

/// The topics that the threshold was chosen on.
const CHOSEN_ON: [&str; 6] = ["bank", "chips", "dam", "fire", "strike", "theft"];

/// Publishes all texts, in an order that mixes the topics, and judges what each page names in the end.
pub async fn run(list_wrong: bool) -> anyhow::Result<()> {
    let mut texts = related_news();
    texts.sort_by_key(|text| text.id.rsplit('-').next().map(str::to_owned));
    let database = Database::sqlite();
    let store = Store::open(database.config(), "publish", MIGRATIONS).await?;
    let url = "https://site.example".parse().context("the site's address")?;
    let site = SiteInfo { name: "Site".into(), url, language: Language::ENGLISH };
    let publishing = Publishing { site: Arc::new(site), webhooks: Arc::default() };
    let mut by_id: HashMap<ArticleId, TopicText> = HashMap::new();
    for (number, text) in texts.into_iter().enumerate() {
        let data = text.summarized(number);
        by_id.insert(data.article.article_id, text);
        let event = Event { attributes: Attributes::original(EventId::new(), "/eval", &data, Timestamp::now()), data };
        let done = publishing.work(&event).await?;
        let mut tx = store.begin().await?;
        publishing.record(&mut tx, &event, &done).await?;
        tx.commit().await?;
    }
    let mut table = Table::new();
    table.set_header(["topics", "pages", "named", "right", "precision at 5", "of 5 places", "in the other language"]);
    for (name, held_out) in [("chosen on", false), ("held out", true)] {
        let (mut pages, mut named, mut right, mut crossing, mut precisions) = (0, 0, 0, 0, vec![]);
        for (id, text) in by_id.iter().filter(|(_, text)| CHOSEN_ON.contains(&text.topic.as_str()) != held_out) {
            pages += 1;
            let related = related::of(store.readers(), *id, SHOWN).await?;
            let others: Vec<&TopicText> = related.iter().filter_map(|other| by_id.get(&other.article_id)).collect();
            let hits: Vec<_> = others.iter().filter(|other| other.topic == text.topic).collect();
            crossing += hits.iter().filter(|other| other.language != text.language).count();
            (named, right) = (named + others.len(), right + hits.len());
            if !others.is_empty() {
                precisions.push(hits.len() as f64 / others.len() as f64);
            }
            if list_wrong {
                for other in others.iter().filter(|other| other.topic != text.topic) {
                    println!("{} is not related to {}", other.id, text.id);
                }
            }
        }
        let precision = precisions.iter().sum::<f64>() / precisions.len().max(1) as f64;
        table.add_row([
            name.to_owned(),
            pages.to_string(),
            named.to_string(),
            right.to_string(),
            format!("{precision:.3}"),
            format!("{:.3}", f64::from(u32::try_from(right)?) / f64::from(pages * u32::try_from(SHOWN)?)),
            crossing.to_string(),
        ]);
    }
    println!("Related news\n{table}");
    Ok(())
}
