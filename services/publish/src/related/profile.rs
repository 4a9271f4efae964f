//! What an article is about.

use std::{collections::HashSet, sync::LazyLock};

use crate::{
    analysis::{Analysis, Field},
    search::{hash, terms::tokens},
};

/// How many terms of each kind of script a profile has: a text has a title's, a summary's and the most frequent of a body's.
const TERMS: usize = 48;

/// How much an occurrence counts in the title.
const TITLE: f32 = 4.0;

/// In a summary.
const SUMMARY: f32 = 2.0;

/// In the body.
const BODY: f32 = 1.0;

/// How soon more occurrences stop counting more.
const SATURATION: f32 = 2.0;

/// How much of a body is read, in bytes: news say first what they are about.
const BODY_BYTES: usize = 12_000;

/// English words that are about nothing, as terms.
static STOP_WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let words = "a about after again against all also although always am among an and another any are around as at away \
                 back be because become been before being below between both but by came can could day days did do does \
                 done down during each even ever every expected few first for former from further get go going had has \
                 have he her here him his how however i if in including into is it its itself just last later least less \
                 like made make many may me meanwhile might month more most much must my near need never new news next no \
                 nor not now of off officials often old on once one only or other others our out over own part people \
                 per put reported reporter reporters said same say says second see seen set several shall she should \
                 since so some still such take than that the their them then there these they this those three through \
                 time to today told too took two under until up upon us use used very was way we week weeks well were \
                 what when where whether which while who whom whose why will with within without would year years \
                 yesterday yet you your monday tuesday wednesday thursday friday saturday sunday according statement";
    let mut words: Vec<_> = tokens(words).into_iter().map(|token| token.term).collect();
    words.sort();
    words.dedup();
    words
});

/// Chinese characters that are about nothing, nor is a pair that has one.
const STOP_CHARACTERS: &str = "的了是在与及也将已就都而并让给由于以或这那其之有不没很最们些什么吗呢吧着他她它我你您";

/// Pairs that stand in news about anything.
static STOP_PAIRS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let pairs = "记者 表示 昨日 今日 昨天 今天 本报 报道 消息 介绍 据悉 目前 此次 本次 今年 去年 明年 日前 近日 方面 进行 \
                          开始 公布 宣布 相关 有关 负责 责人 工作 人员 问题 情况 一些 一名 一位 多名 专家 认为 指出 上午 下午 \
                          晚上 月份 本月 上月 下月 编辑 责任 来源 图为 其中 通过 通讯 讯员";
    pairs.split_whitespace().collect()
});

/// A term of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// Its hash, 24 bits; the last of them tells scripts without spaces from others.
    pub hash: u32,
    /// How much the article is about it, 1 to 255.
    pub weight: u8,
}

impl Term {
    /// The kind of script: 1 where it has no spaces.
    pub fn script(self) -> usize {
        (self.hash & 1) as usize
    }
}

/// What an article is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// Its weightiest terms, by hash.
    pub terms: Vec<Term>,
    /// The SimHash (Charikar 2002) of its body's rows of three terms: bodies that share most of them differ in few bits.
    pub sketch: u64,
}

impl Profile {
    /// The profile of an article that was taken apart; `None` where nothing can be said.
    pub fn of(analysis: &Analysis) -> Option<Self> {
        let mut counts = vec![0.0; analysis.terms.len()];
        let mut body = &[][..];
        for text in &analysis.texts {
            let (places, count) = match text.field {
                Field::Title => (&text.places[..], TITLE),
                Field::Summary => (&text.places[..], SUMMARY),
                Field::Body => {
                    body = &text.places[..text.places.partition_point(|place| place.end <= BODY_BYTES)];
                    (body, BODY)
                }
            };
            for place in places.iter().filter(|place| !place.lone) {
                counts[place.term] += count;
            }
        }
        let mut terms: Vec<(Term, &str)> = analysis
            .terms
            .iter()
            .map(String::as_str)
            .zip(counts)
            .filter(|(term, count)| *count > 0.0 && is_about_something(term))
            .map(|(term, count)| (of_term(term, count), term))
            .collect();
        // The heaviest first; terms of one weight in an order that depends on nothing else.
        terms.sort_by(|(a, a_term), (b, b_term)| b.weight.cmp(&a.weight).then_with(|| a_term.cmp(b_term)));
        let mut left = [TERMS; 2];
        terms.retain(|(term, _)| {
            let left = &mut left[term.script()];
            *left = left.saturating_sub(1);
            *left > 0
        });
        let mut terms: Vec<Term> = terms.into_iter().map(|(term, _)| term).collect();
        terms.sort_by_key(|term| term.hash);
        terms.dedup_by_key(|term| term.hash);
        let body: Vec<&str> = body.iter().map(|place| analysis.terms[place.term].as_str()).collect();
        (!terms.is_empty()).then(|| Self { terms, sketch: sketch(&body) })
    }

