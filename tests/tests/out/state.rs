//! What is read for feeds and sitemaps, on both databases.

use jiff::{Timestamp, ToSpan};
use kos_publish::{
    out::state::{came, newest, sitemap, sitemaps, whole},
    search::Searches,
    site::feed::Selection,
    state::{MIGRATIONS, put_article},
    versions,
};
use kos_shared::{
    event::{Article as Ingested, ArticleSummarized, Rights},
    store::Store,
};
use kos_tests::{Database, on_both_databases};

use crate::{article, revised};

on_both_databases! {
    a_selection_has_the_newest_articles_that_fit
    a_version_grows_with_each_change_and_no_other
    sitemaps_hold_what_may_be_found
}

async fn a_selection_has_the_newest_articles_that_fit(database: Database) {
    let store = open(&database).await;
    let (english, mut chinese) = (article(2), article(3));
    chinese.language = "zh-Hans".parse().unwrap();
    chinese.site.host = "ribao.example".into();
    put(&store, &english, at(1)).await;
    put(&store, &chinese, at(2)).await;
    let select = async |language: Option<&str>, source: Option<&str>| {
        let selection = Selection {
            language: language.map(|tag| tag.parse().unwrap()),
            source: source.map(str::to_owned),
            q: None,
        };
        let found = newest(store.readers(), &Searches::of(store.readers()), &selection, 10).await.unwrap();
        found.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    let (english_id, chinese_id) = (english.article_id, chinese.article_id);
    assert_eq!(select(None, None).await, [chinese_id, english_id]);
    assert_eq!(select(Some("zh"), None).await, [chinese_id]);
    assert_eq!(select(Some("zh-TW"), Some("ribao.example")).await, [chinese_id]);
    assert_eq!(select(Some("en"), Some("ribao.example")).await, []);
    let pages = whole(store.readers(), &[english_id, chinese_id]).await.unwrap();
    let read: Vec<_> = pages.iter().map(|page| page.summarized.article.article_id).collect();
    assert_eq!(read, [english_id, chinese_id], "in the order asked for");
    let span = came(store.readers(), at(2), at(3), 10).await.unwrap();
    assert_eq!(span.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), [chinese_id]);
}

async fn a_version_grows_with_each_change_and_no_other(database: Database) {
    let store = open(&database).await;
    let first = article(4);
    let id = first.article_id;
    assert_eq!(versions::of(store.readers(), id).await.unwrap(), None);
    put(&store, &first, at(1)).await;
    let version = versions::of(store.readers(), id).await.unwrap().unwrap();
    assert_eq!((version.number, version.changed_at), (1, at(1)));
    let second = revised(&first, "another title");
    put(&store, &second, at(2)).await;
    put(&store, &first, at(3)).await;
    let version = versions::of(store.readers(), id).await.unwrap().unwrap();
    assert_eq!((version.number, version.changed_at), (2, at(2)), "an older revision changes nothing");
    let mut tx = store.begin().await.unwrap();
    versions::changed(&mut tx, id, at(4)).await.unwrap();
    versions::changed(&mut tx, article(5).article_id, at(4)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(versions::of(store.readers(), id).await.unwrap().unwrap().number, 3);
    assert_eq!(versions::of(store.readers(), article(5).article_id).await.unwrap(), None);
}

async fn sitemaps_hold_what_may_be_found(database: Database) {
    let store = open(&database).await;
    assert_eq!(sitemaps(store.readers()).await.unwrap(), 1);
    assert_eq!(sitemap(store.readers(), 1).await.unwrap(), []);
    let (public, mut unlisted) = (article(6), article(7));
    unlisted.rights = Rights { noindex: true, ..Rights::default() };
    put(&store, &public, at(1)).await;
    put(&store, &unlisted, at(2)).await;
    assert_eq!(sitemap(store.readers(), 1).await.unwrap(), [(public.article_id, at(1))]);
    assert_eq!(sitemap(store.readers(), 2).await.unwrap(), []);
    put(&store, &revised(&unlisted, "now for all"), at(3)).await;
    assert_eq!(sitemap(store.readers(), 1).await.unwrap().len(), 1);
    let listed = Ingested { rights: Rights::default(), ..revised(&revised(&unlisted, "x"), "now for all") };
    put(&store, &listed, at(4)).await;
    let both = [(public.article_id, at(1)), (unlisted.article_id, at(4))];
    assert_eq!(sitemap(store.readers(), 1).await.unwrap(), both);
}

async fn open(database: &Database) -> Store {
    Store::open(database.config(), "publish", MIGRATIONS).await.unwrap()
}

async fn put(store: &Store, article: &Ingested, now: Timestamp) {
    let (summaries, missing, attempts) = (vec![], vec![], vec![]);
    let summarized = ArticleSummarized { article: article.clone(), summaries, missing, attempts };
    let mut tx = store.begin().await.unwrap();
    put_article(&mut tx, &summarized, &article.body_html, &kos_publish::site::Passages::default(), now).await.unwrap();
    tx.commit().await.unwrap();
}

fn at(minute: i64) -> Timestamp {
    "2026-01-22T06:00:00Z".parse::<Timestamp>().unwrap() + minute.minutes()
}
