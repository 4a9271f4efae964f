//! An article's summaries, as its page shows them.

use std::borrow::Cow;

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
    /// The summary at `place` in the event. Its title goes without saying where it is one of those `shown` already.
    pub(super) fn new(
        messages: &Messages,
        place: usize,
        summary: &'a Summary,
        shown: &[&str],
        passages: &Passages,
    ) -> Self {
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
            id: id(summary),
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

fn id(summary: &Summary) -> String {
    format!("summary-{}", summary.language)
}

/// Links from a passage back to the sentences that it carries, as HTML: one a summary, in the order in which they are
/// `shown` (each with its place in the event).
pub(super) fn back_links(messages: &Messages, shown: &[(usize, &Summary)], carried: &[Carried]) -> String {
    let first_of = |place: usize| carried.iter().find(|c| c.summary == place).map(|c| c.sentence + 1);
    let links = shown.iter().filter_map(|(place, summary)| Some((first_of(*place)?, *summary)));
    let link = |(number, summary): (usize, &Summary)| {
        let heading = messages.summary(&summary.language);
        let label = messages.with("article-back", &[("summary", heading.as_str().into()), ("number", number.into())]);
        let name = messages.language_name(&summary.language).unwrap_or_default();
        let (lang, id) = (messages.lang, id(summary));
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
        Self {
            label: messages.no_summary(&told_apart(&missing.language, summaries)),
            reason: said.unwrap_or_else(|| missing.reason.clone()),
            as_it_came,
        }
    }
}

/// Simplified Chinese by its whole name where there is a summary in Traditional characters.
fn told_apart<'l>(language: &'l Language, summaries: &[Summary]) -> Cow<'l, Language> {
    let traditional = summaries.iter().any(|summary| summary.language.is_traditional_chinese());
    match "zh-Hans".parse() {
        Ok(simplified) if traditional && language.reads(&simplified) => Cow::Owned(simplified),
        _ => Cow::Borrowed(language),
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
