//! Articles that come while somebody reads the front page.

use std::time::Duration;

use kos_tests::eventually;

use crate::{Visit, on_both_databases, page, take_in};

on_both_databases! { an_article_announces_itself_and_moves_nothing }

async fn an_article_announces_itself_and_moves_nothing(visit: &Visit) {
    let browser = &visit.browser;
    let text = "The bridge closes on Monday, the council said. Repairs will take until the end of the summer.";
    take_in(&visit.pipeline, "https://news.example/bridge", &page("en", "Bridge to close", text)).await;
    visit.open("/").await;
    let list = "const places = [...document.querySelectorAll('main h3')];
        return places.map((place) => [place.textContent, place.getBoundingClientRect().top])";
    // A browser that has just started may lay its first page out once more.
    let before = eventually(Duration::from_secs(30), "a list that stands still", async || {
        let once = browser.run(list, vec![]).await;
        tokio::time::sleep(Duration::from_millis(250)).await;
        (browser.run(list, vec![]).await == once).then_some(once)
    })
    .await;
    assert_eq!(before.as_array().map(Vec::len), Some(1), "{before}");

    let text = "Eleven orchards north of the river open their gates on Sunday. Pickers bring their own baskets.";
    take_in(&visit.pipeline, "https://news.example/orchards", &page("en", "Orchards open", text)).await;
    browser.until_shown("1 new article").await;
    assert_eq!(browser.run(list, vec![]).await, before, "the list moved");
    browser.click("#live a").await;
    browser.until_shown("Orchards open").await;
    assert_eq!(browser.text("main h3").await, "Orchards open");
    visit.assert_quiet().await;
}
