//! Articles that tests of pages and feeds share.

use kos_shared::event::{
    Article, ArticleId, ArticleSummarized, BodySource, Check, Language, Method, Missing, MissingCode, Revision, Rights,
    Sentence, Site, Summary, Verdict,
};

use super::{ArticlePage, SiteInfo};

/// What no page or feed may show as markup.
pub(crate) const HOSTILE: &str = "</title><script>alert('x')</script> \"quoted\" & ]]> \u{b}";

pub(crate) fn site() -> SiteInfo {
    SiteInfo {
        name: "Tides & Times".into(),
        url: "https://tides.example".parse().unwrap(),
        language: Language::CHINESE,
    }
}

/// An English article with an English excerpt and a Chinese summary by a model.
pub(crate) fn summarized() -> ArticleSummarized {
    let canonical_url = "https://paper.example/ferry?id=7&x=1".parse().unwrap();
    let article = Article {
        article_id: ArticleId::of_canonical_url(&canonical_url),
        revision: Revision::FIRST,
        url: canonical_url.clone(),
        canonical_url,
        site: Site { name: "The Harbour Paper".into(), host: "paper.example".into() },
        feed_id: None,
        title: "The ferry runs again".into(),
        authors: vec!["Ada North".into(), "B. Søren".into()],
        published_at: Some("2026-01-22T05:01:44Z".parse().unwrap()),
        fetched_at: "2026-01-22T06:00:00Z".parse().unwrap(),
        language: Language::ENGLISH,
        body_html: "<p>The ferry runs again.</p>".into(),
        text: "The ferry runs again.".into(),
        image: None,
        words: 1_190,
        content_hash: "00".into(),
        rights: Rights::default(),
        modified_at: None,
        body_source: BodySource::Page,
        tags: vec![],
        duplicate_of: None,
        similarity: None,
        forced: false,
        extra: serde_json::Map::new(),
    };
    let sentence = |text: &str| Sentence { text: text.into(), spans: vec![] };
    let check = |name: &str, verdict| Check { name: name.into(), verdict, figure: None, detail: None };
    let excerpt = Summary {
        language: Language::ENGLISH,
        title: None,
        text: "The ferry runs again. It leaves at six.".into(),
        sentences: vec![sentence("The ferry runs again."), sentence("It leaves at six.")],
        method: Method::Extractive,
        model: None,
        prompt_version: None,
        checks: vec![],
        fallback: None,
    };
    let written = Summary {
        language: Language::CHINESE,
        title: Some("渡轮复航".into()),
        text: "渡轮恢复运行。六点开船。".into(),
        sentences: vec![sentence("渡轮恢复运行。"), sentence("六点开船。")],
        method: Method::Llm,
        model: Some("small-model-4b".into()),
        prompt_version: Some("3".into()),
        checks: vec![
            check("language", Verdict::Pass),
            check("numbers", Verdict::Pass),
            check("support", Verdict::CannotJudge),
        ],
        fallback: None,
    };
    let missing = vec![Missing {
        language: "fr".parse().unwrap(),
        reason: "the model's answer failed <language>".into(),
        code: MissingCode::Other,
        failed: vec![],
    }];
    ArticleSummarized { article, summaries: vec![excerpt, written], missing, attempts: vec![] }
}

pub(crate) fn page() -> ArticlePage {
    let summarized = summarized();
    let body = summarized.article.body_html.clone();
    ArticlePage { summarized, body, added_at: "2026-01-22T06:00:01Z".parse().unwrap() }
}
