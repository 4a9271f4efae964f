//! What names a source has.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{
    equivalents::{are_related, same, same_joined},
    mentions::{Mention, Shape, fold, words},
};

/// Names at least this long may be spelled in two ways: Zelensky and Zelenskyy.
const LEAST_SPELLED: usize = 6;

/// A country and its people begin with the same letters, and so do a name and its short form: so many.
const SAME_START: usize = 3;

/// Acronyms are looked for in the initials of at most so many words.
const LONGEST_ACRONYM: usize = 8;

/// What stands before a name and belongs to none.
const PREFIXES: [&str; 12] = ["Al", "Anti", "Co", "Ex", "Mid", "Non", "Post", "Pre", "Pro", "Sub", "Un", "Vice"];

/// The words of a source, as names are looked up in them.
#[derive(Debug)]
pub(crate) struct Known {
    /// Every word, folded, and every part of a word with hyphens. With its places, in words.
    words: HashMap<String, Vec<usize>>,
    /// Those that have a capital, in their order.
    capitals: BTreeSet<String>,
    /// Two neighbouring words in one: TikTok of Tik Tok.
    joined: HashSet<String>,
    /// The first letter of each word, in order.
    initials: String,
    /// The same of words with a capital, small words between them left out.
    capital_initials: String,
}

impl Known {
    /// Reads the texts of a source. Takes time linear in them.
    pub(crate) fn of(texts: [&str; 2]) -> Self {
        let mut known = Self {
            words: HashMap::new(),
            capitals: BTreeSet::new(),
            joined: HashSet::new(),
            initials: String::new(),
            capital_initials: String::new(),
        };
        let mut place = 0;
        for text in texts {
            let mut before = String::new();
            for word in words(text) {
                known.add_word(word.text, &mut before, &mut place);
            }
            place += 1;
            known.initials.push(' ');
            known.capital_initials.push(' ');
        }
        known
    }

    fn add_word(&mut self, text: &str, before: &mut String, place: &mut usize) {
        let folded = fold(text);
        let parts = text.split(['-', '‑', '\'', '’', '.', '&']).filter(|p| *p != text && p.chars().count() > 1);
        for part in parts {
            self.add(fold(part), part, *place);
        }
        let initials = text.split(['-', '‑']).filter_map(|p| p.chars().find(|c| c.is_alphanumeric()));
        for c in initials.flat_map(char::to_lowercase) {
            self.initials.push(c);
            match (is_capitalised(text), text.len() <= 3) {
                (true, _) => self.capital_initials.push(c),
                // of, and, for, the
                (false, true) => {}
                (false, false) => self.capital_initials.push(' '),
            }
        }
        self.joined.insert(format!("{before}{folded}"));
        before.clone_from(&folded);
        self.add(folded, text, *place);
        *place += 1;
    }

    fn add(&mut self, folded: String, text: &str, place: usize) {
        if is_capitalised(text) {
            self.capitals.insert(folded.clone());
        }
        self.words.entry(folded).or_default().push(place);
    }

    /// Whether the source has this name, in this form or another.
    pub(crate) fn has(&self, mention: &Mention<'_>) -> bool {
        self.has_word(&mention.folded)
            || self.has_parts(mention.text)
            || mention.joined.iter().flatten().any(|j| self.words.contains_key(j))
            || self.joined.contains(&mention.folded)
            || same(&mention.folded).any(|other| self.has_phrase(other))
            || mention.joined.iter().flatten().any(|j| same_joined(j).any(|other| self.has_phrase(other)))
            || self.has_glued(mention.text)
            || self.has_age_group(&mention.folded)
            || self.has_initials(mention)
            || self.has_relative(&mention.folded)
    }

    /// Whether the word stands in the source, one or many.
    fn has_word(&self, folded: &str) -> bool {
        let has = |word: &str| self.words.contains_key(word);
        if has(folded) || has(&format!("{folded}s")) || has(&format!("{folded}es")) {
            return true;
        }
        let singular = folded.strip_suffix('s').filter(|w| w.len() > 2);
        let es = folded.strip_suffix("es").filter(|w| w.len() > 2);
        singular.is_some_and(has)
            || es.is_some_and(has)
            || folded.strip_suffix("ies").is_some_and(|w| has(&format!("{w}y")))
    }

    /// `anti-Trump` where the source has Trump: of a word with hyphens, what has a capital must stand there.
    fn has_parts(&self, text: &str) -> bool {
        // Of `SARS-CoV-4` the 4 alone is no name: such a name is known as a whole or not at all.
        let numbered = |p: &str| p.bytes().any(|b| b.is_ascii_digit());
        let is_name = |p: &str| is_capitalised(p) && !PREFIXES.contains(&p);
        let mut parts = text.split(['-', '‑', '.']).filter(|p| is_name(p) || numbered(p)).peekable();
        text.contains(['-', '‑', '.'])
            && parts.peek().is_none_or(|p| p.chars().count() > 1)
            && parts.all(|p| {
                let folded = fold(p);
                is_capitalised(p) && (self.has_word(&folded) || same(&folded).any(|other| self.has_phrase(other)))
            })
    }

    /// `teamHowever`: words between which a blank is missing.
    fn has_glued(&self, text: &str) -> bool {
        let mut parts = vec![String::new()];
        let mut before = ' ';
        for c in text.chars() {
            if before.is_lowercase() && c.is_uppercase() {
                parts.push(String::new());
            }
            parts.iter_mut().rev().take(1).for_each(|part| part.push(c));
            before = c;
        }
        parts.len() > 1 && parts.iter().all(|p| p.chars().count() >= SAME_START && self.has_word(&fold(p)))
    }

