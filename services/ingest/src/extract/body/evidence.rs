//! What speaks for and against each line of a page, in numbers.

use std::collections::HashMap;

use super::{
    hints::Hints,
    outline::{Around, Kind, Line, Outline},
};

/// How many numbers a line has.
pub(super) const COUNT: usize = NAMES_BEFORE + 2 * Hints::COUNT + Hints::COUNT + Around::COUNT + Hints::COUNT;

/// Those that are not one of a set.
const NAMES_BEFORE: usize = 66;

/// What is known of the page as a whole.
struct Whole {
    /// The innermost element that holds most of the prose.
    container: usize,
    /// The element that calls itself the article, or the main part, and holds most.
    article: Option<usize>,
    /// The share of the container's prose that the scores kept.
    coverage: f32,
    /// The first and the last line of prose that the scores kept.
    span: (usize, usize),
    kept: f32,
}

impl Whole {
    fn of(outline: &Outline) -> Self {
        let all = outline.parts.first().map(|p| p.sums).unwrap_or_default();
        let mut container = 0;
        // Children stand behind their parents, so one pass goes all the way down.
        for (at, part) in outline.parts.iter().enumerate().skip(1) {
            if part.parent == container && part.sums.prose >= 0.75 * all.prose && all.prose > 0.0 {
                container = at;
            }
        }
        let named = Around::ARTICLE | Around::MAIN | Around::BODY_PROPERTY;
        let candidates = outline.parts.iter().enumerate().filter(|(_, p)| p.own_around & named != 0);
        // The innermost of equals.
        let article = candidates
            .filter(|(_, p)| p.sums.prose > 0.3 * all.prose)
            .max_by(|(_, a), (_, b)| a.sums.prose.total_cmp(&b.sums.prose))
            .map(|(at, _)| at);
        let is_kept = |l: &Line| l.kept > 0.5 && l.is_prose();
        let first = outline.lines.iter().position(is_kept).unwrap_or(0);
        let last = outline.lines.iter().rposition(is_kept).unwrap_or(outline.lines.len());
        let prose = |only_kept: bool| -> f32 {
            let lines = outline.lines.iter().filter(|l| l.is_prose() && (!only_kept || l.kept > 0.5));
            lines.map(|l| l.weight).sum()
        };
        let inner = outline.parts.get(container).map_or(0.0, |p| p.sums.prose);
        Self {
            container,
            article,
            coverage: (prose(true) / inner.max(1.0)).min(1.0),
            span: (first, last),
            kept: all.kept,
        }
    }
}

