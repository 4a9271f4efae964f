//! Related news, on both databases.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use kos_publish::{
    page_states::PageStates,
    related,
    site::SiteInfo,
    stage::{Publishing, Withdrawing},
    state::MIGRATIONS,
    versions,
};
use kos_shared::{
    event::{ArticleId, ArticleRetracted, ArticleSummarized, Attributes, Event, EventId, Language, Payload, Revision},
    stage::Stage,
    store::{Store, Tx},
};
use kos_tests::{Database, on_both_databases, related_news, stage::count};
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(10);

on_both_databases! {
    articles_of_one_topic_find_each_other_across_languages
    an_older_page_comes_to_know_newer_articles
    the_same_story_is_not_related_to_itself
    nothing_unrelated_is_named
    what_is_withdrawn_or_rewritten_is_related_to_nothing
    a_page_has_another_state_when_what_it_names_changes
    lists_stay_short
}

async fn articles_of_one_topic_find_each_other_across_languages(database: Database) {
    let site = Site::open(&database).await;
    let mut all = vec![];
    for (number, text) in related_news().iter().enumerate() {
        all.push((text.clone(), site.publish(text.summarized(number)).await));
    }
    let topic_of = |id: ArticleId| all.iter().find(|(_, other)| *other == id).map(|(text, _)| text.topic.clone());
    let (text, id) = &all[0];
    let related = site.related(*id).await;
    assert!(related.len() >= 2, "{related:?}");
    let languages: Vec<_> = related.iter().map(|other| other.language.clone()).collect();
    assert!(languages.contains(&Language::CHINESE), "{languages:?}");
    assert_eq!(topic_of(related[0].article_id).as_ref(), Some(&text.topic));
}

async fn an_older_page_comes_to_know_newer_articles(database: Database) {
    let site = Site::open(&database).await;
    let news = related_news();
    let ids = site.publish_topics(&["dam", "cup", "bank"]).await;
    let first = ids.iter().find(|(name, _)| name == "dam-1").unwrap().1;
    let before = site.related(first).await;
    let more = news.iter().find(|text| text.id == "dam-4").unwrap();
    assert!(before.iter().any(|other| other.title == more.title), "{before:?}");
}

async fn the_same_story_is_not_related_to_itself(database: Database) {
    let site = Site::open(&database).await;
    site.publish_topics(&["dam", "cup", "bank"]).await;
    let news = related_news();
    let text = news.iter().find(|text| text.id == "dam-1").unwrap();
    let original = text.summarized(0).article.article_id;
    let mut copy = text.summarized(0);
    let address = "https://copy.example/dam".parse().unwrap();
    copy.article.article_id = ArticleId::of_canonical_url(&address);
    copy.article.canonical_url = address;
    let copy_id = site.publish(copy.clone()).await;
    assert!(site.related(original).await.iter().all(|other| other.article_id != copy_id), "its sketch is the same");
    assert!(!site.related(copy_id).await.is_empty());
    copy.article.text = "Kelso dam: the reservoir above Harrow leaks through its eastern wall, villages leave.".into();
    copy.article.duplicate_of = Some(original);
    copy.article.revision = Revision(2);
    site.publish(copy).await;
    assert!(site.related(copy_id).await.iter().all(|other| other.article_id != original), "ingest said so");
    let third = news.iter().find(|text| text.id == "dam-4").unwrap().summarized(3).article.article_id;
    let both = [original, copy_id];
    let named = site.related(third).await.iter().filter(|other| both.contains(&other.article_id)).count();
    assert!(named <= 1, "one story is named twice");
}

async fn nothing_unrelated_is_named(database: Database) {
    let site = Site::open(&database).await;
    let news = related_news();
    let of_each: Vec<_> = news.iter().filter(|text| text.id.ends_with("-1") || text.id.ends_with("-6")).collect();
    let mut ids = vec![];
    for (number, text) in of_each.iter().enumerate().filter(|(_, text)| text.id.ends_with("-1")) {
        ids.push(site.publish(text.summarized(number)).await);
    }
    for id in ids {
        assert_eq!(site.related(id).await, [], "one article of each topic");
    }
    let mut empty = of_each[0].summarized(90);
    (empty.article.title, empty.article.text) = ("…".into(), String::new());
    empty.summaries.clear();
    let id = site.publish(empty).await;
    assert_eq!(site.related(id).await, []);
}

async fn a_page_has_another_state_when_what_it_names_changes(database: Database) {
    let site = Site::open(&database).await;
    let ids = site.publish_topics(&["dam", "cup", "bank"]).await;
    let id = |name: &str| ids.iter().find(|(other, _)| other == name).unwrap().1;
    let (named, unknown) = (id("dam-4"), ArticleId::of_canonical_url(&"https://nowhere.example/".parse().unwrap()));
    let states = PageStates::of(site.store.readers().clone());
    // At the same time, so that they are read together.
    let read = async || {
        let (of, others) = (states.get(id("dam-1")), [states.get(id("cup-1")), states.get(unknown)]);
        let (of, others) = tokio::join!(of, futures_util::future::join_all(others));
        let others: Vec<bool> = others.into_iter().map(|state| state.unwrap().is_some()).collect();
        assert_eq!(others, [true, false]);
        of.unwrap().unwrap()
    };
    let before = read().await;
    assert!(before.versions.contains(&named.to_string()), "{before:?}");
    let later = Timestamp::from_millisecond(before.changed_at.as_millisecond() + 60_000).unwrap();
    let mut tx = site.store.begin().await.unwrap();
    versions::changed(&mut tx, named, later).await.unwrap();
    tx.commit().await.unwrap();
    let after = read().await;
    assert_eq!(after.changed_at, later);
    assert_ne!(after.versions, before.versions);
    site.withdraw(named).await;
    assert!(!read().await.versions.contains(&named.to_string()));
}

