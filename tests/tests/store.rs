//! What the store promises, on both databases: each test's body runs against SQLite and against PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::HashSet, net::TcpListener, time::Duration};

use jiff::Timestamp;
use kos_shared::{
    config::{DatabaseConfig, Secret},
    event::{ArticleId, ArticleRetracted, Attributes, Event, EventId, Outgoing},
    journal, retraction,
    retraction::Retracting,
    stage::Stage,
    store::{
        Fault, Migration, Store,
        failures::{self, Attempted, FailedAttempt},
        fault,
        inbox::{self, By, Handled},
        outbox,
    },
};
use kos_tests::{
    Database, Port, eventually, on_both_databases,
    stage::{article_of, count, request},
};
use sqlx::{Connection, Executor, Row, SqliteConnection};

const LIMIT: Duration = Duration::from_secs(30);
const CONSUMER: &str = "KOS_INGEST/ingest";

on_both_databases! {
    a_fresh_database_may_be_opened_by_several_at_once
    opening_again_keeps_what_is_there
    a_version_starts_on_the_database_of_the_next_one
    an_event_is_handled_once_a_consumer_and_the_second_time_is_undone_whole
    what_is_rolled_back_or_dropped_leaves_nothing
    text_of_every_kind_comes_back_as_it_was
    failed_attempts_are_kept_in_order_and_counted_once
    the_journal_finds_events_by_id_article_and_subject
    more_keys_than_one_statement_holds_can_be_looked_up
    old_rows_are_forgotten_and_unsent_events_never
    a_broken_rule_is_the_fault_of_the_data
    a_retraction_holds_by_id_and_by_every_address
    a_retraction_by_an_address_means_every_article_that_it_led_to
    a_retraction_may_come_before_its_article
    a_retracted_article_can_be_reinstated
}

/// How many migrations make the tables of these tests: the worker loop's and those of retractions.
const MIGRATED: u64 = 5;

async fn a_fresh_database_may_be_opened_by_several_at_once(database: Database) {
    let (database, eight): (&Database, _) = (&database, 0..8);
    let opened = futures_util::future::join_all(eight.map(|_| database.try_open())).await;
    for store in opened {
        let store = store.unwrap();
        assert_eq!(count(&store, "_sqlx_migrations").await, MIGRATED);
        store.close().await;
    }
}

