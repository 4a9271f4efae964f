//! Search, on both databases: what is found, in which order, page by page, and what isn't found any more.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use kos_publish::{
    comments::Comments,
    lists::live::Live,
    page_states::PageStates,
    pages::Pages,
    routes::{self, SiteParts},
    search::{Budget, Cursor, Query, Searches, Total, WINDOW, Wanted, backfill, find, find_within},
    site::SiteInfo,
    stage::{Publishing, Withdrawing},
    state::MIGRATIONS,
};
use kos_shared::{
    event::{
        Article, ArticleId, ArticleRetracted, ArticleSummarized, Attributes, Event, EventId, Language, Method, Payload,
        Revision, Sentence, Summary,
    },
    process::Process,
    stage::Stage,
    store::Store,
};
use kos_tests::{Database, http_client, on_both_databases, stage};

on_both_databases! {
    chinese_is_found_inside_of_longer_runs
    words_are_found_by_their_stems
    summaries_in_all_languages_are_found
    quotations_and_exclusions_hold
    queries_of_any_shape_are_answered
    a_title_goes_before_a_body_and_new_before_old
    language_source_and_days_filter
    pages_follow_each_other_whatever_comes_meanwhile
    beyond_the_window_results_go_on_by_their_time
    what_is_withdrawn_or_changed_is_not_found_any_more
    what_may_be_in_no_index_is_in_none
    articles_from_before_are_found_after_a_start
    page_and_api_answer_whatever_they_are_asked
    who_has_to_wait_too_long_is_told_so
}

async fn chinese_is_found_inside_of_longer_runs(database: Database) {
    let site = Site::open(&database).await;
    for (name, title, text) in [
        ("simple", "软件更新", "新版安装简单，三分钟就能完成。"),
        ("pending", "法院积案", "仍有两百件待处理的案件。"),
        ("local", "本地菜市场重开", "本地居民早早排队。"),
        ("honda", "本田召回汽车", "本田公司宣布召回。"),
        ("sight", "景点限流", "热门景点实行预约。"),
        ("classic", "经典重映", "经典影片回到影院。"),
        ("traditional", "臺灣經典", "臺灣的電影。"),
        ("shares", "A股上涨", "沪指今天上涨。"),
    ] {
        site.publish(chinese(name, title, text)).await;
    }
    for (query, expected) in [
        ("简单", &["simple"][..]),
        ("安装简单", &["simple"]),
        ("处理", &["pending"]),
        ("待处理", &["pending"]),
        ("本地", &["local"]),
        ("本田", &["honda"]),
        ("景点", &["sight"]),
        ("经典", &["classic"]),
        ("經典", &["traditional"]),
        ("单安", &[]),
        ("车", &["honda"]),
        ("股", &["shares"]),
        ("A股", &["shares"]),
        ("本田 召回", &["honda"]),
        ("本田，居民", &[]),
        ("“三分钟就能完成”", &["simple"]),
        ("分钟完成", &[]),
    ] {
        assert_eq!(site.found(query).await, expected, "{query}");
    }
}

async fn words_are_found_by_their_stems(database: Database) {
    let site = Site::open(&database).await;
    site.publish(english("running", "Runners", "They are running along Zoë’s café since COVID-19.")).await;
    site.publish(english("walking", "Walkers", "They are walking.")).await;
    for query in ["run", "Runs", "RUNNING", "cafe", "CAFÉ", "zoe", "covid-19", "ｒｕｎ", "runner"] {
        assert_eq!(site.found(query).await, ["running"], "{query}");
    }
    assert_eq!(site.found("they walk").await, ["walking"]);
    assert!(site.found("run walk").await.is_empty());
}

