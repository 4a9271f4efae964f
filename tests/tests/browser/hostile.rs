//! Articles whose words are meant to do something to their reader.

use std::{env, fs, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use kos_shared::event::ArticleId;
use kos_tests::{Browser, Pipeline, Reader, Setup};
use roxmltree::Document;
use serde_json::{Value, json};

/// What a page mustn't have: whatever runs, or leads to what runs.
const FINDINGS: &str = "
    const found = [];
    const main = document.querySelector('main');
    for (const element of main.querySelectorAll('*')) {
        if (/^(script|iframe|object|embed|applet|base|style|link|meta|svg|math)$/i.test(element.localName)) {
            found.push(element.outerHTML);
        }
        for (const { name, value } of element.attributes) {
            const address = /^(href|src|action|formaction|xlink:href|background|poster|data|srcset|cite)$/.test(name);
            const leads = address && /^(javascript|data|vbscript)$/.test(URL.parse(value, location)?.protocol.slice(0, -1));
            if (/^on/.test(name) || name === 'style' || leads) found.push(element.outerHTML);
        }
    }
    if (window.ran) found.push(`ran: ${window.ran}`);
    return found";

/// Three things that are to be found, the second also as a breach of the policy.
const PLANTED: &str = "document.querySelector('main').insertAdjacentHTML('beforeend',
    '<a href=\"javascript:alert(1)\">a</a><p style=\"color: red\">b</p><svg></svg>')";

/// Marks that something ran that a feed's author wrote.
const WATCH: &str = "
    window.ran = '';
    for (const name of ['alert', 'confirm', 'prompt', 'open', 'eval', 'print']) {
        window[name] = (...said) => { window.ran += `${name}(${said}) `; };
    }
    addEventListener('securitypolicyviolation', (event) => { window.ran += `${event.violatedDirective} `; });";

#[tokio::test]
async fn what_is_hostile_in_a_feed_does_nothing_in_a_page() {
    let Some(corpora) = env::var_os("KOS_CORPORA").filter(|folder| !folder.is_empty()) else {
        println!("left out: KOS_CORPORA isn't set");
        return;
    };
    let folder = Path::new(&corpora).join("feeds/wellformed/sanitize");
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (pipeline, browser) = tokio::join!(Pipeline::start_with(Setup::default()), Browser::start(Reader::AT_A_DESK));
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({"source": WATCH})).await;
    for (number, file) in files.iter().enumerate() {
        let request = request(number, &words_of(&fs::read(file).unwrap()));
        pipeline.publish("kos.ingest.requested", request.to_string()).await;
    }
    pipeline.wait_until_idle().await;

    let mut wrong = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let page =
            pipeline.site(&format!("/articles/{}", ArticleId::of_canonical_url(&address(number).parse().unwrap())));
        browser.open(&page).await;
        let found = browser.run(FINDINGS, vec![]).await;
        let is_there = browser.all("article .body").await.len() == 1;
        let stayed = browser.url().await.as_str() == page;
        if found != json!([]) || !is_there || !stayed {
            wrong.push(format!("{}: {found}, there: {is_there}, stayed: {stayed}", file.display()));
        }
    }
    let noted = browser.noted().await;
    let site = pipeline.site("/");
    let elsewhere: Vec<_> = noted.requested.iter().filter(|url| !url.starts_with(&site)).collect();
    assert!(
        wrong.is_empty() && elsewhere.is_empty() && noted.complaints.is_empty(),
        "{}\n{elsewhere:?}\n{:?}",
        wrong.join("\n"),
        noted.complaints
    );
    browser.run(PLANTED, vec![]).await;
    let found = browser.run(FINDINGS, vec![]).await;
    assert_eq!(found.as_array().map(Vec::len), Some(4), "what was planted isn't found: {found}");
    println!("{} pages were opened, {} addresses asked for", files.len(), noted.requested.len());
}

fn address(number: usize) -> String {
    format!("https://hostile.example/{number}")
}

/// Wants an article with hostile words in every place that takes words.
fn request(number: usize, words: &str) -> Value {
    let around = "The bridge closes on Monday, the council said, and repairs will take until the end of the summer. ";
    let around = around.repeat(4);
    let html = format!("<p>{around}{number}</p>\n{words}\n<p>{around}{number}</p>");
    let page = format!("<!DOCTYPE html><title>Case {number}</title><article><h1>Case {number}</h1>{html}</article>");
    let hints = json!({"title": format!("Case {number} {words}"), "authors": [words], "content_html": html});
    json!({"url": address(number), "html": page, "hints": hints})
}

/// The words of a feed that are HTML once they are read, and all of the feed as it stands, where XHTML is HTML already.
fn words_of(feed: &[u8]) -> String {
    let whole = String::from_utf8_lossy(feed).into_owned();
    let Ok(document) = Document::parse(&whole) else { return whole };
    let leaves = document.descendants().filter(|node| node.is_element() && node.first_element_child().is_none());
    let mut words: Vec<String> = leaves.filter_map(|leaf| leaf.text()).map(str::to_owned).collect();
    words.extend(
        words.clone().iter().filter_map(|text| String::from_utf8(BASE64_STANDARD.decode(text.trim()).ok()?).ok()),
    );
    words.push(whole.clone());
    words.join("\n")
}
