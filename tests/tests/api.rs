//! The API over HTTP: lists, ingestion, errors, limits, and the document that describes it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jiff::{Timestamp, ToSpan};
use kos_publish::{
    comments::Comments,
    lists::{live::Live, stories},
    page_states::PageStates,
    pages::Pages,
    routes::{self, SiteParts},
    search::Searches,
    site::{Passages, SiteInfo},
    state::{self, MIGRATIONS},
};
use kos_shared::{
    event::{ArticleId, ArticleSummarized, Language, Method, Sentence, Summary},
    process::Process,
    store::Store,
};
use kos_tests::{
    Articles, Database, Pipeline, Postgres, Setup, eventually, http_client, on_both_databases,
    stage::{article_of, request},
};
use reqwest::{RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};

on_both_databases! {
    pages_of_articles_follow_each_other_whatever_comes_meanwhile
    articles_are_listed_by_source_and_language
    a_story_names_who_else_tells_it
    sources_are_listed_by_host
    what_cannot_be_read_is_named_and_nothing_fails
}

const TOKEN: &str = "a token for tests";

const LIMIT: Duration = Duration::from_secs(60);

/// An answer.
#[derive(Debug)]
struct Seen {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The detail of a problem.
    fn problem(&self, status: u16) -> String {
        let problem = self.json();
        assert_eq!((self.status, self.header("content-type")), (status, "application/problem+json"), "{self:?}");
        assert_eq!((&problem["status"], problem["type"].is_string()), (&json!(status), true), "{self:?}");
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()), "{self:?}");
        problem["detail"].as_str().unwrap().to_owned()
    }
}

async fn send(request: RequestBuilder) -> Seen {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Seen { status, headers, body: response.text().await.unwrap() }
}

/// A site without a bus.
struct Site {
    store: Store,
    origin: String,
}

impl Site {
    async fn open(database: &Database) -> Self {
        let store = Store::open(database.config(), "publish", MIGRATIONS).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let process = Process::new("publish");
        let url = "https://site.example".parse().unwrap();
        let site = routes::Site::from(SiteParts {
            info: Arc::new(SiteInfo { name: "Site".into(), url, language: Language::ENGLISH }),
            pool: store.readers().clone(),
            comments: Arc::new(Comments::off(&store).await.unwrap()),
            live: Live::new(1, process.stop.clone()),
            page_states: PageStates::of(store.readers().clone()),
            pages: Pages::default(),
            languages: Default::default(),
            searches: Searches::of(store.readers()),
        });
        let app = routes::routes(site, axum::Router::new(), None, &process);
        tokio::spawn(axum::serve(listener, app).into_future());
        Self { store, origin }
    }

    async fn get(&self, path: &str) -> Seen {
        send(http_client().get(format!("{}{path}", self.origin))).await
    }

    async fn publish(&self, second: i64, article: &ArticleSummarized) {
        let mut tx = self.store.begin().await.unwrap();
        let now = "2026-01-22T00:00:00Z".parse::<Timestamp>().unwrap() + second.seconds();
        state::put_article(&mut tx, article, "<p>body</p>", &Passages::default(), now).await.unwrap();
        stories::put(&mut tx, article, now).await.unwrap();
        tx.commit().await.unwrap();
    }
}

fn article(url: &str) -> ArticleSummarized {
    let mut article = article_of(&request(url));
    article.title = format!("Told at {url}");
    let summary = Summary {
        language: Language::CHINESE,
        title: Some("渡轮".into()),
        text: "渡轮恢复运行。它走了。".into(),
        sentences: vec![Sentence { text: "渡轮恢复运行。".into(), spans: vec![] }],
        method: Method::Extractive,
        model: None,
        prompt_version: None,
        checks: vec![],
        fallback: None,
    };
    ArticleSummarized { article, summaries: vec![summary], missing: vec![], attempts: vec![] }
}

fn titles(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["title"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()).collect()
}

