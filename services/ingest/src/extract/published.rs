//! When an article was published and last changed: what the page tells machines, else what it shows to readers.
//!
//! Publication, the most trusted first: JSON-LD of the article, `<meta>`, what is marked up as the date, the feed, the
//! line of the date beside the title, the day in the address, a line elsewhere that says that it is the date of
//! publication, the day of the last change where that alone is shown. Each has to be plausible; where nothing is, there
//! is none. JSON-LD's date of a mere `WebPage` is none: pages that are no articles have one as well.

use jiff::{SignedDuration, Timestamp, civil::Time};
use kos_shared::event::{Hints, HttpUrl, OffsetTime};

use super::{
    date::{self, Order, Reading},
    metadata::Metadata,
    shown::Shown,
};

/// Names of `<meta>` that date an article's publication, the most trusted first, in lower case.
const PUBLISHED: [&str; 31] = [
    "article:published_time",
    "og:published_time",
    "og:article:published_time",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "article.published",
    "rnews:datepublished",
    "dcterms.issued",
    "dcterms.created",
    "dc.date.issued",
    "dc.date.created",
    "dc.date",
    "citation_publication_date",
    "citation_online_date",
    "prism.publicationdate",
    "pubdate",
    "publishdate",
    "publish-date",
    "publish_date",
    "publication_date",
    "publication-date",
    "published_date",
    "published-date",
    "originalpublicationdate",
    "article:published",
    "og:publish_date",
    "bt:pubdate",
    "cxenseparse:recs:publishtime",
    "weibo:article:create_at",
    "date",
];

/// Names of `<meta>` that date its last change, the most trusted first, in lower case.
const MODIFIED: [&str; 12] = [
    "article:modified_time",
    "og:updated_time",
    "article:updated_time",
    "datemodified",
    "dcterms.modified",
    "dc.date.modified",
    "last-modified",
    "lastmod",
    "updated_date",
    "updated",
    "bt:moddate",
    "weibo:article:update_at",
];

/// Further apart than this are two times that mean different days whatever their zones.
const SAME_DAY: SignedDuration = SignedDuration::from_hours(38);

/// When an article was published and last changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Dates {
    /// When it was published.
    pub(super) published: Option<OffsetTime>,
    /// When it was last changed; not before it was published.
    pub(super) modified: Option<OffsetTime>,
}

/// What is known beside the page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) url: &'a HttpUrl,
    pub(super) hints: &'a Hints,
    pub(super) order: Order,
    pub(super) fetched_at: Timestamp,
}

/// The dates of the page's article, `title` being its title.
pub(super) fn dates(metadata: &Metadata, title: &str, around: Around<'_>) -> Dates {
    let plausible = |time: OffsetTime| date::plausible(time, around.fetched_at);
    let read = |text: &str| date::parse(text, around.order).and_then(plausible);
    let titled = !metadata.headings.is_empty() || !metadata.titles().is_empty();
    let shown = Shown::of(&metadata.lines, title, titled, around.order);
    let whole = |reading: Option<Reading>| reading.and_then(Reading::whole).and_then(plausible);

    let of_page = metadata.json_ld.page.published.as_deref().and_then(read);
    let told = metadata
        .json_ld
        .article
        .published
        .as_deref()
        .and_then(read)
        .map(|article| of_page.filter(|page| is_more_exact(*page, article)).unwrap_or(article))
        .or_else(|| PUBLISHED.iter().flat_map(|n| metadata.all_metas(n)).find_map(read))
        .or_else(|| metadata.marked_dates.iter().find_map(|t| read(t)))
        .or_else(|| metadata.times.iter().find_map(|t| read(t)));
    let beside_title = whole(shown.published);
    let shown_as_date = shown.published_is_marked;
    let on_path = date::of_path(around.url.as_url().path()).and_then(plausible);
    let changed = metadata
        .json_ld
        .article
        .modified
        .as_deref()
        .and_then(read)
        .or_else(|| MODIFIED.iter().flat_map(|n| metadata.all_metas(n)).find_map(read))
        .or_else(|| metadata.json_ld.page.modified.as_deref().and_then(read))
        .or_else(|| metadata.marked_changes.iter().find_map(|t| read(t)))
        .or_else(|| around.hints.modified_at.and_then(plausible))
        .or_else(|| whole(shown.changed));
    let published = told
        .or_else(|| around.hints.published_at.and_then(plausible))
        .map(|told| match beside_title {
            // Templates date a page by when its record was made or last put up; readers are shown the article's date,
            // and may be shown that of its present text. Days that touch are the same time in two zones.
            Some(shown) if after(told, shown) > SAME_DAY => shown,
            Some(shown)
                if after(shown, told) > SAME_DAY
                    && (shown_as_date || changed.is_some_and(|c| c.date() == shown.date())) =>
            {
                shown
            }
            _ => told,
        })
        .or_else(|| match (beside_title, on_path) {
            (Some(shown), Some(path)) if shown.date() != path.date() => Some(path),
            (shown, path) => shown.or(path),
        })
        .or_else(|| whole(shown.labelled_elsewhere))
        .or_else(|| whole(shown.changed));

    Dates { published, modified: changed.filter(|m| published.is_none_or(|p| p.instant() <= m.instant())) }
}

