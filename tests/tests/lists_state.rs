//! What the site lists, on both databases: pages of articles by keyset, and stories that several sources tell.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use jiff::{Timestamp, ToSpan};
use kos_publish::{
    lists::{Filter, Turn, backfill, select, stories},
    site::Passages,
    state::{self, MIGRATIONS},
};
use kos_shared::{
    event::{ArticleId, ArticleSummarized, Language, Method, Sentence, Summary},
    store::Store,
};
use kos_tests::{
    Database, on_both_databases,
    stage::{article_of, request},
};
use sqlx::Row;

on_both_databases! {
    a_story_is_one_line_and_names_who_else_tells_it
    a_withdrawn_article_hands_its_story_to_the_next
    a_copy_that_comes_before_its_original_joins_it
    copies_of_copies_are_one_story
    an_article_that_is_no_copy_any_more_leaves_the_story
    of_two_copies_that_come_at_once_one_leads
    pages_lead_on_and_back_without_a_gap
    lists_by_source_and_language_hold_what_they_say
    sources_are_counted_and_go_on_behind_a_host
    articles_from_before_are_listed_after_an_upgrade
    a_page_reads_an_index_and_no_more
}

/// An article at `host`, a copy of the one at `copy_of`.
fn article(host: &str, copy_of: Option<&str>) -> ArticleSummarized {
    article_at(&format!("https://{host}/story"), copy_of)
}

fn article_at(url: &str, copy_of: Option<&str>) -> ArticleSummarized {
    let mut article = article_of(&request(url));
    article.title = format!("Told by {}", article.site.host);
    article.site.name = article.site.host.to_uppercase();
    article.duplicate_of = copy_of.map(id_of);
    let summary = Summary {
        language: Language::ENGLISH,
        title: None,
        text: "The ferry runs. It leaves.".into(),
        sentences: vec![Sentence { text: "The ferry runs.".into(), spans: vec![] }],
        method: Method::Extractive,
        model: None,
        prompt_version: None,
        checks: vec![],
        fallback: None,
    };
    ArticleSummarized { article, summaries: vec![summary], missing: vec![], attempts: vec![] }
}

fn id_of(host: &str) -> ArticleId {
    ArticleId::of_canonical_url(&format!("https://{host}/story").parse().unwrap())
}

fn second(second: i64) -> Timestamp {
    "2026-01-22T00:00:00Z".parse::<Timestamp>().unwrap() + second.seconds()
}

async fn open(database: &Database) -> Store {
    Store::open(database.config(), "publish", MIGRATIONS).await.unwrap()
}

async fn publish(store: &Store, at: i64, summarized: &ArticleSummarized) {
    let mut tx = store.begin().await.unwrap();
    assert!(state::put_article(&mut tx, summarized, "<p>body</p>", &Passages::default(), second(at)).await.unwrap());
    stories::put(&mut tx, summarized, second(at)).await.unwrap();
    tx.commit().await.unwrap();
}

async fn withdraw(store: &Store, host: &str) {
    let mut tx = store.begin().await.unwrap();
    let sql = "insert into retractions (article_id, reason, retracted_at_ms) values ($1, 'wrong', 0)";
    sqlx::query(sql).bind(id_of(host).to_string()).execute(&mut *tx).await.unwrap();
    stories::remove_withdrawn(&mut tx, second(100)).await.unwrap();
    tx.commit().await.unwrap();
}

/// The front page: each line's host, and the hosts that tell the same story.
async fn front(store: &Store) -> Vec<(String, Vec<String>)> {
    let page = select::page(store.readers(), &Filter::default(), Turn::First, 50).await.unwrap();
    let told = select::also_at(store.readers(), &page.entries).await.unwrap();
    let others = |entry: &kos_publish::lists::Entry| {
        let others = told.iter().filter(|o| o.story_id == entry.story_id && o.article_id != entry.article_id);
        others.map(|other| other.host.clone()).collect()
    };
    page.entries.iter().map(|entry| (entry.host.clone(), others(entry))).collect()
}