async fn pages_of_articles_follow_each_other_whatever_comes_meanwhile(database: Database) {
    let site = Site::open(&database).await;
    for number in 1..=5 {
        // Two of them come in the same moment.
        site.publish(number / 2, &article(&format!("https://a.example/{number}"))).await;
    }
    let first = site.get("/api/v1/articles?limit=2").await.json();
    site.publish(90, &article("https://a.example/6")).await;
    let (mut read, mut page) = (titles(&first), first.clone());
    while let Some(next) = page["next"].as_str() {
        page = site.get(&format!("/api/v1/articles?limit=2&after={next}")).await.json();
        read.extend(titles(&page));
    }
    assert_eq!(read.len(), 5, "{read:?}");
    assert_eq!(read.iter().collect::<BTreeSet<_>>().len(), 5, "{read:?}");
    assert_eq!(titles(&site.get("/api/v1/articles").await.json())[0], "6");

    let item = &site.get("/api/v1/articles?limit=1").await.json()["items"][0];
    let id = item["article_id"].as_str().unwrap();
    assert_eq!(item["page_url"], format!("https://site.example/articles/{id}"));
    assert_eq!(item["site"]["host"], "a.example");
    assert_eq!(item["added_at"], "2026-01-22T00:01:30Z");
    let beginning = json!([{"language": "zh", "title": "渡轮", "first_sentence": "渡轮恢复运行。"}]);
    assert_eq!((&item["summaries"], &item["comments"]), (&beginning, &json!(0)));
    let whole = site.get(&format!("/api/v1/articles/{id}")).await.json();
    assert_eq!((&whole["article_id"], &whole["title"]), (&item["article_id"], &item["title"]));
    assert_eq!(whole["related"], json!([]));
}

async fn articles_are_listed_by_source_and_language(database: Database) {
    let site = Site::open(&database).await;
    for (second, url, language) in
        [(1, "https://a.example/1", "en-GB"), (2, "https://a.example/2", "zh"), (3, "https://b.example/3", "en")]
    {
        let mut article = article(url);
        article.article.language = language.parse().unwrap();
        site.publish(second, &article).await;
    }
    for (query, expected) in [
        ("", &["3", "2", "1"][..]),
        ("language=en", &["3", "1"]),
        ("language=EN_us", &["3", "1"]),
        ("source=A.example", &["2", "1"]),
        ("source=a.example&language=zh", &["2"]),
        ("source=c.example", &[]),
        ("language=&source=&limit=&after=", &["3", "2", "1"]),
    ] {
        assert_eq!(titles(&site.get(&format!("/api/v1/articles?{query}")).await.json()), expected, "{query}");
    }
}

async fn a_story_names_who_else_tells_it(database: Database) {
    let site = Site::open(&database).await;
    let (original, mut copy) = (article("https://a.example/1"), article("https://b.example/2"));
    copy.article.duplicate_of = Some(original.article.article_id);
    site.publish(1, &original).await;
    site.publish(2, &copy).await;
    let list = site.get("/api/v1/articles").await.json();
    assert_eq!(titles(&list), ["1"]);
    let also_at = &list["items"][0]["also_at"];
    assert_eq!(also_at[0]["article_id"], json!(copy.article.article_id));
    assert_eq!((&also_at[0]["site"]["host"], also_at.as_array().unwrap().len()), (&json!("b.example"), 1));
    assert_eq!(titles(&site.get("/api/v1/articles?source=b.example").await.json()), ["2"]);
}

async fn sources_are_listed_by_host(database: Database) {
    let site = Site::open(&database).await;
    for (second, url) in [(1, "https://b.example/1"), (2, "https://a.example/2"), (3, "https://a.example/3")] {
        site.publish(second, &article(url)).await;
    }
    let first = site.get("/api/v1/sources?limit=1").await.json();
    assert_eq!(first["next"], "a.example");
    let source = &first["items"][0];
    assert_eq!((&source["host"], &source["articles"]), (&json!("a.example"), &json!(2)));
    assert_eq!(source["newest_at"], "2026-01-22T00:00:03Z");
    assert_eq!(source["page_url"], "https://site.example/sources/a.example");
    let second = site.get("/api/v1/sources?limit=1&after=a.example").await.json();
    assert_eq!((&second["items"][0]["host"], &second["next"]), (&json!("b.example"), &Value::Null));
}

