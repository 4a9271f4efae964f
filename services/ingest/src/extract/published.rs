//! When an article was published and last changed: what the page tells machines, else what it shows to readers.
//!
//! Publication, the most trusted first: JSON-LD of the article, `<meta>`, what is marked up as the date, the feed,
//! the line of the date beside the title, the day in the address, a line elsewhere that says
//! that it is the date of publication, the day of the last change where that alone is shown. Each has to be
//! plausible; where nothing is, there is none.

use jiff::{SignedDuration, Timestamp, tz::Offset};
use kos_shared::event::{Hints, HttpUrl};

use super::{
    date::{self, Order, Reading},
    date_text,
    metadata::Metadata,
    title::fold,
    visible::Line,
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

/// What stands before a date of publication, in lower case.
const PUBLISHED_LABELS: [&str; 21] = [
    "publish",
    "posted",
    "written on",
    "date:",
    "发布",
    "發布",
    "發佈",
    "发表",
    "發表",
    "刊登",
    "时间",
    "時間",
    "日期",
    "公開",
    "掲載",
    "投稿",
    "veröffentlicht",
    "erstellt",
    "publié",
    "publicado",
    "pubblicato",
];

/// What stands before a date of the last change, in lower case.
const CHANGED_LABELS: [&str; 17] = [
    "updated",
    "update:",
    "modified",
    "last reviewed",
    "reviewed",
    "revised",
    "edited",
    "更新",
    "修改",
    "修订",
    "aktualisiert",
    "stand:",
    "mis à jour",
    "modifié",
    "actualizado",
    "atualizado",
    "aggiornato",
];

/// What dates something else, in lower case.
const OTHER_LABELS: [&str; 23] = [
    "©",
    "copyright",
    "deadline",
    "expires",
    "effective",
    "event",
    "accessed",
    "retrieved",
    "joined",
    "since",
    "born",
    "valid",
    "today is",
    "register by",
    "评论",
    "版权",
    "截止",
    "今天是",
    "注册",
    "所有",
    "as of",
    "until",
    "archive",
];

/// Further apart than this are two times that mean different days whatever their zones.
const SAME_DAY: SignedDuration = SignedDuration::from_hours(38);

/// How many lines before the title its date may stand.
const LINES_BEFORE: usize = 8;

/// How many lines under the title are its, whatever their elements are called.
const LINES_UNDER: usize = 6;

/// How many lines after the title its date may stand.
const LINES_AFTER: usize = 30;

/// How much text may stand between title and date, in characters: a standfirst, not the article.
const TEXT_BETWEEN: usize = 700;

/// The longest line that is a label and nothing else, in characters.
const LABEL: usize = 24;

/// The longest line that is a date with little beside it, in characters.
const SHORT_LINE: usize = 110;

/// When an article was published and last changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Dates {
    /// When it was published.
    pub(super) published: Option<Timestamp>,
    /// When it was last changed; not before it was published.
    pub(super) modified: Option<Timestamp>,
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
    let plausible = |instant: Timestamp| date::plausible(instant, around.fetched_at);
    let read = |text: &str| date::parse(text, around.order).and_then(plausible);
    let titled = !metadata.headings.is_empty() || !metadata.titles().is_empty();
    let shown = Shown::of(&metadata.lines, title, titled, around.order);
    let instant = |reading: Option<Reading>| reading.and_then(Reading::instant).and_then(plausible);

    let told = metadata
        .json_ld
        .article
        .published
        .as_deref()
        .and_then(read)
        .or_else(|| PUBLISHED.iter().flat_map(|n| metadata.all_metas(n)).find_map(read))
        .or_else(|| metadata.marked_dates.iter().find_map(|t| read(t)))
        .or_else(|| metadata.times.iter().find_map(|t| read(t)));
    let beside_title = instant(shown.published);
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
        .or_else(|| instant(shown.changed));
    let published = told
        .or_else(|| around.hints.published_at.and_then(plausible))
        .map(|told| match beside_title {
            // Templates date a page by when its record was made or last put up; readers are shown the article's date,
            // and may be shown that of its present text. Days that touch are the same time in two zones.
            Some(shown) if told.duration_since(shown) > SAME_DAY => shown,
            Some(shown) if shown.duration_since(told) > SAME_DAY && changed.is_some_and(|c| day(c) == day(shown)) => {
                shown
            }
            _ => told,
        })
        .or_else(|| match (beside_title, on_path) {
            (Some(shown), Some(path)) if day(shown) != day(path) => Some(path),
            (shown, path) => shown.or(path),
        })
        .or_else(|| instant(shown.labelled_elsewhere))
        .or_else(|| instant(shown.changed));

    Dates { published, modified: changed.filter(|m| published.is_none_or(|p| p <= *m)) }
}

