//! Latin words in a language of another script: which are names that a reader meets there, and which are foreign.
//!
//! Names stay in Latin letters as the source has them, and so do units, abbreviations and what has digits in it. Any
//! other word is one that a model forgot to translate.

use std::collections::HashSet;

use kos_shared::text::Script;

use super::function_words::is_small_english_word;

/// Units and words in lower case that the press of other scripts writes in Latin letters.
const LOWER_CASE: &str = "km kg mm cm nm dm ml mg kb mb gb tb kw kwh mw gw mph kph kmh bps kbps mbps gbps ppm rpm hz khz \
     mhz ghz db lb lbs ft oz sq cc hp nm bp bps pt px dpi fps rmb usd eur vs app apps vlog logo emoji wifi wi-fi plus \
     pro max mini cosplay email pdf ppt ph pm am adidas no µm vivo realme ofo iphone ipad ebay arxiv mrna dna url www com";

/// Words that are written with a capital in English and are none of a name's own: they have a translation everywhere.
const TRANSLATABLE: &str = "monday tuesday wednesday thursday friday saturday sunday january february march april june \
     july august september october november december english chinese american british french german russian japanese \
     european president minister senator governor north south east west summary article news today";

/// What a person is, in front of a name; it has a translation though the source has it with a capital.
const PERSON_TITLES: &str = "president minister prime senator governor mayor secretary chancellor professor judge coach \
     detective officer chairman ambassador gov sen rep";

/// Small words inside names (`Bank of America`), in lower case, if the whole name stands in the source.
const PARTICLES: &str = "of the de du des del la le da do dos di von van der den zu te bin ibn al el y";

/// Words that are small ones in English and names too, where the source has them with a capital.
const ALSO_NAMES: [&str; 6] = ["may", "will", "so", "an", "do", "my"];

/// First words of names that a half translation leaves out, and what it writes instead: `South Bend` → `南Bend`.
const TRANSLATED_FIRST_WORDS: [(&str, &str); 14] = [
    ("South", "南"),
    ("North", "北"),
    ("East", "东東"),
    ("West", "西"),
    ("New", "新"),
    ("Black", "黑"),
    ("White", "白"),
    ("Red", "红紅"),
    ("Blue", "蓝藍"),
    ("Green", "绿綠"),
    ("Great", "大"),
    ("Big", "大"),
    ("Old", "老旧"),
    ("Little", "小"),
];

/// How many words a quoted title or a bracketed original may have.
const MAX_QUOTED_WORDS: usize = 8;

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
            source.words.insert(word);
            source.lower.insert(word.to_lowercase());
            (before, end) = (word, at + word.len());
        }
        source
    }

    /// Whether `word` may stand in a list of names: it stands there as it is, or is an abbreviation or a number.
    pub(super) fn may_stand(&self, word: &str) -> bool {
        self.words.contains(word) || is_abbreviation(word) || is_technical(word) || word.chars().count() == 1
    }

    /// Whether `word`, with a capital, is a name there, not a word at the start of a sentence.
    fn has_name(&self, word: &str) -> bool {
        let base = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word);
        [word, base].iter().any(|w| {
            self.capitalised.contains(w) || (self.words.contains(w) && !self.words.contains(w.to_lowercase().as_str()))
        }) || (is_abbreviation(base) && self.has_in_another_case(base))
    }

    /// Whether an abbreviation stands there in another case, as `Nasa` does for `NASA`, and not as a plain word.
    fn has_in_another_case(&self, word: &str) -> bool {
        let lower = word.to_lowercase();
        self.lower.contains(&lower) && !self.words.contains(lower.as_str())
    }

    /// Whether `han` before `word` is half of a translation of a name that the source has whole.
    fn half_translated(&self, han: char, word: &str) -> bool {
        let translated = |first: &str| self.pairs.contains(&(first, word)) && !self.alone.contains(word);
        TRANSLATED_FIRST_WORDS.iter().any(|(first, forms)| forms.contains(han) && translated(first))
    }
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
    if is_set_apart(sentence, start..end, run.len(), source) {
        return None;
    }
    let before = sentence[..start].trim_end().chars().next_back().unwrap_or(' ');
    if source.half_translated(before, first) {
        return Some(first);
    }
    // A name with small words in it has to stand in the source as it is.
    let named = |word: &str| word.starts_with(char::is_uppercase);
    let begins = named(first) || (is_particle(first) && !["of", "the"].contains(&first));
    let whole = run.len() > 1 && begins && named(last) && source.text.contains(&sentence[start..end]);
    let titled = run.len() > 1 && PERSON_TITLES.split_whitespace().any(|t| t == first.to_lowercase());
    if titled && named(first) {
        return Some(first);
    }
    let mut unknown = 0;
    for (_, word) in run {
        let known = source.has_name(word) || is_technical(word);
        unknown = if known { 0 } else { unknown + 1 };
        let particle = whole && is_particle(word);
        let context = Context { known, whole, alone: run.len() == 1 };
        if !particle && (is_foreign(word, context, source) || unknown > MAX_UNKNOWN_NAME) {
            return Some(word);
        }
    }
    None
}

