//! The operator's desk over HTTP: who is let in, and what can be done there.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use kos_shared::event::ArticleId;
use kos_tests::{Articles, Pipeline, Setup, eventually, http_client};
use serde_json::json;

const TOKEN: &str = "a token for tests";

const LIMIT: Duration = Duration::from_secs(60);

/// An answer, as far as a desk's visitor looks at it.
struct Seen {
    status: u16,
    to: String,
    cookie: String,
    html: String,
}

async fn send(request: reqwest::RequestBuilder) -> Seen {
    let response = request.send().await.unwrap();
    let text = |name: &str| {
        let value = response.headers().get(name).and_then(|v| v.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let (status, to, cookie) = (response.status().as_u16(), text("location"), text("set-cookie"));
    Seen { status, to, cookie, html: response.text().await.unwrap() }
}

fn form(fields: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields).finish()
}

/// Somebody at the desk.
struct Visitor<'a> {
    pipeline: &'a Pipeline,
    cookie: String,
}

impl<'a> Visitor<'a> {
    async fn logged_in(pipeline: &'a Pipeline) -> Self {
        let nobody = Self { pipeline, cookie: String::new() };
        let seen = nobody.post("/desk/login", &[("token", TOKEN)]).await;
        assert_eq!((seen.status, seen.to.as_str()), (303, "/desk"), "{}", seen.html);
        for attribute in ["HttpOnly", "SameSite=Strict", "Path=/desk"] {
            assert!(seen.cookie.contains(attribute), "{}", seen.cookie);
        }
        Self { pipeline, cookie: seen.cookie.split(';').next().unwrap().to_owned() }
    }

    async fn get(&self, path: &str) -> Seen {
        self.send(http_client().get(self.pipeline.site(path))).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let request = http_client().post(self.pipeline.site(path));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(form(fields))).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Seen {
        send(request.header("cookie", &self.cookie).header("accept-language", "en")).await
    }

    /// The token that the session's forms carry.
    async fn csrf(&self) -> String {
        let page = self.get("/desk").await;
        let (_, rest) = page.html.split_once("name=\"csrf\" value=\"").unwrap_or_else(|| panic!("{}", page.html));
        rest.split('"').next().unwrap().to_owned()
    }
}

async fn pipeline() -> Pipeline {
    Pipeline::start_with(Setup { variables: &[("KOS_ADMIN_TOKEN", TOKEN)], ..Setup::default() }).await
}