async fn a_version_starts_on_the_database_of_the_next_one(database: Database) {
    let next = Migration { version: 900, name: "next", sql: "create table next (id bigint primary key);" };
    let open = async |steps: &[Migration]| Store::open(database.config(), "ingest", steps).await;
    assert_eq!(open(&[next]).await.unwrap().newer_schema(), None);
    assert_eq!(open(&[]).await.unwrap().newer_schema(), Some(900));
    let later = Migration { version: 901, name: "later", sql: "create table later (id bigint primary key);" };
    let refused = open(&[later]).await.unwrap_err().to_string();
    assert!(refused.contains("step 900 was applied to it"), "{refused}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_with_the_reason_and_without_a_password() {
    let address = Port::free().address();
    let url = format!("postgres://reader:dr0wssap@{address}/kos?password=dr0wssap2");
    let config = DatabaseConfig::Postgres(Secret::new(url));
    let refused = Store::open(&config, "publish", &[]).await.unwrap_err().to_string();
    assert!(refused.contains(&format!("postgres://reader:(hidden)@{address}/kos, schema publish")), "{refused}");
    assert!(refused.contains("refused") && !refused.contains("dr0wssap"), "{refused}");
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = DatabaseConfig::Postgres(Secret::new(format!("postgres://kos@{}/kos", silent.local_addr().unwrap())));
    let opened = tokio::time::timeout(LIMIT, Store::open(&config, "publish", &[])).await.unwrap();
    assert!(opened.unwrap_err().to_string().contains("timed out"));
}

async fn opening_again_keeps_what_is_there(database: Database) {
    let store = database.open().await;
    write(&store, &[handled("a")], &[event("b")]).await;
    store.close().await;

    let store = database.open().await;
    assert!(inbox::is_known(store.readers(), CONSUMER, &id("a")).await.unwrap());
    assert_eq!(outbox::waiting(store.readers()).await.unwrap().0, 1);
    assert_eq!(count(&store, "_sqlx_migrations").await, MIGRATED);
}

async fn an_event_is_handled_once_a_consumer_and_the_second_time_is_undone_whole(database: Database) {
    let store = database.open().await;
    write(&store, &[handled("a")], &[]).await;

    let mut tx = store.begin().await.unwrap();
    effect(&mut tx, "a second time").await;
    outbox::insert(&mut tx, &[event("emitted")], Timestamp::now()).await.unwrap();
    let error = inbox::insert(&mut tx, &[handled("b"), handled("a")]).await.unwrap_err();
    assert_eq!(fault(&error), Fault::Data, "{error}");
    drop(tx);
    assert_eq!(
        (count(&store, "effects").await, count(&store, "outbox").await, count(&store, "inbox").await),
        (0, 0, 1)
    );

    let elsewhere = Handled { consumer: "KOS_INGESTED/ingest".into(), ..handled("a") };
    write(&store, &[elsewhere], &[]).await;
    let mut tx = store.begin().await.unwrap();
    let known = inbox::known(&mut tx, CONSUMER, &[id("a"), id("b"), id("c")]).await.unwrap();
    assert_eq!(known, HashSet::from([id("a")]));
}

async fn what_is_rolled_back_or_dropped_leaves_nothing(database: Database) {
    let store = database.open().await;
    for explicit in [true, false] {
        let mut tx = store.begin().await.unwrap();
        effect(&mut tx, "x").await;
        inbox::insert(&mut tx, &[handled("a")]).await.unwrap();
        outbox::insert(&mut tx, &[event("b")], Timestamp::now()).await.unwrap();
        failures::insert(&mut tx, &attempted("a", None), &failed(1, "why")).await.unwrap();
        if explicit {
            tx.rollback().await.unwrap();
        } else {
            drop(tx);
        }
        // The next one isn't kept waiting by it, and sees nothing of it.
        store.begin().await.unwrap().commit().await.unwrap();
        for table in ["effects", "inbox", "outbox", "failures"] {
            assert_eq!(count(&store, table).await, 0, "{table}");
        }
    }
}

async fn text_of_every_kind_comes_back_as_it_was(database: Database) {
    let texts = [
        "plain",
        "引号 ' \" \\ $1 ; -- 中文",
        "🦀👩‍👩‍👧‍👦 e\u{301}",
        "\u{202e}right to left\u{202c} العربية",
        "\u{feff}bom\u{200b}",
        "\u{10ffff}\u{e000}\u{fffd}",
        "tab\tline\nreturn\r\u{1}\u{7f}\u{85}",
        "𠮷野家 𝒳",
    ];
    let store = database.open().await;
    for (n, text) in texts.into_iter().enumerate() {
        let name = format!("e{n}");
        let row = Handled {
            subject: Some(format!("{n}{text}")),
            detail: Some(text.to_owned()),
            outcome: text.to_owned(),
            ..handled(&name)
        };
        let mut out = event(&name);
        out.headers.push(("x-text".into(), text.to_owned()));
        out.body = text.as_bytes().to_vec().into();
        write(&store, std::slice::from_ref(&row), std::slice::from_ref(&out)).await;
        let attempt = failed(1, text);
        let mut tx = store.begin().await.unwrap();
        failures::insert(&mut tx, &attempted(&name, Some(text)), &attempt).await.unwrap();
        tx.commit().await.unwrap();

        let found = inbox::find(store.readers(), By::Subject, &[format!("{n}{text}")]).await.unwrap();
        assert_eq!(found, [row]);
        assert_eq!(failures::of_event(store.readers(), CONSUMER, &id(&name)).await.unwrap(), [attempt]);
        let now = Timestamp::now();
        let taken = outbox::take(&store, now).await.unwrap();
        assert_eq!(taken.events, [out]);
        taken.settle(&[id(&name)], &[], now, now).await.unwrap();
    }
    let bytes: Vec<u8> = (0..=255).collect();
    let out = Outgoing { body: bytes.into(), ..event("bytes") };
    write(&store, &[], std::slice::from_ref(&out)).await;
    assert_eq!(outbox::take(&store, Timestamp::now()).await.unwrap().events, [out]);
}

async fn failed_attempts_are_kept_in_order_and_counted_once(database: Database) {
    let store = database.open().await;
    for (attempt, reason) in [(2, "second"), (1, "first"), (2, "second, by another worker"), (3, "third")] {
        let mut tx = store.begin().await.unwrap();
        failures::insert(&mut tx, &attempted("a", None), &failed(attempt, reason)).await.unwrap();
        failures::insert(&mut tx, &attempted("other", None), &failed(1, "other")).await.unwrap();
        tx.commit().await.unwrap();
    }
    let history = failures::of_event(store.readers(), CONSUMER, &id("a")).await.unwrap();
    assert_eq!(history, [failed(1, "first"), failed(2, "second"), failed(3, "third")]);
    assert!(failures::of_event(store.readers(), "KOS_INGESTED/ingest", &id("a")).await.unwrap().is_empty());
}

async fn the_journal_finds_events_by_id_article_and_subject(database: Database) {
    let store = database.open().await;
    let at = |name: &str, second: i64| Handled {
        handled_at: Timestamp::from_second(1_000 + second).unwrap(),
        ..handled(name)
    };
    let first = Handled { article_id: Some("art".into()), subject: Some("https://a.example/".into()), ..at("a", 1) };
    let first = Handled { emitted: vec![id("c"), id("d")], cause: Some(id("cause")), attempt: 2, ..first };
    let second = Handled { article_id: Some("art".into()), consumer: "KOS_INGESTED/ingest".into(), ..at("c", 2) };
    write(&store, &[second, first, at("unrelated", 3)], &[]).await;
    let mut tx = store.begin().await.unwrap();
    failures::insert(&mut tx, &attempted("a", Some("https://a.example/")), &failed(1, "down")).await.unwrap();
    failures::insert(&mut tx, &attempted("tried", Some("https://t.example/")), &failed(1, "one")).await.unwrap();
    failures::insert(&mut tx, &attempted("tried", Some("https://t.example/")), &failed(2, "two")).await.unwrap();
    tx.commit().await.unwrap();
    let look = async |events: &[&str], articles: &[&str], subjects: &[&str]| {
        let own = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect();
        let query = journal::Query { events: own(events), articles: own(articles), subjects: own(subjects) };
        journal::find(store.readers(), "ingest", &query).await.unwrap()
    };
    let names = |entries: &[journal::Entry]| entries.iter().map(|e| e.event_id.clone()).collect::<Vec<_>>();

    assert_eq!(names(&look(&[], &["art"], &[]).await), ["a", "c"], "in the order in which they were handled");
    assert_eq!(names(&look(&["c", "a"], &["art"], &["https://a.example/"]).await), ["a", "c"], "each once");
    let entry = look(&[], &[], &["https://a.example/"]).await.remove(0);
    assert_eq!((entry.event_id.as_str(), entry.attempts, entry.outcome.as_str()), ("a", 2, "copied"));
    assert_eq!((entry.emitted, entry.cause.as_deref()), (vec!["c".to_owned(), "d".to_owned()], Some("cause")));
    assert_eq!(entry.failures, [failed(1, "down")]);

    for found in [look(&["tried"], &[], &[]).await, look(&[], &[], &["https://t.example/"]).await] {
        assert_eq!(names(&found), ["tried"]);
        assert_eq!((found[0].attempts, found[0].outcome.as_str(), found[0].handled_at), (2, "retrying", None));
        assert_eq!(found[0].failures, [failed(1, "one"), failed(2, "two")]);
    }
    assert!(look(&["nobody"], &["nothing"], &["nowhere"]).await.is_empty());
    assert!(look(&[], &[], &[]).await.is_empty());
    let counts = inbox::counts(store.readers(), Timestamp::from_second(1_002).unwrap()).await.unwrap();
    assert_eq!(counts, [("KOS_INGEST/ingest".to_owned(), 1), ("KOS_INGESTED/ingest".to_owned(), 1)]);
}

async fn more_keys_than_one_statement_holds_can_be_looked_up(database: Database) {
    let store = database.open().await;
    let named = |n: usize| format!("{n:05}");
    let at = |n| Handled { handled_at: Timestamp::from_second(1_000 + n as i64).unwrap(), ..handled(&named(n)) };
    write(&store, &[at(1), at(2), at(69_999)], &[]).await;
    let mut tx = store.begin().await.unwrap();
    // What this one is about is a key, too.
    failures::insert(&mut tx, &attempted(&named(3), Some(&named(65_000))), &failed(1, "down")).await.unwrap();
    failures::insert(&mut tx, &attempted(&named(65_001), None), &failed(1, "down")).await.unwrap();
    tx.commit().await.unwrap();
    let keys: Vec<String> = (0..70_000).rev().map(named).collect();
    let found = inbox::find(store.readers(), By::Event, &keys).await.unwrap();
    assert_eq!(found.iter().map(|h| h.event_id.as_str()).collect::<Vec<_>>(), ["00001", "00002", "69999"]);
    let found = failures::find(store.readers(), &keys).await.unwrap();
    assert_eq!(found.iter().map(|(a, _)| a.event_id.as_str()).collect::<Vec<_>>(), ["00003", "65001"]);
}

async fn old_rows_are_forgotten_and_unsent_events_never(database: Database) {
    let store = database.open().await;
    let old = Timestamp::from_second(1_000).unwrap();
    let limit = Timestamp::from_second(2_000).unwrap();
    write(&store, &[Handled { handled_at: old, ..handled("old") }, handled("new")], &[]).await;
    let mut tx = store.begin().await.unwrap();
    outbox::insert(&mut tx, &[event("sent long ago"), event("sent now"), event("unsent")], old).await.unwrap();
    failures::insert(&mut tx, &attempted("old", None), &FailedAttempt { failed_at: old, ..failed(1, "") })
        .await
        .unwrap();
    failures::insert(&mut tx, &attempted("new", None), &failed(1, "")).await.unwrap();
    tx.commit().await.unwrap();
    let taken = outbox::take(&store, old).await.unwrap();
    taken.settle(&[id("sent long ago")], &[], old, old).await.unwrap();
    let taken = outbox::take(&store, old).await.unwrap();
    taken.settle(&[id("sent now")], &[], limit, old).await.unwrap();

    let mut tx = store.begin().await.unwrap();
    assert_eq!(inbox::forget(&mut tx, limit).await.unwrap(), 1);
    assert_eq!(outbox::forget(&mut tx, limit).await.unwrap(), 1);
    assert_eq!(failures::forget(&mut tx, limit).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert!(inbox::is_known(store.readers(), CONSUMER, &id("new")).await.unwrap());
    assert_eq!(ids(&outbox::take(&store, old).await.unwrap()), ["unsent"]);
    assert_eq!(failures::of_event(store.readers(), CONSUMER, &id("new")).await.unwrap().len(), 1);
}

async fn a_broken_rule_is_the_fault_of_the_data(database: Database) {
    let store = database.open().await;
    for statement in [
        "insert into effects (event_id, url, worker) values (null, 'u', 'w')",
        "insert into retractions (article_id, reason, retracted_at_ms) values ('a', 'r', 1), ('a', 'r', 1)",
        "insert into nowhere values (1)",
    ] {
        let mut tx = store.begin().await.unwrap();
        let error = tx.execute(statement).await.unwrap_err();
        assert_eq!(fault(&error), Fault::Data, "{statement}: {error}");
    }
    store.close().await;
    assert_eq!(fault(&store.begin().await.unwrap_err()), Fault::Database, "a closed store");
}

async fn a_retraction_holds_by_id_and_by_every_address(database: Database) {
    let store = database.open().await;
    for (n, by) in ["id", "address asked for", "canonical address"].into_iter().enumerate() {
        let mut article = article_of(&request(&format!("https://a.example/{n}?utm=1")));
        article.canonical_url = format!("https://a.example/{n}").parse().unwrap();
        article.article_id = ArticleId::of_canonical_url(&article.canonical_url);
        let mut tx = store.begin().await.unwrap();
        retraction::know_addresses(&mut tx, &article).await.unwrap();
        // Again, as for another revision; and where both addresses are the same one.
        retraction::know_addresses(&mut tx, &article).await.unwrap();
        retraction::know_addresses(&mut tx, &article_of(&request("https://b.example/"))).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(retraction::find(store.readers(), article.article_id).await.unwrap(), None);

        let named = match n {
            0 => ArticleRetracted { article_id: Some(article.article_id), url: None, reason: by.into() },
            1 => ArticleRetracted { article_id: None, url: Some(article.url), reason: by.into() },
            _ => ArticleRetracted { article_id: None, url: Some(article.canonical_url), reason: by.into() },
        };
        retract(&store, named).await;
        let found = retraction::find(store.readers(), article.article_id).await.unwrap().unwrap();
        assert_eq!(found.reason, by);
        assert_eq!(found.retracted_at, Timestamp::from_second(77).unwrap());
        let again = ArticleRetracted { article_id: Some(article.article_id), url: None, reason: "later".into() };
        retract(&store, again).await;
        let found = retraction::find(store.readers(), article.article_id).await.unwrap().unwrap();
        assert_eq!(found.reason, by, "the first reason stands");
    }
    assert_eq!(count(&store, "retractions").await, 3);
}

async fn a_retraction_by_an_address_means_every_article_that_it_led_to(database: Database) {
    let store = database.open().await;
    let asked = request("https://a.example/x?id=1").url;
    let found: Vec<_> = ["https://a.example/x", "https://a.example/y"]
        .map(|canonical| {
            let mut article = article_of(&request(asked.as_str()));
            article.canonical_url = canonical.parse().unwrap();
            article.article_id = ArticleId::of_canonical_url(&article.canonical_url);
            article
        })
        .into();
    let mut tx = store.begin().await.unwrap();
    for article in &found {
        retraction::know_addresses(&mut tx, article).await.unwrap();
    }
    tx.commit().await.unwrap();
    let tracked = "https://A.example/x?id=1&utm_source=feed#top".parse().unwrap();
    retract(&store, ArticleRetracted { article_id: None, url: Some(tracked), reason: "r".into() }).await;
    for article in &found {
        let stands = retraction::find(store.readers(), article.article_id).await.unwrap().is_none();
        assert!(!stands, "{} was missed", article.canonical_url);
    }
}

async fn a_retraction_may_come_before_its_article(database: Database) {
    let store = database.open().await;
    let url = request("https://a.example/early").url;
    retract(&store, ArticleRetracted { article_id: None, url: Some(url.clone()), reason: "r".into() }).await;
    assert!(retraction::find(store.readers(), ArticleId::of_canonical_url(&url)).await.unwrap().is_some());
}

async fn a_retracted_article_can_be_reinstated(database: Database) {
    let store = database.open().await;
    let article_id = article_of(&request("https://a.example/1")).article_id;
    retract(&store, ArticleRetracted { article_id: Some(article_id), url: None, reason: "r".into() }).await;
    let mut tx = store.begin().await.unwrap();
    retraction::reinstate(&mut tx, article_id).await.unwrap();
    assert_eq!(retraction::find(&mut *tx, article_id).await.unwrap(), None);
    tx.rollback().await.unwrap();
    assert!(retraction::find(store.readers(), article_id).await.unwrap().is_some());
    let mut tx = store.begin().await.unwrap();
    retraction::reinstate(&mut tx, article_id).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(retraction::find(store.readers(), article_id).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_killed_server_is_the_fault_of_the_database_and_forgotten_when_it_is_back() {
    let mut database = Database::postgres().await;
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    effect(&mut tx, "lost").await;
    database.server().kill9();
    // The process behind the connection outlives the server's for a moment.
    let error = eventually(LIMIT, "an error", async || tx.execute("select 1").await.err()).await;
    assert_eq!(fault(&error), Fault::Database, "in a transaction: {error}");
    drop(tx);
    let error = store.begin().await.unwrap_err();
    assert_eq!(fault(&error), Fault::Database, "at its beginning: {error}");

    database.server().restart().await;
    write(&store, &[handled("a")], &[]).await;
    assert_eq!((count(&store, "inbox").await, count(&store, "effects").await), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_a_locked_file_is_the_fault_of_the_database_and_can_be_read() {
    let database = Database::sqlite();
    let store = database.open().await;
    let mut other = SqliteConnection::connect(&format!("sqlite://{}", database.file().display())).await.unwrap();
    other.execute("begin immediate").await.unwrap();
    assert_eq!(count(&store, "inbox").await, 0, "readers aren't kept out");
    let error = store.begin().await.unwrap_err();
    assert_eq!(fault(&error), Fault::Database, "{error}");
    other.execute("rollback").await.unwrap();
    write(&store, &[handled("a")], &[]).await;
    assert_eq!(count(&store, "inbox").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_commits_are_synced() {
    let database = Database::sqlite();
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let row =
        tx.fetch_one("select synchronous, journal_mode from pragma_synchronous, pragma_journal_mode").await.unwrap();
    assert_eq!((row.get::<i64, _>(0), row.get::<String, _>(1)), (2, "wal".to_owned()));
}

fn id(name: &str) -> EventId {
    EventId::from(name.to_owned())
}

fn event(name: &str) -> Outgoing {
    let headers = vec![("Nats-Msg-Id".to_owned(), name.to_owned())];
    Outgoing { id: id(name), subject: "kos.article.ingested".into(), headers, body: "{}".into() }
}

fn ids(taken: &outbox::Taken) -> Vec<String> {
    taken.events.iter().map(|e| e.id.to_string()).collect()
}

fn handled(name: &str) -> Handled {
    // The databases keep milliseconds.
    let now = Timestamp::from_millisecond(Timestamp::now().as_millisecond()).unwrap();
    Handled {
        consumer: CONSUMER.into(),
        event_id: id(name),
        event_type: "kos.ingest.requested".into(),
        subject: None,
        article_id: None,
        trace_id: "0".repeat(32),
        cause: None,
        received_at: now,
        handled_at: now,
        attempt: 1,
        outcome: "copied".into(),
        detail: None,
        emitted: Vec::new(),
    }
}

fn attempted(name: &str, subject: Option<&str>) -> Attempted {
    Attempted {
        consumer: CONSUMER.into(),
        event_id: id(name),
        event_type: "kos.ingest.requested".into(),
        subject: subject.map(str::to_owned),
    }
}

fn failed(attempt: u32, reason: &str) -> FailedAttempt {
    let failed_at = Timestamp::from_second(5_000 + i64::from(attempt)).unwrap();
    FailedAttempt { attempt, failed_at, class: "retry".into(), reason: reason.into() }
}

async fn write(store: &Store, handled: &[Handled], events: &[Outgoing]) {
    let mut tx = store.begin().await.unwrap();
    inbox::insert(&mut tx, handled).await.unwrap();
    outbox::insert(&mut tx, events, Timestamp::now()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn effect(tx: &mut kos_shared::store::Tx, url: &str) {
    let sql = "insert into effects (event_id, url, worker) values ('e', $1, 'w')";
    sqlx::query(sql).bind(url.to_owned()).execute(&mut **tx).await.unwrap();
}

async fn retract(store: &Store, data: ArticleRetracted) {
    let at = Timestamp::from_second(77).unwrap();
    let event = Event { attributes: Attributes::original(EventId::new(), "/kos/test", &data, at), data };
    let mut tx = store.begin().await.unwrap();
    Retracting.record(&mut tx, &event, &()).await.unwrap();
    tx.commit().await.unwrap();
}