/// Whether the words at `place` are a title in quotes that stands in the source so, or an original in brackets behind
/// its translation.
fn is_set_apart(sentence: &str, place: std::ops::Range<usize>, words: usize, source: &SourceWords<'_>) -> bool {
    let text = &sentence[place.clone()];
    let mut before = sentence[..place.start].chars().rev();
    let opened = before.next().unwrap_or(' ');
    let behind_word = before.find(|c| !c.is_whitespace()).is_some_and(|c| c.is_alphabetic() && !c.is_ascii());
    let closed = sentence[place.end..].trim_start_matches(['.', ',', '!', '?']).chars().next();
    let title = "《“「『\"〈‘'".contains(opened) && closed.is_some_and(|c| "》”」』\"〉’'".contains(c));
    // A comma may end the clause inside the brackets: `世界卫生组织（World Health Organization, WHO）`.
    let goes_on = sentence[place.end..].chars().next();
    let original = behind_word && "（(".contains(opened) && goes_on.is_none_or(|c| "）),，;；".contains(c));
    if words > MAX_QUOTED_WORDS || !(title || original) {
        return false;
    }
    let capital = |w: Option<&str>| w.is_some_and(|w| w.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit()));
    let as_title = capital(text.split_whitespace().next()) && capital(text.split_whitespace().next_back());
    let stands_in_source = || source.text.to_lowercase().contains(&text.to_lowercase());
    // Whether there is such a name, the check of names says.
    (original && (as_title || stands_in_source())) || (title && as_title && stands_in_source())
}

fn is_particle(word: &str) -> bool {
    PARTICLES.split(' ').any(|p| p == word)
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
        // `e-tron`: a letter and a hyphen make a name of the source's, and no word in it does.
        let marked = word.split_once('-').is_some_and(|(head, _)| head.len() == 1) && source.words.contains(word);
        let common = ["e-commerce", "e-mail", "e-book", "t-shirt", "x-ray", "e-commerce"].contains(&word);
        return !marked || common;
    }
    let translatable = TRANSLATABLE.split_whitespace().any(|w| w == lower) && !whole;
    // IT, WHO, US.
    let abbreviated = is_abbreviation(word) && (known || alone);
    let named = known && (whole || ALSO_NAMES.contains(&lower.as_str()));
    let small = is_small_english_word(word);
    // `Rescue`: with a capital only where it starts a sentence of the source.
    let common = !known && source.words.contains(lower.as_str());
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
            "她唱了“Born to Sail”。",
            "大语言模型（large language model）发展很快。",
            "全程5km，时速120 km，下载256kbps的MP3。",
            "CEO认为GDP和AI很重要。",
            "Experience公司位于South Bend。",
            "通过Facebook宣布，见example.com。",
            "A股上涨，iPhone热销。",
            "世界卫生组织（World Health Organization, WHO）称IT行业排名No 1。",
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
