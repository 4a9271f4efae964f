//! Every kind of page, in both languages, as axe-core (in light and dark) and html-validate see it.

use std::{fs, process::Command};

use kos_tests::site_tools;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Visit, bilingual, commenting::write, on_both_databases, page, take_in};

/// Rules of html-validate: all but those of taste. An article's title is as long as it is, its words may end in a space,
/// and a button that says nothing else sends its form.
const RULES: &str = r#"{
    "root": true,
    "extends": ["html-validate:recommended"],
    "rules": {"long-title": "off", "no-trailing-whitespace": "off", "no-implicit-button-type": "off"}
}"#;

on_both_databases! { every_kind_of_page_is_accessible_and_valid }

async fn every_kind_of_page_is_accessible_and_valid(visit: &Visit) {
    let kinds = every_kind(visit).await;
    let axe = fs::read_to_string(site_tools().join("axe-core/axe.min.js")).unwrap();
    let folder = TempDir::with_prefix("kos-pages-").unwrap();
    let mut violations = Vec::new();
    for lang in ["zh", "en"] {
        for (kind, path) in &kinds {
            if kind == &"desk-overview" {
                visit.log_in().await;
            }
            // As the switch of languages has it, which every page has.
            visit.open(&format!("{path}{}lang={lang}", if path.contains('?') { '&' } else { '?' })).await;
            let spoken = visit.browser.run("return document.documentElement.lang", vec![]).await;
            assert!(spoken.as_str().is_some_and(|spoken| spoken.starts_with(lang)), "{kind} in {lang} is in {spoken}");
            visit.browser.run(&axe, vec![]).await;
            for scheme in ["light", "dark"] {
                let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
                visit.browser.devtools("Emulation.setEmulatedMedia", features).await;
                for found in found_by_axe(visit).await {
                    violations.push(format!("{kind}, {lang}, {scheme}: {found}"));
                }
            }
            let html = "return fetch(location.href).then((answer) => answer.text())";
            let html = visit.browser.run(html, vec![]).await;
            fs::write(folder.path().join(format!("{kind}-{lang}.html")), html.as_str().unwrap()).unwrap();
        }
        visit.log_out().await;
    }
    assert!(violations.is_empty(), "axe-core found:\n{}", violations.join("\n"));
    visit.assert_quiet().await;
    fs::write(folder.path().join("rules.json"), RULES).unwrap();
    let program = site_tools().join("html-validate/bin/html-validate.mjs");
    let mut validate = Command::new("node");
    validate.arg(program).args(["--config", "rules.json", "--max-warnings", "0", "--formatter", "text", "*.html"]);
    let validated = validate.current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&validated.stdout).into_owned() + &String::from_utf8_lossy(&validated.stderr);
    assert!(validated.status.success(), "html-validate found:\n{said}");
}

/// A page of every kind that there is, with something on it, under a name of its own.
async fn every_kind(visit: &Visit) -> Vec<(&'static str, String)> {
    let Visit { pipeline, browser, .. } = visit;
    let bilingual = bilingual(pipeline).await;
    let text = "The bridge closes on Monday, the council said. Repairs will take until the end of the summer.";
    let excerpt = take_in(pipeline, "https://news.example/bridge", &page("en", "Bridge to close", text)).await;
    let chinese = include_str!("../../../services/kos/samples/zh-night-ferry.html");
    let chinese = take_in(pipeline, "https://ferry.example/night", chinese).await;
    let gone = take_in(pipeline, "https://news.example/wrong", &page("en", "What was wrong", text)).await;
    let retraction = json!({"article_id": gone.rsplit('/').next(), "reason": "It was wrong."});
    pipeline.publish("kos.article.retracted", retraction.to_string()).await;
    pipeline.page(&gone, 410).await;
    pipeline.publish("kos.ingest.requested", json!({"url": "http://127.0.0.1:9/news"}).to_string()).await;
    pipeline.dead_letters(1).await;
    let folder = TempDir::with_prefix("kos-feeds-").unwrap();
    let list = folder.path().join("feeds.opml");
    let feed = r#"<outline type="rss" text="The Bridge" xmlUrl="https://news.invalid/feed"/>"#;
    fs::write(&list, format!(r#"<opml version="2.0"><body>{feed}</body></opml>"#)).unwrap();
    let followed = pipeline.kos(&["feed", "import", list.to_str().unwrap()]).await;
    assert_eq!(followed.code, 0, "{followed:?}");

    visit.open(&bilingual).await;
    write(browser, "Ada", "I lend seeds, too.\n\nSee https://seeds.example/mine").await;
    browser.find(".comment.waiting").await;
    let edit = browser.run("return document.querySelector('.acts a').getAttribute('href')", vec![]).await;
    let edit = edit.as_str().unwrap().to_owned();
    let delete = edit.replace("/edit", "/delete");
    [
        ("front", "/"),
        ("article-with-two-summaries", &bilingual),
        ("article-with-an-excerpt", &excerpt),
        ("article-in-chinese", &chinese),
        ("language", "/?language=en"),
        ("source", "/sources/library.example"),
        ("sources", "/sources"),
        ("search", "/search?q=seeds"),
        ("search-with-filters", "/search?q=seeds&from=never&language=en"),
        ("search-without-results", "/search?q=nothing-has-this"),
        ("search-without-words", "/search"),
        ("digest", "/digest"),
        ("comment", &format!("{bilingual}/comments")),
        ("comment-edit", &edit),
        ("comment-delete", &delete),
        ("not-found", "/nothing"),
        ("gone", &gone),
        ("desk-login", "/desk/login"),
        ("desk-overview", "/desk"),
        ("desk-comments", "/desk/comments"),
        ("desk-dead-letters", "/desk/dead-letters"),
        ("desk-feeds", "/desk/feeds"),
    ]
    .map(|(kind, path)| (kind, path.to_owned()))
    .to_vec()
}

async fn found_by_axe(visit: &Visit) -> Vec<String> {
    let run = "return axe.run(document, {resultTypes: ['violations']}).then((results) => results.violations.flatMap(
        (violation) => violation.nodes.map((node) => `${violation.id}: ${node.html} ${node.failureSummary}`)))";
    let found: Value = visit.browser.run(run, vec![]).await;
    found.as_array().unwrap().iter().map(|text| text.as_str().unwrap_or_default().to_owned()).collect()
}
