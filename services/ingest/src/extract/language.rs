//! The language of an article.

use kos_shared::{
    event::Language,
    text::{Counts, Script},
};
use whatlang::Lang;

/// How much of a text is looked at, in characters.
const WINDOW: usize = 1_500;

/// The least letters by which a text may contradict what its page declares.
const ENOUGH_LETTERS: usize = 200;

/// The language of `text`, given what was declared, the most trusted first.
///
/// Scripts decide first: a declared language that isn't written in the text's script is wrong. Among
/// languages of one script a long text that clearly is in another one wins, as templates declare what they like; but
/// not over a close relative, such as Danish over Norwegian, nor over a language that can't be recognised.
pub(super) fn decide(text: &str, declared: &[Language]) -> Language {
    let window: String = text.chars().take(WINDOW).collect();
    let counts = Counts::of(&window);
    let fits = |l: &&Language| l.primary() != "und" && written_in(l, &counts);
    let declared: Vec<&Language> = declared.iter().filter(fits).collect();
    let Some(first) = declared.first() else { return of_text(&window, &counts) };

    let disputed = declared.iter().any(|l| !l.same_language(first));
    let by_letters = cjk_of(&counts).is_some();
    if (disputed || !by_letters) && counts.letters() >= ENOUGH_LETTERS {
        let seen = of_text(&window, &counts);
        if let Some(agreed) = declared.iter().find(|l| l.same_language(&seen)) {
            return (*agreed).clone();
        }
        let english = |l: &Language| l.same_language(&Language::ENGLISH);
        let told_apart = || is_recognised(first) && !are_relatives(first, &seen) && is_clear(&window);
        if seen != Language::UNDETERMINED && (english(first) || english(&seen) || told_apart()) {
            return seen;
        }
    }
    (*first).clone()
}

/// Languages that statistics over a page's text take for each other.
const RELATIVES: [&[&str]; 9] = [
    &["da", "nb", "nn", "no", "sv"],
    &["cs", "sk"],
    &["hr", "sr", "bs", "sl", "mk", "bg", "sh"],
    &["es", "ca", "gl", "pt"],
    &["nl", "af"],
    &["az", "tr", "tk", "uz"],
    &["hi", "mr", "ne"],
    &["id", "ms", "jv"],
    &["be", "uk"],
];

fn are_relatives(a: &Language, b: &Language) -> bool {
    RELATIVES.iter().any(|group| group.contains(&a.primary()) && group.contains(&b.primary()))
}

/// Whether texts of a language can be told from others.
fn is_recognised(language: &Language) -> bool {
    Lang::all().iter().any(|known| of_code(*known) == language.primary())
}

fn is_clear(text: &str) -> bool {
    whatlang::detect(text).is_some_and(|seen| seen.is_reliable())
}

/// Whether a text of these letters can be of a language; where nothing is known of it, it can.
fn written_in(language: &Language, counts: &Counts) -> bool {
    let (Some(scripts), Some(dominant)) = (Script::of_language(language), counts.dominant()) else { return true };
    let cjk = cjk_of(counts);
    match (cjk, language.primary()) {
        // Chinese, Japanese and Korean share characters; their own letters tell them apart.
        (Some(cjk), _) if scripts.contains(&Script::Han) => scripts == cjk,
        (Some(_), _) => false,
        (None, _) => scripts.contains(&dominant),
    }
}

/// The scripts of the one of Chinese, Japanese and Korean that a text is, if it is one.
fn cjk_of(counts: &Counts) -> Option<&'static [Script]> {
    let (han, kana, hangul) = (counts.get(Script::Han), counts.get(Script::Kana), counts.get(Script::Hangul));
    let all = han + kana + hangul;
    // A character of these says as much as several letters do, so product names in Latin don't outweigh them.
    let others = counts.letters() - all;
    if all == 0 || all * 4 < others {
        return None;
    }
    Some(match () {
        () if hangul * 3 >= all => &[Script::Hangul, Script::Han],
        // Chinese has a の in a brand's name, no more; Japanese without kana is no sentence.
        () if kana * 10 >= all => &[Script::Han, Script::Kana],
        () => &[Script::Han],
    })
}

/// What a text's own letters say.
fn of_text(text: &str, counts: &Counts) -> Language {
    if let Some(scripts) = cjk_of(counts) {
        return tag(match scripts {
            [Script::Hangul, ..] => "ko",
            [_, Script::Kana] => "ja",
            _ => "zh",
        });
    }
    match whatlang::detect(text) {
        Some(seen) if seen.is_reliable() || counts.letters() >= ENOUGH_LETTERS && seen.confidence() > 0.5 => {
            tag(of_code(seen.lang()))
        }
        _ => Language::UNDETERMINED,
    }
}

fn tag(text: &str) -> Language {
    text.parse().unwrap_or(Language::UNDETERMINED)
}