    /// The terms as they are stored, four bytes each.
    pub fn bytes(&self) -> Vec<u8> {
        self.terms.iter().flat_map(|term| (term.hash << 8 | u32::from(term.weight)).to_be_bytes()).collect()
    }

    /// The terms as they were stored.
    pub fn terms_of(bytes: &[u8]) -> Vec<Term> {
        let (entries, _) = bytes.as_chunks::<4>();
        entries.iter().map(|entry| Term { hash: u32::from_be_bytes(*entry) >> 8, weight: entry[3] }).collect()
    }
}

fn of_term(term: &str, count: f32) -> Term {
    let weight = (count / (count + SATURATION) * 255.0).round().clamp(1.0, 255.0) as u8;
    Term { hash: hash(term) & !1 | u32::from(!is_spaced(term)), weight }
}

fn is_spaced(term: &str) -> bool {
    term.chars().next().is_none_or(|c| !kos_shared::text::script::is_unspaced(c))
}

fn is_about_something(term: &str) -> bool {
    let is_number = term.chars().all(|c| c.is_numeric());
    let is_short = term.len() < 3 && term.is_ascii();
    !is_number
        && !is_short
        && STOP_WORDS.binary_search_by(|word| word.as_str().cmp(term)).is_err()
        && !term.contains(|c| STOP_CHARACTERS.contains(c))
        && !STOP_PAIRS.contains(term)
}

/// The sketch of a body's terms.
fn sketch(terms: &[&str]) -> u64 {
    let mut balance = [0_i32; 64];
    for row in terms.windows(3) {
        // FNV-1a, its bits mixed by the finalizer of MurmurHash3.
        let bytes = row.iter().flat_map(|term| term.bytes().chain([0]));
        let mut hash =
            bytes.fold(0xcbf2_9ce4_8422_2325_u64, |h, byte| (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        hash ^= hash >> 33;
        for (bit, balance) in balance.iter_mut().enumerate() {
            *balance += if hash >> bit & 1 == 1 { 1 } else { -1 };
        }
    }
    balance.iter().enumerate().fold(0, |sketch, (bit, balance)| sketch | u64::from(*balance > 0) << bit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::fixtures;

    fn of(title: &str, text: &str) -> Profile {
        let mut summarized = fixtures::summarized();
        summarized.summaries.clear();
        (summarized.article.title, summarized.article.text) = (title.into(), text.into());
        Profile::of(&Analysis::of(&summarized).unwrap()).unwrap_or_default()
    }

    fn has(profile: &Profile, term: &str) -> bool {
        profile.terms.iter().any(|t| t.hash == of_term(term, 1.0).hash)
    }

    #[test]
    fn a_profile_has_what_an_article_is_about_in_all_its_languages() {
        let profile = Profile::of(&Analysis::of(&fixtures::summarized()).unwrap()).unwrap();
        assert!(has(&profile, "ferri") && has(&profile, "渡轮") && has(&profile, "复航"));
        assert!(!has(&profile, "the") && !has(&profile, "again"));
        let chinese = of("记者昨日报道", "大坝的水位已经上涨，大坝完好。");
        assert!(has(&chinese, "大坝") && has(&chinese, "水位") && !has(&chinese, "坝的") && !has(&chinese, "记者"));
    }

    #[test]
    fn a_profile_survives_its_storage_and_has_an_end() {
        let long: String = (0..900).map(|n| format!("word{n} 字{} ", char::from_u32(0x4e00 + n).unwrap())).collect();
        let profile = of("Title", &long);
        assert!(profile.terms.len() <= 2 * TERMS);
        assert_eq!(Profile::terms_of(&profile.bytes()), profile.terms);
        assert_eq!(of("", "12 7 …"), Profile::default());
    }

    #[test]
    fn bodies_that_share_most_have_sketches_that_do() {
        let body: Vec<String> = (0..200).map(|n| format!("word{n}")).collect();
        let mut edited = body.clone();
        edited[100] = "another".into();
        let other: Vec<String> = (0..200).map(|n| format!("else{n}")).collect();
        let sketch = |terms: &[String]| sketch(&terms.iter().map(String::as_str).collect::<Vec<_>>());
        let distance = |a: &[String], b: &[String]| (sketch(a) ^ sketch(b)).count_ones();
        assert!(distance(&body, &edited) < 10 && distance(&body, &other) > 18);
    }
}
