//! An article's summaries, as its page shows them.

use kos_shared::event::{Language, Method, Missing, Rights, Show, Summary, Verdict};

use super::{Messages, Passages, languages, passages::Carried};

/// A summary.
pub(super) struct Block<'a> {
    /// What the ids of its sentences begin with.
    pub(super) id: String,
    pub(super) lang: &'a str,
    pub(super) heading: String,
    /// What its tab is called.
    pub(super) tab: String,
    pub(super) title: Option<&'a str>,
    pub(super) sentences: Vec<Told<'a>>,
    pub(super) gap: &'static str,
    pub(super) made: String,
}

/// A sentence of a summary.
pub(super) struct Told<'a> {
    pub(super) text: &'a str,
    /// The passages of the body that carry it.
    pub(super) sources: Vec<Source>,
}

/// A link to a passage.
pub(super) struct Source {
    pub(super) number: usize,
    pub(super) label: String,
}

impl<'a> Block<'a> {
    /// A summary. Its title goes without saying where it is one of those `shown` already.
    pub(super) fn new(messages: &Messages, placed: &Placed<'a>, shown: &[&str], passages: &Passages) -> Self {
        let Placed { place, summary, .. } = *placed;
        let source = |number: usize| {
            let label = messages.with("article-source", &[("number", number.into())]);
            Source { number, label }
        };
        let told = |(sentence, text): (usize, &'a str)| {
            let carried = Carried { summary: place, sentence };
            Told { text, sources: passages.carrying(carried).map(source).collect() }
        };
        let mut sentences: Vec<_> =
            summary.sentences.iter().map(|sentence| sentence.text.as_str()).enumerate().map(told).collect();
        if sentences.is_empty() {
            sentences.push(Told { text: &summary.text, sources: vec![] });
        }
        let heading = messages.summary(&summary.language);
        Self {
            id: placed.id.clone(),
            lang: languages::lang(&summary.language),
            tab: messages.language_name(&summary.language).map_or_else(|| heading.clone(), |name| name.into_owned()),
            heading,
            title: summary.title.as_deref().filter(|own| !shown.contains(own)),
            sentences,
            gap: languages::sentence_gap(&summary.language),
            made: made(messages, summary),
        }
    }
}

/// A summary and its place.
pub(super) struct Placed<'a> {
    /// Its place in the event.
    pub(super) place: usize,
    pub(super) summary: &'a Summary,
    /// What names it on the page, and no other.
    id: String,
}

/// The summaries of an article in the order of the event. Links name one by its language; where there are several in one,
/// those after the first by their number too.
pub(super) fn placed(summaries: &[Summary]) -> Vec<Placed<'_>> {
    let mut placed: Vec<Placed<'_>> = Vec::with_capacity(summaries.len());
    for (place, summary) in summaries.iter().enumerate() {
        let language = &summary.language;
        let id = match placed.iter().filter(|other| other.summary.language == *language).count() {
            0 => format!("summary-{language}"),
            others => format!("summary{}-{language}", others + 1),
        };
        placed.push(Placed { place, summary, id });
    }
    placed
}

/// Links from a passage back to the sentences that it carries, as HTML: one a summary, in the order in which they are
/// `shown`.
pub(super) fn back_links(messages: &Messages, shown: &[Placed<'_>], carried: &[Carried]) -> String {
    let first_of = |place: usize| carried.iter().find(|c| c.summary == place).map(|c| c.sentence + 1);
    let links = shown.iter().filter_map(|placed| Some((first_of(placed.place)?, placed)));
    let link = |(number, placed): (usize, &Placed<'_>)| {
        let language = &placed.summary.language;
        let heading = messages.summary(language);
        let label = messages.with("article-back", &[("summary", heading.as_str().into()), ("number", number.into())]);
        let name = messages.language_name(language).unwrap_or_default();
        let (lang, id) = (messages.lang, &placed.id);
        // Names of languages and tags hold no markup.
        format!(r##"<a class="back" href="#{id}-{number}" lang="{lang}" aria-label="{label}">↩ {name}</a>"##)
    };
    links.map(link).collect()
}

/// A summary that isn't there.
pub(super) struct Absent {
    pub(super) label: String,
    pub(super) reason: String,
    /// Whether the reason is the event's own, in English, and not in the interface's language.
    pub(super) as_it_came: bool,
}

impl Absent {
    /// What says that `missing`, which isn't among `summaries`, isn't there.
    pub(super) fn new(messages: &Messages, missing: &Missing, rights: &Rights, summaries: &[Summary]) -> Self {
        // Where nothing may be shown it is not the use by machines that is refused.
        let limited = messages.limited(rights).filter(|_| rights.show == Show::None).map(|said| said.into_owned());
        let said = limited.or_else(|| messages.why(missing.code, &missing.failed));
        let as_it_came = said.is_none();
        let language = &missing.language;
        let is_chinese = Language::CHINESE.reads(language);
        let traditional = summaries.iter().any(|summary| summary.language.is_traditional_chinese());
        Self {
            label: if is_chinese && traditional {
                messages.no_simplified_summary()
            } else {
                messages.no_summary(language)
            },
            reason: said.unwrap_or_else(|| missing.reason.clone()),
            as_it_came,
        }
    }
}

/// How a summary was made, in words: the method, then what each check came to.
fn made(messages: &Messages, summary: &Summary) -> String {
    let method = match summary.method {
        Method::Extractive => messages.excerpt(summary.fallback.as_ref()),
        Method::Llm => messages.written_by(summary.model.as_deref()),
    };
    let checks = [Verdict::Pass, Verdict::Fail, Verdict::CannotJudge].into_iter().filter_map(|verdict| {
        let names = summary.checks.iter().filter(|check| check.verdict == verdict).map(|check| check.name.as_str());
        messages.checks(verdict, names)
    });
    let parts: Vec<_> = std::iter::once(method).chain(checks).collect();
    parts.join(languages::sentence_gap(&messages.language))
}

#[cfg(test)]
mod tests {
    use kos_shared::event::Span;

    use crate::site::{Passages, Sections, fixtures, messages::CHINESE, render_article};

    #[test]
    fn summaries_in_one_language_have_ids_of_their_own() {
        let mut page = fixtures::page();
        let summaries = &mut page.summarized.summaries;
        summaries.push(summaries[1].clone());
        summaries[2].sentences[0].spans = vec![Span { start: 0, end: 21 }];
        page.passages = Passages::of(&page.body, &page.summarized.article.text, summaries);
        let html = render_article(&fixtures::site(), &CHINESE, &page, &Sections::default());
        let mut ids: Vec<_> = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        ids.sort_unstable();
        assert!(ids.contains(&"summary-zh-1") && ids.contains(&"summary2-zh-1"), "{ids:?}");
        assert!(html.contains("class=\"back\" href=\"#summary2-zh-1\""), "{html}");
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all, "an id stands twice: {html}");
    }
}
