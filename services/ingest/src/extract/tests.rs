use super::*;

fn url() -> HttpUrl {
    "https://www.example.com/news/1".parse().unwrap()
}

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn extracted(html: &str) -> Extracted {
    extract(html, &url(), None, now()).unwrap()
}

/// A page as news sites have them: an article amid navigation, with everything said about it.
fn news_page() -> String {
    let paragraph = "The city council voted on Monday, after a long debate, to close the old bridge for repairs, which \
        are expected to take two years, cost twelve million and divert the traffic of three districts.";
    let body: String = (1..=6).map(|i| format!("<p>{i}. {paragraph}</p>\n")).collect();
    format!(
        r#"<!doctype html><html lang="en-GB"><head>
        <title>Old bridge to close for two years | The Example</title>
        <meta property="og:title" content="Old bridge to close for two years - The Example">
        <meta property="og:site_name" content="The Example">
        <meta property="og:image" content="/images/bridge.jpg">
        <link rel="canonical" href="https://www.example.com/news/bridge">
        <script type="application/ld+json">{{"@context":"https://schema.org","@type":"NewsArticle",
            "headline":"Old bridge to close","datePublished":"2024-05-06T07:08:09+02:00",
            "author":[{{"@type":"Person","name":"Jane Doe"}},{{"@type":"Person","name":"John Roe"}}]}}</script>
        </head><body><nav><ul><li><a href="/">Home</a></li><li><a href="/sport">Sport</a></li></ul></nav>
        <article><h1>Old bridge to close for two years</h1><div class="content">{body}
        <figure><img src="/images/bridge.jpg" alt="The bridge"><figcaption>The bridge in May</figcaption></figure>
        <p>More in <a href="report.html">the report</a>.</p></div></article>
        <footer><p>Copyright. <a href="/terms">Terms of use</a></p></footer><script>track()</script></body></html>"#
    )
}

#[test]
fn a_news_page_gives_all_that_it_says() {
    let article = extracted(&news_page());
    assert_eq!(article.title, "Old bridge to close for two years");
    assert_eq!(article.authors, ["Jane Doe", "John Roe"]);
    assert_eq!(article.published_at, Some("2024-05-06T07:08:09+02:00".parse().unwrap()));
    assert_eq!(article.language.as_str(), "en-GB");
    assert_eq!(article.site_name, "The Example");
    assert_eq!(article.image.unwrap().as_str(), "https://www.example.com/images/bridge.jpg");
    assert_eq!(article.canonical_links[0].as_str(), "https://www.example.com/news/bridge");
    assert_eq!(article.rights, []);
    assert!(
        article.text.starts_with("1. The city council") && article.text.contains("\n2. The city"),
        "{}",
        article.text
    );
    assert!(!article.text.contains("Sport") && !article.text.contains("Terms"), "{}", article.text);
    assert!(article.words > 150, "{}", article.words);
    assert!(article.body_html.contains("href=\"https://www.example.com/news/report.html\""), "{}", article.body_html);
    assert!(article.body_html.contains("<img") && !article.body_html.contains("script"), "{}", article.body_html);
}

#[test]
fn a_tiny_page_is_an_article() {
    let article = extracted("<html><title>T</title><article><p>two sentences of text.</p></article>");
    assert_eq!((article.title.as_str(), article.text.as_str()), ("T", "two sentences of text."));
    assert_eq!(article.body_html, "<article><p>two sentences of text.</p></article>");
    let brief = extracted(
        "<title>快讯</title><nav>首页 新闻 体育</nav><p>据新华社报道，大桥今日通车。</p><footer>版权所有</footer>",
    );
    assert_eq!((brief.title.as_str(), brief.text.as_str()), ("快讯", "据新华社报道，大桥今日通车。"));
    assert_eq!(brief.language.as_str(), "zh");
}

#[test]
fn a_page_without_anything_to_read_is_refused() {
    assert_eq!(extract(" \n ", &url(), None, now()), Err(NotReadable::Empty));
    for html in [
        "<html><body></body></html>",
        "<div id=root></div><script>render()</script><noscript>Please enable JavaScript to use this site</noscript>",
        "<p>Loading…</p>",
        "<h1>404 Not Found</h1>",
        "<nav><a href=/a>one link</a> <a href=/b>another link</a> <a href=/c>a third link</a></nav>",
    ] {
        assert!(matches!(extract(html, &url(), None, now()), Err(NotReadable::NoArticle { .. })), "{html}");
    }
}

