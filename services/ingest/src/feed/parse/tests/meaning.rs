//! Which field says what.

use std::time::Duration;

use super::{URL, atom, item, link, read, url};

#[test]
fn relative_addresses_are_resolved() {
    let rss = "<rss><channel><link>https://site.example/news/</link><item><link>a</link></item></channel></rss>";
    assert_eq!(link(&read(rss).unwrap().entries[0]), Some("https://site.example/news/a"));
    let rss = "<rss><channel xml:base='https://base.example/x/'><link>https://site.example/</link><item xml:base='y/'>\
        <link>a</link></item></channel></rss>";
    assert_eq!(link(&read(rss).unwrap().entries[0]), Some("https://base.example/x/y/a"));
    assert_eq!(link(&item("<link>../a</link>")), Some("https://example.com/a"));
    assert_eq!(link(&atom("<link href='a'/>")), Some("https://example.com/blog/a"));
    assert_eq!(link(&atom("<link xml:base='/c/' href='a'/>")), Some("https://example.com/c/a"));
}

#[test]
fn the_link_is_the_article() {
    for (fields, expected) in [
        ("<link>https://x.example/</link><guid>https://y.example/</guid>", Some("https://x.example/")),
        ("<guid>https://y.example/</guid>", Some("https://y.example/")),
        ("<guid isPermaLink='false'>https://y.example/</guid>", None),
        (
            "<link>https://proxy.example/</link><feedburner:origLink>https://x.example/</feedburner:origLink>",
            Some("https://x.example/"),
        ),
        (
            "<link>https://news.google.com/rss/articles/abc?oc=5</link>",
            Some("https://news.google.com/rss/articles/abc?oc=5"),
        ),
        ("<atom:link rel='self' href='/self'/><link>/x</link>", Some("https://example.com/x")),
        ("<link>http://link/get?a=1&b=2</link>", Some("http://link/get?a=1&b=2")),
        ("<link>javascript:alert(1)</link>", None),
        ("<link/><link>https://x.example/</link>", Some("https://x.example/")),
    ] {
        assert_eq!(link(&item(fields)), expected, "{fields}");
    }
    let links = "<link rel='enclosure' href='/mp3'/><link rel='alternate' type='application/pdf' href='/pdf'/>\
        <link rel='replies' href='/r'/><link rel='alternate' type='text/html' href='/html'/><link rel='self' href='/s'/>";
    assert_eq!(link(&atom(links)), Some("https://example.com/html"));
    assert_eq!(link(&atom("<id>urn:uuid:1</id><link rel='edit' href='/e'/>")), None);
}

#[test]
fn titles_are_text_and_contents_html() {
    let title = |fields: &str| item(fields).title.unwrap_or_default();
    assert_eq!(title("<title>A &lt;b&gt;B&lt;/b&gt; &amp;amp; C</title>"), "A B & C");
    assert_eq!(title("<title><![CDATA[A &amp;#8217; B]]></title>"), "A ’ B");
    assert_eq!(title("<title>A <b>B</b> C</title><media:title>x</media:title>"), "A B C");
    assert_eq!(atom("<title type='html'>1 &amp;lt; 2</title>").title.as_deref(), Some("1 < 2"));
    let literal = "<title type='text'>Use the &lt;b&gt; tag &amp;amp; more</title>";
    assert_eq!(atom(literal).title.as_deref(), Some("Use the <b> tag &amp; more"));
    assert_eq!(atom("<title type='xhtml'><div>1 &lt; <i>2</i></div></title>").title.as_deref(), Some("1 < 2"));

    let content = |fields: &str| item(fields).content_html.unwrap_or_default();
    assert_eq!(content("<description>&lt;p&gt;a &amp;amp; b&lt;/p&gt;</description>"), "<p>a &amp; b</p>");
    assert_eq!(content("<description><p>a &amp; b</p></description>"), "<p>a &amp; b</p>");
    assert_eq!(content("<description>&amp;lt;p&amp;gt;a&amp;lt;/p&amp;gt;</description>"), "<p>a</p>");
    let both = "<description>short</description><content:encoded><![CDATA[<p>the longer one</p>]]></content:encoded>";
    assert_eq!(content(both), "<p>the longer one</p>");

    let content = |fields: &str| atom(fields).content_html.unwrap_or_default();
    assert_eq!(content("<content type='text'>a &lt;b&gt; &amp; c</content>"), "a &lt;b&gt; &amp; c");
    assert_eq!(content("<content type='html'>a &lt;b&gt;b&lt;/b&gt;</content>"), "a <b>b</b>");
    let xhtml = "<content type='xhtml'><h:div xmlns:h='http://www.w3.org/1999/xhtml'>a <h:b>b</h:b></h:div></content>";
    assert_eq!(content(xhtml), "a <b>b</b>");
    assert_eq!(content("<content type='image/png'>aGVsbG8=</content><summary>s</summary>"), "s");
    assert_eq!(content("<content src='https://x.example/'/><summary>s</summary>"), "s");
    assert_eq!(content("<content mode='base64' type='text/html'>PGI+aGk8L2I+</content>"), "<b>hi</b>");
}

