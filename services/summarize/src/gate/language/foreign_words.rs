//! Latin words in a language of another script: which are names that a reader meets there, and which are foreign.
//!
//! Names stay in Latin letters as the source has them, and so do units, abbreviations and what has digits in it. Any
//! other word is one that a model forgot to translate.

use std::collections::HashSet;

use kos_shared::text::Script;

use super::{
    function_words::is_small_english_word,
    word_lists::{
        ALSO_NAMES, BEFORE_NAME, COMMON, KINDS, LOWER_CASE, OFFICES, PERSON_TITLES, TRANSLATABLE,
        TRANSLATED_FIRST_WORDS, is_list, is_particle,
    },
};

/// How many capitalised words in a row may be a name that the source doesn't have; the check of names judges those.
const MAX_UNKNOWN_NAME: usize = 2;

/// The Latin words of a source, for telling its names from its words.
#[derive(Debug)]
pub(super) struct SourceWords<'a> {
    text: &'a str,
    /// Every word as it stands.
    words: HashSet<&'a str>,
    /// Words with a capital that doesn't come from standing at a sentence's start.
    capitalised: HashSet<&'a str>,
    /// Every word in lower case.
    lower: HashSet<String>,
    /// Every word with the one before it.
    pairs: HashSet<(&'a str, &'a str)>,
    /// Words that stand somewhere without a capitalised word before them.
    alone: HashSet<&'a str>,
    /// Words in lower case that are the source's only as a name with capitals inside, such as `OpenAI`.
    capitals_inside: HashSet<String>,
    /// Words in lower case that are a name there: a company or a product is said to be called so, or a sentence starts
    /// with it.
    called: HashSet<&'a str>,
    /// Whether most of its letters are Latin.
    latin: bool,
    /// How many words it has, and how many of them are small English ones.
    count: usize,
    small_english: usize,
}

