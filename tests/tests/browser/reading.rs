//! An article's page in Chromium: both languages, and the way from a sentence to the words that carry it.

use kos_tests::{Browser, Pipeline, Postgres, Reader, Setup, http_client};
use serde_json::json;

use crate::{WORDS, bilingual, page, take_in};

#[tokio::test]
async fn a_front_page_fits_a_phone_and_is_dark_where_that_is_preferred() {
    let pipeline = Pipeline::start_with(Setup::default()).await;
    let html = include_str!("../../../services/kos/samples/en-night-trains.html");
    let request = json!({"url": "https://rails.example/night", "html": html});
    pipeline.publish("kos.ingest.requested", request.to_string()).await;
    let browser = Browser::start(Reader { window: (390, 844), dark: true, ..Reader::AT_A_DESK }).await;
    pipeline.wait_until_idle().await;
    browser.open(&pipeline.site("/")).await;
    browser.until_shown("Why night trains wait").await;
    let width = browser.run("return document.documentElement.scrollWidth", vec![]).await;
    assert_eq!(width, 390, "the page is wider than the phone");
    let colours =
        "const style = getComputedStyle(document.documentElement); return [style.backgroundColor, style.color]
        .map((colour) => colour.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0))";
    let colours = browser.run(colours, vec![]).await;
    assert!(colours[0].as_u64() < Some(150) && colours[1].as_u64() > Some(450), "{colours}");
}

#[tokio::test]
async fn what_runs_from_right_to_left_is_whole_and_at_its_side() {
    let pipeline = Pipeline::start_with(Setup::default()).await;
    let text = "افتتح الجسر الجديد يوم الاثنين بعد ثلاثة أشهر من أعمال الصيانة. ويعبر الجسر نحو ثمانين ألف سيارة كل يوم.";
    let html = page("ar", "افتتاح الجسر الجديد", text);
    let html = html.replace("</head>", "<meta property=\"og:site_name\" content=\"صحيفة الميناء\"></head>");
    let path = take_in(&pipeline, "https://mina.example/1", &html).await;
    let browser = Browser::start(Reader::AT_A_DESK).await;
    let places = "
        const text = (element) => {
            const range = document.createRange();
            range.selectNodeContents(element);
            return range.getBoundingClientRect();
        };
        const main = document.querySelector('main').getBoundingClientRect();
        const name = document.querySelector('main .meta').firstElementChild;
        const title = document.querySelector('main h3 a, main article h1');
        return [name.textContent, text(name).left - main.left, main.right - text(title).right]";
    for path in ["/", &path] {
        browser.open(&pipeline.site(path)).await;
        let seen = browser.run(places, vec![]).await;
        assert_eq!(seen[0], "صحيفة الميناء", "{path}");
        assert!(seen[1].as_f64() >= Some(0.0), "{path}: the name is cut off: {seen}");
        let after = seen[2].as_f64().unwrap();
        assert!(after <= 1.0, "{path}: the title stands at the wrong side: {seen}");
    }
}

#[tokio::test]
async fn another_language_of_the_interface_is_kept_and_lists_the_same() {
    let pipeline = Pipeline::start_with(Setup::default()).await;
    bilingual(&pipeline).await;
    let browser = Browser::start(Reader::AT_A_DESK).await;
    browser.open(&pipeline.site("/?language=en")).await;
    browser.click("header nav a[hreflang='zh-Hans']").await;
    assert_eq!(browser.text(".choose [aria-current]").await, "英文");
    assert_eq!(browser.text("main h3").await, "出借种子的图书馆");
    browser.click("main h3 a").await;
    browser.until_shown("发表评论").await;
    browser.click("header nav a[hreflang='en']").await;
    browser.until_shown("Post a comment").await;
    assert_eq!(browser.text("main h1").await, "The library in Orrin Vale that lends seeds and wants them back");
    browser.open(&pipeline.site("/sources")).await;
    browser.until_shown("Sources").await;
}

#[tokio::test]
async fn a_sentence_leads_to_the_words_that_carry_it_and_back() {
    let pipeline = Pipeline::start_with(Setup::default()).await;
    let page = pipeline.site(&bilingual(&pipeline).await);
    let browser = Browser::start(Reader { languages: "zh-CN", ..Reader::AT_A_DESK }).await;
    browser.open(&page).await;
    assert_eq!(browser.text("h1").await, "出借种子的图书馆");
    assert_eq!(
        browser.text(".original-title [lang]").await,
        "The library in Orrin Vale that lends seeds and wants them back"
    );
    let shown = browser.text(".summaries").await;
    assert!(
        shown.find("四成借阅者") < shown.find("chest of 96 small drawers"),
        "not both, the reader's first: {shown}"
    );
    let colour = "return getComputedStyle([...document.querySelectorAll('.source')].at(-1)).backgroundColor";
    let before = browser.run(colour, vec![]).await;

    browser.click("#summary-zh-2 + .cite").await;
    let found = browser.text(".source:target").await;
    assert!(found.starts_with(WORDS), "{found}");
    assert_ne!(browser.run(colour, vec![]).await, before, "the words are not highlighted");

    browser.click(".source:target > .back").await;
    assert_eq!(browser.url().await.fragment(), Some("summary-zh-2"));
    assert_eq!(browser.text("#summary-zh-2").await, "四成借阅者会归还。");
}