/// BCP 47 wants the two-letter code of ISO 639 where there is one.
fn of_code(lang: Lang) -> &'static str {
    match lang.code() {
        "epo" => "eo",
        "eng" => "en",
        "rus" => "ru",
        "cmn" => "zh",
        "spa" => "es",
        "por" => "pt",
        "ita" => "it",
        "ben" => "bn",
        "fra" => "fr",
        "deu" => "de",
        "ukr" => "uk",
        "kat" => "ka",
        "ara" => "ar",
        "hin" => "hi",
        "jpn" => "ja",
        "heb" => "he",
        "yid" => "yi",
        "pol" => "pl",
        "amh" => "am",
        "jav" => "jv",
        "kor" => "ko",
        "nob" => "nb",
        "dan" => "da",
        "swe" => "sv",
        "fin" => "fi",
        "tur" => "tr",
        "nld" => "nl",
        "hun" => "hu",
        "ces" => "cs",
        "ell" => "el",
        "bul" => "bg",
        "bel" => "be",
        "mar" => "mr",
        "kan" => "kn",
        "ron" => "ro",
        "slv" => "sl",
        "hrv" => "hr",
        "srp" => "sr",
        "mkd" => "mk",
        "lit" => "lt",
        "lav" => "lv",
        "est" => "et",
        "tam" => "ta",
        "vie" => "vi",
        "urd" => "ur",
        "tha" => "th",
        "guj" => "gu",
        "uzb" => "uz",
        "pan" => "pa",
        "aze" => "az",
        "ind" => "id",
        "tel" => "te",
        "pes" => "fa",
        "mal" => "ml",
        "ori" => "or",
        "mya" => "my",
        "nep" => "ne",
        "sin" => "si",
        "khm" => "km",
        "tuk" => "tk",
        "aka" => "ak",
        "zul" => "zu",
        "sna" => "sn",
        "afr" => "af",
        "lat" => "la",
        "slk" => "sk",
        "cat" => "ca",
        "tgl" => "tl",
        "hye" => "hy",
        "cym" => "cy",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHINESE: &str = "北京今天下午发布了新的交通管理规定，市民可以在网上查询全部条文。";
    const JAPANESE: &str = "東京では今日、新しい交通規則が発表されました。市民はウェブで確認できます。";
    const KOREAN: &str = "서울에서 오늘 새로운 교통 규칙이 발표되었습니다. 시민은 웹에서 확인할 수 있습니다.";
    const RUSSIAN: &str = "Сегодня в Москве опубликованы новые правила дорожного движения для всех жителей города.";
    const GERMAN: &str = "Die Stadt hat heute neue Regeln für den Verkehr veröffentlicht, die ab dem kommenden Monat für \
        alle gelten sollen. Bürgerinnen und Bürger können die Regeln im Internet nachlesen oder sich in den Ämtern \
        der Stadt beraten lassen, wie eine Sprecherin am Montag sagte.";
    const UKRAINIAN: &str = "Міська рада в понеділок після тривалих дебатів проголосувала за закриття старого мосту на \
        ремонт, який триватиме два роки і коштуватиме дванадцять мільйонів. ";
    const DANISH: &str = "Byrådet besluttede mandag efter en lang debat at lukke den gamle bro for reparationer, som \
        forventes at tage to år og koste tolv millioner, og som vil omlægge trafikken i tre bydele. ";
    const ENGLISH: &str = "The city has published new traffic rules today that will apply to everybody from next month. \
        Residents can read the rules on the web or ask for advice at the offices of the city, a spokeswoman said on \
        Monday, and there will be a public hearing in the autumn for those who disagree with them.";

    fn decided(text: &str, declared: &[&str]) -> String {
        let declared: Vec<Language> = declared.iter().map(|l| l.parse().unwrap()).collect();
        decide(text, &declared).to_string()
    }

    #[test]
    fn a_text_that_nobody_labels_is_recognised() {
        for (text, language) in [
            (CHINESE, "zh"),
            (JAPANESE, "ja"),
            (KOREAN, "ko"),
            (RUSSIAN, "ru"),
            (GERMAN, "de"),
            (ENGLISH, "en"),
            ("OpenAI 发布 GPT-5，支持 iPhone 和 Android 设备", "zh"),
            ("12 345", "und"),
            ("", "und"),
        ] {
            assert_eq!(decided(text, &[]), language, "{text}");
        }
    }

    #[test]
    fn a_label_of_another_script_is_wrong() {
        assert_eq!(decided(CHINESE, &["en"]), "zh");
        assert_eq!(decided(CHINESE, &["ja"]), "zh");
        assert_eq!(decided(JAPANESE, &["zh-CN"]), "ja");
        assert_eq!(decided(KOREAN, &["zh", "en"]), "ko");
        assert_eq!(decided(ENGLISH, &["zh-CN"]), "en");
        assert_eq!(decided(RUSSIAN, &["en", "uk"]), "uk");
    }

    #[test]
    fn a_label_that_fits_is_kept_whole() {
        assert_eq!(decided(CHINESE, &["zh-Hant-TW"]), "zh-Hant-TW");
        assert_eq!(decided(ENGLISH, &["en-GB"]), "en-GB");
        assert_eq!(decided("", &["fr"]), "fr");
    }

    #[test]
    fn the_text_settles_a_dispute() {
        assert_eq!(decided(GERMAN, &["fr", "de-AT"]), "de-AT");
        assert_eq!(decided(GERMAN, &["en"]), "de");
        assert_eq!(decided(ENGLISH, &["de"]), "en");
        assert_eq!(decided(GERMAN, &["es"]), "de");
        assert_eq!(decided(&UKRAINIAN.repeat(2), &["ru"]), "uk");
        // Nobody can tell whether this is a language that isn't known.
        assert_eq!(decided(GERMAN, &["lb"]), "lb");
        assert_eq!(decided(&DANISH.repeat(2), &["nb"]), "nb");
        assert_eq!(decided("Neue Regeln", &["en"]), "en");
    }
}
