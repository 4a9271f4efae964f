//! A comment's life, from its form to its deletion.

use std::time::Duration;

use kos_tests::Browser;
use tokio::time::{Instant, sleep_until};

use crate::{Visit, on_both_databases, page, take_in, without_scripts};

/// What is sent earlier is refused as faster than anyone writes.
const WRITING: Duration = Duration::from_millis(3_100);

on_both_databases! { a_comment_is_moderated_shown_changed_and_deleted }

#[tokio::test]
async fn commenting_needs_no_scripts() {
    a_comment_is_moderated_shown_changed_and_deleted(&without_scripts().await).await;
}

async fn a_comment_is_moderated_shown_changed_and_deleted(visit: &Visit) {
    let text = "The bridge closes on Monday, the council said. Repairs will take until the end of the summer.";
    let article = take_in(&visit.pipeline, "https://news.example/bridge", &page("en", "Bridge to close", text)).await;
    let browser = &visit.browser;
    let stranger_sees = async |words: &str| visit.pipeline.get(&article).await.body.contains(words);

    visit.open(&article).await;
    write(browser, "Ada", "I cross it every day.").await;
    browser.until_shown("waits for approval; until then").await;
    assert!(browser.text(".comment").await.contains("I cross it every day."));
    assert!(!stranger_sees("every day").await, "it is shown before it is approved");

    visit.log_in().await;
    browser.click("nav.desk a[href='/desk/comments']").await;
    browser.until_shown("I cross it every day.").await;
    browser.click("form[action$='/approve'] button").await;
    browser.until_shown("None waits").await;
    assert!(stranger_sees("every day").await, "it is approved and not shown");

    visit.open(&article).await;
    assert!(!browser.text(".comment").await.contains("waits"));
    browser.click(".acts a[href$='/edit']").await;
    browser.fill("#comment-text", "I cross it twice a week.").await;
    browser.click(".comment-form button").await;
    browser.until_shown("Thank you").await;
    visit.open("/desk/comments").await;
    if browser.text("main").await.contains("twice a week") {
        browser.click("form[action$='/approve'] button").await;
        browser.until_shown("None waits").await;
    }
    assert!(stranger_sees("twice a week").await && !stranger_sees("every day").await, "it isn't changed");

    visit.open(&article).await;
    browser.click(".acts a[href$='/delete']").await;
    browser.until_shown("Delete your comment?").await;
    browser.click(".comment-form button").await;
    browser.until_shown("Your comment was deleted").await;
    assert!(!stranger_sees("twice a week").await, "it is deleted and shown");
    visit.assert_quiet().await;
}

/// Posts a comment in the time that people need.
pub(crate) async fn write(browser: &Browser, name: &str, text: &str) {
    let written = Instant::now() + WRITING;
    browser.fill("#comment-name", name).await;
    browser.fill("#comment-text", text).await;
    sleep_until(written).await;
    browser.click(".comment-form button").await;
}