async fn what_cannot_be_read_is_named_and_nothing_fails(database: Database) {
    let site = Site::open(&database).await;
    site.publish(1, &article("https://a.example/1")).await;
    for (path, name) in [
        ("articles?limit=0", "limit"),
        ("articles?limit=101", "limit"),
        ("articles?after=x", "after"),
        ("articles?language=no+tag", "language"),
        ("articles?source=%00", "source"),
        ("sources?limit=many", "limit"),
        ("sources?after=%00", "after"),
        ("search?q=x&from=yesterday", "from"),
    ] {
        let detail = site.get(&format!("/api/v1/{path}")).await.problem(400);
        assert!(detail.starts_with(name) && detail.contains("expected"), "{path}: {detail}");
    }
    for query in ["q=%FF", "%FF=%FF", "&&=", "after=1-2&x", "source=%FF", "source=%27%3B--", "language=xx", "q"] {
        for path in ["articles", "sources", "search"] {
            let seen = site.get(&format!("/api/v1/{path}?{query}")).await;
            assert!(matches!(seen.status, 200 | 400), "{path}?{query}: {seen:?}");
        }
    }
    for path in [
        "/?source=%00",
        "/sources/%00",
        "/sources?after=%00",
        "/?after=%00",
        "/?language=%00",
        "/digest/%00",
        "/feed.atom?source=%00&q=%00",
    ] {
        let seen = site.get(path).await;
        assert!(seen.status < 500, "{path}: {seen:?}");
    }
    for (path, status) in [
        ("/sources/a.example", 200),
        ("/sources/a.example?language=fr", 200),
        ("/sources/nowhere.example", 404),
        ("/sources/nowhere.example?language=fr", 404),
    ] {
        assert_eq!(site.get(path).await.status, status, "{path}");
    }
    assert!(site.get("/api/v1/articles/%FF").await.problem(400).contains("UTF-8"));
    for path in ["articles/7", "articles/7/comments", "nothing", "", "articles/", "articles/7/x"] {
        site.get(&format!("/api/v1/{path}")).await.problem(404);
    }
    for (method, path) in
        [("POST", "articles"), ("DELETE", "articles/7"), ("GET", "ingest"), ("PUT", "comments/7/reject")]
    {
        let request = http_client().request(method.parse().unwrap(), format!("{}/api/v1/{path}", site.origin));
        let seen = send(request).await;
        assert!(seen.problem(405).starts_with(method), "{seen:?}");
        let allowed = if path == "articles" || path == "articles/7" { "GET,HEAD" } else { "POST" };
        assert!(
            allowed.starts_with(seen.header("allow")) || seen.header("allow") == allowed,
            "{method} {path}: {seen:?}"
        );
    }
    // Without an operator's token there is nothing that only an operator may.
    for (method, path) in [("POST", "ingest"), ("GET", "comments"), ("POST", "comments/7/approve")] {
        let request = http_client().request(method.parse().unwrap(), format!("{}/api/v1/{path}", site.origin));
        assert!(send(request.bearer_auth("")).await.problem(404).contains("KOS_ADMIN_TOKEN"), "{method} {path}");
    }
}

async fn pipeline(postgres: Option<&str>) -> Pipeline {
    let variables = &[("KOS_ADMIN_TOKEN", TOKEN), ("KOS_TRUSTED_PROXIES", "127.0.0.0/8")];
    Pipeline::start_with(Setup { postgres, variables, ..Setup::default() }).await
}

fn posted(pipeline: &Pipeline, body: impl Into<reqwest::Body>) -> RequestBuilder {
    let request = http_client().post(pipeline.site("/api/v1/ingest")).header("content-type", "application/json");
    request.bearer_auth(TOKEN).body(body)
}

#[tokio::test]
async fn a_page_that_is_sent_is_read_on_sqlite() {
    a_page_that_is_sent_is_read(None).await;
}