async fn what_is_withdrawn_or_rewritten_is_related_to_nothing(database: Database) {
    let site = Site::open(&database).await;
    let ids = site.publish_topics(&["dam", "cup", "bank"]).await;
    let id = |name: &str| ids.iter().find(|(other, _)| other == name).unwrap().1;
    let named = |list: &[related::Related], id: ArticleId| list.iter().any(|other| other.article_id == id);
    assert!(named(&site.related(id("dam-1")).await, id("dam-4")));
    site.withdraw(id("dam-4")).await;
    assert!(!named(&site.related(id("dam-1")).await, id("dam-4")));
    assert_eq!(count(&site.store, "profiles").await, 17);

    let number = ids.iter().position(|(name, _)| name == "dam-1").unwrap();
    let news = related_news();
    let mut rewritten = news.iter().find(|text| text.id == "cup-1").unwrap().summarized(number);
    rewritten.article.article_id = id("dam-1");
    rewritten.article.revision = Revision(2);
    site.publish(rewritten).await;
    assert!(site.related(id("dam-5")).await.iter().all(|other| other.article_id != id("dam-1")));
    let terms: i64 = sqlx::query_scalar(
        "select count(*) from profile_terms as t where not exists (select 1 from profiles as p where p.number = t.number)",
    )
    .fetch_one(site.store.readers())
    .await
    .unwrap();
    assert_eq!(terms, 0, "terms of what is gone");
}

async fn lists_stay_short(database: Database) {
    let site = Site::open(&database).await;
    site.publish_topics(&["cup", "bank"]).await;
    let mut ids = vec![];
    for number in 0..30 {
        ids.push(site.publish(of_one_matter(number)).await);
    }
    for id in &ids {
        let sql = "select count(*) from related where article_id = $1";
        let kept: i64 = sqlx::query_scalar(sql).bind(id.to_string()).fetch_one(site.store.readers()).await.unwrap();
        assert!((5..=10).contains(&kept), "{kept}");
        assert_eq!(site.related(*id).await.len(), 5);
    }
}

/// Two replicas take the same rows from the same lists at once. On SQLite there is one writer at a time.
#[tokio::test]
async fn writers_about_one_matter_do_not_wait_for_each_other() {
    let database = Database::postgres().await;
    let site = Site::open(&database).await;
    site.publish_topics(&["cup", "bank"]).await;
    for number in 0..20 {
        site.publish(of_one_matter(number)).await;
    }
    let (mut one, mut other) = (site.store.begin().await.unwrap(), site.store.begin().await.unwrap());
    site.record(&mut one, of_one_matter(20)).await;
    timeout(LIMIT, site.record(&mut other, of_one_matter(21))).await.expect("a writer that needn't wait");
    one.commit().await.unwrap();
    other.commit().await.unwrap();
}

/// One of many articles that say different things about the same.
fn of_one_matter(number: usize) -> ArticleSummarized {
    let news = related_news();
    let text = news.iter().find(|text| text.id == "dam-1").unwrap();
    let mut article = text.summarized(number);
    let address = format!("https://paper.example/{number}").parse().unwrap();
    article.article.article_id = ArticleId::of_canonical_url(&address);
    article.article.canonical_url = address;
    article.article.text =
        (0..40).map(|n| format!("word{} ", n * 31 + number * 1_000)).chain([text.title.clone()]).collect();
    article
}

/// A site without a bus.
struct Site {
    store: Store,
    publishing: Publishing,
}

impl Site {
    async fn open(database: &Database) -> Self {
        let store = Store::open(database.config(), "publish", MIGRATIONS).await.unwrap();
        let url = "https://site.example".parse().unwrap();
        let info = SiteInfo { name: "Site".into(), url, language: Language::ENGLISH };
        Self { store, publishing: Publishing { site: Arc::new(info), webhooks: Arc::default() } }
    }

    async fn publish(&self, article: ArticleSummarized) -> ArticleId {
        let mut tx = self.store.begin().await.unwrap();
        let id = self.record(&mut tx, article).await;
        tx.commit().await.unwrap();
        id
    }

    async fn record(&self, tx: &mut Tx, article: ArticleSummarized) -> ArticleId {
        let event = event(article);
        let done = self.publishing.work(&event).await.unwrap();
        self.publishing.record(tx, &event, &done).await.unwrap();
        event.data.article.article_id
    }

    /// Publishes all texts of these topics, the first of each topic first.
    async fn publish_topics(&self, topics: &[&str]) -> Vec<(String, ArticleId)> {
        let mut ids = vec![];
        let mut texts = related_news();
        texts.sort_by_key(|text| text.id.rsplit('-').next().map(str::to_owned));
        for (number, text) in texts.iter().filter(|text| topics.contains(&text.topic.as_str())).enumerate() {
            ids.push((text.id.clone(), self.publish(text.summarized(number)).await));
        }
        ids
    }

    async fn withdraw(&self, id: ArticleId) {
        let event = event(ArticleRetracted { article_id: Some(id), url: None, reason: "wrong".into() });
        let mut tx = self.store.begin().await.unwrap();
        Withdrawing.record(&mut tx, &event, &()).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn related(&self, id: ArticleId) -> Vec<related::Related> {
        related::of(self.store.readers(), id, 5).await.unwrap()
    }
}

fn event<P: Payload>(data: P) -> Event<P> {
    Event { attributes: Attributes::original(EventId::new(), "/test", &data, Timestamp::now()), data }
}