#[test]
fn the_title_is_never_empty() {
    for (html, title) in [
        ("<h1>The heading of it all</h1><p>one two three four five</p>", "The heading of it all"),
        ("<title> </title><p>one two three four five</p>", "one two three four five"),
        (
            "<title>Example</title><meta property=og:site_name content=Example><h1>The heading of it all</h1><p>one two three four five</p>",
            "The heading of it all",
        ),
        (
            "<title>标题在此_示例网</title><meta property=og:site_name content=示例网><p>大桥今日通车，市民可以通行。</p>",
            "标题在此",
        ),
        ("<meta property=og:title content='A &amp;amp; B'><p>one two three four five</p>", "A & B"),
    ] {
        assert_eq!(extracted(html).title, title, "{html}");
    }
    let long = extracted(&format!("<p>{}</p>", "word ".repeat(500))).title;
    assert!(long.chars().count() <= 81 && long.ends_with('…'), "{long}");
}

#[test]
fn hints_fill_what_the_page_lacks() {
    let hints = Hints {
        title: Some("Of the feed".into()),
        authors: vec!["Feed Author".into()],
        published_at: Some("2024-01-02T03:04:05Z".parse().unwrap()),
        language: Some("de".parse().unwrap()),
        content_html: Some(format!(
            "<p>Des Feeds eigener Text, {}<a href=/x>mehr</a></p>",
            "und so weiter. ".repeat(20)
        )),
        ..Hints::default()
    };
    let page = news_page();
    assert_eq!(extract(&page, &url(), Some(&hints), now()).unwrap(), extracted(&page));

    let article = extract("<div id=root></div>", &url(), Some(&hints), now()).unwrap();
    assert_eq!((article.title.as_str(), article.language.as_str()), ("Of the feed", "de"));
    assert_eq!((article.authors, article.published_at), (hints.authors.clone(), hints.published_at));
    assert!(article.text.starts_with("Des Feeds eigener Text"), "{}", article.text);
    assert!(article.body_html.contains("https://www.example.com/x"), "{}", article.body_html);
}

#[test]
fn a_wall_is_refused_unless_the_feed_has_the_article() {
    let page = "<html><head><title>Just a moment...</title></head><body><main><p>example.com needs to review the \
        security of your connection before proceeding.</p></main></body></html>";
    assert_eq!(extract(page, &url(), None, now()), Err(NotReadable::Wall(Wall::Challenge)));
    assert_eq!(
        NotReadable::Wall(Wall::Challenge).to_string(),
        "no article on the page but a check that the visitor is no robot"
    );

    let content_html = Some(format!("<p>{}</p>", "The bridge closes on Monday, the council said. ".repeat(20)));
    let hints = Hints { title: Some("Bridge to close".into()), content_html, ..Hints::default() };
    let article = extract(page, &url(), Some(&hints), now()).unwrap();
    assert_eq!(article.body_source, BodySource::Feed);
    assert_eq!(article.title, "Bridge to close");
    assert!(article.text.starts_with("The bridge closes"), "{}", article.text);
}

#[test]
fn the_feeds_longer_text_is_used_and_labelled() {
    let page = news_page();
    assert_eq!(extracted(&page).body_source, BodySource::Page);
    let content_html = Some(format!("<p>{}</p>", "The feed has the whole of the story to tell. ".repeat(80)));
    let hints = Hints { content_html, ..Hints::default() };
    let article = extract(&page, &url(), Some(&hints), now()).unwrap();
    assert_eq!(article.body_source, BodySource::Feed);
    assert_eq!((article.title.as_str(), article.words), ("Old bridge to close for two years", 800));
}

#[test]
fn the_title_stands_once() {
    let text = "The city council voted on Monday, after a long debate, to close the old bridge for repairs.";
    let article = extracted(&format!(
        "<title>How the districts voted | The Example</title><article><h1>How the districts voted</h1><p>{text}</p>\
        <h2>Results by district</h2><table><tr><th>North<td>55<tr><th>South<td>43</table><p>{text} Again.</p></article>"
    ));
    assert_eq!(article.title, "How the districts voted");
    assert!(
        article.text.starts_with("The city council") && !article.body_html.contains("<h1>"),
        "{}",
        article.body_html
    );
}