fn day(instant: Timestamp) -> jiff::civil::Date {
    Offset::UTC.to_datetime(instant).date()
}

/// The dates that a page shows to its readers.
#[derive(Debug, Default, PartialEq)]
struct Shown {
    /// Beside the title, as the date of publication or as nothing else.
    published: Option<Reading>,
    /// As that of the last change.
    changed: Option<Reading>,
    /// As that of publication, but far from the title.
    labelled_elsewhere: Option<Reading>,
}

/// What a line says that its date is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Published,
    Changed,
    Unsaid,
}

impl Shown {
    /// `titled` where the title is one and not the beginning of the text.
    fn of(lines: &[Line], title: &str, titled: bool, order: Order) -> Self {
        let mut shown = Self::default();
        let heading = heading(lines, title).filter(|_| titled);
        let mut text_since = 0;
        let mut beside = |at: usize, line: &Line| {
            let after = heading.is_none_or(|h| at > h);
            text_since += if after && line.chars > SHORT_LINE { line.chars } else { 0 };
            // Without a heading the first date of the page that has a name or a time is as near as can be told.
            let window = heading.is_none_or(|h| h.saturating_sub(LINES_BEFORE) <= at && at <= h + LINES_AFTER);
            window && text_since < TEXT_BETWEEN
        };
        let mut far: Vec<Reading> = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            let near = beside(at, line);
            // Templates call the block under the title what they like.
            let under_title = heading.is_some_and(|h| h < at && at <= h + LINES_UNDER);
            let label = at.checked_sub(1).and_then(|before| label_alone(&lines[before]));
            let Some((kind, reading)) = dated(line, under_title, order) else { continue };
            let kind = if kind == Kind::Unsaid { label.unwrap_or(kind) } else { kind };
            let sure = heading.is_some() || kind != Kind::Unsaid || line.marks.date || reading.time.is_some();
            match kind {
                Kind::Changed => shown.changed = shown.changed.or(near.then_some(reading)),
                _ if near && sure => {
                    let before = heading.is_some_and(|h| at < h);
                    // What follows the title is its date rather than what precedes it.
                    if shown.published.is_none() || !before && shown.only_before(lines, heading, order) {
                        shown.published = Some(reading);
                    }
                }
                Kind::Published => shown.labelled_elsewhere = shown.labelled_elsewhere.or(Some(reading)),
                Kind::Unsaid if line.marks.date && line.chars <= SHORT_LINE => far.push(reading),
                Kind::Unsaid => {}
            }
        }
        // The only day that is marked as a date is the article's; of several none can be told to be.
        let only = far.first().copied().filter(|first| far.iter().all(|r| r.date == first.date));
        shown.labelled_elsewhere = shown.labelled_elsewhere.or(only);
        shown
    }

    /// Whether the date that was found stands before the title.
    fn only_before(&self, lines: &[Line], heading: Option<usize>, order: Order) -> bool {
        let Some(heading) = heading else { return false };
        let after = lines.iter().skip(heading + 1).take(LINES_AFTER);
        !after.filter_map(|l| dated(l, true, order)).any(|(kind, r)| kind != Kind::Changed && Some(r) == self.published)
    }
}

