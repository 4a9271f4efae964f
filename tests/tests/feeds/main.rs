//! Feeds at work: polled by the real workers from sites of the test's own, followed by the real command.

mod command;
mod follow;
mod hub;
mod ingest;
mod many;
mod site;
mod websub;

use kos_tests::Page;

/// An entry as tests write it: GUID, path of its page, title, text.
type Entry<'a> = (&'a str, &'a str, &'a str, &'a str);

/// An RSS feed of a site at `home`.
fn rss(home: &str, entries: &[Entry<'_>]) -> Page {
    let items: String = entries
        .iter()
        .map(|(guid, path, title, text)| {
            format!(
                "<item><guid isPermaLink=\"false\">{guid}</guid><link>{home}{path}</link><title>{title}</title>\
                 <description>{text}</description></item>"
            )
        })
        .collect();
    let feed = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\"><channel><title>The Island Daily</title>\
         <link>{home}/</link><description>News</description>{items}</channel></rss>"
    );
    Page::html(feed).header("content-type", "application/rss+xml")
}

/// A page that can be fetched at any address: it declares none.
fn article(title: &str, text: &str) -> Page {
    Page::html(format!(
        "<!DOCTYPE html><html lang=\"en\"><head><title>{title}</title></head><body><article><h1>{title}</h1><p>{text}</p>\
         <p>The ferry between the two islands runs again after a winter in the yard, its captain told reporters.</p>\
         <p>It leaves every morning at six and returns in the evening, as it did for thirty years before.</p>\
         <p>The islanders paid for the new engine themselves, and the council promised to keep the fare.</p>\
         </article></body></html>"
    ))
}