#[test]
fn a_title_may_speak_of_entities() {
    let page = "<meta property=og:title content='What does &amp;nbsp; do?'><h1>What does &amp;nbsp; do?</h1><p>one two three four five</p>";
    assert_eq!(extracted(page).title, "What does &nbsp; do?");
}

#[test]
fn formulas_are_text() {
    let page = news_page().replace("<p>3. ", "<p>The frequency <math><mi>f</mi></math> is low. ");
    let article = extracted(&page);
    assert!(article.text.contains("The frequency f is low."), "{}", article.text);
    assert!(article.body_html.contains("frequency <span>f</span> is"), "{}", article.body_html);
}

#[test]
fn a_page_that_scripts_fill_is_read_from_what_it_tells_machines() {
    let sentence =
        "The city council voted on Monday, after a long debate, to close the old <b>bridge & pier</b> for repairs.";
    let body = format!("{sentence}\\n\\n{}", format!("{sentence} ").repeat(4));
    let page = format!(
        r#"<title>Old bridge to close</title><script type="application/ld+json">{{"@type":"NewsArticle","articleBody":"{body}"}}</script>
        <div id=root></div><noscript>You need to enable JavaScript to run this app.</noscript>"#
    );
    let article = extracted(&page);
    assert_eq!((article.title.as_str(), article.text.lines().count()), ("Old bridge to close", 2), "{}", article.text);
    assert!(article.text.starts_with("The city council"), "{}", article.text);
    assert!(
        article.text.contains("<b>bridge & pier</b>") && !article.body_html.contains("<b>"),
        "{}",
        article.body_html
    );
}

#[test]
fn headings_that_are_buttons_are_text() {
    let page = news_page().replace("<p>3. ", "<h2><button>What it costs</button></h2><p>3. ");
    let article = extracted(&page);
    assert!(article.text.contains("\nWhat it costs\n3. The city"), "{}", article.text);
    assert!(article.body_html.contains("<h2><span>What it costs</span></h2>"), "{}", article.body_html);
}

#[test]
fn tags_and_the_last_change_are_taken_over() {
    let head = "<meta property=article:tag content=Bridges><meta property=article:published_time content=2024-05-06>\
        <meta property=article:modified_time content=2024-05-07T08:00:00+02:00>";
    let article = extracted(&format!("<head>{head}</head><p>one two three four five</p>"));
    assert_eq!(article.tags, ["Bridges"]);
    assert_eq!(article.modified_at, Some("2024-05-07T08:00:00+02:00".parse().unwrap()));
}

#[test]
fn a_date_comes_from_where_the_page_has_it_and_is_not_invented() {
    let text = "<article><p>one two three four five</p>";
    for (head, date) in [
        ("<meta name=pubdate content='2024-05-06 07:08'>", Some("2024-05-06T07:08:00Z")),
        ("<span itemprop=datePublished content=2024-05-06></span>", Some("2024-05-06T00:00:00Z")),
        ("<main><time datetime=2024-05-06>last week</time></main>", Some("2024-05-06T00:00:00Z")),
        ("<footer><time datetime=2024-05-06>now</time></footer>", None),
        ("<p>On May 6, 2024</p>", None),
        ("", None),
    ] {
        let found = extracted(&format!("{head}{text}")).published_at.map(|d| d.to_string());
        assert_eq!(found.as_deref(), date, "{head}");
    }
    let dated = "https://example.com/2024/05/06/x".parse().unwrap();
    assert_eq!(extract(text, &dated, None, now()).unwrap().published_at, Some("2024-05-06T00:00:00Z".parse().unwrap()));
}

#[test]
fn what_a_page_says_about_rights_is_passed_on() {
    let head =
        "<meta name=ROBOTS content='index, noai'><meta name=tdm-reservation content=1><meta name=author content=x>";
    let rights = extracted(&format!("{head}<p>one two three four five</p>")).rights;
    let said: Vec<_> = rights.iter().map(|(name, content)| (name.as_str(), content.as_str())).collect();
    assert_eq!(said, [("robots", "index, noai"), ("tdm-reservation", "1")]);
}

