//! Pages that ingest fetches itself.

use encoding_rs::GBK;
use kos_tests::{Page, PageServer, Pipeline, Setup};
use serde_json::json;

use crate::{path_of, plain_page};

fn allowed() -> Setup<'static> {
    Setup { variables: &[("KOS_FETCH_ALLOW", "127.0.0.0/8")], ..Setup::default() }
}

fn request(url: &str) -> String {
    json!({ "url": url }).to_string()
}

#[tokio::test]
async fn a_page_is_fetched_through_redirects_and_known_by_where_it_was_found() {
    let (web, pipeline) = (PageServer::start(), Pipeline::start_with(allowed()).await);
    let asked = web.set("/old", Page::redirect("/older?utm_source=x"));
    web.set("/older?utm_source=x", Page::redirect("/news/ferry"));
    let found = web.set("/news/ferry", Page::html(plain_page("The ferry runs again")));
    pipeline.publish("kos.ingest.requested", request(&asked)).await;

    let shown = pipeline.page(&path_of(&found), 200).await.body;
    assert!(shown.contains("The ferry runs again") && shown.contains("leaves every morning at six"), "{shown}");
    let api = pipeline.get(&format!("/api/v1{}", path_of(&found))).await.body;
    let article: serde_json::Value = serde_json::from_str(&api).unwrap();
    assert_eq!((&article["url"], &article["canonical_url"]), (&json!(asked), &json!(found)));
    let agent = &web.hits("/news/ferry")[0].headers["user-agent"];
    assert!(agent.to_str().unwrap().contains("KnowledgeOS"), "{agent:?}");
}

#[tokio::test]
async fn a_page_in_gb2312_is_decoded_whatever_its_header_says() {
    let (web, pipeline) = (PageServer::start(), Pipeline::start_with(allowed()).await);
    let html = "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=gb2312\">\
        <title>渡轮恢复运行</title></head><body><article><h1>渡轮恢复运行</h1>\
        <p>两座岛屿之间的渡轮在船厂度过一个冬天之后恢复运行,船长告诉记者。每天早晨六点开船,傍晚返回。</p>\
        <p>岛民自己出钱更换了新的发动机,镇议会答应十年之内不涨票价。渡轮去年运送了二十一万人次。</p></article></body></html>";
    let (bytes, _, unmappable) = GBK.encode(html);
    assert!(!unmappable, "the test's page is no GB2312");
    for (path, header) in [("/meta", "text/html"), ("/header", "text/html; charset=gb2312")] {
        let page = Page::html(bytes.to_vec()).header("content-type", header);
        let url = web.set(path, page);
        pipeline.publish("kos.ingest.requested", request(&url)).await;
        let shown = pipeline.page(&path_of(&url), 200).await.body;
        assert!(shown.contains("渡轮恢复运行</h1>") && shown.contains("岛民自己出钱更换了新的发动机"), "{shown}");
    }
}

#[tokio::test]
async fn a_private_address_is_refused_at_once_with_a_reason_that_names_it() {
    let (web, pipeline) = (PageServer::start(), Pipeline::start().await);
    let url = web.set("/news", Page::html(plain_page("The ferry runs again")));
    let by_name = url.replace("127.0.0.1", "localhost");
    for (refused, address) in [(url.as_str(), "127.0.0.1"), (&by_name, "localhost"), ("http://10.1.2.3/", "10.1.2.3")] {
        let before = pipeline.stored("KOS_DEAD").await.len();
        pipeline.publish("kos.ingest.requested", request(refused)).await;
        let letters = pipeline.dead_letters(before + 1).await;
        let letter = &letters[before];
        let reason = letter.header("Kos-Dead-Reason");
        assert!(reason.contains(address) && reason.contains("KOS_FETCH_ALLOW"), "{reason}");
        assert_eq!((letter.subject.as_str(), letter.header("Kos-Dead-Attempts")), ("kos.dead.ingest", "1"));
        assert_eq!(pipeline.get(&path_of(refused)).await.status, 404);
    }
    assert!(web.hits("/news").is_empty(), "it was asked all the same");
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_refused() {
    let web = PageServer::start();
    let variables = [("KOS_FETCH_ALLOW", "127.0.0.1/32")];
    let pipeline = Pipeline::start_with(Setup { variables: &variables, ..Setup::default() }).await;
    let secret = web.set("/secret", Page::html(plain_page("Internal")));
    let elsewhere = secret.replace("127.0.0.1", "127.0.0.2");
    let asked = web.set("/public", Page::redirect(&elsewhere));
    pipeline.publish("kos.ingest.requested", request(&asked)).await;
    let letters = pipeline.dead_letters(1).await;
    assert!(letters[0].header("Kos-Dead-Reason").contains("127.0.0.2"), "{}", letters[0].header("Kos-Dead-Reason"));
    assert!(web.hits("/secret").is_empty());
    assert_eq!(pipeline.get(&path_of(&elsewhere)).await.status, 404);
}

#[tokio::test]
async fn a_site_is_asked_by_its_robots_txt_and_at_its_pace_and_nothing_is_lost() {
    let variables = [("KOS_FETCH_ALLOW", "127.0.0.0/8"), ("KOS_FETCH_DELAY", "400ms")];
    let setup = Setup { variables: &variables, replicas: 2, ..Setup::default() };
    let (web, pipeline) = (PageServer::start(), Pipeline::start_with(setup).await);
    let robots = Page::html("User-agent: *\nDisallow: /private\n").header("content-type", "text/plain");
    web.set("/robots.txt", robots);
    let private = web.set("/private/1", Page::html(plain_page("The ferry runs again")));
    pipeline.publish("kos.ingest.requested", request(&private)).await;
    let letter = pipeline.dead_letters(1).await.remove(0);
    let reason = letter.header("Kos-Dead-Reason");
    assert!(reason.contains("/robots.txt") && reason.contains("Disallow: /private"), "{reason}");
    assert_eq!(web.hits("/private/1").len(), 0);

    // More than can be slept through: some come back when it is their turn, and no try is lost by that.
    let paths: Vec<String> = (1..=10).map(|n| format!("/news/{n}")).collect();
    for path in &paths {
        let url = web.set(path, Page::html(plain_page(&format!("The ferry runs again, part {path}"))));
        pipeline.publish("kos.ingest.requested", request(&url)).await;
    }
    for path in &paths {
        pipeline.page(&path_of(&web.url(path)), 200).await;
    }
    let mut hits: Vec<_> = paths.iter().flat_map(|path| web.hits(path)).map(|hit| hit.at).collect();
    hits.sort();
    assert_eq!(hits.len(), paths.len());
    let (delay, slack) = (std::time::Duration::from_millis(400), std::time::Duration::from_millis(150));
    assert!(hits.windows(2).all(|pair| pair[1] - pair[0] + slack >= delay), "{hits:?}");
    assert!(hits[9] - hits[0] + slack >= delay * 9, "{hits:?}");
}