#[tokio::test]
async fn a_page_that_is_sent_is_read_on_postgres() {
    let server = Postgres::start().await;
    a_page_that_is_sent_is_read(Some(&server.create_database("kos").await)).await;
}

async fn a_page_that_is_sent_is_read(postgres: Option<&str>) {
    let pipeline = pipeline(postgres).await;
    let (article, large) = (Articles::new(7).page(0), Articles::new(8).page_bytes(5_000_000).page(1));
    assert!(large.html.len() >= 5_000_000);
    for article in [&article, &large] {
        let body = json!({"url": article.url, "html": article.html, "hints": {"title": "A hint"}, "x-desk": 7});
        let seen = send(posted(&pipeline, body.to_string())).await;
        assert_eq!(seen.status, 202, "{seen:?}");
        assert_eq!(seen.json()["url"], article.url);
        assert_eq!(seen.header("access-control-allow-origin"), "");
        let stored = pipeline.stored("KOS_INGEST").await.pop().unwrap();
        assert_eq!(stored.header("ce-id"), seen.json()["event_id"].as_str().unwrap());
        assert_eq!((stored.subject.as_str(), stored.header("ce-source")), ("kos.ingest.requested", "/kos/api"));
        assert_eq!(stored.json(), body, "what nobody knows travels along");
        let id = ArticleId::of_canonical_url(&article.url.parse().unwrap());
        pipeline.page(&format!("/articles/{id}"), 200).await;
        let listed = send(http_client().get(pipeline.site("/api/v1/articles"))).await;
        assert_eq!(listed.json()["items"][0]["article_id"], json!(id));
        assert_eq!(listed.header("access-control-allow-origin"), "*");
        let tag = listed.header("etag");
        let again = http_client().get(pipeline.site("/api/v1/articles")).header("if-none-match", tag);
        assert_eq!(send(again).await.status, 304);
    }
}

