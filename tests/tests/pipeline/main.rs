//! The way of an event through the real processes: what readers see of it, what becomes of bad input, and what the
//! operator's command says and does.

mod article;
mod bad_input;
mod command_dead;
mod command_ingest;
mod command_offline;
mod command_watch;
mod fetching;
mod kept_pages;
mod retraction;

use kos_shared::event::ArticleId;
use kos_tests::{Article, Articles};
use serde_json::json;

/// The `number`th article, on a page that is small enough to be read in a log.
fn page(number: u64) -> Article {
    Articles::new(20).page_bytes(5_000).page(number)
}

/// The body of a bare event that carries the article's page.
fn event(article: &Article) -> String {
    json!({"url": article.url, "html": article.html}).to_string()
}

/// The id of the article whose canonical address is `url`.
fn id_of(url: &str) -> String {
    let url = url.parse().unwrap_or_else(|e| panic!("{url}: {e}"));
    ArticleId::of_canonical_url(&url).to_string()
}

/// Where the site shows the article whose canonical address is `url`.
fn path_of(url: &str) -> String {
    format!("/articles/{}", id_of(url))
}

/// The same page with a paragraph more.
fn corrected(article: &Article, paragraph: &str) -> Article {
    let start = "<div class=\"story-body\">\n";
    assert!(article.html.contains(start), "generated pages have another form now");
    Article { html: article.html.replace(start, &format!("{start}<p>{paragraph}</p>\n")), ..article.clone() }
}

/// A page that can be fetched at any address: it declares none.
fn plain_page(title: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><title>{title}</title></head><body><article><h1>{title}</h1>\
         <p>The ferry between the two islands runs again after a winter in the yard, its captain told reporters.</p>\
         <p>It leaves every morning at six and returns in the evening, as it did for thirty years before.</p>\
         <p>The islanders paid for the new engine themselves, and the council promised to keep the fare.</p>\
         </article></body></html>"
    )
}
