//! Forty feeds as they are on the web: ten ways to write one, in four languages.

/// A feed and what is in it.
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) text: String,
    /// Title and address of each entry.
    pub(super) entries: Vec<(String, String)>,
    /// What an entry ends with in the document.
    pub(super) entry_end: &'static str,
}

const ENTRIES: usize = 12;

/// A site: its language, its name, the titles of its articles, and a sentence of theirs.
struct Site {
    language: &'static str,
    name: &'static str,
    titles: [&'static str; 4],
    sentence: &'static str,
}

const SITES: [Site; 4] = [
    Site {
        language: "en",
        name: "The Harbour Gazette",
        titles: ["Council & mayor agree", "Ferry fares rise by 4%", "\"Quiet\" night at sea", "What's in Q&A today?"],
        sentence: "The harbour office said on Monday that the new timetable would start in spring.",
    },
    Site {
        language: "zh-CN",
        name: "海港日报",
        titles: ["北京发布新的交通规定", "研发 & 创新:三年计划", "“安静”的夜晚", "今天的问与答 Q&A"],
        sentence: "港务局周一表示，新的时刻表将从春季开始实行，市民可以在网上查询。",
    },
    Site {
        language: "ja",
        name: "港新聞",
        titles: ["東京で新しい規則が発表", "研究 & 開発の三年計画", "静かな夜の海", "今日のＱ&Ａ"],
        sentence: "港湾局は月曜日、新しい時刻表が春から始まると発表した。市民はウェブで確認できる。",
    },
    Site {
        language: "de",
        name: "Hafenblatt für Jürgen",
        titles: [
            "Bürger & Bürgermeister einig",
            "Fähre wird teurer",
            "Eine „ruhige“ Nacht auf See",
            "Fragen & Antworten",
        ],
        sentence: "Das Hafenamt teilte am Montag mit, daß der neue Fahrplan im Frühjahr gelten werde; für Schüler ermäßigt.",
    },
];

struct Article {
    title: String,
    url: String,
    rfc822: String,
    rfc3339: String,
    html: String,
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn articles(site: &Site) -> Vec<Article> {
    (0..ENTRIES)
        .map(|n| {
            let title = format!("{} {}", site.titles[n % 4], n + 1);
            let url = format!("https://news.example/{}/2024/05/{n}?id={n}&from=feed", site.language);
            let html = format!(
                "<p>{s} {s}</p>\n<p><a href=\"https://news.example/?a={n}&amp;b=2\">{}</a> <img \
                src=\"https://news.example/{n}.jpg\" alt=\"\"/></p><blockquote>{s}</blockquote>",
                escape(&title),
                s = site.sentence,
            );
            let day = 3 + n;
            Article {
                title,
                url,
                rfc822: format!("{day:02} May 2024 10:20:30 +0800"),
                rfc3339: format!("2024-05-{day:02}T10:20:30+08:00"),
                html,
            }
        })
        .collect()
}

/// Writes a site's articles as a feed.
type Write = fn(&Site, &[Article]) -> String;

/// All of them.
pub(super) fn all() -> Vec<Sample> {
    let formats: [(&str, &'static str, Write); 10] = [
        ("rss 0.91", "</item>", |s, a| rss(s, a, "0.91", "", |a| plain_item(a, ""))),
        ("rss 0.92", "</item>", |s, a| rss(s, a, "0.92", "", |a| plain_item(a, "<category>News</category>"))),
        ("rss 1.0", "</item>", rdf),
        ("rss 2.0 with cdata", "</item>", |s, a| rss(s, a, "2.0", NAMESPACES, cdata_item)),
        ("rss 2.0 escaped", "</item>", |s, a| rss(s, a, "2.0", "", escaped_item)),
        ("rss 2.0 with media", "</item>", |s, a| rss(s, a, "2.0", NAMESPACES, media_item)),
        ("atom 0.3", "</entry>", atom_03),
        ("atom 1.0 with html", "</entry>", |s, a| {
            atom(s, a, |a| format!("<content type=\"html\">{}</content>", escape(&a.html)))
        }),
        ("atom 1.0 with xhtml", "</entry>", |s, a| {
            atom(s, a, |a| {
                let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{}</div>", a.html);
                format!("<content type=\"xhtml\">{div}</content>")
            })
        }),
        ("json feed", "}", json),
    ];
    let of_site = |site: &Site| {
        let articles = articles(site);
        let entries: Vec<_> = articles.iter().map(|a| (a.title.clone(), a.url.clone())).collect();
        formats.map(|(name, entry_end, write)| Sample {
            name: format!("{name} in {}", site.language),
            text: write(site, &articles),
            entries: entries.clone(),
            entry_end,
        })
    };
    SITES.iter().flat_map(of_site).collect()
}

const NAMESPACES: &str = " xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
    xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:media=\"http://search.yahoo.com/mrss/\" \
    xmlns:atom=\"http://www.w3.org/2005/Atom\" xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\"";

fn rss(site: &Site, articles: &[Article], version: &str, namespaces: &str, item: fn(&Article) -> String) -> String {
    let items: Vec<String> = articles.iter().map(item).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"{version}\"{namespaces}>\n<channel>\n<title>{}</title>\n\
        <link>https://news.example/</link>\n<description>{}</description>\n<language>{}</language>\n\
        <image><title>Logo</title><url>https://news.example/logo.png</url><link>https://news.example/</link></image>\n\
        {}\n</channel>\n</rss>\n",
        site.name,
        escape(site.sentence),
        site.language,
        items.join("\n"),
    )
}

fn plain_item(article: &Article, more: &str) -> String {
    format!(
        "<item>\n<title>{}</title>\n<link>{}</link>\n<description>{}</description>\n{more}</item>",
        escape(&article.title),
        escape(&article.url),
        escape(&article.title),
    )
}

fn cdata_item(article: &Article) -> String {
    format!(
        "<item>\n<title><![CDATA[{}]]></title>\n<link>{}</link>\n<guid isPermaLink=\"false\">{}</guid>\n\
        <pubDate>{}</pubDate>\n<dc:creator>Jane Doe</dc:creator>\n<description><![CDATA[{}]]></description>\n\
        <content:encoded><![CDATA[{}]]></content:encoded>\n</item>",
        escape(&article.title),
        escape(&article.url),
        escape(&article.url),
        article.rfc822,
        escape(&article.title),
        article.html,
    )
}

fn escaped_item(article: &Article) -> String {
    format!(
        "<item>\n<title>{}</title>\n<link>{}</link>\n<guid>{}</guid>\n<pubDate>{}</pubDate>\n\
        <description>{}</description>\n<category>News</category>\n</item>",
        escape(&article.title),
        escape(&article.url),
        escape(&article.url),
        article.rfc822,
        escape(&article.html),
    )
}

fn media_item(article: &Article) -> String {
    format!(
        "<item>\n<guid isPermaLink=\"false\">{}</guid>\n<title>{}</title>\n<link>{}</link>\n<pubDate>{}</pubDate>\n\
        <media:group><media:title>Picture</media:title><media:content url=\"https://news.example/p.jpg\" type=\"image/jpeg\" \
        medium=\"image\"/></media:group>\n<enclosure url=\"https://news.example/a.mp3\" length=\"1\" type=\"audio/mpeg\"/>\n\
        <itunes:author>Jane Doe</itunes:author>\n<description>{}</description>\n</item>",
        escape(&article.url),
        escape(&article.title),
        escape(&article.url),
        article.rfc822,
        escape(&article.html),
    )
}

fn rdf(site: &Site, articles: &[Article]) -> String {
    let lines: Vec<String> =
        articles.iter().map(|a| format!("<rdf:li rdf:resource=\"{}\"/>", escape(&a.url))).collect();
    let item = |a: &Article| {
        format!(
            "<item rdf:about=\"{u}\">\n<title>{}</title>\n<link>{u}</link>\n<dc:date>{}</dc:date>\n\
            <description>{}</description>\n</item>",
            escape(&a.title),
            a.rfc3339,
            escape(&a.title),
            u = escape(&a.url),
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" \
        xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns=\"http://purl.org/rss/1.0/\">\n\
        <channel rdf:about=\"https://news.example/\">\n<title>{}</title>\n<link>https://news.example/</link>\n\
        <description>x</description>\n<items><rdf:Seq>{}</rdf:Seq></items>\n</channel>\n{}\n</rdf:RDF>\n",
        site.name,
        lines.concat(),
        articles.iter().map(item).collect::<Vec<_>>().join("\n"),
    )
}

fn atom_03(site: &Site, articles: &[Article]) -> String {
    let entry = |a: &Article| {
        format!(
            "<entry>\n<title>{}</title>\n<link rel=\"alternate\" type=\"text/html\" href=\"{u}\"/>\n<id>{u}</id>\n\
            <issued>{d}</issued>\n<modified>{d}</modified>\n<content type=\"text/html\" mode=\"escaped\">{}</content>\n</entry>",
            escape(&a.title),
            escape(&a.html),
            u = escape(&a.url),
            d = a.rfc3339,
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed version=\"0.3\" xmlns=\"http://purl.org/atom/ns#\" \
        xml:lang=\"{}\">\n<title>{}</title>\n<link rel=\"alternate\" href=\"https://news.example/\"/>\n{}\n</feed>\n",
        site.language,
        site.name,
        articles.iter().map(entry).collect::<Vec<_>>().join("\n"),
    )
}

fn atom(site: &Site, articles: &[Article], content: fn(&Article) -> String) -> String {
    let entry = |a: &Article| {
        format!(
            "<entry>\n<id>{u}</id>\n<title type=\"text\">{}</title>\n<link rel=\"edit\" href=\"https://news.example/edit\"/>\n\
            <link href=\"{u}\"/>\n<published>{d}</published>\n<updated>{d}</updated>\n\
            <author><name>Jane Doe</name></author>\n{}\n</entry>",
            escape(&a.title),
            content(a),
            u = escape(&a.url),
            d = a.rfc3339,
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\n\
        <id>urn:x</id>\n<title>{}</title>\n<link href=\"https://news.example/\"/>\n\
        <link rel=\"self\" href=\"https://news.example/atom.xml\"/>\n<updated>2024-05-03T10:20:30Z</updated>\n{}\n</feed>\n",
        site.language,
        site.name,
        articles.iter().map(entry).collect::<Vec<_>>().join("\n"),
    )
}

fn json(site: &Site, articles: &[Article]) -> String {
    let items: Vec<_> = articles
        .iter()
        .map(|a| {
            serde_json::json!({ "id": a.url, "url": a.url, "title": a.title, "content_html": a.html,
                "date_published": a.rfc3339, "authors": [{ "name": "Jane Doe" }] })
        })
        .map(|item| item.to_string())
        .collect();
    format!(
        "{{\"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"{}\", \"language\": \"{}\",\n\
        \"home_page_url\": \"https://news.example/\", \"items\": [\n{}\n]}}\n",
        site.name,
        site.language,
        items.join(",\n"),
    )
}
