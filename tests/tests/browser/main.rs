//! The site as readers and its operator see it, in Chromium.
//!
//! What is done by clicking is done on each database ([`on_both_databases`]), and once more where no script runs
//! ([`without_scripts`]).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod checks;
mod commenting;
mod desk;
mod hostile;
mod live;
mod reading;
mod searching;
mod weight;

use std::{fs, time::Duration};

use kos_shared::event::ArticleId;
use kos_tests::{Browser, Pipeline, Postgres, Reader, Setup, eventually};
use serde_json::json;

/// The token that opens the desk.
const TOKEN: &str = "a token for tests";

/// Words of the sample in [`bilingual`] that carry the second sentence of its Chinese summary.
const WORDS: &str = "Four out of ten borrowers return something";

/// A site, and somebody's browser.
struct Visit {
    pipeline: Pipeline,
    browser: Browser,
    // After the pipeline, which stands on it.
    _postgres: Option<Postgres>,
}

impl Visit {
    async fn start(postgres: Option<Postgres>, reader: Reader) -> Self {
        let url = match &postgres {
            Some(server) => Some(server.create_database("kos").await),
            None => None,
        };
        let setup = Setup { postgres: url.as_deref(), variables: &[("KOS_ADMIN_TOKEN", TOKEN)], ..Setup::default() };
        let (pipeline, browser) = tokio::join!(Pipeline::start_with(setup), Browser::start(reader));
        Self { pipeline, browser, _postgres: postgres }
    }

    async fn open(&self, path: &str) {
        self.browser.open(&self.pipeline.site(path)).await;
    }

    async fn log_in(&self) {
        self.open("/desk").await;
        self.browser.fill("#token", TOKEN).await;
        self.browser.click(".login button").await;
        self.browser.find("nav.desk").await;
    }

    /// Leaves the desk, of which a page is open.
    async fn log_out(&self) {
        self.browser.click("nav.desk form button").await;
        self.browser.find("#token").await;
    }

    /// Holds that no page complained of anything, and that nothing was asked of anybody else.
    async fn assert_quiet(&self) {
        let noted = self.browser.noted().await;
        assert_eq!(noted.complaints, Vec::<String>::new());
        let site = self.pipeline.site("/");
        let elsewhere = noted.requested.iter().filter(|url| !url.starts_with(&site));
        assert_eq!(elsewhere.collect::<Vec<_>>(), Vec::<&String>::new());
        assert!(!noted.requested.is_empty(), "requests are not seen");
    }
}

/// Tests of what a visitor does, on each database.
macro_rules! on_both_databases {
    ($($name:ident)*) => {
        $(mod $name {
            use kos_tests::{Postgres, Reader};
            use crate::Visit;

            #[tokio::test]
            async fn on_sqlite() {
                super::$name(&Visit::start(None, Reader::AT_A_DESK).await).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                super::$name(&Visit::start(Some(Postgres::start().await), Reader::AT_A_DESK).await).await;
            }
        })*
    };
}
pub(crate) use on_both_databases;

/// A visit by somebody whose browser runs no scripts.
async fn without_scripts() -> Visit {
    let reader = Reader { scripts: false, ..Reader::AT_A_DESK };
    Visit::start(Some(Postgres::start().await), reader).await
}

#[tokio::test]
async fn a_browser_does_not_outlive_its_test() {
    let browser = Browser::start(Reader::AT_A_DESK).await;
    let folder = browser.folder().display().to_string();
    assert!(processes_about(&folder) > 1, "the browser isn't among the processes");
    drop(browser);
    let left = async || match processes_about(&folder) {
        0 => Ok(()),
        left => Err(format!("{left} processes")),
    };
    eventually(Duration::from_secs(20), "the end of all processes of a browser", left).await;
}

/// How many processes name this folder in their arguments.
fn processes_about(folder: &str) -> usize {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let arguments = processes.filter_map(|process| fs::read_to_string(process.path().join("cmdline")).ok());
    arguments.filter(|arguments| arguments.contains(folder)).count()
}

/// Takes in a page; the path of the article.
async fn take_in(pipeline: &Pipeline, url: &str, html: &str) -> String {
    pipeline.publish("kos.ingest.requested", json!({"url": url, "html": html}).to_string()).await;
    let path = format!("/articles/{}", ArticleId::of_canonical_url(&url.parse().unwrap()));
    pipeline.page(&path, 200).await;
    path
}

/// A page with one article.
fn page(lang: &str, title: &str, text: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"{lang}\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\
         <body><article><h1>{title}</h1><p>{text}</p></article></body></html>"
    )
}

/// Puts an article there with an excerpt in English and a Chinese summary whose second sentence is carried by [`WORDS`].
/// Returns the path of its page.
async fn bilingual(pipeline: &Pipeline) -> String {
    let html = include_str!("../../../services/kos/samples/en-seed-library.html");
    let request = json!({"url": "https://library.example/seeds", "html": html});
    pipeline.publish("kos.ingest.requested", request.to_string()).await;
    pipeline.wait_until_idle().await;
    let summarized = pipeline.stored("KOS_SUMMARIZED").await;
    let of_it = summarized.iter().map(|event| event.json()).find(|event| event["text"].to_string().contains(WORDS));
    let Some(mut event) = of_it else { panic!("the sample has other words") };
    let text = event["text"].as_str().unwrap_or_default();
    let before = text.find(WORDS).unwrap();
    let start = text[..before].chars().count();
    let carried = json!({"text": "四成借阅者会归还。", "spans": [{"start": start, "end": start + WORDS.len()}]});
    let summary = json!({
        "language": "zh",
        "title": "出借种子的图书馆",
        "text": "图书馆出借种子。四成借阅者会归还。",
        "sentences": [{"text": "图书馆出借种子。", "spans": []}, carried],
        "method": "llm",
        "model": "small-model-4b",
    });
    event["revision"] = json!(2);
    event["missing"] = json!([]);
    if let Some(summaries) = event["summaries"].as_array_mut() {
        summaries.push(summary);
    }
    pipeline.publish("kos.article.summarized", event.to_string()).await;
    pipeline.wait_until_idle().await;
    format!("/articles/{}", event["article_id"].as_str().unwrap_or_default())
}
