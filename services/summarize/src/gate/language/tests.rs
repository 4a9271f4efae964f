use kos_shared::event::{Language, Verdict};

use super::{super::Source, *};

const ENGLISH: &str = "The harbour town of Kalmar opened a ferry line on Monday. Mayor Anna Lindqvist of the Harbour \
    Trust said the boat, built by NordVik AB, carries 300 people. Its Chinese name is \"海燕\". In Paris, Le Monde wrote \
    \"c'est la vie et c'est bien\". The song of the day was \"Born to Sail\".";

const CHINESE: &str =
    "港口城市卡尔马周一开通了一条轮渡航线。市长安娜表示，这艘由NordVik建造的船名为“海燕”，可载客300人。";

fn judged(source: &str, language: &str, title: Option<&str>, text: &str) -> Finding {
    let language: Language = language.parse().unwrap_or_else(|e| panic!("{e}"));
    let source_language = Language::ENGLISH;
    let source = Source { title: "", text: source, language: &source_language };
    check(&source, &Candidate { title, text, language: &language, ..Candidate::of("", &Language::ENGLISH) })
}

#[test]
fn summaries_in_the_language_pass() {
    for (source, language, text) in [
        (ENGLISH, "zh", "卡尔马市周一开通轮渡。市长Anna Lindqvist说，NordVik AB建造的船可载300人。"),
        (ENGLISH, "zh", "新船由NordVik AB建造，名为“海燕”，当日歌曲为《Born to Sail》。"),
        (ENGLISH, "zh-TW", "卡爾馬市週一開通渡輪，市長說這艘船可載三百人，由當地船廠建造。"),
        (ENGLISH, "en", "A ferry line opened in Kalmar. The boat can carry 300 people, the mayor said."),
        (CHINESE, "en", "Kalmar has opened a ferry line with a boat called \"海燕\" that carries 300 people."),
        (CHINESE, "en", "The boat (海燕) was built by NordVik, according to the mayor."),
        (ENGLISH, "en", "Le Monde wrote \"c'est la vie et c'est bien\" about the ferry."),
        (ENGLISH, "de", "Die Stadt hat am Montag eine neue Fähre eröffnet, die der Bürgermeister lobte."),
        (ENGLISH, "ru", "Город Кальмар открыл паромную линию, сообщила компания NordVik AB."),
        (ENGLISH, "ja", "カルマル市は月曜日に新しいフェリー航路を開設した。"),
        (ENGLISH, "ko", "칼마르 시는 월요일에 새로운 여객선 항로를 열었다."),
        (ENGLISH, "en", "The α and β waves were measured by the crew on the boat."),
        (ENGLISH, "zh", "病情属于Ⅲ期，面积30㎡，Hawaiʻi游客获救。"),
        (CHINESE, "zh", "市政府决定将旧电车站改造为图书馆，展览名为“舊時風華”，观众可以免费参观。"),
        (ENGLISH, "zh", "Anna Lindqvist为Le Monde撰文。据Reuters报道，投资方包括SoftBank。"),
        (ENGLISH, "en", "The town's all-electric car is new, et al."),
        (ENGLISH, "zh", "CEO：公司将扩大规模。"),
        (ENGLISH, "zh", "参展的有NordVik AB, Kalmar, Le Monde等。"),
    ] {
        let found = judged(source, language, None, text);
        assert_eq!(found.verdict, Verdict::Pass, "{text}: {found:?}");
        assert_eq!(found.figure, Some(1.0), "{text}");
    }
}

