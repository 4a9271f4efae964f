//! What no feed should be, and what comes of it.

use std::time::{Duration, Instant};

use super::super::{MAX_BYTES, MAX_CONTENT_BYTES, MAX_ENTRIES, NotAFeed};
use super::{item, link, read, rss};

/// Far above what these take, far below what something quadratic would.
const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn what_is_no_feed_is_named() {
    for (body, expected) in [
        ("", NotAFeed::Empty),
        (" \n\u{feff} ", NotAFeed::Empty),
        ("<!DOCTYPE html><html><head><title>x</title></head>", NotAFeed::HtmlPage),
        ("<HTML><body><rss></body>", NotAFeed::HtmlPage),
        ("\n<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'>", NotAFeed::HtmlPage),
        ("<?xml version='1.0'?><urlset><url/></urlset>", NotAFeed::OtherXml("urlset".to_owned())),
        ("<opml version='2.0'><head><title>x</title></head><body><outline/></body></opml>", NotAFeed::FeedList),
        ("{\"error\": \"not found\"}", NotAFeed::OtherJson),
        ("Not found", NotAFeed::Unknown),
        ("\u{1}PNG<a<b", NotAFeed::Unknown),
        ("<rss version='2.0'><channel><title>x</title><item><title>y", NotAFeed::CutOff),
        ("{\"version\": \"https://jsonfeed.org/version/1\", \"items\": [{\"id\"", NotAFeed::CutOff),
    ] {
        assert_eq!(read(body), Err(expected), "{body}");
    }
    assert!(NotAFeed::HtmlPage.to_string().contains("site's feed"));
    assert!(NotAFeed::FeedList.to_string().contains("`kos feed import`"));
}

#[test]
fn a_feed_without_entries_is_a_feed() {
    assert_eq!(read("<rss><channel><title>x</title></channel></rss>").unwrap().entries, []);
    assert_eq!(read("{\"version\": \"https://jsonfeed.org/version/1\", \"items\": []}").unwrap().entries, []);
}

#[test]
fn of_a_feed_that_was_cut_off_more_may_come() {
    let item = "<item><guid>a</guid></item>";
    let is_cut_off = |body: &str| read(body).unwrap().cut_off;
    assert!(!is_cut_off(&format!("<rss><channel>{item}</channel></rss>")));
    assert!(is_cut_off(&format!("<rss><channel>{item}<item><guid>b")));
    assert!(is_cut_off("{\"version\": \"https://jsonfeed.org/version/1\", \"items\": [{\"id\": \"a\"}, {"));
    // The rest of what is too long never comes.
    assert!(!is_cut_off(&format!("<rss><channel>{item}<item><guid>{}", "b".repeat(MAX_BYTES))));
}

#[test]
fn elements_of_an_entry_have_a_bound_and_its_fields_one_of_their_own() {
    let deep = |width: usize| {
        let level = |inside: String| format!("<a>{}</a>", inside.repeat(width));
        (0..4).fold("<b/>".to_owned(), |inside, _| level(inside))
    };
    let feed = rss(&format!("{}<link>https://example.com/a</link>", deep(12)));
    assert_eq!(link(&feed.entries[0]), Some("https://example.com/a"));
    assert!(feed.repairs.iter().any(|r| r.contains("too many elements")), "{:?}", feed.repairs);
    // The next entry is not the worse for it.
    let next = format!("{}</item><item><source><author>Jane</author></source>", deep(12));
    assert_eq!(rss(&next).entries[1].authors, ["Jane"]);
}

#[test]
fn a_base_that_no_address_can_have_is_none() {
    let long = format!("https://b.example/{}/", "x".repeat(10_000));
    let body = format!(
        "<rss><channel xml:base='{long}'>{}</channel></rss>",
        "<item xml:base='y/'><link>a</link></item>".repeat(3)
    );
    let feed = read(body).unwrap();
    assert_eq!(link(&feed.entries[0]), Some("https://example.com/blog/y/a"));
    assert!(feed.repairs.iter().any(|r| r.contains("xml:base")), "{:?}", feed.repairs);
}

#[test]
fn of_a_json_feed_only_what_is_read_is_kept() {
    let junk = "[[1,2],{\"a\":[]}],".repeat(20_000);
    let item =
        format!("{{\"id\":7,\"title\":[1],\"x\":[{junk}0],\"url\":\"https://example.com/a\",\"tags\":[{junk}\"b\"]}}");
    let json = format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"y\":[{junk}1],\"items\":[3,{item}]}}");
    let feed = read(json).unwrap();
    let [entry] = feed.entries.as_slice() else { panic!("{}", feed.entries.len()) };
    assert_eq!((entry.guid.as_deref(), link(entry), &entry.title), (Some("7"), Some("https://example.com/a"), &None));
}

#[test]
fn dates_that_cannot_be_read_are_counted() {
    let dates = "<pubDate>soon</pubDate><updated>?</updated><dc:date>2024-05-03</dc:date><pubDate/>";
    let feed = rss(&format!("{dates}</item><item><pubDate>later</pubDate>"));
    assert!(feed.repairs.contains(&"3 dates could not be read".into()), "{:?}", feed.repairs);
    assert!(feed.entries[0].published_at.is_some());
}

