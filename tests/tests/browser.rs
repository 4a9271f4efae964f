//! The site as readers see it, in Chromium.

use kos_tests::{Browser, Pipeline, Reader, Setup};
use serde_json::json;

#[tokio::test]
async fn a_front_page_fits_a_phone_and_shows_what_is_new() {
    let pipeline = Pipeline::start_with(Setup::default()).await;
    let html = include_str!("../../services/kos/samples/en-night-trains.html");
    let request = json!({"url": "https://rails.example/night", "html": html});
    pipeline.publish("kos.ingest.requested", request.to_string()).await;
    let browser = Browser::start(Reader { window: (390, 844), dark: true, ..Reader::AT_A_DESK }).await;
    pipeline.wait_until_idle().await;
    browser.open(&pipeline.site("/")).await;
    browser.until_shown("Why night trains wait").await;
    let width = browser.run("return document.documentElement.scrollWidth", vec![]).await;
    assert_eq!(width, 390, "the page is wider than the phone");
    let background = browser.run("return getComputedStyle(document.documentElement).backgroundColor", vec![]).await;
    println!("{background}");
}