fn lines(lines: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    lines.iter().map(|(host, others)| ((*host).into(), others.iter().map(|o| (*o).into()).collect())).collect()
}

async fn a_story_is_one_line_and_names_who_else_tells_it(database: Database) {
    let store = open(&database).await;
    publish(&store, 1, &article("a.example", None)).await;
    publish(&store, 2, &article("other.example", None)).await;
    publish(&store, 3, &article("b.example", Some("a.example"))).await;
    publish(&store, 4, &article("c.example", Some("a.example"))).await;
    let told = lines(&[("other.example", &[]), ("a.example", &["b.example", "c.example"])]);
    assert_eq!(front(&store).await, told);
    // A revision changes nothing about that.
    publish(&store, 9, &article("a.example", None)).await;
    publish(&store, 9, &article("b.example", Some("a.example"))).await;
    assert_eq!(front(&store).await, told);
    let page = select::page(store.readers(), &Filter::default(), Turn::First, 1).await.unwrap();
    let entry = &page.entries[0];
    assert_eq!(entry.sentence_in(&Language::CHINESE), Some(("The ferry runs.", &Language::ENGLISH)));
    assert_eq!((entry.site_name.as_str(), entry.added_at), ("OTHER.EXAMPLE", second(2)));
}

async fn a_withdrawn_article_hands_its_story_to_the_next(database: Database) {
    let store = open(&database).await;
    publish(&store, 1, &article("a.example", None)).await;
    publish(&store, 2, &article("b.example", Some("a.example"))).await;
    publish(&store, 3, &article("c.example", Some("a.example"))).await;
    withdraw(&store, "a.example").await;
    assert_eq!(front(&store).await, lines(&[("b.example", &["c.example"])]));
    withdraw(&store, "c.example").await;
    assert_eq!(front(&store).await, lines(&[("b.example", &[])]));
    // Taken in again by force: it stands where it stood.
    let mut tx = store.begin().await.unwrap();
    sqlx::query("delete from retractions").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    publish(&store, 9, &article("a.example", None)).await;
    assert_eq!(front(&store).await, lines(&[("a.example", &["b.example"])]));
}

async fn a_copy_that_comes_before_its_original_joins_it(database: Database) {
    let store = open(&database).await;
    publish(&store, 1, &article("b.example", Some("a.example"))).await;
    publish(&store, 2, &article("c.example", Some("a.example"))).await;
    assert_eq!(front(&store).await, lines(&[("b.example", &["c.example"])]));
    publish(&store, 3, &article("a.example", None)).await;
    // Who was first here leads, so that nothing jumps.
    assert_eq!(front(&store).await, lines(&[("b.example", &["c.example", "a.example"])]));
}

async fn copies_of_copies_are_one_story(database: Database) {
    let store = open(&database).await;
    publish(&store, 1, &article("c.example", Some("b.example"))).await;
    publish(&store, 2, &article("d.example", Some("c.example"))).await;
    publish(&store, 3, &article("a.example", None)).await;
    assert_eq!(front(&store).await, lines(&[("a.example", &[]), ("c.example", &["d.example"])]));
    publish(&store, 4, &article("b.example", Some("a.example"))).await;
    assert_eq!(front(&store).await, lines(&[("c.example", &["d.example", "a.example", "b.example"])]));
    // What names itself, or its own copy, is no reason to go round in circles.
    publish(&store, 5, &article("c.example", Some("c.example"))).await;
    publish(&store, 6, &article("a.example", Some("d.example"))).await;
    let told: usize = front(&store).await.iter().map(|(_, others)| 1 + others.len()).sum();
    assert_eq!(told, 4);
}

async fn an_article_that_is_no_copy_any_more_leaves_the_story(database: Database) {
    let store = open(&database).await;
    publish(&store, 1, &article("a.example", None)).await;
    publish(&store, 2, &article("b.example", Some("a.example"))).await;
    publish(&store, 3, &article("b.example", None)).await;
    assert_eq!(front(&store).await, lines(&[("b.example", &[]), ("a.example", &[])]));
    publish(&store, 4, &article("a.example", Some("b.example"))).await;
    assert_eq!(front(&store).await, lines(&[("a.example", &["b.example"])]));
}

