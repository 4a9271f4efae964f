//! The dates that a page shows to its readers, and what it says that they are.

use super::{
    date::{self, Order, Reading},
    date_text,
    title::fold,
    visible::Line,
};

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
const OTHER_LABELS: [&str; 25] = [
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
    "as of ",
    "photo",
    "picture",
    "until",
    "archive",
];

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

/// How many words in small letters a byline has at most: `Jane Doe, senior reporter for the north, May 6, 2024`.
const MOST_SMALL_WORDS: usize = 6;

/// The longest line that is a date with little beside it, in characters.
const SHORT_LINE: usize = 110;

/// The dates that a page shows to its readers.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Shown {
    /// Beside the title, as the date of publication or as nothing else.
    pub(super) published: Option<Reading>,
    /// Whether an element or a label says that it is a date of publication.
    pub(super) published_is_marked: bool,
    /// As that of the last change.
    pub(super) changed: Option<Reading>,
    /// As that of publication, but far from the title.
    pub(super) labelled_elsewhere: Option<Reading>,
}

/// What a line says that its date is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Published,
    Changed,
    Unsaid,
}

impl Shown {
    /// What the lines show of the article that is called `title`; `titled` where the title is one and not the beginning of the text.
    pub(super) fn of(lines: &[Line], title: &str, titled: bool, order: Order) -> Self {
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
                        shown.published_is_marked = kind == Kind::Published || line.marks.date;
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
pub(super) fn heading(lines: &[Line], title: &str) -> Option<usize> {
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
    let says = |labels: &[&str]| first_of(labels, &lower).is_some();
    match () {
        () if line.chars > LABEL || lower.bytes().any(|b| b.is_ascii_digit()) => None,
        () if says(&CHANGED_LABELS) => Some(Kind::Changed),
        () if says(&PUBLISHED_LABELS) => Some(Kind::Published),
        () => None,
    }
}

/// Where the first of these labels stands in a line in small letters: at the beginning of a word, as far as words of its
/// script have one.
fn first_of(labels: &[&str], lower: &str) -> Option<usize> {
    let begins = |at: &usize, label: &str| {
        let is_letter = |c: char| c.is_alphabetic() && (c as u32) < 0x2e80;
        !label.starts_with(is_letter) || !lower[..*at].ends_with(is_letter)
    };
    labels.iter().filter_map(|label| lower.match_indices(label).map(|(at, _)| at).find(|at| begins(at, label))).min()
}

/// Whether a line is a sentence rather than a byline: the date in it is that of what it tells.
fn is_prose(text: &str) -> bool {
    let text = text.trim_end();
    let is_small = |word: &&str| word.chars().count() > 1 && word.chars().all(char::is_lowercase);
    let small = text.split_whitespace().filter(is_small).count();
    let ends = text.ends_with(['.', '!', '?']) && !text.ends_with(".m.");
    small > MOST_SMALL_WORDS || ends && small > 2 || text.contains(['。', '！', '？', '，'])
}

/// The date in a line, where it is a line of dates at all; `anywhere` where it counts in what isn't the article, too.
fn dated(line: &Line, anywhere: bool, order: Order) -> Option<(Kind, Reading)> {
    let marks = line.marks;
    // Some templates put author and date into a `<footer>` under the title.
    let outside = marks.frame && !(anywhere && marks.date) || marks.elsewhere && !anywhere;
    let no_number = line.times.is_empty() && !line.text.contains(|c: char| c.is_ascii_digit());
    if outside || no_number || (marks.linked || marks.heading) && !marks.date {
        return None;
    }
    let lower = line.text.to_lowercase();
    if first_of(&OTHER_LABELS, &lower).is_some() {
        return None;
    }
    if line.chars <= SHORT_LINE || marks.date && !line.text.is_empty() {
        // `May 6, 2024 (updated May 7, 2024)`: what is said before a date is said of it.
        let changed_at = first_of(&CHANGED_LABELS, &lower);
        let said = first_of(&PUBLISHED_LABELS, &lower);
        let before = changed_at.and_then(|at| date_text::find(lower.get(..at)?, order));
        // `2005-04-05 06:40更新`: said behind it, with nothing else to say when.
        let behind = changed_at.is_some_and(|at| lower.get(at..).is_some_and(|t| date_text::find(t, order).is_none()));
        if let Some(reading) = before {
            return Some((if said.is_some() || behind { Kind::Published } else { Kind::Unsaid }, reading));
        }
        let told_in_passing = said.is_none() && changed_at.is_none() && !marks.date && is_prose(&line.text);
        if let Some(reading) = date_text::find(&line.text, order).filter(|_| !told_in_passing) {
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
        let told = date::parse(t, order)?;
        Some(Reading { date: told.date(), time: Some(told.time()), offset: Some(told.offset()) })
    })?;
    let changed = marks.changed || first_of(&CHANGED_LABELS, &lower).is_some();
    Some((if changed { Kind::Changed } else { Kind::Unsaid }, told))
}
