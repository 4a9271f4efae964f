//! What there is of an article without a model: an excerpt in its own words, as far as its rights allow, with what was
//! checked of it.

use kos_shared::{
    event::{AiUse, Article, Check, Fallback, Language, Method, Sentence, Show, Summary, Verdict},
    text::Script,
};

use crate::extractive::{self, Extract, share_written_in};

/// How much of an article is quoted where its publisher refuses machine use, in words or characters.
const EXCERPT_WORDS: usize = 50;

/// The least share of an excerpt that is of its language's script.
const LANGUAGE_SHARE: f64 = 0.5;

/// What there is without a model.
pub(crate) struct Plain {
    /// The excerpt, or what it would have been.
    pub extract: Option<Extract>,
    /// Whether the article has a sentence of its own.
    pub has_text: bool,
}

impl Plain {
    /// As much as the article's rights allow. `refused_excerpt` says whether that is an excerpt where machine use is refused.
    pub fn of(article: &Article, refused_excerpt: bool) -> Self {
        let rights = &article.rights;
        let (title, text, own) = (&article.title, &article.text, &article.language);
        let refused = rights.ai == AiUse::Refused;
        let extract = if refused {
            extractive::excerpt(title, text, own, EXCERPT_WORDS)
        } else {
            extractive::summarize(title, text, own)
        };
        let has_text = extract.is_some();
        let shown = extract.filter(|_| rights.show != Show::None && (!refused || refused_excerpt));
        let extract = shown.and_then(|extract| match rights.max_snippet {
            Some(characters) => extract.within(characters as usize),
            None => Some(extract),
        });
        Self { extract, has_text }
    }
}

/// A summary of the article's own sentences; `fallback` says why no model wrote it.
pub(crate) fn extractive_summary(article: &Article, extract: Extract, fallback: Option<Fallback>) -> Summary {
    let checks =
        vec![check_language(&extract.text, &article.language), check_verbatim(&extract.sentences, &article.text)];
    let title = article.title.trim();
    Summary {
        language: article.language.clone(),
        title: (!title.is_empty()).then(|| title.to_owned()),
        text: extract.text,
        sentences: extract.sentences,
        method: Method::Extractive,
        model: None,
        prompt_version: None,
        checks,
        fallback,
    }
}

/// Whether an excerpt is written in the script of its language; the figure is the share that is. Languages of one script
/// can't be told apart so.
fn check_language(summary: &str, language: &Language) -> Check {
    let figure = Script::of_language(language).and_then(|scripts| share_written_in(scripts, summary));
    let verdict = match figure {
        Some(share) if share >= LANGUAGE_SHARE => Verdict::Pass,
        Some(_) => Verdict::Fail,
        None => Verdict::CannotJudge,
    };
    Check { name: "language".into(), verdict, figure, detail: None }
}

/// Whether each sentence is what stands in the article at its spans; the figure is the share that is.
fn check_verbatim(sentences: &[Sentence], text: &str) -> Check {
    let stands = |sentence: &&Sentence| {
        let spans = sentence.spans.iter();
        let source =
            spans.flat_map(|s| text.chars().skip(s.start as usize).take(s.end.saturating_sub(s.start) as usize));
        !sentence.spans.is_empty() && source.eq(sentence.text.chars())
    };
    if sentences.is_empty() {
        return Check { name: "verbatim".into(), verdict: Verdict::CannotJudge, figure: None, detail: None };
    }
    let found = sentences.iter().filter(stands).count();
    let verdict = if found == sentences.len() { Verdict::Pass } else { Verdict::Fail };
    Check { name: "verbatim".into(), verdict, figure: Some(found as f64 / sentences.len() as f64), detail: None }
}

#[cfg(test)]
mod tests {
    use kos_shared::event::Span;

    use super::*;

    #[test]
    fn a_text_in_another_script_than_its_label_fails_the_language_check() {
        let language = |tag: &str, text: &str| check_language(text, &tag.parse().unwrap());
        assert_eq!(language("zh", "The pass is closed.").verdict, Verdict::Fail);
        assert_eq!(language("en", "山口因大雪关闭。").figure, Some(0.0));
        assert_eq!(language("zh", "OpenAI 发布了新的视频生成工具，名字还没有定。").verdict, Verdict::Pass);
        assert_eq!(language("und", "The pass is closed.").verdict, Verdict::CannotJudge);
        assert_eq!(language("zh", "2026：10%").verdict, Verdict::CannotJudge);
    }

    #[test]
    fn a_sentence_that_is_not_where_it_says_fails_the_verbatim_check() {
        let at = |start, end, text: &str| Sentence { text: text.into(), spans: vec![Span { start, end }] };
        let check = |sentences: &[Sentence]| check_verbatim(sentences, "雪下了。It snowed.");
        assert_eq!(check(&[at(0, 4, "雪下了。"), at(4, 14, "It snowed.")]).figure, Some(1.0));
        assert_eq!(check(&[at(0, 4, "雪下了。"), at(4, 14, "It rained.")]).figure, Some(0.5));
        assert_eq!(check(&[at(9, 2, "x"), at(90, 99, "y")]).verdict, Verdict::Fail);
    }
}