    /// `U17` of Under-17.
    fn has_age_group(&self, folded: &str) -> bool {
        let age = folded.strip_prefix('u').filter(|age| !age.is_empty() && age.bytes().all(|b| b.is_ascii_digit()));
        age.map(|age| format!("under{age}")).is_some_and(|u| self.words.contains_key(&u) || self.joined.contains(&u))
    }

    /// Whether the words of `phrase` follow each other in the source.
    fn has_phrase(&self, phrase: &str) -> bool {
        let mut words = phrase.split(' ');
        let places = |word: Option<&str>| word.and_then(|w| self.words.get(w));
        let Some(first) = places(words.next()) else { return false };
        let rest: Vec<&str> = words.collect();
        let follows = |place: &usize| {
            rest.iter()
                .enumerate()
                .all(|(n, w)| places(Some(w)).is_some_and(|p| p.binary_search(&(place + n + 1)).is_ok()))
        };
        first.iter().any(follows)
    }

    /// `WHO` of World Health Organization, and the reverse.
    fn has_initials(&self, mention: &Mention<'_>) -> bool {
        let acronym =
            mention.folded.strip_suffix('s').filter(|_| mention.text.ends_with('s')).unwrap_or(&mention.folded);
        let length = acronym.chars().count();
        let is_acronym = mention.shape == Shape::Acronym && (2..=LONGEST_ACRONYM).contains(&length);
        if is_acronym && (self.capital_initials.contains(acronym) || (length > 2 && self.initials.contains(acronym))) {
            return true;
        }
        mention.initials.iter().any(|initials| initials.len() > 1 && self.capitals.contains(initials))
    }

    /// A country of a people, a short form of a longer name (`Calif`), another spelling of one letter.
    fn has_relative(&self, folded: &str) -> bool {
        let length = folded.chars().count();
        let Some(first) = folded.chars().next() else { return false };
        let start: String = folded.chars().take(SAME_START).collect();
        let mut alike = self.capitals.range(first.to_string()..).take_while(|c| c.starts_with(first));
        alike.any(|c| {
            let long = length >= LEAST_SPELLED && c.chars().count() >= LEAST_SPELLED;
            (long && differ_by_a_letter(folded, c))
                || (c.starts_with(&start)
                    && (are_related(folded, c) || (length >= SAME_START && c.starts_with(folded))))
        })
    }
}

fn is_capitalised(word: &str) -> bool {
    word.chars().any(char::is_uppercase)
}

/// Whether one letter is missing, too many or another one, or two neighbours have changed places.
fn differ_by_a_letter(a: &str, b: &str) -> bool {
    let digits = |w: &str| w.bytes().any(|b| b.is_ascii_digit());
    if digits(a) || digits(b) {
        return false;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let longest = a.len().max(b.len());
    let swapped =
        a.len() == b.len() && start + end + 2 == longest && (a[start], a[start + 1]) == (b[start + 1], b[start]);
    swapped || (a.len().abs_diff(b.len()) <= 1 && start + end + 1 >= longest)
}

#[cfg(test)]
mod tests {
    use super::{super::mentions, *};

    fn has(source: &str, name: &str) -> bool {
        let known = Known::of(["", source]);
        let text = format!("it is {name}");
        let found = mentions(&text);
        !found.is_empty() && found.iter().all(|m| known.has(m))
    }

    #[test]
    fn a_name_has_many_forms() {
        for (source, name) in [
            ("the World Health Organization said", "WHO"),
            ("the WHO said", "World Health Organization"),
            ("in the United States", "U.S."),
            ("a U.S. court", "American"),
            ("the French minister", "France"),
            ("Russian troops", "Russia"),
            ("José Pérez", "Jose Perez"),
            ("Zelenskyy spoke", "Zelensky"),
            ("Merson 's team", "Merson’s"),
            ("the F-35 fighter", "F35"),
            ("Tik Tok", "TikTok"),
            ("TikTok", "Tik Tok"),
            ("Jean-Luc Picard", "Picard"),
            ("Trump voters", "anti-Trump"),
            ("the Johnsons", "Johnson"),
            ("COVID-19 cases", "Covid"),
            ("Federal Bureau of Investigation", "FBI"),
            ("in California", "Calif"),
            ("a wrestler", "Pro-wrestler"),
            ("Anna Schoenig", "Shoenig"),
            ("Donald Sterling", "Doanld"),
            ("the Under-17 side", "U17"),
            ("the first team. However, it", "teamHowever"),
            ("ISIS fighters", "an Islamic State"),
        ] {
            assert!(has(source, name), "{source} / {name}");
        }
    }

    #[test]
    fn an_invented_name_has_none() {
        for (source, name) in [
            ("the World Health Organization said", "WTO"),
            ("in Italy", "France"),
            ("Iran said", "Iraq"),
            ("an F-35", "F-16"),
            ("Andros Townsend", "Andrew Townsend"),
            ("SARS-CoV-2", "SARS-CoV-4"),
            ("TikTok", "Tumblr"),
            ("the Under-17 side", "U19"),
            ("the first team.", "teamHowever"),
        ] {
            assert!(!has(source, name), "{source} / {name}");
        }
    }
}