async fn summaries_in_all_languages_are_found(database: Database) {
    let site = Site::open(&database).await;
    let mut article = english("ferry", "The ferry runs again", "It leaves at six.");
    article.summaries = vec![summary(Language::CHINESE, Some("渡轮复航"), "渡轮恢复运行。")];
    site.publish(article).await;
    for query in ["渡轮", "复航", "恢复运行", "ferry", "渡轮 six"] {
        assert_eq!(site.found(query).await, ["ferry"], "{query}");
    }
    // The end of one text and the beginning of the next are no row.
    assert!(site.found("\"again it\"").await.is_empty());
}

async fn quotations_and_exclusions_hold(database: Database) {
    let site = Site::open(&database).await;
    site.publish(english("one", "One", "The red boat and the blue ferry.")).await;
    site.publish(english("two", "Two", "The blue boat and the red ferry.")).await;
    assert_eq!(site.found("\"red boat\"").await, ["one"]);
    assert_eq!(site.found("boat -\"red boat\"").await, ["two"]);
    assert!(site.found("boat -ferries").await.is_empty());
    assert_eq!(site.found("red boat").await.len(), 2);
}

async fn queries_of_any_shape_are_answered(database: Database) {
    let site = Site::open(&database).await;
    site.publish(english("near", "NEAR or not", "Not near and NEAR(not far).")).await;
    let long = "word ".repeat(2_000);
    let one = "字".repeat(10_000);
    for query in [
        "",
        " ",
        "\"",
        "\"\"",
        "\"a",
        "'",
        "''",
        "'; drop table articles; --",
        "NEAR(a b)",
        "NEAR",
        "AND",
        "OR NOT",
        "NOT",
        "*",
        "a*",
        "%",
        "_",
        "\0",
        "a\0b",
        "^a",
        "a:b",
        "terms:a",
        "-",
        "-a",
        "--",
        "a -",
        "(",
        ")",
        "()",
        "{a}",
        "a & b",
        "a | !b",
        "a <-> b",
        ":*",
        "a:*",
        "\\",
        "\\'",
        "$1",
        "?1",
        "😀",
        "👨‍👩‍👧",
        "。，！",
        "…",
        "\u{feff}",
        "\u{202e}abc",
        "\u{301}",
        "か゛",
        "\u{e000}en",
        "\u{e003}",
        long.as_str(),
        one.as_str(),
        &"-x ".repeat(500),
        &"\"".repeat(10_000),
    ] {
        site.find(&Wanted { query: Query::parse(query), ..Wanted::default() }, None, 20).await;
    }
    assert_eq!(site.found("NEAR(not far)").await, ["near"], "what looks like syntax is words");
}

async fn a_title_goes_before_a_body_and_new_before_old(database: Database) {
    let site = Site::open(&database).await;
    let filler = "Nothing else happened on the quay this morning. ".repeat(20);
    site.publish(at(english("body-old", "Quay", &format!("A ferry. {filler}")), "2026-01-02T00:00:00Z")).await;
    site.publish(at(english("title", "The ferry", &filler), "2026-01-01T00:00:00Z")).await;
    site.publish(at(english("body-new", "Quay", &format!("A ferry. {filler}")), "2026-01-03T00:00:00Z")).await;
    site.publish(at(english("ancient-title", "The ferry", &filler), "2010-01-01T00:00:00Z")).await;
    assert_eq!(site.found("ferry").await, ["title", "body-new", "body-old", "ancient-title"]);
}