async fn of_two_copies_that_come_at_once_one_leads(database: Database) {
    let store = open(&database).await;
    for round in 0..20 {
        let host = |n: usize| format!("s{n}.r{round}.example");
        let tasks: Vec<_> = (0..4_usize)
            .map(|n| {
                let (store, original) = (store.clone(), host(n.saturating_sub(1)));
                let copy_of = (n > 0).then_some(original);
                let article = article(&host(n), copy_of.as_deref());
                tokio::spawn(async move { publish(&store, round, &article).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let told = front(&store).await;
        assert_eq!(told.len(), usize::try_from(round).unwrap() + 1, "{told:?}");
        assert!(told.iter().all(|(_, others)| others.len() == 3), "{told:?}");
    }
}

async fn pages_lead_on_and_back_without_a_gap(database: Database) {
    let store = open(&database).await;
    for n in 0..10 {
        // Several in one millisecond, as a group commits them.
        publish(&store, n / 3, &article(&format!("s{n}.example"), None)).await;
    }
    let page = async |turn| select::page(store.readers(), &Filter::default(), turn, 4).await.unwrap();
    let first = page(Turn::First).await;
    let second = page(Turn::After(first.next().unwrap())).await;
    let third = page(Turn::After(second.next().unwrap())).await;
    assert_eq!((first.previous(), third.next()), (None, None));
    let ids = |page: &select::Page| page.entries.iter().map(|e| e.article_id).collect::<Vec<_>>();
    let all = page_of_all(&store).await;
    assert_eq!([ids(&first), ids(&second), ids(&third)].concat(), all);
    assert_eq!(ids(&page(Turn::Before(third.previous().unwrap())).await), ids(&second));
    let back = page(Turn::Before(second.previous().unwrap())).await;
    assert_eq!((ids(&back), back.previous()), (ids(&first), None));
}

async fn page_of_all(store: &Store) -> Vec<ArticleId> {
    let page = select::page(store.readers(), &Filter::default(), Turn::First, 100).await.unwrap();
    page.entries.iter().map(|entry| entry.article_id).collect()
}

async fn lists_by_source_and_language_hold_what_they_say(database: Database) {
    let store = open(&database).await;
    publish(&store, 1, &article("a.example", None)).await;
    publish(&store, 2, &article("b.example", Some("a.example"))).await;
    let mut chinese = article("c.example", None);
    chinese.article.language = "zh-Hant-TW".parse().unwrap();
    publish(&store, 3, &chinese).await;
    let mut unknown = article("d.example", None);
    unknown.article.language = Language::UNDETERMINED;
    publish(&store, 4, &unknown).await;
    let hosts = async |host: Option<&str>, language: Option<&str>| {
        let filter = Filter { host: host.map(str::to_owned), language: language.map(|tag| tag.parse().unwrap()) };
        let page = select::page(store.readers(), &filter, Turn::First, 10).await.unwrap();
        assert!(host.is_some() || page.entries.iter().all(|entry| filter.takes(entry)));
        page.entries.into_iter().map(|entry| entry.host).collect::<Vec<_>>()
    };
    assert_eq!(hosts(None, Some("en-GB")).await, ["a.example"]);
    assert_eq!(hosts(None, Some("zh")).await, ["c.example"]);
    // A source's page has its articles, whoever told them first.
    assert_eq!(hosts(Some("b.example"), None).await, ["b.example"]);
    assert_eq!(hosts(Some("b.example"), Some("en")).await, ["b.example"]);
    assert!(hosts(Some("b.example"), Some("zh")).await.is_empty());
    let languages = select::languages(store.readers()).await.unwrap();
    assert_eq!(languages, [Language::ENGLISH, Language::CHINESE]);
}

async fn sources_are_counted_and_go_on_behind_a_host(database: Database) {
    let store = open(&database).await;
    publish(&store, 1, &article_at("https://a.example/1", None)).await;
    publish(&store, 5, &article_at("https://a.example/2", None)).await;
    publish(&store, 3, &article_at("https://b.example/1", None)).await;
    let first = select::sources(store.readers(), "", 1).await.unwrap();
    assert_eq!(first.len(), 1);
    assert_eq!((first[0].host.as_str(), first[0].articles, first[0].newest_at), ("a.example", 2, second(5)));
    assert_eq!(first[0].name, "A.EXAMPLE");
    let rest = select::sources(store.readers(), "a.example", 10).await.unwrap();
    assert_eq!(rest.iter().map(|source| source.host.as_str()).collect::<Vec<_>>(), ["b.example"]);
}

async fn articles_from_before_are_listed_after_an_upgrade(database: Database) {
    let store = open(&database).await;
    publish(&store, 1, &article("a.example", None)).await;
    publish(&store, 2, &article("b.example", Some("a.example"))).await;
    publish(&store, 3, &article("c.example", None)).await;
    withdraw(&store, "c.example").await;
    let before = front(&store).await;
    let mut tx = store.begin().await.unwrap();
    sqlx::query("delete from list_entries").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(backfill::run(&store, || false).await.unwrap(), 2);
    assert_eq!(front(&store).await, before);
    assert_eq!(backfill::run(&store, || false).await.unwrap(), 0);
}

/// What the database says that it does for a page must name the list's index, and no sort.
async fn a_page_reads_an_index_and_no_more(database: Database) {
    let store = open(&database).await;
    let mut tx = store.begin().await.unwrap();
    for n in 0..2_000 {
        let sql = "insert into list_entries values ($1, $1, 1, $2, null, $3, 'Site', 'Title', $4, $4, 100, '[]')";
        let id = article_at(&format!("https://x.example/{n}"), None).article.article_id;
        let language = ["en", "zh", "fr", "de", "ja", "ru", "es"][n % 7];
        let query = sqlx::query(sql).bind(id.to_string()).bind(i64::try_from(n).unwrap());
        query.bind(format!("s{}.example", n % 20)).bind(language).execute(&mut *tx).await.unwrap();
    }
    for copy in ["a", "b", "c", "d"] {
        let sql = "insert into list_entries select article_id || $1, story_id || $1, leads, added_at_ms, published_at_ms, \
                   host, site_name, title, language, spoken, words, summaries from list_entries";
        sqlx::query(sql).bind(copy).execute(&mut *tx).await.unwrap();
    }
    sqlx::query("analyze").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    let filters = [
        (Filter::default(), "list_entries_newest"),
        (Filter { host: None, language: Some(Language::ENGLISH) }, "list_entries_spoken"),
        (Filter { host: Some("s1.example".into()), language: None }, "list_entries_host"),
        (Filter { host: Some("s1.example".into()), language: Some(Language::ENGLISH) }, "list_entries_host_spoken"),
    ];
    let cursor = kos_publish::lists::Cursor { added_at_ms: 1_000, article_id: id_of("x.example") };
    for (filter, index) in filters {
        for turn in [Turn::First, Turn::After(cursor), Turn::Before(cursor)] {
            let plan = plan(&store, &filter, turn).await;
            let plan = plan.join("\n");
            assert!(plan.contains(index), "{filter:?} {turn:?}\n{plan}");
            assert!(!plan.contains("Sort") && !plan.contains("TEMP B-TREE"), "{filter:?} {turn:?}\n{plan}");
        }
    }
}

async fn plan(store: &Store, filter: &Filter, turn: Turn) -> Vec<String> {
    let (explain, column) = match store.dialect() {
        kos_shared::store::Dialect::Sqlite => ("explain query plan ", "detail"),
        kos_shared::store::Dialect::Postgres => ("explain ", "QUERY PLAN"),
    };
    let statement = select::statement(filter, turn, 31);
    let rows = statement.query(explain).fetch_all(store.readers()).await.unwrap();
    rows.iter().map(|row| row.try_get(column).unwrap()).collect()
}