/// Whether a time says when on the day that another one, at midnight, says alone: days that touch are the same in two zones.
fn is_more_exact(time: OffsetTime, day: OffsetTime) -> bool {
    day.time() == Time::midnight() && time.time() != Time::midnight() && after(time, day).abs() <= SAME_DAY
}

fn after(later: OffsetTime, earlier: OffsetTime) -> SignedDuration {
    later.instant().duration_since(earlier.instant())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The dates of a page in English that was fetched at the end of 2024: published and modified.
    fn of(page: &str, url: &str, hints: &Hints) -> (Option<String>, Option<String>) {
        let url = url.parse().unwrap();
        let metadata = Metadata::of(&dom_query::Document::from(page), &url);
        let fetched_at = "2024-12-31T12:00:00Z".parse().unwrap();
        let around = Around { url: &url, hints, order: Order::MonthFirst, fetched_at };
        let found = dates(&metadata, "Bridge to close", around);
        let day = |t: Option<OffsetTime>| t.map(|t| t.date().to_string());
        (day(found.published), day(found.modified))
    }

    fn published(page: &str) -> Option<String> {
        of(page, "https://example.com/a", &Hints::default()).0
    }

    #[test]
    fn what_a_page_tells_machines_comes_first() {
        let machines = r#"<script type=application/ld+json>{"@type":"Article","datePublished":"2024-05-06T07:08:09Z",
            "dateModified":"2024-06-07"}</script>"#;
        let page = format!("{machines}<meta name=date content=2024-01-01><h1>Bridge to close</h1>");
        assert_eq!(
            of(&page, "https://example.com/2023/01/02/a", &Hints::default()),
            (Some("2024-05-06".into()), Some("2024-06-07".into()))
        );
    }

    #[test]
    fn the_date_that_readers_see_is_found_beside_the_title() {
        for (page, date) in [
            ("<h1>Bridge to close</h1><p>By Jane Doe | May 6, 2024</p>", Some("2024-05-06")),
            ("<p>May 6, 2024</p><h1>Bridge to close</h1><p>Text.</p>", Some("2024-05-06")),
            ("<p>May 1, 2024</p><h1>Bridge to close</h1><p>May 6, 2024</p>", Some("2024-05-06")),
            ("<h1>Bridge to close</h1><p>May 6, 2024 (updated May 9, 2024)</p>", Some("2024-05-06")),
            ("<h1>Bridge to close</h1><p>Updated May 9, 2024</p><p>Published May 6, 2024</p>", Some("2024-05-06")),
            ("<h1>Bridge to close</h1><p>Updated on</p><p>May 9, 2024</p><p>May 6, 2024</p>", Some("2024-05-06")),
            ("<h1>Bridge to close</h1><p>Last updated: May 9, 2024</p>", Some("2024-05-09")),
            ("<h1>Bridge to close</h1><p>发布时间：2024-05-06 07:08</p>", Some("2024-05-06")),
            ("<h1>Bridge to close</h1><time datetime=2024-05-06>last week</time>", Some("2024-05-06")),
            ("<h1>Bridge to close</h1><p>© May 6, 2024</p>", None),
            ("<h1>Bridge to close</h1><p>The last inspection was on March 3, 2015.</p>", None),
            ("<h1>大桥将关闭</h1><p>上次检查是在2015年3月3日，当时一切正常。</p>", None),
            ("<h1>Bridge to close</h1><figcaption>The bridge on May 6, 2024</figcaption>", None),
            ("<h1>Bridge to close</h1><p>Photo from 6 May 2024</p>", None),
            ("<h1>Bridge to close</h1><p>Prevention | May 6, 2024</p>", Some("2024-05-06")),
            ("<h1>Bridge to close</h1><p>Event on May 6, 2024</p>", None),
            ("<h1>Bridge to close</h1><footer><span class=meta-date>May 6, 2024</span></footer>", Some("2024-05-06")),
            ("<h1>Bridge to close</h1><footer>May 6, 2024</footer>", None),
            ("<h1>Bridge to close</h1><a href=/b>Another story, May 6, 2024</a>", None),
            ("<h1>Bridge to close</h1><p>May 6, 2025</p>", None),
        ] {
            assert_eq!(published(page).as_deref(), date, "{page}");
        }
    }

    #[test]
    fn far_from_the_title_a_date_must_say_what_it_is() {
        let text = format!("<h1>Bridge to close</h1><p>{}</p>", "word ".repeat(300));
        for (end, date) in [
            ("<p>Posted on 15/12/2024 by Jane</p>", Some("2024-12-15")),
            ("<p class=date>May 6, 2024</p>", Some("2024-05-06")),
            ("<p class=date>May 6, 2024</p><p class=date>May 7, 2024</p>", None),
            ("<p>May 6, 2024</p>", None),
        ] {
            assert_eq!(published(&format!("{text}{end}")).as_deref(), date, "{end}");
        }
    }

    #[test]
    fn a_shown_date_corrects_a_template_but_not_for_a_zone() {
        let page = |told: &str, shown: &str| {
            published(&format!("<meta name=pubdate content={told}><h1>Bridge to close</h1><p>{shown}</p>"))
        };
        assert_eq!(page("2024-11-05", "May 6, 2024").as_deref(), Some("2024-05-06"));
        assert_eq!(page("2020-01-02", "May 6, 2024").as_deref(), Some("2020-01-02"));
        for marked in ["Published May 6, 2024", "<time>May 6, 2024</time>", "<i class=release-date>May 6, 2024</i>"] {
            assert_eq!(page("2020-01-02", marked).as_deref(), Some("2024-05-06"), "{marked}");
        }
        assert_eq!(page("2024-11-05", "Tests on May 6, 2024 had shown cracks.").as_deref(), Some("2024-11-05"));
        assert_eq!(page("2024-05-06T23:00:00-05:00", "May 6, 2024").as_deref(), Some("2024-05-06"));
    }

    #[test]
    fn of_two_claims_about_a_day_the_one_with_a_time_holds() {
        let page = |page: &str| {
            let scripts = [
                format!(r#"{{"@type":"WebPage","datePublished":"{page}"}}"#),
                r#"{"@type":"Article",
                "datePublished":"2024-05-06"}"#
                    .to_owned(),
            ];
            published(&scripts.map(|s| format!("<script type=application/ld+json>{s}</script>")).concat())
        };
        assert_eq!(page("2024-05-07T04:39:05Z").as_deref(), Some("2024-05-07"));
        assert_eq!(page("2024-05-09T04:39:05Z").as_deref(), Some("2024-05-06"));
    }

    #[test]
    fn what_is_marked_as_another_articles_date_dates_nothing() {
        let at = |day: u8| format!("<time itemprop=datePublished datetime=2024-05-0{day}T10:00:00Z>{day} May</time>");
        let time = at(6);
        let text = format!("<p>{}</p>", "word ".repeat(100)).repeat(8);
        let list = format!("<ul><li><a href=/o>Another</a> {time}<li><a href=/p>Third</a> {}</ul>", at(7));
        assert_eq!(published(&format!("<h1>Bridge to close</h1>{text}{list}")), None);
        let comment = format!("<div itemscope itemtype=https://schema.org/Comment>{time}</div>");
        assert_eq!(published(&format!("<h1>Bridge to close</h1>{text}{comment}")), None);
        assert_eq!(published(&format!("<h1>Bridge to close</h1>{text}{time}")).as_deref(), Some("2024-05-06"));
    }

    #[test]
    fn feed_and_address_fill_in() {
        let hints = Hints { published_at: Some("2024-05-06T07:08:09Z".parse().unwrap()), ..Hints::default() };
        let day = Some("2024-05-06".to_owned());
        assert_eq!(of("<p>x", "https://example.com/2023/01/02/a", &hints).0, day);
        assert_eq!(of("<p>x", "https://example.com/2024/05/06/a", &Hints::default()).0, day);
        assert_eq!(of("<p>x", "https://example.com/2025/05/06/a", &Hints::default()), (None, None));
    }
}