#[test]
fn summaries_with_a_foreign_clause_fail() {
    for (source, language, text) in [
        (ENGLISH, "zh", "A ferry line opened in Kalmar."),
        (ENGLISH, "zh", "卡尔马市开通轮渡。The boat carries 300 people. 市长很高兴。"),
        (ENGLISH, "zh", "卡尔马市开通 ferry 航线。"),
        (ENGLISH, "zh", "市长表示，the boat carries 300 people。"),
        (ENGLISH, "zh", "HACKED BY CATS"),
        (ENGLISH, "zh", "卡尔马市开通轮渡。NordVik AB."),
        (ENGLISH, "zh", "卡尔马 открыла 轮渡。"),
        (ENGLISH, "zh", "カルマル市は月曜日に新しいフェリー航路を開設した。"),
        (ENGLISH, "zh", "卡爾馬市週一開通渡輪，市長說這艘船可載三百人，由當地船廠建造。"),
        (ENGLISH, "zh", "卡尔马市周一开通轮渡，市长說這艘船可載三百人並將開放，由当地船厂建造，预计将带动旅游业发展。"),
        (ENGLISH, "zh-Hant", "卡尔马市周一开通轮渡，市长说这艘船可载三百人，由当地船厂建造。"),
        (CHINESE, "en", "港口城市卡尔马周一开通了一条轮渡航线。"),
        (CHINESE, "en", "The boat 海燕 was built by NordVik."),
        (CHINESE, "en", "The boat was built by NordVik，可载客300人。"),
        (ENGLISH, "en", "A cidade de Kalmar não tem uma ponte, mas já tem uma linha de barco."),
        (ENGLISH, "en", "The town opened a line. Die Stadt ist sehr zufrieden mit der neuen Fähre."),
        (ENGLISH, "en", "La ville a ouvert une ligne de ferry pour les habitants, selon le maire."),
        (ENGLISH, "en", "Kalmar abriu uma linha de ferry na segunda-feira."),
        (ENGLISH, "en", "Kalmar hat am Montag Fähren eröffnet."),
        (ENGLISH, "en", "Kalmar heeft maandag veerboten geopend."),
        (ENGLISH, "en", "The boat is new — le modèle est disponible."),
        (ENGLISH, "en", "Město Kalmar otevřelo v pondělí novou linku, kterou postavila místní loděnice."),
        (ENGLISH, "zh", "该船非常powerful，市民很满意。"),
        (ENGLISH, "zh", "Mayor Anna Lindqvist发表讲话。"),
        (ENGLISH, "de", "The town has opened a new ferry line, and the mayor is happy with it."),
        (ENGLISH, "ja", "卡尔马市周一开通了一条新的轮渡航线，市长很高兴。"),
        (ENGLISH, "ko", "卡尔马市周一开通了一条新的轮渡航线。"),
        (ENGLISH, "ru", "Город открыл ferry линию."),
        (ENGLISH, "ar", "A ferry line opened in Kalmar."),
    ] {
        let found = judged(source, language, None, text);
        assert_eq!(found.verdict, Verdict::Fail, "{text}: {found:?}");
        assert!(found.detail.is_some_and(|d| !d.is_empty()), "{text}");
        assert!(found.figure.is_some_and(|f| f < 1.0), "{text}");
    }
}

#[test]
fn a_foreign_title_fails_too() {
    let text = "卡尔马市周一开通轮渡。";
    assert_eq!(judged(ENGLISH, "zh", Some("卡尔马开通轮渡"), text).verdict, Verdict::Pass);
    assert_eq!(judged(ENGLISH, "zh", Some("Kalmar opens a ferry"), text).verdict, Verdict::Fail);
    assert_eq!(judged(CHINESE, "en", Some("卡尔马开通轮渡"), "The boat is new.").verdict, Verdict::Fail);
}

#[test]
fn too_little_and_unknown_languages_cannot_be_judged() {
    for (language, text) in
        [("en", "NordVik AB, Kalmar"), ("fi", "Kalmar avasi uuden lauttalinjan."), ("und", "水"), ("zh", "…")]
    {
        assert_eq!(judged(ENGLISH, language, None, text).verdict, Verdict::CannotJudge, "{text}");
    }
}

#[test]
fn the_detail_is_the_clause_and_markup_is_no_clause() {
    let found = judged(ENGLISH, "zh", None, "卡尔马市开通轮渡，the boat is new，可载300人。");
    assert_eq!(found.detail.as_deref(), Some("the boat is new"));
    assert!(found.figure.is_some_and(|f| (f - 2.0 / 3.0).abs() < 1e-9));
    assert_eq!(judged(ENGLISH, "zh", None, "<article>\n卡尔马市开通轮渡。").verdict, Verdict::Pass);
}

#[test]
fn odd_input_breaks_nothing_and_takes_no_time() {
    let unit = "<|\u{0}é中'’“(";
    let (odd, source) = (unit.repeat(800), unit.repeat(20_000));
    for language in ["zh", "en", "ja", "ar", "zh-TW"] {
        judged(&source, language, Some(&odd), &odd);
    }
}