async fn language_source_and_days_filter(database: Database) {
    let site = Site::open(&database).await;
    site.publish(at(english("one", "Ferry", "ferry"), "2026-01-01T23:59:59Z")).await;
    let mut elsewhere = at(english("two", "Ferry", "ferry"), "2026-01-02T00:00:00Z");
    elsewhere.article.site.host = "other-paper.example".into();
    site.publish(elsewhere).await;
    let mut chinese = at(chinese("three", "渡轮 ferry", "渡轮"), "2026-01-03T12:00:00Z");
    chinese.article.language = "zh-Hans-CN".parse().unwrap();
    site.publish(chinese).await;

    let ferry = || Wanted { query: Query::parse("ferry"), ..Wanted::default() };
    let source = Some("Other-Paper.example".to_owned());
    for (wanted, expected) in [
        (Wanted { language: Some(Language::CHINESE), ..ferry() }, &["three"][..]),
        (Wanted { language: Some("en-GB".parse().unwrap()), ..ferry() }, &["two", "one"]),
        (Wanted { source: source.clone(), ..ferry() }, &["two"]),
        (Wanted { source: source.clone(), ..Wanted::default() }, &["two"]),
        (Wanted { source: Some("other".into()), ..ferry() }, &[]),
        (Wanted { source: Some("' OR \"".into()), ..ferry() }, &[]),
        (Wanted { from: Some("2026-01-02".parse().unwrap()), ..ferry() }, &["two", "three"]),
        (Wanted { to: Some("2026-01-01".parse().unwrap()), ..ferry() }, &["one"]),
        (
            Wanted { from: Some("2026-01-02".parse().unwrap()), to: Some("2026-01-02".parse().unwrap()), ..ferry() },
            &["two"],
        ),
        (Wanted { from: Some("9999-12-31".parse().unwrap()), ..ferry() }, &[]),
        (Wanted { to: Some("-009999-01-01".parse().unwrap()), ..ferry() }, &[]),
        (Wanted { to: Some("9999-12-31".parse().unwrap()), source, ..ferry() }, &["two"]),
    ] {
        assert_eq!(site.find(&wanted, None, 20).await.0, expected, "{wanted:?}");
    }
}