#[test]
fn half_a_field_is_none() {
    let cut = "<rss><channel><item><title>One</title><link>https://example.com/1</link><description>Half a sen";
    let feed = read(cut).unwrap();
    assert_eq!(link(&feed.entries[0]), Some("https://example.com/1"));
    assert_eq!(feed.entries[0].content_html, None);
    assert!(feed.repairs.iter().any(|r| r.contains("ends before")), "{:?}", feed.repairs);
    let in_address = "<rss><channel><item><guid>a</guid></item><item><title>One</title><link>https://example.com/1";
    assert_eq!(read(in_address).unwrap().entries.len(), 1);
}

#[test]
fn entities_that_a_document_declares_are_not_expanded() {
    let mut lol = String::from("<!DOCTYPE rss [<!ENTITY lol0 \"lol\">");
    for n in 1..10 {
        lol.push_str(&format!("<!ENTITY lol{n} \"{}\">", format!("&lol{};", n - 1).repeat(10)));
    }
    let bomb =
        format!("<?xml version=\"1.0\"?>{lol}]><rss><channel><item><title>a &lol9; b</title></item></channel></rss>");
    assert_eq!(read(bomb).unwrap().entries[0].title.as_deref(), Some("a &lol9; b"));
}

#[test]
fn external_entities_are_not_fetched() {
    for declared in ["<!ENTITY x SYSTEM \"file:///etc/passwd\">", "<!ENTITY % x SYSTEM \"http://127.0.0.1/\"> %x;"] {
        let body =
            format!("<!DOCTYPE rss [{declared}]><rss><channel><item><title>a &x; b</title></item></channel></rss>");
        assert_eq!(read(body).unwrap().entries[0].title.as_deref(), Some("a &x; b"));
    }
}

#[test]
fn fifty_megabytes_are_read_in_part() {
    let started = Instant::now();
    let long = "<item><title>x</title><description>".to_owned() + &"word ".repeat(200_000) + "</description></item>";
    let body = format!("<rss><channel>{}</channel></rss>", long.repeat(50));
    assert!(body.len() > 3 * MAX_BYTES - 1_000_000);
    let feed = read(body).unwrap();
    assert!((10..20).contains(&feed.entries.len()), "{}", feed.entries.len());
    assert!(feed.entries.iter().all(|e| e.content_html.is_none()));
    assert!(feed.repairs.iter().any(|r| r.contains("16 MiB")), "{:?}", feed.repairs);
    assert!(started.elapsed() < LIMIT, "{:?}", started.elapsed());
}

#[test]
fn of_too_many_entries_the_newest_are_kept() {
    let newest = |item: fn(u32) -> String, around: fn(&str) -> String| {
        let items: Vec<String> = (0..1_300).map(item).collect();
        let feed = read(around(&items.join(","))).unwrap();
        assert!(feed.repairs.iter().any(|r| r.contains("the newest were kept")), "{:?}", feed.repairs);
        let guid = |entry: &crate::feed::Entry| entry.guid.clone().unwrap();
        (feed.entries.len(), feed.entries.first().map(guid), feed.entries.last().map(guid))
    };
    let expected = (MAX_ENTRIES, Some("300".to_owned()), Some("1299".to_owned()));
    let rss = |n: u32| format!("<item><guid>{n}</guid><pubDate>{}</pubDate></item>", 1_700_000_000 + n);
    assert_eq!(newest(rss, |items| format!("<rss><channel>{items}</channel></rss>")), expected);
    let json = |n: u32| format!("{{\"id\":\"{n}\",\"date_published\":\"{}\"}}", 1_700_000_000 + n);
    let around = |items: &str| format!("{{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{items}]}}");
    assert_eq!(newest(json, around), expected);
}

#[test]
fn of_a_million_entries_the_first_are_kept() {
    let started = Instant::now();
    let items = (0..1_000_000).fold(String::new(), |all, n| all + &format!("<item><guid>{n}</guid></item>"));
    let feed = read(format!("<rss><channel><title>T</title>{items}</channel></rss>")).unwrap();
    assert_eq!(feed.entries.len(), MAX_ENTRIES);
    assert_eq!(feed.entries[999].guid.as_deref(), Some("999"));
    let items = (0..500_000).fold(String::new(), |all, n| all + &format!("{{\"id\":\"{n}\"}},"));
    let json = format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{items}{{}}]}}");
    assert_eq!(read(json).unwrap().entries.len(), MAX_ENTRIES);
    assert!(started.elapsed() < LIMIT, "{:?}", started.elapsed());
}