impl<'a> SourceWords<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let mut source = Self {
            text,
            words: HashSet::new(),
            capitalised: HashSet::new(),
            lower: HashSet::new(),
            pairs: HashSet::new(),
            alone: HashSet::new(),
            capitals_inside: HashSet::new(),
            called: HashSet::new(),
            latin: is_latin(text),
            count: 0,
            small_english: 0,
        };
        let (mut before, mut end) = ("", 0);
        for (at, word) in latin_words(text) {
            let between = &text[end..at];
            let starts = before.is_empty() || between.contains(['.', '!', '?', ':', '"', '“', '\n', '‘', '—', '•']);
            if !starts && word.starts_with(char::is_uppercase) {
                source.capitalised.insert(word);
            }
            if !starts {
                source.pairs.insert((before, word));
            }
            if starts || !before.starts_with(char::is_uppercase) {
                source.alone.insert(word);
            }
            // What has no capital where a sentence starts never has one: `ecobee`.
            let sentence = [". ", "! ", "? "].iter().any(|end| between.ends_with(end))
                && (before.chars().count() > 3 || between.contains(|c: char| c.is_ascii_digit()));
            if (!starts && is_list(BEFORE_NAME, before) && between == " ")
                || (sentence && !word.contains(char::is_uppercase))
            {
                source.called.insert(word);
            }
            if word.chars().skip(1).any(char::is_uppercase) && word.chars().any(char::is_lowercase) {
                source.capitals_inside.insert(word.to_lowercase());
            }
            source.count += 1;
            source.small_english += usize::from(is_small_english_word(word));
            source.words.insert(word);
            source.lower.insert(word.to_lowercase());
            (before, end) = (word, at + word.len());
        }
        source
    }

    /// The source itself.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Whether `word` may stand in a list of names: it stands there as it is, or is an abbreviation or a number.
    pub(super) fn may_stand(&self, word: &str) -> bool {
        self.words.contains(word) || is_abbreviation(word) || is_technical(word) || word.chars().count() == 1
    }

    /// Whether `word`, with a capital, is a name there, not a word at the start of a sentence.
    pub(super) fn has_name(&self, word: &str) -> bool {
        let base = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word);
        [word, base].iter().any(|w| {
            self.capitalised.contains(w) || (self.words.contains(w) && !self.words.contains(w.to_lowercase().as_str()))
        }) || (is_abbreviation(base) && self.has_in_another_case(base))
            || self.capitals_inside.contains(&base.to_lowercase())
    }

    /// Whether `word` stands there as it is.
    pub(super) fn has(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// Whether `word`, in lower case, stands there in any case.
    pub(super) fn has_lower(&self, word: &str) -> bool {
        self.lower.contains(word)
    }

    /// Whether `before` and `word` follow each other there.
    pub(super) fn has_pair(&self, before: &str, word: &str) -> bool {
        self.pairs.contains(&(before, word))
    }

    /// Whether it is English: a fifth of its words are small English ones. Of the development corpora's articles the
    /// English ones have 0.22 at least, those in other languages (which share some of the words) 0.17 at most.
    pub(super) fn is_english(&self) -> bool {
        self.latin && 5 * self.small_english >= self.count && self.count > 0
    }

    /// Whether most of its letters are Latin.
    pub(super) fn is_in_latin_script(&self) -> bool {
        self.latin
    }

    /// Whether an abbreviation stands there in another case, as `Nasa` does for `NASA`, and not as a plain word.
    fn has_in_another_case(&self, word: &str) -> bool {
        let lower = word.to_lowercase();
        self.lower.contains(&lower) && !self.words.contains(lower.as_str())
    }

    /// Whether `han` before `run`, the Latin words behind it, is half of a translation of a name that the source has
    /// whole.
    fn half_translated(&self, han: char, run: &[(usize, &str)]) -> bool {
        let (Some((_, first)), Some((_, last))) = (run.first(), run.last()) else { return false };
        let translated = |word: &str| self.pairs.contains(&(word, *first)) && !self.alone.contains(first);
        // `Apple's App Store` and `苹果App Store` are as whole as each other.
        let named = || {
            self.pairs.iter().any(|(b, w)| w == first && b.starts_with(char::is_uppercase) && !b.contains(['\'', '’']))
        };
        let kind = Script::of(han).is_some_and(|s| s != Script::Latin)
            && is_list(KINDS, &last.to_lowercase())
            && last.starts_with(char::is_uppercase);
        TRANSLATED_FIRST_WORDS.iter().any(|(word, forms)| forms.contains(han) && translated(word))
            || (kind && !self.alone.contains(first) && named())
    }

    /// Whether `word`, in lower case, is a name of the source's all the same.
    fn has_name_in_lower_case(&self, word: &str) -> bool {
        // `e-tron`: a letter and a hyphen make a name, and no word in it does.
        let marked = word.split_once('-').is_some_and(|(head, _)| head.len() == 1) && self.words.contains(word);
        // `main.py`, `os_path`: words of a program.
        let code = word.contains(['.', '_']) && self.words.contains(word);
        let called = self.called.contains(word) && !is_small_english_word(word) && !self.is_a_thing(word);
        let inside = self.capitals_inside.contains(word);
        // What a text in a script of its own writes so, its readers know.
        let loan = !self.latin && self.words.contains(word) && !is_small_english_word(word);
        marked || code || called || inside || loan
    }

    /// Whether the source has `word` behind an article, as it has things.
    fn is_a_thing(&self, word: &str) -> bool {
        ["a", "an", "the", "this", "that", "its", "their", "his", "her"]
            .iter()
            .any(|a| self.pairs.contains(&(*a, word)))
    }

    /// Whether the source has `words`, small words between capitalised ones, as a name: in quotes, or more than once.
    fn has_title(&self, words: &str) -> bool {
        let mut places = self.text.match_indices(words).map(|(at, _)| at);
        let quoted = places.clone().any(|at| self.text[..at].trim_end().ends_with(['"', '“', '‘', '«']));
        quoted || places.nth(1).is_some()
    }
}

/// Whether most letters of `text` are Latin.
fn is_latin(text: &str) -> bool {
    let (latin, all) = text
        .chars()
        .filter_map(Script::of)
        .fold((0_usize, 0_usize), |(latin, all), script| (latin + usize::from(script == Script::Latin), all + 1));
    2 * latin > all
}