async fn pages_follow_each_other_whatever_comes_meanwhile(database: Database) {
    let site = Site::open(&database).await;
    for n in 0..25 {
        // Two of each are equally about it, and of the same second.
        let text = format!("{} {}", "ferry ".repeat(n / 2 + 1), "filler words of no use ".repeat(20));
        site.publish(at(english(&format!("a{n}"), "Quay", &text), "2026-01-02T00:00:00Z")).await;
    }
    let whole = site.found_up_to("ferry", 100).await;
    assert_eq!(whole.len(), 25);
    let mut pages = vec![];
    let mut after = None;
    loop {
        let (names, next, _) = site.find(&wanted("ferry"), after, 7).await;
        pages.extend(names);
        // New ones that come are better than all, and others are in the middle.
        site.publish(english(&format!("new{}", pages.len()), "Ferry ferry", "ferry ferry ferry")).await;
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(pages, whole);
}

async fn beyond_the_window_results_go_on_by_their_time(database: Database) {
    let site = Site::open(&database).await;
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let articles = (0..WINDOW + 30).map(|n| {
        let title = if n < 5 { "Ferry" } else { "Quay" };
        let time = start + jiff::SignedDuration::from_secs(i64::try_from(n).unwrap());
        at(english(&format!("a{n}"), title, "The ferry."), &time.to_string())
    });
    site.publish_all(articles).await;
    let (first, _, total) = site.find(&wanted("ferry"), None, 20).await;
    assert_eq!(total, Some(Total::MoreThan(WINDOW)));
    assert_eq!(first[0], format!("a{}", WINDOW + 29), "an old title is beyond what is ranked");
    let (mut all, mut after) = (vec![], None);
    loop {
        let (names, next, _) = site.find(&wanted("ferry"), after, 100).await;
        all.extend(names);
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(all.len(), WINDOW + 30);
    assert_eq!(all.last().unwrap(), "a0");
    all.sort();
    all.dedup();
    assert_eq!(all.len(), WINDOW + 30, "something came twice");
}

#[tokio::test]
async fn a_search_without_time_looks_at_the_newest_and_goes_on_where_it_stopped() {
    let database = Database::sqlite();
    let site = Site::open(&database).await;
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let articles = (0..100).map(|n| {
        let time = start + jiff::SignedDuration::from_secs(n);
        at(english(&format!("a{n:03}"), if n % 2 == 0 { "Ferry" } else { "Quay" }, "Boats."), &time.to_string())
    });
    site.publish_all(articles).await;
    let budget = Budget { time: Duration::ZERO, first_slice: 10 };
    let (mut all, mut after, mut gave_up) = (vec![], None, 0);
    loop {
        let found = find_within(site.store.readers(), &wanted("ferry boats"), after, 7, budget).await.unwrap();
        assert!(found.hits.len() <= 7 && (found.next.is_some() || !found.gave_up), "{found:?}");
        gave_up += usize::from(found.gave_up);
        all.extend(found.hits.iter().map(|hit| name(&hit.summarized)));
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    let expected: Vec<_> = (0..50).rev().map(|n| format!("a{:03}", n * 2)).collect();
    assert_eq!(all, expected);
    assert!(gave_up >= 5, "{gave_up}");
    // With time, the slices are passed over in one go; one term needs none.
    let patient = Budget { first_slice: 10, ..Budget::default() };
    for (query, budget) in [("ferry boats", patient), ("ferry", budget)] {
        let found = find_within(site.store.readers(), &wanted(query), None, 100, budget).await.unwrap();
        assert_eq!((found.hits.len(), found.total, found.gave_up), (50, Some(Total::Exactly(50)), false), "{query}");
    }
}

async fn what_is_withdrawn_or_changed_is_not_found_any_more(database: Database) {
    let site = Site::open(&database).await;
    site.publish(english("one", "Ferry", "goats")).await;
    site.publish(english("two", "Ferry", "sheep")).await;
    let mut changed = english("two", "Ferry", "cows");
    changed.article.revision = Revision(2);
    site.publish(changed).await;
    site.publish(english("two", "Ferry", "late sheep")).await;
    assert_eq!(site.found("goats").await, ["one"]);
    assert!(site.found("sheep").await.is_empty());
    assert_eq!(site.found("cows").await, ["two"]);
    site.withdraw("one").await;
    assert!(site.found("goats").await.is_empty());
    assert_eq!(site.found("ferry").await, ["two"]);
    assert_eq!(stage::count(&site.store, "search_documents").await, 1);
    let mut forced = english("one", "Ferry", "goats again");
    (forced.article.forced, forced.article.fetched_at) = (true, Timestamp::now());
    site.publish(forced).await;
    assert_eq!(site.found("goats").await, ["one"]);
}

async fn what_may_be_in_no_index_is_in_none(database: Database) {
    let site = Site::open(&database).await;
    let mut hidden = english("hidden", "Goats", "secret goats");
    hidden.article.rights.noindex = true;
    site.publish(hidden).await;
    assert!(site.found("goats").await.is_empty());
    assert_eq!(backfill::run(&site.store, || false).await.unwrap(), 0, "it is not tried again and again");
}

async fn articles_from_before_are_found_after_a_start(database: Database) {
    let site = Site::open(&database).await;
    site.publish_all((0..120).map(|n| english(&format!("a{n}"), "Ferry", "goats"))).await;
    site.withdraw("a7").await;
    let newer = "update search_documents set analysis = 0 where article_id < '8'";
    site.store.execute(sqlx::query(newer)).await.unwrap();
    let mut tx = site.store.begin().await.unwrap();
    for n in 0..10 {
        kos_publish::search::index::remove(&mut tx, id(&format!("a{n}"))).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(backfill::run(&site.store, || true).await.unwrap(), 0, "stopped before it began");
    assert!(backfill::run(&site.store, || false).await.unwrap() > 10);
    assert_eq!(backfill::run(&site.store, || false).await.unwrap(), 0);
    assert_eq!(site.found_up_to("goats", 200).await.len(), 119);
    let old: i64 = sqlx::query_scalar("select count(*) from search_documents where analysis = 0")
        .fetch_one(site.store.readers())
        .await
        .unwrap();
    assert_eq!(old, 0);
}

async fn who_has_to_wait_too_long_is_told_so(database: Database) {
    let site = Site::open(&database).await;
    let origin = site.serve(Searches::at_once(0)).await;
    let get = async |path: &str| {
        let response = http_client().get(format!("{origin}{path}")).send().await.unwrap();
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let (status, kind, again) = (response.status().as_u16(), header("content-type"), header("retry-after"));
        assert_eq!((status, again.parse::<u32>().is_ok()), (503, true), "{path}");
        (kind, response.text().await.unwrap())
    };
    let (page, answer, feed) =
        tokio::join!(get("/search?q=goats&lang=en"), get("/api/v1/search?q=goats"), get("/feed.atom?q=goats"));
    assert!(page.0.starts_with("text/html") && page.1.contains("Too many searches"), "{page:?}");
    for problem in [answer, feed] {
        assert_eq!(problem.0, "application/problem+json");
        assert!(problem.1.contains("too many searches at once"), "{}", problem.1);
    }
}

async fn page_and_api_answer_whatever_they_are_asked(database: Database) {
    let site = Site::open(&database).await;
    for n in 0..30 {
        site.publish(english(&format!("a{n}"), "The ferry", "It has <b>goats</b> & runs again.")).await;
    }
    let origin = site.serve(Searches::of(site.store.readers())).await;
    let get = async |path: &str| {
        let response = http_client().get(format!("{origin}{path}")).send().await.unwrap();
        (response.status().as_u16(), response.headers().clone(), response.text().await.unwrap())
    };
    let (status, _, page) = get("/search?q=goats&lang=en").await;
    assert_eq!(status, 200);
    assert!(page.contains("30 articles") && page.contains("&#60;b&#62;<mark>goats</mark>&#60;/b&#62; &#38;"), "{page}");
    assert!(page.contains("rel=\"next\"") && page.contains("noindex"), "{page}");
    let (_, _, chinese) = get("/search?q=running&lang=zh").await;
    assert!(chinese.contains("找到 30 篇文章") && chinese.contains("<mark>runs</mark>"), "{chinese}");

    let (status, _, first) = get("/api/v1/search?q=ferry&limit=20").await;
    let first: serde_json::Value = serde_json::from_str(&first).unwrap();
    assert_eq!((status, first["items"].as_array().unwrap().len()), (200, 20));
    let next = first["next"].as_str().unwrap();
    let (_, _, second) = get(&format!("/api/v1/search?q=ferry&limit=20&after={next}")).await;
    let second: serde_json::Value = serde_json::from_str(&second).unwrap();
    assert_eq!((second["items"].as_array().unwrap().len(), &second["next"]), (10, &serde_json::Value::Null));
    assert_eq!(first["items"][0]["snippet"]["parts"][0]["match"], false);

    for filter in ["language=not+a+language", "from=yesterday", "to=2026-02-30", "after=x", "limit=0", "limit=101"] {
        let (status, headers, body) = get(&format!("/api/v1/search?q=ferry&{filter}")).await;
        assert_eq!((status, headers["content-type"].to_str().unwrap()), (400, "application/problem+json"), "{filter}");
        assert!(body.contains(filter.split('=').next().unwrap()) && body.contains("expected"), "{body}");
        assert_eq!(get(&format!("/search?q=ferry&{filter}")).await.0, 200, "{filter}");
    }
    let long = "%E5%AD%97".repeat(5_000);
    for query in ["", "q=", "q=%22", "q=*", "q=%00", "q=%25", "q=%FF", "q=NEAR(", "q=%F0%9F%98%80", "q=-x", "q", "&&="]
    {
        for path in ["/search", "/api/v1/search"] {
            assert_eq!(get(&format!("{path}?{query}")).await.0, 200, "{path}?{query}");
        }
    }
    assert_eq!(get(&format!("/search?q={long}")).await.0, 200);
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

    /// Serves the site until the test ends; its address.
    async fn serve(&self, searches: Searches) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let process = Process::new("publish");
        let site = routes::Site::from(SiteParts {
            info: Arc::clone(&self.publishing.site),
            pool: self.store.readers().clone(),
            comments: Arc::new(Comments::off(&self.store).await.unwrap()),
            live: Live::new(1, process.stop.clone()),
            page_states: PageStates::of(self.store.readers().clone()),
            pages: Pages::default(),
            languages: Default::default(),
            searches,
        });
        let app = routes::routes(site, axum::Router::new(), None, &process);
        tokio::spawn(axum::serve(listener, app).into_future());
        origin
    }

    async fn publish(&self, article: ArticleSummarized) {
        self.publish_all([article]).await;
    }

    async fn publish_all(&self, articles: impl IntoIterator<Item = ArticleSummarized>) {
        let mut tx = self.store.begin().await.unwrap();
        for article in articles {
            let event = event(article);
            let done = self.publishing.work(&event).await.unwrap();
            self.publishing.record(&mut tx, &event, &done).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    async fn withdraw(&self, name: &str) {
        let event = event(ArticleRetracted { article_id: Some(id(name)), url: None, reason: "wrong".into() });
        let mut tx = self.store.begin().await.unwrap();
        Withdrawing.record(&mut tx, &event, &()).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn found(&self, query: &str) -> Vec<String> {
        self.found_up_to(query, 20).await
    }

    async fn found_up_to(&self, query: &str, limit: usize) -> Vec<String> {
        let (names, _, total) = self.find(&wanted(query), None, limit).await;
        assert_eq!(total, Some(Total::Exactly(names.len())), "{query}");
        names
    }

    async fn find(
        &self,
        wanted: &Wanted,
        after: Option<Cursor>,
        limit: usize,
    ) -> (Vec<String>, Option<Cursor>, Option<Total>) {
        let found = find(self.store.readers(), wanted, after, limit).await.unwrap();
        assert!(!found.gave_up);
        (found.hits.iter().map(|hit| name(&hit.summarized)).collect(), found.next, found.total)
    }
}

/// What an article was called when it was made.
fn name(summarized: &ArticleSummarized) -> String {
    summarized.article.canonical_url.as_str().rsplit('/').next().unwrap_or_default().to_owned()
}

fn wanted(query: &str) -> Wanted {
    Wanted { query: Query::parse(query), ..Wanted::default() }
}

fn event<P: Payload>(data: P) -> Event<P> {
    Event { attributes: Attributes::original(EventId::new(), "/test", &data, Timestamp::now()), data }
}

fn id(name: &str) -> ArticleId {
    ArticleId::of_canonical_url(&format!("https://paper.example/{name}").parse().unwrap())
}

fn english(name: &str, title: &str, text: &str) -> ArticleSummarized {
    let request = stage::request(&format!("https://paper.example/{name}"));
    let article = Article {
        article_id: id(name),
        title: title.into(),
        text: text.into(),
        body_html: String::new(),
        fetched_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        ..stage::article_of(&request)
    };
    ArticleSummarized { article, summaries: vec![], missing: vec![], attempts: vec![] }
}

fn chinese(name: &str, title: &str, text: &str) -> ArticleSummarized {
    let mut article = english(name, title, text);
    article.article.language = Language::CHINESE;
    article
}

fn at(mut article: ArticleSummarized, time: &str) -> ArticleSummarized {
    article.article.published_at = Some(time.parse().unwrap());
    article
}

fn summary(language: Language, title: Option<&str>, text: &str) -> Summary {
    Summary {
        language,
        title: title.map(str::to_owned),
        text: text.into(),
        sentences: vec![Sentence { text: text.into(), spans: vec![] }],
        method: Method::Llm,
        model: None,
        prompt_version: None,
        checks: vec![],
        fallback: None,
    }
}
