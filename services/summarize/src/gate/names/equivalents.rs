//! Names of the same thing that share no letters, and capitals that name nothing.

/// Ways of naming one thing, folded; what has spaces is a phrase.
const SAME: &[&[&str]] = &[
    &["us", "usa", "united states", "america", "american", "americans", "states"],
    &["uk", "united kingdom", "britain", "british", "briton", "britons", "brit", "brits", "great britain"],
    &["eu", "european union", "europe", "european"],
    &["un", "united nations"],
    &["uae", "united arab emirates", "emirates", "emirati", "emiratis"],
    &["ussr", "soviet union", "soviet"],
    &["nz", "new zealand"],
    &["nyc", "new york", "ny", "new yorker"],
    &["la", "los angeles"],
    &["dc", "washington", "district of columbia"],
    &["gop", "republican", "republicans", "republican party"],
    &["democrat", "democrats", "democratic", "democratic party"],
    &["isis", "isil", "islamic state", "is", "daesh"],
    &["islam", "islamic", "muslim", "muslims"],
    &["covid", "covid19", "coronavirus", "covid 19", "sarscov2"],
    &["wwii", "ww2", "world war ii", "second world war", "world war two"],
    &["wwi", "ww1", "world war i", "first world war", "world war one"],
    &["pm", "prime minister"],
    &["mp", "mps", "member of parliament", "members of parliament"],
    &["fed", "federal reserve"],
    &["fa", "football association"],
    &["nhs", "national health service"],
    &["xmas", "christmas"],
    &["france", "french", "frenchman", "frenchwoman"],
    &["netherlands", "dutch", "holland", "dutchman"],
    &["greece", "greek", "greeks"],
    &["wales", "welsh", "welshman"],
    &["england", "english", "englishman"],
    &["scotland", "scottish", "scots", "scot", "scotsman"],
    &["ireland", "irish", "irishman"],
    &["denmark", "danish", "dane", "danes"],
    &["norway", "norwegian", "norwegians"],
    &["sweden", "swedish", "swede", "swedes"],
    &["finland", "finnish", "finn", "finns"],
    &["switzerland", "swiss"],
    &["spain", "spanish", "spaniard", "spaniards"],
    &["poland", "polish", "pole", "poles"],
    &["philippines", "filipino", "filipinos", "philippine"],
    &["peru", "peruvian"],
    &["turkey", "turkish", "turk", "turks", "turkiye"],
    &["cyprus", "cypriot", "cypriots"],
    &["kyiv", "kiev"],
    &["beijing", "peking"],
    &["myanmar", "burma", "burmese"],
    &["czech", "czechia", "czech republic"],
    &["calif", "california", "ca"],
    &["fla", "florida"],
    &["penn", "pa", "pennsylvania"],
    &["va", "virginia"],
    &["md", "maryland"],
    &["ga", "georgia"],
    &["tx", "tex", "texas"],
    &["ont", "ontario"],
    &["bc", "british columbia"],
    &["mum", "mom"],
    &["utd", "united"],
    &["ceo", "ceos", "chief executive", "chief executives"],
    &["ai", "artificial intelligence"],
];

/// Capitals that name nobody: titles, kinships, days and months (which the check of numbers judges), short forms that
/// are ordinary words, also in Chinese texts.
const ORDINARY: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "dr",
    "prof",
    "sir",
    "lord",
    "lady",
    "president",
    "prime",
    "minister",
    "king",
    "queen",
    "prince",
    "princess",
    "pope",
    "senator",
    "sen",
    "rep",
    "gov",
    "governor",
    "mayor",
    "judge",
    "justice",
    "captain",
    "general",
    "gen",
    "sgt",
    "lt",
    "col",
    "officer",
    "chief",
    "secretary",
    "chancellor",
    "professor",
    "doctor",
    "coach",
    "jr",
    "sr",
    "mum",
    "dad",
    "mom",
    "god",
    "earth",
    "internet",
    "web",
    "i",
    "im",
    "ive",
    "ill",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "mondays",
    "tuesdays",
    "wednesdays",
    "thursdays",
    "fridays",
    "saturdays",
    "sundays",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "jan",
    "feb",
    "mar",
    "apr",
    "jun",
    "jul",
    "aug",
    "sep",
    "sept",
    "oct",
    "nov",
    "dec",
    "mon",
    "tue",
    "tues",
    "wed",
    "thu",
    "thur",
    "thurs",
    "fri",
    "sat",
    "sun",
    "tv",
    "ok",
    "id",
    "ids",
    "pc",
    "pcs",
    "it",
    "dna",
    "vip",
    "diy",
    "faq",
    "dvd",
    "cd",
    "gps",
    "usb",
    "am",
    "pm",
    "est",
    "gmt",
    "bst",
    "ad",
    "bc",
    "bce",
    "vs",
    "no",
    "st",
    "km",
    "kg",
    "cm",
    "mm",
    "mph",
    "ps",
    "3d",
    "2d",
    "co",
    "fc",
    "pr",
    "hr",
    // Seasons, which some write with a capital.
    "spring",
    "summer",
    "autumn",
    "winter",
    // Brackets, as tokenizers of the Penn Treebank write them.
    "lrb",
    "rrb",
    "lsb",
    "rsb",
    "lcb",
    "rcb",
];

