//! Numbers: every number of a summary stands in its source.
//!
//! Compared are values, whatever language they are written in (see `quantity`): a number that the source has in
//! another place passes, an invented one doesn't. A small number in words may be a count of what the source lists
//! one by one, and `one` and `first` are hardly numbers: they are not judged, nor are 0 and 1 in digits.

use super::{
    Candidate, Finding, Source,
    quantity::{Kind, Quantity, quantities},
};

/// The check's name.
pub const NAME: &str = "numbers";

/// The smallest number that is judged when it is written in words. Of 1,100 references that people wrote for 100 news
/// texts, judging from 2 on stops 9 more, 8 or 9 of them for having counted what the text lists; from 4 on none.
/// On SummEdits it changes nothing.
const LEAST_IN_WORDS: f64 = 4.0;

/// The least that a rough number (`millions`) can be for being judged.
const LEAST_ROUGH: f64 = 1e3;

/// How many numbers a finding names.
const NAMED: usize = 5;

/// So many numbers are judged: what has more is no summary, and each is held against all of the source.
const MOST_JUDGED: usize = 500;

/// The figure is the share (0 to 1) of the summary's numbers that stand in the source; a summary without a number
/// can't be judged.
pub(super) fn check(source: &Source<'_>, candidate: &Candidate<'_>) -> Finding {
    let texts = [candidate.title.unwrap_or_default(), candidate.text];
    let stated = texts.map(quantities);
    let judged = || {
        let each = texts.iter().zip(&stated).flat_map(|(t, all)| all.iter().filter(|q| is_judged(q)).map(|q| (*t, q)));
        each.take(MOST_JUDGED)
    };
    let all = judged().count();
    if all == 0 {
        return Finding::cannot_judge(NAME);
    }
    let mut known = quantities(source.title);
    known.extend(quantities(source.text));
    let unfound: Vec<&str> =
        judged().filter(|(_, q)| !q.is_stated_by(&known)).map(|(text, q)| &text[q.range.clone()]).collect();
    let share = 1.0 - unfound.len() as f64 / all as f64;
    if unfound.is_empty() {
        return Finding::pass(NAME, share);
    }
    Finding::fail(NAME, share, unfound[..unfound.len().min(NAMED)].join(", "))
}

fn is_judged(quantity: &Quantity) -> bool {
    match quantity.kind() {
        Kind::Figure => quantity.is_share() || (quantity.value != 0.0 && quantity.value != 1.0),
        Kind::Words => quantity.is_share() || quantity.value.fract() > 0.0 || quantity.value >= LEAST_IN_WORDS,
        Kind::Rough => quantity.value >= LEAST_ROUGH,
        Kind::Month | Kind::Weekday => true,
        Kind::ShortWeekday | Kind::Hint => false,
    }
}

#[cfg(test)]
mod tests {
    use kos_shared::event::{Language, Verdict};

    use super::*;

    fn judged(source: &str, summary: &str) -> Finding {
        let language = &Language::ENGLISH;
        let source = Source { title: "Fares up 4%", text: source, language };
        check(&source, &Candidate::of(summary, language))
    }

    #[test]
    fn the_share_of_numbers_that_are_there_is_the_figure() {
        let finding =
            judged("The 30 ferries carry 2,000 people.", "Fares rise 4% for 2,000 people on 31 ferries by May 9.");
        assert_eq!((finding.verdict, finding.detail.as_deref()), (Verdict::Fail, Some("31, May, 9")));
        assert_eq!(finding.figure, Some(0.4));
        assert_eq!(judged("The 30 ferries sail.", "30 ferries sail.").figure, Some(1.0));
    }

    #[test]
    fn without_a_number_there_is_nothing_to_judge() {
        for summary in ["The ferries sail.", "One of the two ferries is the first.", ""] {
            assert_eq!(judged("The 30 ferries sail.", summary).verdict, Verdict::CannotJudge, "{summary}");
        }
    }
}
