//! Any text as an article and any text as a model's answer, a line of three dashes between them: what is fit to be
//! published failed no check and points into the article, and an excerpt is the article's own words.

#![no_main]

use kos_shared::event::{Language, Sentence};
use kos_summarize::{extractive, gate::Source, model::Finish, writing::assessment::Assessment};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let (text, answer) = input.split_once("\n---\n").unwrap_or((input, input));
    let title = text.lines().next().unwrap_or_default();
    for (language, wanted) in [(Language::ENGLISH, Language::CHINESE), (Language::CHINESE, Language::ENGLISH)] {
        let source = Source { title, text, language: &language };
        for wanted in [&wanted, &language] {
            let assessment = Assessment::of(&source, wanted, answer, &Finish::Stop, "Sum up in two sentences.", true);
            if let Some(fit) = &assessment.fit {
                assert!(kos_summarize::gate::passes(&fit.findings), "fit in spite of {:?}", fit.findings);
                assert!(!fit.text.trim().is_empty(), "fit and empty");
                within(text, &fit.sentences);
            }
        }
        if let Some(extract) = extractive::summarize(title, text, &language) {
            within(text, &extract.sentences);
        }
    }
});

fn within(text: &str, sentences: &[Sentence]) {
    let length = text.chars().count();
    for span in sentences.iter().flat_map(|s| &s.spans) {
        assert!(span.start < span.end && span.end as usize <= length, "{span:?} of {length}");
    }
}