/// The Latin words of `text` with their places: letters and digits, and apostrophes, hyphens, points and the like
/// between two of them. Digits alone are none.
pub(super) fn latin_words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let inside = |c: char| Script::of(c) == Some(Script::Latin) || c.is_ascii_digit();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + text[at..].find(inside)?;
            let mut end = start;
            let mut chars = text[start..].chars().peekable();
            while let Some(c) = chars.next() {
                let joins = "'’&.-+_@/".contains(c) && chars.peek().is_some_and(|c| inside(*c));
                if !inside(c) && !joins {
                    break;
                }
                end += c.len_utf8();
            }
            at = end;
            let word = &text[start..end];
            if word.chars().any(|c| Script::of(c) == Some(Script::Latin)) {
                return Some((start, word));
            }
        }
    })
}

/// The first foreign Latin word of `sentence`, a sentence in a language of another script; `None` where all of its
/// Latin words are ones that such a sentence may have.
pub(super) fn foreign_word<'t>(sentence: &'t str, source: &SourceWords<'_>) -> Option<&'t str> {
    let words: Vec<(usize, &str)> = latin_words(sentence).collect();
    let mut first = 0;
    while first < words.len() {
        let mut last = first;
        while last + 1 < words.len()
            && sentence[words[last].0 + words[last].1.len()..words[last + 1].0].trim().is_empty()
        {
            last += 1;
        }
        if let Some(word) = foreign_in_run(sentence, &words[first..=last], source) {
            return Some(word);
        }
        first = last + 1;
    }
    None
}

/// The first foreign word among `run`, words with nothing but blanks between them.
fn foreign_in_run<'t>(sentence: &'t str, run: &[(usize, &'t str)], source: &SourceWords<'_>) -> Option<&'t str> {
    let ((start, first), (at, last)) = (*run.first()?, *run.last()?);
    let end = at + last.len();
    let before = sentence[..start].trim_end().chars().next_back().unwrap_or(' ');
    if source.half_translated(before, run) {
        return Some(first);
    }
    // A name with small words in it has to stand in the source as it is.
    let named = |word: &str| word.starts_with(char::is_uppercase);
    let begins = named(first) || (is_particle(first) && !["of", "the"].contains(&first));
    let whole = run.len() > 1 && begins && named(last) && source.text.contains(&sentence[start..end]);
    let titled = run.len() > 1 && is_list(PERSON_TITLES, &first.to_lowercase());
    if titled && named(first) {
        return Some(first);
    }
    if let Some((_, office)) =
        run.iter().find(|(_, w)| run.len() > 1 && named(w) && is_list(OFFICES, &w.to_lowercase()))
    {
        return Some(office);
    }
    let title = whole && source.has_title(&sentence[start..end]);
    let mut unknown = 0;
    for (at, word) in run {
        // `#word`, `@name`: as it stands in the source.
        let handle = sentence[..*at].ends_with(['#', '@', '＃'])
            && ["#", "@"].iter().any(|mark| source.text.contains(&format!("{mark}{word}")));
        if handle {
            continue;
        }
        let known = source.has_name(word) || is_technical(word);
        unknown = if known { 0 } else { unknown + 1 };
        let particle = (whole && is_particle(word)) || (title && is_small_english_word(word));
        let context = Context { known, whole, alone: run.len() == 1 };
        if !particle && (is_foreign(word, context, source) || unknown > MAX_UNKNOWN_NAME) {
            return Some(word);
        }
    }
    None
}

/// What a word stands in.
#[derive(Clone, Copy)]
struct Context {
    /// The source has the word as a name.
    known: bool,
    /// It is part of a name of several words that the source has.
    whole: bool,
    /// No other Latin word stands beside it.
    alone: bool,
}

