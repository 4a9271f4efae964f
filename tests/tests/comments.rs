//! Comments over HTTP, on both databases: from the form over the operator's approval to readers, what is refused, and a
//! flood.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use kos_shared::event::ArticleId;
use kos_tests::{Articles, Pipeline, Postgres, Setup, eventually, http_client};
use reqwest::{RequestBuilder, Response, header};
use serde_json::{Value, json};
use url::form_urlencoded;

const ADMIN: &str = "a token of the operator's";
const VARIABLES: &[(&str, &str)] = &[("KOS_ADMIN_TOKEN", ADMIN), ("KOS_TRUSTED_PROXIES", "127.0.0.0/8")];
const LIMIT: Duration = Duration::from_secs(60);

/// Text that would be more than text, were it not escaped.
const HOSTILE: &str = "<script>alert(1)</script> <img src=x onerror=alert(2)> \u{202e}javascript:alert(3) https://a.example/?\"onmouseover=alert(4)";

#[tokio::test]
async fn sqlite_keeps_comments_until_they_are_approved() {
    let pipeline = start(None, VARIABLES).await;
    a_comment_is_seen_once_it_is_approved(&pipeline).await;
    what_is_no_proper_comment_is_refused(&pipeline).await;
}

#[tokio::test]
async fn postgres_keeps_comments_until_they_are_approved() {
    let server = Postgres::start().await;
    let url = server.create_database("kos").await;
    let pipeline = start(Some(&url), VARIABLES).await;
    a_comment_is_seen_once_it_is_approved(&pipeline).await;
    what_is_no_proper_comment_is_refused(&pipeline).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_withstands_a_flood() {
    a_flood_is_held_back_and_the_site_answers(Arc::new(start(None, VARIABLES).await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_withstands_a_flood() {
    let server = Postgres::start().await;
    let url = server.create_database("kos").await;
    a_flood_is_held_back_and_the_site_answers(Arc::new(start(Some(&url), VARIABLES).await)).await;
}

#[tokio::test]
async fn without_comments_and_an_operator_there_are_no_such_addresses() {
    let pipeline = start(None, &[("KOS_COMMENTS", "off")]).await;
    let path = article(&pipeline, 1).await;
    let page = pipeline.get(&path).await.body;
    assert!(!page.contains("发表评论") && !page.contains("暂无评论"), "{page}");
    for gone in [
        format!("{path}/comments"),
        format!("/api/v1{path}/comments"),
        "/comments.atom".into(),
        "/api/v1/comments".into(),
    ] {
        assert_eq!(pipeline.get(&gone).await.status, 404, "{gone}");
    }
    let reader = Reader::at(&pipeline, "192.0.2.1");
    let refused = reader.post(&format!("{path}/comments"), &[("name", "a"), ("text", "b")]).await;
    assert_eq!(refused.status, 404);
}

#[tokio::test]
async fn what_was_changed_since_it_was_read_is_not_approved() {
    let pipeline = start(None, VARIABLES).await;
    let path = article(&pipeline, 1).await;
    let mut ada = Reader::at(&pipeline, "192.0.2.1");
    assert_eq!(ada.comment(&path, "Ada", "Harmless words").await.status, 303);
    let read = waiting(&pipeline).await[0].clone();
    let (id, revision) = (read["comment_id"].as_str().unwrap(), &read["revision"]);
    let desk = Desk::open(&pipeline).await;
    let seen = desk.comments().await;
    assert!(seen.contains("Harmless words") && seen.contains(r#"name="revision" value="1""#), "{seen}");

    let edit = format!("{path}/comments/{id}/edit");
    let form = ada.get(&edit).await.body;
    assert_eq!(ada.send(&edit, &form, &[("name", "Ada"), ("text", "Harmful words")]).await.status, 303);
    assert_eq!(operator(&pipeline, "POST", &format!("/{id}/approve?revision={revision}"), Some(ADMIN)).await.0, 409);
    let refused = desk.approve(id, "1").await;
    assert!(refused.status == 409 && refused.body.contains("评论刚刚发生了变化"), "{refused:?}");
    assert_eq!(desk.approve(id, "").await.status, 422, "a form that doesn't say what was seen");
    assert!(!pipeline.get(&path).await.body.contains("Harmful"), "what nobody has read is approved");

    assert!(desk.comments().await.contains("Harmful words"));
    assert_eq!(desk.approve(id, "2").await.status, 303);
    assert!(pipeline.get(&path).await.body.contains("Harmful words"));
    assert_eq!(operator(&pipeline, "POST", &format!("/{id}/approve?revision=first"), Some(ADMIN)).await.0, 400);
}

#[tokio::test]
async fn where_comments_are_open_they_are_seen_at_once() {
    let pipeline = start(None, &[("KOS_COMMENTS", "open")]).await;
    let path = article(&pipeline, 1).await;
    let mut reader = Reader::at(&pipeline, "127.0.0.1");
    let posted = reader.comment(&path, "Ada", "At once.").await;
    assert!(posted.location.contains("?comment=posted#comment-"), "{posted:?}");
    assert!(pipeline.get(&path).await.body.contains("At once."));
    assert_eq!(told(&pipeline, 1).await[0]["text"], "At once.");
}

async fn a_comment_is_seen_once_it_is_approved(pipeline: &Pipeline) {
    let path = article(pipeline, 1).await;
    let empty = pipeline.get(&path).await.body;
    assert!(empty.contains("暂无评论") && empty.contains("发表评论"), "{empty}");

    // Posted: its author sees it, and nobody else does, anywhere.
    let mut ada = Reader::at(pipeline, "192.0.2.1");
    let posted = ada.comment(&path, "Ada", "First words, see https://a.example/x.").await;
    assert_eq!(posted.status, 303, "{posted:?}");
    assert!(posted.location.starts_with(&format!("{path}?comment=waiting#comment-")), "{posted:?}");
    let own = ada.get(&format!("{path}?comment=waiting")).await.body;
    assert!(own.contains("First words") && own.contains("等待审核") && own.contains("role=\"status\""), "{own}");
    let api = format!("/api/v1{path}/comments");
    for public in [path.clone(), api.clone(), "/comments.atom".into(), format!("{path}/comments"), "/".into()] {
        assert!(!pipeline.get(&public).await.body.contains("First words"), "{public} shows what waits");
    }
    assert_eq!(told(pipeline, 0).await, Vec::<Value>::new());

    // Only the operator sees the queue, and decides.
    for token in [None, Some(""), Some("a token of the operator'S")] {
        assert_eq!(operator(pipeline, "GET", "?state=pending", token).await.0, 401, "{token:?}");
    }
    let id = waiting(pipeline).await[0]["comment_id"].as_str().unwrap().to_owned();
    assert_eq!(operator(pipeline, "POST", &format!("/{id}/approve"), None).await.0, 401);
    assert_eq!(decide(pipeline, &id, "approve").await, 200);
    assert_eq!(decide(pipeline, &id, "approve").await, 200);
    let page = pipeline.get(&path).await.body;
    assert!(page.contains("1 条评论") && page.contains("First words"), "{page}");
    assert!(
        page.contains(r#"<a href="https://a.example/x" rel="nofollow ugc noopener">https://a.example/x</a>."#),
        "{page}"
    );
    assert!(!page.contains("/edit\""), "a stranger is offered to change it: {page}");
    assert!(pipeline.get("/comments.atom").await.body.contains("First words"));
    let list: Value = serde_json::from_str(&pipeline.get(&api).await.body).unwrap();
    assert_eq!((&list["comments"][0]["name"], &list["next"]), (&json!("Ada"), &Value::Null));
    let events = told(pipeline, 1).await;
    assert_eq!((&events[0]["comment_id"], &events[0]["revision"]), (&json!(id), &json!(1)));

    // An answer, and no answer to an answer.
    let mut ben = Reader::at(pipeline, "192.0.2.2");
    let form = ben.get(&format!("{path}/comments?reply={id}")).await.body;
    assert!(form.contains("回复评论") && form.contains("First words"), "{form}");
    assert_eq!(ben.answer(&path, "Ben", HOSTILE, Some(&id)).await.status, 303);
    let answer = waiting(pipeline).await[0]["comment_id"].as_str().unwrap().to_owned();
    assert_eq!(ben.answer(&path, "Ben", "Too early", Some(&answer)).await.status, 422);
    assert_eq!(decide(pipeline, &answer, "approve").await, 200);
    assert_eq!(ben.answer(&path, "Ben", "Too deep", Some(&answer)).await.status, 422);
    let page = pipeline.get(&path).await.body;
    assert!(
        page.contains("&#60;script&#62;alert(1)") && !page.contains("<script>alert") && !page.contains("<img src=x"),
        "{page}"
    );
    assert!(!page.contains('\u{202e}') && !page.contains("\"onmouseover"), "{page}");
    assert!(page.find("First words") < page.find("alert(1)"), "{page}");

    // Changed, and so waiting again, and approved.
    let edit = format!("{path}/comments/{id}/edit");
    assert_eq!(ben.get(&edit).await.status, 403, "somebody else changes it");
    let form = ada.get(&edit).await.body;
    assert!(form.contains("First words"), "{form}");
    let changed = ada.send(&edit, &form, &[("name", "Ada"), ("text", "Second words")]).await;
    assert_eq!(changed.status, 303, "{changed:?}");
    let page = pipeline.get(&path).await.body;
    assert!(!page.contains("First words") && !page.contains("Second words"), "{page}");
    assert_eq!(decide(pipeline, &id, "approve").await, 200);
    let page = pipeline.get(&path).await.body;
    assert!(page.contains("Second words") && page.contains("已修改"), "{page}");
    let events = told(pipeline, 3).await;
    assert_eq!((&events[2]["text"], &events[2]["revision"]), (&json!("Second words"), &json!(2)));

    // Deleted: its place is kept, since it was answered.
    let delete = format!("{path}/comments/{id}/delete");
    let form = ada.get(&delete).await.body;
    assert_eq!(ben.send(&delete, &form, &[]).await.status, 403);
    assert_eq!(ada.send(&delete, &form, &[]).await.status, 303);
    let page = pipeline.get(&path).await.body;
    assert!(!page.contains("Second words") && page.contains("该评论已删除") && page.contains("1 条评论"), "{page}");
    let kept: i64 = pipeline.query("publish", "select count(*) from comments where body like 'Second%'").await;
    assert_eq!(kept, 0, "the words of a deleted comment are kept");
    assert_eq!(decide(pipeline, &id, "approve").await, 404);
    assert_eq!(decide(pipeline, &answer, "reject").await, 200);
    assert!(!pipeline.get(&path).await.body.contains("alert(1)"));
    let counted: i64 = pipeline.query("publish", "select count(*) from comment_counts where approved <> 0").await;
    assert_eq!(counted, 0, "an article counts comments that nobody sees");
}

async fn what_is_no_proper_comment_is_refused(pipeline: &Pipeline) {
    let path = article(pipeline, 2).await;
    let form = format!("{path}/comments");
    let before: i64 = pipeline.query("publish", "select count(*) from comments").await;
    let reader = Reader::at(pipeline, "192.0.2.10");
    let token = reader.token(&path).await;
    let filled = |name: &str, text: &str, more: &[(&str, &str)]| {
        let mut fields = vec![("token", token.as_str()), ("name", name), ("text", text)];
        fields.extend(more);
        encoded(&fields)
    };
    let send = async |path: &str, body: String, headers: &[(&str, &str)]| {
        let mut request = reader.request(http_client().post(pipeline.site(path)));
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Reply::of(request.body(body).send().await.unwrap()).await
    };

    let fast = send(&form, filled("Ada", "typed & kept", &[]), &[]).await;
    assert_eq!(fast.status, 422, "{fast:?}");
    assert!(
        fast.body.contains("提交得太快")
            && fast.body.contains("typed &#38; kept")
            && fast.body.contains("value=\"Ada\"")
    );
    eventually(LIMIT, "a form that may be sent", async || match send(&form, filled("", "x", &[]), &[]).await {
        reply if reply.body.contains("提交得太快") => Err("too fast".to_owned()),
        _ => Ok(()),
    })
    .await;

    let long_name = "n".repeat(41);
    let long_text = "t".repeat(4_001);
    for (status, why, body, headers) in [
        (422, "昵称：至少", filled(" \u{202e}", "x", &[]), vec![]),
        (422, "昵称：最多 40", filled(&long_name, "x", &[]), vec![]),
        (422, "评论：至少", filled("Ada", "\u{200b}", &[]), vec![]),
        (422, "评论：最多 4,000", filled("Ada", &long_text, &[]), vec![]),
        (422, "最多 2 个链接", filled("Ada", "http://a.example http://b.example www.c.example", &[]), vec![]),
        (422, "应当留空", filled("Ada", "x", &[("website", "http://a.example")]), vec![]),
        (422, "要回复的评论", filled("Ada", "x", &[("parent", "01890a5d-ac96-774b-bcce-b302099a8057")]), vec![]),
        (422, "要回复的评论", filled("Ada", "x", &[("parent", "'; drop table comments")]), vec![]),
        (403, "无法识别", filled("Ada", "x", &[("token", "18c.AAAA")]), vec![]),
        (403, "其他网站", filled("Ada", "x", &[]), vec![("sec-fetch-site", "cross-site")]),
        (403, "其他网站", filled("Ada", "x", &[]), vec![("origin", "https://evil.example")]),
    ] {
        let refused = send(&form, body, &headers).await;
        assert_eq!(refused.status, status, "{why}: {refused:?}");
        assert!(refused.body.contains(why), "{why} is not said: {}", refused.body);
    }
    let json =
        reader.request(http_client().post(pipeline.site(&form)).header(header::CONTENT_TYPE, "application/json"));
    let refused = Reply::of(json.body("{}").send().await.unwrap()).await;
    assert_eq!(refused.status, 415);
    assert!(refused.body.contains("application/x-www-form-urlencoded"), "{refused:?}");
    assert_eq!(send(&form, filled("Ada", &"t".repeat(40_000), &[]), &[]).await.status, 413);
    let other = article(pipeline, 3).await;
    assert_eq!(
        send(&format!("{other}/comments"), filled("Ada", "x", &[]), &[]).await.status,
        403,
        "another article's form"
    );
    for nothing in ["/articles/x/comments", "/articles/01890a5d-ac96-774b-bcce-b302099a8057/comments"] {
        assert_eq!(send(nothing, filled("Ada", "x", &[]), &[]).await.status, 404);
    }
    let after: i64 = pipeline.query("publish", "select count(*) from comments").await;
    assert_eq!(after, before, "something that was refused was kept");

    // The same words again, from elsewhere and dressed up; and more than one address may send.
    assert_eq!(send(&form, filled("Ada", "The same words", &[]), &[]).await.status, 303);
    assert_eq!(
        send(&form, filled("Eve", "the SAME, words!", &[]), &[("x-forwarded-for", "192.0.2.99")]).await.status,
        409
    );
    let mut last = 303;
    for number in 0..10 {
        let reply = send(&form, filled("Ada", &format!("Comment number {number}"), &[]), &[]).await;
        last = reply.status;
        assert!(matches!(last, 303 | 429), "{reply:?}");
        assert_eq!(last == 429, reply.retry_after > 0, "{reply:?}");
    }
    assert_eq!(last, 429, "an address may send as much as it likes");
    let said = waiting(pipeline).await.into_iter().find(|comment| comment["text"] == "The same words").unwrap();
    let said = said["comment_id"].as_str().unwrap();
    assert_eq!(decide(pipeline, said, "approve").await, 200);
    let answer = send(&form, filled("Ada", "An answer", &[("parent", said)]), &[]).await;
    assert!(
        answer.status == 429 && answer.body.contains("<div class=\"said\" lang=\"\"><p dir=\"auto\">The same words"),
        "{answer:?}"
    );

    // No comments on what was withdrawn, and none of it any more.
    let waits = waiting(pipeline).await[0]["comment_id"].as_str().unwrap().to_owned();
    let retraction = json!({"article_id": path.rsplit('/').next(), "reason": "it was wrong"});
    pipeline.publish("kos.article.retracted", retraction.to_string()).await;
    pipeline.page(&path, 410).await;
    assert_eq!(send(&form, filled("Ada", "afterwards", &[]), &[]).await.status, 410);
    assert_eq!(pipeline.get(&format!("/api/v1{path}/comments")).await.status, 410);
    assert_eq!(decide(pipeline, &waits, "approve").await, 409);
    assert!(waiting(pipeline).await.iter().all(|comment| comment["comment_id"] != waits.as_str()));
    for query in ["?state=deleted", "?after=x", "?limit=0"] {
        assert_eq!(operator(pipeline, "GET", query, Some(ADMIN)).await.0, 400, "{query}");
    }
}

async fn a_flood_is_held_back_and_the_site_answers(pipeline: Arc<Pipeline>) {
    const CLIENTS: usize = 50;
    const EACH: usize = 200;
    /// What the site takes in a minute, from all.
    const IN_A_MINUTE: u64 = 60;
    let path = article(&pipeline, 1).await;
    let mut first = Reader::at(&pipeline, "192.0.2.200");
    assert_eq!(first.comment(&path, "First", "flood 0").await.status, 303);
    let (token, form) = (first.token.clone().unwrap(), pipeline.site(&format!("{path}/comments")));

    let began = Instant::now();
    let clients = (0..CLIENTS).map(|client| {
        let (token, form) = (token.clone(), form.clone());
        tokio::spawn(async move {
            let http =
                reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
            let mut taken = 0_u64;
            for number in 0..EACH {
                let text = format!("flood from {client}, {number}");
                let body = encoded(&[("token", &token), ("name", "Flood"), ("text", &text)]);
                let request = http.post(&form).header("x-forwarded-for", format!("198.51.100.{client}"));
                let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
                let status = request.send().await.unwrap().status().as_u16();
                assert!(matches!(status, 303 | 429), "{status}");
                taken += u64::from(status == 303);
            }
            taken
        })
    });
    let clients: Vec<_> = clients.collect();
    let mut slowest = Duration::ZERO;
    while !clients.iter().all(tokio::task::JoinHandle::is_finished) {
        let asked = Instant::now();
        let page = pipeline.get(&path).await;
        assert_eq!(page.status, 200);
        assert!(!page.body.contains("flood"), "what nobody approved is on the page: {}", page.body);
        slowest = slowest.max(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut taken = 1;
    for client in clients {
        taken += client.await.unwrap();
    }
    let took = began.elapsed();
    eprintln!("{} comments in {took:?}, {taken} taken, the slowest page in {slowest:?}", CLIENTS * EACH);
    // The stretches of a minute that it touched.
    let most = (took.as_secs() / 60 + 2) * IN_A_MINUTE;
    assert!((5..=most).contains(&taken), "{taken} were taken, {most} at most were to be");
    assert!(slowest < Duration::from_secs(10), "a reader waited {slowest:?}");
    let kept: i64 = pipeline.query("publish", "select count(*) from comments where state = 'pending'").await;
    assert_eq!(kept, i64::try_from(taken).unwrap());
    let address: i64 = pipeline
        .query("publish", "select max(n) from (select count(*) as n from comments group by address) as counted")
        .await;
    assert!(address <= 10, "one address sent {address}");
    for public in [path.clone(), format!("/api/v1{path}/comments"), "/comments.atom".into(), "/".into()] {
        assert!(!pipeline.get(&public).await.body.contains("flood"), "{public} shows what nobody approved");
    }
    assert_eq!(told(&pipeline, 0).await, Vec::<Value>::new());
}

async fn start(postgres: Option<&str>, variables: &[(&str, &str)]) -> Pipeline {
    Pipeline::start_with(Setup { postgres, variables, ..Setup::default() }).await
}

/// Takes in the `number`th article; its path.
async fn article(pipeline: &Pipeline, number: u64) -> String {
    let article = Articles::new(60).page_bytes(5_000).page(number);
    pipeline.publish("kos.ingest.requested", json!({"url": article.url, "html": article.html}).to_string()).await;
    let path = format!("/articles/{}", ArticleId::of_canonical_url(&article.url.parse().unwrap()));
    pipeline.page(&path, 200).await;
    path
}

/// Waits until so many comments were told of on the bus; what was said, in its order.
async fn told(pipeline: &Pipeline, count: usize) -> Vec<Value> {
    eventually(LIMIT, &format!("{count} events about comments"), async || {
        let events = pipeline.stored("KOS_PUBLISHED").await;
        let told: Vec<_> = events.iter().filter(|e| e.subject == "kos.comment.posted").map(|e| e.json()).collect();
        if told.len() == count { Ok(told) } else { Err(format!("{told:?}")) }
    })
    .await
}

async fn operator(pipeline: &Pipeline, method: &str, rest: &str, token: Option<&str>) -> (u16, Value) {
    let url = pipeline.site(&format!("/api/v1/comments{rest}"));
    let mut request = http_client().request(method.parse().unwrap(), url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let reply = Reply::of(request.send().await.unwrap()).await;
    (reply.status, serde_json::from_str(&reply.body).unwrap_or_default())
}

async fn waiting(pipeline: &Pipeline) -> Vec<Value> {
    let (status, list) = operator(pipeline, "GET", "?state=pending", Some(ADMIN)).await;
    assert_eq!(status, 200);
    list["comments"].as_array().unwrap().clone()
}

async fn decide(pipeline: &Pipeline, id: &str, what: &str) -> u16 {
    operator(pipeline, "POST", &format!("/{id}/{what}"), Some(ADMIN)).await.0
}

fn encoded(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// An answer, with the headers that matter here.
#[derive(Debug)]
struct Reply {
    status: u16,
    location: String,
    cookie: Option<String>,
    retry_after: u64,
    body: String,
}

impl Reply {
    async fn of(response: Response) -> Self {
        let text = |name| response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let cookie = Some(text(header::SET_COOKIE)).filter(|cookie| cookie.starts_with("kos_author="));
        Self {
            status: response.status().as_u16(),
            location: text(header::LOCATION),
            cookie: cookie.and_then(|cookie| cookie.split(';').next().map(str::to_owned)),
            retry_after: text(header::RETRY_AFTER).parse().unwrap_or_default(),
            body: response.text().await.unwrap(),
        }
    }
}

/// The operator at the desk.
struct Desk<'p> {
    pipeline: &'p Pipeline,
    cookie: String,
}

impl<'p> Desk<'p> {
    async fn open(pipeline: &'p Pipeline) -> Self {
        let mut desk = Self { pipeline, cookie: String::new() };
        let response = desk.post("/desk/login", &[("token", ADMIN)]).await;
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        desk.cookie = cookie.split(';').next().unwrap().to_owned();
        desk
    }

    async fn comments(&self) -> String {
        let request = http_client().get(self.pipeline.site("/desk/comments")).header(header::COOKIE, &self.cookie);
        request.send().await.unwrap().text().await.unwrap()
    }

    async fn approve(&self, id: &str, revision: &str) -> Reply {
        let page = self.comments().await;
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
        let csrf = rest.split('"').next().unwrap();
        let path = format!("/desk/comments/{id}/approve");
        Reply::of(self.post(&path, &[("csrf", csrf), ("revision", revision)]).await).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let request = http_client().post(self.pipeline.site(path)).header(header::COOKIE, &self.cookie);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        request.body(encoded(fields)).send().await.unwrap()
    }
}

/// A browser with an address and a cookie of its own.
struct Reader<'p> {
    pipeline: &'p Pipeline,
    address: &'static str,
    cookie: Option<String>,
    token: Option<String>,
}

impl<'p> Reader<'p> {
    fn at(pipeline: &'p Pipeline, address: &'static str) -> Self {
        Self { pipeline, address, cookie: None, token: None }
    }

    fn request(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request.header("x-forwarded-for", self.address);
        match &self.cookie {
            Some(cookie) => request.header(header::COOKIE, cookie),
            None => request,
        }
    }

    async fn get(&self, path: &str) -> Reply {
        Reply::of(self.request(http_client().get(self.pipeline.site(path))).send().await.unwrap()).await
    }

    async fn token(&self, path: &str) -> String {
        token_in(&self.get(path).await.body)
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let request = http_client().post(self.pipeline.site(path)).body(encoded(fields));
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        Reply::of(self.request(request).send().await.unwrap()).await
    }

    /// Sends the form of a page.
    async fn send(&self, path: &str, page: &str, fields: &[(&str, &str)]) -> Reply {
        let token = token_in(page);
        self.post(path, &[&[("token", token.as_str())], fields].concat()).await
    }

    async fn comment(&mut self, path: &str, name: &str, text: &str) -> Reply {
        self.answer(path, name, text, None).await
    }

    /// Fills in the form, and sends it as soon as nobody minds.
    async fn answer(&mut self, path: &str, name: &str, text: &str, parent: Option<&str>) -> Reply {
        let token = self.token(path).await;
        let form = format!("{path}/comments");
        let fields =
            [("token", token.as_str()), ("name", name), ("text", text), ("parent", parent.unwrap_or_default())];
        let reply = eventually(LIMIT, "a form that may be sent", async || {
            let reply = self.post(&form, &fields).await;
            if reply.body.contains("提交得太快") { Err("too fast".to_owned()) } else { Ok(reply) }
        })
        .await;
        self.token = Some(token);
        self.cookie = reply.cookie.clone().or(self.cookie.take());
        reply
    }
}

fn token_in(page: &str) -> String {
    let token = page.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    token.unwrap_or_else(|| panic!("no form in {page}")).to_owned()
}
