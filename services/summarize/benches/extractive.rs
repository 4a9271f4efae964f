//! How long an extractive summary takes: typical articles in English and in Chinese, and a long one.
//!
//! Run by `cargo bench --package kos-summarize`. The articles are made up of sentences of few words in changing order,
//! with as many different words as news have.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use kos_shared::{event::Language, text::count_words};
use kos_summarize::extractive::summarize;

const WORDS: [&str; 4] = [
    "council harbour ferry bridge winter engine ticket island farmer school doctor budget minister season railway forest",
    "closes opens repairs promises warns rejects measures welcomes delays finishes doubles sells visits counts finds moves",
    "old new costly small public empty northern quiet early crowded broken famous narrow steep open local",
    "in_May on_Monday after_the_storm for_nine_years with_240,000_crowns near_the_river before_winter at_the_U.S._border",
];

const CHARACTERS: [&str; 4] = [
    "市政府 老码头 图书馆 渡轮公司 气象部门 山区小学 研究团队 村委会 博物馆 供电部门 出版社 铁路局",
    "宣布修建 决定关闭 计划增加 正式公布 建议保留 重新检查 投资改造 免费开放 推迟举行 大幅减少",
    "三座新桥 夜班公交 六百亩湿地 两千名志愿者 北岸的水塔 百分之七的费用 一批古代壁画 越冬的候鸟 固态电池生产线",
    "，预计明年秋天完工。 ，居民对此表示欢迎。 ，总投资两千四百万元。 ，具体时间另行通知；专家认为还需要观察。",
];

/// A text of sentences, one part from each of four lists in turn, in paragraphs of three sentences.
fn article(parts: [&str; 4], space: &str, end: &str, words: usize) -> String {
    let mut random = fastrand::Rng::with_seed(7);
    let parts = parts.map(|list| list.split(' ').collect::<Vec<_>>());
    let mut text = String::new();
    for sentence in 1.. {
        let mut any = |list: usize| parts[list][random.usize(..parts[list].len())].replace('_', space);
        let body = if space.is_empty() {
            [any(0), any(1), any(2), any(3)].concat()
        } else {
            let (first, second) = ([any(2), any(0), any(1)].join(space), [any(2), any(0), any(3)].join(space));
            format!("The {first} the {second} and the {} {} the {}", any(0), any(1), any(0))
        };
        text += &body;
        text += end;
        text += if sentence % 3 == 0 { "\n" } else { space };
        if count_words(&text) >= words {
            break;
        }
    }
    text
}

fn extractive(criterion: &mut Criterion) {
    for (name, language, text) in [
        ("600 words in English", Language::ENGLISH, article(WORDS, " ", ".", 600)),
        ("1,000 characters in Chinese", Language::CHINESE, article(CHARACTERS, "", "", 1_000)),
        ("5,000 words in English", Language::ENGLISH, article(WORDS, " ", ".", 5_000)),
    ] {
        assert!(summarize("", &text, &language).is_some(), "expected a summary");
        criterion.bench_function(name, |bencher| bencher.iter(|| summarize("", black_box(&text), &language)));
    }
}

criterion_group!(benches, extractive);
criterion_main!(benches);