/// Latin words that a Chinese text uses as its own, whatever they are called where it is from.
const ORDINARY_IN_CHINESE: &[&str] = &[
    "ai", "ceo", "cfo", "coo", "cto", "gdp", "cpi", "ppi", "pmi", "ipo", "g7", "g20", "g8", "pm25", "logo", "bug",
    "app", "wifi", "vr", "ar", "5g", "4g", "usd", "rmb", "hr", "pr", "kol", "mba", "kpi",
];

/// Endings by which a people, its language and its country differ.
const ENDINGS: &[&str] = &[
    "ians", "ian", "eans", "ean", "vian", "ans", "an", "ese", "ish", "ics", "ic", "is", "i", "ns", "n", "ia", "ea",
    "ain", "ons", "on", "ey", "a", "y", "ers", "er", "land", "e", "o", "ite", "ites", "ist", "ists", "ism", "es", "s",
];

/// A stem of a people's name is at least this long (`Iran`), or a whole word.
const LEAST_STEM: usize = 4;

/// Whether a folded word with a capital names nothing that could be invented.
pub(crate) fn says_nothing(folded: &str, in_chinese: bool) -> bool {
    let ordinary = |word: &str| ORDINARY.contains(&word) || (in_chinese && ORDINARY_IN_CHINESE.contains(&word));
    ordinary(folded) || folded.strip_suffix('s').is_some_and(ordinary)
}

/// The other ways of naming what `folded` names.
pub(crate) fn same(folded: &str) -> impl Iterator<Item = &'static str> {
    let folded = folded.to_owned();
    SAME.iter().filter(move |class| class.contains(&folded.as_str())).flat_map(|class| class.iter().copied())
}

/// The other ways of naming what is called by two words that stand in one here: `islamicstate`.
pub(super) fn same_joined(joined: &str) -> impl Iterator<Item = &'static str> {
    let is_it = |name: &str| name.len() > joined.len() && name.split(' ').collect::<String>() == joined;
    SAME.iter().find(|class| class.iter().any(|name| is_it(name))).into_iter().flat_map(|class| class.iter().copied())
}

/// Whether two folded names are a country and its people: `Iran` and `Iranians`.
pub(super) fn are_related(a: &str, b: &str) -> bool {
    if a.as_bytes().first() != b.as_bytes().first() {
        return false;
    }
    let stems = |word: &'_ str| -> Vec<String> {
        let cut = ENDINGS.iter().filter_map(|e| word.strip_suffix(e)).filter(|s| s.chars().count() >= LEAST_STEM);
        cut.chain([word]).map(str::to_owned).collect()
    };
    let others = stems(b);
    stems(a).iter().any(|stem| stem.chars().count() >= 3 && others.contains(stem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_people_is_related_to_its_country_and_to_no_other() {
        for (a, b) in [
            ("iran", "iranians"),
            ("china", "chinese"),
            ("russia", "russian"),
            ("canada", "canadian"),
            ("italy", "italian"),
            ("israel", "israeli"),
            ("germany", "germans"),
            ("japan", "japanese"),
            ("london", "londoner"),
            ("cuba", "cuban"),
        ] {
            assert!(are_related(a, b) && are_related(b, a), "{a} {b}");
        }
        for (a, b) in [("iran", "iraq"), ("austria", "australia"), ("india", "indonesia"), ("china", "chile")] {
            assert!(!are_related(a, b), "{a} {b}");
        }
    }
}