/// The line that is the title.
fn heading(lines: &[Line], title: &str) -> Option<usize> {
    let title = fold(title);
    let same = |l: &Line| {
        let line = fold(&l.text);
        line == title
            || line.chars().count() >= 8 && (title.starts_with(&line) || line.starts_with(&title) && !title.is_empty())
    };
    let place = |wanted: &dyn Fn(&Line) -> bool| lines.iter().position(|l| !l.text.is_empty() && wanted(l));
    place(&|l| l.marks.h1 && same(l))
        .or_else(|| place(&|l| l.marks.heading && !l.marks.elsewhere && same(l)))
        .or_else(|| place(&|l| !l.marks.elsewhere && !l.marks.linked && same(l)))
        .or_else(|| place(&|l| l.marks.h1 && !l.marks.elsewhere))
}

/// What a line of a label and nothing else says of the date on the next.
fn label_alone(line: &Line) -> Option<Kind> {
    let lower = line.text.to_lowercase();
    let says = |labels: &[&str]| labels.iter().any(|l| lower.contains(l));
    match () {
        () if line.chars > LABEL || lower.bytes().any(|b| b.is_ascii_digit()) => None,
        () if says(&CHANGED_LABELS) => Some(Kind::Changed),
        () if says(&PUBLISHED_LABELS) => Some(Kind::Published),
        () => None,
    }
}

/// The date in a line, where it is a line of dates at all; `anywhere` where it counts in what isn't the article, too.
fn dated(line: &Line, anywhere: bool, order: Order) -> Option<(Kind, Reading)> {
    let marks = line.marks;
    if marks.frame || marks.elsewhere && !anywhere || marks.linked && !marks.date || marks.heading && !marks.date {
        return None;
    }
    let lower = line.text.to_lowercase();
    if OTHER_LABELS.iter().any(|l| lower.contains(l)) {
        return None;
    }
    if line.chars <= SHORT_LINE || marks.date && !line.text.is_empty() {
        // `May 6, 2024 (updated May 7, 2024)`: what is said before a date is said of it.
        let changed_at = CHANGED_LABELS.iter().filter_map(|l| lower.find(l)).min();
        let said = PUBLISHED_LABELS.iter().filter_map(|l| lower.find(l)).min();
        let before = changed_at.and_then(|at| date_text::find(lower.get(..at)?, order));
        // `2005-04-05 06:40更新`: said behind it, with nothing else to say when.
        let behind = changed_at.is_some_and(|at| lower.get(at..).is_some_and(|t| date_text::find(t, order).is_none()));
        if let Some(reading) = before {
            return Some((if said.is_some() || behind { Kind::Published } else { Kind::Unsaid }, reading));
        }
        if let Some(reading) = date_text::find(&line.text, order) {
            let kind = match (said, changed_at) {
                (None, None) if marks.changed => Kind::Changed,
                (said, Some(changed)) if said.is_none_or(|s| changed < s) => Kind::Changed,
                (Some(_), _) => Kind::Published,
                (None, _) => Kind::Unsaid,
            };
            return Some((kind, reading));
        }
    }
    let told = line.times.iter().find_map(|t| {
        let instant = date::parse(t, order)?;
        let at = Offset::UTC.to_datetime(instant);
        Some(Reading { date: at.date(), time: Some(at.time()), offset: Some(Offset::UTC) })
    })?;
    let changed = marks.changed || CHANGED_LABELS.iter().any(|l| lower.contains(l));
    Some((if changed { Kind::Changed } else { Kind::Unsaid }, told))
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
        let day = |t: Option<Timestamp>| t.map(|t| day(t).to_string());
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
        assert_eq!(page("2024-05-06T23:00:00-05:00", "May 6, 2024").as_deref(), Some("2024-05-07"));
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
