//! How long pages take.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use kos_publish::{
    comments::Comments,
    lists::{self, Filter, Turn, live::Live, select},
    page_states::PageStates,
    pages::Pages,
    routes::{Site, SiteParts},
    search::Searches,
    site::SiteInfo,
};
use kos_shared::{
    event::Language,
    serve::{Limits, serve},
    store::Store,
};
use kos_tests::http_client;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Asks for each kind of list and prints how long half of the answers and 99 of 100 took at most.
pub async fn lists(store: &Store, times: usize) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let info = SiteInfo { name: "Bench".into(), url: "http://127.0.0.1/".parse()?, language: Language::CHINESE };
    let site = Site::from(SiteParts {
        info: Arc::new(info),
        pool: store.readers().clone(),
        comments: Arc::new(Comments::off(store).await?),
        live: Live::new(1, stop.clone()),
        page_states: PageStates::of(store.readers().clone()),
        pages: Pages::default(),
        languages: Default::default(),
        searches: Searches::of(store.readers()),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serving = tokio::spawn(serve(listener, lists::routes().with_state(site), Limits::of(8), stop.clone()));

    // A page further down, as a crawler asks for it.
    let entries = select::page(store.readers(), &Filter::default(), Turn::First, 500).await?.entries;
    let cursor = entries.last().context("no articles")?.cursor();
    let client = http_client();
    for (name, path) in [
        ("front page", "/".to_owned()),
        ("further down", format!("/?after={cursor}")),
        ("and back", format!("/?before={cursor}")),
        ("by language", "/?language=zh".to_owned()),
        ("by source", "/sources/site7.example".to_owned()),
        ("by source and language", "/sources/site7.example?language=zh".to_owned()),
        ("sources", "/sources".to_owned()),
    ] {
        let mut took = Vec::with_capacity(times);
        let mut bytes = 0;
        for _ in 0..times {
            let began = Instant::now();
            let answer = client.get(format!("http://{address}{path}")).send().await?;
            ensure!(answer.status().is_success(), "{path}: {}", answer.status());
            bytes = answer.bytes().await?.len();
            took.push(began.elapsed());
        }
        took.sort_unstable();
        let at = |part: f64| milliseconds(took[((took.len() - 1) as f64 * part) as usize]);
        println!("  {name:24} p50 {:7.2} ms  p99 {:7.2} ms  {bytes:7} bytes", at(0.5), at(0.99));
    }
    stop.cancel();
    Ok(serving.await?)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