fn is_foreign(word: &str, Context { known, whole, alone }: Context, source: &SourceWords<'_>) -> bool {
    let lower = word.to_lowercase();
    if LOWER_CASE.split_whitespace().any(|w| w == lower) || is_technical(word) {
        return false;
    }
    let letters = word.chars().filter(|c| Script::of(*c).is_some()).count();
    if letters == 1 {
        return false;
    }
    if !word.chars().any(char::is_uppercase) {
        let common = ["e-commerce", "e-mail", "e-book", "t-shirt", "x-ray"].contains(&word);
        return common || !source.has_name_in_lower_case(word);
    }
    let translatable = TRANSLATABLE.split_whitespace().any(|w| w == lower) && !whole;
    // IT, WHO, US.
    let abbreviated = is_abbreviation(word) && (known || alone);
    let named = known && (whole || ALSO_NAMES.contains(&lower.as_str()));
    let small = is_small_english_word(word);
    // `Rescue`: with a capital only where it starts a sentence of the source.
    let common = !known && ((source.latin && source.words.contains(lower.as_str())) || is_list(COMMON, &lower));
    translatable || if small { !(abbreviated || named) } else { common }
}

/// `NASA`, `AI`, `U.S`: capitals only, two to five.
fn is_abbreviation(word: &str) -> bool {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    (2..=5).contains(&letters) && word.chars().all(|c| c.is_uppercase() || c.is_ascii_digit() || ".&-".contains(c))
}

/// A word with digits, an address, a handle: written so everywhere. `3million` and `8-year-old` are none: they have a
/// word in them.
fn is_technical(word: &str) -> bool {
    let lower = LOWER_CASE.split_whitespace();
    let has_a_word = |w: &str| {
        w.split(|c: char| !c.is_alphabetic())
            .any(|part| part.len() > 3 && part.chars().all(char::is_lowercase) && !lower.clone().any(|l| l == part))
    };
    let digits =
        word.chars().any(|c| c.is_ascii_digit()) && (word.starts_with(char::is_alphabetic) || !has_a_word(word));
    digits && !word.contains("-year") || word.contains('@') || (word.contains('.') && word.is_ascii() && is_host(word))
}

/// `example.com`: parts in lower case, the last one a domain's.
fn is_host(word: &str) -> bool {
    let last = word.rsplit('.').next().unwrap_or_default();
    word.chars().all(|c| !c.is_whitespace()) && (2..=4).contains(&last.len()) && last.chars().all(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "The Harbour Trust said on Monday that its new wagon, the e-liner GT, costs $40 a week. \
        Rescue crews from South Bend met Anna Lindqvist of Bank of Estonia, who runs Experience, a firm. People \
        like the experience. Then rescue came. She sang \"Born to Sail\" and said large language model.";

    fn foreign(sentence: &str) -> Option<&str> {
        foreign_word(sentence, &SourceWords::of(SOURCE))
    }

    #[test]
    fn names_units_and_titles_stay_in_latin_letters() {
        for sentence in [
            "Harbour Trust表示新车e-liner GT售价40美元。",
            "Bank of Estonia的Anna Lindqvist出席。",
            "全程5km，时速120 km，下载256kbps的MP3。",
            "CEO认为GDP和AI很重要。",
            "Experience公司位于South Bend。",
            "通过Facebook宣布，见example.com。",
            "A股上涨，iPhone热销。",
            "世界卫生组织（WHO）称IT行业排名No 1。",
            "US和WHO表示，北京的IT业。",
        ] {
            assert_eq!(foreign(sentence), None, "{sentence}");
        }
    }

    #[test]
    fn words_that_were_left_as_they_are_are_foreign() {
        for (sentence, word) in [
            ("电动汽车 wagon 亮相。", "wagon"),
            ("机构spawned至少38个中心。", "spawned"),
            ("系统HACKED BY CATS。", "BY"),
            ("周一 Monday 公布。", "Monday"),
            ("南Bend居民获救。", "Bend"),
            ("The 新款车型。", "The"),
            ("一名8-year-old女孩。", "8-year-old"),
            ("价值3million美元。", "3million"),
            ("Rescue人员到达。", "Rescue"),
            ("President Anna Lindqvist发言。", "President"),
            ("他说“people like the experience”。", "people"),
            ("发生在 Big Bad Unknown Place。", "Unknown"),
        ] {
            assert_eq!(foreign(sentence), Some(word), "{sentence}");
        }
    }
}