#[test]
fn nothing_nests_too_deeply() {
    let started = Instant::now();
    let deep = |open: &str, close: &str| {
        let (open, close) = (open.repeat(100_000), close.repeat(100_000));
        let item = "<item><title>After</title><guid>a</guid></item>";
        read(format!("<rss><channel><item><title>A</title>{open}x{close}</item>{item}</channel></rss>")).unwrap()
    };
    for (open, close) in
        [("<a>", "</a>"), ("<media:group>", ""), ("<item>", "</item>"), ("<description>", "</description>")]
    {
        let feed = deep(open, close);
        assert!(feed.entries.len() >= 2, "{open}: {}", feed.entries.len());
    }
    assert!(read("<rss>".repeat(100_000)).is_err() && read("<feed><entry>".repeat(100_000)).is_ok());
    let json = format!("{{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{}", "[".repeat(100_000));
    assert_eq!(read(json), Err(NotAFeed::CutOff));
    assert!(started.elapsed() < LIMIT, "{:?}", started.elapsed());
}

#[test]
fn nothing_takes_more_than_linear_time() {
    let started = Instant::now();
    for piece in [
        "<",
        "&",
        "<!--",
        "<!-- >",
        "<![CDATA[",
        "<d><![CDATA[x</d>",
        "<?",
        "<?x>\n\n",
        "<!DOCTYPE [",
        "<a b='",
        "<a b=\"",
        "<a b='<a c=\"",
        "]]>",
        "<a",
        "</a",
        "<item>",
        "<title>",
        "<title><script>",
        "&#x",
        "<a xmlns:b='c'>",
        "<p/>",
        "<title>&lt;script&gt;",
        "<link href='x'>",
        "<category>x",
        "<author><name>",
    ] {
        let body = format!("<rss><channel><item><title>{}", piece.repeat(300_000 / piece.len()));
        let _ = read(&body);
        let _ = read(&body[30..]);
        let _ = read(format!("<!--{body}"));
    }
    assert!(started.elapsed() < 3 * LIMIT, "{:?}", started.elapsed());
}

#[test]
fn any_bytes_end() {
    let sample = &super::samples::all()[3].text;
    for at in (0..sample.len()).step_by(37) {
        let mut bytes = sample.as_bytes().to_vec();
        bytes[at] = (at % 256) as u8;
        let _ = read(&bytes);
        bytes.rotate_left(at);
        let _ = read(&bytes);
        let _ = read(&bytes[..bytes.len() - at]);
    }
}

#[test]
fn encodings_are_recognised_whatever_is_declared() {
    let feed = "<rss><channel><item><title>北京发布新的交通规定，市民可以查询</title></item></channel></rss>";
    let title = Some("北京发布新的交通规定，市民可以查询");
    let found = |bytes: &[u8], content_type| {
        super::parse(bytes, content_type, &super::url(super::URL)).unwrap().entries[0].title.clone()
    };
    let wide: Vec<u8> = feed.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(found(&wide, None).as_deref(), title);
    let gbk = encoding_rs::GBK.encode(feed).0.into_owned();
    for content_type in
        [None, Some("text/xml; charset=gbk"), Some("text/xml; charset=utf-8"), Some("text/xml; charset=x")]
    {
        assert_eq!(found(&gbk, content_type).as_deref(), title, "{content_type:?}");
        assert_eq!(found(feed.as_bytes(), content_type).as_deref(), title, "{content_type:?}");
    }
}

#[test]
fn the_same_guid_twice_is_one_entry_or_no_guid() {
    let twice = |links: [&str; 2]| {
        let item =
            |l: &str| format!("<item><guid isPermaLink='false'>1</guid><link>https://example.com/{l}</link></item>");
        read(format!("<rss><channel>{}{}</channel></rss>", item(links[0]), item(links[1]))).unwrap()
    };
    assert_eq!(twice(["a", "a"]).entries.len(), 1);
    let shared = twice(["a", "b"]);
    assert_eq!(shared.entries.iter().map(|e| e.guid.as_deref()).collect::<Vec<_>>(), [None, None]);
    assert_eq!(link(&shared.entries[1]), Some("https://example.com/b"));
    let notes = |texts: [&str; 2]| {
        let item = |t: &str| format!("<item><guid isPermaLink='false'>1</guid><description>{t}</description></item>");
        read(format!("<rss><channel>{}{}</channel></rss>", item(texts[0]), item(texts[1]))).unwrap().entries.len()
    };
    assert_eq!((notes(["One", "One"]), notes(["One", "Two"])), (1, 2));
}

#[test]
fn what_is_too_long_is_cut_or_left_out() {
    let title = item(&format!("<title>{}</title>", "题".repeat(2_000))).title.unwrap();
    assert_eq!(title.chars().count(), 1_000);
    let long = format!("<description>Short</description><encoded>{}</encoded>", "x".repeat(MAX_CONTENT_BYTES + 1));
    let long = long.replace("encoded", "content:encoded");
    assert_eq!(item(&long).content_html.as_deref(), Some("Short"));
    let guid = format!("<guid>{}</guid><link>https://example.com/a</link>", "g".repeat(5_000));
    assert_eq!(item(&guid).guid, None);
}

#[test]
fn without_guid_or_link_there_is_an_entry_all_the_same() {
    let feed = rss("<description>Just a note</description>");
    assert_eq!((feed.entries[0].guid.as_deref(), link(&feed.entries[0])), (None, None));
    assert_eq!(feed.entries[0].content_html.as_deref(), Some("Just a note"));
}