#[tokio::test]
async fn what_is_no_page_to_take_in_is_refused_with_the_reason() {
    let pipeline = pipeline(None).await;
    let good = r#"{"url": "https://paper.example/1"}"#;
    let post = || http_client().post(pipeline.site("/api/v1/ingest")).header("content-type", "application/json");
    for nobody in [post(), post().bearer_auth("another"), post().basic_auth("a", Some(TOKEN)), post().bearer_auth("")] {
        let seen = send(nobody.body(good)).await;
        assert!(seen.problem(401).contains("Bearer"), "{seen:?}");
        assert_eq!(seen.header("www-authenticate"), "Bearer");
    }
    for (body, field) in [
        ("", "body: expected JSON"),
        ("\u{feff}{}", "body: expected JSON"),
        ("[]", "body: expected a JSON object"),
        ("{}", "url: is missing"),
        (r#"{"url": "javascript:alert(1)"}"#, "url: expected an absolute http or https address"),
        (r#"{"url": "https://a.example", "html": 7}"#, "html: "),
        (
            r#"{"url": "https://a.example", "hints": {"published_at": "yesterday"}}"#,
            "hints.published_at: expected a time",
        ),
        (r#"{"url": "https://a.example", "hints": {"authors": ["a", 7]}}"#, "hints.authors[1]: "),
    ] {
        let detail = send(posted(&pipeline, body)).await.problem(422);
        assert!(detail.starts_with(field), "{body}: {detail}");
    }
    let plain = || http_client().post(pipeline.site("/api/v1/ingest")).bearer_auth(TOKEN).body(good);
    for request in [plain(), plain().header("content-type", "application/x-www-form-urlencoded")] {
        assert!(send(request).await.problem(415).contains("application/json"));
    }
    let large = json!({"url": "https://a.example", "html": " ".repeat(7_600_000)}).to_string();
    assert!(send(posted(&pipeline, large)).await.problem(413).contains("7500000"));
    assert!(pipeline.stored("KOS_INGEST").await.is_empty());
}

#[tokio::test]
async fn a_client_that_asks_too_much_waits_and_no_other() {
    let pipeline = pipeline(None).await;
    let ask = async |client: &str| {
        send(http_client().get(pipeline.site("/api/v1/sources")).header("x-forwarded-for", client)).await
    };
    let first = ask("192.0.2.1").await;
    assert_eq!(first.header("ratelimit-policy"), "\"address\";q=600;w=60");
    assert!(first.header("ratelimit").starts_with("\"address\";r=599;t="), "{first:?}");
    // More than a window takes, should one end meanwhile.
    let mut refused = None;
    for _ in 0..1_500 {
        let seen = ask("192.0.2.1").await;
        if seen.status == 429 {
            refused = Some(seen);
            break;
        }
        assert_eq!(seen.status, 200, "{seen:?}");
    }
    let refused = refused.unwrap();
    refused.problem(429);
    let problem = refused.json();
    assert_eq!(problem["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
    assert_eq!(problem["violated-policies"], json!(["address"]));
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait) && refused.header("ratelimit").starts_with("\"address\";r=0;t="), "{refused:?}");
    assert_eq!(refused.header("access-control-allow-origin"), "*", "scripts elsewhere are to see it, too");
    assert_eq!(ask("192.0.2.2").await.status, 200);
    let operator = http_client().get(pipeline.site("/api/v1/comments")).bearer_auth(TOKEN);
    let operator = send(operator.header("x-forwarded-for", "192.0.2.1")).await;
    assert_eq!((operator.status, operator.header("ratelimit")), (200, ""), "the operator is not counted");
    assert_eq!(operator.header("access-control-allow-origin"), "");
    assert_eq!(pipeline.get("/sources").await.status, 200, "pages are not counted");
}

#[tokio::test]
async fn the_document_describes_what_is_answered() {
    let pipeline = pipeline(None).await;
    let document = pipeline.get("/api/v1/openapi.json").await;
    assert_eq!((document.status, document.content_type.as_str()), (200, "application/json"));
    let document: Value = serde_json::from_str(&document.body).unwrap();
    assert_eq!(document["openapi"], "3.1.1");
    assert_eq!(document["servers"][0]["url"], pipeline.site("/api/v1"));
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            operations += 1;
            let address = pipeline.site(&format!("/api/v1{}", path.replace("{id}", "7")));
            let request = || http_client().request(method.to_uppercase().parse().unwrap(), &address);
            let is_described = |seen: &Seen| {
                let response = &operation["responses"][seen.status.to_string()];
                let media_type = seen.header("content-type");
                assert!(response["content"][media_type].is_object(), "{method} {path}: {seen:?}");
                for header in response["headers"].as_object().unwrap().keys() {
                    // Of the operator nothing is counted.
                    let is_there = seen.headers.contains_key(header) || header.starts_with("RateLimit");
                    assert!(is_there, "{method} {path}: {header} is missing: {seen:?}");
                }
            };
            let anyone = send(request()).await;
            is_described(&anyone);
            let is_operators = operation["security"] != json!([]);
            assert_eq!(anyone.status == 401, is_operators, "{method} {path}: {anyone:?}");
            assert!(anyone.headers.contains_key("ratelimit"), "{anyone:?}");
            is_described(&send(request().bearer_auth(TOKEN)).await);
            let is_public = method == "get" && !is_operators;
            let origin = anyone.header("access-control-allow-origin");
            assert_eq!(origin, if is_public { "*" } else { "" }, "{method} {path}");
        }
    }
    assert_eq!(operations, 10);
}

#[tokio::test]
async fn while_the_bus_is_gone_nothing_is_taken_and_reading_goes_on() {
    let mut pipeline = pipeline(None).await;
    pipeline.nats().kill9();
    let body = json!({"url": "https://paper.example/1"}).to_string();
    let seen = eventually(LIMIT, "an answer", async || {
        let seen = send(posted(&pipeline, body.clone())).await;
        if seen.status == 503 { Ok(seen) } else { Err(format!("{seen:?}")) }
    })
    .await;
    seen.problem(503);
    assert_eq!(seen.header("retry-after"), "10");
    assert_eq!(pipeline.get("/api/v1/articles").await.status, 200);
}
