//! Names: every name of a summary stands in its source.
//!
//! Names are told by their capitals, so what has none (Chinese names, a sentence's first word) isn't judged, and no
//! dictionary is needed. In a Chinese summary they are the Latin words that have a capital. A name that may be a
//! translation can't be held against its sentence: of an English summary of a Chinese text, only codes such as
//! `A380` are judged.

mod equivalents;
mod known;
mod mentions;

use kos_shared::{
    event::Language,
    text::{Counts, Script},
};

pub(crate) use equivalents::same;
pub(crate) use equivalents::says_nothing;
use known::Known;
use mentions::{Mention, Shape};
pub(crate) use mentions::{fold, mentions, words};

use super::{Candidate, Finding, Source};

/// The check's name.
pub const NAME: &str = "names";

/// How many names a finding lists.
const LISTED: usize = 5;

/// Languages that write nouns with a capital: there it is no sign of a name.
const CAPITAL_NOUNS: [&str; 2] = ["de", "lb"];

/// What can be told from names, by the languages of the two texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Names stand in both in the same letters.
    All,
    /// Names may be translated or transliterated, codes are not.
    Codes,
    /// Nothing.
    Nothing,
}

/// The figure is the share (0 to 1) of the summary's names that stand in the source; a summary without a name that
/// can be judged can't be judged.
pub(super) fn check(source: &Source<'_>, candidate: &Candidate<'_>) -> Finding {
    let reach = reach(source, candidate);
    if reach == Reach::Nothing {
        return Finding::cannot_judge(NAME);
    }
    let title = candidate.title.unwrap_or_default();
    let mut all = mentions(title);
    all.extend(mentions(candidate.text));
    all.retain(|m| m.shape == Shape::Code || (reach == Reach::All && m.shape != Shape::Opening));
    if all.is_empty() {
        return Finding::cannot_judge(NAME);
    }
    let known = Known::of([source.title, source.text]);
    let is_chinese = |l: &Language| Script::of_language(l).is_some_and(|s| s.contains(&Script::Han));
    let in_chinese = is_chinese(candidate.language) || is_chinese(source.language);
    let judged: Vec<&Mention<'_>> = all.iter().filter(|m| !says_nothing(&m.folded, in_chinese)).collect();
    if judged.is_empty() {
        return Finding::cannot_judge(NAME);
    }
    let unfound: Vec<&str> = judged.iter().filter(|m| !known.has(m)).map(|m| m.text).collect();
    let share = 1.0 - unfound.len() as f64 / judged.len() as f64;
    if unfound.is_empty() {
        return Finding::pass(NAME, share);
    }
    Finding::fail(NAME, share, unfound[..unfound.len().min(LISTED)].join(", "))
}

fn reach(source: &Source<'_>, candidate: &Candidate<'_>) -> Reach {
    // A short Chinese summary may have more Latin letters than characters: the language says more.
    let written = |language: &Language, text: &str| {
        Script::of_language(language).and_then(|s| s.first().copied()).or_else(|| Counts::of(text).dominant())
    };
    let (from, into) = (written(source.language, source.text), written(candidate.language, candidate.text));
    let undetermined = |l: &Language| l.primary() == "und";
    let same = source.language.same_language(candidate.language)
        || ((undetermined(source.language) || undetermined(candidate.language)) && from == into);
    if CAPITAL_NOUNS.contains(&candidate.language.primary()) {
        return Reach::Nothing;
    }
    match (from, into) {
        (None, _) | (_, None) => Reach::Nothing,
        _ if same => Reach::All,
        // Latin names of a Latin source stay as they are where they are kept in a text of another script.
        (Some(Script::Latin), Some(other)) if other != Script::Latin => Reach::All,
        (Some(from), Some(into)) if from != into => Reach::Codes,
        _ => Reach::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use kos_shared::event::Verdict;

    use super::*;

    fn judged(title: &str, text: &str, from: &Language, into: &Language) -> Finding {
        let text_of_source = match from.primary() {
            "zh" => "空中客车向沙特交付了一架A320。",
            _ => "Airbus delivered jets to Saudi Arabia, said Anna Berg.",
        };
        let source = Source { title: "", text: text_of_source, language: from };
        check(&source, &Candidate { title: Some(title), ..Candidate::of(text, into) })
    }

    #[test]
    fn the_share_of_names_that_are_there_is_the_figure() {
        let english = Language::ENGLISH;
        let finding = judged("", "Jets went to Saudi Arabia and Qatar, said Berg of Boeing.", &english, &english);
        assert_eq!((finding.figure, finding.detail.as_deref()), (Some(0.6), Some("Qatar, Boeing")));
        let american = Source { title: "", text: "U.S. officials met Anna Berg.", language: &english };
        let verdict = |text| check(&american, &Candidate::of(text, &english)).verdict;
        assert_eq!(verdict("In the United States officials met -LRB- Berg -RRB-."), Verdict::Pass);
        assert_eq!(judged("", "Nobody said why.", &english, &english).verdict, Verdict::CannotJudge);
    }

    #[test]
    fn a_headlines_capitals_are_no_names_and_its_acronyms_are() {
        let verdict = |title| judged(title, "", &Language::ENGLISH, &Language::ENGLISH).verdict;
        assert_eq!(verdict("New Planes Reach Gulf Kingdom After Delay"), Verdict::CannotJudge);
        assert_eq!(verdict("New Planes Reach NATO Kingdom After Delay"), Verdict::Fail);
    }

    #[test]
    fn of_a_translation_only_codes_are_judged() {
        let verdict = |text| judged("", text, &Language::CHINESE, &Language::ENGLISH).verdict;
        assert_eq!(verdict("The planemaker Airbus delivered to Saudi Arabia."), Verdict::CannotJudge);
        assert_eq!(verdict("The planemaker Airbus delivered an A320."), Verdict::Pass);
        assert_eq!(verdict("The planemaker Airbus delivered an A350."), Verdict::Fail);
        // 二十国集团
        assert_eq!(verdict("The G20 praised the planemaker Airbus."), Verdict::CannotJudge);
    }
}