#[test]
fn the_hash_changes_with_the_content_alone() {
    let page = news_page();
    let same = page.replace("2024-05-06", "2025-01-01").replace("class=\"content\"", "class=\"x\" data-id=\"9\"");
    assert_eq!(extracted(&page).content_hash, extracted(&same).content_hash);
    for changed in [page.replace("twelve million", "20 million"), page.replace("John Roe", "Max Moe")] {
        assert_ne!(extracted(&page).content_hash, extracted(&changed).content_hash);
    }
    assert_eq!(extracted(&page).content_hash.len(), 64);
}

#[test]
fn no_control_character_comes_through() {
    let article = extracted("<title>a\0b\u{1}</title><p lang='x\u{2}'>one\0 two&#3; three four\u{1b} five</p>");
    for text in [&article.title, &article.text, &article.body_html] {
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    }
}

/// Runs on a stack as small as worker threads have.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(work).unwrap().join().unwrap();
}

#[test]
fn hostile_pages_are_bounded() {
    on_a_small_stack(|| {
        let text = "<p>one two three four five</p>";
        let attributes: String = (0..100_000).map(|i| format!(" a{i}=1")).collect();
        let pages = [
            format!("{}{text}", "<div>".repeat(10_000)),
            format!("{}{text}", "<div>".repeat(100_000)),
            format!("{}{text}", "<div>".repeat(500)),
            format!("{}{text}", "<blockquote><ul><li>".repeat(160)),
            "<p>".repeat(100_000),
            "<a><b>".repeat(20_000),
            format!("<div{attributes}>{text}</div>"),
            format!("<div title='{}'>{text}</div>", "x ".repeat(500_000)),
            format!("<img alt='{}'>{text}", "<".repeat(1_000_000)),
            "<".repeat(1_000_000),
            "&".repeat(1_000_000),
            format!("<p>{}</p>", "word ".repeat(200_000)),
            "<p>one, two, three<br>".repeat(30_000),
            "<br>".repeat(150_000),
            format!("<table>{}", "<tr><td>one two".repeat(30_000)),
            format!("<script type=application/ld+json>{}</script>{text}", "[".repeat(500_000)),
            format!("<title>{0}</title>{1}", "x ".repeat(50_000), format!("<h2>{text}{text}</h2>").repeat(5_000)),
            format!("{}{}", "<article>".repeat(480), "<p>one, two, three</p>".repeat(20_000)),
            format!("<meta property=og:title content='{0}'><h1>{0}</h1><h1>{0}</h1>", "word ".repeat(100_000)),
        ];
        for page in pages {
            let started = std::time::Instant::now();
            let _ = extract(&page, &url(), None, now());
            let took = started.elapsed();
            // A tenth of it where it is optimized and nothing else is going on.
            assert!(took.as_secs() < 15, "{} … took {took:?}", &page[..60]);
        }
    });
}

/// A small generator of the same numbers every time (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

#[test]
fn no_soup_of_bytes_makes_it_panic() {
    const PIECES: [&str; 40] = [
        "<div>",
        "</div>",
        "<p>",
        "</p>",
        "<table>",
        "<tr><td>",
        "</table>",
        "<b>",
        "</b>",
        "<a href=",
        "'",
        "\"",
        ">",
        "<svg>",
        "<math>",
        "<title>",
        "</title>",
        "<script type=application/ld+json>",
        "{\"@type\":\"Article\",\"author\":",
        "}",
        "</script>",
        "<template>",
        "<select><option>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "&#x0;",
        "&amp",
        "<h1>",
        "<time datetime=2024-",
        "05-06",
        "<meta name=date content=",
        "<article>",
        "<br><br>",
        "文字，",
        "word, word ",
        "\0",
        "<img src=",
        "<noscript><img src=x></noscript>",
    ];
    on_a_small_stack(|| {
        let mut numbers = Numbers(1);
        for _ in 0..400 {
            let mut bytes = Vec::new();
            for _ in 0..numbers.below(300) {
                match numbers.below(8) {
                    0 => bytes.extend((0..numbers.below(12)).map(|_| numbers.below(256) as u8)),
                    _ => bytes.extend(PIECES[numbers.below(PIECES.len())].bytes()),
                }
            }
            let html = crate::decode::decode(&bytes, None);
            if let Ok(article) = extract(&html, &url(), None, now()) {
                assert!(!article.title.is_empty() && !article.text.is_empty(), "{html:?}");
            }
        }
    });
}