#[test]
fn authors_tags_and_dates_are_read() {
    let entry = item(
        "<author>jane@example.com (Jane Doe)</author><dc:creator>王小明</dc:creator><category>A &amp;amp; B</category>\
        <category>A &amp;amp; B</category><dc:subject>C</dc:subject><pubDate>Fri, 3 May 24 10:20 EST</pubDate>\
        <dcterms:modified>2024-05-04</dcterms:modified><dc:language>zh_cn</dc:language>",
    );
    assert_eq!(entry.authors, ["Jane Doe", "王小明"]);
    assert_eq!(entry.tags, ["A & B", "C"]);
    assert_eq!(entry.published_at, Some("2024-05-03T10:20:00-05:00".parse().unwrap()));
    assert_eq!(entry.updated_at, Some("2024-05-04T00:00:00Z".parse().unwrap()));
    assert_eq!(entry.language.unwrap().as_str(), "zh-CN");
    let updated = atom("<updated>2024-05-03T10:20:30Z</updated><category term='t' label='L'/>");
    assert_eq!((updated.published_at, updated.tags), (None, vec!["L".to_owned()]));
    assert_eq!(item("<pubDate>some day</pubDate>").published_at, None);

    let feed = "<feed xml:lang='de' xmlns='http://www.w3.org/2005/Atom'><author><name>Jo</name></author>\
        <entry xml:lang='fr'><title>a</title></entry><entry><author><name>Al</name></author></entry></feed>";
    let feed = read(feed).unwrap();
    assert_eq!(feed.language.unwrap().as_str(), "de");
    assert_eq!(feed.entries[0].language.as_ref().unwrap().as_str(), "fr");
    assert_eq!(
        (feed.entries[0].authors.clone(), feed.entries[1].authors.clone()),
        (vec!["Jo".into()], vec!["Al".into()])
    );
}

#[test]
fn a_feed_says_when_and_where_it_is_to_be_asked() {
    let rss = |fields: &str| read(format!("<rss><channel>{fields}</channel></rss>")).unwrap();
    let feed = rss("<title>News &amp;amp; more</title><link>https://site.example/</link><language>en-us</language>\
        <atom:link rel='self' href='https://example.com/self.xml'/><atom:link rel='hub' href='https://hub.example/'/>\
        <atom10:link rel='hub' href='https://hub.example/'/><ttl>90</ttl>\
        <image><title>Logo</title><link>https://logo.example/</link></image>");
    assert_eq!(feed.title.as_deref(), Some("News & more"));
    assert_eq!(feed.site_url, Some(url("https://site.example/")));
    assert_eq!(feed.self_url, Some(url("https://example.com/self.xml")));
    assert_eq!(feed.hubs, [url("https://hub.example/")]);
    assert_eq!(feed.language.unwrap().as_str(), "en-US");
    assert_eq!(feed.ttl, Some(Duration::from_secs(90 * 60)));
    let updates = |fields: &str| rss(fields).ttl.map(|t| t.as_secs());
    assert_eq!(
        updates("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>"),
        Some(21_600)
    );
    assert_eq!(updates("<sy:updatePeriod> hourly </sy:updatePeriod>"), Some(3_600));
    assert_eq!(updates("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>"), None);
    let skips = rss("<skipHours><hour>0</hour><hour>23</hour></skipHours><skipDays><day>Sunday</day></skipDays>").skips;
    assert_eq!((skips.hours, skips.days), (1 << 23 | 1, 1 << 6));
    assert_eq!(updates("<ttl>0</ttl>"), None);
    assert_eq!(updates("<ttl>99999999999999999</ttl>"), Some(31 * 24 * 3600));
}

#[test]
fn json_feeds_are_read() {
    let feed = read(
        r#"{"version": "https://jsonfeed.org/version/1.1", "title": "T", "home_page_url": "https://site.example/blog/",
        "feed_url": "https://site.example/feed.json", "language": "ja", "authors": [{"name": "Jo"}, {"url": "x"}],
        "hubs": [{"type": "rssCloud", "url": "https://cloud.example/"}, {"type": "websub", "url": "https://hub.example/"}], "unknown": [[[{}]]], "items": [
        {"id": 7, "url": "a", "title": "A &amp; B", "content_text": "one < two\n\nthree", "tags": ["x", "x", 3],
         "date_published": "2024-05-03T10:20:30+08:00", "date_modified": "nonsense", "attachments": []},
        {"id": "https://site.example/b", "content_html": "<p>hi</p>", "author": {"name": "Al"}}, "odd", {"title": null}]}"#,
    )
    .unwrap();
    assert_eq!((feed.title.as_deref(), feed.language.unwrap().as_str()), (Some("T"), "ja"));
    assert_eq!(feed.hubs, [url("https://hub.example/")]);
    let [a, b, none] = feed.entries.as_slice() else { panic!("{:?}", feed.entries) };
    assert_eq!((a.guid.as_deref(), link(a)), (Some("7"), Some("https://site.example/blog/a")));
    assert_eq!((a.title.as_deref(), a.authors.as_slice()), (Some("A & B"), ["Jo".to_owned()].as_slice()));
    assert_eq!(a.content_html.as_deref(), Some("<p>one &lt; two</p><p>three</p>"));
    assert_eq!((a.tags.as_slice(), a.updated_at), (["x".to_owned()].as_slice(), None));
    assert_eq!((link(b), b.authors.as_slice()), (Some("https://site.example/b"), ["Al".to_owned()].as_slice()));
    assert_eq!((link(none), none.title.as_deref()), (None, None));
    assert!(URL.starts_with("https"));
}
