//! What a page costs to load.

use serde_json::Value;

use crate::{Visit, bilingual, on_both_databases};

/// What an article's page may weigh with all that it loads, in bytes as they are transferred.
const MOST: u64 = 30_000;

on_both_databases! { an_articles_page_weighs_less_than_30_kb }

async fn an_articles_page_weighs_less_than_30_kb(visit: &Visit) {
    let article = bilingual(&visit.pipeline).await;
    visit.open(&article).await;
    let loaded = "return performance.getEntries().filter((entry) => entry.transferSize !== undefined)
        .map((entry) => [entry.name, entry.transferSize])";
    let loaded = visit.browser.run(loaded, vec![]).await;
    let sizes: Vec<u64> = loaded.as_array().unwrap().iter().filter_map(|entry| entry[1].as_u64()).collect();
    println!("{loaded}");
    assert!(sizes.len() >= 3 && !sizes.contains(&0), "expected a page, its style and its script: {loaded}");
    let site = visit.pipeline.site("/");
    let is_own = |entry: &Value| entry[0].as_str().unwrap_or_default().starts_with(&site);
    assert!(loaded.as_array().into_iter().flatten().all(is_own), "{loaded}");
    assert!(sizes.iter().sum::<u64>() < MOST, "{loaded}");
    visit.assert_quiet().await;
}
