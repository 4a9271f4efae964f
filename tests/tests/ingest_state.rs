//! What ingest remembers, on both databases: kept pages, and the stories that come again from elsewhere.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use jiff::{Timestamp, ToSpan};
use kos_ingest::{
    near_duplicate::{Fingerprint, NearDuplicate, index},
    retention::{self, KeptPage, Retention},
    rights::Outside,
    state::{self, MIGRATIONS, Put, Version},
};
use kos_shared::{
    event::{ArticleId, HttpUrl, Revision},
    store::Store,
};
use kos_tests::{Articles, Database, on_both_databases, stage::count};

on_both_databases! {
    a_kept_page_comes_back_and_is_forgotten_by_age
    what_sites_said_is_forgotten_when_it_is_of_no_use
    an_earlier_page_does_not_replace_a_later_one
    the_page_of_a_withdrawn_article_is_forgotten_at_once
    another_reading_of_the_same_page_is_a_new_revision
    the_same_story_from_elsewhere_names_the_earliest_article
    an_article_is_no_copy_of_itself_nor_of_its_own_copies
    a_withdrawn_article_is_not_named
    a_story_that_was_rewritten_leaves_its_keys_to_others
    the_same_words_on_the_same_site_are_no_copy
    of_two_that_come_at_once_one_names_the_other
    a_fingerprint_is_kept_as_long_as_copies_come
}

async fn a_kept_page_comes_back_and_is_forgotten_by_age(database: Database) {
    let store = open(&database).await;
    let (url, page) = (url("https://a.example/?asked"), page("<p>页\0 &amp; page</p>", day(10)));
    keep(&store, &url, &page).await;
    let found = retention::find(store.readers(), &url, day(10)).await.unwrap().unwrap();
    assert_eq!((&found, found.body().unwrap()), (&page, "<p>页\0 &amp; page</p>".as_bytes().to_vec()));
    assert_eq!(retention::find(store.readers(), &url, day(11)).await.unwrap(), None, "too old though still there");

    keep(&store, &self::url("https://a.example/new"), &self::page("new", day(20))).await;
    retention::keep_house(&store, Retention::of_days(5), day(15)).await.unwrap();
    assert_eq!(count(&store, "pages").await, 2);
    retention::keep_house(&store, Retention::of_days(5), day(16)).await.unwrap();
    assert_eq!(count(&store, "pages").await, 1);
    retention::keep_house(&store, Retention::of_days(0), day(21)).await.unwrap();
    assert_eq!(count(&store, "pages").await, 0);
}

