//! Words that end in a full stop without ending a sentence. English, and what holds in most of Europe.

/// Stand before a name: what follows belongs to them. Only with a capital, so that `col.` may end a
/// sentence about mountains.
const BEFORE_NAMES: &[&str] = &[
    "Adm", "Brig", "Capt", "Cmdr", "Col", "Cpl", "Det", "Dr", "Fr", "Ft", "Gen", "Gov", "Hon", "Insp", "Lt", "Maj",
    "Messrs", "Mlle", "Mme", "Mr", "Mrs", "Ms", "Mt", "Mx", "Pres", "Prof", "Rep", "Reps", "Rev", "Sen", "Sens", "Sgt",
    "Sr", "Sra", "St", "Supt",
];

/// Never stand at a sentence's end, in lower case.
const BEFORE_WORDS: &[&str] = &["approx", "ca", "cf", "e.g", "esp", "i.e", "incl", "viz", "vs", "bzw", "z.b", "d.h"];

/// End no sentence when a number follows, in lower case.
const BEFORE_NUMBERS: &[&str] = &[
    "apr", "art", "aug", "ch", "dec", "eq", "feb", "fig", "figs", "jan", "jul", "jun", "mar", "no", "nos", "nov", "nr",
    "oct", "op", "p", "par", "pp", "sec", "sect", "sep", "sept", "vol",
];

/// May stand at a sentence's end or inside it, in lower case.
const ANYWHERE: &[&str] = &[
    "al", "ave", "blvd", "bros", "co", "corp", "dept", "dist", "esq", "est", "etc", "ft", "inc", "jr", "ltd", "mt",
    "plc", "rd", "sr", "st", "univ",
];

/// The states of the United States as newspapers shorten them; like [`ANYWHERE`], but only with a capital.
const STATES: &[&str] = &[
    "Ala", "Ariz", "Ark", "Calif", "Colo", "Conn", "Del", "Fla", "Ga", "Ill", "Ind", "Kan", "Ky", "La", "Mass", "Md",
    "Mich", "Minn", "Miss", "Mo", "Mont", "Neb", "Nev", "Okla", "Ore", "Pa", "Tenn", "Tex", "Va", "Vt", "Wash", "Wis",
    "Wyo",
];

/// Words that an English sentence often begins with and that follow no abbreviation inside one.
const STARTERS: &[&str] = &[
    "A",
    "According",
    "After",
    "All",
    "Although",
    "An",
    "And",
    "Another",
    "As",
    "At",
    "Before",
    "Both",
    "But",
    "By",
    "Despite",
    "During",
    "Each",
    "For",
    "From",
    "He",
    "Her",
    "His",
    "How",
    "However",
    "I",
    "If",
    "In",
    "It",
    "Its",
    "Last",
    "Many",
    "Meanwhile",
    "More",
    "Most",
    "My",
    "No",
    "Not",
    "Now",
    "On",
    "One",
    "Our",
    "Several",
    "She",
    "Since",
    "So",
    "Some",
    "Still",
    "That",
    "The",
    "Their",
    "Then",
    "There",
    "These",
    "They",
    "This",
    "Those",
    "To",
    "Two",
    "Under",
    "Until",
    "We",
    "What",
    "When",
    "Where",
    "While",
    "Who",
    "Why",
    "With",
    "Yet",
    "You",
];

/// Whether the full stop after `word` belongs to the word alone, `next` being the text that follows it
/// (blanks and opening marks removed).
pub(super) fn keeps_its_stop(word: &str, next: &str) -> bool {
    let lower = word.to_lowercase();
    if BEFORE_NAMES.contains(&word) || BEFORE_WORDS.contains(&lower.as_str()) {
        return true;
    }
    if BEFORE_NUMBERS.contains(&lower.as_str()) && next.starts_with(|c: char| c.is_numeric()) {
        return true;
    }
    let anywhere = ANYWHERE.contains(&lower.as_str()) || STATES.contains(&word);
    (anywhere || is_initial(word) || is_dotted(word)) && !begins_a_sentence(next)
}

/// `J` of `J. Smith`, `г` of `г. Москва`.
fn is_initial(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(|c| c.is_lowercase() || c.is_uppercase()) && chars.next().is_none()
}

/// `U.S`, `a.m`, `Ph.D`: letters by ones and twos with points between them.
fn is_dotted(word: &str) -> bool {
    word.contains('.')
        && word.split('.').all(|part| (1..=2).contains(&part.chars().count()) && part.chars().all(char::is_alphabetic))
}

fn begins_a_sentence(next: &str) -> bool {
    let end = next.find(|c: char| !c.is_alphanumeric()).unwrap_or(next.len());
    // `J. A. Smith`: an initial is no article.
    STARTERS.contains(&&next[..end]) && !next[end..].starts_with('.')
}
