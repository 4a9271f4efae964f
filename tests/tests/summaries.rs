//! Extractive summaries of the Chinese texts beside their first three sentences.

use kos_shared::{event::Language, text::sentences};
use kos_summarize::extractive::summarize;
use kos_tests::{
    chinese_news,
    rouge::{characters, rouge},
};

#[test]
fn chinese_summaries_say_as_much_of_the_references_as_the_first_three_sentences() {
    let (mut ours, mut lead) = (0.0, 0.0);
    let texts = chinese_news();
    for news in &texts {
        let against = |summary: &[&str]| rouge(summary, &[news.reference.as_str()], characters).one;
        let extract = summarize(&news.title, &news.text, &Language::CHINESE)
            .unwrap_or_else(|| panic!("expected a summary of {}", news.id));
        ours += against(&extract.sentences.iter().map(|s| s.text.as_str()).collect::<Vec<_>>());
        lead += against(&sentences(&news.text).take(3).map(|range| &news.text[range]).collect::<Vec<_>>());
    }
    let count = texts.len() as f64;
    assert!(ours >= lead, "ROUGE-1 is {:.3}, that of the first three sentences {:.3}", ours / count, lead / count);
}

/// What is in the texts beside their sentences, and what no summary has.
const NOT_A_SENTENCE: [&str; 20] = [
    "图为",
    "责任编辑",
    "延伸阅读",
    "相关阅读",
    "新华社",
    "中新网",
    "本报讯",
    "本报记者",
    "记者 林晓",
    "来源：",
    "摄影/",
    "文/卢珊",
    "图/马强",
    "供图",
    "扫码阅读",
    "更多内容请",
    "编辑：罗文",
    "商贸周刊",
    "【环球观察】",
    "实习生",
];

#[test]
fn chinese_summaries_have_no_datelines_captions_bylines_or_links() {
    for news in chinese_news() {
        let Some(extract) = summarize(&news.title, &news.text, &Language::CHINESE) else { panic!("{}", news.id) };
        for other in NOT_A_SENTENCE {
            assert!(!extract.text.contains(other), "{other} in the summary of {}: {}", news.id, extract.text);
        }
    }
}