#[tokio::test]
async fn a_phone_without_scripts_shows_one_summary_at_a_time() {
    let server = Postgres::start().await;
    let url = server.create_database("kos").await;
    let pipeline = Pipeline::start_with(Setup { postgres: Some(&url), ..Setup::default() }).await;
    let page = pipeline.site(&bilingual(&pipeline).await);
    let reader = Reader { languages: "zh-CN", window: (390, 844), scripts: false, ..Reader::AT_A_DESK };
    let browser = Browser::start(reader).await;
    browser.open(&page).await;
    let summaries = async || browser.text(".summaries").await;
    let both = summaries().await;
    assert!(both.contains("四成借阅者") && !both.contains("96 small drawers"), "{both}");
    browser.click(".tabs label:nth-of-type(2)").await;
    let english = summaries().await;
    assert!(!english.contains("四成借阅者") && english.contains("96 small drawers"), "{english}");
    assert!(browser.text("header time").await.ends_with(" UTC"), "a script ran");
}

#[tokio::test]
async fn times_are_in_the_readers_zone_and_nothing_breaks_the_policy() {
    let pipeline = Pipeline::start_with(Setup::default()).await;
    let page = pipeline.site(&bilingual(&pipeline).await);
    let browser = Browser::start(Reader::AT_A_DESK).await;
    browser.devtools("Emulation.setTimezoneOverride", json!({"timezoneId": "Asia/Shanghai"})).await;
    let watch =
        "window.broken = []; addEventListener('securitypolicyviolation', (e) => broken.push(e.violatedDirective))";
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({"source": watch})).await;
    browser.open(&page).await;
    let published = browser.text("article header time").await;
    // 07:15 UTC by the sample.
    assert!(published.contains("15:15"), "{published}");
    assert_eq!(browser.run("return window.broken", vec![]).await, json!([]));
    let data = "return JSON.parse(document.querySelector('script[type=\"application/ld+json\"]').textContent)";
    let data = browser.run(data, vec![]).await;
    assert_eq!((&data["@type"], &data["inLanguage"]), (&json!("NewsArticle"), &json!("en")), "{data}");
    let loaded = "return performance.getEntriesByType('resource').map((entry) => new URL(entry.name).origin)";
    let origin = browser.url().await.origin().ascii_serialization();
    for from in browser.run(loaded, vec![]).await.as_array().into_iter().flatten() {
        assert_eq!(from, &json!(origin), "something comes from elsewhere");
    }
}

#[tokio::test]
async fn nothing_moves_when_times_are_written_in_the_readers_zone() {
    let pipeline = Pipeline::start_with(Setup::default()).await;
    let page = pipeline.site(&bilingual(&pipeline).await);
    let browser = Browser::start(Reader::AT_A_DESK).await;
    browser.devtools("Emulation.setTimezoneOverride", json!({"timezoneId": "Asia/Shanghai"})).await;
    let tops = "
        const times = [...document.querySelectorAll('time.local')];
        const top = () => document.querySelector('.summaries').getBoundingClientRect().top;
        const after = top();
        for (const time of times) time.textContent = time.title;
        return [times.length, after, top()]";
    for lang in ["zh", "en"] {
        for width in [320, 360, 390, 412, 480, 640, 768, 1280] {
            browser.resize((width, 844)).await;
            browser.open(&format!("{page}?lang={lang}")).await;
            // A browser that has just started may say that a page has loaded before it shows it.
            browser.until_shown("The library in Orrin Vale").await;
            let seen = browser.run(tops, vec![]).await;
            assert!(seen[0].as_u64() >= Some(2), "{seen}");
            assert_eq!(seen[1], seen[2], "{lang}, {width} pixels wide");
        }
    }
}

#[tokio::test]
async fn an_article_has_one_address_and_every_answer_is_guarded() {
    let pipeline = Pipeline::start_with(Setup::default()).await;
    let path = bilingual(&pipeline).await;
    let get = async |path: &str| http_client().get(pipeline.site(path)).send().await.unwrap();
    for other in [
        format!("{path}/the-library-that-lends?lang=en"),
        format!("{}?lang=en", path.to_uppercase().replace("/ARTICLES", "/articles")),
    ] {
        let answer = get(&other).await;
        assert_eq!(answer.status(), 308, "{other}");
        assert_eq!(answer.headers()["location"], format!("{path}?lang=en"));
    }
    for path in [format!("{path}?lang=en").as_str(), "/", "/articles/none", "/feed.atom", "/assets/none.js"] {
        let answer = get(path).await;
        let header = |name: &str| answer.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{path}: {policy}");
        for directive in ["script-src 'self'", "img-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(directive), "{path}: {policy}");
        }
        assert_eq!((header("referrer-policy"), header("x-content-type-options")), ("no-referrer", "nosniff"), "{path}");
    }
    let answer = get(&format!("{path}?lang=en")).await;
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
}