async fn what_sites_said_is_forgotten_when_it_is_of_no_use(database: Database) {
    let store = open(&database).await;
    let mut tx = store.begin().await.unwrap();
    for (site, at) in [("old", day(0)), ("new", day(20))] {
        let at = at.as_millisecond();
        let sql = "insert into robots (authority, body, fetched_at_ms) values ($1, '', $2)";
        sqlx::query(sql).bind(site).bind(at).execute(&mut *tx).await.unwrap();
        let sql = "insert into site_rights (origin, fetched_at_ms, good_until_ms) values ($1, $2, $2)";
        sqlx::query(sql).bind(site).bind(at).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    for (now, left) in [(day(29), 2), (day(31), 1), (day(51), 0)] {
        retention::keep_house(&store, Retention::of_days(0), now).await.unwrap();
        assert_eq!((count(&store, "robots").await, count(&store, "site_rights").await), (left, left));
    }
}

async fn an_earlier_page_does_not_replace_a_later_one(database: Database) {
    let store = open(&database).await;
    let url = url("https://a.example/");
    for (body, at) in [("second", day(2)), ("first", day(1)), ("third", day(3))] {
        keep(&store, &url, &page(body, at)).await;
    }
    let found = retention::find(store.readers(), &url, day(0)).await.unwrap().unwrap();
    assert_eq!((found.body().unwrap(), found.fetched_at), (b"third".to_vec(), day(3)));
    assert_eq!(count(&store, "pages").await, 1);
}

async fn the_page_of_a_withdrawn_article_is_forgotten_at_once(database: Database) {
    let store = open(&database).await;
    let (kept, withdrawn) = (url("https://a.example/1"), url("https://a.example/2"));
    for url in [&kept, &withdrawn] {
        keep(&store, url, &page("page", day(1))).await;
    }
    withdraw(&store, ArticleId::of_canonical_url(&withdrawn)).await;
    retention::keep_house(&store, Retention::of_days(30), day(1)).await.unwrap();
    assert_eq!(retention::find(store.readers(), &withdrawn, day(0)).await.unwrap(), None);
    assert!(retention::find(store.readers(), &kept, day(0)).await.unwrap().is_some());
}

async fn another_reading_of_the_same_page_is_a_new_revision(database: Database) {
    let store = open(&database).await;
    let canonical_url = url("https://a.example/");
    let read = |content_hash, fetched_at| Version {
        article_id: ArticleId::of_canonical_url(&canonical_url),
        canonical_url: &canonical_url,
        content_hash,
        fetched_at,
        forced: false,
    };
    for (version, put) in [
        (read("by the old extractor", day(1)), Put::New(Revision(1))),
        (read("by the new extractor", day(1)), Put::New(Revision(2))),
        (read("by the new extractor", day(1)), Put::Unchanged),
        (read("an older page", day(0)), Put::Superseded),
    ] {
        let mut tx = store.begin().await.unwrap();
        assert_eq!(state::put_version(&mut tx, &version).await.unwrap(), put, "{version:?}");
        tx.commit().await.unwrap();
    }
}

async fn the_same_story_from_elsewhere_names_the_earliest_article(database: Database) {
    let store = open(&database).await;
    // English and Chinese.
    for (number, at) in [(2, day(1)), (3, day(2))] {
        let story = story(number);
        let first = id(number);
        assert_eq!(put(&store, first, &story, at).await, None);
        assert_eq!(put(&store, id(number + 100), &self::story(number + 50), at).await, None, "another story");
        let same = Some(NearDuplicate { of: first, similarity: 1.0 });
        assert_eq!(put(&store, id(number + 200), &story, at + 1.minute()).await, same);
        assert_eq!(put(&store, id(number + 300), &story, at + 2.minutes()).await, same, "the copy is not named");
        let intro = format!("{}\n{story}", self::story(number + 70).lines().next().unwrap());
        let found = put(&store, id(number + 400), &intro, at + 3.minutes()).await.unwrap();
        assert!(found.of == first && (0.6..1.0).contains(&found.similarity), "{found:?}");
    }
    assert_eq!(count(&store, "fingerprints").await, 10);
}

async fn an_article_is_no_copy_of_itself_nor_of_its_own_copies(database: Database) {
    let store = open(&database).await;
    let (story, correction) = (story(2), story(4).lines().next().unwrap().to_owned());
    assert_eq!(put(&store, id(1), &story, day(1)).await, None);
    let corrected = format!("{correction}\n{story}");
    assert_eq!(put(&store, id(2), &corrected, day(2)).await.map(|d| d.of), Some(id(1)));
    // The first article takes over the correction of its copy.
    assert_eq!(put(&store, id(1), &corrected, day(3)).await, None);
    assert_eq!(put(&store, id(2), &corrected, day(4)).await.map(|d| d.of), Some(id(1)), "its next revision");
    assert_eq!(count(&store, "fingerprints").await, 2);
}

async fn a_withdrawn_article_is_not_named(database: Database) {
    let store = open(&database).await;
    put(&store, id(1), &story(2), day(1)).await;
    withdraw(&store, id(1)).await;
    assert_eq!(put(&store, id(2), &story(2), day(1)).await, None);
    let named = put(&store, id(3), &story(2), day(1)).await.map(|d| d.of);
    assert_eq!(named, Some(id(2)), "the withdrawn one still has the keys");
}

async fn a_story_that_was_rewritten_leaves_its_keys_to_others(database: Database) {
    let store = open(&database).await;
    put(&store, id(1), &story(2), day(1)).await;
    let keys = count(&store, "fingerprint_bands").await;
    put(&store, id(1), &story(4), day(2)).await;
    assert_eq!(count(&store, "fingerprint_bands").await, keys);
    assert_eq!(put(&store, id(2), &story(2), day(3)).await, None);
    assert_eq!(put(&store, id(3), &story(2), day(4)).await.map(|d| d.of), Some(id(2)));
    assert_eq!(put(&store, id(4), &story(4), day(4)).await.map(|d| d.of), Some(id(1)));
}

async fn the_same_words_on_the_same_site_are_no_copy(database: Database) {
    let store = open(&database).await;
    assert_eq!(put_on(&store, "a.example", id(1), &story(2), day(1)).await, None);
    assert_eq!(put_on(&store, "a.example", id(2), &story(2), day(1)).await, None);
    assert_eq!(put_on(&store, "b.example", id(3), &story(2), day(1)).await.map(|d| d.of), Some(id(1)));
}

async fn of_two_that_come_at_once_one_names_the_other(database: Database) {
    let store = open(&database).await;
    for round in 0..10 {
        let (one, other, story) = (id(2 * round), id(2 * round + 1), story(2 * round));
        let (first, second) = tokio::join!(put(&store, one, &story, day(1)), put(&store, other, &story, day(1)));
        let named: Vec<ArticleId> = [first, second].into_iter().flatten().map(|d| d.of).collect();
        assert!(named == [one] || named == [other], "round {round}: {named:?}");
    }
}

async fn a_fingerprint_is_kept_as_long_as_copies_come(database: Database) {
    let store = open(&database).await;
    put(&store, id(1), &story(2), day(1)).await;
    put(&store, id(2), &story(4), day(1)).await;
    put(&store, id(3), &story(2), day(5)).await;
    retention::keep_house(&store, Retention::of_days(5), day(9)).await.unwrap();
    assert_eq!(count(&store, "fingerprints").await, 2, "that of the second is gone");
    assert_eq!(put(&store, id(4), &story(2), day(9)).await.map(|d| d.of), Some(id(1)));
    assert_eq!(put(&store, id(5), &story(4), day(9)).await, None);
    retention::keep_house(&store, Retention::of_days(5), day(20)).await.unwrap();
    assert_eq!((count(&store, "fingerprints").await, count(&store, "fingerprint_bands").await), (0, 0));
}

async fn open(database: &Database) -> Store {
    Store::open(database.config(), "ingest", MIGRATIONS).await.unwrap()
}

async fn keep(store: &Store, url: &HttpUrl, page: &KeptPage) {
    let mut tx = store.begin().await.unwrap();
    retention::keep(&mut tx, url, ArticleId::of_canonical_url(url), page).await.unwrap();
    tx.commit().await.unwrap();
}

/// Each article is on a site of its own.
async fn put(store: &Store, id: ArticleId, text: &str, now: Timestamp) -> Option<NearDuplicate> {
    put_on(store, &format!("{id}.example"), id, text, now).await
}

async fn put_on(store: &Store, site: &str, id: ArticleId, text: &str, now: Timestamp) -> Option<NearDuplicate> {
    let fingerprint = Fingerprint::of(text).unwrap();
    let mut tx = store.begin().await.unwrap();
    let found = index::put(&mut tx, id, site, &fingerprint, now).await.unwrap();
    tx.commit().await.unwrap();
    found
}

async fn withdraw(store: &Store, id: ArticleId) {
    let mut tx = store.begin().await.unwrap();
    let sql = "insert into retractions (article_id, reason, retracted_at_ms) values ($1, 'wrong', 1)";
    sqlx::query(sql).bind(id.to_string()).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

fn page(body: &str, fetched_at: Timestamp) -> KeptPage {
    let outside = Outside { headers: vec![("x-robots-tag".into(), "noai".into())], ..Outside::default() };
    let content_type = Some("text/html".to_owned());
    KeptPage::of(body.as_bytes(), content_type, url("https://a.example/found"), outside, fetched_at).unwrap()
}

fn story(number: u64) -> String {
    Articles::new(5).page_bytes(0).page(number).paragraphs.join("\n")
}

fn id(number: u64) -> ArticleId {
    ArticleId::of_canonical_url(&url(&format!("https://a.example/{number}")))
}

fn url(text: &str) -> HttpUrl {
    text.parse().unwrap()
}

fn day(number: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + number * 24 * 3_600).unwrap()
}
