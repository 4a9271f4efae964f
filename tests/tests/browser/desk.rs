//! The operator at the desk.

use serde_json::json;

use crate::{Visit, on_both_databases, without_scripts};

on_both_databases! { a_dead_letter_is_replayed }

#[tokio::test]
async fn the_desk_needs_no_scripts() {
    a_dead_letter_is_replayed(&without_scripts().await).await;
}

async fn a_dead_letter_is_replayed(visit: &Visit) {
    let browser = &visit.browser;
    let body = json!({"url": "http://127.0.0.1:9/news"}).to_string();
    visit.pipeline.publish("kos.ingest.requested", body).await;
    let letter = visit.pipeline.dead_letters(1).await[0].sequence;

    visit.open("/desk").await;
    browser.fill("#token", "another token").await;
    browser.click(".login button").await;
    browser.until_shown("That is not the token").await;
    visit.log_in().await;
    browser.click("nav.desk a[href='/desk/dead-letters']").await;
    browser.until_shown("http://127.0.0.1:9/news").await;
    browser.click(&format!("#letter-{letter} form[action$='/replay'] button")).await;
    // The address is still one that may not be fetched, so a letter of a later number comes.
    let again = visit.pipeline.dead_letters(1).await;
    let again = kos_tests::eventually(std::time::Duration::from_secs(30), "the letter of the replay", async || {
        let letters = visit.pipeline.stored("KOS_DEAD").await;
        letters.iter().map(|l| l.sequence).find(|sequence| *sequence > letter).ok_or(format!("{again:?}"))
    })
    .await;
    visit.open("/desk/dead-letters").await;
    browser.click(&format!("#letter-{again} form[action$='/discard'] button")).await;
    browser.until_shown("There are none.").await;
    visit.log_out().await;
    visit.open("/desk").await;
    browser.find("#token").await;
    visit.assert_quiet().await;
}