#[tokio::test]
async fn there_is_no_desk_without_a_token() {
    let pipeline = Pipeline::start().await;
    for path in ["/desk", "/desk/login", "/desk/dead-letters", "/desk/feeds"] {
        assert_eq!(pipeline.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn only_who_shows_the_token_is_let_in() {
    let pipeline = pipeline().await;
    let nobody = Visitor { pipeline: &pipeline, cookie: String::new() };
    for path in ["/desk", "/desk/dead-letters", "/desk/feeds"] {
        let seen = nobody.get(path).await;
        assert_eq!((seen.status, seen.to.as_str()), (303, "/desk/login"), "{path}");
    }
    let seen = nobody.post("/desk/login", &[("token", "another token")]).await;
    assert_eq!((seen.status, seen.cookie.as_str()), (403, ""));
    assert!(seen.html.contains("not the token"), "{}", seen.html);

    let operator = Visitor::logged_in(&pipeline).await;
    pipeline.page("/desk/login", 200).await;
    let seen = eventually(LIMIT, "the desk", async || {
        let seen = operator.get("/desk").await;
        if seen.status == 200 { Ok(seen) } else { Err(seen.html) }
    })
    .await;
    for service in ["ingest", "summarize", "publish"] {
        assert!(seen.html.contains(&format!("<th scope=\"row\">{service}</th>")), "{}", seen.html);
    }
    assert!(operator.get("/desk/feeds").await.html.contains("No feed is followed"));
    for path in ["/desk", "/desk/comments", "/desk/dead-letters", "/desk/feeds"] {
        let html = operator.get(path).await.html;
        let (_, menu) = html.split_once("class=\"desk\"").unwrap_or_default();
        let current: Vec<_> = menu.match_indices(" aria-current=\"page\"").collect();
        assert!(current.len() == 1 && menu.contains(&format!("<a href=\"{path}\" aria-current")), "{html}");
    }
    let csrf = operator.csrf().await;
    let seen = operator.post("/desk/logout", &[("csrf", &csrf)]).await;
    assert!(seen.status == 303 && seen.cookie.contains("Max-Age=0"), "{}", seen.cookie);
}

#[tokio::test]
async fn a_dead_letter_is_replayed_or_discarded_by_a_form_of_the_session_only() {
    let pipeline = pipeline().await;
    for number in 0..2 {
        let body = json!({"url": format!("http://127.0.0.1:9/{number}")}).to_string();
        pipeline.publish("kos.ingest.requested", body).await;
    }
    pipeline.dead_letters(2).await;
    let operator = Visitor::logged_in(&pipeline).await;
    let csrf = operator.csrf().await;
    let page = operator.get("/desk/dead-letters").await.html;
    assert!(page.contains("http://127.0.0.1:9/0") && page.contains("KOS_FETCH_ALLOW"), "{page}");
    let times = page.split("datetime=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
    // HTML allows no more than three digits of a second's fraction.
    assert!(
        times.clone().count() == 2 && times.clone().all(|time| time.len() == "2026-01-22T06:00:01Z".len()),
        "{page}"
    );

    for forged in ["", "forged"] {
        let seen = operator.post("/desk/dead-letters/1/discard", &[("csrf", forged)]).await;
        assert_eq!(seen.status, 403, "{}", seen.html);
    }
    let foreign = http_client().post(pipeline.site("/desk/dead-letters/1/discard")).header("cookie", &operator.cookie);
    let foreign =
        foreign.header("content-type", "application/x-www-form-urlencoded").header("sec-fetch-site", "cross-site");
    assert_eq!(send(foreign.body(form(&[("csrf", &csrf)]))).await.status, 403);
    assert_eq!(pipeline.stored("KOS_DEAD").await.len(), 2, "nothing happened yet");

    let seen = operator.post("/desk/dead-letters/1/discard", &[("csrf", &csrf)]).await;
    assert_eq!((seen.status, seen.to.as_str()), (303, "/desk/dead-letters"), "{}", seen.html);
    assert_eq!(pipeline.stored("KOS_DEAD").await.len(), 1);
    // The address is still a private one: its event fails again, and is a dead letter again.
    let seen = operator.post("/desk/dead-letters/2/replay", &[("csrf", &csrf)]).await;
    assert_eq!(seen.status, 303, "{}", seen.html);
    eventually(LIMIT, "the letter of the replay", async || {
        let letters = pipeline.stored("KOS_DEAD").await;
        if letters.len() == 1 && letters[0].sequence > 2 { Ok(()) } else { Err(format!("{letters:?}")) }
    })
    .await;
    // A letter that is gone is no error: somebody else was faster.
    assert_eq!(operator.post("/desk/dead-letters/1/replay", &[("csrf", &csrf)]).await.status, 303);
}

#[tokio::test]
async fn an_article_is_withdrawn_by_the_address_of_its_page() {
    let pipeline = pipeline().await;
    let article = Articles::new(7).page(0);
    let body = json!({"url": article.url, "html": article.html}).to_string();
    pipeline.publish("kos.ingest.requested", body).await;
    let id = ArticleId::of_canonical_url(&article.url.parse().unwrap());
    let path = format!("/articles/{id}");
    pipeline.page(&path, 200).await;

    let operator = Visitor::logged_in(&pipeline).await;
    let csrf = operator.csrf().await;
    for (article, reason) in [("nothing", "a reason"), (path.as_str(), "a reason"), (&pipeline.site(&path), " ")] {
        let fields = [("csrf", csrf.as_str()), ("article", article), ("reason", reason)];
        assert_eq!(operator.post("/desk/retract", &fields).await.status, 422, "{article}");
    }
    let address = pipeline.site(&path);
    let fields = [("csrf", csrf.as_str()), ("article", &address), ("reason", "The paper withdrew it.")];
    assert_eq!(operator.post("/desk/retract", &fields).await.status, 303);
    assert!(pipeline.page(&path, 410).await.body.contains("The paper withdrew it."));
}