/// What `judge` makes of the numbers of each line, in order.
pub(super) fn each<T>(outline: &Outline, judge: impl Fn(&[f32]) -> T) -> Vec<T> {
    let whole = Whole::of(outline);
    let mut before: HashMap<&str, usize> = HashMap::new();
    for line in &outline.lines {
        *before.entry(&line.text).or_default() += 1;
    }
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let under = under_headings(outline);
    let inside = |ancestor: usize, mut at: usize| loop {
        if at == ancestor {
            return true;
        }
        if at == 0 {
            return false;
        }
        at = outline.parts[at].parent;
    };
    let prose_at: Vec<usize> = (0..outline.lines.len()).filter(|i| outline.lines[*i].is_prose()).collect();
    let mut kept_before = 0.0;
    let mut all = Vec::with_capacity(outline.lines.len());
    let mut n: Vec<f32> = Vec::with_capacity(COUNT);
    for (at, line) in outline.lines.iter().enumerate() {
        n.clear();
        let flag = |b: bool| f32::from(u8::from(b));
        let w = line.weight;
        n.push(line.kept);
        n.extend([10.0, 25.0, 50.0, 100.0, 200.0].map(|bound| flag(w >= bound)));
        let density = line.link_density();
        n.extend([0.0, 0.33, 0.66, 0.95].map(|bound| flag(density > bound)));
        n.push(flag(line.emphasized > 0.9 * w));
        let last = line.text.chars().last().unwrap_or(' ');
        n.push(flag(matches!(last, '.' | '!' | '?' | '。' | '！' | '？' | '…' | '"' | '”' | '」' | '’')));
        n.push(flag(matches!(last, ':' | '：' | ';' | ',' | '，')));
        n.push(flag(line.text.contains([',', '，', '、'])));
        n.push(flag(
            line.text.contains('|') || line.text.contains('»') || line.text.contains('›') || line.text.contains('→'),
        ));
        let digits = line.text.chars().filter(char::is_ascii_digit).count() as f32;
        n.push(flag(digits > 0.3 * w));
        n.push(flag(digits > 0.0));
        n.push(flag(w < 120.0 && has_date(&line.text)));
        n.push(flag(line.text.contains('@') || line.text.contains("http") || line.text.contains("www.")));
        let letters = line.text.chars().filter(|c| c.is_alphabetic()).count();
        let capitals = line.text.chars().filter(|c| c.is_uppercase()).count();
        n.push(flag(letters > 4 && capitals * 10 > letters * 8));
        n.push(flag(line.text.chars().next().is_some_and(char::is_lowercase)));
        // Where it stands.
        n.push(flag(line.kind == Kind::Paragraph));
        n.push(flag(line.kind == Kind::Item));
        n.push(flag(matches!(line.kind, Kind::Heading(1))));
        n.push(flag(matches!(line.kind, Kind::Heading(2..=3))));
        n.push(flag(matches!(line.kind, Kind::Heading(4..))));
        n.push(flag(line.kind == Kind::Cell));
        n.push(flag(line.kind == Kind::Quote));
        n.push(flag(line.kind == Kind::Code));
        n.push(flag(line.kind == Kind::Caption));
        n.push(flag(line.kind == Kind::Definition));
        let in_container = inside(whole.container, line.part);
        n.push(flag(in_container));
        let in_article = whole.article.is_some_and(|a| inside(a, line.part));
        n.push(flag(in_article));
        n.push(flag(whole.article.is_some() && !in_article));
        n.push(whole.coverage);
        n.push(flag(whole.coverage < 0.5));
        n.push(flag(whole.coverage < 0.5 && in_container));
        n.push(flag(whole.coverage < 0.5 && in_article));
        n.push(flag(at < whole.span.0));
        n.push(flag(at > whole.span.1));
        n.push(((at as f32 - whole.span.1 as f32) / 10.0).clamp(0.0, 1.0));
        n.push(((whole.span.0 as f32 - at as f32) / 10.0).clamp(0.0, 1.0));
        let place = kept_before / whole.kept.max(1.0);
        n.push(flag(place < 0.05));
        n.push(flag(place > 0.9));
        n.push(flag(place > 0.99));
        kept_before += line.kept * w;
        // The groups that it is part of.
        let mut group = line.part;
        let mut lines = 1.0;
        for _ in 0..3 {
            while group != 0 && outline.parts[group].sums.lines <= lines {
                group = outline.parts[group].parent;
            }
            let sums = outline.parts[group].sums;
            lines = sums.lines;
            let total = sums.weight.max(1.0);
            n.extend([sums.kept / total, sums.linked / total, sums.prose / total]);
        }
        // Its neighbours.
        let near = |offset: isize| at.checked_add_signed(offset).and_then(|i| outline.lines.get(i));
        for offset in [-1, 1] {
            n.push(near(offset).map_or(0.0, |l| l.kept));
            n.push(near(offset).map_or(0.0, Line::link_density));
            n.push(near(offset).map_or(0.0, |l| flag(l.is_prose())));
        }
        let next = prose_at.partition_point(|p| *p < at);
        let to_next = prose_at.get(next).map_or(6, |p| (p - at).min(6));
        let to_last = next.checked_sub(1).and_then(|i| prose_at.get(i)).map_or(6, |p| (at - p).min(6));
        n.push(to_next as f32 / 6.0);
        n.push(to_last as f32 / 6.0);
        // Whether it is said elsewhere.
        let times = seen.entry(&line.text).or_default();
        *times += 1;
        n.push(flag(*times > 1 && w >= 40.0));
        n.push(flag(before.get(line.text.as_str()).is_some_and(|c| *c > 2)));
        n.push(flag(w >= 8.0 && outline.title.contains(&line.text.to_lowercase())));
        n.push(flag(outline.parts[0].sums.prose < 1000.0));
        debug_assert_eq!(n.len(), NAMES_BEFORE);
        let part = &outline.parts[line.part];
        let near_hints = part.own_hints.and(outline.parts[part.parent].own_hints).and(line.inline_hints);
        n.extend(near_hints.each());
        n.extend(part.hints.and(line.inline_hints).each());
        n.extend(line.hints.each());
        n.extend((0..Around::COUNT).map(|bit| flag((part.around | line.inline_around) >> bit & 1 == 1)));
        n.extend(under[at].each());
        all.push(judge(&n));
    }
    all
}

/// Whether a short line names a month or looks like a date.
fn has_date(text: &str) -> bool {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let lower = text.to_ascii_lowercase();
    let year = lower
        .as_bytes()
        .windows(4)
        .any(|w| (w.starts_with(b"19") || w.starts_with(b"20")) && w.iter().all(u8::is_ascii_digit));
    let month = lower.split(|c: char| !c.is_alphabetic()).any(|w| MONTHS.iter().any(|m| w.starts_with(m)));
    let digit = lower.bytes().any(|b| b.is_ascii_digit());
    year && (month || lower.contains(['年', '/', '-', '.']))
        || month && digit && text.len() < 40
        || lower.ends_with(" ago")
}

/// What the heading says that a line stands under.
fn under_headings(outline: &Outline) -> Vec<Hints> {
    const REACH: usize = 12;
    let meant = Hints(
        Hints::RELATED.0
            | Hints::SHARE.0
            | Hints::COMMENT.0
            | Hints::AUTHOR.0
            | Hints::SUBSCRIBE.0
            | Hints::CONTENTS.0
            | Hints::REFERENCES.0
            | Hints::LEGAL.0
            | Hints::CAPTION.0,
    );
    let mut under = vec![Hints::default(); outline.lines.len()];
    for (at, line) in outline.lines.iter().enumerate() {
        let hints = Hints(line.hints.0 & meant.0);
        let short = line.weight < 60.0;
        if hints == Hints::default() || !short {
            continue;
        }
        let is_heading = matches!(line.kind, Kind::Heading(_))
            || line.text.ends_with([':', '：'])
            || line.emphasized > 0.9 * line.weight;
        let reach = if is_heading { REACH } else { 3 };
        for (other, after) in outline.lines.iter().enumerate().skip(at + 1).take(reach) {
            if matches!(after.kind, Kind::Heading(_)) {
                break;
            }
            under[other] = under[other].and(hints);
        }
    }
    under
}
